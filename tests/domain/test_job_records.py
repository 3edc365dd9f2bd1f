"""A job's record: what an answer changes in it, and which change the store takes."""

import pytest

from bot.domain.job_records import MOST_SIGHTS, new_record, observed, with_answer
from bot.domain.jobs import Job
from bot.domain.records import JobRef, Records, Sight

REF = JobRef.of("job-1")
JOB = Job(job_id="job-1", state="WAITING", reject_times=1, voice_name="Anna")
RECORD = new_record(REF, JOB, 100)


@pytest.mark.parametrize(
    ("answer", "states", "name"),
    [
        (JOB, ["WAITING"], "Anna"),
        (JOB.model_copy(update={"voice_name": "Berta"}), ["WAITING"], "Anna"),
        (JOB.model_copy(update={"state": None, "reject_times": 2}), ["WAITING"], "Anna"),
        (JOB.model_copy(update={"reject_times": 2}), ["WAITING", "WAITING"], "Anna"),
        (Job(state="PROCESSING"), ["WAITING", "PROCESSING"], "Anna"),
        (Job(state="PROCESSING", voice_name="Berta"), ["WAITING", "PROCESSING"], "Berta"),
        (None, ["WAITING", "gone"], "Anna"),
    ],
)
def test_what_an_answer_changes(answer: Job | None, states: list[str], name: str) -> None:
    """Another state, or the same one entered again, is another sight; what is absent stays as it was."""
    record = with_answer(RECORD, answer, 200)

    assert [sight.state for sight in record.sights] == states
    assert (record.number, record.id, record.job.voice_name) == (len(states) - 1, RECORD.id, name)
    assert (record is RECORD) == (len(states) == 1)


def test_a_missing_count_is_added() -> None:
    """It is needed to tell that the state is entered again, and is no sight."""
    record = new_record(REF, JOB.model_copy(update={"reject_times": None}), 100)

    assert with_answer(record, JOB, 200).job.reject_times == 1
    assert with_answer(record, JOB, 200).sights == record.sights


def test_a_gone_job_stays_gone() -> None:
    """That it is missing still is no news."""
    gone = with_answer(RECORD, None, 200)

    assert with_answer(gone, None, 300) is gone


def test_the_first_of_many_sights_are_dropped() -> None:
    """The numbers of those that stay are what they were."""
    record = RECORD
    for number in range(1, MOST_SIGHTS + 2):
        record = with_answer(record, JOB.model_copy(update={"state": f"S{number}"}), 100 + number)

    assert (record.number, record.first, len(record.sights)) == (MOST_SIGHTS + 1, 2, MOST_SIGHTS)
    assert record.since(2)[0] == Sight("S2", 102)


def test_only_a_record_that_is_as_it_was_known_is_replaced() -> None:
    """One that was made anew stays, and one that was deleted is not made again; others are replaced."""
    other = new_record(JobRef.of("job-2"), JOB, 100)
    anew = new_record(REF, JOB, 100)
    new, new_other = with_answer(RECORD, None, 200), with_answer(other, None, 200)
    change = observed([(RECORD, new), (other, new_other)])

    assert change(Records.of(RECORD, other)) == Records.of(new, new_other)
    assert change(Records.of(anew, other)) == Records.of(new_other)
    assert change(Records({REF: None, other.ref: other})) == Records.of(new_other)
