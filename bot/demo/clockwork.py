"""The demo's clockwork: the simulated jobs go on by themselves, as fast as somebody likes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

SPEEDS: Final = (None, 30, 10, 5, 2, 1)
"""Seconds for one step of one job, from which people choose; None is a standstill."""


class Clockwork:
    """Calls ``step`` every ``seconds``, while it is not None; ``run`` it as a task."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self._seconds: float | None = None
        self._turned = asyncio.Event()

    @property
    def seconds(self) -> float | None:
        """How long a step takes; None is a standstill."""
        return self._seconds

    @seconds.setter
    def seconds(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._turned.set()

    async def run(self) -> None:
        """Tick until cancelled. A new speed counts at once."""
        while True:
            self._turned.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._turned.wait()
            if not self._turned.is_set():  # it may have been at the moment when the pause was over
                self._step()
