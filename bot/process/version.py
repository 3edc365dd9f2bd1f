"""The version, and by what name the bot goes where it asks."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("voicejob") or "unknown"
    except (PackageNotFoundError, KeyError):  # run from its files alone, or a damaged installation
        return "unknown"


VERSION: Final = _version()
USER_AGENT: Final = f"voicejob/{VERSION}"
"""Some firewalls refuse what says no more than which library it is."""
