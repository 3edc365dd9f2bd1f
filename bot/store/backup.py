"""The copy of a store that is kept beside it before its format is changed, for the way back."""

import filecmp
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StoreNotCopied
from bot.store.files import PRIVATE


def keep_copy(path: Path, version: int) -> Path:
    """Copy the store into ``<store>.format-<version>``, on disk when this returns, and return where it is.

    The copy of an earlier step, whose store was put back and used since, stays: the new one has a number
    behind its name. Raises StoreNotCopied, and leaves no part of a copy.
    """
    copy = Path(f"{path.resolve()}.format-{version}")
    part = Path(f"{copy}.part")
    try:
        part.unlink(missing_ok=True)  # of a start that was killed
        try:
            _copy(path, part)
            name = _named(part, copy)
            _sync_folder(name.parent)
            return name
        finally:
            part.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise StoreNotCopied(path=str(path), copy=str(copy), reason=reason) from error


def _copy(path: Path, part: Path) -> None:
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(part: Path, copy: Path) -> Path:
    """Give the copy the first name that is free, unless one with the same content has a name already."""
    name, number = copy, 1
    while name.exists():
        if filecmp.cmp(part, name, shallow=False):
            return name
        number += 1
        name = Path(f"{copy}.{number}")
    return part.rename(name)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
