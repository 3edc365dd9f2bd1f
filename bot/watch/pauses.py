"""PURE. The pause between two checks: one interval, or longer while MetaStudio refuses the bot itself."""

from typing import Final

from bot.domain.rates import RateLimits
from bot.errors import CredentialsRefused, MetaStudioError, StoreTrouble, VoiceJobError
from bot.metastudio.errors import REFUSED
from bot.network.retries import Backoff

RARELY: Final = 15 * 60
"""The longest pause between two checks, in seconds, while MetaStudio refuses the bot itself."""
JITTER: Final = 0.1
"""The share by which a pause varies, so that bots do not ask in step."""


class Pauses:
    """Pauses in seconds: ``poll`` between two checks, and ``rarely`` at most while the bot is refused."""

    def __init__(self, *, poll: float, rarely: float, rates: RateLimits) -> None:
        self._poll = poll
        self._refused = rates.refused
        self._refusals = Backoff(first=poll, longest=max(poll, rarely))

    def succeeded(self) -> float:
        """Return the pause after a check that succeeded."""
        self._refusals.worked()
        return self._poll

    def failed(self, error: MetaStudioError | StoreTrouble, held: float) -> float:
        """Return the pause after a check that failed; ``held`` is for how long no request will be sent."""
        if isinstance(error, CredentialsRefused):
            # Nothing is sent before the client has forgotten them, and the pause may be cut by JITTER.
            held = self._refused / (1 - JITTER)
        return max(held, self._refusals.failed() if is_refusal(error) else self._poll)


def is_refusal(error: VoiceJobError | None) -> bool:
    """Whether MetaStudio refuses the bot itself (credentials, permissions, project): see REFUSED."""
    return isinstance(error, REFUSED)


def jittered(pause: float, chance: float) -> float:
    """Vary a pause by up to JITTER; ``chance`` is from 0 to 1."""
    return pause * (1 + JITTER * (2 * chance - 1))
