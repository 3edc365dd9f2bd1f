"""How far apart messages to Slack are sent, and that none is sent before the end of a Retry-After."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Throttle:
    """Lets callers pass one by one, ``interval`` seconds apart, in the order in which they came.

    Urgent callers have a queue of their own: while one waits there, nobody passes from the other one.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at = 0.0
        """When the interval since the last caller ends. All times are the event loop's."""
        self._held_until = 0.0
        self._queue, self._urgent = asyncio.Lock(), asyncio.Lock()
        self._sending = asyncio.Lock()

    def delay(self) -> float:
        """Return for how many seconds nobody passes; 0 or less if somebody may."""
        return max(self._next_at, self._held_until) - _now()

    async def wait(self, *, urgent: bool = False) -> None:
        """Wait until this caller may pass."""
        async with self._urgent if urgent else self._queue:
            await self._until_open()
            while not urgent and self._urgent.locked():
                async with self._urgent:
                    pass
                await self._until_open()
            self.restart()

    async def _until_open(self) -> None:
        while (delay := self.delay()) > 0:  # noqa: ASYNC110  it may be held again meanwhile
            await asyncio.sleep(delay)

    def restart(self) -> None:
        """Begin the interval to the next caller now."""
        self._next_at = _now() + self._interval
        self._keep_until(self._next_at)

    def hold(self, seconds: float) -> None:
        """Let nobody pass for so many seconds; a longer hold is not made shorter."""
        self._held_until = max(self._held_until, _now() + seconds)
        self._keep_until(self._held_until)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send alone, after ``wait``: nobody sends meanwhile, nor within an interval of the end."""
        async with self._sending:
            await asyncio.sleep(self._held_until - _now())
            try:
                yield
            finally:
                self.hold(self._interval)

    def _keep_until(self, at: float) -> None:
        """Keep a strong reference to this throttle in the loop: others may hold it weakly."""
        asyncio.get_running_loop().call_at(at, self.delay)


def _now() -> float:
    return asyncio.get_running_loop().time()
