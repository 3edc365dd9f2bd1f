"""PURE. Errors as sentences for people in Slack: what happened, whose fault it is, and what to do."""

from collections.abc import Callable

from bot.errors import Unquoted, VoiceJobError
from bot.messages.texts import Words


def sentence(error: VoiceJobError, words: Words, quote: Callable[[str], str] = "“{}”".format) -> str:
    """Return an error's sentence. ``quote`` wraps each value from outside: only the surface knows how.

    An error that only ends the program has none here, and reads as any other.
    """
    values = {
        key: value if isinstance(value, Unquoted) else quote(value) for key, value in error.values.items()
    }
    return words.known("error", type(error).__name__, **values) or words("error-VoiceJobError")
