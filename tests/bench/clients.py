"""Look-ups a second: our client of MetaStudio beside the official SDK, both in this process.

The SDK stores an id in the home directory as soon as it is imported: the caller sets another HOME before.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from statistics import median
from typing import Any

from bot.metastudio.auth import AccessKey, Key
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from tests.bench.figures import Figure
from tests.bench.processes import World
from tests.bench.standins import job_id

SDK = "official SDK"
MS = 1000

LookUps = Callable[[Sequence[str], int], Awaitable[None]]
"""Looks up all these jobs, so many at once."""


@dataclass
class Side:
    """One client, and the look-ups a second and the processor time a look-up of each round."""

    look_ups: LookUps
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    async def round(self, ids: Sequence[str], at_once: int) -> None:
        """Look up all jobs once."""
        started, cpu = time.monotonic(), time.process_time()
        await self.look_ups(ids, at_once)
        self.rates.append(len(ids) / (time.monotonic() - started))
        self.cpu.append((time.process_time() - cpu) / len(ids))


async def look_ups(world: World, *, jobs: int, rounds: int) -> list[Figure]:
    """Let both clients look up the same jobs, each job once a round, in rounds that alternate."""
    ids = [job_id(number) for number in range(jobs)]
    figures = []
    async with _ours(world) as ours, _sdk(world) as theirs:
        for at_once in (1, 20):
            figures += await _compare(ours, theirs, ids, at_once, rounds)
    return figures


async def _compare(
    ours: LookUps, theirs: LookUps, ids: Sequence[str], at_once: int, rounds: int
) -> list[Figure]:
    sides = Side(ours), Side(theirs)
    for side in sides:
        await side.look_ups(ids[: 2 * at_once], at_once)
    for number in range(rounds):
        for side in sides if number % 2 else reversed(sides):
            await side.round(ids, at_once)
    rates = [median(side.rates) for side in sides]
    cpu = [MS * median(side.cpu) for side in sides]
    how = f"{at_once} at once" if at_once > 1 else "one after the other"
    return [
        Figure(
            name=f"look-ups a second, {how}",
            ours=rates[0],
            theirs=rates[1],
            beside=SDK,
            aim="1 at least",
        ),
        Figure(name="  CPU of one, ms", ours=cpu[0], theirs=cpu[1], beside=SDK, digits=2),
    ]


@asynccontextmanager
async def _ours(world: World) -> AsyncIterator[LookUps]:
    auth = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=PROJECT_ID)
    async with MetaStudio(world.metastudio, project_id=PROJECT_ID, auth=auth) as metastudio:

        async def look_ups(ids: Sequence[str], at_once: int) -> None:
            left = iter(ids)

            async def worker() -> None:
                for one in left:
                    await metastudio.job(one)

            await asyncio.gather(*(worker() for _ in range(at_once)))

        yield look_ups


@asynccontextmanager
async def _sdk(world: World) -> AsyncIterator[LookUps]:
    client, show = _sdk_show(world.metastudio)
    with ThreadPoolExecutor(20) as threads:

        async def look_ups(ids: Sequence[str], at_once: int) -> None:
            if at_once == 1:
                await asyncio.to_thread(lambda: [show(one) for one in ids])
            else:
                await asyncio.to_thread(lambda: list(threads.map(show, ids)))

        yield look_ups
    client.close()


def _sdk_show(endpoint: str) -> tuple[Any, Callable[[str], Any]]:
    """Build the SDK's client, with as many connections as threads, and the call of one look-up."""
    credentials = import_module("huaweicloudsdkcore.auth.credentials")
    config = import_module("huaweicloudsdkcore.http.http_config")
    v1 = import_module("huaweicloudsdkmetastudio.v1")
    client = (
        v1.MetaStudioClient.new_builder()
        .with_http_config(config.HttpConfig(pool_maxsize=20))
        .with_credentials(credentials.BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT_ID))
        .with_endpoint(endpoint)
        .build()
    )

    def show(one: str) -> Any:
        return client.show_voice_training_job(v1.ShowVoiceTrainingJobRequest(job_id=one))

    return client, show
