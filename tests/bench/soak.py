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
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, linear_regression

import psutil

from bot.domain.jobs import STATES
from bot.domain.rates import RateLimits
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import Interaction, SlackWorkspace
from tests import bot_process
from tests.bench.figures import Figure, show
from tests.bench.lookup import prepare_environment
from tests.bench.processes import MEBIBYTE
from tests.bot_process import Life
from tests.delivery_judge import is_over

POLL = 0.5
RATE_LIMITS = RateLimits(channel=0.05, posts=0.02, edits=0.02, requests=0.02, gone=1.0, unheard=0)
JOBS = 40
CHANNELS = 5
WARM_UP = 0.2
"""The share of the time that is left out: imports, caches and pools fill."""
ANSWER_SECONDS = 20.0
REST_SECONDS = 20.0
LEAST_COMMANDS = 100
"""For each minute: with fewer, the bounds below would find no leak."""
START_SECONDS = 30.0
REASONS = ("warning", "refresh_requested", "too_many_websockets", "link_disabled")
ENDS = ("SUCCEED", "FAILED")
RUNNING = tuple(state for state in STATES if not is_over(state))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that must not grow, and by how much it may seem to, in the second half of the time.

    Each bound lies below what a leak would add in the second half of the default five minutes: some 20
    connections with a task each, and 500 commands and more.
    """

    name: str
    bound: float


MEASURES = (
    # 4 KiB kept of each command would be 2 MiB; a heap that breathes stays below that.
    Measure(name="memory, MiB", bound=2.0),
    # One file or task kept of each outage would be some 20; what is under way varies by fewer.
    Measure(name="open files", bound=8),
    Measure(name="asyncio tasks", bound=8),
    Measure(name="threads", bound=1),
    # A row kept of each subscription that ended would be more: some 300, of about 1 KiB.
    Measure(name="store, KiB", bound=128),
)

Sample = tuple[float, ...]
"""The moment, in seconds of the monotonic clock, and what the measures were."""


@dataclass(kw_only=True)
class Seen:
    """What happened meanwhile."""

    samples: list[Sample] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    tasks: int = 0


class Bot:
    """The bot's process, which tells how many tasks it has."""

    def __init__(self, process: Process, store: Path, seen: Seen) -> None:
        self.process = process
        self._store = store
        self._seen = seen
        self._as_seen = psutil.Process(process.pid)

    async def listen(self) -> None:
        """Take what the process tells of its tasks, until it ends."""
        assert self.process.stdout
        async for line in self.process.stdout:
            if line.startswith(b"tasks "):
                self._seen.tasks = int(line.split()[1])

    def sample(self) -> Sample:
        """Look at it. Raises psutil.NoSuchProcess when it is gone."""
        files = [self._store, Path(f"{self._store}-wal")]
        size = sum(file.stat().st_size for file in files if file.exists())
        seen = self._as_seen
        memory = seen.memory_info().rss / MEBIBYTE
        return (
            time.monotonic(),
            memory,
            seen.num_fds(),
            self._seen.tasks,
            seen.num_threads(),
            size / 1024,
        )


@dataclass(kw_only=True)
class World:
    """Slack, MetaStudio, people and weather."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    seen: Seen
    chance: random.Random
    channels: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Open the channels, and begin the jobs."""
        self.channels = [self.slack.add_channel(f"voices-{number}") for number in range(CHANNELS)]
        for _ in range(JOBS):
            self.metastudio.add_job(state="WAITING")

    async def people(self) -> None:
        """Type commands, a few at a time, and wait for what they are answered."""
        while True:
            if self.slack.connections:
                await self._ask()
            await asyncio.sleep(self.chance.uniform(0.05, 0.4))

    async def _ask(self) -> None:
        job_id = self.chance.choice(list(self.metastudio.jobs))
        words = [job_id, job_id, f"subscribe {job_id}", f"unsubscribe {job_id}", "list", "help", "subscrib"]
        channel = self.chance.choice(self.channels)
        asked = await self.slack.command("/voicejob", self.chance.choice(words), channel=channel)
        self.seen.counts["commands"] += 1
        if not asked.acked:
            self.seen.counts["not acknowledged"] += 1
            return
        try:
            await self._answered(asked)
        except TimeoutError:
            self.seen.counts["unanswered"] += 1

    async def _answered(self, asked: Interaction) -> None:
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
        """Let jobs go on; one that ends is deleted after a while, and another one begins."""
        while True:
            running = [job_id for job_id, job in self.metastudio.jobs.items() if job["state"] not in ENDS]
            job_id = self.chance.choice(running)
            ends = self.chance.random() < 0.1
            self.metastudio.set_state(job_id, self.chance.choice(ENDS if ends else RUNNING))
            self.seen.counts["changes"] += 1
            over = [each for each, job in self.metastudio.jobs.items() if job["state"] in ENDS]
            while len(over) > JOBS / 4:
                self.metastudio.delete(over.pop(0))
            while len(self.metastudio.jobs) < JOBS:
                self.metastudio.add_job(state="WAITING")
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    async def weather(self) -> None:
        """Let a request go wrong about every second."""
        while True:
            await asyncio.sleep(self.chance.uniform(0.5, 2))
            self.seen.counts["faults"] += 1
            self.chance.choice(self._faults())()

    async def breaks(self) -> None:
        """End or break the connection, mostly after it has lasted: the bot's pauses are as in real life."""
        while True:
            await asyncio.sleep(self.chance.uniform(4, 12))
            self.seen.counts["ends of the connection"] += 1
            done = self.chance.choice(self._ends())()
            if done is not None:
                await done

    def _ends(self) -> list[Callable[[], Awaitable[None] | None]]:
        slack, times = self.slack, self.chance.randint(1, 3)
        return [
            lambda: slack.disconnect(self.chance.choice(REASONS)),
            lambda: slack.disconnect("refresh_requested"),
            slack.cut,
            slack.freeze,
            lambda: self._cut_off(times),
            lambda: slack.fail("apps.connections.open", status=503, times=times),
        ]

    def _faults(self) -> list[Callable[[], None]]:
        slack, metastudio, times = self.slack, self.metastudio, self.chance.randint(1, 3)
        return [
            lambda: slack.fail("chat.postMessage", status=503, times=times),
            lambda: slack.fail("chat.update", retry_after=1, times=times),
            lambda: slack.fail("response_url", status=500),
            lambda: metastudio.fail(Fault.error(500, "MSS.00000001"), times=times),
            lambda: metastudio.fail(Fault.cut_midway(), times=times),
            lambda: metastudio.fail(Fault.throttled(1), times=times),
        ]

    def _cut_off(self, times: int) -> None:
        self.slack.refuse_handshakes = times
        self.slack.cut()

    async def forget(self) -> None:
        """Drop what the stand-ins have recorded, so that this process does not grow itself."""
        while True:
            await asyncio.sleep(1)
            for records in (self.slack.calls, self.slack.history, self.slack.limited):
                records.clear()
            self.metastudio.requests.clear()


async def soak(minutes: float, folder: Path, seed: int, *, is_judged: bool) -> tuple[Seen, list[Figure]]:
    """Let the bot live, then let it rest; gives what was seen. If it ``is_judged``, growth is a failure."""
    seen = Seen()
    async with SlackWorkspace(limits=None) as slack, MetaStudioSimulator() as metastudio:
        world = World(slack=slack, metastudio=metastudio, seen=seen, chance=random.Random(seed))  # noqa: S311
        world.prepare()
        async with started(world, folder) as bot:
            await asyncio.sleep(5)
            before = bot.sample()
            await _live(world, bot, minutes * 60)
            after = await _rest(bot, before)
        seen.counts["violations"] = len(slack.violations)
        for line in slack.violations[:10]:
            print(line, file=sys.stderr)
    return seen, [*grown(seen.samples, is_judged=is_judged), *rested(before, after)]


async def _live(world: World, bot: Bot, seconds: float) -> None:
    opened_until = time.monotonic() + seconds
    work = [world.people() for _ in range(4)] + [
        world.jobs(),
        world.weather(),
        world.breaks(),
        world.forget(),
    ]
    tasks = [asyncio.create_task(each) for each in work]
    try:
        while time.monotonic() < opened_until:
            await asyncio.sleep(1)
            bot_lives(bot)
            world.seen.samples.append(bot.sample())
            for task in tasks:
                if task.done():
                    task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def bot_lives(bot: Bot) -> None:
    """Check that the process runs. Raises RuntimeError."""
    if bot.process.returncode is not None:
        raise RuntimeError(f"the bot ended by itself, with {bot.process.returncode}")


async def _rest(bot: Bot, before: Sample) -> Sample:
    """Wait until no more is under way than at the start, and look once more."""
    until = time.monotonic() + REST_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(1)
        if bot.sample()[3] <= before[3]:
            break
    await asyncio.sleep(1)
    return bot.sample()


@asynccontextmanager
async def started(world: World, folder: Path) -> AsyncIterator[Bot]:
    """Run the bot while the context lasts."""
    store, log = folder / "store.sqlite", folder / "bot.log"
    life = Life(
        slack=world.slack.api_url,
        metastudio=world.metastudio.url,
        store=str(store),
        poll=POLL,
        rates=RATE_LIMITS,
    )
    command = [sys.executable, "-m", "tests.bench.soak", "--bot", life.command()[-1]]
    with log.open("w") as stderr:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=stderr, cwd=folder)
    bot = Bot(process, store, world.seen)
    listening = asyncio.create_task(bot.listen())
    try:
        await world.slack.connected(timeout=START_SECONDS)
        yield bot
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await listening
        world.seen.counts["reconnects"] = world.slack.tried - 1
        world.seen.counts["tracebacks"] = log.read_text().count("Traceback")


def growth(samples: Sequence[Sample], index: int) -> float:
    """Tell by how much a measure grew in the second half, by the line that fits best."""
    half = samples[len(samples) // 2 :]
    moments = [sample[0] for sample in half]
    slope = linear_regression(moments, [sample[index] for sample in half]).slope
    return slope * (moments[-1] - moments[0])


def grown(samples: Sequence[Sample], *, is_judged: bool) -> list[Figure]:
    """Compare the last quarter with the first one, without the warm-up, and say how much it grew."""
    kept = samples[round(len(samples) * WARM_UP) :]
    quarter = max(1, len(kept) // 4)
    figures = []
    for index, measure in enumerate(MEASURES, start=1):
        first, last = (fmean(each[index] for each in part) for part in (kept[:quarter], kept[-quarter:]))
        grew, aim = growth(samples, index), f"{measure.bound:g} at most"
        compared = Figure(name=measure.name, ours=last, theirs=first, beside="the first quarter", digits=1)
        name = "  growth in the second half"
        failed = is_judged and grew > measure.bound
        figures += [compared, Figure(name=name, ours=grew, aim=aim, digits=2, failed=failed)]
    return figures


def rested(before: Sample, after: Sample) -> list[Figure]:
    """Compare the bot at rest after all that with the bot at rest before it."""
    figures = []
    for name, index, bound in (("tasks", 3, 0), ("open files", 2, 10)):
        more = after[index] - before[index]
        aim = f"{bound} more at most"
        figures.append(
            Figure(
                name=f"{name} at rest, at the end",
                ours=after[index],
                theirs=before[index],
                beside="at the start",
                aim=aim,
                failed=more > bound,
            )
        )
    return figures


def counted(seen: Seen, minutes: float, *, is_judged: bool) -> list[Figure]:
    """Tell what happened, and what must not have; where it ``is_judged``, too little is a failure, too."""
    told = ("not acknowledged", "changes", "faults", "ends of the connection", "reconnects")
    bad = ("unanswered", "violations", "tracebacks")
    asked, least = seen.counts["commands"], round(minutes * LEAST_COMMANDS)
    return [
        Figure(name="commands", ours=asked, aim=f"{least} at least", failed=is_judged and asked < least),
        *(Figure(name=name, ours=seen.counts[name]) for name in told),
        *(Figure(name=name, ours=seen.counts[name], aim="0", failed=seen.counts[name] > 0) for name in bad),
    ]


async def be_the_bot(given: str) -> None:
    """Run the bot, and tell every half second how many tasks there are, without this one."""

    async def tell() -> None:
        while True:
            print("tasks", len(asyncio.all_tasks()) - 1, flush=True)
            await asyncio.sleep(0.5)

    telling = asyncio.create_task(tell())
    await bot_process.live(Life.read(given))
    telling.cancel()


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--minutes", type=float, default=0.25 if quick else 5)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--bot", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Soak, print the table, and exit."""
    given = options()
    if given.bot:
        logging.basicConfig(level=logging.INFO, format=bot_process.LOG_FORMAT)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        asyncio.run(be_the_bot(given.bot))
        return
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        is_judged = not given.quick
        soaking = soak(given.minutes, Path(folder), given.seed, is_judged=is_judged)
        seen, figures = asyncio.run(soaking)
    hours = given.minutes / POLL
    caption = f"{given.minutes:g} minutes, as {hours:.1f} hours of checks; seed {given.seed}"
    figures += counted(seen, given.minutes, is_judged=is_judged)
    show(figures, caption)
    sys.exit(any(figure.failed for figure in figures))


if __name__ == "__main__":
    main()
