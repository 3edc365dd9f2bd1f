"""A store that fails at chosen calls, around another one: for whoever has to go on when the store fails."""

# ruff: noqa: D102  the protocol says what they do

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bot.domain.following import Changed, Channel, Counts
from bot.domain.records import Address, Change, JobRecord, JobRef, Key, Records
from bot.errors import StoreTrouble
from bot.store import Store

T = TypeVar("T")


class FaultyStore:
    """The protocol Store. ``fails`` is asked at each call, by its number from 1; what failed did nothing."""

    def __init__(self, store: Store, fails: Callable[[int], bool] = lambda _: False) -> None:
        self.fails = fails
        self.calls = 0
        self.trouble: StoreTrouble | None = None
        self._store = store

    async def change(self, keys: Iterable[Key], how: Change) -> Records:
        return await self._call(lambda: self._store.change(keys, how))

    async def get(self, keys: Iterable[Key]) -> Records:
        return await self._call(lambda: self._store.get(keys))

    async def channel(self, address: Address) -> Channel:
        return await self._call(lambda: self._store.channel(address))

    async def addresses(self) -> Sequence[Address]:
        return await self._call(self._store.addresses)

    async def jobs(self) -> Mapping[JobRef, JobRecord]:
        return await self._call(self._store.jobs)

    async def counts(self) -> Counts:
        return await self._call(self._store.counts)

    def listen(self, heard: Callable[[Changed], None]) -> None:
        self._store.listen(heard)

    async def check(self) -> None:
        await self._call(self._store.check)

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        self.calls += 1
        if self.fails(self.calls):
            self.trouble = StoreTrouble(path="faulty", reason=f"call {self.calls}")
            raise self.trouble
        try:
            return await call()
        finally:
            self.trouble = self._store.trouble
