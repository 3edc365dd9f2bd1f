"""PURE. What a check found, as lines for a terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.checks.item import Item

MARKS: Final = {
    True: ("ok     ", "green"),
    False: ("failed ", "bold red"),
    None: ("-      ", "yellow"),
}
"""The beginning of a line and its colour, by ``Item.ok``."""
INDENT: Final = 2
"""Columns before the lines of an item that follow its first one."""


def is_good(items: Sequence[Item]) -> bool:
    """Whether nothing failed."""
    return all(item.ok is not False for item in items)


def as_json(items: Sequence[Item]) -> dict[str, Any]:
    """Return all items for machines."""
    found = [{"name": item.name, "ok": item.ok, "says": item.says} for item in items]
    return {"ok": is_good(items), "items": found}


def as_lines(items: Sequence[Item], *, wrapped: bool) -> list[Table | Text]:
    """Return a line for each item, one for all that were skipped for the same reason, and what to do next.

    With ``wrapped``, long lines are broken between words, below where their text begins.
    """
    lines = [as_table(item) if wrapped else _line(item) for item in _merged(items)]
    return [*lines, Text(), Text(what_next(items))]


def what_next(items: Sequence[Item]) -> str:
    """Return the sentence at the end."""
    problems = sum(item.problems for item in items)
    if not problems:
        return "All good: `voicejob run` starts the bot."
    what = "1 problem. Fix it" if problems == 1 else f"{problems} problems. Fix them"
    return f"{what}, then run `voicejob check` again."


def _merged(items: Sequence[Item]) -> list[Item]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.says if item.ok is None else item.name, []).append(item)
    return [
        replace(group[0], name=f"{len(group)} checks") if len(group) > 1 else group[0]
        for group in groups.values()
    ]


def _line(item: Item) -> Text:
    return Text.assemble(MARKS[item.ok], *_parts(item))


def as_table(item: Item) -> Table:
    """Return an item whose lines are broken between words, below where its text begins."""
    first, *rest = Text.assemble(*_parts(item)).split()
    table = Table.grid()
    table.add_row(Text(*MARKS[item.ok], no_wrap=True), first)
    for line in rest:
        table.add_row("", Padding(line.plain.strip(), (0, 0, 0, INDENT)))
    return table


def _parts(item: Item) -> tuple[str | tuple[str, str], ...]:
    return (item.name, "bold"), " " if item.ok is None else ": ", item.says
