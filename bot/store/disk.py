"""sqlitedict with a timeout: each call returns, raises or is abandoned, and never blocks for ever.

A SqliteDict passes each call to its own thread and waits. That thread ends when a commit or a SELECT fails,
and its callers then wait for ever.
"""

import json
import logging
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
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
REPLACE: Final = f"REPLACE INTO {TABLE} (key, value) SELECT key, value FROM json_each(?)"  # noqa: S608
REMOVE: Final = (
    f"CREATE TEMP TRIGGER removed AFTER INSERT ON main.{TABLE} WHEN NEW.value IS NULL "  # noqa: S608
    f"BEGIN DELETE FROM {TABLE} WHERE key = NEW.key; END"
)
"""With it, REPLACE removes what it is to replace by nothing. It is the connection's, and not in the file."""
FULL: Final = 2
"""The value of ``PRAGMA synchronous`` with which a commit waits for the disk. sqlitedict sets 0."""

# It logs each error in ten lines and a stack. Every error reaches our caller, and is logged there, once.
logging.getLogger("sqlitedict").setLevel(logging.CRITICAL + 1)

T = TypeVar("T")


class DamagedError(Exception):
    """The file is not a store of this program, or is damaged."""


class _Worker(SqliteMultithread):  # type: ignore[misc]  # sqlitedict has no types
    """sqlitedict's thread. The error that ends it is kept for its caller, instead of printed with a stack."""

    cause: Exception | None = None
    _connection: sqlite3.Connection | None = None

    def run(self) -> None:
        """Serve requests until it is closed or one fails."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001  of sqlite, the system or sqlitedict: the caller raises it
            self.cause = error
            if self._connection is not None:
                self._connection.close()

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Cursor]:
        self._connection, cursor = super()._connect()
        return self._connection, cursor


class Table(SqliteDict):  # type: ignore[misc]  # sqlitedict has no types
    """The one table, a dict of texts. What ``put`` wrote is on disk when it returns."""

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
        """Yield all rows, ordered by key. sqlitedict would first read the whole file into memory."""
        after = ""
        while page := list(self.conn.select(PAGE, (after,))):
            yield from ((str(key), str(value)) for key, value in page)
            after = page[-1][0]

    def put(self, rows: Mapping[str, str | None]) -> None:
        """Replace these rows, and delete those that are None: all or nothing, in one statement."""
        self.conn.execute(REPLACE, (json.dumps(rows, ensure_ascii=False),))
        self.commit()

    def _new_conn(self) -> _Worker:
        return _Worker(self.filename, self.autocommit, self.journal_mode, self._outer_stack)


class Disk:
    """The table in an existing file: opened at the first access, and again after it had to be abandoned.

    ``limit`` is how many seconds an access may take.
    """

    def __init__(self, path: Path, *, limit: float) -> None:
        self._path = path
        self._limit = limit
        self._table: Table | None = None
        self._abandoned: _Worker | None = None
        self._file: tuple[int, int] | None = None
        self._is_closed = False

    async def ask(self, work: Callable[[Table], T]) -> T:
        """Run ``work`` on the table; one at a time. A failed write may or may not have reached the disk.

        Raises sqlite3.Error or OSError when it fails, DamagedError when the file is no store.
        """
        # The truth value of a table is a query, which would block the event loop.
        table = await self._opened() if self._table is None else self._table
        return await self._run(table, partial(self._on_same_file, work, table))

    async def close(self) -> None:
        """Move the write-ahead log into the file, and close it. Raises like ``ask``."""
        self._is_closed = True
        if self._table is not None:
            await self._run(self._table, partial(_close, self._table))
            self._table = None

    async def _opened(self) -> Table:
        if self._is_closed:
            raise GaveUpError("the store is closed")
        # Two threads on one file might write in the wrong order: the abandoned one has to end first.
        if self._abandoned is not None and self._abandoned.is_alive():
            raise GaveUpError("an earlier call still hangs")
        self._table = await in_time(partial(self._on_same_file, _open, self._path), limit=self._limit)
        return self._table

    async def _run(self, table: Table, work: Callable[[], T]) -> T:
        worker: _Worker = table.conn
        try:
            return await in_time(work, limit=self._limit, is_lost=lambda: not worker.is_alive())
        except GaveUpError as error:
            worker.close(force=True)  # it ends as soon as it can
            self._table, self._abandoned = None, worker
            raise error from worker.cause

    def _on_same_file(self, work: Callable[[Any], T], argument: Any) -> T:
        """Run ``work`` unless the file was moved: SQLite would go on with one that no path leads to."""
        found = self._path.stat()
        self._file = self._file or (found.st_dev, found.st_ino)
        if self._file != (found.st_dev, found.st_ino):
            raise OSError("another file was put in its place: put it back, or start the bot again")
        return work(argument)


def holds_store(path: Path) -> bool:
    """Whether the file holds a store; False if it is empty or missing. Changes nothing.

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
    with reading(path) as connection:
        return _has_table(connection)


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing file so that neither it nor anything beside it is changed. Raises sqlite3.Error."""
    # To read a write-ahead log, SQLite would make -shm where there is none: where nobody has the file open.
    options = "mode=ro" if Path(f"{path.resolve()}-shm").exists() else "mode=ro&immutable=1"
    uri = f"{path.resolve().as_uri()}?{options}"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000)) as connection:
        yield connection


def _has_table(connection: sqlite3.Connection) -> bool:
    """Whether our table exists; False if there is no table at all. Raises DamagedError."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({TABLE})")]
    if names and (TABLE not in names or columns != COLUMNS):
        raise DamagedError(f"it has tables of another program: {', '.join(names)[:80]}")
    return bool(names)


def _open(path: Path) -> Table:
    _refuse_damaged(path)
    table = Table(path)
    configure(table)
    return table


def _refuse_damaged(path: Path) -> None:
    """Raise DamagedError before sqlitedict, which would put its table into any database, opens the file."""
    with closing(sqlite3.connect(path, timeout=BUSY_MS / 1000)) as connection:
        _has_table(connection)
        # Where this fails, sqlitedict would leave its connection open.
        connection.execute("PRAGMA journal_mode=WAL")
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if found != "ok":
            raise DamagedError(found)


def configure(table: Table) -> None:
    """Make each commit wait for the disk, and let ``put`` delete.

    Raises OSError where SQLite does not wait for the disk.
    """
    table.conn.execute("PRAGMA synchronous=FULL")
    table.conn.execute("PRAGMA temp_store=MEMORY")
    table.conn.execute(REMOVE)
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
