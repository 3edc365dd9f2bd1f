"""PURE. How fast the bot asks and sends by itself."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """All in seconds.

    Slack allows about one message a second in a channel, several hundred a minute in a workspace, and 50
    edits a minute (pages "Rate limits", ``chat.postMessage`` and ``chat.update``). A region of MetaStudio
    allows the whole tenant 10 requests a second (page "Before You Start").
    """

    channel: float = 1.0
    """Between two messages in a channel, from Slack's answer to the first, which may be slow to arrive."""
    posts: float = 0.2
    """Between two messages at all."""
    edits: float = 1.5
    """Between two edits."""
    resend: float = 0.3
    """The usual pause after the first try to send an answer to a person."""
    requests: float = 0.25
    """Between two requests to MetaStudio that nobody waits for."""
    retry: float = 0.2
    """The usual pause after the first try of a request."""
    hold: float = 0.5
    """For which nothing is asked after a first 429 that names no time."""
    gone: float = 60.0
    """Between the two checks, at least, that must both miss a job before it counts as gone."""
    gone_unlisted: float = 24 * 60 * 60.0
    """Between the two, where the bot may not ask the list of jobs whether it has the job still."""
    refused: float = 60.0
    """For which a refusal of the credentials is remembered, before one request tries them again."""
    identity: float = 60.0
    """Between two questions to Slack whose token the bot has, after somebody was refused."""
    unheard: float = 3.0
    """For which credentials are not tried again that were sent, and no answer came; people wait for it."""


RATE_LIMITS: Final = RateLimits()
