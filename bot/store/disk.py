"""sqlitedict with a time limit: an answer, an error, or a new start, and never a wait without an end.

A SqliteDict hands each call to a thread of its own and waits. That thread ends when a commit or the reading
of rows fails, and whoever waits for it then waits for ever.
"""

import logging
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlitedict import SqliteDict, SqliteMultithread  # type: ignore[import-untyped]

from bot.process.threads import GaveUpError, in_time

TABLE: Final = "voicejob"
COLUMNS: Final = ["key", "value"]
PAGE: Final = f"SELECT key, value FROM {TABLE} WHERE key > ? ORDER BY key LIMIT 200"  # noqa: S608  constants
BUSY_MS: Final = 2000
"""Milliseconds that a write waits for another program that holds the file, such as the sqlite3 shell."""
FULL: Final = 2
"""What ``PRAGMA synchronous`` answers when a commit waits for the disk. sqlitedict sets 0: it never waits."""

# It logs each error in ten lines and a stack. Every error reaches our caller, and is logged there, once.
logging.getLogger("sqlitedict").setLevel(logging.CRITICAL + 1)

T = TypeVar("T")


class DamagedError(Exception):
    """The file is no store, or a damaged one."""


class _Worker(SqliteMultithread):  # type: ignore[misc]  # sqlitedict has no types
    """sqlitedict's thread. What ends it is kept for who waits, instead of being printed with its stack."""

    cause: Exception | None = None
    _link: sqlite3.Connection | None = None

    def run(self) -> None:
        """Serve until told to end, or until something fails."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001  sqlite, the system or sqlitedict: who waits raises it
            self.cause = error
            if self._link is not None:
                self._link.close()

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Cursor]:
        self._link, cursor = super()._connect()
        return self._link, cursor


class Table(SqliteDict):  # type: ignore[misc]  # sqlitedict has no types
    """The one table: texts under keys. When an assignment returns, it is on disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            str(path),
            tablename=TABLE,
            autocommit=True,
            journal_mode="WAL",
            encode=str,
            decode=str,
            decode_key=str,
            outer_stack=False,
        )

    def iteritems(self) -> Iterator[tuple[str, str]]:
        """Give all rows, by their keys' order. sqlitedict would first put the whole file into memory."""
        after = ""
        while page := list(self.conn.select(PAGE, (after,))):
            yield from ((str(key), str(value)) for key, value in page)
            after = page[-1][0]

    def _new_conn(self) -> _Worker:
        return _Worker(self.filename, self.autocommit, self.journal_mode, self._outer_stack)


class Disk:
    """The table in a file that exists, opened when first asked, and anew after it had to be given up.

    ``limit`` is how many seconds anything may take.
    """

    def __init__(self, path: Path, *, limit: float) -> None:
        self._path = path
        self._limit = limit
        self._table: Table | None = None
        self._left: _Worker | None = None
        self._file: tuple[int, int] | None = None
        self._is_closed = False

    async def ask(self, work: Callable[[Table], T]) -> T:
        """Let the work use the table; one at a time. What failed may or may not have reached the disk.

        Raises sqlite3.Error or OSError when it fails, DamagedError when the file is no store.
        """
        # A table that was asked whether it is true would ask its file, and wait for that right here.
        table = await self._opened() if self._table is None else self._table
        return await self._answer(table, partial(self._on_our_file, work, table))

    async def close(self) -> None:
        """Move what is in the write-ahead log into the file, and close it. Raises like ``ask``."""
        self._is_closed = True
        if self._table is not None:
            await self._answer(self._table, partial(_close, self._table))
            self._table = None

    async def _opened(self) -> Table:
        if self._is_closed:
            raise GaveUpError("the store is closed")
        # Two threads on one file might write in the wrong order: the one that was left has to end first.
        if self._left is not None and self._left.is_alive():
            raise GaveUpError("an earlier call still hangs")
        self._table = await in_time(partial(self._on_our_file, _open, self._path), limit=self._limit)
        return self._table

    async def _answer(self, table: Table, work: Callable[[], T]) -> T:
        worker: _Worker = table.conn
        try:
            return await in_time(work, limit=self._limit, is_lost=lambda: not worker.is_alive())
        except GaveUpError as error:
            self._leave(worker)
            raise error from worker.cause

    def _leave(self, worker: _Worker) -> None:
        """Go on without this table. Its thread, if it lives, ends as soon as it can."""
        worker.close(force=True)
        self._table, self._left = None, worker

    def _on_our_file(self, work: Callable[[Any], T], where: Any) -> T:
        """Work, unless the file was taken away: SQLite would write on into one that no name leads to."""
        found = self._path.stat()
        self._file = self._file or (found.st_dev, found.st_ino)
        if self._file != (found.st_dev, found.st_ino):
            raise OSError("another file was put in its place: put it back, or start the bot again")
        return work(where)


def holds_store(path: Path) -> bool:
    """Say whether the file holds a store, and change nothing; False when it is empty, or there is none.

    Raises DamagedError when it holds something else, sqlite3.Error or OSError when it can't be read.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        # Of a link, the folder that it leads to counts.
        if not (folder := path.resolve().parent).is_dir():
            raise FileNotFoundError(f"there is no folder {folder}") from None
        return False
    if not stat.S_ISREG(found.st_mode) or not found.st_size:
        return False
    # To read a write-ahead log, SQLite would make -shm where there is none: where nobody has the file open.
    way = "mode=ro" if Path(f"{path.resolve()}-shm").exists() else "mode=ro&immutable=1"
    address = f"{path.resolve().as_uri()}?{way}"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_MS / 1000)) as file:
        return _has_table(file)


def _has_table(file: sqlite3.Connection) -> bool:
    """Say whether our table is there; False when there is none at all. Raises DamagedError."""
    names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = [row[1] for row in file.execute(f"PRAGMA table_info({TABLE})")]
    if names and (TABLE not in names or columns != COLUMNS):
        raise DamagedError(f"it has tables of another program: {', '.join(names)[:80]}")
    return bool(names)


def _open(path: Path) -> Table:
    _refuse_damaged(path)
    table = Table(path)
    set_up(table)
    return table


def _refuse_damaged(path: Path) -> None:
    """Look before sqlitedict does, which would put its table into any database. Raises DamagedError."""
    with closing(sqlite3.connect(path, timeout=BUSY_MS / 1000)) as file:
        _has_table(file)
        # Where this fails, sqlitedict would leave its connection open.
        file.execute("PRAGMA journal_mode=WAL")
        found = str(file.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if found != "ok":
            raise DamagedError(found)


def set_up(table: Table) -> None:
    """Make each write wait for the disk, and see that it does. Raises OSError where that is not possible."""
    table.conn.execute("PRAGMA synchronous=FULL")
    table.conn.select_one(f"PRAGMA busy_timeout={BUSY_MS}")
    (synchronous,) = table.conn.select_one("PRAGMA synchronous")
    (mode,) = table.conn.select_one("PRAGMA journal_mode")
    if synchronous != FULL:
        raise OSError(f"SQLite does not wait for the disk here: synchronous is {synchronous}")
    if mode != "wal":
        raise OSError(f"SQLite's write-ahead log does not work here: its journal mode is {mode}")


def _close(table: Table) -> None:
    table.conn.select_one("PRAGMA wal_checkpoint(TRUNCATE)")
    table.close()
