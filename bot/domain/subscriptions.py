"""PURE. What people do to a conversation's subscription to one job: each is a change of its records."""

from dataclasses import replace

from bot.domain.job_records import new_record
from bot.domain.jobs import Job
from bot.domain.records import (
    Address,
    Change,
    Delivery,
    DeliveryKey,
    Destination,
    JobRef,
    Level,
    Records,
    Selector,
    Subscription,
    SubscriptionKey,
)


def keys_of(key: DeliveryKey) -> tuple[DeliveryKey, SubscriptionKey, JobRef]:
    """Return the keys of all records that one job in one conversation has."""
    return key, SubscriptionKey(key.address, Selector.of_job(key.job.job_id)), key.job


def started(key: DeliveryKey, job: Job, *, level: Level, by: str, now: int) -> Change:
    """Return the change that subscribes a conversation to a job, unless it is; ``by`` is a user id."""

    def change(records: Records) -> Records:
        _, wish, ref = keys_of(key)
        if records.subscription(wish):
            return Records()
        return Records.of(
            Subscription(
                address=key.address, selector=wish.selector, level=level, subscribed_by=by, subscribed_at=now
            ),
            Delivery(address=key.address, job=ref),
            records.job(ref) or new_record(ref, job, now),
        )

    return change


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
    """Return the change that sets the level, and makes an edit of the card due."""

    def change(records: Records) -> Records:
        subscription = records.subscription(keys_of(key)[1])
        if subscription is None or subscription.level is level:
            return Records()
        changed = outdated(key)(records)
        changed.update(Records.of(replace(subscription, level=level)))
        return changed

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
    """Return a conversation's records under another address; of two for one key, that of ``to`` stays."""
    changed = Records()
    for key, record in records.items():
        if isinstance(record, Subscription | Delivery | Destination) and record.address != to:
            changed[key] = None
            there = replace(record, address=to)
            if records.get(there.key) is None:
                changed[there.key] = there
    return changed
