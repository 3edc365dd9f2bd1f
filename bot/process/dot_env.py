"""The file ``.env``, read without substitutions, and with a sentence for each line that can't be parsed."""

import re
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream


def read_dot_env(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return the values by key, in capitals, and a sentence for each line that can't be parsed.

    Raises OSError, and UnicodeDecodeError where it is no text in UTF-8.
    """
    if not path.is_file():
        return {}, []
    # Editors on Windows put a byte order mark first, which would belong to the first key.
    return values_in(path.read_text(encoding="utf-8-sig"))


def values_in(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the same of the file's text.

    An empty value counts as none. Unlike python-dotenv's own functions, it leaves ``${…}`` as it is.
    """
    found = list(parse_stream(StringIO(text)))
    values = {each.key.upper(): each.value for each in found if each.key}
    problems = [_problem(each) for each in found if each.error]
    return {key: value for key, value in values.items() if value}, problems


def _problem(found: Binding) -> str:
    """Name the line, and nothing of what it holds. python-dotenv counts blank lines before it as its own."""
    text = found.original.string
    blank = text[: len(text) - len(text.lstrip())]
    line = found.original.line + len(re.findall(r"\r\n|\n|\r", blank))
    return f".env, line {line}: can't be read: a quote is not closed, or = is missing"
