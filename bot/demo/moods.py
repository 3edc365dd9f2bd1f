"""The moods in which the demo's Slack and MetaStudio can be put, to see how the bot takes them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from bot.simulators.metastudio.simulator import Fault as MetaStudioFault
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Fault, SlackWorkspace

SLOW_SECONDS: Final = 4.0
RETRY_AFTER: Final = 5
"""Seconds that a limiting Slack asks to wait."""


class MetaStudioMood(StrEnum):
    """How MetaStudio answers."""

    FINE = "fine"
    SLOW = "slow"
    DOWN = "down"


class SlackMood(StrEnum):
    """How Slack takes messages."""

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
    """The present moods; the stand-ins behave accordingly from the moment in which one is set."""

    def __init__(self, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
        self._slack = slack
        self._metastudio = metastudio
        self.slack = SlackMood.FINE
        self.metastudio = MetaStudioMood.FINE

    def set_slack(self, mood: SlackMood) -> None:
        """Let Slack take messages, or not. Answers to commands go another way, and always get through.

        Rules of a workspace are about its channels: direct messages get through them.
        """
        self.slack = mood
        fault = _FAULTS.get(mood)

        def spoiled(method: str, sent: Mapping[str, Any]) -> Fault | None:
            is_let_through = mood is SlackMood.REFUSES and not str(sent.get("channel")).startswith("C")
            return fault if method.startswith("chat.") and not is_let_through else None

        self._slack.chaos(spoiled if fault else None)

    def set_metastudio(self, mood: MetaStudioMood) -> None:
        """Let MetaStudio answer at once, late, or not at all."""
        self.metastudio = mood
        self._metastudio.latency = SLOW_SECONDS if mood is MetaStudioMood.SLOW else 0
        is_down = mood is MetaStudioMood.DOWN
        self._metastudio.chaos = (lambda _: MetaStudioFault.html()) if is_down else None
