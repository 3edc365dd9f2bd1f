"""PURE. The person who sent a command or pressed a button, and the channel it concerns."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A person and a channel, by Slack's ids; each is empty where the payload has none."""

    channel_id: str
    """The person's own id for their direct message with the bot."""
    channel_name: str
    user_id: str
    is_elsewhere: bool = False
    """Whether the channel is another one than that in which the person acted."""

    @property
    def is_direct(self) -> bool:
        """Whether the channel is a direct message, with the bot or between people."""
        return self.channel_id.startswith("D") or self.channel_name.startswith("mpdm-")

    @property
    def in_private(self) -> "Caller":
        """The same person, who wants to be told alone."""
        return replace(self, channel_id=self.user_id, channel_name="", is_elsewhere=True)


NOBODY: Final = Caller(channel_id="", channel_name="", user_id="")
"""The caller where a payload names none."""
