"""The time of day, as the bot sees it. The demo and the tests can move it on."""

import time
from collections.abc import Callable


class Clock:
    """Returns the time of day, in epoch seconds, when it is called."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._heard: list[Callable[[], None]] = []

    def __call__(self) -> float:
        """Return the time of day, in epoch seconds."""
        return time.time() + self._ahead

    def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` whenever the clock was moved."""
        self._heard.append(heard)

    def move_on(self, seconds: float) -> None:
        """Let it be so much later at once."""
        self._ahead += seconds
        for heard in self._heard:
            heard()
