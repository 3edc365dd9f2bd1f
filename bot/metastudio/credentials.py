"""What the bot signs in with, read again from time to time where it comes from files."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from bot.errors import BadSettings
from bot.process.threads import in_time
from bot.telemetry.log_once import LogOnce

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Hashable)

EVERY: Final = 60.0
"""Seconds between two readings while nothing is refused."""
LONGEST_READING: Final = 1.0
"""Seconds that requests wait for a reading: a file system may hang."""


class Credentials(Generic[T]):
    """Credentials as they were read last: ``value``.

    ``read`` reads all of them anew, and raises BadSettings; without it they stay as they are. It runs on a
    thread of its own, and those that it does not give within ``limit`` seconds are not taken.
    """

    def __init__(
        self,
        value: T,
        read: Callable[[], T] | None = None,
        *,
        every: float = EVERY,
        limit: float = LONGEST_READING,
    ) -> None:
        self.value = value
        self._read = read
        self._every, self._limit = every, limit
        self._due_at = 0.0
        self._reading: asyncio.Task[None] | None = None
        self.hangs = False
        self._once = LogOnce(log)

    async def refresh(self, *, at_once: bool = False) -> None:
        """Read them again if that is due, or ``at_once``. What can't be read leaves them as they are."""
        if self._read is None or not (at_once or asyncio.get_running_loop().time() >= self._due_at):
            return
        if self._reading is None and not self.hangs:
            self._reading = asyncio.create_task(self._take(self._read))
        if self._reading:
            await asyncio.shield(self._reading)

    async def _take(self, read: Callable[[], T]) -> None:
        try:
            value = await in_time(lambda: self._watched(read), limit=self._limit)
        except (BadSettings, OSError) as error:
            told = error.problems[0] if isinstance(error, BadSettings) else str(error)
            self._once.fails("credentials can't be read again, and stay as they are: %s", told)
        else:
            self._once.works("credentials can be read again")
            if value != self.value:
                log.info("credentials have changed in their files")
            self.value = value
        finally:
            self._due_at = asyncio.get_running_loop().time() + self._every
            self._reading = None

    def _watched(self, read: Callable[[], T]) -> T:
        """Read on a thread; while one hangs, no other is begun."""
        self.hangs = True
        try:
            return read()
        finally:
            self.hangs = False
