"""PURE. What people do to a conversation's subscription to one job: each is a change of its records."""

from dataclasses import replace

from bot.domain.causes import Cause
from bot.domain.following import Following
from bot.domain.job_records import new_record, with_answer, with_cause
from bot.domain.jobs import Job
from bot.domain.records import (
    Address,
    Change,
    Delivery,
    DeliveryKey,
    Destination,
    JobRecord,
    JobRef,
    Key,
    Level,
    Records,
    Selector,
    Subscription,
    SubscriptionKey,
)
from bot.domain.staleness import differs


def key_of(team_id: str, channel_id: str, job_id: str) -> DeliveryKey:
    """Return the key of one job's delivery in one conversation."""
    return DeliveryKey(Address(team_id, channel_id), JobRef.of(job_id))


def keys_of(key: DeliveryKey) -> tuple[DeliveryKey, SubscriptionKey, JobRef, Address]:
    """Return the keys of all records that concern one job in one conversation."""
    return key, SubscriptionKey(key.address, Selector.of_job(key.job.job_id)), key.job, key.address


def delivery_of(key: SubscriptionKey) -> DeliveryKey:
    """Return the key of the delivery of a subscription's job."""
    return DeliveryKey(key.address, JobRef.of(key.selector.value))


def following(records: Records, key: DeliveryKey) -> Following | None:
    """Return what these records say of one job in one conversation; None where it is not followed there."""
    delivery, record = records.delivery(key), records.job(key.job)
    if delivery is None or record is None:
        return None
    wish = records.subscription(keys_of(key)[1])
    return Following(delivery, record, wish, records.destination(key.address))


def started(
    key: DeliveryKey, job: Job, *, level: Level, by: str, now: int, cause: Cause | None = None
) -> Change:
    """Return the change that subscribes a conversation to a job, unless it is; ``by`` is a user id.

    ``cause`` is why the job failed or was sent back, if it was.
    """

    def change(records: Records) -> Records:
        _, wish, ref, _ = keys_of(key)
        if records.subscription(wish):
            return Records()
        return Records.of(
            Subscription(
                address=key.address, selector=wish.selector, level=level, subscribed_by=by, subscribed_at=now
            ),
            Delivery(address=key.address, job=ref),
            _started_record(records.job(ref), new_record(ref, job, now, cause), now),
        )

    return change


def _started_record(known: JobRecord | None, new: JobRecord, now: int) -> JobRecord:
    """Return the record to begin with; that of a job that was over is brought up to date.

    A cause that was found only now is kept with the state that it explains.
    """
    if known is None:
        return new
    cause = new.sights[-1].cause
    if not known.job.is_over or new.job.is_over:
        is_new = known.sights[-1].cause is None and not differs(new.job, known.job)
        return with_cause(known, cause) if is_new else known
    return with_cause(with_answer(known, new.job, now), cause)


def stopped(key: DeliveryKey, by: str) -> Change:
    """Return the change after a person (user id ``by``) ended the subscription; its card is edited yet."""

    def change(records: Records) -> Records:
        wish, delivery = keys_of(key)[1], records.delivery(key)
        changed = Records({wish: None})
        if delivery and not delivery.stopped_by:
            changed.update(Records.of(replace(delivery, stopped_by=by)))
        return changed

    return change


def with_level(key: DeliveryKey, level: Level) -> Change:
    """Return the change that sets the level, which no card shows."""

    def change(records: Records) -> Records:
        subscription = records.subscription(keys_of(key)[1])
        if subscription is None or subscription.level is level:
            return Records()
        return Records.of(replace(subscription, level=level))

    return change


def outdated(key: DeliveryKey) -> Change:
    """Make an edit of the card due, whatever it shows: a crash may have lost the record of a later edit."""

    def change(records: Records) -> Records:
        delivery = records.delivery(key)
        if delivery is None or delivery.card is None:
            return Records()
        return Records.of(replace(delivery, card=replace(delivery.card, fingerprint="")))

    return change


def moved(records: Records, to: Address) -> Records:
    """Return a conversation's records under another address; what is followed there already stays as it is.

    A pause is tried again at once.
    """
    changed = Records()
    for key, record in records.items():
        if isinstance(record, Subscription | Delivery | Destination) and record.address != to:
            changed[key] = None
            there = _at(to, record)
            if not any(records.get(each) for each in _of_same_job(there.key)):
                changed[there.key] = there
    return changed


def _at(to: Address, record: Subscription | Delivery | Destination) -> Subscription | Delivery | Destination:
    if isinstance(record, Destination) and record.pause:
        return replace(record, address=to, pause=replace(record.pause, next_try=record.pause.since))
    return replace(record, address=to)


def _of_same_job(key: Key) -> tuple[Key, ...]:
    """Return the keys of a wish and its delivery, of which only both are moved; or this key alone."""
    if isinstance(key, SubscriptionKey):
        return keys_of(delivery_of(key))[:2]
    return keys_of(key)[:2] if isinstance(key, DeliveryKey) else (key,)
