"""The parts that make text from outside harmless, and the reader with which the other tests judge that."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import blocks
from tests.messages.reading import read_mrkdwn
from tests.profiles import examples
from tests.strategies import texts


def test_reader_tells_code_from_markup() -> None:
    """Spans are read with their entities, the rest is live."""
    assert read_mrkdwn("*a* `b &lt;&amp;lt; c` d <@U1>") == ("*a* `` d <@U1>", ["b <&lt; c"])


@pytest.mark.parametrize(
    "text", ["`a", "``", "`a\nb`", "`<a>`", "`a & b`", "<!channel>", "<@x>", "a & b", "a > b"]
)
def test_reader_refuses_what_would_come_alive(text: str) -> None:
    """Broken spans, raw brackets and raw ampersands are found."""
    with pytest.raises(AssertionError):
        read_mrkdwn(text)


@given(texts(), st.integers(8, 300))
@examples(100)
def test_code_is_one_span_within_its_limit(text: str, limit: int) -> None:
    """Any text is exactly one code span, cut after escaping and never inside an entity."""
    span = blocks.code(text, limit)
    live, codes = read_mrkdwn(span)

    assert (live, len(codes)) == ("``", 1)
    assert len(span) <= limit + 2


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "`abc`"),
        ("abcd", 3, "`ab…`"),
        ("<<", 8, "`&lt;&lt;`"),
        ("<<<", 8, "`&lt;…`"),
        ("a&b", 6, "`a…`"),
        ("", 5, "` `"),
        ("\x00", 5, "` `"),
        ("a`b", 5, "`a'b`"),
        ("a\n b", 5, "`a b`"),
        ("&lt;", 20, "`&amp;lt;`"),
    ],
)
def test_code(text: str, limit: int, expected: str) -> None:
    """Backticks become apostrophes, lines one line, and the limit counts what is sent."""
    assert expected == blocks.code(text, limit)


@given(texts())
@examples(100)
def test_clean_is_one_visible_line_or_nothing(text: str) -> None:
    """What is left is a line without control characters that shows something, or it is empty."""
    line = blocks.clean(text)

    assert line == "" or (line.strip() and len(line.splitlines()) == 1)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert blocks.clean(line) == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a  b\n", "a b"),
        ("女声 👩\u200d🎤", "女声 👩\u200d🎤"),
        ("a\u202eb\u2066c", "abc"),
        ("a\ud800b\x1bc", "abc"),
        ("\u2028a\u2029b\x85c", "a b c"),
        *(
            (blank, "")
            for blank in ("", "  ", "\x00", "\u200b", "\u202e", "\x00\u202e \u2066", "\u200b \u200b")
        ),
    ],
    ids=ascii,
)
def test_clean(text: str, expected: str) -> None:
    """Names keep what belongs to them, joined emoji too, and lose what disturbs."""
    assert expected == blocks.clean(text)


def test_what_disturbs_is_known_by_its_kind() -> None:
    """Of all characters, those go that Unicode calls controls, surrogates, or marks of direction."""
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    disturbing = {
        char
        for char in every
        if unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in turns
    }

    assert set(blocks.DISTURBING.findall(every)) == disturbing


@given(st.integers(1, 10**11 - 1))
@examples(50)
def test_date_is_a_token_with_a_fallback(epoch: int) -> None:
    """Any moment that a job can have is a date token, with UTC for old clients."""
    assert re.fullmatch(
        rf"<!date\^{epoch}\^{{date_short_pretty}} {{time}}\|\d{{4}}-\d\d-\d\d \d\d:\d\d UTC>",
        blocks.date(epoch),
    )
