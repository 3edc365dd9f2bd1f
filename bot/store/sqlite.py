"""Subscriptions in one SQLite file: read from memory, written to disk first."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from bot.domain.subscriptions import Change, Key, Subscription
from bot.errors import StoreCorrupt, StoreError, StoreNotWritable, StoreTrouble
from bot.process.threads import GaveUpError, in_time
from bot.store.disk import DamagedError, Disk, Table, holds_store
from bot.store.files import claim, foreign
from bot.store.index import SubscriptionIndex
from bot.store.records import CHECK_ROW, load, row_of, text_of

log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT: Final = 15.0
"""Seconds that the disk may take for anything."""
CLOSE_LIMIT: Final = 1.5
"""Seconds that closing may take: the whole bot has to end within ten."""
FAILURES: Final = (sqlite3.Error, OSError, DamagedError)
_DISK_SAYS_NO: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
    }
)
"""The primary codes of SQLite's errors that are no word about what the file holds."""
_MAY_BE_BARRED: Final = frozenset({sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
"""Those with which SQLite answers where the system does not let this user in."""


async def is_store(path: Path, *, limit: float) -> bool:
    """Say within ``limit`` seconds whether a store is there, and change nothing; False if nothing is.

    Raises StoreCorrupt when something else is there, StoreNotWritable when it can't be read.
    """
    try:
        return await in_time(partial(holds_store, path), limit=limit)
    except FAILURES as error:
        raise _refusal(path, error) from error


class SqliteStore:
    """The store in a file, for one process: ``async with SqliteStore(path) as store``.

    Entering raises StoreLocked, StoreNotWritable, StoreCorrupt or StoreTooNew. ``limit`` is how many seconds
    the disk may take for anything. ``trouble`` is what the last write raised, None when it went well.
    """

    def __init__(self, path: Path, *, limit: float = LIMIT) -> None:
        self.disk = Disk(path, limit=limit)
        self.trouble: StoreTrouble | None = None
        self._path = path
        self._limit = limit
        self._index = SubscriptionIndex()
        self._doubtful: set[Key] = set()
        self._turn = asyncio.Lock()
        self._at_work: asyncio.Task[Any] | None = None
        self._open = AsyncExitStack()
        self._checks = 0

    async def __aenter__(self) -> Self:
        # What is another's gets no lock beside it, and keeps its mode.
        await is_store(self._path, limit=self._limit)
        async with AsyncExitStack() as stack:
            try:
                lock = await in_time(partial(claim, self._path), limit=self._limit)
                stack.push_async_callback(self._give_back, lock)
                stack.push_async_callback(self._close)
                self._index = await self.disk.ask(partial(_loaded, path=str(self._path)))
            except FAILURES as error:
                raise _refusal(self._path, error) from error
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT), self._turn:
                await self._open.aclose()
        except TimeoutError:
            log.warning("The disk hangs, so the store is left as it is; nothing that was kept is lost.")

    async def _close(self) -> None:
        try:
            await self.disk.close()
        except FAILURES as error:
            log.warning("The store could not be closed well; nothing is lost. %s", error)

    async def _give_back(self, lock: ExitStack) -> None:
        with suppress(GaveUpError):  # the end of the process gives it back, too
            await in_time(lock.close, limit=CLOSE_LIMIT)

    async def add(self, subscription: Subscription) -> Subscription:
        """Keep a new subscription, unless its channel has one for the job; return the one that is kept.

        Raises StoreTrouble.
        """
        return await self._uninterrupted(partial(self._add, subscription))

    async def change(self, key: Key, how: Change) -> Subscription | None:
        """Apply a change to what is kept now, and return what is kept then; None if that is nothing.

        ``how`` is not called when nothing is kept. Raises StoreTrouble, and what ``how`` raises.
        """
        return await self._uninterrupted(partial(self._change, key, how))

    async def get(self, key: Key) -> Subscription | None:
        """Return a channel's subscription to a job, if there is one."""
        return self._index.get(key)

    async def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """List a channel's subscriptions, oldest first."""
        return self._index.of_channel(team_id, channel_id)

    async def followed(self) -> Mapping[str, Sequence[Subscription]]:
        """Give all subscriptions by the id of their job, as they are now: later changes don't show in it."""
        return self._index.by_job()

    async def check(self) -> None:
        """Write something and read it back. Raises StoreTrouble."""
        await self._uninterrupted(self._check)

    async def _uninterrupted(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for a turn, and then come to the end, even if the caller is cancelled.

        A write can't be taken back once it is on its way, and memory has to follow it.
        """
        await self._turn.acquire()
        task = self._at_work = asyncio.create_task(work())
        task.add_done_callback(self._end_turn)
        return await asyncio.shield(task)

    def _end_turn(self, task: asyncio.Task[Any]) -> None:
        self._turn.release()
        if not task.cancelled():
            task.exception()  # the caller may be gone: then nobody else would look at it

    async def _add(self, subscription: Subscription) -> Subscription:
        if kept := self._index.get(subscription.key):
            return kept
        await self._write(subscription.key, subscription)
        return self._index.put(subscription)

    async def _change(self, key: Key, how: Change) -> Subscription | None:
        kept = self._index.get(key)
        wanted = kept and how(kept)
        if wanted == kept:
            return kept
        if wanted is None:
            await self._write(key, None)
            self._index.remove(key)
            return None
        if wanted.key != key:
            raise ValueError("a change may not make another subscription of one")
        await self._write(key, wanted)
        return self._index.put(wanted)

    async def _write(self, key: Key, wanted: Subscription | None) -> None:
        await self._settle()
        self._doubtful.add(key)
        await self._ask(partial(_put, row_of(key), _text_of(wanted)))
        self._doubtful.discard(key)
        self._untroubled()

    async def _settle(self) -> None:
        """Put right what failed writes may have left: their callers were told that nothing changed."""
        for key in tuple(self._doubtful):
            text = _text_of(self._index.get(key))
            await self._ask(partial(_put_if_other, row_of(key), text))
            self._doubtful.discard(key)

    async def _check(self) -> None:
        await self._settle()
        self._checks += 1
        written = f'{{"check": {self._checks}}}'
        await self._ask(partial(_put, CHECK_ROW, written))
        if await self._ask(partial(_text, CHECK_ROW)) != written:
            raise self._troubled("what was written reads otherwise")
        self._untroubled()

    async def _ask(self, work: Callable[[Table], T]) -> T:
        try:
            return await self.disk.ask(work)
        except FAILURES as error:
            raise self._troubled(_reason(error)) from error

    def _troubled(self, reason: str) -> StoreTrouble:
        if self.trouble is None:
            log.error("The store %s can't be written: %s", self._path, reason)
        self.trouble = StoreTrouble(path=str(self._path), reason=reason)
        return self.trouble

    def _untroubled(self) -> None:
        if self.trouble is not None:
            log.warning("The store %s can be written again.", self._path)
        self.trouble = None


def _loaded(table: Table, path: str) -> SubscriptionIndex:
    return SubscriptionIndex(load(table, path))


def _text_of(subscription: Subscription | None) -> str | None:
    return None if subscription is None else text_of(subscription)


def _put(row: str, text: str | None, table: Table) -> None:
    if text is None:
        table.pop(row, None)
    else:
        table[row] = text


def _text(row: str, table: Table) -> str | None:
    text: str | None = table.get(row)
    return text


def _put_if_other(row: str, text: str | None, table: Table) -> None:
    if _text(row, table) != text:
        _put(row, text, table)


def _reason(error: BaseException) -> str:
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return f"{said}: {error.__cause__}" if error.__cause__ else said


def _refusal(path: Path, error: BaseException) -> StoreError:
    """Say which of our errors it is when a store can't be opened."""
    cause = error.__cause__ or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    is_content = isinstance(cause, DamagedError | sqlite3.Error) and code not in _DISK_SAYS_NO
    if is_content:
        return StoreCorrupt(path=str(path), reason=_reason(cause))
    is_barred = isinstance(cause, PermissionError) or code in _MAY_BE_BARRED
    whose = foreign(path) if is_barred else None
    return StoreNotWritable(path=str(path), reason=_reason(cause), foreign=whose)
