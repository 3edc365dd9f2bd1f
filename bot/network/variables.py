"""The environment's variables of the network: libraries read them, and stumble over what is wrong there."""

from bot.errors import BadSettings
from bot.network import proxies, trust


def problems() -> list[str]:
    """Give a line for each variable that can't be used, with its name in front."""
    return [*proxies.problems(), *trust.problems()]


def check_environment() -> None:
    """See that what the environment says of the network can be used. Raises BadSettings."""
    if found := problems():
        raise BadSettings(found)
