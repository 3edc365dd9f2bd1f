"""What is printed beside a command's output, in the columns of a terminal."""

import pytest

from bot.process.console import filled


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("problems:\n  KEY: not set", ["problems:", "  KEY: not", "  set"]),
        ("see https://host.example/long", ["see", "https://host.example/long"]),
        ("", [""]),
    ],
)
def test_lines_break_between_words(text: str, lines: list[str]) -> None:
    """With the indent of their line; a link can still be copied."""
    assert filled(text, 11).split("\n") == lines
