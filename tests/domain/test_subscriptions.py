"""What people do to a subscription, and the move of a conversation to another workspace id."""

from dataclasses import replace
from functools import partial

import pytest

from bot.domain import subscriptions as changes
from bot.domain.causes import Cause, Reviewer
from bot.domain.following import Following
from bot.domain.job_records import new_record, with_cause
from bot.domain.jobs import GONE, PERSONAL_FIELDS, Job
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Card, Change, Delivery, Level, Records, Subscription
from tests.records import (
    ALICE,
    BOB,
    HERE,
    NOW,
    applied,
    following,
    fresh,
    paused,
    stored,
    warning,
    with_delivery,
)

KEY = changes.key_of(*HERE, "job-1")
WISH = changes.keys_of(KEY)[1]
WISH = changes.keys_of(KEY)[1]
FOLLOWED = following()
STOPPED = following(stopped_by=BOB)
OUTDATED = Card(ts="1.1", posted_at=NOW - 999, fingerprint="")
PERSONAL = FOLLOWED.job.model_copy(update=dict.fromkeys(PERSONAL_FIELDS, "SECRETSECRET"))
START = changes.started(KEY, PERSONAL, level=Level.IMPORTANT, by=BOB, now=NOW)


@pytest.mark.parametrize("before", [Records(), stored(STOPPED)], ids=["new", "ended before"])
def test_start(before: Records) -> None:
    """A wish and a delivery are made of which nothing was told; the job's record has nothing personal."""
    records = applied(before, START)
    wish, delivery, record = records.subscription(WISH), records.delivery(KEY), records.job(KEY.job)

    assert START(stored(FOLLOWED)) == {}, "it is not made twice"
    assert wish
    assert delivery
    assert record
    assert (wish.level, wish.subscribed_by, wish.subscribed_at) == (Level.IMPORTANT, BOB, NOW)
    assert delivery == Delivery(address=HERE, job=KEY.job, id=delivery.id)
    assert delivery.id != STOPPED.delivery.id
    assert record == (before.job(KEY.job) or replace(new_record(KEY.job, FOLLOWED.job, NOW), id=record.id))
    assert "SECRETSECRET" not in str(records)


def test_start_of_a_job_that_seemed_to_be_over() -> None:
    """It begins with the job as it is; the channel that was to be told of its end is told of that, too."""
    found = following("WAITING", GONE)
    record = applied(stored(found), START).job(KEY.job)
    assert record == found.record, "while it is followed there, nothing begins"
    other = changes.key_of("T1", "C2", "job-1")
    record = applied(stored(found), changes.started(other, PERSONAL, level=Level.ALL, by=BOB, now=NOW)).job(
        KEY.job
    )

    assert record
    assert [sight.state for sight in record.sights] == ["WAITING", GONE, "WAITING"]


def test_a_cause_that_was_found_only_now() -> None:
    """It is kept with the state that it explains, if that had none; no other state gets it."""
    cause = Cause(by=Reviewer.ADMIN, said="too fast")
    job, other = Job(state="AUDIT_FAILED", reject_times=1), changes.key_of("T1", "C2", "job-1")
    start = partial(changes.started, other, job, level=Level.ALL, by=BOB, now=NOW)
    known = following("AUDITING", "AUDIT_FAILED")

    for found, given, kept in (
        (known, cause, cause),
        (known, None, None),
        (following("AUDITING", "WAITING_SPLIT"), cause, None),
        (replace(known, record=with_cause(known.record, cause)), replace(cause, said="old"), cause),
    ):
        record = applied(stored(found), start(cause=given)).job(KEY.job)
        assert record
        assert record.sights[-1].cause == kept


def ended(found: Following) -> Following:
    return with_delivery(replace(found, subscription=None), stopped_by=BOB)


LESS = following(level=Level.IMPORTANT)
PRESSED: dict[str, tuple[Following, Change, Following]] = {
    "stopped": (FOLLOWED, changes.stopped(KEY, BOB), ended(FOLLOWED)),
    "stopped twice": (STOPPED, changes.stopped(KEY, ALICE), STOPPED),
    "another level": (FOLLOWED, changes.changed_wish(WISH, Level.IMPORTANT, None), LESS),
    "the same level": (FOLLOWED, changes.changed_wish(WISH, Level.ALL, None), FOLLOWED),
    "another level of what was ended": (STOPPED, changes.changed_wish(WISH, Level.IMPORTANT, None), STOPPED),
    "refreshed": (FOLLOWED, changes.outdated(KEY), with_delivery(FOLLOWED, card=OUTDATED)),
    "refreshed without a card": (fresh(), changes.outdated(KEY), fresh()),
}
"""A followed job, what a person does, and what is stored then."""


@pytest.mark.parametrize(("before", "change", "after"), PRESSED.values(), ids=PRESSED)
def test_press(before: Following, change: Change, after: Following) -> None:
    """A press touches what it is about, and nothing else gets lost."""
    assert changes.following(applied(stored(before), change), KEY) == after


THERE = Address("T2", "C1")


def moved(*followings: Following) -> Records:
    return applied(stored(*followings), lambda records: changes.moved(records, THERE))


def test_move() -> None:
    """All that concerns a conversation is there under its new address; its pause is tried at once."""
    pause = paused(ALICE)
    before = following("WAITING", "PROCESSING", pause=pause, warned=(warning(),), language=Language.ZH)
    records = moved(before)
    found = changes.following(records, changes.key_of(*THERE, "job-1"))

    assert found
    assert found.path == ("WAITING", "PROCESSING")
    at_once = replace(pause, next_try=pause.since)
    assert found.destination == replace(before.destination, address=THERE, pause=at_once)
    assert found.subscription == replace(before.subscription, address=THERE)  # type: ignore[type-var]
    assert not [key for key, record in records.items() if record and HERE in (key, *key)]


def test_move_to_where_it_is_followed_already() -> None:
    """What was there stays as it is, and the other one goes: nothing is sent twice."""
    there = following("WAITING", address=THERE, stopped_by=BOB)
    records = moved(following("WAITING"), there)

    left = [each for each in records.values() if isinstance(each, Delivery | Subscription)]
    assert left == [there.delivery]
