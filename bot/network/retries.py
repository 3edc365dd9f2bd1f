"""Retries and pauses after failures."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Backoff:
    """Pauses in seconds that double while something fails: ``first``, and ``longest`` at most."""

    def __init__(self, *, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._last = 0.0

    def failed(self) -> float:
        """Return the pause after another failure."""
        self._last = min(2 * self._last or self._first, self._longest)
        return self._last

    def worked(self) -> None:
        """Reset: the next failure's pause is ``first``."""
        self._last = 0.0


Pause = Callable[[Exception, float], float | None]
"""Returns the seconds to wait after an error, given the usual pause; None if it is not to be retried."""


async def retried(work: Callable[[], Awaitable[T]], *, tries: int, first: float, pause: Pause) -> T:
    """Call ``work`` until it succeeds, ``tries`` times at most. Raises what the last call raised.

    ``first`` is the usual pause after the first try, in seconds.
    """
    for number in range(1, tries):
        try:
            return await work()
        except Exception as error:
            usual = usual_pause(number, first, random.random())  # noqa: S311  spreads retries, guards nothing
            seconds = pause(error, usual)
            if seconds is None:
                raise
        await asyncio.sleep(seconds)
    return await work()


def usual_pause(number: int, first: float, chance: float) -> float:
    """Return the seconds to wait after the try with this number, from 1: they double.

    ``chance``, from 0 to 1, makes them up to twice as long: what failed together is not retried together.
    """
    return first * 2.0 ** (number - 1) * (1 + chance)
