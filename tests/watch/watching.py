"""A watcher between a real store and the MetaStudio simulator, for the tests of the watcher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.jobs import Job
from bot.domain.rates import RateLimits
from bot.domain.subscriptions import Key, Level, Subscription
from bot.metastudio.auth import GivenToken
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.store.sqlite import SqliteStore
from bot.watch.watcher import Watcher

TOKEN = "T"
START = 1_700_000_000
RATES = ("gone", "gone_unlisted", "refused")


@dataclass
class Clock:
    """A clock that a test moves on: jobs are told apart by the times of their changes."""

    now: float = START


@dataclass(kw_only=True)
class Watch:
    metastudio: MetaStudioSimulator
    clock: Clock
    client: MetaStudio
    store: SqliteStore
    watcher: Watcher
    changed: list[Key]

    async def follow(self, raw: dict[str, Any], *, channel: str = "C1", **fields: Any) -> Key:
        """Subscribe a channel to a job as it is now."""
        usual = {"team_id": "T1", "level": Level.ALL, "subscribed_by": "U1", "subscribed_at": START}
        job = {"job_id": raw["job_id"], "job": Job.from_api(raw).remembered()}
        return (await self.store.add(Subscription(channel_id=channel, **job | usual | fields))).key

    def add(self, number: int, *, every: float = 60, **fields: Any) -> list[dict[str, Any]]:
        """Add so many jobs that wait for training, one each ``every`` seconds."""
        made = []
        for index in range(number):
            self.clock.now += every
            job_id = f"job-{len(self.metastudio.jobs)}"
            made.append(self.metastudio.add_job(**{"job_id": job_id, "state": "WAITING"} | fields))
            made[-1]["voice_name"] = f"voice {index}"
        return made

    async def some(self, number: int, **fields: Any) -> list[Key]:
        """Add so many jobs, and follow them."""
        return [await self.follow(raw) for raw in self.add(number, **fields)]

    def change(self, job_id: str, state: str = "PROCESSING", *, after: float = 60) -> None:
        """Put a job into another state, so many seconds later."""
        self.clock.now += after
        self.metastudio.set_state(job_id, state)

    async def check(self) -> tuple[int, int]:
        """Check once, and give how many requests that took: for single jobs, and for pages of the list."""
        before = self.asked
        await self.watcher.check()
        return self.asked[0] - before[0], self.asked[1] - before[1]

    @property
    def asked(self) -> tuple[int, int]:
        """Say how many requests there were so far: for single jobs, and for pages of the list."""
        return self.metastudio.requests_to("show"), self.metastudio.requests_to("list")

    async def path(self, key: Key) -> tuple[str, ...]:
        """Give the states of the notice that waits."""
        return (await self.paths()).get(key.job_id, ())

    async def paths(self) -> dict[str, tuple[str, ...]]:
        """Give the notices that wait, by job."""
        every = [each for subscription in (await self.store.followed()).values() for each in subscription]
        return {each.job_id: each.notice.path for each in every if each.notice}


@asynccontextmanager
async def watching(path: Path, *, pause: float = 0.001, **watcher: Any) -> AsyncIterator[Watch]:
    """Open a watch; requests are tried three times at once, and are ``pause`` seconds apart.

    ``gone``, ``gone_unlisted`` and ``refused`` are those of the rate limits.
    """
    clock = Clock()
    rates = RateLimits(requests=pause, retry=0, hold=0.01, refused=watcher.get("refused", 0), unanswered=0)
    limits = {"refused": 0.0} | {name: watcher.pop(name) for name in RATES if name in watcher}
    async with MetaStudioSimulator(tokens=(TOKEN,), clock=lambda: clock.now) as simulator:
        client = MetaStudio(
            simulator.url, project_id=simulator.project_id, auth=GivenToken(TOKEN), rates=rates
        )
        async with client, SqliteStore(path) as store:
            changed: list[Key] = []
            told: dict[str, Any] = {"poll": 60.0, "changed": changed.append, "rates": RateLimits(**limits)}
            made = Watcher(client, store, **told | watcher)
            yield Watch(
                metastudio=simulator, clock=clock, client=client, store=store, watcher=made, changed=changed
            )
