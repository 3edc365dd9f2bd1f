"""Every word that people read in Slack and of a job in the terminal: a Fluent catalog for each language."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from fluent.runtime import FluentBundle, FluentResource

from bot.domain.languages import Language

_LOCALES: Final[Mapping[Language, str]] = {Language.EN: "en-US", Language.ZH: "zh-CN"}
"""For the rules of plurals and numbers (Unicode CLDR)."""


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        text = (files(__name__) / f"{language}.ftl").read_text(encoding="utf-8")
        # Isolating marks around values would break Slack's mrkdwn.
        self._bundle = FluentBundle([_LOCALES[language]], use_isolating=False)
        self._bundle.add_resource(FluentResource(text))

    def __call__(self, message: str, **values: Any) -> str:
        """Return a message of the catalog with these values. Raises LookupError if there is none."""
        return self._formatted(self._bundle.get_message(message).value, values)

    def attribute(self, message: str, name: str, **values: Any) -> str:
        """Return an attribute of a message; empty where it has none."""
        found = self._bundle.get_message(message).attributes.get(name)
        return self._formatted(found, values) if found else ""

    def known(self, kind: str, name: str | None, **values: Any) -> str | None:
        """Return the message ``kind-name``, for a name from outside; None if the catalog has none."""
        message = f"{kind}-{name}"
        return self(message, **values) if self._bundle.has_message(message) else None

    def _formatted(self, pattern: Any, values: dict[str, Any]) -> str:
        text, errors = self._bundle.format_pattern(pattern, values)
        if errors:
            raise errors[0]
        return str(text)


@cache
def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return Words(language)
