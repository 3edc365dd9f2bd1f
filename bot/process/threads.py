"""Blocking calls on daemon threads, with a time limit: a call that hangs is abandoned, and never joined."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Final, TypeVar

PULSE: Final = 0.1
"""Seconds between two calls of ``is_lost``."""

T = TypeVar("T")


class GaveUpError(OSError):
    """A call gave no answer in time, or can give none any more."""


async def in_time(work: Callable[[], T], *, limit: float, is_lost: Callable[[], bool] = lambda: False) -> T:
    """Call ``work`` on a daemon thread, and return what it returns, or raise what it raises.

    Raises GaveUpError after ``limit`` seconds, or once ``is_lost``; the call may still go on then.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + limit
    answer = asyncio.wrap_future(on_a_thread(work))
    try:
        while not answer.done():
            left = until - loop.time()
            if left <= 0:
                raise GaveUpError(f"no answer within {limit:g} s")
            was_lost = is_lost()
            await asyncio.wait({answer}, timeout=min(PULSE, left))
            if was_lost and not answer.done():
                raise GaveUpError("no answer can come any more")
        return await answer
    finally:
        answer.cancel()


def on_a_thread(work: Callable[[], T]) -> Future[T]:
    """Call ``work`` on a daemon thread: those of asyncio's executor keep the process from ending.

    Raises OSError when the system starts no thread.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()
    try:
        Thread(target=_run, args=(work, answer), name="voicejob", daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from error
    return answer


def _run(work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as error:  # noqa: BLE001  whoever waits for the answer raises it
        answer.set_exception(error)
