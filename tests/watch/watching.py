"""A watcher between a real store and the MetaStudio simulator, for the tests of the watcher's edges."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.jobs import Job
from bot.domain.rates import RateLimits
from bot.domain.records import DeliveryKey, JobRef, Level, Records
from bot.domain.subscriptions import key_of, keys_of, started
from bot.errors import StoreTrouble
from bot.metastudio.auth import GivenToken
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.store import Store, open_store
from bot.watch.watcher import Watcher

TOKEN = "T"
START = 1_700_000_000


@dataclass
class Clock:
    """A clock that a test moves on: jobs are told apart by the times of their changes."""

    now: float = START


class FailingStore:
    """A store of which the calls named in ``failing`` fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failing: set[str] = set()
        self.error: Exception = StoreTrouble(path="store")
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return self._fail if name in self.failing else getattr(self._store, name)

    async def _fail(self, *_: object) -> None:
        raise self.error


@dataclass(kw_only=True)
class Watch:
    metastudio: MetaStudioSimulator
    clock: Clock
    client: MetaStudio
    store: Any
    watcher: Watcher

    async def follow(self, raw: dict[str, Any], *, channel: str = "C1") -> DeliveryKey:
        """Subscribe a channel to a job as it is now."""
        key = key_of("T1", channel, raw["job_id"])
        change = started(key, Job.from_api(raw), level=Level.ALL, by="U1", now=START)
        await self.store.change(keys_of(key), change)
        return key

    async def end(self, key: DeliveryKey) -> None:
        """Delete a subscription and its delivery."""
        delivery, wish, _, _ = keys_of(key)
        await self.store.change([delivery, wish], lambda _: Records({delivery: None, wish: None}))

    def add(self, number: int, *, every: float = 60, **fields: Any) -> list[dict[str, Any]]:
        """Add so many jobs that wait for training, one each ``every`` seconds."""
        made = []
        for _ in range(number):
            self.clock.now += every
            job_id = f"job-{len(self.metastudio.jobs)}"
            made.append(self.metastudio.add_job(**{"job_id": job_id, "state": "WAITING"} | fields))
        return made

    async def some(self, number: int, **fields: Any) -> list[DeliveryKey]:
        """Add so many jobs, and follow them."""
        return [await self.follow(raw) for raw in self.add(number, **fields)]

    def change(self, job_id: str, state: str = "PROCESSING", *, after: float = 60) -> None:
        """Put a job into another state, so many seconds later."""
        self.clock.now += after
        self.metastudio.set_state(job_id, state)

    async def check(self) -> tuple[int, int]:
        """Check once; return how many requests that took: for single jobs, and for pages of the list."""
        before = self.asked
        await self.watcher.check()
        return self.asked[0] - before[0], self.asked[1] - before[1]

    @property
    def asked(self) -> tuple[int, int]:
        """How many requests there were so far: for single jobs, and for pages of the list."""
        return self.metastudio.requests_to("show"), self.metastudio.requests_to("list")

    async def path(self, job_id: str) -> tuple[str, ...]:
        """Return the states of a job that are recorded."""
        ref = JobRef.of(job_id)
        record = (await self.store.get([ref])).job(ref)
        return tuple(sight.state for sight in record.sights) if record else ()

    async def paths(self) -> dict[str, tuple[str, ...]]:
        """Return the recorded states of each job that changed."""
        every = {ref.job_id: await self.path(ref.job_id) for ref in await self.store.jobs()}
        return {job_id: path for job_id, path in every.items() if len(path) > 1}


@asynccontextmanager
async def watching(
    path: Path, *, pause: float = 0.001, refused: float = 0, **watcher: Any
) -> AsyncIterator[Watch]:
    """Open a watch; requests are tried three times at once, and are ``pause`` seconds apart."""
    clock = Clock()
    rates = RateLimits(spacing=0, requests=pause, retry=0, hold=0.01, refused=refused, unanswered=0)
    async with MetaStudioSimulator(tokens=(TOKEN,), clock=lambda: clock.now) as simulator:
        client = MetaStudio(
            simulator.url, project_id=simulator.project_id, auth=GivenToken(TOKEN), rates=rates
        )
        async with client, open_store(path) as store:
            failing: Any = FailingStore(store)
            usual: dict[str, Any] = {"poll": 60.0, "rates": rates}
            made = Watcher(client, failing, **usual | watcher)
            yield Watch(metastudio=simulator, clock=clock, client=client, store=failing, watcher=made)
