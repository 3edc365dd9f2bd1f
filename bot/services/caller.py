"""PURE. Who asks for something."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, and for which channel; each is empty where Slack does not say."""

    channel_id: str
    channel_name: str
    user_id: str
    is_elsewhere: bool = False
    """Whether it is another channel than the one in which the person is."""

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct message, be it with the bot or between people."""
        return self.channel_id.startswith("D") or self.channel_name.startswith("mpdm-")
