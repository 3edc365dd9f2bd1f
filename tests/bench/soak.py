"""Lets the bot live for long, in a short time: ``python -m tests.bench.soak``, or ``--minutes 60``.

With ``--quick`` it is a quarter of a minute, which is too short to judge growth.

The bot runs as a process of its own. It checks the jobs every half second instead of every minute, so five
minutes are as ten hours; meanwhile jobs change, people look, subscribe and unsubscribe, Slack ends and breaks
its connections, and Slack and MetaStudio fail now and then. Its memory, open files, tasks, threads and store
are looked at every second. Exits with 1 if one of them grows in the second half of the time by more than its
bound, by the line that fits best (least squares), if the bot does not come to rest at the end, or if a
command that was acknowledged gets no answer, or if too few were typed to tell.
"""

import argparse
import asyncio
import logging
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean, linear_regression
from typing import NamedTuple, TextIO

import psutil

from bot.domain.jobs import STATES
from bot.domain.rates import RateLimits
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import Interaction, SlackWorkspace
from tests import bot_process
from tests.bench.processes import STORE, Process, running
from tests.bench.report import Figure, options, run, zero
from tests.bot_process import Life
from tests.delivery_judge import is_over

POLL = 0.5
RATE_LIMITS = RateLimits(channel=0.05, posts=0.02, edits=0.02, requests=0.02, gone=1.0, unheard=0)
JOBS = 40
CHANNELS = 5
PEOPLE = 4
TASKS = "tasks"
"""The file in which the bot's process writes how many tasks it has."""
WARM_UP = 0.2
"""The share of the time that is left out: imports, caches and pools fill."""
ANSWER_SECONDS = 20.0
REST_SECONDS = 20.0
LEAST_COMMANDS = 100
"""For each minute: with fewer, the bounds below would find no leak."""
REASONS = ("warning", "refresh_requested", "too_many_websockets", "link_disabled")
ENDS = ("SUCCEED", "FAILED")
RUNNING = tuple(state for state in STATES if not is_over(state))


class Sample(NamedTuple):
    """The moment, in seconds of the monotonic clock, and what was measured of the bot then."""

    moment: float
    memory: float
    files: float
    tasks: float
    threads: float
    store: float


BOUNDS = {
    # 4 KiB kept of each command would be 2 MiB; a heap that breathes stays below that.
    "memory": ("memory, MiB", 2.0),
    # One file or task kept of each outage would be some 20; what is under way varies by fewer.
    "files": ("open files", 8),
    "tasks": ("asyncio tasks", 8),
    "threads": ("threads", 1),
    # A row kept of each subscription that ended would be more: some 300, of about 1 KiB.
    "store": ("store, KiB", 128),
}
"""By how much each may seem to grow in the second half of the time.

Each bound lies below what a leak would add then, in the default five minutes: some 20 connections with a task
each, and 500 commands and more.
"""


def sample(bot: Process, folder: Path) -> Sample:
    """Measure the bot. Raises psutil.NoSuchProcess when it is gone."""
    process = psutil.Process(bot.pid)
    files = [file for file in (folder / STORE, folder / f"{STORE}-wal") if file.exists()]
    return Sample(
        moment=time.monotonic(),
        memory=bot.mebibytes,
        files=process.num_fds(),
        tasks=int((folder / TASKS).read_text()),
        threads=process.num_threads(),
        store=sum(file.stat().st_size for file in files) / 1024,
    )


@dataclass(kw_only=True)
class World:
    """What the bot lives through; ``counts`` is what happened."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    chance: random.Random
    channels: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    async def people(self) -> None:
        """Type commands, and wait for the answers."""
        while True:
            if self.slack.connections:
                await self._ask()
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))

    async def _ask(self) -> None:
        job_id = self.chance.choice(list(self.metastudio.jobs))
        texts = [job_id, job_id, f"subscribe {job_id}", f"unsubscribe {job_id}", "list", "help", "subscrib"]
        channel = self.chance.choice(self.channels)
        asked = await self.slack.command("/voicejob", self.chance.choice(texts), channel=channel)
        self.counts["commands"] += 1
        if not asked.acked:
            self.counts["not acknowledged"] += 1
            return
        try:
            await self._take_answer(asked)
        except TimeoutError:
            self.counts["unanswered"] += 1

    async def _take_answer(self, asked: Interaction) -> None:
        message = await asked.message(timeout=ANSWER_SECONDS)
        if self.chance.random() < 0.3:
            with suppress(LookupError, TimeoutError):
                pressed = await self.slack.press(message, "job_refresh")
                if pressed.acked:
                    await pressed.message(timeout=ANSWER_SECONDS)
        for shown in [message, *asked.messages]:
            with suppress(LookupError):
                if shown.user:
                    self.slack.delete_message(shown)
        asked.messages.clear()

    async def jobs(self) -> None:
        """Change jobs; one that is over is deleted after a while, and another one begins."""
        jobs = self.metastudio.jobs
        while True:
            running = [job_id for job_id, job in jobs.items() if job["state"] not in ENDS]
            states = ENDS if self.chance.random() < 0.1 else RUNNING
            self.metastudio.set_state(self.chance.choice(running), self.chance.choice(states))
            self.counts["changes"] += 1
            over = [job_id for job_id, job in jobs.items() if job["state"] in ENDS]
            for job_id in over[: max(0, len(over) - JOBS // 4)]:
                self.metastudio.delete(job_id)
            for _ in range(JOBS - len(jobs)):
                self.metastudio.add_job(state="WAITING")
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def faults(self) -> None:
        """Let a request go wrong about every second."""
        slack, metastudio = self.slack, self.metastudio
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 2))
            self.counts["faults"] += 1
            times = self.chance.randint(1, 3)
            faults: list[Callable[[], None]] = [
                partial(slack.fail, "chat.postMessage", status=503, times=times),
                partial(slack.fail, "chat.update", retry_after=1, times=times),
                partial(slack.fail, "response_url", status=500),
                partial(metastudio.fail, Fault.error(500, "MSS.00000001"), times=times),
                partial(metastudio.fail, Fault.cut_midway(), times=times),
                partial(metastudio.fail, Fault.throttled(1), times=times),
            ]
            self.chance.choice(faults)()

    async def outages(self) -> None:
        """End or break the connection, mostly after it has lasted: the bot's pauses are as in real life."""
        slack = self.slack
        while True:
            await asyncio.sleep(self.chance.uniform(4, 12))
            self.counts["ends of the connection"] += 1
            times = self.chance.randint(1, 3)
            ends: list[Callable[[], Awaitable[None] | None]] = [
                partial(slack.disconnect, self.chance.choice(REASONS)),
                partial(slack.disconnect, "refresh_requested"),
                slack.cut,
                slack.freeze,
                partial(self._cut_off, times),
                partial(slack.fail, "apps.connections.open", status=503, times=times),
            ]
            if (ending := self.chance.choice(ends)()) is not None:
                await ending

    def _cut_off(self, times: int) -> None:
        self.slack.refuse_handshakes = times
        self.slack.cut()

    async def forget(self) -> None:
        """Drop what the simulators have recorded, so that this process does not grow itself."""
        while True:
            await asyncio.sleep(1)
            for records in (
                self.slack.calls,
                self.slack.history,
                self.slack.limited,
                self.metastudio.requests,
            ):
                records.clear()


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Let the bot live, and then rest."""
    async with SlackWorkspace(limits=None) as slack, MetaStudioSimulator() as metastudio:
        chance = random.Random(given.seed)  # noqa: S311  guards nothing
        world = World(slack=slack, metastudio=metastudio, chance=chance)
        world.channels = [slack.add_channel(f"voices-{number}") for number in range(CHANNELS)]
        for _ in range(JOBS):
            metastudio.add_job(state="WAITING")
        addresses = {"slack": slack.api_url, "metastudio": metastudio.url}
        life = Life(**addresses, store=str(folder / STORE), poll=POLL, rates=RATE_LIMITS)
        async with running(["-m", "tests.bench.soak", "--bot", life.command()[-1]], folder) as bot:
            await asyncio.sleep(5)
            before = sample(bot, folder)
            samples = await live(world, bot, folder, given.minutes * 60)
            after = await rest(bot, folder, before)
        world.counts["reconnects"] = slack.tried - 1
        world.counts["tracebacks"] = bot.log.read_text().count("Traceback")
        world.counts["violations"] = len(slack.violations)
        for line in slack.violations[:10]:
            print(line, file=sys.stderr)
    is_judged = not given.quick
    least = round(given.minutes * LEAST_COMMANDS)
    commands, counts = world.counts["commands"], world.counts
    seen = ("not acknowledged", "changes", "faults", "ends of the connection", "reconnects")
    return [
        *growth(samples, is_judged=is_judged),
        at_rest("tasks", after.tasks, before.tasks, 0),
        at_rest("open files", after.files, before.files, 10),
        Figure("commands", commands, aim=f"{least} at least", failed=is_judged and commands < least),
        *(Figure(name, counts[name]) for name in seen),
        *(zero(name, counts[name]) for name in ("unanswered", "violations", "tracebacks")),
    ]


async def live(world: World, bot: Process, folder: Path, seconds: float) -> list[Sample]:
    """Let everything go on for a while, and sample the bot every second; fail if it ends."""
    samples: list[Sample] = []
    until = time.monotonic() + seconds
    others = (world.jobs(), world.faults(), world.outages(), world.forget())
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in (*others, *(world.people() for _ in range(PEOPLE)))]
        while time.monotonic() < until:
            await asyncio.sleep(1)
            samples.append(sample(bot, folder))
        for task in tasks:
            task.cancel()
    return samples


async def rest(bot: Process, folder: Path, before: Sample) -> Sample:
    """Wait until no more is under way than at the start, and sample once more."""
    until = time.monotonic() + REST_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(1)
        if sample(bot, folder).tasks <= before.tasks:
            break
    await asyncio.sleep(1)
    return sample(bot, folder)


def growth(samples: list[Sample], *, is_judged: bool) -> list[Figure]:
    """Compare the last quarter with the first one, without the warm-up, and measure the growth."""
    kept = samples[round(len(samples) * WARM_UP) :]
    quarter = max(1, len(kept) // 4)
    half = samples[len(samples) // 2 :]
    moments = [sample.moment for sample in half]
    figures = []
    for measured, (name, bound) in BOUNDS.items():
        first, last = (
            fmean(getattr(each, measured) for each in part) for part in (kept[:quarter], kept[-quarter:])
        )
        slope = linear_regression(moments, [getattr(sample, measured) for sample in half]).slope
        grew, aim = slope * (moments[-1] - moments[0]), f"{bound:g} at most"
        figures.append(Figure(name, last, first, "the first quarter", digits=1))
        failed = is_judged and grew > bound
        figures.append(Figure("  growth in the second half", grew, aim=aim, digits=2, failed=failed))
    return figures


def at_rest(name: str, after: float, before: float, most: float) -> Figure:
    """Compare the bot at rest after all that with the bot at rest before it."""
    aim, failed = f"{most:g} more at most", after - before > most
    return Figure(f"{name} at rest, at the end", after, before, "at the start", aim, failed=failed)


async def run_counting_bot(life: str, file: TextIO) -> None:
    """Run the bot, and write every half second how many tasks there are, without the one that writes."""

    async def count_tasks() -> None:
        while True:
            file.seek(0)
            file.write(f"{len(asyncio.all_tasks()) - 1:8}")
            file.flush()
            await asyncio.sleep(0.5)

    counting = asyncio.create_task(count_tasks())
    await bot_process.live(Life.read(life))
    counting.cancel()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bot"]:
        logging.basicConfig(level=logging.INFO, format=bot_process.LOG_FORMAT)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        with Path(TASKS).open("w") as file:
            asyncio.run(run_counting_bot(sys.argv[2], file))
        sys.exit()
    seed = secrets.randbelow(10**6)
    given = options(__doc__, minutes=(5.0, 0.25, "of the bot's life"), seed=(seed, seed, "to repeat a run"))
    caption = f"{given.minutes:g} minutes, as {given.minutes / POLL:.1f} hours of checks; seed {given.seed}"
    run(partial(measure, given), caption)
