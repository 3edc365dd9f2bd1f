"""Health and metrics: what a supervisor and a monitoring system are told of the running bot."""

import asyncio
import gc
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import app
from bot.messages import job_card
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import SIGNING_SECRET, SlackWorkspace
from bot.simulators.slack.workspace import Fault as SlackFault
from bot.simulators.world import running, settings_for
from bot.slack.sender import NO_ANSWER
from bot.telemetry.health import Health
from bot.telemetry.metrics import Metrics, Stock
from tests.support import (
    AT_ONCE,
    BOTH_MODES,
    HTTP_MODE,
    PATIENCE,
    disk_held,
    eventually,
    eventually_so,
    office,
)
from tests.watch.watching import watching

README = (Path(__file__).parents[2] / "README.md").read_text()
SECRETS = ("xoxb-", "xapp-", "SKEXAMPLE", SIGNING_SECRET)


class Monitor:
    """Asks a bot how it is."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self.address = address

    async def get(self, path: str) -> tuple[int, str]:
        """Give the status and the text of a page."""
        async with self._session.get(f"{self.address}{path}") as answer:
            return answer.status, await answer.text()

    async def problems(self) -> dict[str, str]:
        """Give what ``/readyz`` says is wrong; its status says the same."""
        async with self._session.get(f"{self.address}/readyz") as answer:
            told = await answer.json()
            assert (answer.status == 200) is told["ready"] is (not told["problems"])
            return dict(told["problems"])

    async def becomes(self, *parts: str) -> dict[str, str]:
        """Wait until just these parts are not ready."""
        problems: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            while set(problems := await self.problems()) != set(parts):  # noqa: ASYNC110  asked over HTTP
                await asyncio.sleep(0.05)
        return problems

    async def tells(self, part: str, words: str) -> str:
        """Wait until what is said of a part begins with these words."""
        async with asyncio.timeout(PATIENCE):
            while not (said := (await self.problems()).get(part, "")).startswith(words):  # noqa: ASYNC110  the same
                await asyncio.sleep(0.05)
        return said

    async def metrics(self) -> dict[str, float]:
        """Read all samples, by their name and labels."""
        _, text = await self.get("/metrics")
        return {
            f"{sample.name}{sorted(sample.labels.items()) if sample.labels else ''}": sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def value(self, sample: str, /, **labels: str) -> float:
        """Read one sample; 0 if there is none."""
        found = await self.metrics()
        return found.get(f"{sample}{sorted(labels.items()) if labels else ''}", 0)

    async def counts(self, sample: str, /, **labels: str) -> None:
        """Wait until a sample is more than 0."""
        async with asyncio.timeout(PATIENCE):
            while not await self.value(sample, **labels):  # noqa: ASYNC110  asked over HTTP
                await asyncio.sleep(0.05)


class Addresses(logging.Handler):
    """Finds in the bot's log where health and metrics are: a port that a test picks may be taken soon."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take the address out of a record."""
        self.found += re.findall(r"^health and metrics at (\S+)$", record.getMessage())

    def __enter__(self) -> list[str]:
        self._level = app.log.level
        app.log.setLevel(logging.INFO)
        app.log.addHandler(self)
        return self.found

    def __exit__(self, *_: object) -> None:
        app.log.removeHandler(self)
        app.log.setLevel(self._level)


@asynccontextmanager
async def monitored(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, **changes: Any
) -> AsyncIterator[Monitor]:
    with Addresses() as addresses:
        settings = settings_for(slack, metastudio, **changes)
        async with running(settings, rates=AT_ONCE) as way, aiohttp.ClientSession() as session:
            if way.startswith("http://"):
                slack.events_url = way
            yield Monitor(session, addresses[-1])


@pytest.fixture
async def monitor(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, mode: dict[str, str | None]
) -> AsyncIterator[Monitor]:
    """Watch a bot, in Socket Mode unless a test asks for both."""
    async with monitored(slack, metastudio, **mode) as watched:
        yield watched


@pytest.fixture
def voices(slack: SlackWorkspace) -> str:
    return slack.add_channel("voices")


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job()["job_id"])


async def say(slack: SlackWorkspace, channel: str, text: str) -> None:
    """Type a command, and see its answer."""
    await (await slack.command("/voicejob", text, channel=channel)).message()


class TestAlive:
    @BOTH_MODES
    async def test_a_running_bot_is_alive_and_ready(self, monitor: Monitor) -> None:
        """Both modes answer at the same port, with nothing to know before."""
        assert await monitor.get("/healthz") == (200, "alive\n")
        assert await monitor.problems() == {}
        assert await monitor.value("voicejob_ready") == 1

    @BOTH_MODES
    async def test_the_log_says_where(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        caplog: pytest.LogCaptureFixture,
        mode: dict[str, str | None],
    ) -> None:
        """In both modes the operator reads once where health and metrics are."""
        caplog.set_level(logging.INFO)
        async with monitored(slack, metastudio, **mode) as monitor:
            address = monitor.address

        assert caplog.text.count(f"health and metrics at {address}") == 1

    async def test_nothing_else_is_served(self, monitor: Monitor) -> None:
        """In Socket Mode there is no door for Slack, and no other page."""
        for path in ("/", "/slack/events", "/healthz/x", "/metrics/"):
            status, text = await monitor.get(path)
            assert (status, text) == (404, "")


class TestReady:
    async def test_a_lost_connection(self, slack: SlackWorkspace, monitor: Monitor) -> None:
        """While Slack can't reach the bot it is not ready, and says so; then it is again."""
        slack.refuse_handshakes = 10_000
        slack.cut()
        problems = await monitor.becomes("slack")
        ready = await monitor.value("voicejob_ready")
        slack.refuse_handshakes = 0

        assert problems == {"slack": "The bot is not connected to Slack."}
        assert ready == 0
        await monitor.becomes()

    async def test_a_revoked_token(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """A bot whose messages Slack refuses is not ready, though it is connected."""
        await say(slack, voices, f"subscribe {job_id}")
        slack.revoke()
        metastudio.set_state(job_id, "AUDITING")
        problems = await monitor.becomes("slack")
        slack.revoke(None)

        assert problems["slack"].startswith("Slack refuses the bot's messages (token_revoked): ")
        assert "`voicejob check`" in problems["slack"]
        await monitor.becomes()

    async def test_metastudio_down(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """One failed check is nothing; three intervals without a good answer are something."""
        await say(slack, voices, f"subscribe {job_id}")
        metastudio.chaos = lambda _: Fault.html()
        said = await monitor.tells("metastudio", "MetaStudio has a fault (502); ")
        metastudio.chaos = None

        assert re.search(r"; its last good answer is \d+ seconds old: `voicejob check`", said)
        assert job_id not in said
        await monitor.becomes()

    async def test_nobody_follows_a_job(self, metastudio: MetaStudioSimulator, monitor: Monitor) -> None:
        """Where there is nothing to check, the bot is ready as long as the list is answered."""
        await monitor.counts("voicejob_checks_total", outcome="ok")
        await asyncio.sleep(0.7)  # three intervals

        assert await monitor.problems() == {}
        assert await monitor.value("voicejob_checks_total", outcome="ok") == metastudio.requests_to("list")

    @pytest.mark.parametrize(
        ("fault", "says"),
        [
            (Fault.error(401, "APIGW.0301"), "MetaStudio refuses the bot's credentials (401 APIGW.0301); "),
            (Fault.html(), "MetaStudio has a fault (502); "),
            (Fault.cut(), "MetaStudio can't be reached; "),
        ],
        ids=["a refused key", "a fault", "a cut line"],
    )
    async def test_a_fresh_start_without_metastudio(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, fault: Fault, says: str
    ) -> None:
        """Before anybody follows a job too, it is told that MetaStudio does not serve the bot."""
        metastudio.chaos = lambda _: fault
        async with monitored(slack, metastudio) as monitor:
            said = await monitor.tells("metastudio", says)
            if "credentials" not in says:  # then it waits for 15 minutes, or for somebody's look-up
                metastudio.chaos = None
                await monitor.becomes()

        remedy = "`voicejob check` says what to do, and a new setting needs a restart, but no secret's file."
        assert said == f"{says}it has given no good answer since the start: {remedy}"

    async def test_a_refused_key(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """Only a person can mend that, so it is told at once, with what to do."""
        await say(slack, voices, f"subscribe {job_id}")
        metastudio.chaos = lambda _: Fault.error(401, "APIGW.0301")

        assert "credentials" in (await monitor.becomes("metastudio"))["metastudio"]

    async def test_a_disk_that_hangs(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
    ) -> None:
        """A store that can't be written is no store; when the disk is back, all is well."""
        path = tmp_path / "store"
        async with monitored(slack, metastudio, voicejob_store=path) as monitor:
            with disk_held(path):
                problems = await monitor.becomes("store")
            await monitor.becomes()

        assert problems["store"]

    async def test_a_probe_is_cheap(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
    ) -> None:
        """However often it is asked, the bot writes once in a while, and asks nobody."""
        path = tmp_path / "store"
        async with monitored(slack, metastudio, voicejob_store=path) as monitor:
            calls = len(slack.calls)
            for _ in range(50):
                assert await monitor.problems() == {}
            assert len(slack.calls) == calls
            assert len(metastudio.requests) <= 1  # the watcher's, at the start
        with closing(sqlite3.connect(path)) as stored:
            (checked,) = stored.execute("SELECT value FROM voicejob WHERE key LIKE '%check%'").fetchone()

        assert checked == '{"check": 1}'

    async def test_nothing_secret_is_told(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """No answer holds a secret, or an id of anybody or anything."""
        await say(slack, voices, f"subscribe {job_id}")
        metastudio.chaos = lambda _: Fault.html()
        await monitor.becomes("metastudio")
        said = "".join([(await monitor.get(path))[1] for path in ("/healthz", "/readyz", "/metrics")])

        assert not [each for each in (*SECRETS, job_id, voices, "U0ALICE", "女声") if each in said]


class TestWithoutABot:
    """Health itself, beside a store, an outbox and a watcher that a test holds in its hand."""

    async def test_a_disk_that_hangs_hangs_until_it_answers(
        self, slack: SlackWorkspace, tmp_path: Path
    ) -> None:
        """However often one asks, and at the same time, a disk that did not answer is not ready."""
        path = tmp_path / "store"
        async with office(slack, path) as post, watching(tmp_path / "other") as watch:
            await post.store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=10000"))
            health = Health(None, watch.watcher, post.outbox, post.store, Metrics(), poll=60, patience=0.1)
            with disk_held(path):
                asked = [await health.problems() for _ in range(3)]
                asked += await asyncio.gather(health.problems(), health.problems())

            async def is_well() -> bool:
                return not await health.problems()

            await eventually_so(is_well)

        assert asked == [{"store": "The disk of the store does not answer."}] * 5

    async def test_a_try_that_was_given_up_is_not_logged(
        self, slack: SlackWorkspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """When the disk fails at last, nobody waits for that any more, and the store has said so."""
        path = tmp_path / "store"
        gc.freeze()  # what other tests left is not meant
        async with office(slack, path) as post, watching(tmp_path / "other") as watch:
            await post.store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=300"))
            health = Health(None, watch.watcher, post.outbox, post.store, Metrics(), poll=60, patience=0.05)
            with disk_held(path):
                assert await health.problems() == {"store": "The disk of the store does not answer."}
                await eventually(lambda: post.store.trouble is not None)
            await post.store.check()  # which lets go of what was before
            gc.collect()
        gc.unfreeze()

        assert "never retrieved" not in caplog.text

    async def test_no_job_is_named(self, slack: SlackWorkspace, tmp_path: Path) -> None:
        """What keeps MetaStudio's answers away is told without the job that it was about."""
        async with office(slack, tmp_path / "store") as post, watching(tmp_path / "other") as watch:
            await watch.some(3)
            watch.metastudio.chaos = lambda _: Fault.error(400, "MSS.00010001")
            checking = asyncio.create_task(watch.watcher.run())
            await eventually(lambda: watch.watcher.trouble is not None)
            checking.cancel()
            health = Health(None, watch.watcher, post.outbox, post.store, Metrics(), poll=0)
            await asyncio.sleep(0.01)
            problems = await health.problems()

        assert "calls the bot's requests invalid (400 MSS.00010001)" in problems["metastudio"]
        assert "job-" not in problems["metastudio"]


class TestMetrics:
    async def test_prometheus_reads_them(self, monitor: Monitor) -> None:
        """The parser of Prometheus' own client takes the page, and each metric says what it is."""
        status, text = await monitor.get("/metrics")
        families = list(text_string_to_metric_families(text))

        assert status == 200
        assert len(families) > 10
        assert all(family.documentation for family in families)

    async def test_the_readme_names_each_metric(self, monitor: Monitor) -> None:
        """Those of its table are those that there are."""
        _, text = await monitor.get("/metrics")
        there = {
            f"{family.name}_total" if family.type == "counter" else family.name
            for family in text_string_to_metric_families(text)
            if family.name.startswith("voicejob_")
        }

        assert set(re.findall(r"^\| `(voicejob_\w+)", README, re.MULTILINE)) == there

    @BOTH_MODES
    async def test_commands_and_buttons_are_counted(
        self, slack: SlackWorkspace, monitor: Monitor, voices: str, job_id: str
    ) -> None:
        """Each by its name and what became of it; what takes long is measured."""
        typed = await slack.command("/voicejob", job_id, channel=voices)
        await slack.press(await typed.message(), job_card.REFRESH)
        for text in ("help", "hlep", "list", "nothing-of-that-name"):
            await say(slack, voices, text)

        async def count(kind: str, name: str, outcome: str) -> float:
            return await monitor.value("voicejob_interactions_total", type=kind, name=name, outcome=outcome)

        missed = {"type": "command", "name": "look-up", "outcome": "JobNotFound"}
        await monitor.counts("voicejob_interactions_total", **missed)
        assert await count("command", "look-up", "done") == 1
        assert await count("button", job_card.REFRESH, "done") == 1
        assert await count("command", "help", "done") == 1
        assert await count("command", "usage", "BadUsage") == 1
        assert await count("command", "list", "done") == 1
        assert await monitor.value("voicejob_acknowledge_seconds_count", type="command") == 5
        assert await monitor.value("voicejob_acknowledge_seconds_count", type="button") == 1
        assert await monitor.value("voicejob_answer_seconds_count", type="command") == 5

    async def test_requests_and_checks_are_counted(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """Each request to MetaStudio by what came of it, and each check of the jobs."""
        await say(slack, voices, f"subscribe {job_id}")
        await eventually(lambda: metastudio.requests_to("show") > 3)
        metastudio.chaos = lambda _: Fault.html()
        await monitor.counts("voicejob_checks_total", outcome="ServiceDown")

        assert await monitor.value("voicejob_metastudio_requests_total", call="show", outcome="ok") > 2
        down = {"call": "show", "outcome": "ServiceDown"}
        assert await monitor.value("voicejob_metastudio_requests_total", **down) > 0
        assert await monitor.value("voicejob_checks_total", outcome="ok") > 0
        assert await monitor.value("voicejob_check_seconds_count") > 1

    async def test_what_is_kept_and_told_is_counted(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """Followed jobs, deliveries with Slack's reason, and what waits, for how long."""
        await say(slack, voices, f"subscribe {job_id}")
        assert await monitor.value("voicejob_followed_jobs") == 1
        assert await monitor.value("voicejob_subscriptions") == 1
        assert (
            await monitor.value("voicejob_deliveries_total", step="post_card", outcome="ok", reason="") == 1
        )

        slack.archive(voices)
        metastudio.set_state(job_id, "AUDITING")
        refused = {"step": "post_notice", "outcome": "not_here", "reason": "is_archived"}
        await monitor.counts("voicejob_deliveries_total", **refused)
        await monitor.counts("voicejob_paused_subscriptions")
        assert await monitor.value("voicejob_pending_notices") == 0
        assert await monitor.value("voicejob_oldest_notice_age_seconds") == 0

    async def test_what_waits_for_slack_is_counted(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monitor: Monitor,
        voices: str,
        job_id: str,
    ) -> None:
        """A change that can't be told yet, and for how long; one of a paused channel does not hide it."""
        other = slack.add_channel("archived")
        for channel in (voices, other):
            await say(slack, channel, f"subscribe {job_id}")
        slack.archive(other)
        slack.chaos(
            lambda method, sent: (
                {"status": 503} if method == "chat.postMessage" and sent["channel"] == voices else None
            )
        )
        metastudio.set_state(job_id, "AUDITING")
        await monitor.counts("voicejob_paused_subscriptions")
        await monitor.counts("voicejob_oldest_notice_age_seconds")

        assert await monitor.value("voicejob_pending_notices") == 1

    async def test_an_opened_link_is_a_press(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, voices: str, job_id: str
    ) -> None:
        """**Open console** does nothing in the bot, but Slack waits for its acknowledgement."""
        console = "https://console.example/{job_id}"
        async with monitored(slack, metastudio, voicejob_console_url=console) as monitor:
            typed = await slack.command("/voicejob", job_id, channel=voices)
            await slack.press(await typed.message(), job_card.OPEN_CONSOLE)
            pressed = {"type": "button", "name": job_card.OPEN_CONSOLE, "outcome": "done"}

            assert await monitor.value("voicejob_interactions_total", **pressed) == 1
            assert await monitor.value("voicejob_acknowledge_seconds_count", type="button") == 1

    async def test_the_wait_before_bolt_is_measured(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """The time of an acknowledgement begins with the request's head, not when its body is there."""
        async with monitored(slack, metastudio, **HTTP_MODE) as monitor:
            body = form({"command": "/voicejob", "text": "help", "user_id": "U0ALICE"})
            lines = headers(SIGNING_SECRET, body) | {"Host": "x", "Content-Length": str(len(body))}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            _, port = monitor.address.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            for part in (f"POST /slack/events HTTP/1.1\r\n{head}\r\n", body[:9], body[9:]):
                writer.write(part.encode())
                await asyncio.sleep(0.3)
            assert b" 200 " in await reader.readline()
            writer.close()

            assert await monitor.value("voicejob_acknowledge_seconds_sum", type="command") > 0.5

    async def test_an_unknown_reason_is_no_label(
        self, slack: SlackWorkspace, monitor: Monitor, voices: str, job_id: str
    ) -> None:
        """What Slack makes up makes no new time series."""
        slack.fail("chat.postMessage", error="brand_new_code", times=5)
        await say(slack, voices, f"subscribe {job_id}")
        found = await monitor.metrics()

        assert not [name for name in found if "brand_new_code" in name]
        assert [name for name in found if "'reason', 'other'" in name]

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ({"drop": True}, NO_ANSWER),
            ({"error": "restricted_action"}, "restricted_action"),
            ({"error": "restricted_action_read_only_channel"}, "restricted_action_read_only_channel"),
            ({"error": "restricted_action_thread_only_channel"}, "restricted_action_thread_only_channel"),
            (
                {"error": "restricted_action_non_threadable_channel"},
                "restricted_action_non_threadable_channel",
            ),
        ],
        ids=str,
    )
    async def test_a_known_reason_is_a_label(
        self, slack: SlackWorkspace, tmp_path: Path, fault: SlackFault, reason: str
    ) -> None:
        """What the bot knows how to take is told apart, an answer that did not come too."""
        metrics = Metrics()
        async with office(slack, tmp_path / "store", metrics=metrics) as post:
            slack.fail("chat.postMessage", **fault)
            await post.outbox.deliver(await post.follow())
        counted = metrics.exposition(Stock.of([], 0), is_ready=True).decode()

        assert f'reason="{reason}"' in counted

    @BOTH_MODES
    async def test_what_slack_did_not_sign_is_counted(
        self, slack: SlackWorkspace, monitor: Monitor, voices: str
    ) -> None:
        """A wrong signing secret shows in a metric, which there is in both modes; what is signed does not."""
        is_http = slack.events_url is not None
        if is_http:
            await say(slack, voices, "help")
            url = f"{monitor.address}/slack/events"
            statuses = [(await slack.post(url, {}, signature=f"v0={wrong}")).status for wrong in range(2)]
            assert statuses == [401, 401]

        found = await monitor.metrics()
        assert found["voicejob_refused_requests_total"] == (2 if is_http else 0)

    async def test_what_is_no_press_is_not_measured_as_one(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """Slack checks the address of an app with a request that nobody typed or pressed."""
        async with monitored(slack, metastudio, **HTTP_MODE) as monitor:
            url = f"{monitor.address}/slack/events"
            answer = await slack.post(url, {"type": "url_verification", "challenge": "x"})
            counted = await monitor.value("voicejob_acknowledge_seconds_count", type="button")

        assert (answer.status, counted) == (200, 0)

    async def test_reconnects_are_counted(self, slack: SlackWorkspace, monitor: Monitor) -> None:
        """The first connection is none; each one after it is."""
        assert await monitor.value("voicejob_socket_reconnects_total") == 0
        await slack.disconnect("refresh_requested")
        await monitor.counts("voicejob_socket_reconnects_total")

        assert await monitor.value("voicejob_socket_reconnects_total") == 1
