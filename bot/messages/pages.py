"""PURE. Lists that are shown page by page: which entries, and the buttons to other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from bot.messages.blocks import Element, button
from bot.messages.texts import Words

PAGE_SIZE: Final = 10
T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A page of a list. Entries count from 0."""

    entries: Sequence[T]
    first: int
    total: int

    @property
    def end(self) -> int:
        """The number of the first entry after it."""
        return self.first + len(self.entries)


def page_of(every: Sequence[T], start: int) -> Part[T]:
    """Return the page that begins with entry ``start``; the first page, if there is no such entry."""
    first = start if 0 <= start < len(every) else 0
    return Part(every[first : first + PAGE_SIZE], first, len(every))


def page_start(number: int) -> int:
    """Return the first entry of the page that has this one on it."""
    return number - number % PAGE_SIZE


def with_range(head: str, part: Part[T], words: Words) -> str:
    """Return a list's head, with the numbers of the page's entries if there are others."""
    if len(part.entries) == part.total:
        return head
    return words("list-page", head=head, first=part.first + 1, last=part.end)


def page_buttons(part: Part[T], words: Words, *, more: str, first: str) -> list[Element]:
    """Return the buttons to the next page and to the first one, by their action_ids, where there are such.

    A button's value is the number of the first entry.
    """
    next_page = [button(words("button-more"), more, str(part.end))] if part.end < part.total else []
    return [*next_page, button(words("button-start"), first, "0")] if part.first else next_page
