"""The bot's version, and its User-Agent."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("voicejob") or "unknown"
    except (PackageNotFoundError, KeyError):  # run from its files alone, or a damaged installation
        return "unknown"


VERSION: Final = _version()
USER_AGENT: Final = f"voicejob/{VERSION}"
"""Some firewalls refuse a User-Agent that is only a library's."""
