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


@pytest.mark.parametrize(
    ("fails", "tries", "may_pass", "end"),
    [(1, 1, True, 0), (2, 3, True, "done"), (3, 3, True, 2), (9, 9, False, 0)],
)
async def test_how_often(fails: int, tries: int, end: int | str, *, may_pass: bool) -> None:
    """The first good result counts, else the last error, or the first one that the caller does not pass."""
    made: list[Exception] = []

    async def work() -> str:
        if len(made) == fails:
            return "done"
        made.append(ConnectionError(len(made)))
        raise made[-1]

    def pause(error: Exception, usual: float) -> float | None:
        assert error is made[-1]
        assert 0.001 <= usual <= 0.004
        return usual if may_pass else None

    again = retried(work, tries=tries, first=0.001, pause=pause)
    if end == "done":
        assert await again == end
        return
    with pytest.raises(ConnectionError) as failed:
        await again
    assert failed.value.args == (end,)
