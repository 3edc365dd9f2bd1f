"""The bot's watcher alone, which checks when told to: ``python one_check.py STORE METASTUDIO``.

It reads commands from stdin, a word a line, and answers each with a line of JSON on stdout:

- ``check``: check all jobs once, as the bot does every 60 seconds;
- ``plain N``: ask for N of the jobs one by one, without any pause;
- ``profile``: check once, and tell which functions took the processor's time, on stderr.
"""

import asyncio
import cProfile
import json
import pstats
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.domain.subscriptions import Key
from bot.metastudio.auth import AccessKey
from bot.metastudio.auth import Key as KeyPair
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.store.sqlite import SqliteStore
from bot.watch.watcher import Watcher

POLL = 60.0
MS = 1000
MIB = 2**20
WORST = 25
"""Functions that a profile names."""


class Checks:
    """Checks, and measures itself while it does."""

    def __init__(self, store: SqliteStore, metastudio: MetaStudio) -> None:
        self._store = store
        self._metastudio = metastudio
        self._changed = 0
        self._watcher = Watcher(metastudio, store, poll=POLL, changed=self._hear)

    def _hear(self, _key: Key) -> None:
        self._changed += 1

    async def check(self) -> dict[str, float]:
        """Check once."""
        self._changed, writes = 0, await self._writes()
        measured = await _measured(self._watcher.check)
        return measured | {"changed": self._changed, "writes": await self._writes() - writes}

    async def plain(self, number: int) -> dict[str, float]:
        """Ask for so many of the followed jobs."""
        ids = list(await self._store.followed())[:number]

        async def ask() -> None:
            for job_id in ids:
                await self._metastudio.job(job_id)

        return await _measured(ask)

    async def profile(self) -> dict[str, float]:
        """Check once, under a profiler."""
        profiler = cProfile.Profile(time.process_time)
        profiler.enable()
        measured = await self.check()
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(WORST)
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(WORST * 2)
        return measured

    async def _writes(self) -> int:
        """Ask SQLite how many rows this connection has written; each is a transaction of its own."""
        (count,) = await self._store.disk.ask(lambda table: table.conn.select_one("SELECT total_changes()"))
        return int(count)

    async def obey(self, line: str) -> dict[str, float]:
        """Carry out a command."""
        words = line.split()
        match words[0]:
            case "check":
                return await self.check()
            case "plain":
                return await self.plain(int(words[1]))
            case "profile":
                return await self.profile()
        raise ValueError(line)


async def _measured(work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    cpu, wall = time.process_time(), time.monotonic()
    await work()
    return {"cpu_ms": MS * (time.process_time() - cpu), "seconds": time.monotonic() - wall}


async def serve(path: Path, endpoint: str) -> None:
    """Load the store, tell how long that took, and obey until stdin ends."""
    auth = AccessKey(KeyPair(ACCESS_KEY, SECRET_KEY), project_id=PROJECT_ID)
    async with MetaStudio(endpoint, project_id=PROJECT_ID, auth=auth) as metastudio:
        store = SqliteStore(path)
        loaded = await _measured(store.__aenter__)
        try:
            checks = Checks(store, metastudio)
            _answer(loaded)
            while line := await asyncio.to_thread(sys.stdin.readline):
                _answer(await checks.obey(line))
        finally:
            await store.__aexit__(None, None, None)


def _answer(told: dict[str, float]) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
