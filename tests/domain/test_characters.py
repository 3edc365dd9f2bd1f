"""Characters that nobody sees, and what people type brought into one form."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.characters import is_blank, normalised
from bot.domain.job_ids import UUID
from tests.profiles import examples
from tests.strategies import HOSTILE_PIECES, texts

U = "26f06524-4f75-4b3a-a853-b649a21aaf66"
MARKED = """
    *{}* ~{}~ _{}_ `{}` *~_{}_~* *`{}`* &lt;{}&gt; &amp;{} &amp;lt;{}&amp;gt; “{}” ＂{}＂ ´{}´ ＃{} {}。
"""  # noqa: RUF001
INVISIBLE = "\u200b{}\u200d \u202e{}\u202c \ufeff{}\u00ad \u3164{}\u115f \u2800{}\ufffc {}\ufe0f"
BLANKS = ["&gt; {}", "\u00a0{}\u3000", "\U000e0001{}\U000e007f", "\t{}\r\n"]
AROUND = [*MARKED.split(), *INVISIBLE.split(), *BLANKS]
"""What stands around an id that was copied from somewhere."""


NORMALISED = [
    ("subscribe _my_job_ *important*", "subscribe _my_job_  important "),
    ("_subscribe my_job_ all", "subscribe my_job all"),
    ("&amp;lt;https://e.example/&amp;gt;", " https://e.example/ "),
    ("＆ａｍｐ；ｌｔ；x", " x"),  # noqa: RUF001
    ("a&b&copy;", "a&b&copy;"),
    ("a&#38;b&#x26;amp;c&#038;lt;", "a&b&c "),
    ("a\u3164b\u115fc\u1160d\uffa0e\u2800f", "a b c d e f"),
    ("<https://e.example/~a*b~|*x*>", "<https://e.example/~a*b~|*x*>"),
    ("*https://e.example/~a/b*", " https://e.example/~a/b"),
    ("ｓｕｂ，ｌｉｓｔ：＃ｘ　ｙ", "sub,list:#x y"),  # noqa: RUF001
    ("𝐬𝐮𝐛 ﬁ", "sub fi"),  # noqa: RUF001
    ("26f0–4f75—x−y", "26f0-4f75-x-y"),  # noqa: RUF001
    ("女声\ud800", "女声\ud800"),
]


def test_normalised() -> None:
    """Wide and smart signs become plain ones, marks and brackets blanks, and links stay what they are."""
    assert [(typed, normalised(typed)) for typed, _ in NORMALISED] == NORMALISED


ENTITIES = ["amp;", "lt;", "&am", "https://", "<https://e.example/", U, "a_", "_b", *"*~_<>&;` "]
PIECES = [*HOSTILE_PIECES, *AROUND, *ENTITIES]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | texts())
@examples(150)
def test_a_second_time_changes_nothing(text: str) -> None:
    """Whoever can't tell whether it was done may do it again."""
    once = normalised(text)

    assert normalised(once) == once
    assert not {unicodedata.category(char) for char in once} & {"Cf"}


@given(st.lists(st.sampled_from(AROUND), max_size=4), st.sampled_from(["", "job ", "任务 "]))
@examples(80)
def test_an_id_is_found_in_any_wrapping(around: list[str], before: str) -> None:
    """Whatever marks, quotes and invisible signs stand around it, in whatever order."""
    typed = U
    for wrapping in around:
        typed = wrapping.format(typed)

    assert UUID.findall(normalised(before + typed)) == [U]


FILLERS = "\u3164 \u115f \u1160 \uffa0 \u2800 \u17b4 \U0001d159 \ufffc"
FORMATS = "\u200b \u200d \u2060 \u00ad \ufeff \u202e \u061c \x00\x1b \U000e0041\U000e007f \u2065 \ufff0"
MARKS = "\ufe0f \U000e0100 \u034f \u0301 \u20dd"
SPACES = ["", " ", "\t\n", "\u00a0", "\u3000", "\u2028", " \u0301\u0308", "\u3164 \u2800\u200b"]
BLANK = [*SPACES, *f"{FILLERS} {FORMATS} {MARKS}".split(" ")]
SEEN = "x \u3164x 女声 한글 👩\u200d🎤 ❤\ufe0f ⠁ e\u0301 - ? ¨ \u0903 \ue000 \U0001faf6 \u0378 \U000dffff"


def test_what_nobody_sees_is_blank() -> None:
    """Blanks, fillers, format signs, and marks without a base are; signs are not, be they new or private."""
    assert [text for text in BLANK if not is_blank(text)] == []
    assert [text for text in SEEN.split(" ") if is_blank(text)] == []
