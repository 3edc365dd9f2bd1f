"""The conditions into which people can put the demo's Slack and MetaStudio; the page calls them moods."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from bot.simulators.metastudio.simulator import Fault as MetaStudioFault
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Fault, SlackWorkspace

SLOW_SECONDS: Final = 4.0
RETRY_AFTER: Final = 5
"""Seconds in the ``Retry-After`` of a Slack that limits rates."""


class MetaStudioMood(StrEnum):
    """How MetaStudio responds."""

    FINE = "fine"
    SLOW = "slow"
    DOWN = "down"


class SlackMood(StrEnum):
    """How Slack responds to messages of the bot."""

    FINE = "fine"
    LIMITS = "limits"
    REFUSES = "refuses"
    DOWN = "down"


_FAULTS: Final[Mapping[SlackMood, Fault]] = {
    SlackMood.LIMITS: {"retry_after": RETRY_AFTER},
    SlackMood.REFUSES: {"error": "restricted_action"},
    SlackMood.DOWN: {"status": 503, "body": "<html>Service Unavailable</html>"},
}


class Moods:
    """The present moods of the two simulators; a change takes effect at once."""

    def __init__(self, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
        self._slack = slack
        self._metastudio = metastudio
        self.slack = SlackMood.FINE
        self.metastudio = MetaStudioMood.FINE

    def set_slack(self, mood: SlackMood) -> None:
        """Make the ``chat.`` methods fail according to the mood; replies to commands use no method.

        ``restricted_action`` is a rule for channels, which direct messages are exempt from.
        """
        self.slack = mood
        fault = _FAULTS.get(mood)

        def fault_for(method: str, sent: Mapping[str, Any]) -> Fault | None:
            is_exempt = mood is SlackMood.REFUSES and not str(sent.get("channel")).startswith("C")
            return fault if method.startswith("chat.") and not is_exempt else None

        self._slack.chaos(fault_for if fault else None)

    def set_metastudio(self, mood: MetaStudioMood) -> None:
        """Make MetaStudio respond at once, late, or as a broken proxy does."""
        self.metastudio = mood
        self._metastudio.latency = SLOW_SECONDS if mood is MetaStudioMood.SLOW else 0
        is_down = mood is MetaStudioMood.DOWN
        self._metastudio.chaos = (lambda _: MetaStudioFault.html()) if is_down else None
