"""PURE. Names in quotes, as keyboards and copying write them."""

import re
from typing import Final

HAN: Final = "\u3400-\u9fff"
"""Chinese letters, between which no blank stands, as a range in a class of a regular expression."""
_LETTER: Final = rf"[^\W{HAN}]"
_PAIRS: Final = {
    '"': '"“”',
    "“": '”"“',
    "”": '”"',
    "„": '“”"',
    "‟": '”"',
    "＂": "＂",  # noqa: RUF001  from a Chinese keyboard
    "「": "」",
    "『": "』",
    "«": "»",
    "»": "«»",
    "'": "'’‘",  # noqa: RUF001
    "‘": "’'",  # noqa: RUF001
    "’": "’'",  # noqa: RUF001
    "‚": "‘’'",  # noqa: RUF001
    "‛": "’'",  # noqa: RUF001
    "‹": "›",  # noqa: RUF001
    "›": "‹›",  # noqa: RUF001
    "`": "`",
}
"""What a quote may begin with, and with what it may end then."""
OPENING: Final = "".join(_PAIRS)
_WRITTEN: Final = ('""', "“”", "「」", "『』", "«»", "''", "``")
"""The pairs in which a name can be put, the most usual one first."""


def _pattern(opening: str, closing: str) -> str:
    either = f"[{opening}{closing}]"
    inside = rf"(?:[^{opening}{closing}]|(?<={_LETTER}){either}(?={_LETTER}))+"
    return f"{opening}{inside}[{closing}]"


QUOTED: Final = re.compile(
    rf"(?<!{_LETTER})(?:{'|'.join(_pattern(*pair) for pair in _PAIRS.items())})(?!{_LETTER})"
)
"""Words in one pair of quotes; a sign between two letters is an apostrophe."""


def without_quotes(name: str) -> str:
    """Return a name without the pair of quotes around it, if there is one."""
    return name[1:-1].strip() if QUOTED.fullmatch(name) else name


def in_quotes(name: str) -> str:
    """Put a name in a pair of quotes that does not stand in it."""
    fits = (pair for pair in _WRITTEN if not set(name) & set(pair[0] + _PAIRS[pair[0]]))
    pair = next(fits, _WRITTEN[0])
    return f"{pair[0]}{name}{pair[1]}"
