"""PURE. What is due of a delivery, and how Slack's answers change it.

A change applies to the delivery that it was made for: one that was made anew under its key has another id.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Final

from bot.domain.following import Following
from bot.domain.keys import Selector, SubscriptionKey
from bot.domain.pauses import LONGEST_RETRY, retry_after
from bot.domain.records import Board, Card, Change, Delivery, JobRecord, Records
from bot.domain.reminders import ReminderTimes
from bot.domain.waiting import is_ours


class Step(Enum):
    """What can be due in a conversation."""

    POST_CARD = auto()
    POST_NOTICE = auto()
    EDIT_CARD = auto()
    FORGET = auto()
    """Delete the delivery: its subscription was ended, and there is no card to edit."""
    POST_REMINDER = auto()
    """Ask again for what the customer has to do."""
    REMIND_PERSON = auto()
    """Ask whoever has claimed a job, in their direct message."""
    POST_DIGEST = auto()
    """Name several jobs in one message, in the place of one message for each."""
    REMIND_OF_SEVERAL = auto()
    """Ask again for several jobs in one message."""
    POST_BOARD = auto()
    EDIT_BOARD = auto()
    FORGET_BOARD = auto()
    """Delete a board: its subscription was ended, and there is no message to edit."""
    TELL_PERSON = auto()
    """Write to a person that the conversation is paused."""
    EDIT_WARNING = auto()
    """Say in that direct message that the pause is over."""


NEWS: Final = frozenset({Step.POST_CARD, Step.POST_NOTICE, Step.POST_BOARD, Step.POST_DIGEST})
"""The steps that tell the conversation what it does not know."""
REMINDERS: Final = frozenset({Step.POST_REMINDER, Step.REMIND_OF_SEVERAL, Step.REMIND_PERSON})
POSTS: Final = (NEWS | REMINDERS) - {Step.REMIND_PERSON}
"""The steps that prove that the bot may post in the conversation."""
EDITS: Final = frozenset({Step.EDIT_CARD, Step.EDIT_WARNING, Step.EDIT_BOARD})
"""What waits until all else is sent: Slack allows few edits."""


def next_step(following: Following, now: int) -> Step | None:
    """Return what is due of a delivery at ``now`` (epoch seconds), whether or not the conversation is paused.

    A notice goes without a thread while there is no card to which it could be a reply.
    """
    delivery, card = following.delivery, following.delivery.card
    if following.is_ended and card is None:
        return Step.FORGET
    if needs_card(following) and card_wait(delivery, now) <= 0:
        return Step.POST_CARD
    if following.path:
        return Step.POST_NOTICE
    return Step.EDIT_CARD if card and card.fingerprint != following.fingerprint else None


def needs_card(following: Following) -> bool:
    """Whether a card is to be posted: for what only a wide subscription follows, only with news."""
    is_wished = following.subscription is not None or following.is_news
    return following.delivery.card is None and is_wished and not following.is_silent


def reminder_began(record: JobRecord) -> int:
    """Return since when the reminders of the present state count, in epoch seconds."""
    return record.sights[-1].at if record.clock is None else record.clock


def may_remind(following: Following) -> bool:
    """Whether the conversation is reminded of a job: it was told, and nobody who can be reached has it."""
    claim = following.claim
    is_open = is_ours(following.state) and (claim is None or claim.is_unreachable)
    return is_open and not following.is_ended and not following.is_news


def reminder_due(following: Following, times: ReminderTimes, now: int) -> int:
    """Return the number of the reminder, from 1, that is due in the conversation; 0 if none is."""
    if not may_remind(following):
        return 0
    record, after = following.record, following.delivery.posted_at or 0
    due = times.last_due(reminder_began(record), record.later, after, now)
    return due[0] if due else 0


def next_reminder(following: Following, times: ReminderTimes, now: int) -> int | None:
    """Return when the next reminder is due in the conversation, in epoch seconds; None if there is none."""
    if not may_remind(following):
        return None
    record, after = following.record, following.delivery.posted_at or 0
    return times.next_due(reminder_began(record), record.later, after, now)


def card_wait(delivery: Delivery | Board, now: int) -> int:
    """Return the seconds until a new card may take the place of a lost one; 0 or less: none.

    A time further ahead than the longest pause was stored while the clock was wrong, and is ignored.
    """
    wait = delivery.no_card_before - now
    return wait if wait <= LONGEST_RETRY else 0


def card_posted(shown: Following, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a card, made of ``shown``, as the message ``ts``.

    A first card tells what it shows, so that only later changes are left for a notice; so does one that is
    posted only because something is new.
    """
    card = Card(ts=ts, posted_at=now, fingerprint=shown.fingerprint)

    def changed(delivery: Delivery) -> Delivery:
        is_telling = not delivery.cards or delivery.told is None or shown.subscription is None
        told = shown.record.number if is_telling else delivery.told
        cards = delivery.cards + 1
        return replace(delivery, card=card, cards=cards, told=told, delivered_at=now, posted_at=now)

    return _changing(shown, changed, now)


def notice_posted(shown: Following, now: int) -> Change:
    """Return the change after Slack accepted a notice; what was seen meanwhile stays pending."""
    number = shown.record.number
    return _changing(
        shown, lambda delivery: replace(delivery, told=number, delivered_at=now, posted_at=now), now
    )


def reminder_posted(shown: Following, now: int) -> Change:
    """Return the change after Slack accepted a reminder."""
    return _changing(shown, lambda delivery: replace(delivery, delivered_at=now, posted_at=now), now)


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
        if due is Step.FORGET or (due is None and after.is_ended):
            # A subscription that was made anew has a delivery of its own by now.
            return Records({shown.key: None})
        if due is None and after.is_over:
            # A board counts it still.
            return Records({shown.key: after.delivery if after.wide else None, wish: None})
        return Records.of(after.delivery)

    return change
