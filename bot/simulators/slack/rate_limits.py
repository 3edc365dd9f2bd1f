"""How often the stand-in's Web API may be called, and what it tells a caller who calls more often.

The page "Rate limits" gives the numbers that apps can count on, not how Slack counts. The stand-in counts as
strictly as the page can be read, so that who keeps to it here is safe there.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from bot.simulators.slack.records import Clock

POST = "chat.postMessage"
MINUTE = 60
TIER_3 = 50
"""Calls a minute: "50+ per minute"."""
TIER_4 = 100
"""Calls a minute: "100+ per minute"."""
HUNDREDS = 300
"""Calls a minute, where Slack speaks of "several hundred"."""
GRAIN = 0.001
"""Seconds; what is missing less than that is no reason to refuse."""


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """A steady pace, with ``burst`` calls at once after a rest."""

    per_second: float
    burst: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How often the methods may be called; counted per method, for the one app in the one workspace."""

    posts_in_channel: RateLimits = RateLimits(per_second=1, burst=3)
    """``chat.postMessage`` in one conversation: "1 per second", "short bursts >1 allowed"."""
    posts: RateLimits = RateLimits(per_second=HUNDREDS / MINUTE, burst=60)
    """``chat.postMessage`` in all of them together: "several hundred messages per minute"."""
    per_minute: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(
            {
                "chat.update": TIER_3,
                "apps.connections.open": TIER_3,
                "auth.test": HUNDREDS,
                "views.open": TIER_4,
                "views.update": TIER_4,
                "views.publish": TIER_4,
            }
        )
    )
    """Calls of any other method within any 60 seconds; one that is not listed has no limit."""


SLACKS_LIMITS = Limits()


class Gate(Protocol):
    """Lets calls through, but not too many."""

    def wait(self, now: float) -> float:
        """Tell in how many seconds the next call may come; not above 0 means now."""

    def take(self, now: float) -> None:
        """Count a call."""


class PaceGate:
    """Keeps a pace."""

    def __init__(self, rates: RateLimits) -> None:
        self._interval = 1 / rates.per_second
        self._ahead = (rates.burst - 1) * self._interval
        self._due = 0.0
        """When the next call would come if all calls kept the pace without bursts."""

    def wait(self, now: float) -> float:
        """Tell in how many seconds the next call may come."""
        return self._due - self._ahead - now

    def take(self, now: float) -> None:
        """Count a call."""
        self._due = max(self._due, now) + self._interval


class MinuteGate:
    """Lets a number of calls through within any minute."""

    def __init__(self, calls: int) -> None:
        self._taken: deque[float] = deque(maxlen=calls)

    def wait(self, now: float) -> float:
        """Tell in how many seconds the next call may come."""
        full = len(self._taken) == self._taken.maxlen
        return self._taken[0] + MINUTE - now if full else 0

    def take(self, now: float) -> None:
        """Count a call."""
        self._taken.append(now)


class Limiter:
    """Refuses the calls that are too many; a refused call does not count."""

    def __init__(self, limits: Limits | None, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._gates: dict[tuple[str, str], Gate] = {}

    def retry_after(self, method: str, place: str) -> int:
        """Count a call to a method in a conversation, or give the whole seconds to wait if it is too many."""
        now = self._clock()
        gates = self._for(self._limits, method, place) if self._limits else []
        wait = max((gate.wait(now) for gate in gates), default=0)
        if wait >= GRAIN:
            return max(1, math.ceil(wait - GRAIN))
        for gate in gates:
            gate.take(now)
        return 0

    def _for(self, limits: Limits, method: str, place: str) -> list[Gate]:
        if method == POST:
            return [
                self._rates("channel", place, limits.posts_in_channel),
                self._rates("all", "", limits.posts),
            ]
        if method not in limits.per_minute:
            return []
        return [self._gates.setdefault(("method", method), MinuteGate(limits.per_minute[method]))]

    def _rates(self, kind: str, place: str, rates: RateLimits) -> Gate:
        return self._gates.setdefault((kind, place), PaceGate(rates))
