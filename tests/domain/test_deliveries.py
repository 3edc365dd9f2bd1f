"""What is due of a delivery, and how Slack's answers change it."""

from typing import Any

import pytest

from bot.domain import deliveries
from bot.domain.deliveries import Step, next_step
from bot.domain.following import Following
from bot.domain.records import Card, Change
from bot.domain.subscriptions import following as found_in
from bot.domain.subscriptions import keys_of
from tests.records import BOB, NOW, applied, following, fresh, stored, with_delivery

A, B, C = "AUDITING", "WAITING", "PROCESSING"
LOST: dict[str, Any] = {"card": None, "told": 0, "cards": 1}

STEPS: dict[str, tuple[Following, Step | None]] = {
    "new": (fresh(), Step.POST_CARD),
    "told": (following(), None),
    "changed": (following(A, B, shown=False), Step.POST_NOTICE),
    "changed, and the card shows it": (following(A, B), Step.POST_NOTICE),
    "told, and the card is old": (following(A, B, told=1, shown=False), Step.EDIT_CARD),
    "card lost": (following(**LOST), Step.POST_CARD),
    "no card before later": (following(**LOST, no_card_before=NOW + 1), None),
    "no card before now": (following(**LOST, no_card_before=NOW), Step.POST_CARD),
    "changed, with no card before later": (following(A, B, **LOST, no_card_before=NOW + 1), Step.POST_NOTICE),
    "ended": (following(stopped_by=BOB, shown=False), Step.EDIT_CARD),
    "ended without a card": (fresh(stopped_by=BOB), Step.FORGET),
}


@pytest.mark.parametrize(("found", "step"), STEPS.values(), ids=STEPS)
def test_next_step(found: Following, step: Step | None) -> None:
    """The card comes first, then the notice, then the edit; of what was ended, only the edit is left."""
    assert next_step(found, NOW) is step


def card_of(shown: Following, ts: str = "1.1", posted_at: int = NOW - 999) -> Card:
    return Card(ts=ts, posted_at=posted_at, fingerprint=shown.fingerprint)


FIRST, AFTER_FIRST = fresh(A), fresh(A, B)
LOST_AT_B, LOST_FOURTH = following(A, B, **LOST), following(A, B, shown=False, cards=4)
TWO_AHEAD, OLD = following(A, B, C), following(A, B, shown=False)
ENDED, ANEW = following(B, stopped_by=BOB, shown=False), with_delivery(fresh(), id="another")
NEW = {"card": card_of(FIRST, "2.2", NOW), "cards": 1, "told": 0, "delivered_at": NOW, "posted_at": NOW}
SECOND = {"card": card_of(LOST_AT_B, "2.2", NOW), "cards": 2, "delivered_at": NOW, "posted_at": NOW}
EDITED = {"card": card_of(OLD), "delivered_at": NOW}

CHANGES: dict[str, tuple[Following, Change, dict[str, Any]]] = {
    "first card tells what it shows": (AFTER_FIRST, deliveries.card_posted(FIRST, "2.2", NOW), NEW),
    "second card tells nothing": (LOST_AT_B, deliveries.card_posted(LOST_AT_B, "2.2", NOW), SECOND),
    "notice": (
        TWO_AHEAD,
        deliveries.notice_posted(OLD, NOW),
        {"told": 1, "delivered_at": NOW, "posted_at": NOW},
    ),
    "edit": (OLD, deliveries.card_edited(FIRST, NOW), {"card": card_of(FIRST), "delivered_at": NOW}),
    "edit skipped": (OLD, deliveries.edit_skipped(OLD, NOW), {"card": card_of(OLD)}),
    "edit of a card that is lost": (LOST_AT_B, deliveries.card_edited(OLD, NOW), {"delivered_at": NOW}),
    "card lost": (OLD, deliveries.card_lost(OLD, NOW), {"card": None, "no_card_before": NOW - 699}),
    "fourth": (LOST_FOURTH, deliveries.card_lost(OLD, NOW), {"card": None, "no_card_before": NOW + 7101}),
    "card lost before": (LOST_AT_B, deliveries.card_lost(OLD, NOW), {}),
    "ended, and the card said otherwise": (ENDED, deliveries.card_edited(OLD, NOW), EDITED),
    "a card came before it was forgotten": (ENDED, deliveries.forgotten(ENDED, NOW), {}),
    "made anew meanwhile": (ANEW, deliveries.card_posted(FIRST, "2.2", NOW), {}),
}
"""A followed job, Slack's answer to what was made of it, and what changes in its delivery."""


@pytest.mark.parametrize(("before", "change", "fields"), CHANGES.values(), ids=CHANGES)
def test_change(before: Following, change: Change, fields: dict[str, Any]) -> None:
    """Only what Slack accepted changes; what was seen meanwhile stays pending."""
    assert found_in(applied(stored(before), change), before.key) == with_delivery(before, **fields)


OVER, UNPOSTED = following(B, "FAILED", told=1), fresh(stopped_by=BOB)
UNSHOWN = following(B, "FAILED", told=1, shown=False)
LAST: dict[str, tuple[Following, Change]] = {
    "last notice": (with_delivery(OVER, told=0), deliveries.notice_posted(OVER, NOW)),
    "last edit": (UNSHOWN, deliveries.card_edited(OVER, NOW)),
    "card lost after the end": (OVER, deliveries.card_lost(OVER, NOW - 800)),
    "ended, and the card says so": (ENDED, deliveries.card_edited(ENDED, NOW)),
    "ended, and the card is lost": (ENDED, deliveries.card_lost(ENDED, NOW)),
    "ended without a card": (UNPOSTED, deliveries.forgotten(UNPOSTED, NOW)),
}


@pytest.mark.parametrize(("before", "change"), LAST.values(), ids=LAST)
def test_nothing_left_to_say(before: Following, change: Change) -> None:
    """Once a job is over, or a person ended it, and all is said, its delivery and its wish are deleted."""
    records = applied(stored(before), change)

    assert records.delivery(before.key) is None
    assert records.subscription(keys_of(before.key)[1]) is None
