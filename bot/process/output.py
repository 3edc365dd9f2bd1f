"""What the process writes to stdout and stderr, from a thread of its own: nobody waits for whoever reads it.

A write to a pipe that is full waits until it is read, which may be never, and a signal that only sets an
event of asyncio's does not end that wait. So each stream is a queue here. What can't be written is no error
where it is printed: of stdout it is told once, at the end of the command; the log goes on without a reader.
"""

import atexit
import errno
import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event, RLock, Thread
from typing import Any, Final

from bot.errors import Unquoted, VoiceJobError

STDOUT: Final = 1
STDERR: Final = 2
MOST_WAITING: Final = 2000
"""Lines of stderr that are kept for a reader who comes late; of more, the oldest are dropped."""
LAST_SECONDS: Final = 1.0
"""Seconds that the end of the process waits for whoever reads stderr."""

Lost = Callable[[int], str]
"""Makes the line that says how many lines were dropped."""


class OutputLost(VoiceJobError):
    """What a command printed could not be written; ``is_closed`` when its reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__(reason=Unquoted(error.strerror or type(error).__name__))
        self.is_closed = error.errno == errno.EPIPE


class QueuedOutput(io.BufferedIOBase):
    """The binary end of a stream: takes bytes at once, and writes them to a descriptor on a daemon thread.

    ``most`` is how many writes may wait; None for no limit. ``trouble`` is the last error of the system's,
    ``patience`` how many seconds a drain waits at most, ``held`` how many writes are being written just now.
    The thread writes to the descriptor itself, so it holds no lock that the end of Python would wait for.
    """

    def __init__(self, descriptor: int, *, most: int | None = None) -> None:
        self._descriptor = descriptor
        self._most = most
        # Its put() may be interrupted by itself: the collection of garbage can log, wherever it comes.
        self._waiting: SimpleQueue[bytes | Event] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = RLock()
        self._dropped = 0
        self._failed = 0
        self._told = 0
        self.held = 0
        self.trouble: OSError | None = None
        self.patience: float | None = None
        self.lost: Lost = "lines that could not be written: {}\n".format

    def writable(self) -> bool:
        """Say yes, as io wants to know."""
        return True

    @property
    def name(self) -> int:
        """Give the descriptor, as io's own streams do."""
        return self._descriptor

    def fileno(self) -> int:
        """Give the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Say whether it is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Take bytes to write them soon; never waits. Raises OutputLost where all is to be written."""
        taken = bytes(data)
        if sys.is_finalizing():  # when no thread runs any more
            self._write_if_possible(taken)
            return len(taken)
        if self._most is None and self.trouble:
            raise OutputLost(self.trouble)
        if self._most is not None and self._waiting.qsize() >= self._most:
            self._drop()
        self._put(taken)
        return len(taken)

    def drain(self) -> None:
        """Wait until all that was taken is written or lost, or until patience ends."""
        if self._thread:
            done = Event()
            self._put(done)
            done.wait(self.patience)

    def _put(self, item: bytes | Event) -> None:
        self._waiting.put(item)
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"output {self._descriptor}", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the system gives no thread: the next write asks for one again
                    self._thread = None
                    self._write_all(self._taken())

    def _drop(self) -> None:
        """Let the oldest go: the newest tell why the process ended."""
        with suppress(Empty):
            item = self._waiting.get_nowait()
            if isinstance(item, Event):
                item.set()
            else:
                self._dropped += 1

    def _run(self) -> None:
        while True:
            self._write_all([self._waiting.get(), *self._taken()])

    def _taken(self) -> list[bytes | Event]:
        """Take all that waits by now."""
        taken: list[bytes | Event] = []
        with suppress(Empty):
            taken.extend(self._waiting.get_nowait() for _ in range(self._waiting.qsize()))
        return taken

    def _write_all(self, items: list[bytes | Event]) -> None:
        """Write them in one go: after each write, whoever logs keeps this thread waiting for some ms."""
        lines = [item for item in items if not isinstance(item, Event)]
        self.held = len(lines)
        lost = self._dropped + self._failed - self._told
        if lines and lost and not self._unwritten(self.lost(lost).encode()):
            self._told += lost
        self._failed += _count_last(lines, self._unwritten(b"".join(lines)))
        self.held = 0
        for item in items:
            if isinstance(item, Event):
                item.set()

    def _unwritten(self, data: bytes) -> int:
        """Write, and count the bytes that could not be written."""
        try:
            while data:
                data = data[self._write_some(data) :]
        except OSError as error:
            self.trouble = error
        return len(data)

    def _write_some(self, data: bytes) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # somebody else who has the same pipe made it so
            select.select([], [self._descriptor], [])
            return 0

    def _write_if_possible(self, data: bytes) -> None:
        with suppress(OSError, ValueError):
            if select.select([], [self._descriptor], [], 0)[1]:
                os.write(self._descriptor, data[: select.PIPE_BUF])


def _count_last(lines: list[bytes], size: int) -> int:
    """Count the last lines that have so many bytes, or begin before them."""
    count = 0
    while size > 0:
        count += 1
        size -= len(lines[-count])
    return count


@contextmanager
def queued_output() -> Iterator[None]:
    """Put outlets in the place of stdout and stderr. At the end, all that was printed has been written.

    Raises OutputLost where that was not possible and the command went well.
    """
    _occupy_closed()
    out, err = QueuedOutput(STDOUT), QueuedOutput(STDERR, most=MOST_WAITING)
    # Where it is not UTF-8, some of our characters would be an error. Python escapes them for stderr itself.
    sys.stdout = _text(out, sys.stdout, "replace")
    sys.stderr = _text(err, sys.stderr, "backslashreplace")
    err.patience = LAST_SECONDS
    atexit.register(err.drain)  # after the words of an exception that nobody caught
    try:
        yield
    except (SystemExit, KeyboardInterrupt) as ended:
        if isinstance(ended, KeyboardInterrupt) or ended.code:
            wait_less()  # perhaps it is because nobody reads
            out.drain()
            raise
    except Exception:
        out.drain()
        raise
    wait_for_stdout()


def wait_for_stdout() -> None:
    """Wait until all that was printed to stdout is written. Raises OutputLost."""
    if isinstance(outlet := getattr(sys.stdout, "buffer", None), QueuedOutput):
        outlet.drain()
        if outlet.trouble:
            raise OutputLost(outlet.trouble)


def wait_less() -> None:
    """Let the end not wait long for whoever reads stdout."""
    if isinstance(outlet := getattr(sys.stdout, "buffer", None), QueuedOutput):
        outlet.patience = LAST_SECONDS


def report_lost(make: Lost) -> None:
    """Have ``make`` write the line of stderr that says how many lines of it were dropped."""
    if isinstance(outlet := getattr(sys.stderr, "buffer", None), QueuedOutput):
        outlet.lost = make


def _occupy_closed() -> None:
    """Open what is closed of the first three descriptors: the next file to be opened would take its number.

    It is opened for reading only, so that a write fails as before.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= STDERR:
        pass
    os.close(descriptor)


def _text(outlet: QueuedOutput, before: Any, errors: str) -> io.TextIOWrapper:
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(outlet, encoding=encoding, errors=errors, write_through=True)
