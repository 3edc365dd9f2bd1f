"""PURE. What who waits for a delivery gets to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """Slack accepted all that had to be posted, or there was nothing to post any more."""


@dataclass(frozen=True)
class Refused:
    """Slack refused it: the conversation is paused, or this one message is held back."""

    reason: str
    """Slack's error code."""


@dataclass(frozen=True)
class Later:
    """It could not be sent yet; it will be, as soon as it can."""


Outcome = Sent | Refused | Later
