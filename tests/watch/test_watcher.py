"""The watcher's requests, its store, its log and the times of its checks; its policy decides the rest."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot import errors
from bot.domain.job_records import with_answer
from bot.domain.jobs import Job
from bot.domain.keys import Address, JobRef, Selector, SelectorKind
from bot.domain.rates import RATE_LIMITS
from bot.domain.records import Board, Level, Records, Subscription
from bot.domain.subscriptions import key_of, keys_of, started
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.store import Store, open_store
from bot.watch.followed import FollowedRecords
from bot.watch.watcher import Watcher
from tests.servers import client_at
from tests.support import AT_ONCE, eventually, log_lines

REFUSED = Fault.error(401, "APIGW.0301")
FORBIDDEN = Fault.error(403, "APIGW.0302")
NOT_THERE = Fault.error(404, "MSS.41000003")
TROUBLE = errors.StoreTrouble(path="store")
Log = pytest.LogCaptureFixture
Check = Callable[[Watcher], Awaitable[object]]


class FailingStore:
    """A store of which the calls named in ``failing`` raise errors."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failing: dict[str, Exception] = {}
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]
        return getattr(self._store, name)


@dataclass
class Watch:
    """A watcher between a store and the simulator of MetaStudio."""

    metastudio: MetaStudioSimulator
    client: MetaStudio
    store: Any
    watcher: Watcher
    running: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        """Let the watcher run until the end of the test."""
        self.running = asyncio.create_task(self.watcher.run())

    async def some(self, number: int, channels: Sequence[str] = ("C1",)) -> None:
        """Add so many jobs that wait for training, to which channels are subscribed."""
        for _ in range(number):
            job_id = f"job-{len(self.metastudio.jobs)}"
            job = Job.from_api(self.metastudio.add_job(job_id=job_id, state="WAITING"))
            for key in [key_of("T1", channel, job_id) for channel in channels]:
                await self.store.change(keys_of(key), started(key, job, level=Level.ALL, by="U1", now=1))

    async def check(self) -> tuple[int, int]:
        """Check once; return how many requests that took: for single jobs, and for pages of the list."""
        self.metastudio.requests.clear()
        await self.watcher.check()
        return self.asked

    @property
    def asked(self) -> tuple[int, int]:
        """How many requests there were: for single jobs, and for pages of the list."""
        return self.metastudio.requests_to("show"), self.metastudio.requests_to("list")

    async def path(self, job_id: str = "job-0") -> tuple[str, ...]:
        """Return the states of a job that are recorded."""
        ref = JobRef.of(job_id)
        record = (await self.store.get([ref])).job(ref)
        return tuple(sight.state for sight in record.sights) if record else ()


def made_with(**given: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("watch", [given], ids=[""], indirect=True)


@pytest.fixture
async def watch(
    metastudio: MetaStudioSimulator, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Watch]:
    """Yield a watch whose watcher does not run yet; requests are tried three times at once."""
    usual: dict[str, Any] = {"poll": 60, "rates": AT_ONCE} | getattr(request, "param", {})
    async with client_at(metastudio.url, rates=usual["rates"]) as client, open_store(tmp_path / "s") as store:
        failing: Any = FailingStore(store)
        watch = Watch(metastudio, client, failing, Watcher(client, failing, **usual))
        yield watch
        if watch.running:
            assert not watch.running.done()
            watch.running.cancel()


def logged(caplog: Log, words: str) -> int:
    return sum(words in line for line in log_lines(caplog))


async def test_a_change_is_recorded_and_logged(watch: Watch, caplog: Log) -> None:
    """Once for all channels that follow the job, also where a person has it checked; no state is none."""
    caplog.set_level(logging.INFO)
    await watch.check()
    await watch.some(2, channels=("C1", "C2"))
    for number in range(2):
        watch.metastudio.set_state(f"job-{number}", "PROCESSING")
    await watch.watcher.check_now("job-0")
    assert (await watch.path(), watch.watcher.checked_at("job-1")) == (("WAITING", "PROCESSING"), None)
    for _ in range(2):
        await watch.check()
    watch.metastudio.chaos = lambda _: Fault.raw(b"{}")
    for checking in (watch.watcher.check(), watch.watcher.check_now("job-0")):
        with pytest.raises(errors.UnreadableAnswer):
            await checking

    for number in range(2):
        assert await watch.path(f"job-{number}") == ("WAITING", "PROCESSING")
        assert logged(caplog, f": change job=job-{number} state=PROCESSING") == 1
        assert time.time() - 5 < (watch.watcher.checked_at(f"job-{number}") or 0) <= time.time()


@made_with(rates=replace(AT_ONCE, gone=0))
async def test_a_missing_job_is_looked_for_in_the_list(watch: Watch) -> None:
    """It is gone if the list does not have it either."""
    await watch.some(2)
    watch.metastudio.delete("job-1")
    watch.metastudio.chaos = lambda api: NOT_THERE if api == "show" else None

    assert await watch.check() == (2, 2)
    assert [await watch.path(f"job-{number}") for number in range(2)] == [("WAITING",), ("WAITING", "gone")]


@made_with(list_suspension=0)
async def test_each_trouble_is_logged_when_it_begins_and_when_it_is_over(watch: Watch, caplog: Log) -> None:
    """Of a job, and of the list, however often it is asked meanwhile."""
    caplog.set_level(logging.INFO)
    await watch.some(6)
    watch.metastudio.chaos = lambda api: (
        Fault.html() if api == "list" or "job-0" in watch.metastudio.requests[-1].path else None
    )
    for _ in range(2):
        await watch.check()
    watch.metastudio.chaos = None
    for _ in range(3):
        await watch.check()

    assert logged(caplog, "list of jobs can't be used (ServiceDown)") == 1
    assert logged(caplog, "list of jobs is used again") == 1
    assert logged(caplog, "a job can't be checked job=job-0") == 1
    assert logged(caplog, "a job can be checked again job=job-0") == 1


@made_with(rates=replace(AT_ONCE, requests=RATE_LIMITS.requests))
async def test_pages_and_jobs_keep_the_pace(watch: Watch) -> None:
    """Reading the list takes no more requests a second than asking one by one."""
    at: list[float] = []
    await watch.some(6)
    watch.metastudio.chaos = lambda _: at.append(time.monotonic())
    started = time.monotonic()

    assert await watch.check() == (3, 1)
    assert all(moment - started >= RATE_LIMITS.requests * number for number, moment in enumerate(at))


@pytest.mark.parametrize("check", [Watcher.check, lambda watcher: watcher.check_now("job-0")])
async def test_a_check_that_joins_an_older_request(watch: Watch, check: Check) -> None:
    """What a shared request answers is as old as the request, and what a person saw since is newer."""
    await watch.some(1)
    watch.metastudio.latency = 0.3
    look_up = asyncio.create_task(watch.client.job("job-0"))
    await eventually(lambda: bool(watch.metastudio.requests))
    now = asyncio.get_running_loop().time()
    await watch.watcher.person_saw("job-0", Job(job_id="job-0", state="WAITING"), now)
    watch.metastudio.set_state("job-0", "PROCESSING")
    await check(watch.watcher)

    assert (await look_up).state == "PROCESSING"
    assert await watch.path() == ("WAITING",)


async def test_only_what_changed_is_read_again(watch: Watch) -> None:
    """All are read once; a job that is followed or left later is heard of, even if a read fails."""
    await watch.some(1)
    await watch.check()
    await watch.some(1)
    watch.store.failing = {"get": TROUBLE}
    with pytest.raises(errors.StoreTrouble):
        await watch.check()
    watch.store.failing = {}
    for calls in (["get"], []):
        watch.store.calls.clear()
        assert (await watch.check(), watch.store.calls) == ((2, 0), calls)
    delivery, subscription, _, _ = keys_of(key_of("T1", "C1", "job-1"))
    await watch.store.change(
        [delivery, subscription], lambda _: Records({delivery: None, subscription: None})
    )

    assert await watch.check() == (1, 0)
    assert watch.watcher.checked_at("job-1") is None


@made_with(poll=0.02)
@pytest.mark.parametrize("call", ["jobs", "get", "change"])
async def test_store_trouble_ends_nothing(watch: Watch, call: str, caplog: Log) -> None:
    """The check is repeated until the store works, and then nothing is lost; the trouble is known."""
    await watch.some(1)
    watch.metastudio.set_state("job-0", "PROCESSING")
    watch.store.failing = {call: TROUBLE}
    watch.start()
    await eventually(lambda: isinstance(watch.watcher.trouble, errors.StoreTrouble))
    watch.store.failing = {}
    await eventually(lambda: watch.watcher.trouble is None)

    assert await watch.path() == ("WAITING", "PROCESSING")
    assert "jobs can't be checked" not in caplog.text  # the store has logged it


async def test_a_mistake_of_ours_is_not_hidden(watch: Watch) -> None:
    """An error that nobody foresaw ends the watcher, and with it the bot."""
    watch.store.failing = {"jobs": ZeroDivisionError()}
    with pytest.raises(ZeroDivisionError):
        await watch.watcher.run()


async def test_a_change_that_is_not_stored_is_not_logged(watch: Watch, caplog: Log) -> None:
    """Who ends a subscription and renews it while the job is looked up has another record."""
    caplog.set_level(logging.INFO)
    await watch.some(1)
    (record,) = (await watch.store.jobs()).values()
    for known in (replace(record, id="ended"), record):
        await FollowedRecords(watch.store).record(((known, with_answer(known, None, 1)),))
        assert logged(caplog, ": change job") == (known == record)


@made_with(poll=0.01, rarely=0.01)
@pytest.mark.parametrize("fault", [Fault.throttled(), Fault.html(), FORBIDDEN])
async def test_a_trouble_for_a_while(watch: Watch, fault: Fault, caplog: Log) -> None:
    """MetaStudio is tried at each check then, also with no job followed; the log has begin and end."""
    caplog.set_level(logging.INFO)
    watch.watcher.idle = 0
    watch.start()
    await eventually(lambda: watch.watcher.was_served)
    watch.metastudio.chaos = lambda _: fault
    await eventually(lambda: watch.watcher.trouble is not None)
    watch.watcher.idle = 600
    seen = watch.asked[1]
    await eventually(lambda: watch.asked[1] > seen + 3)
    watch.metastudio.chaos = None
    await eventually(lambda: watch.watcher.trouble is None)

    assert logged(caplog, "jobs can't be checked") == logged(caplog, "jobs can be checked again") == 1


@made_with(poll=0.01)
async def test_a_time_that_metastudio_names_is_kept(watch: Watch, caplog: Log) -> None:
    """However short the pause between two checks is, nothing is asked until then."""
    watch.metastudio.chaos = lambda _: Fault.throttled(retry_after=120)
    watch.start()
    await eventually(lambda: logged(caplog, "next try in 120 seconds") == 1)


@made_with(poll=600)
async def test_a_refused_bot_with_nothing_followed(watch: Watch, caplog: Log) -> None:
    """A refused key is logged with what to do, and tried again when a look-up works, also during a check.

    Later, people may look up as much as they like: the next check comes when it is due.
    """

    def a_look_up_works_meanwhile(_: str) -> Fault:
        if watch.asked == (0, 1):
            watch.watcher.retry_soon()
        return REFUSED

    watch.metastudio.chaos = a_look_up_works_meanwhile
    watch.start()
    await eventually(lambda: watch.asked == (0, 2) and watch.watcher.is_refused)
    assert not watch.watcher.was_served
    watch.metastudio.chaos = None
    watch.watcher.retry_soon()
    await eventually(lambda: watch.watcher.was_served)
    watch.watcher.idle = 0
    for _ in range(20):
        watch.watcher.retry_soon()
        await asyncio.sleep(0.001)

    assert watch.asked == (0, 3)
    assert "jobs can't be checked (CredentialsRefused)" in caplog.text
    assert "`voicejob check` says what to do" in caplog.text


@made_with(poll=600)
async def test_a_new_wide_subscription_wakes_the_watcher(watch: Watch) -> None:
    """Its jobs are taken in at once, from the whole list, and its board knows that."""
    watch.metastudio.add_job(job_id="job-0", state="CREATING")
    address, selector = Address("T1", "C1"), Selector(SelectorKind.PROJECT, "")
    wish = Subscription(
        address=address, selector=selector, level=Level.ALL, subscribed_by="U1", subscribed_at=1
    )
    board = Board(address=address, selector=selector)
    delivery = key_of("T1", "C1", "job-0")
    watch.start()
    await eventually(lambda: watch.watcher.was_served)
    await watch.store.change([wish.key, board.key], lambda _: Records.of(wish, board))
    heard = asyncio.Event()
    watch.store.listen(lambda _: heard.set())
    await eventually(heard.is_set)
    records = await watch.store.get([delivery, board.key])

    assert await watch.path() == ("CREATING",)
    assert records.delivery(delivery).told is None
    assert records.board(board.key).is_read
