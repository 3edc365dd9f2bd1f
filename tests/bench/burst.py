"""Sends 3,000 signed commands at once: ``python -m tests.bench.burst``, or with ``--quick`` a few of them.

Each asks for a job, over 200 connections, as fast as loopback and the bot allow, and a bare Bolt app gets the
same in the same run. Each program has a process of its own. Every command that the bot acknowledged must get
one answer at its ``response_url``. Exits with 1 if one did not, or if a command was not acknowledged.
"""

import argparse
from functools import partial
from math import nan
from pathlib import Path

from tests.bench.acks import OK, both, both_apps, in_turns
from tests.bench.processes import BARE_APP, simulators
from tests.bench.report import MS, Figure, options, quantile, run, zero

JOBS = 500
LATENCY = 0.1
"""Seconds that MetaStudio takes to answer."""
ALL_AT_ONCE = 1e9
"""Commands a second: all are due at the beginning."""


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Send both apps the same bursts."""
    commands = given.commands * given.rounds
    async with simulators(folder, latency=LATENCY, jobs=JOBS) as world, both_apps(world, jobs=JOBS) as apps:
        ours, theirs = await in_turns(apps, commands=commands, rate=ALL_AT_ONCE, rounds=given.rounds)
    all_ms = [ours.ack_ms, theirs.ack_ms]
    sent_ms = [[MS * (ack.seconds - ack.late) for ack in app.acks] for app in (ours, theirs)]
    answered = [ours.answers[ack.number] for ack in ours.acks if ack.status == OK]
    return [
        Figure("commands", len(ours.acks), len(theirs.acks), BARE_APP),
        zero("  not acknowledged with 200", ours.refused, theirs.refused, BARE_APP),
        zero("  acknowledged, not answered", answered.count(0)),
        zero("  answered twice", sum(times > 1 for times in ours.answers.values())),
        zero("  answered without the card", ours.without_card),
        both("acknowledged a second, in the slowest burst", (given.commands * MS / max(ms) for ms in all_ms)),
        both("ack p50, ms, from the sending", (quantile(ms, 0.5) for ms in sent_ms)),
        both("ack p99, ms", (quantile(ms, 0.99) for ms in sent_ms), "2 at most"),
        both("ack slowest, ms", map(max, sent_ms)),
        both("ack p99, ms, from the beginning", (quantile(ms, 0.99) for ms in all_ms), "2 at most"),
        both("CPU of one command, card and all, ms", (ours.cpu_ms, theirs.cpu_ms), "4.5 at most"),
        Figure("requests to MetaStudio", ours.requests),
        Figure("card p50, ms", quantile(ours.card_ms, 0.5)),
        Figure("card slowest, ms", max(ours.card_ms, default=nan)),
    ]


if __name__ == "__main__":
    given = options(__doc__, commands=(3000, 300, "in one burst"), rounds=(3, 1, "bursts for each app"))
    caption = f"{given.commands:,} commands for {JOBS} jobs at once; MetaStudio takes {LATENCY:g} s"
    run(partial(measure, given), caption)
