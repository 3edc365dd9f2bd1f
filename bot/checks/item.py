"""PURE. What came of trying one thing."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

_SHORTEST_SECRET: Final = 8
"""Characters: what is shorter may be a word of ours, and no key or token is."""
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Item:
    """One thing that was tried: what was found, or what to do. ``ok`` is None when it could not be tried.

    The names are part of what machines read, so they stay. ``says`` may have several lines. ``problems`` is
    how many things are to be mended.
    """

    name: str
    ok: bool | None
    says: str
    problems: int = 0


def works(name: str, says: str) -> Item:
    """Return the item of what works; ``says`` may still hold a hint."""
    return Item(name, ok=True, says=says)


def fails(name: str, says: str, *, problems: int = 1) -> Item:
    """Return the item of what does not work; ``says`` has what to do."""
    return Item(name, ok=False, says=says, problems=problems)


def untried(name: str, why: str) -> Item:
    """Return the item of what could not be tried; ``why`` begins with a word such as "because"."""
    return Item(name, ok=None, says=f"skipped {why}")


def safe(item: Item, secrets: Collection[str]) -> Item:
    """Return an item without secrets, and without characters that would move a terminal's cursor.

    Line breaks stay. The lines after the first are indented, so that none looks like an item of its own.
    """
    says = item.says
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            says = says.replace(secret, "***")
    harmless = "".join(each if each.isprintable() or each == "\n" else _REPLACEMENT for each in says)
    return replace(item, says="\n  ".join(line.strip(" ") for line in harmless.split("\n")))
