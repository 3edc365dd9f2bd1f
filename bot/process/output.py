"""stdout and stderr with a queue and a thread each, so that printing and logging never block.

A write to a full pipe blocks until somebody reads, which may be never, and a signal whose handler only sets
an asyncio event does not interrupt it. What can't be written is no error where it is printed: for stdout it
is reported once, at the end of the command; the log goes on without a reader.
"""

import atexit
import errno
import io
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event, RLock, Thread
from typing import Any, Final

from bot.errors import Unquoted, VoiceJobError

STDOUT: Final = 1
STDERR: Final = 2
MOST_WAITING: Final = 2000
"""Lines of stderr that are kept for a slow reader; of more, the oldest are dropped."""
LAST_SECONDS: Final = 1.0
"""Seconds that the end of the process waits for a reader of stderr."""
ROOM_LOOKS: Final = 50
ROOM_SECONDS: Final = 0.01
"""How often a fast writer looks for room in the queue before something is dropped, and the pause between."""
LOOK_SECONDS: Final = 1.0
"""Seconds between two looks whether Ctrl-C was pressed, while a slow reader is waited for."""

FormatLost = Callable[[int], str]
"""Formats the line that says how many lines were lost."""


class OutputLost(VoiceJobError):
    """What a command printed could not be written; ``is_closed`` when its reader has gone."""

    def __init__(self, error: OSError) -> None:
        super().__init__(reason=Unquoted(error.strerror or type(error).__name__))
        self.is_closed = error.errno == errno.EPIPE


class QueuedOutput(io.FileIO):
    """The binary end of a stream: queues what is written, and writes it to a descriptor on a daemon thread.

    ``most`` is how many writes may wait; None for no limit. ``trouble`` is the system's last error,
    ``patience`` how many seconds a drain waits at most. No lock is held while the thread writes, which the
    end of Python would wait for.
    """

    def __init__(self, descriptor: int, *, most: int | None = None) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._descriptor = descriptor
        self._most = most
        # Unlike Queue's, its put() is reentrant: the collection of garbage can log at any moment.
        self._queue: SimpleQueue[bytes | Event] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = RLock()
        self._dropped = self._failed = self._reported = 0
        self._is_stuck = False
        self.trouble: OSError | None = None
        self.patience: float | None = None
        self.format_lost: FormatLost = "lines that could not be written: {}\n".format

    def write(self, data: Any) -> int:
        """Queue bytes; never waits for a reader.

        Raises OutputLost after a failed write, where nothing may be dropped.
        """
        written = bytes(data)
        if sys.is_finalizing():  # when no thread runs any more
            with suppress(OSError, ValueError):
                if select.select([], [self._descriptor], [], 0)[1]:
                    os.write(self._descriptor, written[: select.PIPE_BUF])
            return len(written)
        if self._most is None and self.trouble:
            raise OutputLost(self.trouble)
        if self._most is not None and self._queue.qsize() >= self._most and not self._gets_room(self._most):
            self._drop_oldest()
        self._put(written)
        return len(written)

    def drain(self) -> None:
        """Wait until all that was queued is written or lost, for ``patience`` seconds at most."""
        if self._thread:
            done = Event()
            self._put(done)
            if self.patience is not None:
                done.wait(self.patience)
                return
            # Python sees a signal that comes right before a wait only after that wait.
            while not done.wait(LOOK_SECONDS):
                pass

    def _put(self, item: bytes | Event) -> None:
        self._queue.put(item)
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"output {self._descriptor}", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the system gives no thread: the next write asks for one again
                    self._thread = None
                    self._write_all(self._take_all())

    def _gets_room(self, most: int) -> bool:
        """Whether the queue gets shorter, where its thread lacks nothing but processor time.

        A disk that hangs holds up one write, and no other until something is written.
        """
        if self._is_stuck or not select.select([], [self._descriptor], [], 0)[1]:
            return False
        self._is_stuck = True
        for _ in range(ROOM_LOOKS):
            time.sleep(ROOM_SECONDS)
            if self._queue.qsize() < most:
                self._is_stuck = False
                return True
        return False

    def _drop_oldest(self) -> None:
        """Drop the oldest item: the newest say why the process ended."""
        with suppress(Empty):
            item = self._queue.get_nowait()
            if isinstance(item, Event):
                item.set()
            else:
                self._dropped += item.count(b"\n")

    def _run(self) -> None:
        while True:
            self._write_all([self._queue.get(), *self._take_all()])

    def _take_all(self) -> list[bytes | Event]:
        """Remove and return all that is queued by now."""
        items: list[bytes | Event] = []
        with suppress(Empty):
            items.extend(self._queue.get_nowait() for _ in range(self._queue.qsize()))
        return items

    def _write_all(self, items: list[bytes | Event]) -> None:
        """Write them in one go: after each write, the thread waits some ms for Python's global lock."""
        data = b"".join(item for item in items if not isinstance(item, Event))
        lost = self._dropped + self._failed - self._reported
        if data and lost and not self._unwritten(self.format_lost(lost).encode()):
            self._reported += lost
        self._failed += self._unwritten(data).count(b"\n")
        for item in items:
            if isinstance(item, Event):
                item.set()

    def _unwritten(self, data: bytes) -> bytes:
        """Write bytes, and return those that could not be written."""
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                    self._is_stuck = False
                except BlockingIOError:  # another process that has the same pipe set O_NONBLOCK
                    select.select([], [self._descriptor], [])
        except OSError as error:
            self.trouble = error
        return data


@contextmanager
def queued_output() -> Iterator[None]:
    """Replace stdout and stderr with queued ones. At the end, all that was printed has been written.

    Raises OutputLost where that was not possible and the command succeeded.
    """
    _occupy_closed()
    out, err = QueuedOutput(STDOUT), QueuedOutput(STDERR, most=MOST_WAITING)
    # Where it is not UTF-8, some of our characters would be an error. Python escapes them for stderr itself.
    sys.stdout = _text(out, sys.stdout, "replace")
    sys.stderr = _text(err, sys.stderr, "backslashreplace")
    err.patience = LAST_SECONDS
    atexit.register(err.drain)  # after the traceback of an uncaught exception
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
    if out := _output_of(sys.stdout):
        out.drain()
        if out.trouble:
            raise OutputLost(out.trouble)


def wait_less() -> None:
    """Make the end of the process wait no more than LAST_SECONDS for a reader of stdout."""
    if out := _output_of(sys.stdout):
        out.patience = LAST_SECONDS


def report_lost(format_lost: FormatLost) -> None:
    """Set how the line of stderr is formatted that says how many lines were lost."""
    if err := _output_of(sys.stderr):
        err.format_lost = format_lost


def _output_of(stream: Any) -> QueuedOutput | None:
    output = getattr(stream, "buffer", None)
    return output if isinstance(output, QueuedOutput) else None


def _occupy_closed() -> None:
    """Open those of the first three descriptors that are closed: a file opened later would get their number.

    They are opened for reading only, so that a write fails as before.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= STDERR:
        pass
    os.close(descriptor)


def _text(output: QueuedOutput, replaced: Any, errors: str) -> io.TextIOWrapper:
    encoding = getattr(replaced, "encoding", None) or "utf-8"
    return io.TextIOWrapper(output, encoding=encoding, errors=errors, write_through=True)
