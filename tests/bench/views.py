"""Measures modals and App Homes: ``python -m tests.bench.views``, or with ``--quick`` in a few seconds.

A Bolt app that only opens an empty modal is measured in the same run: the opening may not take much longer,
and the first content has to be there within a second, with a MetaStudio that answers in 300 ms. Everything
runs on loopback, each program in a process of its own. Exits with 1 if a view never comes.
"""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.bench.processes import Simulators, bare_app, bot, simulators
from tests.bench.report import MS, Figure, beside, options, quantile, run

LATENCY = 0.3
"""Seconds that MetaStudio takes to answer."""
JOBS = 200
SEVERAL = 5
"""Jobs that a message names."""
MODAL = "empty modal of a Bolt app"
AIM = "1,000 at most"


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Open modals of both apps in turns, then the bot's App Home."""
    world_of_views = simulators(folder, latency=LATENCY, jobs=JOBS, limited=False)
    async with world_of_views as world, bot(world) as ours, bare_app(world) as bare:
        await modal(world, ours.ready, 1), await modal(world, bare.ready, 0)  # the first ones warm up
        opened: list[float] = []
        empty: list[float] = []
        content: dict[int, list[float]] = {1: [], SEVERAL: []}
        for _ in range(given.rounds):
            for jobs, cards in content.items():
                empty += await modal(world, bare.ready, 0)
                open_at, cards_at = await modal(world, ours.ready, jobs)
                opened.append(open_at)
                cards.append(cards_at)
        first = MS * await world.call("open_home", ours.ready)
        homes = [MS * await world.call("refresh_home") for _ in range(given.rounds)]
        sent = await world.call("sent")
    return [
        *_percentiles("modal open", opened, empty),
        *_percentiles("modal with the card of one job", content[1]),
        *_percentiles(f"modal with the cards of {SEVERAL} jobs", content[SEVERAL]),
        Figure("App Home opened for the first time, ms", first, aim=AIM),
        *_percentiles("App Home, MetaStudio asked anew", homes),
        Figure("what Slack did not like", len(sent["violations"]), most=0),
    ]


async def modal(world: Simulators, app: str, jobs: int) -> list[float]:
    """Open a modal about so many jobs; return the ms until it is open, and until its cards are there."""
    return [MS * seconds for seconds in await world.call("open_modal", app, [*range(jobs)])]


def _percentiles(name: str, values: Sequence[float], compared: Sequence[float] = ()) -> Iterator[Figure]:
    for share in (0.5, 0.95):
        title, value = f"{name}, p{100 * share:.0f}, ms", quantile(values, share)
        if compared:
            pair = value, quantile(compared, share)
            yield beside(title, pair, "2 times at most", compared_with=MODAL)
        else:
            yield Figure(title, value, aim=AIM)


if __name__ == "__main__":
    given = options(__doc__, rounds=(30, 3, "modals of each kind and app, and App Homes"))
    run(partial(measure, given), f"{given.rounds} rounds, MetaStudio answers in {MS * LATENCY:.0f} ms")
