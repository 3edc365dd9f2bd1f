"""Trying again what failed and may pass, at no cost to what works at once."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

T = TypeVar("T")


class Backoff:
    """Pauses in seconds that double while something fails: ``first``, and ``longest`` at most."""

    def __init__(self, *, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._last = 0.0

    def failed(self) -> float:
        """Say how long to leave it alone after a failure."""
        self._last = min(2 * self._last or self._first, self._longest)
        return self._last

    def worked(self) -> None:
        """Begin anew with the next failure."""
        self._last = 0.0


class Rest(Backoff):
    """How long to leave something alone after failures in a row: ``until``, by the loop's clock."""

    until = 0.0

    def begin(self) -> None:
        """Begin it, or a longer one; those who had begun before it don't make it longer."""
        now = asyncio.get_running_loop().time()
        if self.until <= now:
            self.until = now + self.failed()


Pause = Callable[[Exception, float], float | None]
"""How many seconds to wait after an error, given the usual number of them; None: it is not tried again."""


async def retried(work: Callable[[], Awaitable[T]], *, tries: int, first: float, pause: Pause) -> T:
    """Do the work, ``tries`` times at most; raises what the last one raised.

    ``first`` is the usual pause after the first try, in seconds.
    """
    for number in count(1):
        try:
            return await work()
        except Exception as error:
            usual = usual_pause(number, first, random.random())  # noqa: S311  spreads retries, guards nothing
            seconds = pause(error, usual) if number < tries else None
            if seconds is None:
                raise
        await asyncio.sleep(seconds)
    raise AssertionError("it ends with a result or an error")


def usual_pause(number: int, first: float, chance: float) -> float:
    """Say how many seconds to wait after the try with this number, from 1: they double.

    ``chance``, from 0 to 1, makes them up to twice as long, so that those who fail together don't come back
    together.
    """
    return first * 2.0 ** (number - 1) * (1 + chance)
