"""PURE. How fast the bot asks and sends by itself."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds between two messages in one channel, two messages at all, two edits, and two requests.

    In a channel they run from Slack's answer to the first one, which may be slow to arrive.
    ``gone`` lies between the two checks, at least, that must both miss a job before it counts as gone.
    Slack allows about one message a second in a channel, several hundred a minute in a workspace, and 50
    edits a minute (pages "Rate limits", ``chat.postMessage`` and ``chat.update``). A region of MetaStudio
    allows the whole tenant 10 requests a second (page "Before You Start").
    """

    channel: float = 1.0
    posts: float = 0.2
    edits: float = 1.5
    requests: float = 0.25
    gone: float = 60.0


PACE: Final = Pace()
