"""Records for tests: one job that is followed in one conversation, in any condition."""

from dataclasses import replace
from typing import Any

from bot.domain.following import Channel, Following, WideFollowing
from bot.domain.jobs import Job
from bot.domain.keys import Address, JobRef, Selector, SelectorKind
from bot.domain.languages import Language
from bot.domain.records import (
    Board,
    Card,
    Change,
    Delivery,
    Destination,
    JobRecord,
    Level,
    Pause,
    Records,
    Sight,
    Subscription,
    Warned,
)
from bot.domain.subscriptions import keys_of

NOW = 1_800_000_000
HERE = Address("T1", "C1")
ALICE, BOB = "UALICE", "UBOB"


def record(*states: str, job_id: str = "job-1", **fields: Any) -> JobRecord:
    """Return the record of a job that was seen in these states, a minute apart, the last one now."""
    at = range(NOW - 60 * (len(states) - 1), NOW + 1, 60)
    job = Job(job_id=job_id, voice_name=f"voice of {job_id}", state=states[-1], reject_times=1, **fields)
    sights = tuple(Sight(state, time) for state, time in zip(states, at, strict=True))
    return JobRecord(ref=JobRef.of(job_id), job=job, sights=sights, id=f"record of {job_id}")


def wish(
    job_id: str = "job-1", *, address: Address = HERE, by: str = ALICE, level: Level = Level.ALL
) -> Subscription:
    """Return the subscription of a conversation to a job."""
    selector = Selector.of_job(job_id)
    return Subscription(
        address=address, selector=selector, level=level, subscribed_by=by, subscribed_at=NOW, id="wish"
    )


def following(
    *states: str,
    job_id: str = "job-1",
    address: Address = HERE,
    by: str = ALICE,
    level: Level = Level.ALL,
    shown: bool = True,
    pause: Pause | None = None,
    warned: tuple[Warned, ...] = (),
    language: Language | None = None,
    **delivery: Any,
) -> Following:
    """Return a job that is followed, seen in these states, of which the first was told.

    It has a card, which ``shown`` says is up to date, unless ``card`` or ``told`` say otherwise.
    """
    about = record(*(states or ("WAITING",)), job_id=job_id)
    card = Card(ts="1.1", posted_at=NOW - 999, fingerprint="")
    fields: dict[str, Any] = {"card": card, "told": 0, "cards": 1} | delivery
    made = Delivery(address=address, job=about.ref, id=f"delivery of {job_id}", **fields)
    subscription = None if made.stopped_by else wish(job_id, address=address, by=by, level=level)
    destination = Destination(address=address, pause=pause, warned=warned, language=language)
    found = Following(made, about, subscription, destination)
    if shown and made.card == card:
        return with_delivery(found, card=replace(card, fingerprint=found.fingerprint))
    return found


def with_delivery(found: Following, **fields: Any) -> Following:
    """Return it with these fields of its delivery."""
    return replace(found, delivery=replace(found.delivery, **fields))


def fresh(*states: str, **more: Any) -> Following:
    """Return a job that was subscribed just now: it has no card yet."""
    return following(*states, **{"card": None, "told": None, "cards": 0} | more)


def paused(*told: str, tries: int = 1, since: int = NOW - 100, next_try: int = NOW + 200) -> Pause:
    """Return a pause of which these people know."""
    return Pause(reason="is_archived", since=since, tries=tries, next_try=next_try, told=told)


def warning(user_id: str = ALICE, job_id: str = "job-1") -> Warned:
    """Return the warning of a person."""
    ref = JobRef.of(job_id)
    return Warned(user_id=user_id, channel_id="DALICE", ts="5.5", job=ref, voice_name=f"voice of {job_id}")


def channel(*followings: Following, boards: tuple[WideFollowing, ...] = ()) -> Channel:
    """Return a conversation in which these jobs are followed."""
    destination = followings[0].destination if followings else Destination(address=HERE)
    return Channel(destination, followings, boards)


def stored(*followings: Following) -> Records:
    """Return what a store holds in which just these jobs are followed."""
    records = Records()
    for each in followings:
        records.update(Records.fromkeys(keys_of(each.key)))
        records.update(Records.of(each.delivery, each.record, each.destination))
        records.update(Records.of(each.subscription) if each.subscription else {})
    return records


def applied(records: Records, change: Change) -> Records:
    """Return what it holds after a change."""
    return Records(records | change(records))


SPRING = Selector(SelectorKind.BATCH, "Spring")


def wide_wish(
    *, level: Level = Level.IMPORTANT, selector: Selector = SPRING, mentions: tuple[str, ...] = ()
) -> Subscription:
    """Return the subscription of a conversation to a batch."""
    return Subscription(
        address=HERE,
        selector=selector,
        level=level,
        subscribed_by=ALICE,
        subscribed_at=NOW,
        mentions=mentions,
        id="wide wish",
    )


def widely(
    *states: str, wish: Subscription | None = None, updated: int | None = None, **more: Any
) -> Following:
    """Return a job that only a wide subscription follows, of which nothing was told yet."""
    found = fresh(*states, **more)
    job = found.record.job.model_copy(update={"batch_name": "Spring", "lastupdate_time": updated})
    record_ = replace(found.record, job=job)
    return replace(found, record=record_, subscription=None, wide=(wish or wide_wish(),))


def with_record(found: Following, **fields: Any) -> Following:
    """Return it with these fields of its job's record."""
    return replace(found, record=replace(found.record, **fields))


def board_of(*followings: Following, **board: Any) -> WideFollowing:
    """Return the board of a batch with these jobs, whose list was read."""
    made = Board(address=HERE, selector=SPRING, id="board", **{"is_read": True} | board)
    wish = None if made.stopped_by else wide_wish()
    return WideFollowing(made, wish, Destination(address=HERE), followings)
