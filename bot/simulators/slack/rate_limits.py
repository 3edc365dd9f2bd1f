"""How often the Web API may be called, and when a call over the limit can be tried again.

The page "Rate limits" gives the numbers that apps can count on, not how Slack counts. The simulator counts
as strictly as the page can be read, so that an app which keeps to it here is safe there.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.simulators.slack.records import Clock

POST = "chat.postMessage"
MINUTE = 60
TIER_3 = 50
"""Calls a minute: "50+ per minute"."""
TIER_4 = 100
"""Calls a minute: "100+ per minute"."""
HUNDREDS = 300
"""Calls a minute, where Slack speaks of "several hundred"."""
ROUNDING = 0.001
"""Seconds; a call that comes too early by less is accepted."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A steady rate, with ``burst`` calls at once after a pause."""

    per_second: float
    burst: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How often the methods may be called; counted per method, for the one app in the one workspace."""

    posts_in_channel: Rate = Rate(per_second=1, burst=3)
    """``chat.postMessage`` in one conversation: "1 per second", "short bursts >1 allowed"."""
    posts: Rate = Rate(per_second=HUNDREDS / MINUTE, burst=60)
    """``chat.postMessage`` in all of them together: "several hundred messages per minute"."""
    per_minute: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(
            {
                "chat.update": TIER_3,
                "apps.connections.open": TIER_3,
                "auth.test": HUNDREDS,
                "users.info": TIER_4,
                "views.open": TIER_4,
                "views.push": TIER_4,
                "views.update": TIER_4,
                "views.publish": TIER_4,
            }
        )
    )
    """Calls of any other method within any 60 seconds; one that is not listed has no limit."""


SLACKS_LIMITS = Limits()


class SteadyRate:
    """Counts the calls to one method, or in one channel, against a steady rate."""

    def __init__(self, rate: Rate) -> None:
        self._interval = 1 / rate.per_second
        self._tolerance = (rate.burst - 1) * self._interval
        self._due = 0.0
        """When the next call would come if all calls kept the rate without bursts."""

    def wait(self, now: float) -> float:
        """Return the seconds until the next call is allowed; 0 or less if it is now."""
        return self._due - self._tolerance - now

    def count(self, now: float) -> None:
        """Count a call."""
        self._due = max(self._due, now) + self._interval


class SlidingMinute:
    """Counts the calls to one method within the last 60 seconds."""

    def __init__(self, calls: int) -> None:
        self._counted: deque[float] = deque(maxlen=calls)

    def wait(self, now: float) -> float:
        """Return the seconds until the next call is allowed; 0 or less if it is now."""
        full = len(self._counted) == self._counted.maxlen
        return self._counted[0] + MINUTE - now if full else 0

    def count(self, now: float) -> None:
        """Count a call."""
        self._counted.append(now)


class Limiter:
    """Refuses the calls over the limits; a refused call does not count."""

    def __init__(self, limits: Limits | None, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._counters: dict[tuple[str, str], SteadyRate | SlidingMinute] = {}

    def retry_after(self, method: str, conversation: str) -> int:
        """Count a call and return 0, or return the whole seconds to wait if it is over a limit."""
        now = self._clock()
        counters = self._for(self._limits, method, conversation) if self._limits else []
        wait = max((counter.wait(now) for counter in counters), default=0)
        if wait >= ROUNDING:
            return max(1, math.ceil(wait - ROUNDING))
        for counter in counters:
            counter.count(now)
        return 0

    def _for(self, limits: Limits, method: str, conversation: str) -> list[SteadyRate | SlidingMinute]:
        if method == POST:
            return [
                self._counters.setdefault(("channel", conversation), SteadyRate(limits.posts_in_channel)),
                self._counters.setdefault(("all", ""), SteadyRate(limits.posts)),
            ]
        if method not in limits.per_minute:
            return []
        return [self._counters.setdefault(("method", method), SlidingMinute(limits.per_minute[method]))]
