"""What a command tells the terminal and the shell. rich comes with the first line: a bot prints none."""

from functools import cache
from typing import TYPE_CHECKING

from bot.errors import BadSettings, BadUsage, VoiceJobError

if TYPE_CHECKING:
    from rich.console import Console


@cache
def console(*, stderr: bool = False) -> "Console":
    """Give rich's console for stdout, or for stderr."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=stderr, highlight=False)


def print_aside(text: str) -> None:
    """Print what is no output for another program to read, to stderr."""
    console(stderr=True).print(text, markup=False, soft_wrap=True)


def exit_code(error: VoiceJobError) -> int:
    """Say what a command ends with: 2 where the settings or the arguments are wrong, else 1."""
    return 2 if isinstance(error, BadSettings | BadUsage) else 1
