"""Liveness, readiness and metrics: what a supervisor and a monitoring system read from a running bot."""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bot.docs import page
from bot.domain.following import Counts
from bot.errors import CredentialsRefused, ServiceDown, StoreTrouble, VoiceJobError
from bot.messages import job_card
from bot.network.servers import listening
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import SIGNING_SECRET, SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.slack.sender import NO_ANSWER
from bot.store.sqlite import SqliteStore
from bot.telemetry.health import BotState, Health, metastudio_problem, slack_problem
from bot.telemetry.metrics import Gauges, Metrics
from tests.records import following, stored
from tests.store.faulty import FaultyStore
from tests.support import AT_ONCE, HTTP_MODE, PATIENCE, disk_held, eventually, eventually_so

SECRETS = ("xoxb-", "xapp-", "SKEXAMPLE", SIGNING_SECRET)
REMEDY = "`voicejob check` says what to do, and a new setting needs a restart, but no secret's file."
NEVER = "it has given no good answer since the start"


class Monitor:
    """Asks a bot how it is."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self.address = address

    async def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of a page."""
        async with self._session.get(f"{self.address}{path}") as answer:
            return answer.status, await answer.text()

    async def problems(self) -> dict[str, str]:
        """Return what ``/readyz`` says is wrong; its status says the same."""
        async with self._session.get(f"{self.address}/readyz") as answer:
            said = await answer.json()
            assert (answer.status == 200) is said["ready"] is (not said["problems"])
            return dict(said["problems"])

    async def becomes(self, **expected: str) -> None:
        """Wait until just these parts have a problem, each of which matches its pattern."""

        async def is_so() -> bool:
            problems = await self.problems()
            return problems.keys() == expected.keys() and all(
                re.fullmatch(pattern, problems[part]) for part, pattern in expected.items()
            )

        await eventually_so(is_so)

    async def metrics(self) -> dict[str, float]:
        """Return all samples, by their name and labels as the page has them."""
        _, text = await self.get("/metrics")
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {sample: float(value) for sample, _, value in lines}

    async def counts(self, sample: str) -> dict[str, float]:
        """Wait until a sample is more than 0, and return all."""

        async def is_so() -> bool:
            return (await self.metrics()).get(sample, 0) > 0

        await eventually_so(is_so)
        return await self.metrics()


@pytest.fixture
async def monitor(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    mode: dict[str, str | None],
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Monitor]:
    """Watch a bot with these settings, in Socket Mode unless a test sets others."""
    caplog.set_level(logging.INFO, "bot.app")
    settings = settings_for(slack, metastudio, **mode)
    async with running(settings, rates=AT_ONCE) as way, aiohttp.ClientSession() as session:
        if way.startswith("http://"):
            slack.events_url = way
        (address,) = re.findall(r"^health and metrics at (\S+)$", "\n".join(caplog.messages), re.MULTILINE)
        yield Monitor(session, address)


async def test_a_running_bot(slack: SlackWorkspace, monitor: Monitor) -> None:
    """These pages are served, and no other; without a connection to Slack it is alive, but not ready."""
    assert await monitor.get("/healthz") == (200, "alive\n")
    for path in ("/", "/slack/events", "/healthz/x", "/metrics/"):
        assert await monitor.get(path) == (404, "")
    found = await monitor.counts('voicejob_checks_total{outcome="ok"}')
    assert (found["voicejob_ready"], found["voicejob_socket_reconnects_total"]) == (1, 0)

    slack.refuse_handshakes = 10_000
    slack.cut()
    await monitor.becomes(slack=r"The bot is not connected to Slack\.")
    assert (await monitor.get("/healthz"))[0] == 200
    assert (await monitor.metrics())["voicejob_ready"] == 0
    slack.refuse_handshakes = 0
    await monitor.becomes()
    assert (await monitor.metrics())["voicejob_socket_reconnects_total"] == 1


async def test_what_the_bot_does_by_itself(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, monitor: Monitor
) -> None:
    """Requests, checks and deliveries are counted by their outcome; what fails is a problem."""
    voices, job_id = slack.add_channel("voices"), str(metastudio.add_job()["job_id"])
    assert await monitor.problems() == {}
    await (await slack.command("/voicejob", f"subscribe {job_id}", channel=voices)).message()
    found = await monitor.counts('voicejob_metastudio_requests_total{call="show",outcome="ok"}')
    assert found["voicejob_followed_jobs"] == found["voicejob_subscriptions"] == 1
    assert found['voicejob_deliveries_total{outcome="ok",reason="",step="post_card"}'] == 1

    slack.revoke()
    metastudio.set_state(job_id, "AUDITING")
    refused = r"Slack refuses the bot's messages \(token_revoked\): .+"
    await monitor.becomes(slack=refused)
    metastudio.chaos = lambda _: Fault.html()
    says = r"MetaStudio has a fault \(502\); its last good answer is \d+ seconds old: `voicejob check` .+"
    await monitor.becomes(slack=refused, metastudio=says)
    text = "".join([(await monitor.get(path))[1] for path in ("/healthz", "/readyz", "/metrics")])
    assert not [each for each in (*SECRETS, job_id, "C0", "U0ALICE", "女声") if each in text]
    found = await monitor.counts('voicejob_checks_total{outcome="ServiceDown"}')
    assert found['voicejob_metastudio_requests_total{call="show",outcome="ServiceDown"}'] > 0
    assert found['voicejob_checks_total{outcome="ok"}'] > 0
    assert found["voicejob_check_seconds_count"] > 1

    metastudio.chaos = None
    slack.revoke(None)
    await monitor.becomes()
    slack.archive(voices)
    metastudio.set_state(job_id, "PROCESSING")
    await monitor.counts(
        'voicejob_deliveries_total{outcome="not_here",reason="is_archived",step="post_notice"}'
    )
    assert (await monitor.counts("voicejob_paused_subscriptions"))["voicejob_pending_notices"] == 0


def test_slack() -> None:
    """A lost connection goes before refused messages."""
    assert slack_problem(BotState()) is None
    assert slack_problem(BotState(is_connected=False, refusal="x")) == "The bot is not connected to Slack."
    said = "Slack refuses the bot's messages (x): `voicejob check` says what to do, and a new token needs a "
    assert slack_problem(BotState(refusal="x")) == f"{said}restart."


SILENT: list[tuple[VoiceJobError | None, float, str]] = [
    (None, 60, ""),
    (ServiceDown(status=502), 60, ""),
    (ServiceDown(status=502), 61, "MetaStudio has a fault (502)"),
    (CredentialsRefused(code="X.1"), 0, "MetaStudio refuses the bot's credentials (X.1)"),
    (None, 61, "MetaStudio does not answer"),
    (StoreTrouble(path="/x", reason="full"), 61, "MetaStudio is not asked while the store fails"),
]
"""Why jobs can't be checked, for how many seconds there was no answer, and the problem."""


@pytest.mark.parametrize(("trouble", "silence", "says"), SILENT)
@pytest.mark.parametrize("was_served", [True, False])
def test_metastudio(trouble: VoiceJobError | None, silence: float, says: str, *, was_served: bool) -> None:
    """Only a refusal of the bot itself is told at once; no job is named."""
    is_refused = isinstance(trouble, CredentialsRefused)
    state = BotState(trouble=trouble, silence=silence, is_refused=is_refused, was_served=was_served)
    answer = f"its last good answer is {silence} seconds old" if was_served else NEVER

    assert metastudio_problem(state, 60) == (f"{says}; {answer}: {REMEDY}" if says else None)


async def test_a_store_whose_disk_hangs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is a problem until it answers; a try that was given up leaves no line in the log when it fails."""
    gc.freeze()  # what other tests left is not meant
    async with SqliteStore(tmp_path / "store") as store:
        await store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=300"))
        health = Health(BotState, store, Metrics(), poll=60, patience=0.05)
        with disk_held(tmp_path / "store"):
            found = [await health.problems() for _ in range(2)]
            found += await asyncio.gather(health.problems(), health.problems())
            await eventually(lambda: store.trouble is not None)
        with disk_held(tmp_path / "store"):
            patient = Health(BotState, store, Metrics(), poll=60, patience=PATIENCE)
            assert "can't write" in (await patient.problems())["store"]
        assert await patient.problems() == {}  # asked again at once, while there is trouble
        gc.collect()

    assert found[0] == {"store": "The disk of the store does not answer."}
    assert [each.keys() for each in found] == [{"store"}] * 4
    assert "never retrieved" not in caplog.text


async def test_a_store_that_can_not_be_read(tmp_path: Path) -> None:
    """It is tried once in a while; then the pages say the reason, with the numbers of before."""
    followed = stored(following("WAITING", "PROCESSING"))
    async with SqliteStore(tmp_path / "store") as opened:
        await opened.change(followed, lambda _: followed)
        store, served = FaultyStore(opened), web.Application()
        Health(BotState, store, Metrics(), poll=60).add_to(served)
        async with listening(served, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
            monitor = Monitor(session, address)
            before = await monitor.metrics()
            assert [await monitor.problems() for _ in range(9)] == [{}] * 9
            assert store.calls == 2
            store.fails = lambda _: True
            with pytest.raises(StoreTrouble):
                await store.check()
            found = await monitor.metrics()
            problems = await monitor.problems()

    assert (before["voicejob_ready"], found["voicejob_ready"]) == (1, 0)
    assert found["voicejob_pending_notices"] == before["voicejob_pending_notices"] == 1
    assert "can't write" in problems["store"]


async def test_metrics_are_documented(monitor: Monitor) -> None:
    """Prometheus' own parser takes the page; each metric is on its page, and has a help text."""
    _, text = await monitor.get("/metrics")
    families = list(text_string_to_metric_families(text))
    own = {each.name + "_total" * (each.type == "counter") for each in families if "voicejob_" in each.name}

    assert set(re.findall(r"^\| `(voicejob_\w+)", page("monitoring"), re.MULTILINE)) == own
    assert all(family.documentation for family in families)


@pytest.mark.parametrize("mode", [{"voicejob_console_url": "https://console.example/{job_id}"}])
async def test_commands_and_buttons_are_counted(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, monitor: Monitor
) -> None:
    """Each by its name and what became of it, a link too; what takes long is measured."""
    voices, job_id = slack.add_channel("voices"), metastudio.add_job()["job_id"]
    card = await (await slack.command("/voicejob", str(job_id), channel=voices)).message()
    await slack.press(card, job_card.OPEN_CONSOLE)
    await slack.press(card, job_card.REFRESH)
    for text in ("hlep", "00000000-0000-4000-8000-000000000000"):
        await (await slack.command("/voicejob", text, channel=voices)).message()
    found = await monitor.counts(interactions("command", "look-up", "JobNotFound"))

    assert found[interactions("command", "look-up", "done")] == 1
    assert found[interactions("button", job_card.REFRESH, "done")] == 1
    assert found[interactions("button", job_card.OPEN_CONSOLE, "done")] == 1
    assert found[interactions("command", "look-up", "BadUsage")] == 1
    assert found['voicejob_acknowledge_seconds_count{type="command"}'] == 3
    assert found['voicejob_acknowledge_seconds_count{type="button"}'] == 2
    assert found['voicejob_answer_seconds_count{type="command"}'] == 3


@pytest.mark.parametrize(("oldest", "age"), [(None, 0), (80, 20), (101, 0)])
def test_what_is_in_the_store(oldest: int | None, age: float) -> None:
    """The numbers are the store's; the oldest notice has an age, also while the clock is put back."""
    assert Gauges.of(Counts(1, 3, 1, 2, oldest), now=100) == Gauges(1, 3, 1, 2, age)


def test_reasons() -> None:
    """What the bot knows is told apart; what Slack makes up makes no new time series."""
    metrics, known = Metrics(), [NO_ANSWER, "restricted_action_read_only_channel"]
    for reason in (*known, "brand_new_code"):
        metrics.delivery("post_card", "not_taken", reason)

    counted = metrics.exposition(None, is_ready=True).decode()
    assert re.findall(r'reason="(.+?)"', counted) == [*known, "other"]


@pytest.mark.parametrize("mode", [HTTP_MODE])
async def test_requests_over_http_are_counted(slack: SlackWorkspace, monitor: Monitor) -> None:
    """A wait begins with a request's head, not its body; what Slack did not sign has its own count."""
    body = form({"command": "/voicejob", "text": "help", "user_id": "U0ALICE"})
    lines = headers(SIGNING_SECRET, body) | {"Host": "x", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", int(monitor.address.rpartition(":")[2]))
    for part in ("POST /slack/events HTTP/1.1\r\n", f"{head}\r\n", body):
        writer.write(part.encode())
        await asyncio.sleep(0.1)
    assert b" 200 " in await reader.readline()
    writer.close()
    url = f"{monitor.address}/slack/events"
    assert [(await slack.post(url, {}, signature=f"v0={wrong}")).status for wrong in range(2)] == [401, 401]
    found = await monitor.metrics()

    assert found["voicejob_refused_requests_total"] == 2
    assert found['voicejob_acknowledge_seconds_sum{type="command"}'] > 0.08
    assert 'voicejob_acknowledge_seconds_count{type="button"}' not in found


def interactions(kind: str, name: str, outcome: str) -> str:
    return f'voicejob_interactions_total{{name="{name}",outcome="{outcome}",type="{kind}"}}'
