"""Which jobs wait for the customer, and in what order jobs are told."""

import pytest

from bot.domain.jobs import STATES, Job, Phase
from bot.domain.waiting import WAITING_STATES, recent, waiting


def job(job_id: str, state: str | None = "CREATING", at: int | None = None) -> Job:
    return Job(job_id=job_id, state=state, lastupdate_time=at)


def test_states_that_wait() -> None:
    """They are those in which it is the customer's turn, and a failed splitting; the filter takes 128."""
    ours = {state for state, meaning in STATES.items() if meaning.phase is Phase.WAITS_FOR_CUSTOMER}

    assert {*WAITING_STATES} == ours | {"SPLIT_FAILED"}
    assert len(",".join(WAITING_STATES)) <= 128


@pytest.mark.parametrize("state", [*STATES, "gone", "BRAND_NEW", "", None])
def test_what_waits(state: str | None) -> None:
    """No other state is told, whatever MetaStudio's filter let through."""
    assert bool(waiting([job("a", state)])) is (state in WAITING_STATES)


@pytest.mark.parametrize(
    ("jobs", "longest_wait_first", "most_recent_first"),
    [
        ([], "", ""),
        ([job("a", at=2), job("b", at=1), job("c", at=3)], "bac", "cab"),
        ([job("a"), job("b", at=1)], "ba", "ba"),
        ([job("b", at=1), job("a", at=1)], "ab", "ab"),
        ([job("a", at=2), job("b", at=1), job("a", at=0)], "ba", "ab"),
        ([job("a", at=2), job("A", at=1)], "a", "a"),
    ],
    ids=["none", "by time", "without a time last", "equal times by id", "each once", "whatever the case"],
)
def test_order(jobs: list[Job], longest_wait_first: str, most_recent_first: str) -> None:
    """Each job is told once, in an order that does not depend on that of the answer."""
    for found, expected in ((waiting(jobs), longest_wait_first), (recent(jobs), most_recent_first)):
        assert "".join(each.job_id or "" for each in found) == expected
