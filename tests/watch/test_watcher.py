"""The watcher: one job after the other, what goes wrong there, and the pace of its requests."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rates import RATE_LIMITS
from bot.domain.subscriptions import person_told, stopped
from bot.errors import (
    CredentialsRefused,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    StoreTrouble,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.simulators.metastudio.simulator import Fault
from bot.telemetry.metrics import Metrics, Stock
from tests.support import disk_held, eventually, fail_fast, log_lines, log_text
from tests.watch.watching import Watch, watching

FAULTS: dict[str, tuple[Fault, type[MetaStudioError]]] = {
    "hang": (Fault.hang(), TimedOut),
    "slow": (Fault.slow(30), TimedOut),
    "429": (Fault.throttled(), Throttled),
    "429 with Retry-After": (Fault.throttled(retry_after=1), Throttled),
    "500": (Fault.error(500, "APIGW.0601"), ServiceDown),
    "502 with a web page": (Fault.html(), ServiceDown),
    "503": (Fault.error(503, "APIGW.0613"), ServiceDown),
    "no backend": (Fault.error(404, "APIGW.0103"), ServiceDown),
    "broken JSON": (Fault.broken_json(), UnreadableAnswer),
    "a list": (Fault.not_an_object(), UnreadableAnswer),
    "nothing": (Fault.empty(), UnreadableAnswer),
    "cut": (Fault.cut(), Unreachable),
    "cut midway": (Fault.cut_midway(), Unreachable),
    "401": (Fault.error(401, "APIGW.0301"), CredentialsRefused),
    "403": (Fault.error(403, "APIGW.0302"), PermissionDenied),
    "no such API": (Fault.error(404, "APIGW.0101"), WrongProject),
    "wrong project": (Fault.error(400, "MSS.00010009"), WrongProject),
}


NOT_THERE = Fault.error(404, "MSS.41000003")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
async def watch(path: Path) -> AsyncIterator[Watch]:
    async with watching(path) as opened:
        yield opened


@contextmanager
def runs(watch: Watch) -> Iterator["asyncio.Task[None]"]:
    """Let the watcher run."""
    running = asyncio.create_task(watch.watcher.run())
    yield running
    assert not running.done()
    running.cancel()


def logged(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in line for line in log_lines(caplog))


class TestChanges:
    """What it finds and writes down."""

    async def test_without_followers_only_the_list_is_asked_for(self, watch: Watch) -> None:
        """As long as nobody follows a job, one page shows that MetaStudio answers, once in a while."""
        watch.add(3)

        assert await watch.check() == (0, 1)
        assert await watch.check() == (0, 0)

    async def test_what_nobody_waits_for_is_not_asked(self, watch: Watch) -> None:
        """A subscription that was stopped, or whose job is over, costs no request while it says its last."""
        ended, over = watch.add(2)
        key = await watch.follow(ended, card={"ts": "1.2", "posted_at": 1, "face": ""})
        await watch.store.change(key, stopped("U1"))
        watch.metastudio.set_state(over["job_id"], "FAILED")
        await watch.follow(over)

        assert await watch.check() == (0, 1)

    async def test_a_change_is_a_notice(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """What changed is written down with its notice for each channel, told to the outbox, and logged."""
        caplog.set_level(logging.INFO)
        (raw,) = watch.add(1)
        keys = [await watch.follow(raw, channel=channel) for channel in ("C1", "C2")]
        await watch.check()
        watch.change(raw["job_id"])
        await watch.check()
        await watch.check()

        assert [await watch.path(key) for key in keys] == [("WAITING", "PROCESSING")] * 2
        assert watch.changed == keys
        assert logged(caplog, ": change job=job-0 channel=C1 state=PROCESSING") == 1

    async def test_a_state_that_came_back_is_a_change(self, watch: Watch) -> None:
        """A job that went and came back between two checks is told of."""
        (key,) = await watch.some(1)
        await watch.check()
        watch.change(key.job_id, "PROCESSING")
        watch.change(key.job_id, "WAITING")
        await watch.check()

        assert await watch.path(key) == ("WAITING", "WAITING")

    async def test_changes_while_it_was_down(self, watch: Watch) -> None:
        """The first check after a start finds what changed before."""
        (key,) = await watch.some(1)
        watch.change(key.job_id)

        await watch.another().check()

        assert await watch.path(key) == ("WAITING", "PROCESSING")

    async def test_changes_pile_up_in_one_notice(self, watch: Watch) -> None:
        """What was not told yet becomes one path."""
        (key,) = await watch.some(1)
        for state in ("PROCESSING", "RESULT_REVIEW", "SUCCEED"):
            watch.change(key.job_id, state)
            await watch.check()

        assert await watch.path(key) == ("WAITING", "PROCESSING", "RESULT_REVIEW", "SUCCEED")

    async def test_what_a_person_saw_is_written_down(self, watch: Watch) -> None:
        """A look-up by a person counts as a check of that job."""
        (key,) = await watch.some(1)
        watch.change(key.job_id)
        assert watch.watcher.checked_at(key.job_id) is None

        await watch.watcher.check_now(key.job_id)

        assert await watch.path(key) == ("WAITING", "PROCESSING")
        assert watch.changed == [key]
        assert abs((watch.watcher.checked_at(key.job_id) or 0) - time.time()) <= 2

    async def test_a_subscription_that_ended_meanwhile_is_left_alone(
        self, watch: Watch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who unsubscribes while the job is looked up is told nothing, and nothing is logged as told."""
        caplog.set_level(logging.INFO)
        (raw,) = watch.add(1)
        key = await watch.follow(raw, card={"ts": "1.2", "posted_at": 1, "face": ""})
        watch.change(key.job_id)
        watch.metastudio.latency = 0.2
        checking = asyncio.create_task(watch.check())
        await eventually(lambda: bool(watch.metastudio.requests))
        await watch.store.change(key, stopped("U1"))
        await checking

        assert watch.changed == []
        assert logged(caplog, ": change ") == 0

    async def test_when_a_job_was_checked(self, watch: Watch) -> None:
        """The time of the last check is known by job, found or not, and not before the first."""
        there, gone = await watch.some(2)
        watch.metastudio.delete(gone.job_id)
        assert watch.watcher.checked_at(there.job_id) is None
        before = int(time.time())
        await watch.check()

        for key in (there, gone):
            assert before - 1 <= (watch.watcher.checked_at(key.job_id) or 0) <= time.time() + 1

        (third,) = await watch.some(1, job_id="third")
        watch.metastudio.chaos = lambda _: Fault.error(400, "MSS.10000003")
        with pytest.raises(RequestRefused):
            await watch.check()
        assert watch.watcher.checked_at(third.job_id) is None

    async def test_so_many_in_a_check(self, path: Path) -> None:
        """A check takes no more requests than its pause allows; the oldest check comes first."""
        async with watching(path, poll=0.5, pause=RATE_LIMITS.requests) as watch:
            keys = await watch.some(4)
            for key in keys:
                watch.change(key.job_id)
            assert await watch.check() == (2, 0)
            first = set(await watch.paths())
            assert await watch.check() == (2, 0)

            assert len(first) == 2
            assert len(await watch.paths()) == 4

    async def test_at_least_one_in_a_check(self, path: Path) -> None:
        """However short the pause is, a check is for one job at least."""
        async with watching(path, poll=0.01, pause=RATE_LIMITS.requests) as watch:
            await watch.some(2)
            assert await watch.check() == (1, 0)


class TestGone:
    """A job that is not there."""

    @pytest.mark.parametrize(
        ("listed", "unlisted", "is_gone"),
        [
            (None, 600, False),
            (Fault.raw(b'{"jobs": null}'), 600, True),
            (Fault.raw(b'{"count": 0}'), 600, True),
            (Fault.raw(b'{"count": 1, "jobs": [{"job_id": "another", "state": "WAITING"}]}'), 600, True),
            (Fault.raw(b'{"count": 9, "jobs": [{"job_id": "another", "state": "WAITING"}]}'), 0, False),
            (Fault.raw(b'{"count": 1, "jobs": [{"job_id": "JOB-0", "state": "WAITING"}]}'), 0, False),
            (Fault.error(403, "APIGW.0302"), 600, False),
            (Fault.error(403, "APIGW.0302"), 0, True),
            (Fault.error(400, "MSS.10000003"), 0, True),
            (Fault.error(500, "APIGW.0601"), 0, False),
            (Fault.error(404, "APIGW.0101"), 0, False),
            (Fault.raw(b"<html>", status=403), 0, False),
        ],
    )
    async def test_an_end_is_told_only_when_the_list_agrees(
        self,
        path: Path,
        listed: Fault | None,
        unlisted: float,
        is_gone: bool,  # noqa: FBT001
    ) -> None:
        """If the list has the job, it is there; if it may not be asked, misses have to go on for longer."""
        async with watching(path, gone=0, gone_unlisted=unlisted) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda api: NOT_THERE if api == "show" else listed
            for _ in range(3):
                if not await watch.path(key):
                    await watch.check()

            assert await watch.path(key) == (("WAITING", "gone") if is_gone else ())

    async def test_a_job_that_only_the_list_has_is_watched_on(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What the list says of it is told, and that it can't be looked up is logged once."""
        caplog.set_level(logging.INFO)
        async with watching(path, gone=0) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda api: NOT_THERE if api == "show" else None
            await watch.check()
            watch.change(key.job_id)
            await watch.check()
            assert await watch.path(key) == ("WAITING", "PROCESSING")
            watch.metastudio.chaos = None
            await watch.check()

        assert logged(caplog, "a job can't be checked job=job-0 error=JobNotFound") == 1
        assert logged(caplog, "a job can be checked again") == 1

    async def test_two_misses_some_time_apart(self, path: Path) -> None:
        """A job is gone when it is missed twice in a row, the second time a while after the first."""
        async with watching(path, gone=0.3) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.delete(key.job_id)
            started = time.monotonic()
            await watch.check()
            await watch.check()
            at_once = await watch.path(key) if time.monotonic() - started < 0.25 else ()
            await asyncio.sleep(0.31)
            await watch.check()

            assert at_once == ()
            assert await watch.path(key) == ("WAITING", "gone")
            assert (await watch.check())[0] == 0

    async def test_misses_between_successes_tell_nothing(self, path: Path) -> None:
        """Any success begins the count anew: of a check, and of a person's look-up."""
        async with watching(path, gone=0.05) as watch:
            (key,) = await watch.some(1)
            for _ in range(3):
                watch.metastudio.fail(Fault.error(404, "MSS.41000003"))
                await watch.check()
                await asyncio.sleep(0.06)
                await watch.check()
            watch.metastudio.fail(Fault.error(404, "MSS.41000003"))
            await watch.check()
            watch.metastudio.heal()
            await asyncio.sleep(0.06)
            await watch.watcher.check_now(key.job_id)
            watch.metastudio.fail(Fault.error(404, "MSS.41000003"))
            await watch.check()

            assert await watch.path(key) == ()

    async def test_a_miss_is_forgotten_with_the_last_subscription(self, path: Path) -> None:
        """Who follows the job again later starts anew: no check of it is known, and no miss."""
        async with watching(path, gone=1e-6) as watch:
            (raw,) = watch.add(1)
            for _ in range(2):
                key = await watch.follow(raw)
                assert watch.watcher.checked_at(key.job_id) is None
                watch.metastudio.fail(Fault.error(404, "MSS.41000003"), on="show")
                await watch.check()
                assert await watch.path(key) == ()
                await watch.store.change(key, lambda _: None)
                await watch.check()

    @pytest.mark.parametrize("code", ["APIGW.0101", "MSS.00010009", "MSS.00000009", ""])
    async def test_other_404s_end_nothing(self, path: Path, code: str) -> None:
        """A 404 that is not about the job says nothing about it."""
        async with watching(path, gone=0) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda _: Fault.error(404, code)
            with runs(watch):
                await eventually(lambda: bool(watch.metastudio.requests))
            for _ in range(3):
                try:
                    await watch.check()
                except (WrongProject, UnreadableAnswer):
                    continue

            assert await watch.path(key) == ()
            watch.metastudio.chaos = None
            watch.change(key.job_id)
            await watch.check()
            assert await watch.path(key) == ("WAITING", "PROCESSING")

    async def test_who_was_missed_comes_first(self, path: Path) -> None:
        """A job that was not there is asked for again before those that were not asked for longer."""
        async with watching(path, poll=0.3, gone=0) as watch:
            keys = await watch.some(3)
            watch.metastudio.delete(keys[0].job_id)
            await watch.check()
            await watch.check()

            assert await watch.path(keys[0]) == ("WAITING", "gone")


class TestTroubles:
    """What goes wrong, once and for long."""

    @pytest.mark.parametrize(("fault", "error"), FAULTS.values(), ids=FAULTS)
    async def test_each_fault_is_a_trouble_for_a_while(
        self, path: Path, fault: Fault, error: type[MetaStudioError], caplog: pytest.LogCaptureFixture
    ) -> None:
        """However long it lasts, it is logged when it begins and when it is over; then changes are found."""
        caplog.set_level(logging.INFO)
        seconds = 1 if error is TimedOut else 10
        async with watching(path, poll=0.02, rarely=0.02, seconds=seconds) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda _: fault
            with runs(watch):
                await eventually(lambda: watch.watcher.trouble is not None)
                seen = len(watch.metastudio.requests)
                await eventually(lambda: len(watch.metastudio.requests) >= seen + 2)
                trouble = watch.watcher.trouble
                watch.change(key.job_id)
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None)
                await eventually(lambda: bool(watch.changed))

            assert isinstance(trouble, error)
            assert await watch.path(key) == ("WAITING", "PROCESSING")
        assert logged(caplog, "jobs can't be checked") == 1
        assert logged(caplog, "jobs can be checked again") == 1
        ours = [each for each in caplog.records if each.name.startswith("bot.")]
        assert len([each for each in ours if each.levelno >= logging.WARNING]) == 1

    async def test_a_time_that_metastudio_names_is_kept(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """However short the pause between two checks is, nothing is asked until then."""
        async with watching(path, poll=0.01) as watch:
            await watch.some(6)
            watch.metastudio.chaos = lambda _: Fault.throttled(retry_after=120)
            with runs(watch):
                await eventually(lambda: watch.watcher.trouble is not None)
                await asyncio.sleep(0.2)

            assert isinstance(watch.watcher.trouble, Throttled)
            assert len(watch.metastudio.requests) == 1
        assert "next try in 120 seconds" in log_text(caplog)

    async def test_a_hold_that_somebody_else_met_is_told(self, watch: Watch) -> None:
        """A person's look-up met a 429: the watcher says so, and does not wait in silence."""
        await watch.some(1)
        watch.metastudio.chaos = lambda _: Fault.throttled(retry_after=600)
        with pytest.raises(Throttled):
            await watch.client.job("other")
        with runs(watch):
            await eventually(lambda: watch.watcher.trouble is not None)

        assert isinstance(watch.watcher.trouble, Throttled)
        assert len(watch.metastudio.requests) == 1

    async def test_a_mixed_outage_is_not_a_line_for_each_check(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An outage with several faces has one line for each face."""
        caplog.set_level(logging.INFO)
        faults = [Fault.html(), Fault.broken_json(), Fault.error(403, "APIGW.0302")]
        turns = iter(range(10**6))
        async with watching(path, poll=0.005, rarely=0.005) as watch:
            await watch.some(4)
            watch.metastudio.chaos = lambda _: faults[next(turns) // 3 % 3]
            with runs(watch):
                await eventually(lambda: len(watch.metastudio.requests) > 60)

        assert 1 <= logged(caplog, "jobs can't be checked") <= 3
        assert logged(caplog, "a job can't be checked") == 0

    async def test_slow_answers_are_answers(self, watch: Watch) -> None:
        """An answer that takes its time is taken."""
        (key,) = await watch.some(1)
        watch.change(key.job_id)
        watch.metastudio.fail(Fault.slow(0.2))
        await watch.check()

        assert await watch.path(key) == ("WAITING", "PROCESSING")

    @pytest.mark.parametrize("name", ["401", "403", "no such API", "wrong project"])
    async def test_a_refused_bot_asks_little(self, watch: Watch, name: str) -> None:
        """While MetaStudio refuses the bot, the rest of a check is left for the next one."""
        fault, error = FAULTS[name]
        await watch.some(10, every=1)
        watch.metastudio.chaos = lambda _: fault
        with pytest.raises(error):
            await watch.check()

        assert len(watch.metastudio.requests) == (1 if error is CredentialsRefused else 4)

    @pytest.mark.parametrize("number", [0, 1], ids=["nothing followed", "one job"])
    async def test_a_refused_bot_asks_ever_more_rarely(self, path: Path, number: int) -> None:
        """It is tried again after one interval, then after twice as long, and so on; each refusal counts."""
        at: list[float] = []

        def note(_: str) -> Fault:
            at.append(time.monotonic())
            return FAULTS["403"][0]

        async with watching(path, poll=0.01, rarely=600) as watch:
            await watch.some(number)
            watch.metastudio.chaos = note
            with runs(watch):
                await eventually(lambda: len(at) == 6)

        pauses = [later - earlier for earlier, later in pairwise(at)]
        # A busy machine can only make them longer.
        assert all(pause > 0.009 * 2**number for number, pause in enumerate(pauses))

    async def test_refused_credentials_are_tried_as_soon_as_they_may_be(self, path: Path) -> None:
        """While the client would only repeat what it remembers, there is no check."""
        metrics = Metrics()
        async with watching(path, poll=0.01, refused=0.3, metrics=metrics) as watch:
            watch.metastudio.fail(FAULTS["401"][0])
            with runs(watch):
                await eventually(lambda: watch.watcher.is_refused)
                await eventually(lambda: watch.watcher.was_served)

        counted = metrics.exposition(Stock.of([], 0), is_ready=True).decode()
        assert 'voicejob_checks_total{outcome="CredentialsRefused"} 1.0' in counted

    async def test_a_refusal_that_is_over_is_forgotten(self, path: Path) -> None:
        """The pauses begin anew with the next one."""
        async with watching(path, poll=0.01, rarely=600) as watch:
            await watch.some(1)
            with runs(watch):
                for _ in range(3):  # without that, the last pause would be 160 seconds
                    watch.metastudio.fail(FAULTS["403"][0], times=5)
                    await eventually(lambda: watch.watcher.is_refused)
                    await eventually(lambda: watch.watcher.trouble is None)

    @pytest.mark.parametrize("was_refused", [False, True], ids=["at first", "again"])
    async def test_a_look_up_during_a_check_that_fails(self, path: Path, was_refused: bool) -> None:  # noqa: FBT001
        """That MetaStudio served a person meanwhile is not forgotten: it is tried again at once."""

        def works_meanwhile(_: str) -> Fault:
            if len(opened.metastudio.requests) == 1 + was_refused:
                opened.watcher.retry_soon()
            return FAULTS["403"][0]

        async with watching(path, poll=600, rarely=600) as opened:
            await opened.some(1)
            opened.metastudio.chaos = works_meanwhile
            with runs(opened):
                if was_refused:
                    await eventually(lambda: opened.watcher.is_refused)
                    opened.watcher.retry_soon()
                await eventually(lambda: len(opened.metastudio.requests) == 2 + was_refused)

    async def test_a_look_up_does_not_hurry_a_watcher_that_is_served(self, path: Path) -> None:
        """People may look up as much as they like: the next check comes when it is due."""
        async with watching(path, poll=600) as watch:
            await watch.some(1)
            with runs(watch):
                await eventually(lambda: watch.watcher.was_served)
                for _ in range(20):
                    watch.watcher.retry_soon()
                    await asyncio.sleep(0.001)

            assert watch.asked == (1, 0)

    async def test_with_nothing_followed_too_a_refused_bot_asks_rarely(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A refused key is noticed, and logged with what to do, and tried again when a look-up works."""
        caplog.set_level(logging.INFO)
        metrics = Metrics()
        async with watching(path, poll=600, metrics=metrics) as watch:
            watch.metastudio.chaos = lambda _: Fault.error(401, "APIGW.0301")
            with runs(watch):
                await eventually(lambda: watch.watcher.is_refused)
                assert watch.asked == (0, 1)
                was_served = watch.watcher.was_served
                watch.metastudio.chaos = None
                watch.watcher.retry_soon()
                await eventually(lambda: watch.watcher.trouble is None)
                assert (was_served, watch.watcher.was_served) == (False, True)

        (line,) = (each for each in caplog.records if each.levelno >= logging.WARNING)
        assert "jobs can't be checked (CredentialsRefused)" in line.getMessage()
        assert "`voicejob check` says what to do" in line.getMessage()
        assert logged(caplog, "jobs can be checked again") == 1
        counted = metrics.exposition(Stock.of([], 0), is_ready=True).decode()
        assert 'voicejob_checks_total{outcome="CredentialsRefused"} 1.0' in counted
        assert 'voicejob_checks_total{outcome="ok"} 1.0' in counted

    async def test_with_nothing_followed_an_outage_is_tried_at_each_check(self, path: Path) -> None:
        """The good answer that ends it is not waited for any longer than with jobs to check."""
        async with watching(path, poll=0.01) as watch:
            watch.metastudio.chaos = lambda _: Fault.html()
            with runs(watch):
                await eventually(lambda: watch.asked[1] > 6)
                assert isinstance(watch.watcher.trouble, ServiceDown)
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None)

    async def test_with_nothing_followed_checks_go_on(self, path: Path) -> None:
        """A MetaStudio that fails later is noticed too."""
        async with watching(path, poll=0.01) as watch:
            watch.watcher.idle = 0.02
            with runs(watch):
                await eventually(lambda: watch.asked[1] > 1)
                watch.metastudio.chaos = lambda _: Fault.html()
                await eventually(lambda: watch.watcher.trouble is not None)

    async def test_an_outage_costs_few_requests(self, watch: Watch) -> None:
        """When several jobs in a row can't be looked up, the rest waits for the next check."""
        await watch.some(4)
        watch.metastudio.chaos = lambda _: Fault.html()
        for _ in range(2):
            with pytest.raises(ServiceDown):
                await watch.check()

        assert watch.asked == (2 * 3 * 3, 0)
        assert len({seen.path for seen in watch.metastudio.requests}) == 4

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.error(400, "MSS.10000003"),
            Fault.error(404, "MSS.00000009"),
            Fault.error(403, "APIGW.0302"),
            Fault.error(404, "APIGW.0101"),
            Fault.error(500, "APIGW.0601"),
            Fault.broken_json(),
        ],
        ids=lambda fault: f"{fault.status} {fault.error_code}",
    )
    async def test_one_odd_job_stops_no_other(
        self, watch: Watch, fault: Fault, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A job whose answer is always odd is logged when that begins and when it ends; others go on."""
        caplog.set_level(logging.INFO)
        odd, *others = await watch.some(4)

        def only_one(_: str) -> Fault | None:
            return fault if odd.job_id in watch.metastudio.requests[-1].path else None

        watch.metastudio.chaos = only_one
        for state in ("PROCESSING", "RESULT_REVIEW"):
            for key in others:
                watch.change(key.job_id, state)
            await watch.check()

        assert await watch.paths() == {
            key.job_id: ("WAITING", "PROCESSING", "RESULT_REVIEW") for key in others
        }
        assert logged(caplog, "a job can't be checked job=job-0") == 1
        watch.metastudio.chaos = None
        for _ in range(2):
            await watch.check()
        assert logged(caplog, "a job can be checked again job=job-0") == 1

    async def test_an_odd_job_is_told_again_to_who_follows_it_again(
        self, watch: Watch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What was logged of a job is forgotten with its last subscription."""
        (raw,) = watch.add(1)
        watch.metastudio.chaos = lambda api: Fault.error(400, "MSS.10000003") if api == "show" else None
        for _ in range(2):
            key = await watch.follow(raw)
            await watch.check()
            await watch.store.change(key, lambda _: None)
            await watch.check()

        assert logged(caplog, "a job can't be checked") == 2

    async def test_an_odd_job_is_no_trouble(self, path: Path) -> None:
        """That MetaStudio refuses one id does not mean that jobs can't be checked."""
        async with watching(path, poll=0.01) as watch:
            await watch.some(1)
            watch.metastudio.chaos = lambda _: Fault.error(400, "MSS.10000003")
            with runs(watch):
                await eventually(lambda: len(watch.metastudio.requests) > 2)

                assert watch.watcher.trouble is None

    @pytest.mark.parametrize(
        ("job_id", "fault"),
        [
            ("job-0", None),
            ("job-0", Fault.error(400, "MSS.10000003")),
            ("job-0", Fault.error(404, "MSS.41000003")),
            ("no id!", Fault.hang()),
        ],
        ids=["there", "refused", "not there", "not even sent"],
    )
    async def test_a_no_to_an_id_is_a_good_answer_too(
        self, path: Path, job_id: str, fault: Fault | None
    ) -> None:
        """A MetaStudio that says no to one id serves the bot well, as does one that is not asked."""
        async with watching(path, poll=0.01) as watch:
            await watch.some(1, job_id=job_id)
            watch.metastudio.chaos = lambda _: fault
            assert not watch.watcher.was_served
            await watch.check()

            assert watch.watcher.was_served

    async def test_several_odd_jobs_stop_no_other(self, watch: Watch) -> None:
        """Jobs that the bot may not see, however many, keep it from no other one."""
        *odd, last = await watch.some(4)
        hidden = {key.job_id for key in odd}

        def only_some(_: str) -> Fault | None:
            job_id = watch.metastudio.requests[-1].path.rpartition("/")[2]
            return Fault.error(403, "APIGW.0302") if job_id in hidden else None

        watch.metastudio.chaos = only_some
        watch.change(last.job_id)
        with pytest.raises(PermissionDenied):
            await watch.check()
        await watch.check()
        assert await watch.path(last) == ("WAITING", "PROCESSING")
        assert len(watch.metastudio.requests) == 3 + 4

    async def test_an_id_that_can_be_none(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """What a store of an older version kept as an id is logged, and the others are checked."""
        await watch.follow({"job_id": "no such thing/../x", "state": "WAITING"})
        (key,) = await watch.some(1)
        watch.change(key.job_id)
        await watch.check()

        assert await watch.path(key) == ("WAITING", "PROCESSING")
        assert logged(caplog, "a job can't be checked") == 1

    async def test_store_trouble_loses_nothing(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """What can't be written down is seen again at the next check; the trouble is known meanwhile."""
        caplog.set_level(logging.INFO)
        async with watching(path, poll=0.02) as watch:
            await fail_fast(watch.store)
            (key,) = await watch.some(1)
            watch.change(key.job_id)
            with runs(watch):
                with disk_held(path):
                    await eventually(lambda: watch.watcher.trouble is not None)
                    assert isinstance(watch.watcher.trouble, StoreTrouble)
                    assert watch.changed == []
                await eventually(lambda: watch.watcher.trouble is None)
                await eventually(lambda: watch.changed == [key])

            assert await watch.path(key) == ("WAITING", "PROCESSING")
        assert logged(caplog, "can't be written") == 1

    async def test_what_could_not_be_written_down_is_asked_for_first(self, path: Path) -> None:
        """With room for one request in a check, it goes before jobs that were never asked for."""
        async with watching(path, poll=0.001) as watch:
            await fail_fast(watch.store)
            (key,) = await watch.some(1)
            await watch.check()
            watch.change(key.job_id)
            with disk_held(path), pytest.raises(StoreTrouble):
                await watch.check()
            await watch.some(2)

            assert await watch.check() == (1, 0)
            assert await watch.path(key) == ("WAITING", "PROCESSING")

    async def test_a_mistake_of_ours_is_not_hidden(self, watch: Watch) -> None:
        """An error that nobody foresaw ends the watcher, and with it the bot."""
        (key,) = await watch.some(1)
        watch.change(key.job_id)
        broken = watch.another(changed=lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await broken.watcher.run()


class TestPace:
    """How often it asks."""

    async def test_few_requests_a_second_and_people_first(self, path: Path) -> None:
        """With people looking up at the same time, there are no five requests in a second."""
        async with watching(path, pause=RATE_LIMITS.requests, poll=5) as watch:
            await watch.some(4)
            other = watch.add(1)[0]["job_id"]
            at: list[float] = []
            order: list[str] = []

            def note(_: str) -> Any:
                at.append(time.monotonic())
                order.append(watch.metastudio.requests[-1].path.rpartition("/")[2])

            watch.metastudio.chaos = note
            started = time.monotonic()
            checking = asyncio.create_task(watch.check())
            for count in (1, 2):
                await eventually(lambda count=count: len(at) >= 2 * count - 1)  # type: ignore[misc]
                await watch.client.job(other)
            await checking

        assert order[1] == order[3] == other
        assert len(order) == 6
        # Counted from the start: a busy machine can only make them later. The bot's own are 0, 2, 4 and 5.
        assert all(at[number] - started >= RATE_LIMITS.requests * number for number in (2, 4, 5))

    async def test_pages_keep_the_pace_too(self, path: Path) -> None:
        """Reading the list takes no more requests a second than asking one by one."""
        async with watching(path, pause=RATE_LIMITS.requests) as watch:
            await watch.some(12)
            watch.add(250)
            at: list[float] = []

            def note(_: str) -> Any:
                at.append(time.monotonic())

            watch.metastudio.chaos = note
            started = time.monotonic()
            await watch.check()

        assert watch.asked == (3, 3)
        assert all(moment - started >= RATE_LIMITS.requests * number for number, moment in enumerate(at))

    async def test_pauses_vary(self, path: Path) -> None:
        """The pauses between checks are a little shorter or longer than told: bots don't march in step."""
        async with watching(path, poll=0.3) as watch:
            await watch.some(1)
            at: list[float] = []

            def note(_: str) -> Any:
                at.append(time.monotonic())

            def pauses() -> list[float]:
                return [later - earlier for earlier, later in pairwise(at)]

            watch.metastudio.chaos = note
            with runs(watch):
                await eventually(lambda: any(pause < 0.3 for pause in pauses()))

        assert min(pauses()) > 0.2


async def test_person_told_is_no_news(watch: Watch) -> None:
    """What else changes in a subscription is no change of the job."""
    (key,) = await watch.some(1)
    await watch.store.change(key, person_told())
    await watch.check()

    assert watch.changed == []


class TestStrangeAnswers:
    """What is no word about the job."""

    @pytest.mark.parametrize("number", [1, 6], ids=["one by one", "by the list"])
    @pytest.mark.parametrize(
        "old",
        [
            {},
            {"lastupdate_time": None},
            {"reject_times": None},
            {"lastupdate_time": None, "reject_times": None},
        ],
        ids=lambda old: " and ".join(old) or "whole",
    )
    @pytest.mark.parametrize("after", [60, 0], ids=["a minute later", "in the same second"])
    async def test_an_older_answer_that_comes_again_and_again(
        self, watch: Watch, old: dict[str, Any], number: int, after: int
    ) -> None:
        """A change is told once, however often a node that lags behind answers in between."""
        key, *_ = await watch.some(number)
        raw = watch.metastudio.jobs[key.job_id]
        before = {**raw, **old}
        watch.change(key.job_id, after=after)
        now_is = dict(raw)
        for _ in range(3):
            for answer in (now_is, before):
                raw.clear()
                raw.update({name: value for name, value in answer.items() if value is not None})
                await watch.check()
                await watch.watcher.check_now(key.job_id)

        assert await watch.paths() == {key.job_id: ("WAITING", "PROCESSING")}
        watch.change(key.job_id, "RESULT_REVIEW")
        await watch.check()
        assert (await watch.path(key))[-1] == "RESULT_REVIEW"

    async def test_a_count_that_is_missing_from_every_second_answer(self, watch: Watch) -> None:
        """What is absent is not known; what is counted once more is told once."""
        (key,) = await watch.some(1)
        raw = watch.metastudio.jobs[key.job_id]
        for times in (1, None, 1, None, 2, None, 2):
            raw["reject_times"] = times
            await watch.check()

        assert await watch.path(key) == ("WAITING", "WAITING")

    async def test_a_reading_from_before_a_person_asked(self, watch: Watch) -> None:
        """Who subscribes anew while the list is read is told nothing that their own look-up has overtaken."""
        keys = await watch.some(6)
        old = dict(watch.metastudio.jobs[keys[0].job_id])

        def renews(api: str) -> None:
            if api == "list":
                watch.watcher.asked(keys[0].job_id, asyncio.get_running_loop().time() + 60)

        watch.metastudio.chaos = renews
        watch.metastudio.jobs[keys[0].job_id].update({"state": "PROCESSING"})  # without a newer time
        await watch.watcher.check_now(keys[0].job_id)
        watch.metastudio.jobs[keys[0].job_id].update(old)
        await watch.check()

        assert await watch.paths() == {keys[0].job_id: ("WAITING", "PROCESSING")}

    @pytest.mark.parametrize(
        "body", [b"{}", b'{"state": null, "voice_name": "x"}', b'{"count": 0, "jobs": []}']
    )
    async def test_an_answer_without_a_state_changes_nothing(self, path: Path, body: bytes) -> None:
        """A proxy's hiccup is a failed check, and no state that anybody is told of."""
        async with watching(path) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.fail(Fault.raw(body))
            with pytest.raises(UnreadableAnswer):
                await watch.check()
            await watch.check()

            assert await watch.path(key) == ()

    async def test_a_refresh_that_joins_an_older_request_tells_nothing_backwards(self, path: Path) -> None:
        """Somebody's slow look-up may answer with what was; what the list showed meanwhile stays."""
        async with watching(path) as watch:
            await watch.some(6)
            await watch.check()
            job_id = next(seen for seen in watch.metastudio.requests if seen.api == "show").path.split("/")[
                -1
            ]
            old = dict(watch.metastudio.jobs[job_id])
            watch.metastudio.latency = 1
            look_up = asyncio.create_task(watch.client.job(job_id))
            asked = watch.metastudio.requests_to("show")
            await eventually(lambda: watch.metastudio.requests_to("show") > asked)
            watch.metastudio.latency = 0
            watch.change(job_id)
            await watch.check()
            watch.metastudio.jobs[job_id].update(old)
            await watch.watcher.check_now(job_id)

            assert (await look_up).state == "WAITING"
            assert await watch.paths() == {job_id: ("WAITING", "PROCESSING")}
