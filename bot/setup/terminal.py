"""Asking a person in a terminal: what is printed, and what they type."""

import os
import select
import signal
import sys
import termios
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from rich.padding import Padding
from rich.text import Text

from bot.checks.item import Item
from bot.checks.report import as_table
from bot.process.console import console
from bot.process.output import wait_for_stdout

UNREADABLE: Final = "\0"
"""Stands for a line that is no text in the terminal's encoding; no key takes it."""
LOCAL_FLAGS: Final = 3
"""Where they are in what termios returns."""
NO: Final = {"n", "no"}
YES: Final = {"y", "yes"}
NO_CHOICE: Final = "{} can't be the answer: type {}."
_LONGEST: Final = 30
"""How many characters of an answer are repeated."""


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
        with _without_echo() if is_secret else nullcontext():
            sys.stdout.write(drawn.get())
            wait_for_stdout()  # what is typed is echoed behind it
            _wait_for_a_line()
            line = sys.stdin.readline()
    except UnicodeDecodeError:
        return UNREADABLE
    if not line:
        raise EOFError
    return line


@contextmanager
def _without_echo() -> Iterator[None]:
    """Hide what is typed, as getpass does; the line break that ends it is printed."""
    before = termios.tcgetattr(sys.stdin)
    hidden = before[:]
    hidden[LOCAL_FLAGS] &= ~termios.ECHO
    try:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, hidden)
        yield
        sys.stdout.write("\n")
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


def _wait_for_a_line() -> None:
    """Return once a line can be read, or a signal has come.

    Python sees a signal that comes right before a read only after that read. Here it writes to a pipe (page
    ``signal.set_wakeup_fd``), so that Ctrl-C is never lost.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    try:
        select.select([sys.stdin, reader], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def choose(prompt: str, choices: Collection[str], kept: str, named: str) -> str:
    """Ask until one of the choices is typed, and return it; Enter means ``kept``.

    ``named`` says what can be typed. Raises EOFError after Ctrl-D.
    """
    while (typed := ask(prompt).strip().lower() or kept) not in choices:
        say(NO_CHOICE.format(_shown(typed), named), style="red", indent=2)
    return typed


def _shown(typed: str) -> str:
    """Return what was typed as far as it can be shown, in quotation marks."""
    short = typed if len(typed) <= _LONGEST else f"{typed[:_LONGEST]}…"
    return f"“{short}”" if short.isprintable() else "This"


def confirm(question: str) -> bool:
    """Ask until the answer is yes, which Enter means too, or no. Raises EOFError after Ctrl-D."""
    return choose(f"{question} [Y/n] ", YES | NO, "y", "y or n") in YES
