"""PURE. Errors as sentences: what happened, whose fault it is, and what to do."""

from collections.abc import Callable

from bot.errors import Unquoted, VoiceJobError
from bot.messages.texts import en


def sentence(error: VoiceJobError, quote: Callable[[str], str] = "“{}”".format) -> str:
    """Return an error's sentence. ``quote`` wraps each value from outside: only the surface knows how."""
    text = en.ERRORS.get(error.key) or en.ERRORS[type(error).__name__]
    values = error.values.items()
    return text.format_map(
        {key: value if isinstance(value, Unquoted) else quote(value) for key, value in values}
    )
