"""Rate limiting of calls to Slack: a minimum interval between them, and a hold for a Retry-After."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Throttle:
    """A first-in, first-out rate limiter: one caller every ``interval`` seconds.

    Urgent callers have a queue of their own, which is served before the other one.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at = 0.0
        """When the interval since the last caller ends, by the event loop's clock, as all times here."""
        self._held_until = 0.0
        self._queue, self._urgent = asyncio.Lock(), asyncio.Lock()
        self._sending = asyncio.Lock()

    def delay(self) -> float:
        """Return the seconds until a caller may pass; 0 or less if one may now."""
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
        """Block all callers for this many seconds; a longer hold is not shortened."""
        self._held_until = max(self._held_until, _now() + seconds)
        self._keep_until(self._held_until)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Hold the exclusive right to send, after ``wait``; the interval to the next begins at its end."""
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
