"""The watcher's state for each job."""

import pytest

from bot.domain.jobs import Job
from bot.domain.staleness import STALE_SECONDS, confirmation_needed
from bot.watch.memory import JobMemory


def job_of(state: str, time: int | None, times: int | None = None) -> Job:
    return Job(job_id="job-1", state=state, lastupdate_time=time, reject_times=times)


def test_how_long_answers_stay_unconfirmed() -> None:
    """Where nothing orders them, only such answers have to come for a minute; any other begins it anew."""
    memory, known = JobMemory(), job_of("PROCESSING", None)
    memory.history.record_answer(job_of("PROCESSING", 900), 1000)
    other, same = job_of("WAITING", None), job_of("PROCESSING", 900)
    answers = [(100.0, other), (159.0, other), (170.0, same), (180.0, other), (239.0, other), (240.0, other)]

    confirmed = [memory.is_confirmed(job, known, at, unordered=60) for at, job in answers]
    assert confirmed == [False, False, True, False, False, True]


def test_a_recorded_change_is_confirmed() -> None:
    """The history that contradicted it is dropped."""
    memory, now, old = JobMemory(), job_of("PROCESSING", 900), job_of("WAITING", 800)
    memory.history.record_answer(now, 1000)
    memory.is_confirmed(old, now, 100.0, unordered=60)
    memory.changed(now)

    assert memory.history.last_update is None
    assert memory.is_confirmed(job_of("PROCESSING", 850), old, 200.0, unordered=60)


def test_what_is_left_when_a_record_is_made_anew() -> None:
    """What answers are older is remembered, also than what the person saw; a miss is not."""
    was, now_is = job_of("PROCESSING", None), job_of("UPLOADING", None)
    memory = JobMemory(checked_at=5.0, missing_since=1.0)
    memory.changed(job_of("WAITING", None))
    renewed = memory.renewed(was, now_is)

    assert (renewed.checked_at, renewed.missing_since) == (5.0, None)
    for old in ("WAITING", "PROCESSING"):
        assert not renewed.is_confirmed(job_of(old, None), now_is, 10.0, unordered=60)


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
    memory = JobMemory()
    memory.history.record_answer(job_of("A", 895), 1000)
    memory.changed(job_of("A", 895, 1))

    assert confirmation_needed(job_of(*answer), job_of(*known), memory.history, unordered=60) == seconds


def test_a_time_far_ahead_is_a_mistake() -> None:
    """It would make all that comes later an older answer."""
    memory = JobMemory()
    for time in (900, 1000 + int(STALE_SECONDS) + 1, 950):
        memory.history.record_answer(job_of("A", time), 1000)

    assert memory.history.last_update == 950
