"""What it takes to load many subscriptions, and to check the jobs that they follow."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.domain.rates import RATE_LIMITS
from tests.bench.crowds import Place, crowd
from tests.bench.figures import Figure
from tests.bench.processes import bare_python, bot

STORE = "voicejob.sqlite"
"""Where the bot looks for its store, in its folder."""
MOST_MIB = 120.0
MOST_CPU_MS = 100.0
FEW, MANY = 10, 1000
"""Jobs that change between two checks."""
ROUNDS = 5
LINE = 2**20
PLAIN = "one GET for each job"


async def loading(folder: Path, jobs: int, channels: int) -> list[Figure]:
    """Measure the bot as an operator runs it: the start, and the memory, without and with subscriptions."""
    async with crowd(folder, jobs, channels) as place:
        async with bot(place.world, socket_mode=True) as empty, bare_python(place.world) as bare:
            cpu_before = empty.cpu_seconds
            await asyncio.sleep(2)
            before, least = empty.mebibytes, bare.mebibytes
        (folder / STORE).unlink()
        await place.write_store(folder / STORE)
        async with bot(place.world, socket_mode=True) as full:
            cpu, after = full.cpu_seconds, full.mebibytes
            await place.until_quiet()
            checked = full.mebibytes
        (folder / STORE).unlink()
    none, python = "no subscriptions", "bare Python"
    return [
        Figure(name="start to ready, s", ours=full.seconds, theirs=empty.seconds, beside=none, digits=2),
        Figure(name="  CPU of that, s", ours=cpu, theirs=cpu_before, beside=none, digits=2),
        Figure(name="memory with no subscriptions, MiB", ours=before, theirs=least, beside=python, digits=1),
        Figure(name="memory once loaded, MiB", ours=after, theirs=before, beside=none, digits=1),
        _aimed("memory after the first check, MiB", checked, MOST_MIB, theirs=before, beside=none),
    ]


async def checks(folder: Path, jobs: int, channels: int, *, profile: bool, is_timed: bool) -> list[Figure]:
    """Measure single checks, and the plain way beside them; where it ``is_timed``, their CPU has an aim."""
    async with crowd(folder, jobs, channels) as place:
        await place.write_store(folder / "checks.sqlite")
        async with _one_check(folder / "checks.sqlite", place) as watcher:
            first = await watcher.check()
            if profile:
                await watcher.say("profile")
            still = [await watcher.check() for _ in range(ROUNDS)]
            few = [await watcher.check(range(FEW * number, FEW * (number + 1))) for number in range(ROUNDS)]
            many = await watcher.check(range(jobs - min(MANY, jobs // 2), jobs))
            plain = await watcher.say(f"plain {jobs}")
    figures = [
        Figure(name="loading, CPU ms", ours=watcher.loaded["cpu_ms"]),
        Figure(name="loading, wall ms", ours=1000 * watcher.loaded["seconds"]),
    ]
    figures += _check_figures("the first check", [first], plain, jobs)
    most_cpu = MOST_CPU_MS if is_timed else None
    figures += _check_figures("nothing changed", still, plain, jobs, most_cpu, is_aimed=True)
    figures += _check_figures(f"{FEW} jobs changed", few, plain, jobs, most_cpu, is_aimed=True)
    figures += _check_figures(f"{min(MANY, jobs // 2):,} jobs changed", [many], plain, jobs)
    return figures


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one check took."""

    pages: int
    single: int
    """Jobs that were asked for one by one."""
    cpu_ms: float
    seconds: float
    changed: int
    writes: int


class OneCheck:
    """A watcher in a process of its own."""

    def __init__(self, process: Process, place: Place) -> None:
        self._process = process
        self._place = place
        self.loaded: dict[str, float] = {}

    async def check(self, changing: range = range(0)) -> Check:
        """Let these jobs change, and check once."""
        await self._place.change(changing)
        await self._place.count()
        told = await self.say("check")
        requests = await self._place.count()
        return Check(
            pages=requests["list"],
            single=requests["show"],
            cpu_ms=told["cpu_ms"],
            seconds=told["seconds"],
            changed=int(told["changed"]),
            writes=int(told["writes"]),
        )

    async def say(self, command: str) -> dict[str, float]:
        """Give a command, and wait for the answer."""
        assert self._process.stdin
        self._process.stdin.write(f"{command}\n".encode())
        return await self.heard()

    async def heard(self) -> dict[str, float]:
        """Wait for a line. Raises RuntimeError when the process ended."""
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the watcher's process ended")
        return dict(json.loads(line))


@asynccontextmanager
async def _one_check(store: Path, place: Place) -> AsyncIterator[OneCheck]:
    command = [sys.executable, "-m", "tests.bench.one_check", str(store), place.world.metastudio]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=LINE)
    try:
        watcher = OneCheck(process, place)
        watcher.loaded = await watcher.heard()
        yield watcher
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()


def _check_figures(
    name: str,
    seen: list[Check],
    plain: dict[str, float],
    jobs: int,
    most_cpu: float | None = None,
    *,
    is_aimed: bool = False,
) -> list[Figure]:
    """Write the rows of one kind of check: medians, where there were several."""
    cpu = median(check.cpu_ms for check in seen)
    rows = [
        Figure(name=f"{name}: pages of the list", ours=median(check.pages for check in seen), digits=1),
        Figure(
            name="  jobs asked for beside them",
            ours=median(check.single for check in seen),
            theirs=jobs,
            beside=PLAIN,
        ),
        _aimed("  CPU, ms", cpu, most_cpu, theirs=plain["cpu_ms"], beside=PLAIN),
        Figure(
            name="  time at the bot's pace, s",
            ours=median(check.seconds for check in seen),
            theirs=jobs * RATE_LIMITS.requests,
            beside=PLAIN,
            digits=1,
        ),
    ]
    if is_aimed:
        rows[0] = _aimed(rows[0].name, rows[0].ours, 2)
    if changed := sum(check.changed for check in seen):
        written = sum(check.writes for check in seen) / changed
        rows.append(_aimed("  writes for each subscription's change", written, 1))
    return rows


def _aimed(
    name: str, ours: float, most: float | None, *, theirs: float | None = None, beside: str = ""
) -> Figure:
    """Make a row with an aim that must not be exceeded."""
    return Figure(
        name=name,
        ours=ours,
        theirs=theirs,
        beside=beside,
        digits=1,
        aim="" if most is None else f"{most:g} at most",
        failed=most is not None and ours > most,
    )
