"""The text of .env with new values: they are read back as they are, and nothing else changes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.process.dot_env import values_in
from bot.setup.env_text import merged, quoted

VALUES = st.text(st.sampled_from("ab'\"\\ #$=`{}") | st.characters()).filter(str.isprintable)
TEXTS = st.text(st.sampled_from("AB=='\"\\ #\n\n\r\t$é"), max_size=40)
KEYS = st.sampled_from(["A", "B", "NEW_KEY"])


@given(VALUES)
@example("a\\")
@example("' #\\")
@example("# no comment")
def test_a_value_is_read_back_as_it_is(value: str) -> None:
    """Whatever a person can type; also with a quoted value behind it."""
    text = merged("Z=1", {"KEY": value, "NEXT": "a 'quoted' b"})

    assert values_in(text)[0].get("KEY", "") == value


@given(TEXTS, st.dictionaries(KEYS, VALUES))
def test_what_is_not_new_stays_as_it_is(text: str, new: dict[str, str]) -> None:
    """Every other line, comment and blank; or it refuses, where a quote stands open."""
    try:
        result = merged(text, new)
    except ValueError:
        assert {"'", '"'} & set(text)
        return
    rest = iter(result.split("\n"))

    assert all(line in rest for line in text.split("\n")[:-1] if not line.strip() or line.startswith("#"))
    before, after = values_in(text)[0], values_in(result)[0]
    assert {key: after.get(key, "") for key in before | new} == before | new
    assert merged(text, {}) == text
    assert merged(result, new) == result


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("xoxb-1-aB/+=:", "xoxb-1-aB/+=:"),
        ("two words", "'two words'"),
        ("it's $HOME", r"'it\'s $HOME'"),
        ("a\\b", r"'a\\b'"),
        ("ends\\", "ends\\"),
    ],
)
def test_quotes_are_only_where_they_are_needed(value: str, written: str) -> None:
    """Docker's --env-file would keep them."""
    assert quoted(value) == written


@pytest.mark.parametrize(
    ("text", "new", "result"),
    [
        ("", {"A": "1", "B": "2"}, "A=1\nB=2\n"),
        ("X=1", {"A": "2"}, "X=1\nA=2\n"),
        ("X=1\r\n", {"A": "2"}, "X=1\r\nA=2\r\n"),
        ("# c\n\nexport A = 'old'  # why\nX=1\n", {"A": "new"}, "# c\n\nexport A =new  # why\nX=1\n"),
        ("a=1\nA=2\n", {"A": "3"}, "a=1\nA=3\n"),
        ("A= # empty\n", {"A": "3"}, "A=3 # empty\n"),
        ('A="two\nlines"\nX=1\n', {"A": "3"}, "A=3\nX=1\n"),
        ("A\n", {"A": "3"}, "A\nA=3\n"),
        ("A=1\n", {"A": ""}, "A=\n"),
        ("X=1\n", {"A": ""}, "X=1\n"),
    ],
)
def test_place(text: str, new: dict[str, str], result: str) -> None:
    """The last line that counts gets the value; a key that is not there goes to the end; "" switches off."""
    assert merged(text, new) == result


def test_open_quote() -> None:
    """A quote in a new line would close it."""
    with pytest.raises(ValueError, match="stands open"):
        merged("X='1\n", {"A": "two words", "B": "x y"})
