"""What a check found, as it is printed: one line for a reason, what to do next, lines that fit."""

import pytest
from rich.console import Console

from bot.checks.item import Item, fails, untried, works
from bot.checks.report import as_lines

UNREACHED = "because MetaStudio can't be reached"
GOOD, BAD, TWO_BAD = works("store", "kept"), fails("Slack", "why"), fails("settings", "x\n  y", problems=2)


def printed(items: list[Item], *, wrapped: bool = False, width: int = 80) -> list[str]:
    """Return the lines on a terminal of this width."""
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        for line in as_lines(items, wrapped=wrapped):
            console.print(line, soft_wrap=not wrapped)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        ([GOOD], ["ok     store: kept", "", "All good: `voicejob run` starts the bot."]),
        (
            [BAD, untried("scopes", "until it works")],
            [
                *("failed Slack: why", "-      scopes skipped until it works", ""),
                "1 problem. Fix it, then run `voicejob check` again.",
            ],
        ),
        (
            [TWO_BAD, untried("clock", UNREACHED), BAD, untried("jobs", UNREACHED)],
            [
                *(
                    "failed settings: x",
                    "  y",
                    f"-      2 checks skipped {UNREACHED}",
                    "failed Slack: why",
                    "",
                ),
                "3 problems. Fix them, then run `voicejob check` again.",
            ],
        ),
        (
            [untried("clock", "here")],
            ["-      clock skipped here", "", "All good: `voicejob run` starts the bot."],
        ),
    ],
)
def test_lines(items: list[Item], lines: list[str]) -> None:
    """What was skipped for one reason is one line; all problems are counted; the last line says what next."""
    assert printed(items) == lines


def test_in_a_terminal_lines_break_between_words() -> None:
    """Below where their text begins; the further lines of an item are indented."""
    item = works("store", "one two three four\n  five six seven")

    assert printed([item], wrapped=True, width=22)[:5] == [
        *("ok     store: one two", "       three four", "         five six"),
        *("         seven", ""),
    ]
