"""The environment variables for proxies and certificates, on which libraries would fail much later."""

from bot.errors import BadSettings
from bot.network import proxies, trust


def problems() -> list[str]:
    """Return a line for each variable that can't be used, which begins with its name."""
    return [*proxies.problems(), *trust.problems()]


def check_environment() -> None:
    """Raise BadSettings if one of the variables can't be used."""
    if found := problems():
        raise BadSettings(found)
