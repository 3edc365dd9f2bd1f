"""Kills the bot a hundred times: ``python -m tests.bench.kill``, or ``--kills 500``, or ``--seed`` to repeat.

With ``--quick`` it is killed twice.

While jobs change, people subscribe, and Slack and MetaStudio fail now and then, the bot is killed by SIGKILL
at moments that matter, and started again at once. Then ``--stops`` rounds end it with SIGTERM instead, and no
answer of Slack's is lost: after those, nothing may come twice. Exits with 1 if anything was lost, told in
another order, or repeated without a kill or a lost answer that explains it.
"""

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, show
from tests.bench.lookup import prepare_environment
from tests.scenarios.killing import Outcome, Plan, play

PATIENCE = 60.0


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--kills", type=int, default=2 if quick else 100)
    parser.add_argument("--stops", type=int, default=1 if quick else 10, help="ends by SIGTERM")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--no-lost-answers", action="store_true", help="Slack says so of all that it takes")
    parser.add_argument("--timeline", action="store_true", help="print what led to each repeat")
    return parser.parse_args()


def plans(given: argparse.Namespace) -> list[Plan]:
    """Plan the kills, and then the stops."""
    lost = not given.no_lost_answers
    return [
        Plan(seed=given.seed, kills=given.kills, lost_answers=lost, hangs=True, patience=PATIENCE),
        Plan(seed=given.seed, kills=given.stops, lost_answers=False, how=signal.SIGTERM),
    ]


async def run(planned: Sequence[Plan], folder: Path) -> list[Outcome]:
    """Play one plan after the other."""
    outcomes = []
    for plan in planned:
        if plan.kills:
            print(f"{plan.how.name}: {plan.kills} times, seed {plan.seed}", file=sys.stderr, flush=True)
            place = folder / plan.how.name
            place.mkdir()
            outcomes.append(await play(plan, place))
    return outcomes


def figures(outcome: Outcome) -> list[Figure]:
    """Write the rows of one plan."""
    allowed, repeats = outcome.repeats_allowed, outcome.repeats
    return [
        Figure(name=f"{outcome.how.name}: ends of the bot", ours=outcome.kills),
        Figure(name="  subscriptions", ours=outcome.subscriptions),
        Figure(name="  changes that jobs made", ours=outcome.changes),
        Figure(name="  changes told (not those between two checks)", ours=outcome.told),
        Figure(name="  failures of Slack and MetaStudio", ours=outcome.faults),
        Figure(name="  messages taken without an answer", ours=outcome.lost_answers),
        Figure(name="  repeats", ours=repeats, aim=f"{allowed} at most", failed=repeats > allowed),
        _none("  lost", outcome.lost),
        _none("  out of order", outcome.disorder),
        _none("  other breaches", outcome.others),
    ]


def _none(name: str, found: Sequence[str]) -> Figure:
    return Figure(name=name, ours=len(found), aim="0", failed=bool(found))


def main() -> None:
    """Kill, print the table and every breach, and exit."""
    given = options()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        outcomes = asyncio.run(run(plans(given), Path(folder)))
    breaches = [breach for outcome in outcomes for breach in outcome.breaches]
    for outcome in outcomes:
        if outcome.breaches or given.timeline:
            print(outcome.timeline, *outcome.breaches, sep="\n")
    rows = [row for outcome in outcomes for row in figures(outcome)]
    show(rows, f"seed {given.seed}, {time.monotonic() - started:.0f} s")
    sys.exit(bool(breaches))


if __name__ == "__main__":
    main()
