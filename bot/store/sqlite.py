"""The store in one SQLite file: read from memory, written to disk first."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

from bot.domain.following import Changed, Channel, Counts, Following, WideFollowing, counts_of
from bot.domain.keys import Address, DeliveryKey, JobRef, Key
from bot.domain.records import Change, JobRecord, Record, Records, Subscription
from bot.errors import StoreTrouble
from bot.process.threads import GaveUpError, in_time
from bot.store.disk import Disk, Table
from bot.store.failures import FAILURES, error_of_opening, is_store, reason_of
from bot.store.files import claim
from bot.store.index import Index
from bot.store.loading import load
from bot.store.rows import CHECK_ROW, row_of, text_of

log = logging.getLogger(__name__)
T = TypeVar("T")

LIMIT: Final = 15.0
"""Timeout of an access to the disk, in seconds."""
CLOSE_LIMIT: Final = 1.5
"""Timeout of closing, in seconds: the whole bot has to end within ten."""
NO_ROWS: Final[Mapping[str, str]] = MappingProxyType({})


class SqliteStore:
    """The store in a file, for one process: ``async with SqliteStore(path) as store``.

    Entering raises a StoreError, see there. ``limit`` is how many seconds an access to the disk may take.
    ``trouble`` is the error of the last one, None if it succeeded.
    """

    def __init__(self, path: Path, *, limit: float = LIMIT) -> None:
        self.disk = Disk(path, limit=limit)
        self.trouble: StoreTrouble | None = None
        self._path = path
        self._limit = limit
        self._index = Index()
        self._unconfirmed: set[Key] = set()
        """Keys whose last write failed, so that their rows may differ from the index."""
        self._listeners: list[Callable[[Changed], None]] = []
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[Any] | None = None
        self._exit_stack = AsyncExitStack()
        self._checks = 0

    async def __aenter__(self) -> Self:
        # A file of another program gets no lock file beside it, and keeps its mode.
        await is_store(self._path, limit=self._limit)
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(_locked(self._path, limit=self._limit))
                stack.push_async_callback(_close, self.disk)
                self._index = await self.disk.ask(lambda table: Index(load(table, self._path)))
            except FAILURES as error:
                raise error_of_opening(self._path, error) from error
            self._exit_stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        try:
            async with asyncio.timeout(CLOSE_LIMIT), self._lock:
                await self._exit_stack.aclose()
        except TimeoutError:
            log.warning("The disk hangs, so the store is left as it is; nothing that was kept is lost.")

    async def change(self, keys: Iterable[Key], how: Change) -> Records:
        """Replace the records under these keys by what ``how`` makes of them; return them as they are then.

        Raises StoreTrouble, as ``how``, and ValueError for records that have none of these keys.
        """
        return await self._uninterrupted(partial(self._change, tuple(keys), how))

    async def get(self, keys: Iterable[Key]) -> Records:
        """Return the records under these keys."""
        return self._index.get(keys)

    async def following(self, key: DeliveryKey) -> Following | None:
        """Return what is followed of one job in one conversation; None where it is not."""
        return self._index.following(key)

    async def channel(self, address: Address) -> Channel:
        """Return all that concerns a conversation."""
        return self._index.channel(address)

    async def made_by(self, team_id: str, user_id: str) -> Sequence[Following | WideFollowing]:
        """Return what is followed by the subscriptions that a person made, oldest first."""
        return self._index.made_by(team_id, user_id)

    async def addresses(self) -> Sequence[Address]:
        """Return every conversation with a delivery or a destination."""
        return self._index.addresses()

    async def jobs(self) -> Mapping[JobRef, JobRecord]:
        """Return the records of all jobs, as they are now: later changes don't show in it."""
        return self._index.jobs()

    async def wide(self) -> Sequence[Subscription]:
        """Return the wide subscriptions of all conversations."""
        return self._index.wide()

    async def counts(self) -> Counts:
        """Count the records."""
        return counts_of(self._index.followings())

    def listen(self, heard: Callable[[Changed], None]) -> None:
        """Call ``heard`` after each change from now on."""
        self._listeners.append(heard)

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

    async def _change(self, keys: Sequence[Key], how: Change) -> Records:
        wanted = how(self._index.get(keys))
        if not wanted.keys() <= set(keys) or any(it and it.key != key for key, it in wanted.items()):
            raise ValueError("a change may not make a record under another key")
        if changes := self._index.completed(wanted):
            await self._write(changes)
            self._succeeded()
            changed = self._index.apply(changes)
            for heard in self._listeners:
                heard(changed)
        return self._index.get(keys)

    async def _check(self) -> None:
        self._checks += 1
        written = f'{{"check": {self._checks}}}'
        await self._write(Records(), {CHECK_ROW: written})
        if await self._ask(lambda table: table.get(CHECK_ROW)) != written:
            raise self._failed("what was written reads otherwise")
        self._succeeded()

    async def _write(self, changes: Records, more: Mapping[str, str] = NO_ROWS) -> None:
        """Write records, and those of failed writes as they were: the callers know that nothing changed."""
        restored = self._index.get(self._unconfirmed - changes.keys())
        self._unconfirmed |= changes.keys()
        await self._ask(partial(_put, {**restored, **changes}, more))
        self._unconfirmed.clear()

    async def _ask(self, work: Callable[[Table], T]) -> T:
        try:
            return await self.disk.ask(work)
        except FAILURES as error:
            raise self._failed(reason_of(error)) from error

    def _failed(self, reason: str) -> StoreTrouble:
        if self.trouble is None:
            log.error("The store %s can't be written: %s", self._path, reason)
        self.trouble = StoreTrouble(path=str(self._path), reason=reason)
        return self.trouble

    def _succeeded(self) -> None:
        if self.trouble is not None:
            log.warning("The store %s can be written again.", self._path)
        self.trouble = None


def _put(records: Mapping[Key, Record | None], more: Mapping[str, str], table: Table) -> None:
    rows = {row_of(key): text_of(record) if record else None for key, record in records.items()}
    table.put({**rows, **more})


@asynccontextmanager
async def _locked(path: Path, *, limit: float) -> AsyncIterator[None]:
    locks = await in_time(partial(claim, path), limit=limit)
    try:
        yield
    finally:
        with suppress(GaveUpError):  # the end of the process releases them, too
            await in_time(locks.close, limit=CLOSE_LIMIT)


async def _close(disk: Disk) -> None:
    try:
        await disk.close()
    except FAILURES as error:
        log.warning("The store could not be closed well; nothing is lost. %s", error)
