"""Rate limiting of requests to MetaStudio: a concurrency limit, two intervals, and holds after a 429.

The limit on requests holds for the whole tenant (page "Before You Start", "Constraints"): so all of them keep
an interval, and a 429 holds them all. They wait here and not in httpx's pool, which scans all waiting ones
each time one begins or ends. Background requests also wait for ``turn``, so that people's requests go first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot.errors import MetaStudioError, Throttled, TimedOut, Unreachable

CONCURRENCY: Final = 16
"""Requests under way at a time."""
LONGEST_HOLD: Final = 15 * 60.0
"""The most seconds of a 429's Retry-After that are honoured."""
LONGEST_GROWN: Final = 60.0
"""The longest hold, in seconds, after a 429 without Retry-After: the limit is in requests a second."""
LONGEST_DELAY: Final = 2.0
"""The most seconds for which people's requests delay a background request."""
_UNANSWERED: Final = (TimedOut, Unreachable)
"""Without an HTTP status, these errors neither confirm nor end a hold."""


@dataclass
class Hold:
    """The time after a 429 in which no request is sent. All times are in seconds of one monotonic clock.

    The answer to a request that was sent before it says nothing about whether it is over.
    """

    first: float
    """Its length after a first 429 without Retry-After; then it doubles."""
    until: float = 0.0
    is_on: bool = False
    """From a 429 until a request that was sent after ``until`` is answered; they are sent one by one."""
    _grown: float = 0.0

    def refused(self, now: float, *, sent: float, retry_after: float | None) -> None:
        """Record a 429; ``retry_after`` is what it named, in seconds."""
        self.is_on = True
        if retry_after is not None:
            self.until = max(self.until, now + min(retry_after, LONGEST_HOLD))
        elif self.until <= sent:
            self._grown = min(2 * self._grown or self.first, LONGEST_GROWN)
            self.until = now + self._grown

    def answered(self, *, sent: float) -> None:
        """Record any other answer."""
        if self.until <= sent:
            self.is_on, self._grown = False, 0.0


class Throttle:
    """Sends a request every ``interval`` seconds at most, and has no more than ``concurrency`` under way.

    ``turn`` keeps ``pause`` seconds between two; ``first_hold`` is for how many seconds none is sent after a
    first 429 that names no time.
    """

    def __init__(
        self, *, interval: float, pause: float, first_hold: float, concurrency: int = CONCURRENCY
    ) -> None:
        self.pause = pause
        self._interval = interval
        self._slots = asyncio.Semaphore(concurrency)
        self._gate = asyncio.Lock()
        self._hold = Hold(first_hold)
        self._next_at = 0.0
        self._next_turn_at = 0.0

    @property
    def held(self) -> float:
        """Seconds for which no request will be sent; 0 if they are sent."""
        return max(0.0, self._hold.until - _now()) if self._hold.is_on else 0.0

    async def turn(self) -> None:
        """Wait until a background request may be sent: people's requests go first.

        Raises Throttled, without waiting, where requests are held for longer than LONGEST_DELAY.
        """
        latest = _now() + LONGEST_DELAY
        while (pause := max(min(self._next_turn_at, latest) - _now(), self.held)) > 0:
            self._raise_if_held_until(latest)
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def slot(self, deadline: float) -> AsyncIterator[None]:
        """Wait until a request may be sent; its MetaStudioError, if any, decides about the next ones.

        ``deadline`` is when the answer must be there, by the loop's clock. Raises Throttled, without waiting,
        where requests are held for longer.
        """
        self._raise_if_held_until(deadline)
        self._next_turn_at = min(max(self._next_turn_at, _now()) + self.pause, _now() + LONGEST_DELAY)
        async with self._slots, self._begun(deadline):
            sent = _now()
            try:
                yield
            except Throttled as error:
                self._hold.refused(_now(), sent=sent, retry_after=error.retry_after)
                raise
            except MetaStudioError as error:
                if error.status or not isinstance(error, _UNANSWERED):
                    self._hold.answered(sent=sent)
                raise
            self._hold.answered(sent=sent)

    @asynccontextmanager
    async def _begun(self, deadline: float) -> AsyncIterator[None]:
        """Wait until the next request may begin. None begins meanwhile, nor during the trial after a hold."""
        async with self._gate:
            while (pause := max(self._next_at - _now(), self.held)) > 0:
                self._raise_if_held_until(deadline)
                await asyncio.sleep(pause)
            self._next_at = _now() + self._interval
            if self._hold.is_on:
                yield
                return
        yield

    def _raise_if_held_until(self, deadline: float) -> None:
        """Raise Throttled if requests are held until ``deadline`` or longer."""
        if self.held and self._hold.until >= deadline:
            raise Throttled(retry_after=self.held)


def _now() -> float:
    return asyncio.get_running_loop().time()
