"""The language of whoever reads an answer, and what it was the last time."""

from collections.abc import Awaitable, Callable
from typing import Final

from bot.domain.languages import Language
from bot.messages.context import MessageContext
from bot.services.caller import Caller

LanguageOf = Callable[[Caller], Awaitable[Language]]
"""Gives the language of a person. Never raises, and takes no long time."""
MOST_KNOWN: Final = 1000
"""How many people's languages are remembered."""


class Readers:
    """Gives the context of messages in the language of each person; ``context`` is in the operator's."""

    def __init__(self, context: MessageContext, language_of: LanguageOf) -> None:
        self._context = context
        self._language_of = language_of
        self._known: dict[str, Language] = {}

    def at_once(self, caller: Caller) -> MessageContext:
        """Return the context in the language in which the caller was answered last, else the operator's."""
        language = self._known.get(caller.user_id)
        return self._context.in_language(language) if language else self._context

    async def of(self, caller: Caller) -> MessageContext:
        """Return the context in the caller's language. Never raises, and takes no long time."""
        language = await self._language_of(caller)
        self._known.pop(caller.user_id, None)
        if len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[caller.user_id] = language
        return self._context.in_language(language)
