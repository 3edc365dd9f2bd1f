"""The store's file: that it can be one, that one bot has it, and that only the bot's user may read it.

Two locks keep a second bot away, and each ends with its process, however that ends. One is on the file
``.lock`` beside the store, by ``flock``, and tells who has it. That file can be deleted, and some file
systems have no ``flock``. So the other is on one byte of the store itself, by ``fcntl`` as SQLite's own locks
are: where it does not work, nor does SQLite. It belongs to a descriptor (``F_OFD_SETLK``, see fcntl(2)).
Plain ones, SQLite's too, are lost as soon as their process closes any descriptor of the file. ``flock`` on
the store would not do: NFS makes of it a lock on all bytes, and SQLite would wait for it.
"""

import errno
import os
import struct
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final

from bot.errors import StoreLocked, StoreNotWritable

PRIVATE: Final = 0o600
"""The mode of the file and of those beside it. SQLite gives its own files the mode of the main one."""
BESIDE: Final = ("", "-wal", "-shm")
"""What stands behind the file's name in those that SQLite uses."""
LOCKED_BYTE: Final = 0x40000000 - 1
"""Right before those that SQLite locks ("PENDING_BYTE" in its os.h). The file need not be as long."""
NO_SUCH_LOCK: Final = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}
"""How a system answers that has no locks of a kind."""


def claim(path: Path) -> ExitStack:
    """Take the file for this process, and make it if there is none; closing the stack gives it back.

    Raises StoreLocked when another process has it, StoreNotWritable when it can't be made or written.
    """
    try:
        refuse_impossible(path)
        with ExitStack() as stack:
            _claim(path, stack)
            return stack.pop_all()
    except ImportError as error:
        raise not_writable(path, OSError(errno.ENOSYS, "this system has no fcntl")) from error
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


def _claim(path: Path, stack: ExitStack) -> None:
    import fcntl  # noqa: PLC0415  Windows has none: there, what needs no store works all the same

    # Two names of one file must not make two locks.
    beside = Path(f"{path.resolve()}.lock")
    lock = _opened(beside, stack, os.O_NOFOLLOW)
    process = _holder(beside)
    try:
        is_locked = _takes(partial(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
        process = None if is_locked else process  # who has the other lock did not write this number
        # Only with the first lock: where this process has the store already, closing it would end SQLite's.
        is_locked |= _takes(partial(_lock_byte, _opened(path, stack)))
    except BlockingIOError as error:
        raise StoreLocked(path=str(path), process=process) from error
    if not is_locked:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    for each in (beside, *(Path(f"{path}{suffix}") for suffix in BESIDE)):
        with suppress(FileNotFoundError):
            each.chmod(PRIVATE)


def _opened(path: Path, stack: ExitStack, flags: int = 0) -> int:
    """Open a file, and make it if there is none, until the stack is closed. It must be writable."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, PRIVATE)
    stack.callback(os.close, descriptor)
    return descriptor


def _takes(lock: Callable[[], object]) -> bool:
    """Take a lock; False where there are none of its kind. Raises BlockingIOError when another has it."""
    try:
        lock()
    except OSError as error:
        if error.errno not in NO_SUCH_LOCK:
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


def _holder(beside: Path) -> int | None:
    """Read which process holds the lock. It writes that after it got the lock, so it may be missing."""
    try:
        return int(beside.read_text())
    except (OSError, ValueError):
        return None
