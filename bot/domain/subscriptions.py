"""PURE. What people do to a conversation's subscription to one job: each is a change of its records."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.causes import Cause
from bot.domain.following import Following
from bot.domain.job_records import new_record, with_answer, with_cause
from bot.domain.jobs import Job
from bot.domain.keys import Address, BoardKey, DeliveryKey, JobRef, Key, Selector, SubscriptionKey
from bot.domain.records import Board, Change, Delivery, Destination, JobRecord, Level, Records, Subscription
from bot.domain.staleness import differs

Moving = Subscription | Delivery | Board | Destination
"""The records that have an address."""


def key_of(team_id: str, channel_id: str, job_id: str) -> DeliveryKey:
    """Return the key of one job's delivery in one conversation."""
    return DeliveryKey(Address(team_id, channel_id), JobRef.of(job_id))


def keys_of(key: DeliveryKey) -> tuple[DeliveryKey, SubscriptionKey, JobRef, Address]:
    """Return the keys of all records that concern one job in one conversation."""
    return key, SubscriptionKey(key.address, Selector.of_job(key.job.job_id)), key.job, key.address


def delivery_of(key: SubscriptionKey) -> DeliveryKey:
    """Return the key of the delivery of a subscription's job."""
    return DeliveryKey(key.address, JobRef.of(key.selector.value))


def following(records: Records, key: DeliveryKey, wide: Iterable[Subscription] = ()) -> Following | None:
    """Return what these records say of one job in one conversation; None where it is not followed there.

    ``wide`` are the wishes there to be told of jobs of which this is one.
    """
    delivery, record = records.delivery(key), records.job(key.job)
    if delivery is None or record is None:
        return None
    wish = records.subscription(keys_of(key)[1])
    return Following(delivery, record, wish, records.destination(key.address), wide=tuple(wide))


def started(
    key: DeliveryKey,
    job: Job,
    *,
    level: Level,
    by: str,
    now: int,
    cause: Cause | None = None,
    mentions: Sequence[str] = (),
) -> Change:
    """Return the change that subscribes a conversation to a job, unless it is; ``by`` is a user id.

    ``cause`` is why the job failed or was sent back, if it was; for ``mentions`` see Subscription.
    """

    def change(records: Records) -> Records:
        _, wish, ref, _ = keys_of(key)
        if records.subscription(wish):
            return Records()
        here = records.delivery(key)
        return Records.of(
            Subscription(
                address=key.address,
                selector=wish.selector,
                level=level,
                subscribed_by=by,
                subscribed_at=now,
                mentions=tuple(mentions),
            ),
            # What a wide subscription follows already keeps its card.
            here if here and not here.stopped_by else Delivery(address=key.address, job=ref),
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


def stopped(key: DeliveryKey, by: str, *, goes_on: bool = False) -> Change:
    """Return the change after a person (user id ``by``) ended the subscription; its card is edited yet.

    ``goes_on``: the conversation is told of the job by a wide subscription, too.
    """

    def change(records: Records) -> Records:
        wish, delivery = keys_of(key)[1], records.delivery(key)
        changed = Records({wish: None})
        if delivery and not delivery.stopped_by and not goes_on:
            changed.update(Records.of(replace(delivery, stopped_by=by)))
        return changed

    return change


def changed_wish(key: SubscriptionKey, level: Level | None, mentions: Sequence[str] | None) -> Change:
    """Return the change that sets a subscription's level and whom it mentions; None leaves one as it is."""

    def change(records: Records) -> Records:
        wish = records.subscription(key)
        if wish is None:
            return Records()
        named = wish.mentions if mentions is None else tuple(mentions)
        return Records.of(replace(wish, level=level or wish.level, mentions=named))

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
        if isinstance(record, Subscription | Delivery | Board | Destination) and record.address != to:
            changed[key] = None
            there = _at(to, record)
            if not any(records.get(each) for each in _of_same_job(there.key)):
                changed[there.key] = there
    return changed


def _at(to: Address, record: Moving) -> Moving:
    if isinstance(record, Destination) and record.pause:
        return replace(record, address=to, pause=replace(record.pause, next_try=record.pause.since))
    return replace(record, address=to)


def _of_same_job(key: Key) -> tuple[Key, ...]:
    """Return the keys of a wish and its delivery or board, which are moved together; or this key alone."""
    if isinstance(key, BoardKey) or (isinstance(key, SubscriptionKey) and key.selector.is_wide):
        return BoardKey(*key[:2]), SubscriptionKey(*key[:2])
    if isinstance(key, SubscriptionKey):
        return keys_of(delivery_of(key))[:2]
    return keys_of(key)[:2] if isinstance(key, DeliveryKey) else (key,)
