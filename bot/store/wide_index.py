"""PURE. The wide subscriptions and boards of all conversations, as the index of the store finds them."""

from collections.abc import Sequence
from typing import TypeVar

from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Address, DeliveryKey, Selector
from bot.domain.records import Board, Destination, JobRecord, Subscription
from bot.domain.selectors import selects

T = TypeVar("T", Board, Subscription)


class WideIndex:
    """Wide subscriptions and boards, by conversation and selector."""

    def __init__(self) -> None:
        self._wishes: dict[Address, dict[Selector, Subscription]] = {}
        self._boards: dict[Address, dict[Selector, Board]] = {}

    def put_wish(self, before: Subscription | None, after: Subscription | None) -> None:
        """Note a change of a wide subscription; one to a single job is left out."""
        if (wish := before or after) and wish.selector.is_wide:
            _put(self._wishes, before, after)

    def put_board(self, before: Board | None, after: Board | None) -> None:
        """Note a change of a board."""
        _put(self._boards, before, after)

    def addresses(self) -> Sequence[Address]:
        """Return the conversations that have a board."""
        return list(self._boards)

    def wishes(self) -> Sequence[Subscription]:
        """Return all wide subscriptions."""
        return [wish for here in self._wishes.values() for wish in here.values()]

    def of(self, key: DeliveryKey, record: JobRecord | None) -> list[Subscription]:
        """Return the wide subscriptions of a conversation that are to a job."""
        wishes = self._wishes.get(key.address)
        if not wishes or record is None:
            return []
        return [each for each in wishes.values() if selects(each.selector, record.job)]

    def boards(
        self, address: Address, destination: Destination, here: Sequence[Following]
    ) -> tuple[WideFollowing, ...]:
        """Return the boards of a conversation, with those jobs of all that is followed here."""
        wishes, boards = self._wishes.get(address, {}), self._boards.get(address, {})
        return tuple(_board(each, wishes.get(each.selector), destination, here) for each in boards.values())


def _board(
    board: Board, wish: Subscription | None, destination: Destination, here: Sequence[Following]
) -> WideFollowing:
    jobs = tuple(each for each in here if wish in each.wide) if wish else ()
    return WideFollowing(board, wish, destination, jobs)


def _put(records: dict[Address, dict[Selector, T]], before: T | None, after: T | None) -> None:
    """Note a change of the record under one key; a conversation without any is removed."""
    if after:
        records.setdefault(after.address, {})[after.selector] = after
    elif before and (here := records.get(before.address)):
        here.pop(before.selector, None)
        if not here:
            del records[before.address]
