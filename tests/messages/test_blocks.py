"""The parts that make text from outside harmless."""

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.messages import blocks
from tests.messages.reading import NOW_TOKEN, read_mrkdwn
from tests.profiles import examples
from tests.records import NOW
from tests.strategies import texts


@given(texts(), st.integers(8, 300))
@examples(100)
def test_code_is_one_span_within_its_limit(text: str, limit: int) -> None:
    """Any text is exactly one code span, cut after escaping and never inside an entity."""
    span = blocks.code(text, limit)
    live, codes = read_mrkdwn(span)

    assert (live, len(codes)) == ("``", 1)
    assert len(span) <= limit + 2


CODE = [
    ("abc", 3, "`abc`"),
    ("abcd", 3, "`ab…`"),
    ("<<", 8, "`&lt;&lt;`"),
    ("<<<", 8, "`&lt;…`"),
    ("a&b", 6, "`a…`"),
    ("\x00", 5, "` `"),
    ("a`b", 5, "`a'b`"),
    ("a\n b", 5, "`a b`"),
    ("&lt;", 20, "`&amp;lt;`"),
]


def test_code() -> None:
    """Backticks become apostrophes, lines one line, and the limit counts what is sent."""
    assert [blocks.code(text, limit) for text, limit, _ in CODE] == [expected for *_, expected in CODE]


CLEAN = {
    "  a  b\n": "a b",
    "女声 👩\u200d🎤": "女声 👩\u200d🎤",
    "a\u202eb\u2066c": "abc",
    "a\ud800b\x1bc": "abc",
    "\u2028a\u2029b\x85c": "a b c",
} | dict.fromkeys(("", "  ", "\x00", "\u200b", "\x00\u202e \u2066", "\u200b \u200b"), "")


def test_clean() -> None:
    """Names keep what belongs to them, joined emoji too, and lose what disturbs."""
    assert {text: blocks.clean(text) for text in CLEAN} == CLEAN


def test_what_disturbs_is_known_by_its_kind() -> None:
    """Of all characters, those go that Unicode calls controls, surrogates, or marks of direction."""
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    controls = {char for char in every if unicodedata.category(char) in {"Cc", "Cs"}}
    disturbing = controls | {char for char in every if unicodedata.bidirectional(char) in turns}

    assert set(blocks.DISTURBING.findall(every)) == disturbing


def test_date_is_a_token_with_a_fallback() -> None:
    """A moment is a date token, with UTC for old clients, up to the last one that a job can have."""
    assert blocks.date(NOW) == NOW_TOKEN
    assert blocks.date(10**11 - 1).endswith("|5138-11-16 09:46 UTC>")
