"""PURE. The text of ``.env`` with new values, in which every other line stays as it is."""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Final

from dotenv.parser import parse_stream

from bot.process.dot_env import values_in

_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
"""Values that dotenv, a shell, Docker and systemd all take as they are."""
_NEEDS_QUOTES: Final = re.compile(r"""['"\s#]|.*\s#|.*\s\Z""", re.DOTALL)
"""Values that dotenv would read otherwise without quotes."""
_ASSIGNMENT: Final = re.compile(
    r"""(?P<before>\s*(?:export[^\S\r\n]+)?[^=\#\s']+[^\S\r\n]*=)
    (?:[^\S\r\n]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[^\r\n]*?)
    (?P<after>(?:[^\S\r\n]+\#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r)?)""",
    re.VERBOSE | re.DOTALL,
)
"""What dotenv's parser takes as one: blank lines before it, the value, and a comment behind it."""


def quoted(value: str) -> str:
    """Write a value so that dotenv reads it back as it is, with quotes only where it needs them."""
    # Parsers of dotenv before 1.2.2 take a backslash before the closing quote for an escape of that quote.
    if _PLAIN.fullmatch(value) or (value.endswith("\\") and not _NEEDS_QUOTES.match(value)):
        return value
    return "'" + re.sub(r"([\\'])", r"\\\1", value) + "'"


def merged(text: str, new: Mapping[str, str]) -> str:
    """Return the text with the values of ``new``; an empty one switches its key off.

    A key that is there keeps its place and its comment, another one is added at the end. Raises ValueError
    where that would change the value of another key, because of a quote that stands open.
    """
    found = list(parse_stream(StringIO(text)))
    last = {each.key.upper(): number for number, each in enumerate(found) if each.key}
    lines = [each.original.string for each in found]
    added = []
    for key, value in new.items():
        match = _ASSIGNMENT.fullmatch(lines[last[key]]) if key in last else None
        if match:
            lines[last[key]] = f"{match['before']}{quoted(value)}{match['after']}"
        elif value or key in last:
            added.append(f"{key}={quoted(value)}")
    result = _with_lines("".join(lines), added)
    meant = values_in(text)[0] | dict(new)
    if values_in(result)[0] != {key: value for key, value in meant.items() if value}:
        raise ValueError("a quote stands open")
    return result


def _with_lines(text: str, added: list[str]) -> str:
    """Add lines at the end, with the line breaks that the text has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    if added and text and not text.endswith(("\r", "\n")):
        text += newline
    return text + "".join(line + newline for line in added)
