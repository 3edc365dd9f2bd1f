"""PURE. A page drawn in a terminal."""

import re
from collections.abc import Iterator
from typing import Any, Final

from rich.markdown import Markdown, TableElement

_TO_A_PAGE: Final = re.compile(r"\[[^\]]*\]\((\w+)\.md(?:#[^)]*)?\)")


class Table(TableElement):
    """A table that folds what has no blank, such as a Chinese sentence, where rich would cut it."""

    def __rich_console__(self, *how: Any) -> Iterator[Any]:
        """Return rich's table, with another overflow."""
        for table in super().__rich_console__(*how):
            for column in getattr(table, "columns", ()):
                column.overflow = "fold"
            yield table


class Drawn(Markdown):
    """Markdown, with the addresses of its links beside their words, since a terminal can't open a page.

    A link to one of the pages becomes the command that shows it.
    """

    elements = Markdown.elements | {"table_open": Table}

    def __init__(self, markdown: str) -> None:
        super().__init__(_TO_A_PAGE.sub(r"`voicejob docs \1`", markdown), hyperlinks=False)
