"""Sends 3,000 signed commands at once: ``python -m tests.bench.burst``, or with ``--quick`` a few of them.

Each asks for a job, over 200 connections, as fast as loopback and the bot allow, and a bare Bolt app gets the
same in the same run. Each program has a process of its own. Every command that the bot acknowledged must get
one answer at its ``response_url``. Exits with 1 if one did not, or if a command was not acknowledged.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from math import nan
from pathlib import Path

from tests.bench import acks
from tests.bench.acks import MS, count, pair
from tests.bench.figures import Figure, quantile, show
from tests.bench.lookup import prepare_environment
from tests.bench.processes import standins

JOBS = 500
LATENCY = 0.1
"""Seconds that MetaStudio takes to answer."""
ALL_AT_ONCE = 1e9
"""Commands a second: all are due at the beginning."""


def options() -> argparse.Namespace:
    """Read the command line; ``--quick`` changes the defaults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--commands", type=int, default=300 if quick else 3000, help="in one burst")
    parser.add_argument("--rounds", type=int, default=1 if quick else 3, help="bursts for each app")
    return parser.parse_args()


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Let both apps have the same bursts, and write the table."""
    async with (
        standins(folder, latency=LATENCY, jobs=JOBS) as world,
        acks.both_apps(world, jobs=JOBS) as sides,
    ):
        commands = given.commands * given.rounds
        seen = await acks.in_turns(sides, commands=commands, rate=ALL_AT_ONCE, rounds=given.rounds)
        return list(_figures(seen, burst=given.commands))


def _figures(sides: acks.Sides, *, burst: int) -> Iterator[Figure]:
    ours, theirs = sides

    def both(name: str, what: Callable[[acks.Side], float], aim: str = "") -> Figure:
        return pair(name, what(ours), what(theirs), aim)

    yield count("commands", len(ours.acks), len(theirs.acks))
    yield count("  not acknowledged with 200", ours.refused, theirs.refused, expected=0)
    yield count("  acknowledged, not answered", ours.unanswered, expected=0)
    yield count("  answered twice", ours.answered_twice, expected=0)
    yield count("  answered without the card", ours.without_card, expected=0)
    yield both("acknowledged a second, in the slowest burst", lambda side: burst * MS / max(side.ack_ms))
    yield both("ack p50, ms, from the sending", lambda side: quantile(side.sent_to_ack_ms, 0.5))
    yield both("ack p99, ms", lambda side: quantile(side.sent_to_ack_ms, 0.99), "2 at most")
    yield both("ack slowest, ms", lambda side: max(side.sent_to_ack_ms))
    yield both("ack p99, ms, from the beginning", lambda side: quantile(side.ack_ms, 0.99), "2 at most")
    yield both("CPU of one command, card and all, ms", lambda side: side.cpu_ms, "4.5 at most")
    yield count("requests to MetaStudio", ours.requests)
    yield Figure(name="card p50, ms", ours=quantile(ours.card_ms, 0.5))
    yield Figure(name="card slowest, ms", ours=max(ours.card_ms, default=nan))


def main() -> None:
    """Send, print the table, and exit."""
    given = options()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        figures = asyncio.run(measure(given, Path(folder)))
    show(figures, f"{given.commands:,} commands for {JOBS} jobs at once; MetaStudio takes {LATENCY:g} s")
    sys.exit(any(figure.failed for figure in figures))


if __name__ == "__main__":
    main()
