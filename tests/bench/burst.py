"""Sends 3,000 signed commands at once: ``python -m tests.bench.burst``, or with ``--quick`` a few of them.

Each asks for a job, over 200 connections, as fast as loopback and the bot allow, and a bare Bolt app gets the
same in the same run. Each program has a process of its own. Every command that the bot acknowledged must get
one answer at its ``response_url``. Exits with 1 if one did not, or if a command was not acknowledged.
"""

import argparse
from functools import partial
from pathlib import Path

from tests.bench.load import both_apps, in_turns
from tests.bench.processes import simulators
from tests.bench.report import MS, Figure, beside, options, quantile, run

JOBS = 500
LATENCY = 0.1
"""Seconds that MetaStudio takes to answer."""
ALL_AT_ONCE = 1e9
"""Commands a second: all are due at the beginning."""


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Send both apps the same bursts."""
    commands = given.commands * given.rounds
    async with simulators(folder, latency=LATENCY, jobs=JOBS) as world, both_apps(world, jobs=JOBS) as apps:
        await in_turns(apps, commands=commands, rate=ALL_AT_ONCE, rounds=given.rounds)
    rates = (given.commands * MS / max(app.ack_ms) for app in apps)
    return [
        beside("commands", (len(app.acks) for app in apps), digits=0),
        *apps[0].failures(),
        beside("acknowledged a second, in the slowest burst", rates),
        beside("ack p50, ms", (quantile(app.ack_ms, 0.5) for app in apps)),
        beside("ack p99, ms", (quantile(app.ack_ms, 0.99) for app in apps), "2 at most"),
        beside("CPU of one command, card and all, ms", (app.cpu_ms for app in apps), "4.5 at most"),
        *apps[0].cards(),
    ]


if __name__ == "__main__":
    given = options(__doc__, commands=(3000, 300, "in one burst"), rounds=(3, 1, "bursts for each app"))
    caption = f"{given.commands:,} commands for {JOBS} jobs at once; MetaStudio takes {LATENCY:g} s"
    run(partial(measure, given), caption)
