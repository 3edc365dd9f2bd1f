"""PURE. A channel's subscription to a job: what is to be sent next, and the changes that it goes through.

Each change is a function from a stored subscription to the one to store instead; None deletes it. The store
applies such a function to what it holds at that moment, so that the watcher, the outbox and the people, who
all change subscriptions, can't overwrite each other.
"""

from collections.abc import Callable, Iterable
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.jobs import GONE, Job, Phase, meaning_of
from bot.domain.staleness import JobHistory, confirmation_needed, differs, with_count, with_missing_fields

FIRST_RETRY: Final = 5 * 60
RETRY_FACTOR: Final = 3
LONGEST_RETRY: Final = 24 * 60 * 60
"""Seconds between two tries in a channel that refuses the bot: they grow up to a day."""
NEW_CARD: Final = 60
"""Seconds for which a card counts as new: one that Slack can't find so soon is not posted again at once."""


class Key(NamedTuple):
    """The primary key of a subscription: a channel has at most one for a job."""

    team_id: str
    channel_id: str
    job_id: str


class Level(StrEnum):
    """Which changes are shown in the channel itself; all of them are posted to the card's thread."""

    ALL = "all"
    IMPORTANT = "important"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    def updated(self, **fields: Any) -> Self:
        """Return a copy with these fields."""
        return self.model_copy(update=fields)


class Card(_Record):
    """The message that stands for the subscription in its channel."""

    ts: str
    posted_at: int
    """Epoch seconds."""
    fingerprint: str = Field(alias="face")  # as stores of earlier versions have it
    """``Subscription.fingerprint`` of what it shows; empty when it has to be edited in any case."""


class Notice(_Record):
    """The pending message: the last state that the channel was notified of, and each one since."""

    path: tuple[str, ...]
    """At least two states, by MetaStudio's names, or GONE."""
    since: int
    """When the first of the changes was seen, in epoch seconds."""

    @property
    def is_important(self) -> bool:
        """Whether the customer may have to act, or the job is over."""
        return meaning_of(self.path[-1]).phase is not Phase.IN_PROGRESS


class Pause(_Record):
    """Why nothing is posted at present: Slack refused it. Times are epoch seconds."""

    reason: str
    """Slack's error code."""
    since: int
    tries: int
    next_try: int
    person_knows: bool
    """Whether the subscriber was notified of the pause."""

    @property
    def must_notify(self) -> bool:
        """Whether to notify the subscriber; not while a retry is due at once, see ``reopened``."""
        return not self.person_knows and self.next_try > self.since


class Posted(_Record):
    """The address of a message in Slack."""

    channel_id: str
    ts: str


class Subscription(_Record):
    """One channel's subscription to one job. Times are epoch seconds."""

    team_id: str
    channel_id: str
    job_id: str
    level: Level
    subscribed_by: str
    """A user id of Slack's."""
    subscribed_at: int
    job: Job
    """The job as it was seen last, without what is personal: see ``Job.remembered``."""
    card: Card | None = None
    notice: Notice | None = None
    pause: Pause | None = None
    warning: Posted | None = None
    """The direct message about a pause, until it is edited because that is over."""
    delivered_at: int | None = None
    """When Slack last accepted a message for the channel; None before the first card."""
    stopped_by: str | None = None
    """The user id of the person who ended it. It is deleted once the card says so."""

    @property
    def key(self) -> Key:
        """Its primary key."""
        return Key(self.team_id, self.channel_id, self.job_id)

    @property
    def state(self) -> str:
        """The job's state as it was seen last, by MetaStudio's name, or GONE; empty if there was none."""
        return self.job.state or ""

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more will come."""
        return self.job.is_over

    @property
    def fingerprint(self) -> str:
        """A string of all fields that the card's look depends on."""
        return f"{self.state} {self.job.reject_times} {self.level} {self.stopped_by or ''}"


Change = Callable[[Subscription], Subscription | None]
"""What the store applies to a subscription; None deletes it."""


class Step(Enum):
    """The next action of the outbox for a subscription."""

    POST_CARD = auto()
    POST_NOTICE = auto()
    EDIT_CARD = auto()
    TELL_PERSON = auto()
    EDIT_WARNING = auto()
    FORGET = auto()
    """Delete it: it was stopped, and there is no card to edit."""


def _is_news(job: Job | None, known: Job) -> bool:
    return differs(job, known) if job else known.state != GONE


def due(subscription: Subscription, job: Job | None, now: int) -> Notice | None:
    """Return the notice to send for a newly seen job, None when its state did not change.

    ``job`` is None when MetaStudio does not have it any more. A notice that was not delivered yet becomes
    part of the new one, so that several changes are one message.
    """
    if not _is_news(job, subscription.job):
        return None
    pending = subscription.notice or Notice(path=(subscription.state,), since=now)
    return pending.updated(path=(*pending.path, (job.state or "") if job else GONE))


def unfinished(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Return those that were not stopped, and whose job is not over."""
    return [each for each in subscriptions if not (each.stopped_by or each.is_over)]


def has_news(job: Job | None, known: Job) -> bool:
    """Whether MetaStudio's answer, stale or not, differs in state or has a missing ``reject_times``."""
    return _is_news(job, known) or (job is not None and with_count(known, job) is not known)


def seen(
    job: Job | None, now: int, *, history: JobHistory | None = None, waited: float = 0, unordered: float = 0
) -> Change:
    """Return the change that stores an observed job together with the notice that is due.

    ``waited`` is for how many seconds only answers that need confirmation came; for ``history`` and
    ``unordered`` see ``confirmation_needed``.
    """
    before = history or JobHistory()

    def change(subscription: Subscription) -> Subscription:
        known = subscription.job
        if subscription.stopped_by:
            return subscription
        if job and waited < confirmation_needed(job, known, before, unordered=unordered):
            return subscription
        if notice := due(subscription, job, now):
            seen_job = with_missing_fields(job, known).remembered() if job else known.gone()
            return outdated(subscription.updated(job=seen_job, notice=notice))
        if job is None or (more := with_count(known, job)) is known:
            return subscription
        return subscription.updated(job=more)

    return change


def next_step(subscription: Subscription) -> Step | None:
    """Return the next step, whether or not the subscription is paused; None when nothing is pending."""
    if subscription.pause and subscription.pause.must_notify:
        return Step.TELL_PERSON
    if subscription.card is None and not subscription.stopped_by:
        return Step.POST_CARD
    if subscription.notice and not subscription.stopped_by:
        return Step.POST_NOTICE
    if subscription.card and subscription.card.fingerprint != subscription.fingerprint:
        return Step.EDIT_CARD
    if subscription.warning and not subscription.pause:
        return Step.EDIT_WARNING
    return None if subscription.card else Step.FORGET


def next_time(subscription: Subscription, now: int) -> int | None:
    """Return the epoch second from which on the next step may be tried, 0 for at once; None without a step.

    A time further ahead than the pause may last was stored while the clock was wrong, and is ignored.
    """
    step = next_step(subscription)
    if step is None:
        return None
    if subscription.pause is None or step is Step.TELL_PERSON:
        return 0
    next_try = subscription.pause.next_try
    return next_try if next_try <= now + retry_after(subscription.pause.tries) else 0


def card_posted(shown: Subscription, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a card, made of ``shown``, as the message ``ts``.

    A first card tells what it shows, so that only later changes are left for a notice. While a notice is
    pending, the pause goes on, with a try at once: whether the thread accepts replies is not known.
    """

    def change(subscription: Subscription) -> Subscription | None:
        card = Card(ts=ts, posted_at=now, fingerprint=shown.fingerprint)
        notice, pause = subscription.notice, None
        if subscription.delivered_at is None:
            notice = _without_sent(notice, shown.notice, now)
        if notice and subscription.pause:
            pause = subscription.pause.updated(next_try=now)
        return _delivered(subscription, now, card=card, notice=notice, pause=pause)

    return change


def notice_posted(notice: Notice, now: int) -> Change:
    """Return the change after Slack accepted a notice; what was seen meanwhile stays pending."""

    def change(subscription: Subscription) -> Subscription | None:
        return _delivered(subscription, now, notice=_without_sent(subscription.notice, notice, now))

    return change


def _without_sent(pending: Notice | None, sent: Notice | None, now: int) -> Notice | None:
    """Return the unsent part of a pending notice; all of it if it does not begin with ``sent``."""
    if pending is None or sent is None or pending.path[: len(sent.path)] != sent.path:
        return pending
    left = pending.path[len(sent.path) - 1 :]
    return Notice(path=left, since=now) if len(left) > 1 else None


def card_edited(fingerprint: str, now: int) -> Change:
    """Return the change after Slack accepted an edit of the card."""

    def change(subscription: Subscription) -> Subscription | None:
        card = subscription.card and subscription.card.updated(fingerprint=fingerprint)
        return _delivered(subscription, now, card=card)

    return change


def _delivered(
    subscription: Subscription, now: int, *, pause: Pause | None = None, **fields: Any
) -> Subscription | None:
    return _unless_finished(subscription.updated(pause=pause, delivered_at=now, **fields))


def _unless_finished(subscription: Subscription) -> Subscription | None:
    """Return None (delete) once the job is over, or a person ended it, and nothing is left to send."""
    has_ended = subscription.is_over or subscription.stopped_by
    return None if has_ended and next_step(subscription) is None else subscription


def card_lost(code: str, now: int) -> Change:
    """Return the change after Slack did not find the card, or does not let the bot write to it any more.

    A new card is due; but if this one is new itself, or not posted yet, that would repeat every second.
    """

    def change(subscription: Subscription) -> Subscription | None:
        if subscription.stopped_by:
            return _without_card(subscription)
        if subscription.card is None or 0 <= now - subscription.card.posted_at < NEW_CARD:
            return refused(code, now)(subscription)
        return subscription.updated(card=None)

    return change


def refused(reason: str, now: int, *, person_knows: bool = False) -> Change:
    """Return the change after Slack refused a message: a pause, which grows with each refusal."""

    def change(subscription: Subscription) -> Subscription | None:
        if subscription.stopped_by:
            return _without_card(subscription)
        none = Pause(reason=reason, since=now, tries=0, next_try=now, person_knows=False)
        before = subscription.pause or none
        knows = person_knows or before.person_knows or subscription.warning is not None
        tries = before.tries + 1
        next_try = now + retry_after(tries)
        pause = before.updated(reason=reason, tries=tries, next_try=next_try, person_knows=knows)
        return subscription.updated(pause=pause)

    return change


def _without_card(subscription: Subscription) -> Subscription | None:
    """Return None (delete) for one that was stopped, unless there is a direct message to edit."""
    return subscription.updated(card=None) if subscription.warning else None


def retry_after(tries: int) -> int:
    """Return the seconds to wait after so many refusals in a row."""
    return int(min(FIRST_RETRY * RETRY_FACTOR ** min(tries - 1, 9), LONGEST_RETRY))


def person_notified(warning: Posted | None = None) -> Change:
    """Return the change after the subscriber was notified of the pause, by the message ``warning``."""
    return lambda subscription: _with_pause(
        subscription.updated(warning=warning or subscription.warning), person_knows=True
    )


def is_known(subscription: Subscription, of_channel: Iterable[Subscription]) -> bool:
    """Whether the subscriber was notified of this channel's pause for any subscription of theirs."""
    theirs = (each for each in of_channel if each.subscribed_by == subscription.subscribed_by)
    return any(each.pause and each.pause.person_knows for each in theirs)


def also_warned(subscription: Subscription, of_channel: Iterable[Subscription]) -> Subscription | None:
    """Return another paused subscription of the same person that can take over the warning; else None."""
    theirs = (each for each in of_channel if each.subscribed_by == subscription.subscribed_by)
    return next((each for each in theirs if each.pause and not each.warning), None)


def warning_edited(subscription: Subscription) -> Subscription | None:
    """Clear ``warning`` after that message was edited to say that the pause is over, or can't be edited."""
    return _unless_finished(subscription.updated(warning=None))


def _with_pause(subscription: Subscription, **fields: Any) -> Subscription:
    """Update the pause, if there is one."""
    return subscription.updated(pause=subscription.pause and subscription.pause.updated(**fields))


def tried_again(now: int) -> Change:
    """Return the change after a person requested a retry, which is due at once; they know of the pause."""
    return lambda subscription: _with_pause(subscription, next_try=now, person_knows=True)


def reopened(subscription: Subscription) -> Subscription:
    """Make a retry due at once, since Slack accepted another message in the channel."""
    return (
        _with_pause(subscription, next_try=subscription.pause.since) if subscription.pause else subscription
    )


def with_level(level: Level) -> Change:
    """Return the change that sets the level."""
    return lambda subscription: (
        subscription if subscription.level is level else outdated(subscription.updated(level=level))
    )


def outdated(subscription: Subscription) -> Subscription:
    """Make an edit of the card due, whatever it shows: a crash may have lost the record of a later edit."""
    return subscription.updated(card=subscription.card and subscription.card.updated(fingerprint=""))


def stopped(by: str) -> Change:
    """Return the change after a person (user id ``by``) ended the subscription."""
    return lambda subscription: _unless_finished(subscription.updated(stopped_by=by, notice=None, pause=None))


def forgotten(subscription: Subscription) -> Subscription | None:
    """Delete one that was stopped and has no card. A card may have been on its way when it was stopped."""
    return subscription if subscription.card or not subscription.stopped_by else None
