"""PURE. Rate limits and retry pauses, enforced by ``slack.throttle`` and ``metastudio.throttle``."""

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
    """Between two messages in the whole workspace."""
    edits: float = 1.5
    """Between two edits."""
    homes: float = 0.6
    """Between two App Homes that nobody waits for: Slack takes 100 a minute (``views.publish``, Tier 4)."""
    answer: float = 60.0
    """For which the answer to a post is awaited: given up earlier, the message would come again."""
    repeat: float = 60.0
    """Before a message is sent again of which it is unknown whether Slack took it; it grows fourfold."""
    resend: float = 0.3
    """The base of the exponential backoff of a reply to a person."""
    spacing: float = 0.1
    """Between any two requests to MetaStudio, people's included."""
    requests: float = 0.25
    """Between two background requests to MetaStudio."""
    retry: float = 0.2
    """The base of the exponential backoff of a request to MetaStudio."""
    hold: float = 0.5
    """For which no request is sent after a first 429 without Retry-After."""
    fresh: float = 15.0
    """For which a list of the project's jobs is shown to people again without asking MetaStudio."""
    gone: float = 60.0
    """Between the two checks, at least, that must both miss a job before it counts as gone."""
    gone_unlisted: float = 24 * 60 * 60.0
    """Between the two, where the bot may not ask the list of jobs whether it has the job still."""
    refused: float = 60.0
    """For which a refusal of the credentials is remembered, before one request tries them again."""
    identity: float = 60.0
    """Between two calls of ``auth.test`` after a request from another workspace was refused."""
    unanswered: float = 3.0
    """For which credentials are not sent again after an attempt without an answer; people wait for it."""


RATE_LIMITS: Final = RateLimits()
