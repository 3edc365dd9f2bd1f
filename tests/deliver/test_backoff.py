"""The pauses after failures."""

import pytest

from bot.deliver.backoff import Backoff, Pauses, hold_pause, repeat_pause, retry_pause

PAUSES: list[tuple[Pauses, list[float]]] = [
    (retry_pause(1), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
    (repeat_pause(60), [60, 240, 960, 3840, 15360, 61440, 86400, 86400]),
    (hold_pause, [300, 900, 2700, 8100, 24300, 72900, 86400]),
]


@pytest.mark.parametrize(("pause", "seconds"), PAUSES)
def test_pauses_grow_to_a_bound(pause: Pauses, seconds: list[float]) -> None:
    """Each failure in a row makes the pause longer; so many of them overflow nothing."""
    assert [pause(number + 1) for number in range(len(seconds))] == seconds
    assert pause(10_000) == seconds[-1]


def test_a_message_waits_for_its_own_failures() -> None:
    """One that fails for ever holds up no other, and one that gets through begins anew."""
    backoff, pause = Backoff(), retry_pause(1)
    backoff.failed("bad", 100, pause)
    backoff.failed("bad", 101, pause)

    assert [backoff.wait(key, 101) for key in ("bad", "other")] == [2, 0]
    assert [backoff.failures(key) for key in ("bad", "other")] == [2, 0]
    backoff.worked("other")
    assert backoff.wait("bad", 101) == 2
    backoff.worked("bad")
    assert (backoff.wait("bad", 101), backoff.failures("bad")) == (0, 0)


def test_messages_that_fail_in_turn_wait_together() -> None:
    """It is the conversation then: what failed waits longer each time; a new message is tried at once."""
    backoff, pause = Backoff(), retry_pause(1)
    for number in range(3):
        backoff.failed(number, 100, pause)
    assert [backoff.wait(number, 100) for number in range(4)] == [1, 1, 1, 0]

    backoff.failed(0, 101, pause)
    assert [backoff.wait(number, 101) for number in range(4)] == [2, 2, 2, 0]

    backoff.worked("new")
    assert [backoff.wait(number, 101) for number in range(3)] == [2, 0, 0]


def test_a_message_that_may_have_arrived_waits_apart() -> None:
    """Failures after which it has certainly not arrived make the pauses before its repeats no longer."""
    backoff = Backoff()
    backoff.unanswered("it", 100, repeat_pause(60))
    assert (backoff.may_have_arrived("it"), backoff.wait("it", 100)) == (True, 60)
    for _ in range(3):
        backoff.failed("it", 200, retry_pause(1))
    assert (backoff.wait("it", 200), backoff.may_have_arrived("other")) == (4, False)
    backoff.unanswered("it", 300, repeat_pause(60))

    assert (backoff.wait("it", 300), backoff.failures("it")) == (240, 5)


def test_a_refused_message_waits_by_its_refusals_alone() -> None:
    """Failures before make its pause no longer, nor do others wait; what got through since is remembered."""
    backoff = Backoff()
    for _ in range(9):
        backoff.failed("refused", 100, retry_pause(1))
    backoff.failed("other", 100, retry_pause(1))
    backoff.refused("refused", 1000, hold_pause)
    assert (backoff.wait("refused", 1000), backoff.wait("other", 1000) <= 0) == (300, True)
    assert not backoff.others_passed("refused")
    backoff.worked("other", is_post=True)
    assert backoff.others_passed("refused")
    backoff.refused("refused", 2000, hold_pause)

    assert (backoff.wait("refused", 2000), backoff.others_passed("refused")) == (900, False)


def test_what_is_not_due_any_more_is_forgotten() -> None:
    """A message that comes back later begins anew."""
    backoff = Backoff()
    for key in ("gone", "due"):
        backoff.failed(key, 100, hold_pause)
    backoff.keep(["due"])

    assert (backoff.failures("gone"), backoff.failures("due")) == (0, 1)
