"""PURE. How the records are made of those of formats 1 and 2, which had one row for all of a subscription.

There, each of a job's subscriptions had the job, the changes that were pending, and a pause of its own. What
was pending stays pending, and a card that shows what it should is not edited again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.keys import Address, JobRef, Selector
from bot.domain.pauses import retry_after
from bot.domain.records import (
    Card,
    Delivery,
    Destination,
    JobRecord,
    Level,
    Pause,
    Record,
    Sight,
    Subscription,
    Warned,
)
from bot.domain.slack_errors import Refusal, meaning_of
from bot.domain.staleness import differs
from bot.errors import StoreCorrupt
from bot.store.rows import parsed


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OldCard(_Row):
    """The message that stands for the subscription."""

    ts: str
    posted_at: int
    face: str
    """The fingerprint of what it shows."""

    @property
    def renamed(self) -> Card:
        """The card of the present format."""
        return Card(ts=self.ts, posted_at=self.posted_at, fingerprint=self.face)


class OldNotice(_Row):
    """The pending message: the last state that the channel was told, and each one since."""

    path: tuple[str, ...]
    since: int


class OldPause(_Row):
    """Why nothing is posted: Slack refused it."""

    reason: str
    since: int
    tries: int
    next_try: int
    person_knows: bool


class OldWarning(_Row):
    """The direct message about a pause. It came with format 2."""

    channel_id: str
    ts: str


class OldSubscription(_Row):
    """A row of format 1 or 2: one channel's subscription to one job."""

    team_id: str
    channel_id: str
    job_id: str
    level: Level
    subscribed_by: str
    subscribed_at: int
    job: Job
    card: OldCard | None = None
    notice: OldNotice | None = None
    pause: OldPause | None = None
    warning: OldWarning | None = None
    delivered_at: int | None = None
    stopped_by: str | None = None

    @property
    def address(self) -> Address:
        """The key of its conversation."""
        return Address(self.team_id, self.channel_id)

    @property
    def ref(self) -> JobRef:
        """The key of its job."""
        return JobRef.of(self.job_id)

    @property
    def state(self) -> str:
        """The state of its job."""
        return self.job.state or ""

    @property
    def seen_at(self) -> int:
        """When its job was seen, at least."""
        return self.notice.since if self.notice else self.subscribed_at

    @property
    def person_knows(self) -> bool:
        """Whether who subscribed was told of a pause there."""
        return self.warning is not None or (self.pause is not None and self.pause.person_knows)

    @property
    def shows_end(self) -> bool:
        """Whether it was stopped, and its card says so or is lost."""
        face = f"{self.state} {self.job.reject_times} {self.level} {self.stopped_by}"
        return bool(self.stopped_by) and (self.card is None or self.card.face == face)


_OF_CONVERSATIONS: Final = frozenset({Refusal.NOT_HERE, Refusal.BOT, Refusal.UNKNOWN})
"""What a pause of a conversation can be about."""
_ADAPTER: Final = TypeAdapter(OldSubscription)


def old_subscription(row: str, text: str, path: str) -> OldSubscription:
    """Parse a row of the store at ``path``. Raises StoreCorrupt, which names the row."""
    old = parsed(_ADAPTER, row, text, path)
    if row != f"subscription:{old.team_id}/{old.channel_id}/{old.job_id}":
        raise StoreCorrupt(path=path, reason=f"its row {row} holds another subscription")
    return old


def converted(every: Iterable[OldSubscription]) -> Sequence[Record]:
    """Return the records that say what these rows say."""
    of_job: defaultdict[JobRef, list[OldSubscription]] = defaultdict(list)
    of_address: defaultdict[Address, list[OldSubscription]] = defaultdict(list)
    for old in every:
        of_job[old.ref].append(old)
        of_address[old.address].append(old)
    destinations = (_destination(address, olds) for address, olds in of_address.items())
    followed = chain.from_iterable(_of_job(ref, olds) for ref, olds in of_job.items())
    return [*followed, *(each for each in destinations if not each.is_default)]


def _of_job(ref: JobRef, olds: Sequence[OldSubscription]) -> Iterator[Record]:
    """Yield the records of one job, unless nothing is left to send of it."""
    record = _record(ref, olds)
    left = [each for old in olds if (each := _following(old, record))]
    if left:
        yield record
    for each in left:
        yield each.delivery
        if each.subscription:
            yield each.subscription


def _newest(olds: Sequence[OldSubscription]) -> OldSubscription:
    """Return the one whose job is the newest. A job that was deleted keeps its time, but not its count."""

    def order(old: OldSubscription) -> tuple[bool, int, int, int, int]:
        job, path = old.job, old.notice.path if old.notice else ()
        gone_at = old.seen_at if any(each.job.is_gone for each in olds) else 0
        return job.state is not None, job.lastupdate_time or 0, gone_at, job.reject_times or 0, len(path)

    return max(olds, key=order)


def _path(old: OldSubscription, newest: Job) -> tuple[str, ...]:
    """Return the state that the channel was told last, and each one since, up to that of the newest job."""
    path = old.notice.path if old.notice else (old.state,)
    return (*path, newest.state or "") if differs(newest, old.job) else path


def _record(ref: JobRef, olds: Sequence[OldSubscription]) -> JobRecord:
    """Return the job's record. Its sights are those of whom the most is pending for."""
    newest = _newest(olds)
    paths = [_path(old, newest.job) for old in olds]
    longest = max(paths, key=len)
    since: dict[int, int] = {}
    for old, path in zip(olds, paths, strict=True):
        if old.notice:
            first_change = len(longest) - len(path) + 1
            since[first_change] = min(old.notice.since, since.get(first_change, old.notice.since))
    at, sights = min(old.subscribed_at for old in olds), []
    for number, state in enumerate(longest):
        at = max(at, since.get(number, at))
        sights.append(Sight(state, at))
    return JobRecord(ref=ref, job=newest.job, sights=tuple(sights))


def _following(old: OldSubscription, record: JobRecord) -> Following | None:
    """Return the delivery and the wish of one subscription; None where its card says that it was stopped.

    Any other card is to be edited, since it looks otherwise now.
    """
    was_told = old.card is not None or old.delivered_at is not None
    delivery = Delivery(
        address=old.address,
        job=old.ref,
        told=record.number + 1 - len(_path(old, record.job)) if was_told else None,
        card=old.card.renamed if old.card else None,
        cards=1 if old.card else 0,
        delivered_at=old.delivered_at,
        stopped_by=old.stopped_by,
    )
    wish = None if old.stopped_by else _wish(old)
    return None if old.shows_end else Following(delivery, record, wish, Destination(address=old.address))


def _wish(old: OldSubscription) -> Subscription:
    return Subscription(
        address=old.address,
        selector=Selector.of_job(old.job_id),
        level=old.level,
        subscribed_by=old.subscribed_by,
        subscribed_at=old.subscribed_at,
    )


def _destination(address: Address, olds: Sequence[OldSubscription]) -> Destination:
    warned = (
        Warned(
            user_id=old.subscribed_by,
            channel_id=old.warning.channel_id,
            ts=old.warning.ts,
            job=old.ref,
            voice_name=old.job.voice_name or "",
        )
        for old in olds
        if old.warning
    )
    return Destination(address=address, pause=_pause(olds), warned=tuple(warned))


def _last_refused(pause: OldPause) -> int:
    return max(pause.since, pause.next_try - retry_after(pause.tries))


def _pause(olds: Sequence[OldSubscription]) -> Pause | None:
    """Return the pause of a conversation: of all in it, unless a message was accepted after the last refusal.

    After one was, the others were to be tried again at once, and so they are without a pause. What was
    refused for itself, such as a reply to a card that is gone, pauses nothing now.
    """
    pauses = [old.pause for old in olds if old.pause and meaning_of(old.pause.reason) in _OF_CONVERSATIONS]
    last_refused = max(map(_last_refused, pauses), default=0)
    if not pauses or any((old.delivered_at or 0) > last_refused for old in olds if not old.pause):
        return None
    return Pause(
        reason=max(pauses, key=lambda each: each.since).reason,
        since=min(each.since for each in pauses),
        tries=max(each.tries for each in pauses),
        next_try=min(each.next_try for each in pauses),
        told=tuple(sorted({old.subscribed_by for old in olds if old.person_knows})),
    )
