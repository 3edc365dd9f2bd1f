"""The store's file: that it can be one, that one bot has it, and that only the bot's user may read it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bot.errors import StoreLocked, StoreNotWritable

PRIVATE: Final = 0o600
"""The mode of the file and of those beside it. SQLite gives its own files the mode of the main one."""
BESIDE: Final = ("", "-wal", "-shm")
"""What stands behind the file's name in those that SQLite uses."""


def claim(path: Path) -> FileLock:
    """Take the file for this process, and make it if there is none; whoever gets the lock releases it.

    Raises StoreLocked when another process has it, StoreNotWritable when it can't be made or written.
    """
    try:
        refuse_impossible(path)
        return _claimed(path)
    except OSError as error:
        raise not_writable(path, error) from error


def not_writable(path: Path, error: OSError) -> StoreNotWritable:
    """Make our error of the system's; where it is about permission, it tells whose the file is."""
    whose = foreign(path) if isinstance(error, PermissionError) else None
    return StoreNotWritable(path=str(path), reason=error.strerror or str(error), foreign=whose)


def foreign(path: Path) -> tuple[str, int] | None:
    """Find what belongs to another user, so that this one can't use the store; gives its path and owner.

    That may be the file, one beside it, or its folder; None if it is none of them.
    """
    real = path.resolve()
    for each in (*(Path(f"{real}{suffix}") for suffix in (*BESIDE, ".lock")), real.parent):
        with suppress(OSError):  # it is not there, or can't be looked at: then its folder is looked at
            owner = each.stat().st_uid
            if owner != os.geteuid() and not _may_use(each):
                return str(each), owner
    return None


def _may_use(path: Path) -> bool:
    mode = os.W_OK | (os.X_OK if path.is_dir() else os.R_OK)
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def refuse_impossible(path: Path) -> None:
    """See that the path could be a store's file. Raises OSError."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError("it is a folder")
    if path.exists() and not path.is_file():
        raise OSError("it is no file")


def _claimed(path: Path) -> FileLock:
    # Two names of one file must not make two locks. The lock is taken on one thread and released on another.
    beside = Path(f"{path.resolve()}.lock")
    lock = FileLock(beside, timeout=0, mode=PRIVATE, thread_local=False)
    try:
        lock.acquire()
        beside.chmod(PRIVATE)
        beside.write_text(f"{os.getpid()}\n")
        _make_private(path)
    except Timeout as error:
        raise StoreLocked(path=str(path), process=_holder(beside)) from error
    except BaseException:
        lock.release()
        raise
    return lock


def _make_private(path: Path) -> None:
    """Make the file if there is none, see that it can be written, and keep other users from reading it."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    for suffix in BESIDE:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").chmod(PRIVATE)


def _holder(beside: Path) -> int | None:
    """Read which process holds the lock. It writes that after it got the lock, so it may be missing."""
    try:
        return int(beside.read_text())
    except (OSError, ValueError):
        return None
