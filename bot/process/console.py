"""rich's consoles, imported with the first line (a running bot prints none)."""

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
    """Print to stderr what is not meant for another program."""
    console(stderr=True).print(text, markup=False, soft_wrap=True)
