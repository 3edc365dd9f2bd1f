"""rich's consoles, imported with the first line (a running bot prints none)."""

import textwrap
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console(*, stderr: bool = False) -> "Console":
    """Return rich's console for stdout, or for stderr."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=stderr, highlight=False)


def print_aside(text: str) -> None:
    """Print to stderr what is not meant for another program; in a terminal, lines break between words."""
    aside = console(stderr=True)
    shown = filled(text, aside.width) if aside.is_terminal else text
    aside.print(shown, markup=False, soft_wrap=True)


def filled(text: str, width: int) -> str:
    """Break lines between words; what follows a break is indented like its line, and a long word stays whole.

    ``width`` is in characters: a line of Chinese has no blanks, and the terminal breaks it.
    """
    lines = ((line.lstrip(), " " * (len(line) - len(line.lstrip()))) for line in text.split("\n"))
    return "\n".join(
        textwrap.fill(
            line,
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line, indent in lines
    )
