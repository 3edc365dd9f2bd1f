"""The file ``.env``: each value as it stands there, and each line that can't be read."""

import re
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource


class DotEnv(DotEnvSettingsSource):
    """``.env`` as a source; by itself, python-dotenv replaces ``${…}``, in quotes too."""

    problems: tuple[str, ...] = ()
    """A sentence for each line that can't be read, which python-dotenv leaves out."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        # Editors on Windows put a byte order mark first, which would belong to the first key.
        with file_path.open(encoding="utf-8-sig") as file:
            found = list(parse_stream(file))
        self.problems = tuple(_problem(each) for each in found if each.error)
        values = {each.key: each.value for each in found if each.key}
        return {key.lower(): value for key, value in values.items() if value}


def _problem(found: Binding) -> str:
    """Tell where it is, and nothing of what it holds; blank lines before it belong to it in python-dotenv."""
    text = found.original.string
    blank = text[: len(text) - len(text.lstrip())]
    line = found.original.line + len(re.findall(r"\r\n|\n|\r", blank))
    return f".env, line {line}: can't be read: a quote is not closed, or = is missing"
