"""One call for all who ask for the same thing at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedCalls(Generic[T]):
    """Calls a function by a key; calls with a key whose call is under way share its result."""

    def __init__(self, function: Callable[[str], Coroutine[Any, Any, T]]) -> None:
        self._function = function
        self._calls: dict[str, tuple[asyncio.Task[T], float]] = {}
        """By key: the call under way, and when it began."""

    async def call(self, key: str) -> T:
        """Call the function, or wait for the call under way. Raises what it raises."""
        shared = self._under_way(key)
        if shared is None:
            task = asyncio.create_task(self._function(key))
            shared = self._calls[key] = task, asyncio.get_running_loop().time()
            task.add_done_callback(partial(self._forget, key))
        # The shield lets a caller be cancelled without cancelling the call, and takes note of its exception.
        return await asyncio.shield(shared[0])

    def began_at(self, key: str) -> float:
        """Return when a call that is made now began, by the loop's clock: it may be shared."""
        shared = self._under_way(key)
        return shared[1] if shared else asyncio.get_running_loop().time()

    async def aclose(self) -> None:
        """Cancel the calls under way."""
        for task, _since in list(self._calls.values()):
            task.cancel()
            await asyncio.wait([task])

    def _under_way(self, key: str) -> tuple[asyncio.Task[T], float] | None:
        shared = self._calls.get(key)
        # A call may be done without its callback having been called yet.
        return shared if shared and not shared[0].done() else None

    def _forget(self, key: str, done: asyncio.Task[T]) -> None:
        if self._calls[key][0] is done:  # otherwise somebody has called anew already
            del self._calls[key]
