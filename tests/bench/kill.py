"""Kills the bot a hundred times: ``python -m tests.bench.kill``, or ``--kills 500``, or ``--seed`` to repeat.

With ``--quick`` it is killed twice.

While jobs change, people subscribe, and Slack and MetaStudio fail now and then, the bot is killed by SIGKILL
at moments that matter, and started again at once. Then ``--stops`` rounds end it with SIGTERM instead, and no
answer of Slack's is lost: after those, nothing may come twice. Exits with 1 if anything was lost, told in
another order, or repeated without a kill or a lost answer that explains it.
"""

import argparse
import secrets
import signal
from functools import partial
from pathlib import Path

from tests.bench.report import Figure, options, progress, run
from tests.scenarios.killing import Outcome, Plan, play


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Play the kills and then the stops, and print every breach."""
    figures = []
    for plan in (
        Plan(seed=given.seed, kills=given.kills, hangs=True),
        Plan(seed=given.seed, kills=given.stops, lost_answers=False, how=signal.SIGTERM),
    ):
        progress(f"{plan.how.name}: {plan.kills} times, seed {plan.seed}")
        (folder / plan.how.name).mkdir()
        outcome = await play(plan, folder / plan.how.name)
        if outcome.breaches:
            print(outcome.timeline, *outcome.breaches, sep="\n")
        figures += rows(plan, outcome)
    return figures


def rows(plan: Plan, outcome: Outcome) -> list[Figure]:
    """Make the rows of one plan."""
    return [
        Figure(f"{plan.how.name}: ends of the bot", plan.kills),
        Figure("  subscriptions", outcome.subscriptions),
        Figure("  changes that jobs made", outcome.changes),
        Figure("  changes told (not those between two checks)", outcome.told),
        Figure("  failures of Slack and MetaStudio", outcome.faults),
        Figure("  messages taken without an answer", outcome.lost_answers),
        Figure("  repeats", outcome.repeats, most=outcome.repeats_allowed),
        Figure("  lost", len(outcome.lost), most=0),
        Figure("  out of order", len(outcome.disorder), most=0),
        Figure("  other breaches", len(outcome.others), most=0),
    ]


if __name__ == "__main__":
    seed = secrets.randbelow(10**6)
    given = options(
        __doc__,
        kills=(100, 2, "ends by SIGKILL"),
        stops=(10, 1, "ends by SIGTERM"),
        seed=(seed, seed, "to repeat a run"),
    )
    run(partial(measure, given), f"seed {given.seed}")
