"""Alarms: they wake a conversation in which nothing is due now, when a reminder will be."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from bot.deliver.schedule import next_due
from bot.domain.keys import Address
from bot.domain.reminders import ReminderTimes
from bot.errors import StoreTrouble
from bot.store import Store

LONGEST_SLEEP: Final = 300.0
"""Seconds after which the time of day is read again: it may have been set, or the machine have slept."""


class Alarms:
    """At most one for each conversation; ``wake`` is called with its address.

    ``clock`` returns epoch seconds; after ``disk_pause`` seconds a store that failed is read again.
    """

    def __init__(
        self,
        store: Store,
        times: ReminderTimes,
        clock: Callable[[], float],
        wake: Callable[[Address], object],
        *,
        disk_pause: float,
    ) -> None:
        self._store = store
        self._times = times
        self._clock = clock
        self._wake = wake
        self._disk_pause = disk_pause
        self._timers: dict[Address, asyncio.TimerHandle] = {}

    @property
    def addresses(self) -> Collection[Address]:
        """The conversations that have one."""
        return self._timers.keys()

    def cancel(self, address: Address) -> None:
        """Remove a conversation's alarm, if it has one."""
        if timer := self._timers.pop(address, None):
            timer.cancel()

    async def set(self, address: Address) -> None:
        """Set a conversation's alarm to when something becomes due there by itself, if it will."""
        wait = await self._until_due(address)
        self.cancel(address)
        if wait is not None:
            loop = asyncio.get_running_loop()
            self._timers[address] = loop.call_later(min(wait, LONGEST_SLEEP), self._wake, address)

    async def _until_due(self, address: Address) -> float | None:
        try:
            channel, now = await self._store.channel(address), int(self._clock())
        except StoreTrouble:
            return self._disk_pause
        at = next_due(channel, self._times, now)
        return None if at is None else max(1.0, at - now)
