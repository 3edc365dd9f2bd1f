"""The demo's timer: the simulated jobs go on by themselves, at a speed that people choose."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

SPEEDS: Final = (None, 30, 10, 5, 2, 1)
"""The choices of seconds per step; None stops the steps."""


class Clockwork:
    """Calls ``step`` every ``seconds`` while they are not None; ``run`` it as a task."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self._seconds: float | None = None
        self._changed = asyncio.Event()

    @property
    def seconds(self) -> float | None:
        """Seconds between two steps; None stops the steps. A change takes effect at once."""
        return self._seconds

    @seconds.setter
    def seconds(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._changed.set()

    async def run(self) -> None:
        """Call ``step`` until cancelled."""
        while True:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._changed.wait()
            if not self._changed.is_set():  # it may have been changed when the time was up
                self._step()
