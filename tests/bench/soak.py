"""Lets the bot live for long, in a short time: ``python -m tests.bench.soak``, or ``--minutes 60``.

The bot checks the jobs every half second instead of every minute, so five minutes are as ten hours; meanwhile
jobs change, people look, subscribe and unsubscribe, Slack ends and breaks its connections, and Slack and
MetaStudio fail now and then. Exits with 1 if its memory, open files, tasks, threads or store grow in the
second half of the time by more than their bounds, by the line that fits best (least squares), if it does not
come to rest at the end, if a command that was acknowledged gets no answer, or if too few were typed to tell.
With ``--quick`` it is a quarter of a minute, which is too short to judge growth.
"""

import argparse
import asyncio
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from inspect import isawaitable
from pathlib import Path
from statistics import linear_regression
from typing import Any, TextIO

from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from tests import bot_process
from tests.bench.processes import STORE, Process, running
from tests.bench.report import Figure, options, run
from tests.bot_process import FAST, Life
from tests.scenarios.killing import RUNNING, together

POLL = 0.5
RATE_LIMITS = replace(FAST, gone=1.0)
JOBS = 40
CHANNELS = 5
PEOPLE = 4
TASKS = "tasks"
"""The file in which the bot's process writes how many tasks it has."""
ANSWER_SECONDS = 20.0
REST_SECONDS = 20.0
LEAST_COMMANDS = 100
"""For each minute: with fewer, the bounds below would find no leak."""
REASONS = ("warning", "refresh_requested", "too_many_websockets", "link_disabled")
ENDS = ("SUCCEED", "FAILED")
BOUNDS = {
    # 4 KiB kept of each command would be 2 MiB; a heap that breathes stays below that.
    "memory, MiB": 2,
    # One file or task kept of each outage would be some 20; what is under way varies by fewer.
    "open files": 8,
    "asyncio tasks": 8,
    "threads": 1,
    # A row kept of each subscription that ended would be more: some 300, of about 1 KiB.
    "store, KiB": 128,
}
"""By how much each may seem to grow in the second half of the time.

Each bound lies below what a leak would add then, in the default five minutes: some 20 connections with a task
each, and 500 commands and more.
"""
AT_REST = {"asyncio tasks": 0, "open files": 10}
"""By how much each may exceed what it was before all that, once the bot is at rest."""


def sample(bot: Process, folder: Path) -> dict[str, float]:
    """Measure what is bounded, and the moment. Raises psutil.NoSuchProcess when the bot is gone."""
    return {
        "moment": time.monotonic(),
        "memory, MiB": bot.mebibytes,
        "open files": bot.system.num_fds(),
        "asyncio tasks": int((folder / TASKS).read_text()),
        "threads": bot.system.num_threads(),
        "store, KiB": sum(file.stat().st_size for file in folder.glob(f"{STORE}*")) / 1024,
    }


class World:
    """What the bot lives through; ``counts`` is what happened."""

    def __init__(self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, seed: int) -> None:
        self.slack = slack
        self.metastudio = metastudio
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(seed)  # noqa: S311  guards nothing
        self._channels = [slack.add_channel(f"voices-{number}") for number in range(CHANNELS)]
        for _ in range(JOBS):
            metastudio.add_job(state="WAITING")

    async def type_commands(self) -> None:
        """Type commands, wait for the answers, and press the cards' button for a new state now and then."""
        chance = self._chance
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            job_id = chance.choice(list(self.metastudio.jobs))
            words = f"{job_id};{job_id};subscribe {job_id};unsubscribe {job_id};list;help;subscrib"
            text, channel = chance.choice(words.split(";")), chance.choice(self._channels)
            if not self.slack.connections:
                continue
            asked = await self.slack.command("/voicejob", text, channel=channel)
            self.counts["commands"] += 1
            if not asked.acked:
                self.counts["not acknowledged"] += 1
                continue
            try:
                message = await asked.message(timeout=ANSWER_SECONDS)
            except TimeoutError:
                self.counts["unanswered"] += 1
                continue
            if chance.random() < 0.3:
                with suppress(LookupError):
                    await self.slack.press(message, "job_refresh")

    async def change_jobs(self) -> None:
        """Change jobs; one that is over is deleted after a while, and another one begins."""
        jobs = self.metastudio.jobs
        while True:
            running = [job_id for job_id, job in jobs.items() if job["state"] not in ENDS]
            states = ENDS if self._chance.random() < 0.1 else RUNNING
            self.metastudio.set_state(self._chance.choice(running), self._chance.choice(states))
            self.counts["changes"] += 1
            over = [job_id for job_id, job in jobs.items() if job["state"] in ENDS]
            for job_id in over[: max(0, len(over) - JOBS // 4)]:
                self.metastudio.delete(job_id)
            for _ in range(JOBS - len(jobs)):
                self.metastudio.add_job(state="WAITING")
            await asyncio.sleep(self._chance.uniform(0.05, 0.3))

    async def make_trouble(self) -> None:
        """Let a request go wrong about every second, and end or break the connection every ten seconds."""
        slack, metastudio, chance = self.slack, self.metastudio, self._chance
        while True:
            await asyncio.sleep(chance.uniform(0.5, 2))
            times = chance.randint(1, 3)
            faults: list[Callable[[], Any]] = [
                partial(slack.fail, "chat.postMessage", status=503, times=times),
                partial(slack.fail, "chat.update", retry_after=1, times=times),
                partial(slack.fail, "response_url", status=500),
                partial(metastudio.fail, Fault.error(500, "MSS.00000001"), times=times),
                partial(metastudio.fail, Fault.cut_midway(), times=times),
                partial(metastudio.fail, Fault.throttled(1), times=times),
            ]
            ends: list[Callable[[], Any]] = [
                partial(slack.disconnect, chance.choice(REASONS)),
                slack.cut,
                slack.freeze,
                partial(self._cut_off, times),
                partial(slack.fail, "apps.connections.open", status=503, times=times),
            ]
            is_end = chance.random() < 0.13
            self.counts["ends of the connection" if is_end else "faults"] += 1
            if isawaitable(ending := chance.choice(ends if is_end else faults)()):
                await ending

    def _cut_off(self, times: int) -> None:
        self.slack.refuse_handshakes = times
        self.slack.cut()

    def forget(self) -> None:
        """Drop what the simulators have recorded, so that this process does not grow itself."""
        for records in (self.slack.calls, self.slack.history, self.slack.limited, self.metastudio.requests):
            records.clear()


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Let the bot live, and then rest."""
    async with SlackWorkspace(limits=None) as slack, MetaStudioSimulator() as metastudio:
        world = World(slack, metastudio, given.seed)
        addresses = {"slack": slack.api_url, "metastudio": metastudio.url}
        life = Life(**addresses, store=str(folder / STORE), poll=POLL, rates=RATE_LIMITS)
        async with running(["-m", "tests.bench.soak", "--bot", life.command()[-1]], folder) as bot:
            await asyncio.sleep(5)
            before = sample(bot, folder)
            samples = await live(world, bot, folder, given.minutes * 60)
            after = samples[-1]
            until = time.monotonic() + REST_SECONDS
            while after["asyncio tasks"] > before["asyncio tasks"] and time.monotonic() < until:
                await asyncio.sleep(1)
                after = sample(bot, folder)
        counts = world.counts
        print(*slack.violations[:10], sep="\n", file=sys.stderr)
    seen = ("commands", "not acknowledged", "changes", "faults", "ends of the connection")
    least = 0 if given.quick else round(given.minutes * LEAST_COMMANDS)
    return [
        *growth(samples, is_judged=not given.quick),
        *(
            Figure(f"{name} at rest", after[name], before[name], "at the start", most=before[name] + more)
            for name, more in AT_REST.items()
        ),
        *(Figure(name, counts[name]) for name in seen),
        Figure(f"commands missing of {least}", max(0, least - counts["commands"]), most=0),
        Figure("reconnects", slack.tried - 1),
        Figure("unanswered", counts["unanswered"], most=0),
        Figure("violations", len(slack.violations), most=0),
        Figure("tracebacks", bot.log.read_text().count("Traceback"), most=0),
    ]


async def live(world: World, bot: Process, folder: Path, seconds: float) -> list[dict[str, float]]:
    """Let everything go on for a while, and sample the bot every second; fail if it ends."""
    samples = []
    until = time.monotonic() + seconds
    people = (world.type_commands() for _ in range(PEOPLE))
    async with together(world.change_jobs(), world.make_trouble(), *people):
        while time.monotonic() < until:
            await asyncio.sleep(1)
            samples.append(sample(bot, folder))
            world.forget()
    return samples


def growth(samples: list[dict[str, float]], *, is_judged: bool) -> list[Figure]:
    """Measure by how much each seems to grow in the second half of the time."""
    half = samples[len(samples) // 2 :]
    moments = [each["moment"] for each in half]
    figures = []
    for name, bound in BOUNDS.items():
        slope = linear_regression(moments, [each[name] for each in half]).slope
        grew = slope * (moments[-1] - moments[0])
        figures.append(Figure(name, half[-1][name], half[0][name], "in the middle of the time", digits=1))
        most = bound if is_judged else None
        figures.append(Figure("  growth in the second half", grew, digits=2, most=most))
    return figures


async def live_and_count(file: TextIO) -> None:
    """Run the bot, and write every half second how many tasks it has."""

    async def count() -> None:
        while True:
            file.seek(0)
            file.write(f"{len(asyncio.all_tasks()) - 1:8}")
            file.flush()
            await asyncio.sleep(0.5)

    async with together(count()):
        await bot_process.live(sys.argv[2])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bot"]:
        with Path(TASKS).open("w") as file:
            bot_process.start(live_and_count(file))
        sys.exit()
    seed = secrets.randbelow(10**6)
    given = options(__doc__, minutes=(5.0, 0.25, "of the bot's life"), seed=(seed, seed, "to repeat a run"))
    caption = f"{given.minutes:g} minutes, as {given.minutes / POLL:.1f} hours of checks; seed {given.seed}"
    run(partial(measure, given), caption)
