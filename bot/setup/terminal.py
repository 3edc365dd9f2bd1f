"""Asking a person in a terminal: what is printed, and what they type."""

import sys
from getpass import getpass
from typing import Final

from rich.padding import Padding
from rich.text import Text

from bot.checks.item import Item
from bot.checks.report import as_table
from bot.process.console import console
from bot.process.output import wait_for_stdout

UNREADABLE: Final = "\0"
"""Stands for a line that is no text in the terminal's encoding; no key takes it."""
NO: Final = {"n", "no"}
YES: Final = {"", "y", "yes"}


def is_terminal() -> bool:
    """Whether a person can read and type: both ends are a terminal's."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def say(text: str = "", *, style: str = "", indent: int = 0) -> None:
    """Print a paragraph, filled to the terminal's width."""
    console().print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False) if text else "")


def show(item: Item) -> None:
    """Print what came of trying something, as ``voicejob check`` does."""
    console().print(Padding(as_table(item), (0, 0, 0, 2)))


def ask(prompt: str, *, is_secret: bool = False) -> str:
    """Print the prompt and return the line that is typed. Raises EOFError after Ctrl-D."""
    with console().capture() as drawn:
        console().print(Text(prompt, style="bold"), end="")
    try:
        if is_secret:
            return getpass(drawn.get(), sys.stdout)  # it prints once nothing is echoed any more
        sys.stdout.write(drawn.get())
        wait_for_stdout()  # what is typed is echoed behind it
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        return UNREADABLE
    if not line:
        raise EOFError
    return line


def confirm(question: str) -> bool:
    """Ask until the answer is yes, which Enter means too, or no."""
    while (typed := ask(f"{question} [Y/n] ").strip().lower()) not in YES | NO:
        pass
    return typed in YES
