"""PURE. When a message that Slack did not take is tried again. Times are the event loop's, in seconds."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.pauses import retry_after

Pauses = Callable[[int], float]
"""Returns the seconds to wait after so many failures in a row, from 1."""

LONGEST_RETRY: Final = 5 * 60.0
"""The longest pause after failures that are Slack's own."""
LONGEST_REPEAT: Final = 24 * 60 * 60.0
REPEAT_FACTOR: Final = 4
"""A message whose outcome is unknown may have arrived: each repeat waits so much longer than the last one."""


def retry_pause(first: float) -> Pauses:
    """Return the pauses after failures of Slack's: ``first`` seconds, then they double."""
    return lambda failures: min(first * 2.0 ** min(failures - 1, 30), LONGEST_RETRY)


def repeat_pause(first: float) -> Pauses:
    """Return the pauses before repeats of a message that may have arrived."""
    return lambda failures: min(first * float(REPEAT_FACTOR) ** min(failures - 1, 30), LONGEST_REPEAT)


def hold_pause(failures: int) -> float:
    """Return the pause after Slack refused this one message."""
    return float(retry_after(failures))


def no_pause(_: int) -> float:
    """Return 0, for what is held back in another way."""
    return 0.0


@dataclass(frozen=True)
class _Tries:
    failures: int = 0
    unanswered: int = 0
    refusals: int = 0
    others_passed: bool = False
    until: float = 0.0


class Backoff:
    """The failures of one conversation's messages, each known by a key.

    A message waits for its own failures. After two different ones failed, nothing between them having got
    through, it seems to be the conversation: all that failed wait together. A new message is tried at once.
    """

    def __init__(self) -> None:
        self._tries: dict[Hashable, _Tries] = {}
        self._together = _Tries()
        self._failed_last: Hashable | None = None

    def wait(self, key: Hashable, now: float) -> float:
        """Return the seconds for which a message has to wait; 0 or less: none."""
        tries = self._tries.get(key)
        return max(tries.until, self._together.until) - now if tries else 0.0

    def failures(self, key: Hashable) -> int:
        """Return how often in a row a message failed."""
        tries = self._tries.get(key, _Tries())
        return tries.failures + tries.unanswered + tries.refusals

    def may_have_arrived(self, key: Hashable) -> bool:
        """Whether a message was sent, and its outcome is not known."""
        return self._tries.get(key, _Tries()).unanswered > 0

    def failed(self, key: Hashable, now: float, pause: Pauses) -> None:
        """Record a failure after which the message has certainly not arrived."""
        self._tries[key] = _failed(self._tries.get(key, _Tries()), now, pause)
        if self._failed_last not in (None, key) and self._together.until <= now:
            self._together = _failed(self._together, now, pause)
        self._failed_last = key

    def unanswered(self, key: Hashable, now: float, pause: Pauses) -> None:
        """Record that it is not known whether a message has arrived."""
        tries = self._tries.get(key, _Tries())
        number = tries.unanswered + 1
        self._tries[key] = replace(tries, unanswered=number, until=now + pause(number))

    def refused(self, key: Hashable, now: float, pause: Pauses) -> None:
        """Record that Slack refused a message."""
        tries = self._tries.get(key, _Tries())
        number = tries.refusals + 1
        until = now + pause(number)
        self._tries[key] = replace(tries, refusals=number, others_passed=False, until=until)

    def others_passed(self, key: Hashable) -> bool:
        """Whether another post got through since Slack refused this message."""
        return self._tries.get(key, _Tries()).others_passed

    def worked(self, key: Hashable, *, is_post: bool = False) -> None:
        """Record that a message got through; ``is_post``: one that shows that the bot may post here."""
        self._tries.pop(key, None)
        self._together, self._failed_last = _Tries(), None
        if is_post:
            tries = self._tries.items()
            self._tries = {key: replace(each, others_passed=each.refusals > 0) for key, each in tries}

    def release(self) -> None:
        """Let all be tried at once that has not arrived: why it failed is over."""
        self._together = _Tries()
        self._tries = {
            key: tries if tries.unanswered else replace(tries, until=0.0)
            for key, tries in self._tries.items()
        }

    def keep(self, keys: Collection[Hashable]) -> None:
        """Forget all messages but these, which are still due."""
        self._tries = {key: tries for key, tries in self._tries.items() if key in keys}


def _failed(tries: _Tries, now: float, pause: Pauses) -> _Tries:
    failures = tries.failures + 1
    return replace(tries, failures=failures, until=now + pause(failures))
