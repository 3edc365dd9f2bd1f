"""PURE. What all messages depend on besides their facts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.languages import Language
from bot.messages.blocks import Message
from bot.messages.texts import Words, words_in


@dataclass(frozen=True, kw_only=True)
class MessageContext:
    """What the messages of one bot have in common, in the language of whoever reads them."""

    region: str
    bot_name: str
    """The bot's user name in Slack, which people invite."""
    command: str
    """With its slash."""
    console_url: Callable[[str], str | None]
    """Gives a job's own page, if the operator told where that is."""
    words: Words
    reminds: bool = True
    """Whether people are reminded of what they have to do."""

    def in_language(self, language: Language) -> "MessageContext":
        """Return the same in another language."""
        return self if self.words.language is language else replace(self, words=words_in(language))


Answer = Callable[[MessageContext], Message]
"""Makes the reply to a person, in their language."""
