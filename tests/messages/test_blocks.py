"""The parts that make text from outside harmless."""

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.messages import blocks
from tests.messages.reading import AGO, read_mrkdwn
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


DATES = [
    (NOW, "{ago}", AGO),
    (NOW, "checked {time}", "<!date^1800000000^checked {time}|checked 2027-01-15 08:00 UTC>"),
    (NOW, "于：{date} {time}", "<!date^1800000000^于：{date} {time}|于：2027-01-15 08:00 UTC>"),  # noqa: RUF001
    (10**11 - 1, "{time}", "<!date^99999999999^{time}|5138-11-16 09:46 UTC>"),
]


def test_date_is_a_token_with_a_fallback() -> None:
    """A moment is a date token, with UTC for old clients, up to the last one that a job can have."""
    assert [blocks.date(epoch, form) for epoch, form, _ in DATES] == [token for *_, token in DATES]


@given(texts(), st.integers(8, 300))
@examples(100)
def test_literal_is_never_formatted(text: str, limit: int) -> None:
    """Any text is just read, within its limit, also where a mark of ours stands beside it."""
    shown = blocks.literal(text, limit)

    assert len(shown) <= limit
    for sentence in (shown, f"*{shown or '-'}*: {shown}:", f"“{shown}”{shown}"):
        assert "`" not in read_mrkdwn(sentence)[0]


STAR, TILDE, LOW, COLON = (
    "\N{ASTERISK OPERATOR}",
    "\N{TILDE OPERATOR}",
    "\N{MODIFIER LETTER LOW MACRON}",
    "\N{RATIO}",
)
LITERAL = {
    "*a* ~b~ `c`": f"{STAR}a{STAR} {TILDE}b{TILDE} 'c'",
    "my_job_id _i_ 女_声": f"my_job_id {LOW}i{LOW} 女{LOW}声",
    ":x: 12:30 a: b :y": f"{COLON}x: 12:30 a: b {COLON}y",
    "<!here> & &lt;": "&lt;!here&gt; &amp; &amp;lt;",
    "& " * 30: "&amp; " * 13 + "…",
    "_a" * 60: f"{LOW}a{'_a' * 38}…",
    "a\n\u202eb": "a b",
    " >> a > b": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}&gt; a &gt; b",
}


def test_literal() -> None:
    """What would format it becomes a sign that looks alike, and only there; it is cut after escaping."""
    assert {text: blocks.literal(text) for text in LITERAL} == LITERAL


SPOKEN = {
    ":x: *Failed*, why": "Failed, why",
    "▰▰▱▱ Step 2 of 4": "Step 2 of 4",
    "no `*` or `:x: *a*`, *but* this": "no `*` or `:x: *a*`, but this",
    "“▰▰ a”": "“▰▰ a”",
    "in the <https://e.example/?a=1&amp;b=2|console>": "in the console",
    "<@U1> in <#C1> <!date^1^{ago}|x>": "<@U1> in <#C1> <!date^1^{ago}|x>",
}


def test_spoken() -> None:
    """Of a line, what is said remains, with people, channels, moments, and whatever is a code."""
    assert {line: blocks.spoken(line) for line in SPOKEN} == SPOKEN


def test_without_blocks_a_message_is_cut_between_words() -> None:
    """A text that is too long loses its last words, and no half of one is left."""
    short, long = blocks.Message("a b", [blocks.divider()]), blocks.Message("word " * 700, [])

    assert blocks.without_blocks(short) == blocks.Message("a b", [])
    assert blocks.without_blocks(long).text == ("word " * 600).rstrip()
