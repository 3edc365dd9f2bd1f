"""PURE. What came of trying one thing."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

_SHORTEST_SECRET: Final = 8
"""Characters: what is shorter may be a word of ours, and no key or token is."""


@dataclass(frozen=True)
class Item:
    """One thing that was tried: what was found, or what to do. ``ok`` is None when it could not be tried.

    The names are part of what machines read, so they stay. ``says`` may have several lines.
    """

    name: str
    ok: bool | None
    says: str


def works(name: str, says: str) -> Item:
    """Note that it works; ``says`` may still hold a hint."""
    return Item(name, ok=True, says=says)


def fails(name: str, says: str) -> Item:
    """Note that it does not work; ``says`` has what to do."""
    return Item(name, ok=False, says=says)


def untried(name: str, why: str) -> Item:
    """Note that it could not be tried."""
    return Item(name, ok=None, says=f"not tried: {why}")


def safe(item: Item, secrets: Collection[str]) -> Item:
    """Take secrets out of what came from outside, and what would move a terminal's cursor.

    Line breaks stay. The lines after the first are indented, so that none looks like an item of its own.
    """
    says = item.says
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            says = says.replace(secret, "***")
    return replace(item, says="\n  ".join(_printable(line.strip(" ")) for line in says.split("\n")))


def _printable(line: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
