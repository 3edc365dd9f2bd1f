"""Measures the watching: ``python -m tests.bench.watch``, or with ``--quick`` in about half a minute.

10,000 subscriptions to 5,000 jobs from 1,000 channels: what loading them takes, what a check takes, and how
long it takes until 1,000 channels are told. Everything runs on loopback; the stand-ins have a process of
their own, so that the processor's time is the bot's alone. The bot keeps Slack's pace, and the table takes
about seven minutes; with ``--quick`` there are fewer jobs, the pace is that of a test, and times have no aim.
Exits with 1 if an aim is missed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tests.bench.checks import checks, loading
from tests.bench.figures import Figure, show
from tests.bench.lookup import prepare_environment
from tests.bench.spread import spreading


def options() -> argparse.Namespace:
    """Read the command line; ``--quick`` changes the defaults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--jobs", type=int, default=200 if quick else 5000)
    parser.add_argument("--channels", type=int, default=40 if quick else 1000)
    parser.add_argument("--only", choices=["load", "check", "spread"], help="a part of it")
    parser.add_argument("--profile", action="store_true", help="profile a check in which nothing changed")
    return parser.parse_args()


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure one thing after the other."""
    figures: list[Figure] = []
    parts: Mapping[str, Callable[[], Awaitable[list[Figure]]]] = {
        "load": lambda: loading(folder, given.jobs, given.channels),
        "check": lambda: checks(
            folder, given.jobs, given.channels, profile=given.profile, is_timed=not given.quick
        ),
        "spread": lambda: spreading(folder, given.jobs, given.channels, quick=given.quick),
    }
    for name, part in parts.items():
        if given.only in (None, name):
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            figures += await part()
    return figures


def main() -> None:
    """Measure, print the table, and exit."""
    given = options()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        figures = asyncio.run(measure(given, Path(folder)))
    taken = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {time.monotonic() - started:.0f} s"
    caption = f"{2 * given.jobs:,} subscriptions, {given.jobs:,} jobs, {given.channels:,} channels; {taken}"
    show(figures, caption)
    sys.exit(any(figure.failed for figure in figures))


if __name__ == "__main__":
    main()
