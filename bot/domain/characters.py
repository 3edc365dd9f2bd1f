"""PURE. Invisible characters, and the normalisation of typed text.

Slack's markup and its three entities are those of the page "Formatting message text".
"""

import re
import unicodedata
from typing import Final

_DEFAULT_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's property Default_Ignorable_Code_Point (DerivedCoreProperties.txt 15.1), which unicodedata lacks:
Hangul fillers, variation selectors and tags among them."""
_EMPTY: Final = "\u2800\U0001d159\ufffc"
"""Characters with a place but no ink: braille blank, null notehead, and the sign for a lost object."""
_FILLERS: Final = "\u115f\u1160\u3164\uffa0"
"""Hangul fillers: not to be shown by Unicode's rule, yet fonts give most of them the width of a letter."""
_IGNORABLE: Final = re.compile(f"[{_DEFAULT_IGNORABLE}]")
_INKLESS: Final = re.compile(f"[{_DEFAULT_IGNORABLE}{_EMPTY}]")
_WITHOUT_INK: Final = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
"""Categories that show nothing by themselves: controls, formats, marks without a base, blanks."""

_SMART: Final = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("´ˋ", "'") | dict.fromkeys(_EMPTY + _FILLERS, " ")  # noqa: RUF001
)
"""What phones make of hyphens; accents that serve as quotes; and what looks like a blank."""
_BRACKET: Final = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)*[lg]t;", re.IGNORECASE)
AMPERSAND: Final = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
"""An ampersand as Slack and HTML escape it, be it several times."""
_LINK: Final = re.compile(r"(<https?://[^<>]*>|https?://[^\s<>]*)", re.IGNORECASE)
_EMPHASIS: Final = re.compile(r"[*~]+")
_ITALICS: Final = re.compile(r"(?<!\S)_(\S*[^\s_](?:\s+\S+){0,9}?\s+[^\s_]\S*)_(?!\S)")
"""Around several words; one alone may be an id with underscores. A command has no more than ten or so."""
_ALONE: Final = re.compile(r"(?<!\S)_+(?=\s+\S)|(?<=\S)\s+_+(?!\S)")


def is_blank(text: str) -> bool:
    """Whether a text has no visible character. Unassigned code points count as visible."""
    seen = _INKLESS.sub("", text)
    return all(char.isspace() or unicodedata.category(char) in _WITHOUT_INK for char in seen)


def normalised(text: str) -> str:
    """Normalise what a person typed; doing it again changes nothing.

    Wide letters and signs become plain ones (NFKC), invisible ones go, smart hyphens and accents become those
    of a keyboard, and Slack's entities what they stand for. A bracket that was typed becomes a blank: only
    Slack makes ``<…>`` of links, and ``&amp;lt;`` must not become one. Of Slack's markup, ``*`` and ``~`` go,
    but from the middle of a link; ``_``, which ids may hold, only from around several words.
    """
    visible = "".join(filter(_is_kept, text.translate(_SMART)))
    plain = unicodedata.normalize("NFKC", visible).translate(_SMART)
    unescaped = AMPERSAND.sub("&", _BRACKET.sub(" ", plain))
    pieces = _LINK.split(unescaped)
    pieces[::2] = [_EMPHASIS.sub(" ", piece) for piece in pieces[::2]]
    pieces[1::2] = [link if link.endswith(">") else link.rstrip("*~") for link in pieces[1::2]]
    return _ALONE.sub("", _ITALICS.sub(r"\1", "".join(pieces)))


def _is_kept(char: str) -> bool:
    return unicodedata.category(char) != "Cf" and not _IGNORABLE.match(char)
