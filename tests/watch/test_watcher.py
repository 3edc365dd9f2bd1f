"""The watcher: its requests, the store, the log and the times of its checks; its policy decides the rest."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import errors
from bot.domain.jobs import Job
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.simulators.metastudio.simulator import Fault
from bot.telemetry.metrics import Metrics
from tests.support import eventually, log_lines, log_text
from tests.watch.watching import Watch, watching

REFUSED = Fault.error(401, "APIGW.0301")
FORBIDDEN = Fault.error(403, "APIGW.0302")
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


class TestAnswers:
    """How it gets the policy's answers, and where it puts them."""

    async def test_a_change_is_recorded_and_logged(
        self, watch: Watch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """However many channels follow the job, it is one record."""
        caplog.set_level(logging.INFO)
        (raw,) = watch.add(1)
        for channel in ("C1", "C2"):
            await watch.follow(raw, channel=channel)
        await watch.check()
        watch.change("job-0")
        for _ in range(2):
            await watch.check()

        assert await watch.paths() == {"job-0": ("WAITING", "PROCESSING")}
        assert logged(caplog, ": change job=job-0 state=PROCESSING") == 1
        assert time.time() - 2 < (watch.watcher.checked_at("job-0") or 0) <= time.time()

    async def test_a_missing_job_is_looked_for_in_the_list(self, path: Path) -> None:
        """It is gone if the list does not have it either."""
        async with watching(path, rates=RateLimits(gone=0)) as watch:
            await watch.some(2)
            watch.metastudio.delete("job-1")
            watch.metastudio.chaos = lambda api: NOT_THERE if api == "show" else None
            await watch.check()

        assert watch.asked[1] == 2

    async def test_each_trouble_is_logged_when_it_begins_and_when_it_is_over(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Of a job, and of the list, however often it is asked meanwhile."""
        caplog.set_level(logging.INFO)
        async with watching(path, list_suspension=0) as watch:
            await watch.some(6)
            for fault in (Fault.html(), None):
                watch.metastudio.chaos = lambda api, fault=fault: (
                    fault if api == "list" or "job-0" in watch.metastudio.requests[-1].path else None
                )
                for _ in range(3):
                    await watch.check()

        for words in ("list of jobs can't be used (ServiceDown)", "list of jobs is used again"):
            assert logged(caplog, words) == 1
        for words in ("a job can't be checked job=job-0", "a job can be checked again job=job-0"):
            assert logged(caplog, words) == 1

    async def test_pages_and_jobs_keep_the_pace(self, path: Path) -> None:
        """Reading the list takes no more requests a second than asking one by one."""
        at: list[float] = []
        async with watching(path, pause=RATE_LIMITS.requests) as watch:
            await watch.some(6)
            watch.add(100)
            watch.metastudio.chaos = lambda _: at.append(time.monotonic())
            started = time.monotonic()
            await watch.check()

        assert watch.asked == (3, 2)
        assert all(moment - started >= RATE_LIMITS.requests * number for number, moment in enumerate(at))

    async def test_a_look_up_that_joins_an_older_request(self, watch: Watch) -> None:
        """What a shared request answers is as old as the request, and what a person saw since is newer."""
        await watch.some(1)
        watch.metastudio.latency = 0.3
        look_up = asyncio.create_task(watch.client.job("job-0"))
        await eventually(lambda: bool(watch.metastudio.requests))
        now = asyncio.get_running_loop().time()
        await watch.watcher.person_saw("job-0", Job(job_id="job-0", state="WAITING"), now)
        watch.change("job-0")
        await watch.watcher.check_now("job-0")

        assert (await look_up).state == "PROCESSING"
        assert await watch.paths() == {}

    async def test_a_person_has_a_job_checked(self, watch: Watch) -> None:
        """What is found is recorded, also of a job that was followed a moment ago; no state is none."""
        await watch.check()
        await watch.some(1)
        watch.change("job-0")
        await watch.watcher.check_now("job-0")
        watch.metastudio.chaos = lambda _: Fault.raw(b"{}")
        with pytest.raises(errors.UnreadableAnswer):
            await watch.watcher.check_now("job-0")

        assert await watch.paths() == {"job-0": ("WAITING", "PROCESSING")}
        assert watch.watcher.checked_at("job-0")


class TestStore:
    """What it reads and writes there."""

    async def test_only_what_changed_is_read_again(self, watch: Watch) -> None:
        """All are read once; a job that is followed or left later is heard of, even if a read fails."""
        await watch.some(1)
        await watch.check()
        (second,) = await watch.some(1)
        watch.store.failing = {"get"}
        with pytest.raises(errors.StoreTrouble):
            await watch.check()
        watch.store.failing = set()
        checks = []
        for _ in range(2):
            watch.store.calls.clear()
            checks.append((await watch.check(), list(watch.store.calls)))
        await watch.end(second)

        assert checks == [((2, 0), ["get"]), ((2, 0), [])]
        assert await watch.check() == (1, 0)
        assert watch.watcher.checked_at("job-1") is None

    @pytest.mark.parametrize("call", ["jobs", "get", "change"])
    async def test_store_trouble_ends_nothing(
        self, path: Path, call: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The check is repeated until the store works, and then nothing is lost; the trouble is known."""
        async with watching(path, poll=0.02) as watch:
            await watch.some(1)
            watch.change("job-0")
            watch.store.failing = {call}
            with runs(watch):
                await eventually(lambda: isinstance(watch.watcher.trouble, errors.StoreTrouble))
                watch.store.failing = set()
                await eventually(lambda: watch.watcher.trouble is None)

            assert await watch.paths() == {"job-0": ("WAITING", "PROCESSING")}
        assert "jobs can't be checked" not in caplog.text  # the store has logged it

    async def test_a_mistake_of_ours_is_not_hidden(self, watch: Watch) -> None:
        """An error that nobody foresaw ends the watcher, and with it the bot."""
        watch.store.error = ZeroDivisionError()
        watch.store.failing = {"jobs"}
        with pytest.raises(ZeroDivisionError):
            await watch.watcher.run()

    async def test_a_job_that_is_followed_anew_meanwhile_is_left_alone(
        self, watch: Watch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who subscribes while the job is looked up is told of no change before that, nor is one logged."""
        caplog.set_level(logging.INFO)
        (key,) = await watch.some(1)
        await watch.check()
        watch.metastudio.requests.clear()
        watch.change("job-0")
        watch.metastudio.latency = 0.2
        checking = asyncio.create_task(watch.check())
        await eventually(lambda: bool(watch.metastudio.requests))
        await watch.end(key)
        await watch.follow(watch.metastudio.jobs["job-0"])
        await checking

        assert await watch.path("job-0") == ("PROCESSING",)
        assert not logged(caplog, ": change job")


class TestRun:
    """Checks in a row, and what makes one come sooner or later."""

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault.throttled(), errors.Throttled),
            (Fault.html(), errors.ServiceDown),
            (FORBIDDEN, errors.PermissionDenied),
        ],
    )
    async def test_a_trouble_for_a_while(
        self, path: Path, fault: Fault, error: type[errors.VoiceJobError], caplog: pytest.LogCaptureFixture
    ) -> None:
        """However long it lasts, it is logged when it begins and when it is over; then changes are found."""
        caplog.set_level(logging.INFO)
        async with watching(path, poll=0.02, rarely=0.02) as watch:
            await watch.some(1)
            watch.metastudio.chaos = lambda _: fault
            with runs(watch):
                await eventually(lambda: watch.watcher.trouble is not None)
                seen = len(watch.metastudio.requests)
                await eventually(lambda: len(watch.metastudio.requests) >= seen + 2)
                assert isinstance(watch.watcher.trouble, error)
                watch.change("job-0")
                watch.metastudio.chaos = None
                await eventually(lambda: watch.watcher.trouble is None)
            assert await watch.paths() == {"job-0": ("WAITING", "PROCESSING")}

        assert logged(caplog, "jobs can't be checked") == logged(caplog, "jobs can be checked again") == 1

    async def test_a_time_that_metastudio_names_is_kept(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """However short the pause between two checks is, nothing is asked until then."""
        async with watching(path, poll=0.01) as watch:
            await watch.some(6)
            watch.metastudio.chaos = lambda _: Fault.throttled(retry_after=120)
            with runs(watch):
                await eventually(lambda: watch.watcher.trouble is not None)

            assert len(watch.metastudio.requests) == 1
        assert "next try in 120 seconds" in log_text(caplog)

    async def test_a_look_up_during_a_check_that_fails(self, path: Path) -> None:
        """That MetaStudio served a person meanwhile is not forgotten: it is tried again at once."""

        def works_meanwhile(_: str) -> Fault:
            if len(watch.metastudio.requests) == 1:
                watch.watcher.retry_soon()
            return FORBIDDEN

        async with watching(path, poll=600, rarely=600) as watch:
            await watch.some(1)
            watch.metastudio.chaos = works_meanwhile
            with runs(watch):
                await eventually(lambda: len(watch.metastudio.requests) == 2)

    async def test_a_refused_bot_with_nothing_followed(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A refused key is noticed, and logged with what to do, and tried again when a look-up works.

        Later, people may look up as much as they like: the next check comes when it is due.
        """
        metrics = Metrics()
        async with watching(path, poll=600, metrics=metrics) as watch:
            watch.metastudio.chaos = lambda _: REFUSED
            with runs(watch):
                await eventually(lambda: watch.watcher.is_refused)
                assert watch.asked == (0, 1)
                assert not watch.watcher.was_served
                watch.metastudio.chaos = None
                watch.watcher.retry_soon()
                await eventually(lambda: watch.watcher.was_served)
                watch.watcher.idle = 0
                for _ in range(20):
                    watch.watcher.retry_soon()
                    await asyncio.sleep(0.001)
                assert watch.asked == (0, 2)

        assert "jobs can't be checked (CredentialsRefused)" in caplog.text
        assert "`voicejob check` says what to do" in caplog.text

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
