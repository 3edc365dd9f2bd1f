"""The watcher: one job after the other, what goes wrong there, and the pace of its requests."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rates import RATE_LIMITS
from bot.domain.subscriptions import stopped
from bot.errors import (
    CredentialsRefused,
    MetaStudioError,
    PermissionDenied,
    ServiceDown,
    StoreTrouble,
    Throttled,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.simulators.metastudio.simulator import Fault
from bot.telemetry.metrics import Metrics, Stock
from tests.support import disk_held, eventually, fail_fast, log_lines, log_text
from tests.watch.watching import Watch, watching

FAULTS: dict[str, tuple[Fault, type[MetaStudioError]]] = {
    "429": (Fault.throttled(), Throttled),
    "500": (Fault.error(500, "APIGW.0601"), ServiceDown),
    "broken JSON": (Fault.broken_json(), UnreadableAnswer),
    "cut": (Fault.cut(), Unreachable),
    "401": (Fault.error(401, "APIGW.0301"), CredentialsRefused),
    "403": (Fault.error(403, "APIGW.0302"), PermissionDenied),
    "no such API": (Fault.error(404, "APIGW.0101"), WrongProject),
}
"""One for each kind of error; which answers are of which kind is tested with the client."""


REFUSED = Fault.error(400, "MSS.10000003")
NOT_THERE = Fault.error(404, "MSS.41000003")


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

    async def test_what_nobody_waits_for_is_not_asked(self, watch: Watch) -> None:
        """A job that nobody follows, or not any more, or that is over, costs no request for itself.

        One page of the list shows that MetaStudio answers, once in a while.
        """
        ended, over, _ = watch.add(3)
        key = await watch.follow(ended, card={"ts": "1.2", "posted_at": 1, "face": ""})
        await watch.store.change(key, stopped("U1"))
        watch.metastudio.set_state(over["job_id"], "FAILED")
        await watch.follow(over)

        assert await watch.check() == (0, 1)
        assert await watch.check() == (0, 0)

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
        """The time of the last check is known by job, found or not, and not where that failed."""
        there, gone, refused = await watch.some(3)
        watch.metastudio.delete(gone.job_id)
        watch.metastudio.chaos = lambda _: (
            REFUSED if watch.metastudio.requests[-1].path.endswith(refused.job_id) else None
        )
        before = int(time.time())
        await watch.check()

        for key in (there, gone):
            assert before - 1 <= (watch.watcher.checked_at(key.job_id) or 0) <= time.time() + 1
        assert watch.watcher.checked_at(refused.job_id) is None

    @pytest.mark.parametrize(("poll", "number"), [(0.5, 2), (0.01, 1)])
    async def test_so_many_in_a_check(self, path: Path, poll: float, number: int) -> None:
        """A check takes as many requests as its pause allows, one at least; the oldest check comes first."""
        async with watching(path, poll=poll, pause=RATE_LIMITS.requests) as watch:
            for key in await watch.some(2 * number):
                watch.change(key.job_id)
            assert await watch.check() == (number, 0)
            assert len(await watch.paths()) == number
            assert await watch.check() == (number, 0)
            assert len(await watch.paths()) == 2 * number


class TestTroubles:
    """What goes wrong, once and for long."""

    @pytest.mark.parametrize(("fault", "error"), FAULTS.values(), ids=FAULTS)
    async def test_each_fault_is_a_trouble_for_a_while(
        self, path: Path, fault: Fault, error: type[MetaStudioError], caplog: pytest.LogCaptureFixture
    ) -> None:
        """However long it lasts, it is logged when it begins and when it is over; then changes are found."""
        caplog.set_level(logging.INFO)
        async with watching(path, poll=0.02, rarely=0.02) as watch:
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

    @pytest.mark.parametrize(("name", "requests"), [("401", 1), ("403", 4), ("no such API", 4), ("500", 9)])
    async def test_an_outage_costs_few_requests(self, watch: Watch, name: str, requests: int) -> None:
        """When several jobs in a row can't be looked up, the rest waits for the next check.

        Where the list is asked first, one of them is its request; a server's fault is tried three times.
        """
        fault, error = FAULTS[name]
        await watch.some(4 if name == "500" else 10)
        watch.metastudio.chaos = lambda _: fault
        with pytest.raises(error):
            await watch.check()

        assert len(watch.metastudio.requests) == requests

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

    async def test_with_nothing_followed_checks_go_on(self, path: Path) -> None:
        """A MetaStudio that fails later is noticed, and tried at each check until it works again."""
        async with watching(path, poll=0.01) as watch:
            watch.watcher.idle = 0.02
            with runs(watch):
                await eventually(lambda: watch.asked[1] > 1)
                watch.metastudio.chaos = lambda _: Fault.html()
                await eventually(lambda: watch.watcher.trouble is not None)
                watch.watcher.idle = 600
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None)

    @pytest.mark.parametrize(
        "fault",
        [REFUSED, Fault.error(403, "APIGW.0302"), Fault.error(500, "APIGW.0601")],
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

    @pytest.mark.parametrize(
        ("job_id", "fault"),
        [
            ("job-0", None),
            ("job-0", REFUSED),
            ("job-0", NOT_THERE),
            ("no id!", Fault.hang()),
        ],
        ids=["there", "refused", "not there", "not even sent"],
    )
    async def test_a_no_to_an_id_is_a_good_answer_too(
        self, path: Path, job_id: str, fault: Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A MetaStudio that says no to one id serves the bot well, as does one that is not asked."""
        async with watching(path, poll=0.01) as watch:
            await watch.some(1, job_id=job_id)
            watch.metastudio.chaos = lambda _: fault
            before = watch.watcher.was_served
            await watch.check()

            assert (before, watch.watcher.was_served) == (False, True)
        assert logged(caplog, "a job can't be checked") == (fault not in {None, NOT_THERE})

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
        at: list[float] = []
        async with watching(path, poll=0.3) as watch:
            await watch.some(1)
            watch.metastudio.chaos = lambda _: at.append(time.monotonic())
            with runs(watch):
                await eventually(lambda: any(later - earlier < 0.3 for earlier, later in pairwise(at)))

        assert min(later - earlier for earlier, later in pairwise(at)) > 0.2
