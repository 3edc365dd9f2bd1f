"""PURE. The languages that people read."""

from enum import StrEnum


class Language(StrEnum):
    """A language of the messages, by its ISO 639-1 code."""

    EN = "en"
    ZH = "zh"


def of_locale(locale: str) -> Language | None:
    """Return the language of an IETF tag like ``zh-CN`` (``user.locale`` of users.info); None for others."""
    code = locale.replace("_", "-").partition("-")[0].lower()
    return Language(code) if code in set(Language) else None
