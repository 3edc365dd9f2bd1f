"""Simulates weeks of a team: ``python -m tests.bench.attention``, or with ``--quick`` in a few seconds.

Jobs wait for people who look at Slack now and then, with and without reminders and claims: how long until
somebody takes a job, and until it moves; and what the bot says meanwhile. The people are a model with assumed
numbers (``people.py``): the table compares, it does not forecast. The same seed gives the same table.

A turn is taken when the first person decides to see to it, whether or not they tell so, or forget it later.
One that nobody has taken, or moved, at the end counts with its hours until then; all hours of the clock
count, nights and weekends too. Exits with 1 if an aim is missed.
"""

import argparse
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from math import nextafter
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.table import Column, Table

from tests.bench.people import DAY, HOUR
from tests.bench.pure_bot import BATCH, MEMBERS, PROJECT, SINGLE
from tests.bench.report import Figure, options, progress, quantile, run
from tests.bench.weeks import TIMES, Outcome, Turn, Variant, Weeks

VARIANTS = {
    "neither": Variant(reminders=False, claims=False),
    "reminders": Variant(reminders=True, claims=False),
    "claims": Variant(reminders=False, claims=True),
    "both": Variant(reminders=True, claims=True),
}
SHARES = {"median": 0.5, "90 %": 0.9, "longest": 1.0}
LONG = 3 * DAY
MOST_EDITS = 2
"""Of a board, in any minute."""


async def measure(given: argparse.Namespace, _: Path) -> list[Figure]:
    """Run all variants, and print them side by side; return what has an aim."""
    outcomes = {}
    for name, variant in VARIANTS.items():
        progress(name)
        outcomes[name] = Weeks(variant, seed=given.seed, jobs=given.jobs, weeks=given.weeks).run()
    show(given, outcomes)
    return aims(outcomes)


def show(given: argparse.Namespace, outcomes: dict[str, Outcome]) -> None:
    """Print the table."""
    title = f"{given.jobs} jobs in {given.weeks} weeks, {len(MEMBERS)} people, seed {given.seed}"
    table = Table("", *(Column(name, justify="right") for name in outcomes), title=title)
    for name, value in ROWS.items():
        table.add_row(name, *(f"{value(each):,.4g}" for each in outcomes.values()))
    Console(width=120).print(table)


def waited(outcome: Outcome) -> list[Turn]:
    """Return the turns that waited for somebody: not those of whoever uploads as they create a job."""
    return [turn for turn in outcome.turns if not turn.is_creators]


def to_taken(turn: Turn, end: int) -> float:
    """Return the hours until a turn was taken."""
    return ((end if turn.taken is None else turn.taken) - turn.began) / HOUR


def to_moved(turn: Turn, end: int) -> float:
    """Return the hours until the job moved."""
    return ((end if turn.moved is None else turn.moved) - turn.began) / HOUR


def hours(how: Callable[[Turn, int], float], share: float, outcome: Outcome) -> float:
    """Return the hours that this share of the turns does not exceed."""
    return quantile([how(turn, outcome.end) for turn in waited(outcome)], share)


def longer(how: Callable[[Turn, int], float], outcome: Outcome) -> int:
    """Count the turns that took too long."""
    return sum(how(turn, outcome.end) * HOUR > LONG for turn in waited(outcome))


def doubled(outcome: Outcome) -> int:
    """Count those who did what somebody else was doing."""
    return sum(max(0, turn.starts - 1) for turn in outcome.turns)


def messages(channel: str, outcome: Outcome) -> float:
    """Return how many messages a channel got for each job that it heard of."""
    return outcome.sent.posted[channel] / sum(here == channel for here, _ in outcome.sent.about)


def most_edits(outcome: Outcome) -> int:
    """Return the most edits of one board in any minute."""
    edits = outcome.sent.edits.values()
    return max(bisect_left(times, at + 60) - place for times in edits for place, at in enumerate(times))


def a_day(outcome: Outcome) -> float:
    """Return the direct messages of those people and days that had any, on average."""
    return mean(outcome.sent.direct.values() or [0])


ROWS: dict[str, Callable[[Outcome], float]] = {
    "turns that waited for somebody": lambda it: len(waited(it)),
    **{f"hours to taken, {name}": partial(hours, to_taken, share) for name, share in SHARES.items()},
    **{f"hours to moved, {name}": partial(hours, to_moved, share) for name, share in SHARES.items()},
    "turns not taken for 3 days": partial(longer, to_taken),
    "turns not moved for 3 days": partial(longer, to_moved),
    "never taken": lambda it: sum(turn.taken is None for turn in waited(it)),
    "work that was done twice": doubled,
    "messages a job: jobs followed one by one": partial(messages, SINGLE),
    "messages a job: a batch": partial(messages, BATCH),
    "messages a job: the project": partial(messages, PROJECT),
    "messages of one job in a channel, most": lambda it: max(it.sent.about.values()),
    "edits of a board in a minute, most": most_edits,
    "direct messages a person and day with any": a_day,
    "direct messages a person and day, most": lambda it: max(it.sent.direct.values(), default=0),
}


def too_many(outcome: Outcome) -> int:
    """Count the messages in channels beyond a card, one for each turn, one at the end, and reminders.

    Each turn has as many reminders as the times say, though of the first the channel itself hears only where
    it is of several jobs.
    """
    allowed: dict[str, int] = {}
    for turn in outcome.turns:
        ended = outcome.end if turn.moved is None else turn.moved
        last = TIMES.last_due(turn.began, None, 0, ended)
        allowed[turn.job_id] = allowed.get(turn.job_id, 2) + 1 + (last[0] if last else 0)
    return sum(max(0, number - allowed[job]) for (_, job), number in outcome.sent.about.items())


def taken_later(outcome: Outcome, without: Outcome) -> int:
    """Count the jobs whose first turn was taken later than without; later turns don't begin alike."""
    firsts = first_turns(without)
    return sum(
        to_taken(turn, outcome.end) > to_taken(firsts[job], without.end)
        for job, turn in first_turns(outcome).items()
        if job in firsts
    )


def first_turns(outcome: Outcome) -> dict[str, Turn]:
    """Return the first turn of each job that waited for somebody."""
    return {turn.job_id: turn for turn in reversed(waited(outcome))}


def aims(outcomes: dict[str, Outcome]) -> list[Figure]:
    """Make the rows that have an aim."""
    without, both = outcomes["neither"], outcomes["both"]
    before, after = (hours(to_taken, SHARES["90 %"], each) for each in (without, both))
    lower = nextafter(before, 0)
    figures = [Figure("hours to taken, 90 %: both", after, before, "neither", digits=1, most=lower)]
    for name, value, most in (
        ("first turns taken later than with neither", partial(taken_later, without=without), 0),
        ("messages beyond what the design says", too_many, 0),
        ("edits of a board in a minute", most_edits, MOST_EDITS),
    ):
        figures += [Figure(f"{name}: {variant}", value(it), most=most) for variant, it in outcomes.items()]
    return figures


if __name__ == "__main__":
    given = options(
        __doc__,
        jobs=(200, 60, "that are created"),
        weeks=(4, 2, "that are simulated"),
        seed=(1, 1, "to repeat a run, or to have another"),
    )
    run(partial(measure, given), f"seed {given.seed}, {given.jobs} jobs, {given.weeks} weeks")
