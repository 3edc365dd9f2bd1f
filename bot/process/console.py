"""rich's consoles, imported with the first line (a running bot prints none), and exit codes."""

from functools import cache
from typing import TYPE_CHECKING

from bot.errors import BadSettings, BadUsage, VoiceJobError

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


def exit_code(error: VoiceJobError) -> int:
    """Return a command's exit code: 2 where the settings or the arguments are wrong, else 1."""
    return 2 if isinstance(error, BadSettings | BadUsage) else 1
