"""A job's record: what an answer changes in it, and which change the store takes."""

import pytest

from bot.domain.job_records import MOST_SIGHTS, new_record, observed, with_answer
from bot.domain.jobs import Job
from bot.domain.keys import JobRef
from bot.domain.records import Records, Sight

REF = JobRef.of("job-1")
JOB = Job(job_id="job-1", state="WAITING", reject_times=1, voice_name="Anna")
RECORD = new_record(REF, JOB, 100)


LATER = "WAITING", "PROCESSING"
ANSWERS: list[tuple[Job | None, tuple[str, ...], str]] = [
    (JOB, ("WAITING",), "Anna"),
    (JOB.model_copy(update={"voice_name": "Berta"}), ("WAITING",), "Anna"),
    (JOB.model_copy(update={"state": None, "reject_times": 2}), ("WAITING",), "Anna"),
    (JOB.model_copy(update={"reject_times": 2}), ("WAITING", "WAITING"), "Anna"),
    (Job(state="PROCESSING"), LATER, "Anna"),
    (Job(state="PROCESSING", voice_name="Berta"), LATER, "Berta"),
    (None, ("WAITING", "gone"), "Anna"),
]


@pytest.mark.parametrize(("answer", "states", "name"), ANSWERS)
def test_what_an_answer_changes(answer: Job | None, states: tuple[str, ...], name: str) -> None:
    """Another state, or the same one entered again, is another sight; what is absent stays as it was."""
    record = with_answer(RECORD, answer, 200)

    assert tuple(sight.state for sight in record.sights) == states
    assert (record.number, record.id, record.job.voice_name) == (len(states) - 1, RECORD.id, name)
    assert (record is RECORD) == (len(states) == 1)


def test_what_is_no_sight() -> None:
    """A count is added where it was missing; that a gone job is missing still is no news."""
    record = new_record(REF, JOB.model_copy(update={"reject_times": None}), 100)
    counted = with_answer(record, JOB, 200)
    gone = with_answer(RECORD, None, 200)

    assert (counted.job.reject_times, counted.sights) == (1, record.sights)
    assert with_answer(gone, None, 300) is gone


BATCHED = Job(job_id="job-1", state="WAITING", reject_times=1, lastupdate_time=50, batch_name="A", tag="NEWS")
WHOLE, PARTIAL = {"create_time": 10}, {"create_time": None}


@pytest.mark.parametrize(
    ("answer", "labels"),
    [
        ({"batch_name": "B"} | PARTIAL, ("B", "NEWS")),
        ({"batch_name": None} | WHOLE, (None, "NEWS")),
        ({"batch_name": None, "tag": "LIVE"} | PARTIAL, ("A", "LIVE")),
        ({"batch_name": None, "tag": "LIVE", "lastupdate_time": None} | WHOLE, (None, "LIVE")),
        ({"batch_name": "B", "lastupdate_time": 49} | WHOLE, ("A", "NEWS")),
        ({"batch_name": "B", "state": None} | WHOLE, ("A", "NEWS")),
        ({"batch_name": None, "state": "PROCESSING"} | WHOLE, (None, "NEWS")),
        ({"batch_name": None, "state": "PROCESSING"} | PARTIAL, ("A", "NEWS")),
    ],
)
def test_labels_are_those_of_the_latest_answer(
    answer: dict[str, object], labels: tuple[str | None, str | None]
) -> None:
    """They need no other state; that one is absent counts in an answer that is not in parts."""
    known = new_record(REF, BATCHED, 100)
    record = with_answer(known, BATCHED.model_copy(update=answer), 200)

    assert (record.job.batch_name, record.job.tag) == labels
    assert record.number == (answer.get("state") is not None)
    assert (record is known) == (labels == ("A", "NEWS") and not record.number)


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
