"""Blocking calls on threads that can be left alone: nobody waits for one that never comes back."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, Final, TypeVar

PULSE: Final = 0.1
"""Seconds between two looks at whether an answer can still come."""

T = TypeVar("T")


class GaveUpError(OSError):
    """No answer came, or can come."""


async def in_time(work: Callable[[], T], *, limit: float, is_lost: Callable[[], bool] = lambda: False) -> T:
    """Run the work and wait for it, ``limit`` seconds at most, and no longer than until it is lost.

    Raises GaveUpError, after which the work may still go on, and what the work raises.
    """
    answer = asyncio.wrap_future(on_a_thread(work))
    try:
        await _watch(answer, limit, is_lost)
        return await answer
    finally:
        answer.cancel()


async def _watch(answer: asyncio.Future[Any], limit: float, is_lost: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + limit
    while not answer.done():
        left = until - loop.time()
        if left <= 0:
            raise GaveUpError(f"no answer within {limit:g} s")
        was_lost = is_lost()
        await asyncio.wait({answer}, timeout=min(PULSE, left))
        if was_lost and not answer.done():
            raise GaveUpError("no answer can come any more")


def on_a_thread(work: Callable[[], T]) -> Future[T]:
    """Run it on a daemon thread: those of asyncio's executor keep a process from ending.

    Raises OSError when the system gives no thread.
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
