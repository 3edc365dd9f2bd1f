"""The store's file: locked against a second bot, and readable by the bot's user alone.

There are two locks, and the end of the process releases both. One is a ``flock`` on the file ``.lock`` beside
the store, which holds the process's number. That file can be deleted, and some file systems have no
``flock``. So the other is on one byte of the store itself, by ``fcntl`` as SQLite's own locks are: where it
does not work, nor does SQLite. It belongs to a descriptor (``F_OFD_SETLK``, see fcntl(2)). Plain ones,
SQLite's too, are lost as soon as their process closes any descriptor of the file. ``flock`` on the store
would not do: NFS makes of it a lock on all bytes, and SQLite would wait for it.
"""

import errno
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from bot.errors import StoreLocked, StoreNotWritable

PRIVATE: Final = 0o600
"""The mode of the file and of those beside it. SQLite gives its own files the mode of the main one."""
BESIDE: Final = ("", "-wal", "-shm")
"""Suffixes of the files that SQLite uses."""
LOCKED_BYTE: Final = 0x40000000 - 1
"""Right before those that SQLite locks ("PENDING_BYTE" in its os.h). The file need not be as long."""
NOT_SUPPORTED: Final = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}
"""Errors of a system that has no locks of a kind."""


def claim(path: Path) -> ExitStack:
    """Lock the file, which is created if missing; closing the stack releases it.

    Raises StoreLocked if another process has it, StoreNotWritable if it can't be created or written.
    """
    with _as_our_errors(path), ExitStack() as stack:
        refuse_impossible(path)
        _lock(path, stack)
        return stack.pop_all()


def refuse_claimed(path: Path) -> None:
    """Raise StoreLocked if another process has this existing file; nothing is made or changed.

    Raises StoreNotWritable if it can't be opened for writing.
    """
    lock_file = _lock_file(path)
    with _as_our_errors(path), ExitStack() as stack:
        _take(path, _open(lock_file, stack, os.O_NOFOLLOW) if lock_file.exists() else None, stack)


def not_writable(path: Path, error: OSError) -> StoreNotWritable:
    """Return the StoreNotWritable for a system's error; one of permission says whose the file is."""
    whose = foreign(path) if isinstance(error, PermissionError) else None
    return StoreNotWritable(path=str(path), reason=error.strerror or str(error), foreign=whose)


def foreign(path: Path) -> tuple[str, int] | None:
    """Return path and owner of what this user may not use because another owns it: a file or the folder."""
    real = path.resolve()
    for each in (*(Path(f"{real}{suffix}") for suffix in (*BESIDE, ".lock")), real.parent):
        with suppress(OSError):  # it is missing, or in a folder without access, which is looked at last
            owner = each.stat().st_uid
            mode = os.W_OK | (os.X_OK if each.is_dir() else os.R_OK)
            may_use = os.access(each, mode, effective_ids=os.access in os.supports_effective_ids)
            if owner != os.geteuid() and not may_use:
                return str(each), owner
    return None


def refuse_impossible(path: Path) -> None:
    """Raise OSError if there can't be a regular file at this path."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError("it is a folder")
    if path.exists() and not path.is_file():
        raise OSError("it is no file")


@contextmanager
def _as_our_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise not_writable(path, OSError(errno.ENOSYS, "this system has no fcntl")) from error
    except OSError as error:
        raise not_writable(path, error) from error


def _lock_file(path: Path) -> Path:
    # Two names of one file must not make two locks.
    return Path(f"{path.resolve()}.lock")


def _lock(path: Path, stack: ExitStack) -> None:
    """Take the locks, creating missing files; write this process's number, and make the files private."""
    lock_file = _lock_file(path)
    descriptor = _open(lock_file, stack, os.O_NOFOLLOW | os.O_CREAT)
    if not _take(path, descriptor, stack, os.O_CREAT):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    for each in (lock_file, *(Path(f"{path}{suffix}") for suffix in BESIDE)):
        with suppress(FileNotFoundError):
            each.chmod(PRIVATE)


def _take(path: Path, lock: int | None, stack: ExitStack, flags: int = 0) -> bool:
    """Take the lock of the file beside the store, where there is one, and that of the store itself.

    Return whether the system has any of the two. Raises StoreLocked and OSError.
    """
    import fcntl  # noqa: PLC0415  Windows has none: there, what needs no store works all the same

    process = _process_in(_lock_file(path))
    try:
        is_locked = lock is not None and _try_lock(partial(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
        process = None if is_locked else process  # who has the other lock did not write this number
        # Only with the first lock: where this process has the store already, closing it would end SQLite's.
        return _try_lock(partial(_lock_byte, _open(path, stack, flags))) or is_locked
    except BlockingIOError as error:
        raise StoreLocked(path=str(path), process=process) from error


def _open(path: Path, stack: ExitStack, flags: int) -> int:
    """Return a descriptor for reading and writing, which the stack closes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, PRIVATE)
    stack.callback(os.close, descriptor)
    return descriptor


def _try_lock(lock: Callable[[], object]) -> bool:
    """Whether the lock was taken; False if not supported. Raises BlockingIOError if another has it."""
    try:
        lock()
    except OSError as error:
        if error.errno not in NOT_SUPPORTED:
            raise
        return False
    return True


def _lock_byte(descriptor: int) -> None:
    import fcntl  # noqa: PLC0415

    command: int | None = getattr(fcntl, "F_OFD_SETLK", None)
    if command is None:  # it is Linux that has it
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    # struct flock: l_type, l_whence, l_start, l_len, l_pid
    fcntl.fcntl(descriptor, command, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, LOCKED_BYTE, 1, 0))


def _process_in(lock_file: Path) -> int | None:
    """Return the process that holds the lock, if it has written its number there already."""
    try:
        return int(lock_file.read_text())
    except (OSError, ValueError):
        return None
