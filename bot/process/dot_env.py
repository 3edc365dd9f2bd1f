"""The file ``.env``, read without substitutions, and with a sentence for each line that can't be parsed."""

import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource


class DotEnv(DotEnvSettingsSource):
    """``.env`` as a source of settings. Used directly, python-dotenv substitutes ``${…}``, in quotes too."""

    problems: tuple[str, ...] = ()
    """A sentence for each line that can't be parsed, which python-dotenv skips."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        # Editors on Windows put a byte order mark first, which would belong to the first key.
        with file_path.open(encoding="utf-8-sig") as file:
            found = list(parse_stream(file))
        self.problems = tuple(_problem(each) for each in found if each.error)
        values = {each.key: each.value for each in found if each.key}
        return {key.lower(): value for key, value in values.items() if value}


def _problem(found: Binding) -> str:
    """Name the line, and nothing of what it holds. python-dotenv counts blank lines before it as its own."""
    text = found.original.string
    blank = text[: len(text) - len(text.lstrip())]
    line = found.original.line + len(re.findall(r"\r\n|\n|\r", blank))
    return f".env, line {line}: can't be read: a quote is not closed, or = is missing"
