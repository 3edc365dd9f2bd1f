"""The watcher and the list of jobs: what it saves, how far it is trusted, and what happens when it is not."""

import asyncio
import logging
from contextlib import nullcontext
from pathlib import Path

import pytest

from bot.errors import CredentialsRefused, MetaStudioError, ServiceDown, StoreTrouble, Throttled
from bot.simulators.metastudio.simulator import Fault
from tests.support import PATIENCE, disk_held, fail_fast
from tests.watch.test_watcher import FAULTS, NOT_THERE, logged
from tests.watch.watching import Watch, watching

RESTS = "the list of jobs is not used for a while"
CANT = "the list of jobs can't be used"
AGAIN = "the list of jobs is used again"


class TestCost:
    """Whichever costs fewer requests is taken, and some jobs are asked for beside the list."""

    @pytest.mark.parametrize(("number", "requests"), [(4, (4, 0)), (5, (3, 1))])
    async def test_few_one_by_one_and_many_by_the_list(
        self, watch: Watch, number: int, requests: tuple[int, int]
    ) -> None:
        """Up to four jobs are asked for one by one; more are a page, and three to see if that is true."""
        keys = await watch.some(number)

        for _ in range(2):
            assert await watch.check() == requests
            assert all(watch.watcher.checked_at(key.job_id) for key in keys)

    async def test_a_first_census_and_then_a_page(self, watch: Watch) -> None:
        """The first check reads until it met every job, later ones as far as something can be new.

        A page is a good answer, even if no job can be asked for itself then.
        """
        keys = await watch.some(6)
        watch.add(250)
        watch.metastudio.chaos = lambda api: Fault.html() if api == "show" else None
        with pytest.raises(ServiceDown):
            await watch.check()
        assert watch.watcher.was_served
        assert watch.asked[1] == 3
        watch.metastudio.chaos = None

        assert await watch.check() == (3, 1)
        watch.change(keys[0].job_id)
        assert (await watch.check())[1] == 1
        assert await watch.paths() == {keys[0].job_id: ("WAITING", "PROCESSING")}

    @pytest.mark.parametrize(
        ("number", "others", "requests"), [(5, 700, [(5, 5), (5, 0)]), (6, 150, [(3, 2), (3, 3), (6, 0)])]
    )
    async def test_a_list_that_costs_too_much_rests(
        self, watch: Watch, number: int, others: int, requests: list[tuple[int, int]]
    ) -> None:
        """A census that costs more than asking one by one is given up; so is a list whose readings do."""
        await watch.some(number)
        watch.add(others)
        checks = []
        for _ in requests:
            checks.append(await watch.check())
            watch.add(250, every=1)

        assert checks == requests

    async def test_after_nobody_followed_there_is_a_census(self, watch: Watch) -> None:
        """What was read before a time without followers does not count any more."""
        old = watch.add(6)
        watch.add(120)
        keys = await watch.some(6)
        await watch.check()
        for key in keys:
            await watch.store.change(key, lambda _: None)
        await watch.check()
        for raw in old:
            await watch.follow(raw)
            raw |= {"state": "PROCESSING"}  # without a newer time

        assert (await watch.check())[1] == 2

    async def test_old_jobs_that_are_deleted_are_found_soon(self, path: Path) -> None:
        """When the list gets shorter, all of it is read the next time, to see who is missing.

        A missing job that can't be asked for then is asked for at the next check.
        """
        async with watching(path, gone=0) as watch:
            key = (await watch.some(12))[-1]
            watch.add(150)
            await watch.check()
            watch.metastudio.delete(key.job_id)
            assert await watch.check() == (3, 1)
            watch.metastudio.chaos = lambda _: (
                Fault.html() if watch.metastudio.requests[-1].path.endswith(key.job_id) else None
            )
            assert (await watch.check())[1] == 2
            watch.metastudio.chaos = None
            await watch.check()

            assert await watch.paths() == {key.job_id: ("WAITING", "gone")}

    async def test_each_job_within_twelve_hours(self, path: Path) -> None:
        """With long pauses, more than three are asked for each time."""
        async with watching(path, poll=6 * 60 * 60) as watch:
            await watch.some(13)

            for _ in range(2):
                assert await watch.check() == (7, 1)
            assert len({seen.path for seen in watch.metastudio.requests if seen.api == "show"}) == 13


class TestDistrust:
    """A list that is not what it should be."""

    async def distrusted(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """See that the list rests, that this is said once, and that changes are found all the same."""
        before = watch.metastudio.requests_to("list")
        for state in ("RESULT_REVIEW", "UPLOADING"):
            for job_id in await watch.store.followed():
                watch.change(job_id, state, after=1)
            await watch.check()
        assert watch.metastudio.requests_to("list") == before
        assert all(path[-2:] == ("RESULT_REVIEW", "UPLOADING") for path in (await watch.paths()).values())
        assert len(await watch.paths()) == len(await watch.store.followed())
        assert logged(caplog, RESTS) + logged(caplog, CANT) == 1

    async def test_it_is_used_again_later(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """After a while the list is tried again; that it is still bad is no news, that it is good is."""
        caplog.set_level(logging.INFO)
        async with watching(path, list_suspension=0) as watch:
            await watch.some(6)
            watch.metastudio.list_unsorted = True
            for _ in range(3):
                assert await watch.check() == (6, 1)
            watch.metastudio.list_unsorted = False
            for _ in range(3):
                assert await watch.check() == (3, 1)

        assert logged(caplog, RESTS) == 1
        assert logged(caplog, AGAIN) == 1

    async def test_a_list_that_stands_still(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """When a job itself shows a change that the list hides, the list is not used for a while."""
        keys = await watch.some(6)
        watch.add(1, every=10_000)
        watch.metastudio.freeze_list()
        watch.clock.now -= 5_000  # what changes now is older than the newest that the list shows
        for key in keys:
            watch.change(key.job_id)
        assert await watch.check() == (3, 1)
        await self.distrusted(watch, caplog)

    async def test_an_old_tale(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """What the list says is not believed against what the job itself said later."""
        keys = await watch.some(6)
        watch.metastudio.freeze_list()
        watch.change(keys[0].job_id)
        await watch.watcher.check_now(keys[0].job_id)

        await watch.check()

        assert await watch.paths() == {keys[0].job_id: ("WAITING", "PROCESSING")}
        assert logged(caplog, RESTS) == 1

    async def test_a_hidden_job(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """A list that does not hold a job that is there is not used for a while."""
        keys = await watch.some(6)
        watch.metastudio.hidden = {keys[3].job_id}

        shows, pages = await watch.check()

        assert pages == 1
        assert shows > 6
        await self.distrusted(watch, caplog)

    async def test_a_refused_list(self, watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
        """A list that is refused is not used for a while."""
        await watch.some(6)
        watch.metastudio.fail(NOT_THERE, on="list")

        assert await watch.check() == (6, 1)
        await self.distrusted(watch, caplog)


class TestTroubles:
    """What goes wrong for a while."""

    async def test_a_list_that_is_refused_now_and_then(self, path: Path) -> None:
        """It is tried again after one interval, each time: only refusals in a row make the pauses longer."""
        async with watching(path, poll=0.02) as watch:
            await watch.some(6)
            async with asyncio.timeout(PATIENCE):
                for times in range(1, 13):  # otherwise the last pause would be 40 seconds
                    watch.metastudio.fail(FAULTS["403"][0], on="list")
                    while watch.metastudio.requests_to("list") < 2 * times:
                        await watch.check()

    @pytest.mark.parametrize(("fault", "error"), FAULTS.values(), ids=FAULTS)
    async def test_each_fault_of_the_list(
        self, path: Path, fault: Fault, error: type[MetaStudioError], caplog: pytest.LogCaptureFixture
    ) -> None:
        """While only the list fails, jobs are checked one by one; begin and end of that are logged.

        But where whatever else is asked would fail too, nothing is.
        """
        caplog.set_level(logging.INFO)
        async with watching(path, poll=2, list_suspension=0, rarely=0.02) as watch:
            keys = await watch.some(6)
            watch.metastudio.chaos = lambda api: fault if api == "list" else None
            for key in keys:
                watch.change(key.job_id)
            holds_for_all = error in {CredentialsRefused, Throttled}
            for _ in range(2):
                with pytest.raises(error) if holds_for_all else nullcontext():
                    await watch.check()
            assert len(await watch.paths()) == watch.asked[0] // 2 == (0 if holds_for_all else 6)
            watch.metastudio.chaos = None
            for _ in range(2):
                assert await watch.check() == (3, 1)
            assert len(await watch.paths()) == 6

        edges = 0 if holds_for_all else 1
        assert logged(caplog, CANT) == edges
        assert logged(caplog, AGAIN) == edges

    async def test_store_trouble_does_not_lose_what_the_list_showed(self, path: Path) -> None:
        """What could not be written down is read from the list again, however far down it is by then."""
        async with watching(path) as watch:
            await fail_fast(watch.store)
            keys = await watch.some(8)
            for _ in range(3):
                await watch.check()
            watch.change(keys[-1].job_id)  # it was asked for a moment ago, so only the list can show it
            watch.clock.now += 10_000
            watch.add(120, every=1)
            with disk_held(path), pytest.raises(StoreTrouble):
                await watch.check()
            assert watch.changed == []
            before = len(watch.metastudio.requests)

            await watch.check()

            assert watch.changed == [keys[-1]]
            assert not [seen for seen in watch.metastudio.requests[before:] if seen.path.endswith("/job-7")]
