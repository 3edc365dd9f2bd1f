"""When a request to MetaStudio may begin: so many at once, people first, and none while MetaStudio is busy.

The limit on requests holds for the whole tenant (page "Before You Start", "Constraints"), so a 429 holds them
all. Requests wait here and not in httpx's pool: that looks at all that wait each time one begins or ends.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot.errors import MetaStudioError, Throttled

AT_ONCE: Final = 16
"""Requests on their way at a time: at 0.3 s each some 50 a second, more than a tenant is allowed."""
LONGEST_HOLD: Final = 15 * 60.0
"""Seconds: a hold does not grow beyond, and after as long it is tried again, whatever a 429 said."""
LONGEST_TURN: Final = 2.0
"""Seconds for which people's requests, however many, hold up those that nobody waits for."""


@dataclass
class Hold:
    """The time for which no request is sent. All times are in seconds of one clock."""

    first: float
    """How long it is after a first 429 that names no time; then it doubles."""
    until: float = 0.0
    is_on: bool = False
    """Whether a 429 was the last word: then one request alone tries whether it is over."""
    _grown: float = 0.0

    def refused(self, now: float, retry_after: float | None) -> None:
        """Take a 429 and the time that it named. Those already sent don't make a growing pause longer."""
        self.is_on = True
        if retry_after is not None:
            self.until = max(self.until, now + min(retry_after, LONGEST_HOLD))
        elif self.until <= now:
            self._grown = min(2 * self._grown or self.first, LONGEST_HOLD)
            self.until = now + self._grown

    def answered(self, now: float) -> None:
        """Take any other answer; one to a request from before the hold says nothing."""
        if self.until <= now:
            self.is_on, self._grown = False, 0.0


class Throttle:
    """Lets ``at_once`` requests be on their way; ``pause`` is what ``turn`` keeps between two, in seconds.

    ``first_hold`` is how many seconds none is sent after a first 429 that names no time.
    """

    def __init__(self, *, pause: float, first_hold: float, at_once: int = AT_ONCE) -> None:
        self.pause = pause
        self._places = asyncio.Semaphore(at_once)
        self._trial = asyncio.Lock()
        self._hold = Hold(first_hold)
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait until a request that nobody waits for may be sent: people's requests go first."""
        latest = _now() + LONGEST_TURN
        while (pause := max(min(self._free_at, latest), self._hold.until) - _now()) > 0:  # noqa: ASYNC110  it may grow
            await asyncio.sleep(pause)

    @asynccontextmanager
    async def place(self, latest: float, job_id: str) -> AsyncIterator[None]:
        """Wait for a place, send a request in it, and let its error, if any, be one of our tree.

        ``latest`` is when the answer must be there, by the loop's clock. Raises Throttled, without waiting,
        where requests are held for longer.
        """
        self._free_at = max(self._free_at, _now()) + self.pause
        self._refuse(latest, job_id)
        async with self._places, self._open(latest, job_id):
            try:
                yield
            except Throttled as error:
                self._hold.refused(_now(), error.retry_after)
                raise
            except MetaStudioError as error:
                if error.status:
                    self._hold.answered(_now())
                raise
            self._hold.answered(_now())

    @asynccontextmanager
    async def _open(self, latest: float, job_id: str) -> AsyncIterator[None]:
        """Wait for the end of a hold; while it is not known to be over, one request at a time is sent."""
        while self._hold.is_on:
            async with self._trial:
                self._refuse(latest, job_id)
                if self._hold.is_on:
                    await asyncio.sleep(self._hold.until - _now())
                    yield
                    return
        yield

    def _refuse(self, latest: float, job_id: str) -> None:
        """Raise Throttled where requests are held for longer than somebody can wait."""
        if self._hold.until >= latest:
            raise Throttled(job_id=job_id, retry_after=self._hold.until - _now())


def _now() -> float:
    return asyncio.get_running_loop().time()
