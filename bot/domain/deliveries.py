"""PURE. What is due of a delivery, and how Slack's answers change it.

A change applies to the delivery that it was made for: one that was made anew under its key has another id.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from bot.domain.following import Following
from bot.domain.pauses import LONGEST_RETRY, retry_after
from bot.domain.records import Card, Change, Delivery, Records, Selector, SubscriptionKey


class Step(Enum):
    """What can be due in a conversation."""

    POST_CARD = auto()
    POST_NOTICE = auto()
    EDIT_CARD = auto()
    FORGET = auto()
    """Delete the delivery: its subscription was ended, and there is no card to edit."""
    TELL_PERSON = auto()
    """Write to a person that the conversation is paused."""
    EDIT_WARNING = auto()
    """Say in that direct message that the pause is over."""


POSTS: Final = frozenset({Step.POST_CARD, Step.POST_NOTICE})
"""The steps that prove that the bot may post in the conversation."""
EDITS: Final = frozenset({Step.EDIT_CARD, Step.EDIT_WARNING})
"""What waits until all else is sent: Slack allows few edits."""


def next_step(following: Following, now: int) -> Step | None:
    """Return what is due of a delivery at ``now`` (epoch seconds), whether or not the conversation is paused.

    A notice goes without a thread while there is no card to which it could be a reply.
    """
    delivery, card = following.delivery, following.delivery.card
    if delivery.stopped_by and card is None:
        return Step.FORGET
    if card is None and card_wait(delivery, now) <= 0:
        return Step.POST_CARD
    if following.path:
        return Step.POST_NOTICE
    return Step.EDIT_CARD if card and card.fingerprint != following.fingerprint else None


def card_wait(delivery: Delivery, now: int) -> int:
    """Return the seconds until a new card may take the place of a lost one; 0 or less: none.

    A time further ahead than the longest pause was stored while the clock was wrong, and is ignored.
    """
    wait = delivery.no_card_before - now
    return wait if wait <= LONGEST_RETRY else 0


def card_posted(shown: Following, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a card, made of ``shown``, as the message ``ts``.

    A first card tells what it shows, so that only later changes are left for a notice.
    """
    card = Card(ts=ts, posted_at=now, fingerprint=shown.fingerprint)

    def changed(delivery: Delivery) -> Delivery:
        told = shown.record.number if delivery.told is None else delivery.told
        return replace(delivery, card=card, cards=delivery.cards + 1, told=told, delivered_at=now)

    return _changing(shown, changed, now)


def notice_posted(shown: Following, now: int) -> Change:
    """Return the change after Slack accepted a notice; what was seen meanwhile stays pending."""
    number = shown.record.number
    return _changing(shown, lambda delivery: replace(delivery, told=number, delivered_at=now), now)


def card_edited(shown: Following, now: int) -> Change:
    """Return the change after Slack accepted an edit of the card."""
    return _changing(shown, lambda delivery: replace(_with_shown(delivery, shown), delivered_at=now), now)


def edit_skipped(shown: Following, now: int) -> Change:
    """Return the change after Slack refused for good to edit the card: the next change tries again."""
    return _changing(shown, lambda delivery: _with_shown(delivery, shown), now)


def _with_shown(delivery: Delivery, shown: Following) -> Delivery:
    return replace(delivery, card=delivery.card and replace(delivery.card, fingerprint=shown.fingerprint))


def card_lost(shown: Following, now: int) -> Change:
    """Return the change after Slack did not find the card: a new one is due, later with each that is lost."""

    def changed(delivery: Delivery) -> Delivery:
        if delivery.card is None:
            return delivery
        not_before = delivery.card.posted_at + retry_after(delivery.cards)
        return replace(delivery, card=None, no_card_before=not_before)

    return _changing(shown, changed, now)


def forgotten(shown: Following, now: int) -> Change:
    """Return the change that deletes what was ended and has no card, not even one posted meanwhile."""
    return _changing(shown, lambda delivery: delivery, now)


def _changing(shown: Following, how: Callable[[Delivery], Delivery], now: int) -> Change:
    """Apply ``how`` to the delivery of ``shown``; once nothing is left to send, delete it and its wish."""
    wish = SubscriptionKey(shown.delivery.address, Selector.of_job(shown.job_id))

    def change(records: Records) -> Records:
        delivery, record = records.delivery(shown.key), records.job(shown.record.ref)
        if delivery is None or record is None or delivery.id != shown.delivery.id:
            return Records()
        subscription = records.subscription(wish)
        after = replace(shown, delivery=how(delivery), record=record, subscription=subscription)
        due = next_step(after, now)
        if due is Step.FORGET or (due is None and (after.is_over or delivery.stopped_by)):
            # A subscription that was made anew has a delivery of its own by now.
            return Records({shown.key: None} if delivery.stopped_by else {shown.key: None, wish: None})
        return Records.of(after.delivery)

    return change
