"""Trying again: how often, after how long, and what is told in the end."""

import pytest

from bot.network.retries import Backoff, retried, usual_pause


def test_pauses() -> None:
    """They double, up to the longest; chance makes one before a retry up to twice as long."""
    usual = [usual_pause(number, 0.2, chance) for number, chance in ((1, 0), (1, 1), (2, 0), (3, 0.5))]
    backoff = Backoff(first=60, longest=900)

    assert usual == pytest.approx([0.2, 0.4, 0.4, 1.2])
    assert [backoff.failed() for _ in range(6)] == [60, 120, 240, 480, 900, 900]
    backoff.worked()
    assert backoff.failed() == 60


@pytest.mark.parametrize(("fails", "tries"), [(1, 1), (2, 3), (3, 3)])
async def test_how_often(fails: int, tries: int) -> None:
    """The first good result counts; the last try's error is told as it is."""
    errors = [ConnectionError(number) for number in range(fails)]
    left = iter(errors)

    async def work() -> str:
        if error := next(left, None):
            raise error
        return "done"

    again = retried(work, tries=tries, first=0, pause=lambda _, usual: usual)
    if fails < tries:
        assert await again == "done"
    else:
        with pytest.raises(ConnectionError) as failed:
            await again
        assert failed.value is errors[-1]


async def test_what_cannot_pass_is_tried_once() -> None:
    """Whether an error may pass is the caller's decision, which hears of the usual pause."""
    asked: list[tuple[str, bool]] = []

    async def work() -> None:
        raise KeyError("it")

    def pause(error: Exception, usual: float) -> None:
        asked.append((type(error).__name__, 0.01 <= usual <= 0.02))

    with pytest.raises(KeyError):
        await retried(work, tries=9, first=0.01, pause=pause)

    assert asked == [("KeyError", True)]
