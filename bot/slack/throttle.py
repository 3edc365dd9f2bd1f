"""Rate limiting of calls to Slack: minimum intervals between them, and a hold for a Retry-After."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class _Caller:
    """Someone who waits for a turn."""

    key: str
    urgent: bool
    turn: asyncio.Future[None]


class Throttle:
    """A rate limiter: one caller every ``interval`` seconds, and for the same key one every ``each`` seconds.

    Callers pass in the order in which they came, urgent ones first; one whose key has to wait holds up no
    caller with another key. All times are those of the event loop's clock.
    """

    def __init__(self, interval: float, *, each: float = 0.0) -> None:
        self._interval = interval
        self._each = each
        self._opens_at = 0.0
        self._free_at: dict[str, float] = {}
        """When a key's interval ends; infinity while a call with it is under way."""
        self._waiting: list[_Caller] = []
        self._timer: asyncio.TimerHandle | None = None

    def delay(self) -> float:
        """Return the seconds until a caller may pass, whatever its key; 0 or less if one may now."""
        return self._opens_at - _now()

    async def wait(self, key: str = "", *, urgent: bool = False) -> None:
        """Wait until this caller may pass. Who is cancelled meanwhile holds up nobody."""
        caller = _Caller(key, urgent, asyncio.get_running_loop().create_future())
        self._waiting.append(caller)
        self._waiting.sort(key=lambda each: not each.urgent)
        self._serve()
        await caller.turn

    @contextmanager
    def sending(self, key: str) -> Iterator[None]:
        """Let no other caller with this key pass during a call, nor for an interval after its end."""
        self._free_at[key] = math.inf
        try:
            yield
        finally:
            self._free_at[key] = _now() + self._each
            self._serve()

    def hold(self, seconds: float) -> None:
        """Let nobody pass for this many seconds; a longer hold is not shortened."""
        self._opens_at = max(self._opens_at, _now() + seconds)
        self._serve()

    def _serve(self) -> None:
        """Let pass whose turn it is now, and come back when it may be somebody's."""
        self._waiting = [each for each in self._waiting if not each.turn.cancelled()]
        while caller := self._next():
            self._waiting.remove(caller)
            self._begin_intervals(caller.key)
            caller.turn.set_result(None)
        self._come_back()

    def _next(self) -> _Caller | None:
        now = _now()
        if now < self._opens_at:
            return None
        return next((each for each in self._waiting if self._free_at.get(each.key, 0.0) <= now), None)

    def _begin_intervals(self, key: str) -> None:
        now = _now()
        self._opens_at = now + self._interval
        self._free_at = {each: at for each, at in self._free_at.items() if at > now}
        self._free_at[key] = now + self._each

    def _come_back(self) -> None:
        if self._timer:
            self._timer.cancel()
        free_at = min((self._free_at.get(each.key, 0.0) for each in self._waiting), default=math.inf)
        at = max(self._opens_at, free_at)
        self._timer = asyncio.get_running_loop().call_at(at, self._serve) if at < math.inf else None


def _now() -> float:
    return asyncio.get_running_loop().time()
