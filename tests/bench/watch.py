"""Measures the watching: ``python -m tests.bench.watch``, or with ``--quick`` in about half a minute.

10,000 subscriptions to 5,000 jobs from 1,000 channels: what loading them takes, what a check takes, and how
long it takes until 1,000 channels are told; also what a check takes where one wide subscription is to all of
the jobs. Everything runs on loopback; the simulators have a process of their own, so that the processor's
time is the bot's alone. The bot keeps Slack's pace, and the table takes about eight minutes; with ``--quick``
there are fewer jobs, the pace is that of a test, and times have no aim.
Exits with 1 if an aim is missed.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from bot.domain.deliveries import card_posted
from bot.domain.following import Changed
from bot.domain.jobs import Job
from bot.domain.keys import Address, JobRef, Selector, SelectorKind
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.domain.records import Board, Level, Records, Subscription
from bot.domain.subscriptions import following, key_of, started
from bot.simulators.slack.records import TEAM_ID
from bot.simulators.slack.workspace import ALICE
from bot.store import open_store
from bot.store.sqlite import SqliteStore
from bot.watch.watcher import Watcher
from tests.bench.processes import STORE, Simulators, bot, running, simulators
from tests.bench.report import MS, Figure, options, progress, quantile, run
from tests.bot_process import Life

EACH = 2
"""Channels that follow each job: all channels in turn, so that each of them follows one of the first jobs."""
MOST_MIB = 120
MOST_PAGES = 2
FEW, MANY = 10, 1000
"""Jobs that change between two checks."""
MOST_CPU_MS = {"nothing changed": 100, f"{FEW} jobs changed": 100, f"{MANY:,} jobs changed": 500}
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
    for part in (load, check, check_wide, spread):
        progress(part.__name__)
        limited = part is not spread or not given.quick
        async with simulators(folder, jobs=given.jobs, channels=given.channels, limited=limited) as world:
            figures += await part(world, given)
        (folder / STORE).unlink()
    return figures


async def write_store(world: Simulators) -> None:
    """Subscribe all channels, each with a card in it, and write that into the bot's store."""
    cards = await world.call("post_cards", world.channels)
    channels = cycle(zip(world.channels, cards, strict=True))
    jobs = [job for job in await world.call("jobs") for _ in range(EACH)]
    now, records = int(time.time()), Records()
    for number, (job, (channel, ts)) in enumerate(zip(jobs, channels, strict=False)):
        key = key_of(TEAM_ID, channel, job["job_id"])
        level = Level.ALL if number // EACH % 2 else Level.IMPORTANT
        records |= started(key, Job.from_api(job), level=level, by=ALICE, now=now - number)(records)
        if shown := following(records, key):
            records |= card_posted(shown, ts, now)(records)
    async with open_store(world.folder / STORE) as store:
        await store.change(records, lambda _: records)


async def write_wide(world: Simulators) -> None:
    """Subscribe one channel to the whole project instead."""
    address, selector = Address(TEAM_ID, world.channels[0]), Selector(SelectorKind.PROJECT, "")
    wish = Subscription(
        address=address,
        selector=selector,
        level=Level.IMPORTANT,
        subscribed_by=ALICE,
        subscribed_at=int(time.time()),
    )
    records = Records.of(wish, Board(address=address, selector=selector))
    async with open_store(world.folder / STORE) as store:
        await store.change(records, lambda _: records)


async def load(world: Simulators, _: argparse.Namespace) -> list[Figure]:
    """Measure the bot as an operator runs it: the start, and the memory, without and with subscriptions."""
    async with bot(world, socket_mode=True) as empty:
        empty_cpu = empty.cpu_seconds
        await asyncio.sleep(2)
        before = empty.mebibytes
    (world.folder / STORE).unlink()
    await write_store(world)
    async with bot(world, socket_mode=True) as full:
        full_cpu, after = full.cpu_seconds, full.mebibytes
        await until_quiet(world)
        checked = full.mebibytes
    return [
        Figure("start to ready, s", full.seconds, empty.seconds, NONE, digits=2),
        Figure("  CPU of that, s", full_cpu, empty_cpu, NONE, digits=2),
        Figure("memory once loaded, MiB", after, before, NONE, digits=1),
        Figure("memory after the first check, MiB", checked, before, NONE, digits=1, most=MOST_MIB),
    ]


async def until_quiet(world: Simulators) -> None:
    """Wait until the bot's first check is over: no request comes for a while."""
    requests, last = 0, time.monotonic()
    while not requests or time.monotonic() - last < QUIET_SECONDS:
        await asyncio.sleep(0.2)
        if new := sum((await world.call("count")).values()):
            requests, last = requests + new, time.monotonic()


async def check(world: Simulators, given: argparse.Namespace) -> list[Figure]:
    """Measure single checks in this process, and one request for each job beside them."""
    await write_store(world)
    store, heard = SqliteStore(world.folder / STORE), list[Changed]()
    loading = await resources(store.__aenter__)
    store.listen(heard.append)
    async with world.client() as metastudio:
        watcher = Watcher(metastudio, store, poll=POLL)

        async def one_by_one() -> None:
            for ref in await store.jobs():
                await metastudio.job(ref.job_id)

        async def checked(changing: Iterable[int] = ()) -> dict[str, float]:
            """Let these jobs change, and check once; the store is heard of after each write."""
            await world.call("change", list(changing))
            await world.call("count")
            heard.clear()
            took = await resources(watcher.check)
            requests: dict[str, float] = await world.call("count")
            changed = set[JobRef]().union(*(each.jobs for each in heard))
            return requests | took | {"writes": len(heard), "changed": len(changed)}

        many = min(MANY, given.jobs // 2)
        kinds = {
            "the first check": [await checked()],
            "nothing changed": [await checked() for _ in range(ROUNDS)],
            f"{FEW} jobs changed": [await checked(range(FEW * i, FEW * (i + 1))) for i in range(ROUNDS)],
            f"{many:,} jobs changed": [await checked(range(given.jobs - many, given.jobs))],
        }
        plain_cpu = (await resources(one_by_one))["cpu_ms"]
    await store.__aexit__(None, None, None)
    figures = [Figure("loading, CPU ms", loading["cpu_ms"]), Figure("loading, wall ms", loading["ms"])]
    for kind, checks in kinds.items():
        values = {name: median(each[name] for each in checks) for name in checks[0]}
        most_cpu = None if given.quick else MOST_CPU_MS.get(kind)
        few_pages = MOST_PAGES if kind in ("nothing changed", f"{FEW} jobs changed") else None
        figures += [
            Figure(f"{kind}: pages of the list", values["list"], most=few_pages),
            Figure("  jobs asked for beside them", values["show"]),
            Figure("  CPU, ms", values["cpu_ms"], plain_cpu, ONE_BY_ONE, digits=1, most=most_cpu),
            Figure("  time at the bot's pace, s", values["ms"] / MS, digits=1),
        ]
        if values["changed"]:
            written = max(each["writes"] for each in checks)
            figures.append(Figure("  jobs changed", values["changed"]))
            figures.append(Figure("  writes, of a check", written, most=1))
    return figures


async def check_wide(world: Simulators, given: argparse.Namespace) -> list[Figure]:
    """Measure the check that takes all jobs in for one wide subscription, and those after it."""
    await write_wide(world)
    async with open_store(world.folder / STORE) as store, world.client() as metastudio:
        watcher, rounds = Watcher(metastudio, store, poll=POLL), []
        for _ in range(1 + ROUNDS):
            await world.call("count")
            took = await resources(watcher.check)
            rounds.append(took | await world.call("count"))
        followed = len(await store.jobs())
    first, later = rounds[0], rounds[1:]
    quiet = {name: median(each[name] for each in later) for name in first}
    most_cpu = None if given.quick else MOST_CPU_MS["nothing changed"]
    return [
        Figure("jobs in one wide subscription that are not followed", given.jobs - followed, most=0),
        Figure("  taking them in: pages of the list", first["list"]),
        Figure("  CPU, ms", first["cpu_ms"], digits=1),
        Figure("  nothing changed: pages of the list", quiet["list"], most=MOST_PAGES),
        Figure("  jobs asked for beside them", quiet["show"]),
        Figure("  CPU, ms", quiet["cpu_ms"], digits=1, most=most_cpu),
    ]


async def resources(work: Callable[[], Awaitable[Any]]) -> dict[str, float]:
    """Return the processor's milliseconds (``cpu_ms``) and the milliseconds (``ms``) that something takes."""
    cpu, wall = time.process_time(), time.monotonic()
    await work()
    return {"cpu_ms": MS * (time.process_time() - cpu), "ms": MS * (time.monotonic() - wall)}


async def spread(world: Simulators, given: argparse.Namespace) -> list[Figure]:
    """Let every channel have one change, right after a check, and time the messages."""
    await write_store(world)
    rates, poll, pace, process = RATE_LIMITS, POLL, "default pace", bot(world, socket_mode=True)
    if given.quick:
        rates, poll, pace = FAST, FAST_POLL, "pace of a test"
        addresses = {"slack": world.slack, "metastudio": world.metastudio, "store": str(world.folder / STORE)}
        process = running(Life(**addresses, poll=poll, rates=rates).command()[1:], world.folder)
    async with process:
        await until_quiet(world)
        changed = await world.call("change", list(range(given.channels // EACH)))
        until = time.monotonic() + LONGEST
        sent: dict[str, Any] = {"notices": []}
        while len(sent["notices"]) < given.channels and time.monotonic() < until:
            await asyncio.sleep(1)
            sent = await world.call("sent")
    waits = sorted(at - changed for at in sent["notices"]) or [0.0]
    took = waits[-1] - waits[0]
    at_pace = (given.channels - 1) * rates.posts
    edited = sum(at >= changed for at in sent["edits"])
    return [
        Figure(f"changes to tell ({pace}, a check every {poll:g} s)", given.channels),
        Figure("  from the change to the first message, s", waits[0], aim="the next check", digits=1),
        Figure("  to the message, p50, s", quantile(waits, 0.5), digits=1),
        Figure("  to the message, p99, s", quantile(waits, 0.99), digits=1),
        Figure("  from the first to the last, s", took, at_pace, "the pace of all posts together", digits=1),
        Figure("  cards edited by then", edited, took / rates.edits, "the pace of edits"),
        Figure("  not told, or told twice", abs(given.channels - len(sent["notices"])), most=0),
        Figure("  refused by Slack as too many", len(sent["limited"]), aim="0"),
        Figure("  breaches of Slack's rules", len(sent["violations"]), most=0),
    ]


if __name__ == "__main__":
    given = options(
        __doc__,
        jobs=(5000, 200, "that are followed, by two channels each"),
        channels=(1000, 40, "that follow them"),
    )
    counts = f"{EACH * given.jobs:,} subscriptions, {given.jobs:,} jobs, {given.channels:,} channels"
    run(partial(measure, given), counts)
