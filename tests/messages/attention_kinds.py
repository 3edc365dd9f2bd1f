"""Every kind of message on who sees to a job, on reminders, and on boards."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Address, Selector, SelectorKind
from bot.domain.records import Board, Claim, Level, Subscription
from bot.messages import board, channel, claims, home, listing, reminders
from bot.messages.blocks import Message, clean
from bot.messages.context import MessageContext
from bot.messages.looked_up import looked_up
from tests.records import NOW


def attention(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each of them about this job, claimed by whoever, in a batch of whatever was ``said``."""
    claim = Claim(person=Address("T1", said), at=NOW)
    named = tuple(replace(wish, mentions=(said, "U0BOB", "S0TEAM")) for wish in shown.wishes)
    claimed = replace(
        shown, record=replace(shown.record, claim=claim, later=NOW), subscription=next(iter(named), None)
    )
    yield channel.card(claimed, context, now=NOW)
    yield looked_up(shown.job, context, now=NOW, record=claimed.record)
    if shown.path:
        yield channel.notice(claimed, context)
    yield reminders.reminder(claimed, context)
    yield reminders.reminder_of_several([claimed] * 5, context)
    for count in (1, 5):
        yield reminders.reminder_to_person([claimed.record] * count, context)
    for answer in (claims.taken, claims.released, claims.nobody_has_it, claims.put_off):
        yield answer(claimed.record, context)
    yield claims.taken_by(claimed.record, claim, context)
    yield claims.moved_on(shown.job, context)
    yield claims.not_reminded(context)
    yield board.digest([claimed] * 5, context)
    batch = Selector(SelectorKind.BATCH, clean(said)[:256] or "-")
    for selector in (Selector(SelectorKind.PROJECT, ""), batch):
        yield from _wide(claimed, selector, said, context)


def _wide(shown: Following, selector: Selector, said: str, context: MessageContext) -> Iterator[Message]:
    where, stopped_by = shown.delivery.address, shown.delivery.stopped_by
    made = Board(address=where, selector=selector, is_read=True, stopped_by=stopped_by)
    wish = Subscription(
        address=where,
        selector=selector,
        level=Level.ALL,
        subscribed_by=said,
        subscribed_at=NOW,
        mentions=(said, "S0TEAM"),
    )
    full = WideFollowing(made, None if stopped_by else wish, shown.destination, (shown,) * 14)
    for each in (full, replace(full, board=replace(made, is_read=False)), replace(full, followings=())):
        yield board.board(each, context)
    for answer in (board.subscribed, board.already, board.changed, board.later, board.stopped):
        yield answer(full, context)
    yield board.refused(full, said, context)
    yield board.refused(full, said, context, elsewhere=True)
    yield board.not_followed_widely(selector, context)
    at = where.channel_id
    yield listing.listing([full] * 2, context, channel_id=at, start=0, checked_at=lambda _: NOW)
    yield listing.own([full, shown], context, start=0, checked_at=lambda _: NOW, checks_fail=True)
    yield home.home(home.Facts(waiting=None, followed=[full, shown]), context)
