"""The watcher: one job after the other, what goes wrong there, and the pace of its requests."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from bot import errors
from bot.domain.rates import RATE_LIMITS
from bot.domain.subscriptions import stopped
from bot.simulators.metastudio.simulator import Fault
from bot.telemetry.metrics import Gauges, Metrics
from tests.support import disk_held, eventually, fail_fast, log_lines, log_text
from tests.watch.watching import Watch, watching

FAULTS: dict[str, tuple[Fault, type[errors.MetaStudioError]]] = {
    "429": (Fault.throttled(), errors.Throttled),
    "500": (Fault.error(500, "APIGW.0601"), errors.ServiceDown),
    "broken JSON": (Fault.broken_json(), errors.UnreadableAnswer),
    "401": (Fault.error(401, "APIGW.0301"), errors.CredentialsRefused),
    "403": (Fault.error(403, "APIGW.0302"), errors.PermissionDenied),
    "no such API": (Fault.error(404, "APIGW.0101"), errors.WrongProject),
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
        for _ in range(2):
            await watch.check()

        assert await watch.paths() == {"job-0": ("WAITING", "PROCESSING")}
        assert watch.changed == keys
        assert logged(caplog, ": change job=job-0 channel=C1 state=PROCESSING") == 1

    async def test_a_subscription_that_ended_meanwhile_is_left_alone(self, watch: Watch) -> None:
        """Who unsubscribes while the job is looked up is told nothing."""
        (raw,) = watch.add(1)
        key = await watch.follow(raw, card={"ts": "1.2", "posted_at": 1, "face": ""})
        watch.change(key.job_id)
        watch.metastudio.latency = 0.2
        checking = asyncio.create_task(watch.check())
        await eventually(lambda: bool(watch.metastudio.requests))
        await watch.store.change(key, stopped("U1"))
        await checking

        assert watch.changed == []

    async def test_when_a_job_was_checked(self, watch: Watch) -> None:
        """The time of the last check is known by job, found or not, and not where that failed.

        A look-up by a person counts as a check of that job, and what it finds is written down.
        """
        there, gone, refused, asked = await watch.some(4)
        watch.metastudio.delete(gone.job_id)
        watch.metastudio.chaos = lambda _: (
            REFUSED if watch.metastudio.requests[-1].path.endswith(refused.job_id) else None
        )
        before = int(time.time())
        await watch.check()
        watch.change(asked.job_id)
        await watch.watcher.check_now(asked.job_id)

        for key in (there, gone, asked):
            assert before - 1 <= (watch.watcher.checked_at(key.job_id) or 0) <= time.time() + 1
        assert watch.watcher.checked_at(refused.job_id) is None
        assert await watch.path(asked) == ("WAITING", "PROCESSING")
        assert watch.changed == [asked]

    async def test_so_many_in_a_check(self, path: Path) -> None:
        """A check takes as many requests as its pause allows; the oldest check comes first."""
        async with watching(path, poll=0.5, pause=RATE_LIMITS.requests) as watch:
            for key in await watch.some(4):
                watch.change(key.job_id)
            for found in (2, 4):
                assert await watch.check() == (2, 0)
                assert len(await watch.paths()) == found


class TestTroubles:
    """What goes wrong, once and for long, and how often it asks."""

    @pytest.mark.parametrize(("fault", "error"), FAULTS.values(), ids=FAULTS)
    async def test_each_fault_is_a_trouble_for_a_while(
        self, path: Path, fault: Fault, error: type[errors.MetaStudioError], caplog: pytest.LogCaptureFixture
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
                assert isinstance(watch.watcher.trouble, error)
                watch.change(key.job_id)
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None and watch.changed == [key])

        assert logged(caplog, "jobs can't be checked") == logged(caplog, "jobs can be checked again") == 1
        assert [each.levelno >= logging.WARNING for each in caplog.records].count(True) == 1

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

            assert isinstance(watch.watcher.trouble, errors.Throttled)
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

    async def test_a_refused_bot_asks_ever_more_rarely(self, path: Path) -> None:
        """It is tried again after one interval, then after twice as long, and so on, until it is served."""
        at: list[float] = []

        def note(_: str) -> Fault | None:
            at.append(time.monotonic())
            return FAULTS["403"][0] if len(at) % 6 else None

        async with watching(path, poll=0.01, rarely=600) as watch:
            await watch.some(1)
            watch.metastudio.chaos = note
            with runs(watch):
                await eventually(lambda: len(at) == 18)  # with no new beginning, a pause would be 80 seconds

        pauses = [later - earlier for earlier, later in pairwise(at)]
        # A busy machine can only make them longer.
        assert all(pause > 0.009 * 2 ** (number % 6 % 5) for number, pause in enumerate(pauses))

    async def test_refused_credentials_are_tried_as_soon_as_they_may_be(self, path: Path) -> None:
        """While the client would only repeat what it remembers, there is no check."""
        metrics = Metrics()
        async with watching(path, poll=0.01, refused=0.3, metrics=metrics) as watch:
            watch.metastudio.fail(FAULTS["401"][0])
            with runs(watch):
                await eventually(lambda: watch.watcher.is_refused)
                await eventually(lambda: watch.watcher.was_served)

        counted = metrics.exposition(Gauges.of([], 0), is_ready=True).decode()
        assert 'voicejob_checks_total{outcome="CredentialsRefused"} 1.0' in counted

    async def test_a_look_up_during_a_check_that_fails(self, path: Path) -> None:
        """That MetaStudio served a person meanwhile is not forgotten: it is tried again at once."""

        def works_meanwhile(_: str) -> Fault:
            if len(watch.metastudio.requests) == 1:
                watch.watcher.retry_soon()
            return FAULTS["403"][0]

        async with watching(path, poll=600, rarely=600) as watch:
            await watch.some(1)
            watch.metastudio.chaos = works_meanwhile
            with runs(watch):
                await eventually(lambda: len(watch.metastudio.requests) == 2)

    async def test_with_nothing_followed_too_a_refused_bot_asks_rarely(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A refused key is noticed, and logged with what to do, and tried again when a look-up works.

        Later, people may look up as much as they like: the next check comes when it is due.
        """
        metrics = Metrics()
        async with watching(path, poll=600, metrics=metrics) as watch:
            watch.metastudio.chaos = lambda _: FAULTS["401"][0]
            with runs(watch):
                await eventually(lambda: watch.watcher.is_refused)
                assert watch.asked == (0, 1)
                assert not watch.watcher.was_served
                watch.metastudio.chaos = None
                watch.watcher.retry_soon()
                await eventually(lambda: watch.watcher.was_served)
                for _ in range(20):
                    watch.watcher.retry_soon()
                    await asyncio.sleep(0.001)
                assert watch.asked == (0, 2)

        assert "jobs can't be checked (CredentialsRefused)" in caplog.text
        assert "`voicejob check` says what to do" in caplog.text
        assert (
            'voicejob_checks_total{outcome="ok"} 1.0'
            in metrics.exposition(Gauges.of([], 0), is_ready=True).decode()
        )

    async def test_with_nothing_followed_checks_go_on(self, path: Path) -> None:
        """A MetaStudio that fails later is noticed, and tried at each check until it works again."""
        async with watching(path, poll=0.01) as watch:
            watch.watcher.idle = 0.02
            with runs(watch):
                await eventually(lambda: watch.asked[1] > 1)
                watch.metastudio.chaos = lambda _: Fault.html()
                await eventually(lambda: watch.watcher.trouble is not None)
                watch.watcher.idle = 600
                asked = watch.asked[1]
                await eventually(lambda: watch.asked[1] > asked + 3)
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None)

    @pytest.mark.parametrize("fault", [REFUSED, FAULTS["500"][0]], ids=["refused", "500"])
    async def test_one_odd_job_stops_no_other(
        self, watch: Watch, fault: Fault, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A job whose answer is always odd is logged when that begins and when it ends; others go on."""
        caplog.set_level(logging.INFO)
        odd, *others = await watch.some(4)
        watch.metastudio.chaos = lambda _: fault if odd.job_id in watch.metastudio.requests[-1].path else None
        for state in ("PROCESSING", "RESULT_REVIEW"):
            for key in others:
                watch.change(key.job_id, state)
            await watch.check()

        told = ("WAITING", "PROCESSING", "RESULT_REVIEW")
        assert await watch.paths() == {key.job_id: told for key in others}
        assert logged(caplog, "a job can't be checked job=job-0") == 1
        watch.metastudio.chaos = None
        for _ in range(2):
            await watch.check()
        assert logged(caplog, "a job can be checked again job=job-0") == 1

    @pytest.mark.parametrize(
        ("job_id", "fault"),
        [("job-0", None), ("job-0", REFUSED), ("job-0", NOT_THERE), ("no id!", Fault.hang())],
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
        *_, last = await watch.some(4)
        watch.metastudio.chaos = lambda _: (
            None if watch.metastudio.requests[-1].path.endswith(last.job_id) else FAULTS["403"][0]
        )
        watch.change(last.job_id)
        with pytest.raises(errors.PermissionDenied):
            await watch.check()
        await watch.check()
        assert await watch.path(last) == ("WAITING", "PROCESSING")
        assert len(watch.metastudio.requests) == 3 + 4

    async def test_store_trouble_loses_nothing(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """What can't be written down is seen again at the next check; the trouble is known meanwhile."""
        async with watching(path, poll=0.02) as watch:
            await fail_fast(watch.store)
            (key,) = await watch.some(1)
            watch.change(key.job_id)
            with runs(watch):
                with disk_held(path):
                    await eventually(lambda: isinstance(watch.watcher.trouble, errors.StoreTrouble))
                    assert watch.changed == []
                await eventually(lambda: watch.watcher.trouble is None and watch.changed == [key])

            assert await watch.path(key) == ("WAITING", "PROCESSING")
        assert "jobs can't be checked" not in caplog.text  # the store has logged it

    async def test_what_could_not_be_written_down_is_asked_for_first(self, path: Path) -> None:
        """With room for one request in a check, it goes before jobs that were never asked for."""
        async with watching(path, poll=0.001) as watch:
            await fail_fast(watch.store)
            (key,) = await watch.some(1)
            await watch.check()
            watch.change(key.job_id)
            with disk_held(path), pytest.raises(errors.StoreTrouble):
                await watch.check()
            await watch.some(2)

            assert await watch.check() == (1, 0)
            assert await watch.path(key) == ("WAITING", "PROCESSING")

    async def test_a_mistake_of_ours_is_not_hidden(self, path: Path) -> None:
        """An error that nobody foresaw ends the watcher, and with it the bot."""
        async with watching(path, changed=lambda _: 1 / 0) as watch:
            (key,) = await watch.some(1)
            watch.change(key.job_id)
            with pytest.raises(ZeroDivisionError):
                await watch.watcher.run()

    async def test_pages_keep_the_pace_too(self, path: Path) -> None:
        """Reading the list takes no more requests a second than asking one by one."""
        at: list[float] = []
        async with watching(path, pause=RATE_LIMITS.requests) as watch:
            await watch.some(12)
            watch.add(250)
            watch.metastudio.chaos = lambda _: at.append(time.monotonic())
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
