"""What the disk's failures mean for those who open a store."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bot.errors import StoreCorrupt, StoreError, StoreNotWritable
from bot.process.threads import in_time
from bot.store.disk import DamagedError, holds_store
from bot.store.files import foreign

T = TypeVar("T")

FAILURES: Final = (sqlite3.Error, OSError, DamagedError)
"""What an access to the disk may raise."""
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
    return await looked_at(path, holds_store, limit=limit)


async def looked_at(path: Path, look: Callable[[Path], T], *, limit: float) -> T:
    """Return what ``look`` finds in the file within ``limit`` seconds. Raises like ``is_store``."""
    try:
        return await in_time(partial(look, path), limit=limit)
    except FAILURES as error:
        raise error_of_opening(path, error) from error


def reason_of(error: BaseException) -> str:
    """Return why an access to the disk failed, for the log."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return f"{reason}: {error.__cause__}" if error.__cause__ else reason


def error_of_opening(path: Path, error: BaseException) -> StoreError:
    """Return the StoreError for a failure to open the store."""
    cause = error.__cause__ or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if isinstance(cause, DamagedError | sqlite3.Error) and code not in _DISK_CODES:
        return StoreCorrupt(path=str(path), reason=reason_of(cause))
    is_denied = isinstance(cause, PermissionError) or code in _PERMISSION_CODES
    whose = foreign(path) if is_denied else None
    return StoreNotWritable(path=str(path), reason=reason_of(cause), foreign=whose)
