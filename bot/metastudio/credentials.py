"""The credentials that the bot signs in with, read again from time to time where they come from files."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from bot.errors import BadSettings
from bot.process.threads import in_time
from bot.telemetry.log_once import LogOnce

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Hashable)

INTERVAL: Final = 60.0
"""Seconds between two readings while nothing is refused."""
LONGEST_READING: Final = 1.0
"""Seconds that requests wait for a reading: a file system may hang."""


class Credentials(Generic[T]):
    """Credentials as they were read last: ``value``.

    ``read`` reads them anew on a thread, or raises BadSettings or OSError; without it they stay as they are.
    What it returns after more than ``limit`` seconds is ignored.
    """

    def __init__(
        self,
        value: T,
        read: Callable[[], T] | None = None,
        *,
        every: float = INTERVAL,
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
            self._reading = asyncio.create_task(self._reload(self._read))
        if self._reading:
            await asyncio.shield(self._reading)

    async def _reload(self, read: Callable[[], T]) -> None:
        try:
            value = await in_time(lambda: self._read_once(read), limit=self._limit)
        except (BadSettings, OSError) as error:
            problem = error.problems[0] if isinstance(error, BadSettings) else str(error)
            self._once.failed("credentials can't be read again, and stay as they are: %s", problem)
        else:
            self._once.recovered("credentials can be read again")
            if value != self.value:
                log.info("credentials have changed in their files")
            self.value = value
        finally:
            self._due_at = asyncio.get_running_loop().time() + self._every
            self._reading = None

    def _read_once(self, read: Callable[[], T]) -> T:
        """Read, on a thread; while that hangs, no other reading is begun."""
        self.hangs = True
        try:
            return read()
        finally:
            self.hangs = False
