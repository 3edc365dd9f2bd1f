"""The pause between two checks."""

import pytest

from bot import errors
from bot.domain.rates import RateLimits
from bot.watch.pauses import Pauses, jittered

REFUSAL = errors.PermissionDenied()
STORE = errors.StoreTrouble(path="")


@pytest.mark.parametrize(
    ("failures", "held", "pauses"),
    [
        ([REFUSAL] * 6, 0, [60, 120, 240, 480, 900, 900]),
        ([REFUSAL, REFUSAL, None, REFUSAL], 0, [60, 120, 60, 60]),
        ([REFUSAL, errors.ServiceDown(), STORE, REFUSAL], 0, [60, 60, 60, 120]),
        ([errors.Throttled(), errors.ServiceDown()], 300, [300, 300]),
        ([errors.CredentialsRefused()], 0, [100]),
    ],
)
def test_pauses(failures: list[errors.VoiceJobError | None], held: float, pauses: list[float]) -> None:
    """They grow up to a quarter of an hour while the bot is refused; what MetaStudio asks for is kept."""
    made = Pauses(poll=60, rarely=900, rates=RateLimits(refused=90))

    assert [made.failed(each, held) if each else made.succeeded() for each in failures] == pauses  # type: ignore[arg-type]


def test_bots_do_not_ask_in_step() -> None:
    """The pauses are up to a tenth shorter or longer."""
    assert [jittered(60, chance) for chance in (0, 0.5, 1)] == pytest.approx([54, 60, 66])
