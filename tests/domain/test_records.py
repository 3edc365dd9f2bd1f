"""What is read from the records: what is pending, what a card shows, and the numbers for the metrics."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.following import Counts, Following, counts_of
from bot.domain.jobs import GONE, STATES, Job
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Level
from tests.records import BOB, NOW, following, fresh, paused, record

A, B, C = "AUDITING", "WAITING", "PROCESSING"

PATHS: dict[str, tuple[Following, tuple[str, ...], int | None]] = {
    "no card yet": (fresh(A, B), (), None),
    "told": (following(A, B, told=1), (), None),
    "two changes": (following(A, B, C), (A, B, C), NOW - 60),
    "one of two told": (following(A, B, C, told=1), (B, C), NOW),
    "the same state once more": (following(A, A), (A, A), NOW),
    "ended by a person": (following(A, B, stopped_by=BOB), (), None),
}
"""A followed job, the path that its channel was not told yet, and when the first change of that was seen."""


@pytest.mark.parametrize(("found", "path", "since"), PATHS.values(), ids=PATHS)
def test_what_is_pending(found: Following, path: tuple[str, ...], since: int | None) -> None:
    """A path begins with the state that the channel knows, and has each one since."""
    assert (found.path, found.pending_since) == (path, since)


@pytest.mark.parametrize(("told", "path"), [(7, (B, C)), (6, (A, B, C)), (2, (A, B, C))])
def test_path_of_a_job_whose_first_sights_were_dropped(told: int, path: tuple[str, ...]) -> None:
    """The numbers of the sights stay; of what is not kept any more, the rest is told."""
    found = following(A, B, C, told=told)

    assert replace(found, record=replace(found.record, first=6)).path == path


def test_what_is_important() -> None:
    """What asks somebody to act, or may do so, and the end of a job are important; the way is not."""
    over = {"SUCCEED", "FAILED", GONE}
    important = over | {"CREATING", "AUDIT_FAILED", "USER_RESULT_REVIEW", "SPLIT_FAILED", "NEW", ""}

    assert {state for state in [*STATES, GONE, "NEW", ""] if following(state).is_important} == important


def test_fingerprint_is_of_what_the_card_shows() -> None:
    """Everything that a card shows of the present makes another one, and nothing else does."""
    once_more = replace(record(B), job=Job(job_id="job-1", state=B, reject_times=2))
    others = [following(A), following(B, language=Language.ZH), replace(following(B), record=once_more)]
    others += [following(B, stopped_by="U2"), following(B, stopped_by="U3")]
    fields: dict[str, Any] = {"level": Level.IMPORTANT, "pause": paused(), "delivered_at": 1}
    same = following(A, B, told=1, **fields)

    assert same.fingerprint == following(B).fingerprint
    assert len({each.fingerprint for each in [same, *others]}) == 6


THERE = Address("T1", "C2")
ONE: dict[str, Any] = {"followed_jobs": 1, "subscriptions": 1}
PENDING: dict[str, Any] = {"pending_notices": 1, "oldest_pending_since": NOW}
OLDER = following(A, B, C, address=THERE, job_id="job-2")
COUNTED: dict[str, tuple[list[Following], dict[str, Any]]] = {
    "nothing": ([], {}),
    "one job in two channels": ([following(), following(address=THERE)], ONE | {"subscriptions": 2}),
    "paused": ([following(A, B, pause=paused())], ONE | {"paused_subscriptions": 1}),
    "over": ([following(A, "FAILED")], {"subscriptions": 1} | PENDING),
    "ended": ([following(A, B, stopped_by=BOB)], {}),
    "oldest change": ([following(A, B), OLDER], Counts(2, 2, 0, 2, NOW - 60)._asdict()),
}
"""What is followed, and the numbers that are not 0."""


@pytest.mark.parametrize(("every", "numbers"), COUNTED.values(), ids=COUNTED)
def test_counts(every: list[Following], numbers: dict[str, Any]) -> None:
    """What is ended counts no more, and what is pending in a paused channel waits for people."""
    none = Counts(0, 0, 0, 0, oldest_pending_since=None)

    assert counts_of(every) == none._replace(**numbers)


@pytest.mark.parametrize(("state", "changed_at"), [(GONE, NOW), ("WAITING", 5)])
def test_a_job_that_is_gone_changed_when_that_was_seen(state: str, changed_at: int) -> None:
    """MetaStudio says no time of a deletion, and the last change before may be long ago."""
    found = following("PROCESSING", state)
    dated = replace(found.record, job=found.record.job.model_copy(update={"lastupdate_time": 5}))

    assert replace(found, record=dated).job.lastupdate_time == changed_at
