"""The store in one SQLite file: read from memory, written to disk first."""

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
"""Timeout of an access to the disk, in seconds."""
CLOSE_LIMIT: Final = 1.5
"""Timeout of closing, in seconds: the whole bot has to end within ten."""
FAILURES: Final = (sqlite3.Error, OSError, DamagedError)
_DISK_CODES: Final = frozenset(
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
"""Primary result codes of SQLite that say nothing about the content of the file."""
_PERMISSION_CODES: Final = frozenset({sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
"""Those that SQLite returns where the system denies this user access."""


async def is_store(path: Path, *, limit: float) -> bool:
    """Whether the file holds a store, found within ``limit`` seconds; False if it is empty or missing.

    Changes nothing. Raises StoreCorrupt if it holds something else, StoreNotWritable if it can't be read.
    """
    try:
        return await in_time(partial(holds_store, path), limit=limit)
    except FAILURES as error:
        raise _error_of_opening(path, error) from error


class SqliteStore:
    """The store in a file, for one process: ``async with SqliteStore(path) as store``.

    Entering raises StoreLocked, StoreNotWritable, StoreCorrupt or StoreTooNew. ``limit`` is how many seconds
    an access to the disk may take. ``trouble`` is the error of the last one, None if it succeeded.
    """

    def __init__(self, path: Path, *, limit: float = LIMIT) -> None:
        self.disk = Disk(path, limit=limit)
        self.trouble: StoreTrouble | None = None
        self._path = path
        self._limit = limit
        self._index = SubscriptionIndex()
        self._unconfirmed: set[Key] = set()
        """Keys whose last write failed, so that their rows may differ from the index."""
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[Any] | None = None
        self._exit_stack = AsyncExitStack()
        self._checks = 0

    async def __aenter__(self) -> Self:
        # A file of another program gets no lock file beside it, and keeps its mode.
        await is_store(self._path, limit=self._limit)
        async with AsyncExitStack() as stack:
            try:
                locks = await in_time(partial(claim, self._path), limit=self._limit)
                stack.push_async_callback(self._release, locks)
                stack.push_async_callback(self._close)
                self._index = await self.disk.ask(
                    lambda table: SubscriptionIndex(load(table, str(self._path)))
                )
            except FAILURES as error:
                raise _error_of_opening(self._path, error) from error
            self._exit_stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT), self._lock:
                await self._exit_stack.aclose()
        except TimeoutError:
            log.warning("The disk hangs, so the store is left as it is; nothing that was kept is lost.")

    async def _close(self) -> None:
        try:
            await self.disk.close()
        except FAILURES as error:
            log.warning("The store could not be closed well; nothing is lost. %s", error)

    async def _release(self, locks: ExitStack) -> None:
        with suppress(GaveUpError):  # the end of the process releases them, too
            await in_time(locks.close, limit=CLOSE_LIMIT)

    async def add(self, subscription: Subscription) -> Subscription:
        """Insert a subscription unless its key exists, and return the stored one. Raises StoreTrouble."""
        return await self._uninterrupted(partial(self._add, subscription))

    async def change(self, key: Key, how: Change) -> Subscription | None:
        """Replace a subscription by ``how`` of it; None removes it. Raises StoreTrouble, and as ``how``."""
        return await self._uninterrupted(partial(self._change, key, how))

    async def get(self, key: Key) -> Subscription | None:
        """Return a channel's subscription to a job, if there is one."""
        return self._index.get(key)

    async def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """Return a channel's subscriptions, oldest first."""
        return self._index.of_channel(team_id, channel_id)

    async def followed(self) -> Mapping[str, Sequence[Subscription]]:
        """Return all subscriptions by job id, as they are now: later changes don't show in it."""
        return self._index.by_job()

    async def check(self) -> None:
        """Write a row and read it back. Raises StoreTrouble."""
        await self._uninterrupted(self._check)

    async def _uninterrupted(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the lock, then run ``work`` to its end even if the caller is cancelled.

        A write that has begun can't be undone, and the index has to follow it.
        """
        await self._lock.acquire()
        task = self._task = asyncio.create_task(work())
        task.add_done_callback(self._unlock)
        return await asyncio.shield(task)

    def _unlock(self, task: asyncio.Task[Any]) -> None:
        self._lock.release()
        if not task.cancelled():
            task.exception()  # the caller may be gone: then nobody else would retrieve it

    async def _add(self, subscription: Subscription) -> Subscription:
        if stored := self._index.get(subscription.key):
            return stored
        await self._write(subscription.key, subscription)
        return self._index.put(subscription)

    async def _change(self, key: Key, how: Change) -> Subscription | None:
        stored = self._index.get(key)
        new = stored and how(stored)
        if new == stored:
            return stored
        if new is None:
            await self._write(key, None)
            self._index.remove(key)
            return None
        if new.key != key:
            raise ValueError("a change may not make another subscription of one")
        await self._write(key, new)
        return self._index.put(new)

    async def _write(self, key: Key, subscription: Subscription | None) -> None:
        await self._restore_rows()
        self._unconfirmed.add(key)
        await self._put(key, subscription)
        self._unconfirmed.discard(key)
        self._succeeded()

    async def _restore_rows(self) -> None:
        """Write the rows of failed writes as they were: the callers were told that nothing changed."""
        for key in tuple(self._unconfirmed):
            await self._put(key, self._index.get(key))
            self._unconfirmed.discard(key)

    async def _put(self, key: Key, subscription: Subscription | None) -> None:
        text = text_of(subscription) if subscription else None
        await self._ask(partial(_put, row_of(key), text))

    async def _check(self) -> None:
        await self._restore_rows()
        self._checks += 1
        written = f'{{"check": {self._checks}}}'
        await self._ask(partial(_put, CHECK_ROW, written))
        if await self._ask(lambda table: table.get(CHECK_ROW)) != written:
            raise self._failed("what was written reads otherwise")
        self._succeeded()

    async def _ask(self, work: Callable[[Table], T]) -> T:
        try:
            return await self.disk.ask(work)
        except FAILURES as error:
            raise self._failed(_reason(error)) from error

    def _failed(self, reason: str) -> StoreTrouble:
        if self.trouble is None:
            log.error("The store %s can't be written: %s", self._path, reason)
        self.trouble = StoreTrouble(path=str(self._path), reason=reason)
        return self.trouble

    def _succeeded(self) -> None:
        if self.trouble is not None:
            log.warning("The store %s can be written again.", self._path)
        self.trouble = None


def _put(row: str, text: str | None, table: Table) -> None:
    if text is None:
        table.pop(row, None)
    else:
        table[row] = text


def _reason(error: BaseException) -> str:
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return f"{reason}: {error.__cause__}" if error.__cause__ else reason


def _error_of_opening(path: Path, error: BaseException) -> StoreError:
    """Return the StoreError for a failure to open the store."""
    cause = error.__cause__ or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if isinstance(cause, DamagedError | sqlite3.Error) and code not in _DISK_CODES:
        return StoreCorrupt(path=str(path), reason=_reason(cause))
    is_denied = isinstance(cause, PermissionError) or code in _PERMISSION_CODES
    whose = foreign(path) if is_denied else None
    return StoreNotWritable(path=str(path), reason=_reason(cause), foreign=whose)
