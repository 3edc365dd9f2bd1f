"""Measures the watching: ``python -m tests.bench.watch``, or with ``--quick`` in about half a minute.

10,000 subscriptions to 5,000 jobs from 1,000 channels: what loading them takes, what a check takes, and how
long it takes until 1,000 channels are told. Everything runs on loopback; the simulators have a process of
their own, so that the processor's time is the bot's alone. The bot keeps Slack's pace, and the table takes
about seven minutes; with ``--quick`` there are fewer jobs, the pace is that of a test, and times have no aim.
Exits with 1 if an aim is missed.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.domain.subscriptions import Key
from bot.metastudio.client import MetaStudio
from bot.store.sqlite import SqliteStore
from bot.watch.watcher import Watcher
from tests.bench.processes import STORE, Process, Simulators, bare_python, bot, running, simulators
from tests.bench.report import MS, Figure, at_most, options, progress, quantile, run, zero
from tests.bench.subscribers import EACH, write_store
from tests.bot_process import PROGRAM, Life

MOST_MIB = 120.0
MOST_CPU_MS = 100.0
FEW, MANY = 10, 1000
"""Jobs that change between two checks."""
ROUNDS = 5
POLL, FAST_POLL = 60.0, 5.0
FAST = RateLimits(channel=0.1, posts=0.01, edits=0.01)
QUIET_SECONDS = 3.0
"""Within a check, requests come four times a second."""
LONGEST = 600.0
"""Seconds after which whoever was not told yet counts as not told."""
NONE, ONE_BY_ONE = "no subscriptions", "one GET for each job"


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure one thing after the other."""
    figures: list[Figure] = []
    for part in (load, check, spread):
        if given.only in ("", part.__name__):
            progress(part.__name__)
            limited = part is not spread or not given.quick
            crowd = simulators(folder, jobs=given.jobs, channels=given.channels, limited=limited)
            async with crowd as world:
                figures += await part(world, given)
            (folder / STORE).unlink()
    return figures


async def load(world: Simulators, _: argparse.Namespace) -> list[Figure]:
    """Measure the bot as an operator runs it: the start, and the memory, without and with subscriptions."""
    async with bot(world, socket_mode=True) as empty, bare_python(world) as bare:
        empty_cpu = empty.cpu_seconds
        await asyncio.sleep(2)
        before, least = empty.mebibytes, bare.mebibytes
    (world.folder / STORE).unlink()
    await write_store(world)
    async with bot(world, socket_mode=True) as full:
        full_cpu, after = full.cpu_seconds, full.mebibytes
        await until_quiet(world)
        checked = full.mebibytes
    return [
        Figure("start to ready, s", full.seconds, empty.seconds, NONE, digits=2),
        Figure("  CPU of that, s", full_cpu, empty_cpu, NONE, digits=2),
        Figure("memory with no subscriptions, MiB", before, least, "bare Python", digits=1),
        Figure("memory once loaded, MiB", after, before, NONE, digits=1),
        at_most("memory after the first check, MiB", checked, MOST_MIB, before, NONE),
    ]


async def until_quiet(world: Simulators) -> None:
    """Wait until the bot's first check is over: no request comes for a while."""
    requests, last = 0, time.monotonic()
    while not requests or time.monotonic() - last < QUIET_SECONDS:
        await asyncio.sleep(0.2)
        if new := sum((await world.call("count")).values()):
            requests, last = requests + new, time.monotonic()


Check = Mapping[str, float]
"""What one check took: requests by API (``list``, ``show``), resources, changes and writes."""


class MeasuredWatcher:
    """The bot's watcher in this process, which checks when it is asked to."""

    def __init__(self, world: Simulators, store: SqliteStore, metastudio: MetaStudio) -> None:
        self._world = world
        self._store = store
        self._changes: list[Key] = []
        self._watcher = Watcher(metastudio, store, poll=POLL, changed=self._changes.append)

    async def check(self, changing: Iterable[int] = ()) -> Check:
        """Let these jobs change, and check once."""
        await self._world.call("change", list(changing))
        await self._world.call("count")
        self._changes.clear()
        writes = await self._writes()
        cpu_ms, seconds = await resources(self._watcher.check)
        requests = await self._world.call("count")
        changes = {"changed": len(self._changes), "writes": await self._writes() - writes}
        return {**requests, "cpu_ms": cpu_ms, "seconds": seconds, **changes}

    async def _writes(self) -> int:
        """Return how many rows SQLite has written; each is a transaction of its own."""
        (count,) = await self._store.disk.ask(lambda table: table.conn.select_one("SELECT total_changes()"))
        return int(count)


async def check(world: Simulators, given: argparse.Namespace) -> list[Figure]:
    """Measure single checks, and one request for each job beside them."""
    await write_store(world)
    store = SqliteStore(world.folder / STORE)
    loading_cpu, loading_seconds = await resources(store.__aenter__)
    async with world.client() as metastudio:
        watcher = MeasuredWatcher(world, store, metastudio)

        async def one_by_one() -> None:
            for job_id in await store.followed():
                await metastudio.job(job_id)

        many = min(MANY, given.jobs // 2)
        first = [await watcher.check()]
        still = [await watcher.check() for _ in range(ROUNDS)]
        few = [await watcher.check(range(FEW * each, FEW * (each + 1))) for each in range(ROUNDS)]
        most = [await watcher.check(range(given.jobs - many, given.jobs))]
        plain_cpu, _ = await resources(one_by_one)
    await store.__aexit__(None, None, None)
    aim = None if given.quick else MOST_CPU_MS
    rows = partial(check_rows, plain_cpu=plain_cpu, jobs=given.jobs)
    return [
        Figure("loading, CPU ms", loading_cpu),
        Figure("loading, wall ms", MS * loading_seconds),
        *rows("the first check", first),
        *rows("nothing changed", still, most_pages=2, most_cpu=aim),
        *rows(f"{FEW} jobs changed", few, most_pages=2, most_cpu=aim),
        *rows(f"{many:,} jobs changed", most),
    ]


async def resources(work: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Return the processor's milliseconds and the seconds that something takes."""
    cpu, wall = time.process_time(), time.monotonic()
    await work()
    return MS * (time.process_time() - cpu), time.monotonic() - wall


def check_rows(
    name: str,
    checks: list[Check],
    *,
    plain_cpu: float,
    jobs: int,
    most_pages: float | None = None,
    most_cpu: float | None = None,
) -> list[Figure]:
    """Make the rows of one kind of check: medians, where there were several."""

    def middle(name: str) -> float:
        return median(check[name] for check in checks)

    rows = [
        at_most(f"{name}: pages of the list", middle("list"), most_pages),
        Figure("  jobs asked for beside them", middle("show"), jobs, ONE_BY_ONE),
        at_most("  CPU, ms", middle("cpu_ms"), most_cpu, plain_cpu, ONE_BY_ONE),
        at_most(
            "  time at the bot's pace, s", middle("seconds"), None, jobs * RATE_LIMITS.requests, ONE_BY_ONE
        ),
    ]
    if changed := sum(check["changed"] for check in checks):
        written = sum(check["writes"] for check in checks) / changed
        rows.append(at_most("  writes for each subscription's change", written, 1))
    return rows


async def spread(world: Simulators, given: argparse.Namespace) -> list[Figure]:
    """Let every channel have one change, right after a check, and time the messages."""
    await write_store(world)
    async with _bot_at_pace(world, quick=given.quick):
        await until_quiet(world)
        changed = await world.call("change", list(range(given.channels // EACH)))
        until = time.monotonic() + LONGEST
        sent: Mapping[str, Any] = {"notices": []}
        while len(sent["notices"]) < given.channels and time.monotonic() < until:
            await asyncio.sleep(1)
            sent = await world.call("sent")
    rates, poll = (FAST, FAST_POLL) if given.quick else (RATE_LIMITS, POLL)
    how = f"{'pace of a test' if given.quick else 'default pace'}, a check every {poll:g} s"
    waits = sorted(at - changed for at in sent["notices"])
    last, first = (waits[-1], waits[0]) if waits else (0.0, 0.0)
    edited = sum(at >= changed for at in sent["edits"])
    at_posts, at_edits = (given.channels - 1) * rates.posts, (last - first) / rates.edits
    return [
        Figure(f"changes to tell, one a channel ({how})", given.channels),
        Figure("  from the change to the first message, s", first, aim="the next check", digits=1),
        Figure("  to the message, p50, s", quantile(waits, 0.5), digits=1),
        Figure("  to the message, p99, s", quantile(waits, 0.99), digits=1),
        Figure("  to the last message, s", last, digits=1),
        Figure(
            "  from the first to the last, s",
            last - first,
            at_posts,
            "the pace of all posts together",
            digits=1,
        ),
        Figure("  cards edited by then", edited, at_edits, "the pace of edits"),
        zero("  not told, or told twice", abs(given.channels - len(waits))),
        Figure("  refused by Slack as too many", len(sent["limited"]), aim="0"),
        zero("  breaches of Slack's rules", len(sent["violations"])),
    ]


def _bot_at_pace(world: Simulators, *, quick: bool) -> AbstractAsyncContextManager[Process]:
    """Run the bot as an operator does, or one at a faster pace."""
    if not quick:
        return bot(world, socket_mode=True)
    store = str(world.folder / STORE)
    life = Life(slack=world.slack, metastudio=world.metastudio, store=store, poll=FAST_POLL, rates=FAST)
    return running([str(PROGRAM), json.dumps(asdict(life))], world.folder)


if __name__ == "__main__":
    given = options(
        __doc__,
        jobs=(5000, 200, "that are followed, by two channels each"),
        channels=(1000, 40, "that follow them"),
        only=("", "", "a part of it: load, check or spread"),
    )
    counts = f"{EACH * given.jobs:,} subscriptions, {given.jobs:,} jobs, {given.channels:,} channels"
    run(partial(measure, given), counts)
