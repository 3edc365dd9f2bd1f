"""The watcher's state for each job."""

import pytest

from bot.domain.jobs import Job
from bot.domain.staleness import STALE_SECONDS, confirmation_needed
from bot.watch.memory import Memory


def job_of(state: str, time: int | None, times: int | None = None) -> Job:
    return Job(job_id="job-1", state=state, lastupdate_time=time, reject_times=times)


def test_how_long_answers_stay_unconfirmed() -> None:
    """Any other answer ends it."""
    memory, known = Memory(), [job_of("PROCESSING", 900), job_of("PROCESSING", None)]
    old, same = job_of("WAITING", 800), job_of("PROCESSING", 900)
    answers = [(100.0, old), (160.0, old), (170.0, same), (180.0, old), (185.0, old)]

    assert [memory.unconfirmed(job, known, at, unordered=60) for at, job in answers] == [0, 60, 0, 0, 5]


def test_a_recorded_change_is_confirmed() -> None:
    """The history that contradicted it is dropped."""
    memory, now, old = Memory(), job_of("PROCESSING", 900), job_of("WAITING", 800)
    memory.history.record_answer(now, 1000)
    memory.unconfirmed(old, [now], 100.0, unordered=60)
    memory.changed(now)

    assert memory.history.last_update is None
    assert memory.unconfirmed(job_of("PROCESSING", 850), [old], 200.0, unordered=60) == 0


@pytest.mark.parametrize(
    ("known", "answer", "seconds"),
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
def test_which_answers_need_confirmation(
    known: tuple[str, int | None, int | None], answer: tuple[str, int | None, int | None], seconds: float
) -> None:
    """Times decide, if they are known and not too close; then counts. The job was in state A before."""
    memory = Memory()
    memory.history.record_answer(job_of("A", 895), 1000)
    memory.changed(job_of("A", 895, 1))

    assert confirmation_needed(job_of(*answer), job_of(*known), memory.history, unordered=60) == seconds


def test_a_time_far_ahead_is_a_mistake() -> None:
    """It would make all that comes later an older answer."""
    memory = Memory()
    for time in (900, 1000 + int(STALE_SECONDS) + 1, 950):
        memory.history.record_answer(job_of("A", time), 1000)

    assert memory.history.last_update == 950
