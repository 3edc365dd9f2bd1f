"""Starts the crowd of the watching bench, and speaks with it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench.followers import Followers, write_store
from tests.bench.processes import World, running

QUIET_SECONDS = 3.0
"""Within a check, requests come four times a second."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The crowd's addresses, and who follows what."""

    world: World
    control: str
    followers: Followers

    async def change(self, jobs: Sequence[int]) -> float:
        """Let these jobs change, and say when that was."""
        return float(await _ask(f"{self.control}/change", list(jobs)))

    async def count(self) -> dict[str, int]:
        """Count the requests since the last time: ``show`` and ``list``."""
        return dict(await _ask(f"{self.control}/count", None))

    async def told(self) -> dict[str, Any]:
        """Give what Slack was told so far."""
        return dict(await _ask(f"{self.control}/told"))

    async def write_store(self, path: Path) -> None:
        """Make the store of those who follow, with a card in each channel."""
        channels = list(self.followers.channels)
        cards = await _ask(f"{self.control}/cards", channels)
        made = self.followers.subscriptions(dict(zip(channels, cards, strict=True)))
        await write_store(path, made)

    async def until_quiet(self) -> int:
        """Wait until no request comes for a while, and count those that came."""
        requests, last = 0, time.monotonic()
        while not requests or time.monotonic() - last < QUIET_SECONDS:
            await asyncio.sleep(0.2)
            if new := sum((await self.count()).values()):
                requests, last = requests + new, time.monotonic()
        return requests


@asynccontextmanager
async def crowd(folder: Path, jobs: int, channels: int, *, limited: bool = True) -> AsyncIterator[Place]:
    """Run the stand-ins, with so many jobs and channels."""
    command = ["-m", "tests.bench.crowd", str(jobs), str(channels), *([] if limited else ["unlimited"])]
    async with running(command, folder, {}) as process:
        said = json.loads(process.said)
        yield Place(
            world=World(metastudio=said["metastudio"], slack=said["slack"], cards="", folder=folder),
            control=said["control"],
            followers=Followers(jobs=await _ask(f"{said['control']}/jobs"), channels=said["channels"]),
        )


_GET: Any = object()


async def _ask(url: str, content: Any = _GET) -> Any:
    async with aiohttp.ClientSession() as session:
        if content is _GET:
            async with session.get(url) as answer:
                return await answer.json()
        async with session.post(url, json=content) as answer:
            return await answer.json()
