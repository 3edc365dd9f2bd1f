"""Measures the look-up: ``python -m tests.bench.lookup``, or with ``--quick`` in about half a minute.

Everything runs on loopback, each program in a process of its own. Times depend on the machine, so what counts
is the ratio to what stands beside the bot in the same run. Exits with 1 if a command was not acknowledged
with 200, or its card did not come.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import acks, clients, idle
from tests.bench.figures import Figure, show
from tests.bench.processes import standins

LATENCY = 0.3
"""Seconds that MetaStudio takes to answer, except where look-ups a second are counted."""


def options() -> argparse.Namespace:
    """Read the command line; ``--quick`` changes the defaults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--commands", type=int, default=200 if quick else 2000, help="for each app")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100, help="commands a second")
    parser.add_argument("--rounds", type=int, default=1 if quick else 4, help="turns of each side")
    # Above 1600 a second it would be the load, not the bare app, that gives out.
    parser.add_argument("--top", type=float, default=400 if quick else 1600, help="highest rate to try")
    parser.add_argument("--probe", type=float, default=1 if quick else 4, help="seconds at each rate")
    parser.add_argument("--steps", type=int, default=0 if quick else 3, help="halvings of the highest rate")
    parser.add_argument("--runs", type=int, default=1 if quick else 5, help="starts of each app")
    parser.add_argument(
        "--settle", type=float, default=1 if quick else 5, help="seconds before memory is read"
    )
    return parser.parse_args()


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure one thing after the other."""
    figures: list[Figure] = []
    async with standins(folder, latency=LATENCY, jobs=given.jobs) as world:
        async with acks.both_apps(world, jobs=given.jobs) as sides:
            _tell("acknowledgements")
            figures += await acks.acknowledgements(
                sides, commands=given.commands, rate=given.rate, rounds=given.rounds
            )
            _tell("highest rate")
            figures += await acks.highest_rate(
                sides, first=given.rate, top=given.top, probe_seconds=given.probe, steps=given.steps
            )
        _tell("memory and start")
        figures += await idle.memory(world, settle=given.settle)
        figures += await idle.start(world, runs=given.runs)
    async with standins(folder, latency=0, jobs=given.jobs) as world:
        _tell("look-ups a second")
        figures += await clients.look_ups(world, jobs=given.jobs, rounds=given.rounds)
    return figures


async def run(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure, and end all processes when this one is told to end."""
    measuring = asyncio.ensure_future(measure(given, folder))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, measuring.cancel)
    return await measuring


def _tell(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def prepare_environment(home: str) -> None:
    """Keep the clients in this process from the home directory and the proxies of this machine."""
    os.environ["HOME"] = home
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # where other processes find these modules
    for key in [key for key in os.environ if key.lower().endswith("_proxy")]:
        del os.environ[key]


def main() -> None:
    """Measure, print the table, and exit."""
    given = options()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        try:
            figures = asyncio.run(run(given, Path(folder)))
        except (asyncio.CancelledError, KeyboardInterrupt):
            sys.exit("stopped")
    caption = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {time.monotonic() - started:.0f} s"
    show(figures, f"{given.commands} commands for {given.jobs} jobs at {given.rate:g} a second; {caption}")
    sys.exit(any(figure.failed for figure in figures))


if __name__ == "__main__":
    main()
