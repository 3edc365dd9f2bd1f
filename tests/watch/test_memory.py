"""What the watcher remembers of a job."""

import pytest

from bot.domain.jobs import Job
from bot.domain.sightings import STALE_SECONDS, proof_needed
from bot.watch.memory import Memory


def job_of(state: str, time: int | None, times: int | None = None) -> Job:
    return Job(job_id="job-1", state=state, lastupdate_time=time, reject_times=times)


def test_how_long_only_doubtful_answers_come() -> None:
    """Any other answer ends it."""
    memory, known = Memory(), [job_of("PROCESSING", 900), job_of("PROCESSING", None)]
    old, same = job_of("WAITING", 800), job_of("PROCESSING", 900)
    answers = [(100.0, old), (160.0, old), (170.0, same), (180.0, old), (185.0, old)]

    assert [memory.doubts(job, known, at, undated=60) for at, job in answers] == [0, 60, 0, 0, 5]


def test_what_was_doubted_is_believed_once_it_is_written_down() -> None:
    """The past that spoke against it does not count any more."""
    memory, now, old = Memory(), job_of("PROCESSING", 900), job_of("WAITING", 800)
    memory.past.met(now, 1000)
    memory.doubts(old, [now], 100.0, undated=60)
    memory.changed(now)

    assert memory.past.newest is None
    assert memory.doubts(job_of("PROCESSING", 850), [old], 200.0, undated=60) == 0


@pytest.mark.parametrize(
    ("known", "answer", "proof"),
    [
        (("B", 900, 1), ("C", 906, 1), 0),
        (("B", 900, 1), ("C", 896, 1), 0),
        (("B", 900, 1), ("C", 894, 1), STALE_SECONDS),
        (("B", 900, 1), ("C", None, 1), 60),
        (("B", None, 1), ("C", None, 1), 60),
        (("B", 900, 1), ("A", 903, 1), STALE_SECONDS),
        (("B", 900, 1), ("A", 900, 2), 0),
        (("B", None, None), ("A", None, None), 60),
        (("B", None, None), ("A", 800, 1), STALE_SECONDS),
        (("B", 900, 2), ("B", 900, 1), STALE_SECONDS),
        (("B", 900, 1), ("B", 800, None), 0),
    ],
)
def test_which_answers_need_proof(
    known: tuple[str, int | None, int | None], answer: tuple[str, int | None, int | None], proof: float
) -> None:
    """Times decide, if they are known and not too close; then counts. The job was in state A before."""
    memory = Memory()
    memory.past.met(job_of("A", 895), 1000)
    memory.changed(job_of("A", 895, 1))

    assert proof_needed(job_of(*answer), job_of(*known), memory.past, undated=60) == proof


def test_a_time_far_ahead_is_a_mistake() -> None:
    """It would make all that comes later an older answer."""
    memory = Memory()
    for time in (900, 1000 + int(STALE_SECONDS) + 1, 950):
        memory.past.met(job_of("A", time), 1000)

    assert memory.past.newest == 950
