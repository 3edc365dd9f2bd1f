"""PURE. The ways of simulated jobs through MetaStudio's states, by what its pages and its console tell.

The whole takes from one to five working days, where no job waits for the customer. Shares are assumed: no
page tells how many jobs are sent back.
"""

from collections.abc import Mapping
from random import Random
from typing import Final, NamedTuple

from tests.bench.people import HOUR, worked


class Stage(NamedTuple):
    """How long a job stays in a state, in hours, and what follows how often."""

    shortest: float
    longest: float
    then: Mapping[str, float]
    is_done_by_people: bool = False
    """Whether only working hours count."""


STAGES: Final = {
    "CREATING": Stage(0.5, 4, {"SYSTEM_AUDITING": 1}, is_done_by_people=True),
    "SYSTEM_AUDITING": Stage(0.1, 1, {"AUDITING": 0.9, "AUDIT_FAILED": 0.1}),
    "AUDITING": Stage(
        2, 12, {"WAITING": 0.5, "WAITING_SPLIT": 0.3, "AUDIT_FAILED": 0.2}, is_done_by_people=True
    ),
    "AUDIT_FAILED": Stage(1, 6, {"SYSTEM_AUDITING": 1}, is_done_by_people=True),
    "WAITING_SPLIT": Stage(0.1, 1, {"SPLITTING": 1}),
    "SPLITTING": Stage(0.2, 2, {"ANNOTATING": 0.9, "SPLIT_FAILED": 0.1}),
    "SPLIT_FAILED": Stage(0.5, 4, {"SYSTEM_AUDITING": 1}, is_done_by_people=True),
    "ANNOTATING": Stage(0.5, 4, {"WAITING": 1}),
    "WAITING": Stage(1, 12, {"PROCESSING": 1}),
    "PROCESSING": Stage(4, 30, {"RESULT_REVIEW": 0.94, "FAILED": 0.06}),
    "RESULT_REVIEW": Stage(2, 12, {"USER_RESULT_REVIEW": 0.6, "UPLOADING": 0.4}, is_done_by_people=True),
    "USER_RESULT_REVIEW": Stage(
        0.3, 2, {"UPLOADING": 0.85, "USER_REVIEW_REJECT": 0.15}, is_done_by_people=True
    ),
    "USER_REVIEW_REJECT": Stage(1, 8, {"PROCESSING": 1}),
    "UPLOADING": Stage(0.1, 1, {"SUCCEED": 1}),
}
"""In a state that waits for the customer, the hours are those of the work that somebody has with it."""


def next_move(state: str, began: int, chance: Random) -> tuple[int, str] | None:
    """Return when the work on a job that begins then is done, and the next state; None where it is over."""
    if not (stage := STAGES.get(state)):
        return None
    seconds = HOUR * chance.uniform(stage.shortest, stage.longest)
    (then,) = chance.choices([*stage.then], [*stage.then.values()])
    return (worked(began, seconds) if stage.is_done_by_people else int(began + seconds)), then
