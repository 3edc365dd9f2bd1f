"""What the watcher remembers of a job."""

from bot.memory import Memory


def test_how_long_a_job_is_missing() -> None:
    """It counts from the first time, and anew once the job was there."""
    memory = Memory()

    assert [memory.missed(at) for at in (100.0, 160.0, 190.0)] == [0, 60, 90]
    memory.missing_since = None
    assert memory.missed(200.0) == 0


def test_how_long_only_doubtful_answers_come() -> None:
    """Any other answer ends it."""
    memory = Memory()
    answers = [(100.0, True), (160.0, True), (170.0, False), (180.0, True), (185.0, True)]

    assert [memory.doubted(at, is_doubtful=doubtful) for at, doubtful in answers] == [0, 60, 0, 0, 5]
