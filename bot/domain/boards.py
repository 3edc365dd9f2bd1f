"""PURE. Boards: one message stands for all jobs of a wide subscription, and is edited in place."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.domain.deliveries import Step, card_wait
from bot.domain.following import LOOK, Following, WideFollowing
from bot.domain.jobs import Phase, meaning_of
from bot.domain.keys import Address, BoardKey, Selector, SubscriptionKey
from bot.domain.pauses import retry_after
from bot.domain.records import Board, Card, Change, Level, Records, Subscription
from bot.domain.waiting import is_ours

MOST_NAMED: Final = 12
"""The jobs that a board names."""
EDIT_PAUSE: Final = 30
"""Seconds between two edits of a board, at least."""


@dataclass(frozen=True)
class Tally:
    """What a board says of its jobs. A job that was deleted is not counted."""

    waiting: tuple[Following, ...] = ()
    """Those that wait for the customer, longest wait first."""
    in_work: int = 0
    done: int = 0
    failed: int = 0


def tally(shown: WideFollowing) -> Tally:
    """Count the jobs of a board by whose turn it is, or how they ended."""
    jobs = [each for each in shown.followings if not each.record.job.is_gone]
    phases = Counter(meaning_of(each.state).phase for each in jobs if not is_ours(each.state))
    done, failed = phases[Phase.ENDED_WELL], phases[Phase.ENDED_BADLY]
    in_work = phases.total() - done - failed
    return Tally(oldest_first(each for each in jobs if is_ours(each.state)), in_work, done, failed)


def oldest_first(followings: Iterable[Following]) -> tuple[Following, ...]:
    """Return what is followed, longest in its present state first; without a time, last."""
    return tuple(
        sorted(followings, key=lambda each: (each.record.job.lastupdate_time or math.inf, each.job_id))
    )


def fingerprint(shown: WideFollowing) -> str:
    """Return a string of all that a board's look depends on."""
    found = tally(shown)
    counts = (len(found.waiting), found.in_work, found.done, found.failed)
    named = [f"{each.job_id}:{each.fingerprint}" for each in found.waiting[:MOST_NAMED]]
    language, stopped_by = shown.destination.language or "", shown.board.stopped_by or ""
    level = shown.subscription.level if shown.subscription else ""
    return " ".join(map(str, [*counts, *named, language, stopped_by, level, shown.board.is_read, LOOK]))


def next_board_step(shown: WideFollowing, now: int) -> Step | None:
    """Return what is due of a board at ``now`` (epoch seconds)."""
    board = shown.board
    is_ended = shown.subscription is None
    if board.card is None:
        if is_ended:
            return Step.FORGET_BOARD
        return Step.POST_BOARD if card_wait(board, now) <= 0 else None
    if board.card.fingerprint != fingerprint(shown):
        return Step.EDIT_BOARD
    return Step.FORGET_BOARD if is_ended else None


def edit_wait(shown: WideFollowing, now: int) -> int:
    """Return the seconds until a board may be edited again; that it was ended is said at once.

    A time ahead was stored while the clock was wrong, and is ignored.
    """
    wait = shown.board.edited_at + EDIT_PAUSE - now
    return wait if shown.subscription and 0 < wait <= EDIT_PAUSE else 0


def keys_of_board(key: BoardKey) -> tuple[BoardKey, SubscriptionKey, Address]:
    """Return the keys of all records that concern one board, but those of its jobs."""
    return key, SubscriptionKey(key.address, key.selector), key.address


def wide_following(records: Records, key: BoardKey) -> WideFollowing | None:
    """Return what these records say of a board, without its jobs; None where there is none."""
    board = records.board(key)
    if board is None:
        return None
    return WideFollowing(board, records.subscription(keys_of_board(key)[1]), records.destination(key.address))


def board_started(
    address: Address,
    selector: Selector,
    *,
    level: Level,
    by: str,
    now: int,
    mentions: Sequence[str] = (),
) -> Change:
    """Return the change that subscribes a conversation widely, unless it is; ``by`` is a user id."""
    key = BoardKey(address, selector)

    def change(records: Records) -> Records:
        if records.subscription(keys_of_board(key)[1]):
            return Records()
        wish = Subscription(
            address=address,
            selector=selector,
            level=level,
            subscribed_by=by,
            subscribed_at=now,
            mentions=tuple(mentions),
        )
        return Records.of(wish, Board(address=address, selector=selector))

    return change


def board_stopped(key: BoardKey, by: str) -> Change:
    """Return the change after a person ended a wide subscription: the board is edited yet.

    What it followed alone is ended with it, as soon as that is looked at.
    """

    def change(records: Records) -> Records:
        changed, board = Records({keys_of_board(key)[1]: None}), records.board(key)
        if board and not board.stopped_by:
            changed.update(Records.of(replace(board, stopped_by=by)))
        return changed

    return change


def board_posted(shown: WideFollowing, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a board as the message ``ts``."""
    card = Card(ts=ts, posted_at=now, fingerprint=fingerprint(shown))
    return _changing(shown, lambda board: replace(board, card=card, cards=board.cards + 1))


def board_edited(shown: WideFollowing, now: int) -> Change:
    """Return the change after Slack accepted an edit of a board, or refused it for good."""
    print_ = fingerprint(shown)

    def changed(board: Board) -> Board:
        return replace(board, card=board.card and replace(board.card, fingerprint=print_), edited_at=now)

    return _changing(shown, changed)


def board_lost(shown: WideFollowing) -> Change:
    """Return the change after Slack did not find a board: a new one is due, later with each that is lost."""

    def changed(board: Board) -> Board:
        if board.card is None:
            return board
        return replace(board, card=None, no_card_before=board.card.posted_at + retry_after(board.cards))

    return _changing(shown, changed)


def board_forgotten(shown: WideFollowing) -> Change:
    """Return the change that deletes a board that was ended."""
    return _changing(shown, lambda board: board)


def _changing(shown: WideFollowing, how: Callable[[Board], Board]) -> Change:
    """Apply ``how`` to the board of ``shown``; one whose end was shown, or can't be, is deleted."""
    key = shown.board.key

    def change(records: Records) -> Records:
        board = records.board(key)
        if board is None or board.id != shown.board.id:
            return Records()
        after = how(board)
        is_ended = records.subscription(keys_of_board(key)[1]) is None
        shows_end = after.card is None or shown.subscription is None
        return Records({key: None if is_ended and shows_end else after})

    return change
