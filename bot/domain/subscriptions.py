"""PURE. A channel's subscription to a job: what is due to be told, and the changes that it goes through.

Each change is a function from a subscription, as it is kept, to the one to keep instead; ``None`` means that
it has retired. The store applies such a function to what it holds at that moment, so that the watcher, the
outbox and the people, who all change subscriptions, can't overwrite each other.
"""

from collections.abc import Callable, Iterable
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.jobs import GONE, Job, Phase, meaning_of
from bot.domain.sightings import Past, completed, differs, learned, proof_needed

FIRST_RETRY: Final = 5 * 60
RETRY_FACTOR: Final = 3
LONGEST_RETRY: Final = 24 * 60 * 60
"""Seconds between two tries in a channel that refuses the bot: they grow up to a day."""
NEW_CARD: Final = 60
"""Seconds for which a card counts as new: one that is called gone so soon is not posted yet again."""


class Key(NamedTuple):
    """What tells subscriptions apart: a channel has one for a job, and no two."""

    team_id: str
    channel_id: str
    job_id: str


class Level(StrEnum):
    """Which changes the channel itself shows; the card's thread has them all."""

    ALL = "all"
    IMPORTANT = "important"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)


class Card(_Record):
    """The message that stands for the subscription in its channel."""

    ts: str
    posted_at: int
    """Epoch seconds."""
    fingerprint: str = Field(alias="face")  # as stores of earlier versions have it
    """What it shows, as ``Subscription.fingerprint`` was then."""


class Notice(_Record):
    """What the channel is to be told: the state that it was told last, and each that was seen since."""

    path: tuple[str, ...]
    """At least two states, in MetaStudio's words, or GONE."""
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
    """Whether the person who subscribed was told what to do."""

    @property
    def is_to_be_told(self) -> bool:
        """Whether that person has to be told: not while it is tried at once, see ``reopened``."""
        return not self.person_knows and self.next_try > self.since


class Posted(_Record):
    """A message that Slack took: where it is."""

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
    """The message that told the person of a pause, until it is edited because that is over."""
    delivered_at: int | None = None
    """When Slack last took something for the channel; None until it has taken the first card."""
    stopped_by: str | None = None
    """The user id of the person who ended it. The card says so, and then the subscription retires."""

    @property
    def key(self) -> Key:
        """What tells it apart."""
        return Key(self.team_id, self.channel_id, self.job_id)

    @property
    def state(self) -> str:
        """The job's state as it was seen last, in MetaStudio's words, or GONE."""
        return self.job.state or ""

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more will come."""
        return self.job.is_over

    @property
    def fingerprint(self) -> str:
        """What the card should show, in short: a card with another fingerprint has to be edited."""
        return f"{self.state} {self.job.reject_times} {self.level} {self.stopped_by or ''}"


Change = Callable[[Subscription], Subscription | None]
"""What the store applies to a subscription."""


class Step(Enum):
    """What is to be sent next."""

    POST_CARD = auto()
    POST_NOTICE = auto()
    EDIT_CARD = auto()
    TELL_PERSON = auto()
    EDIT_WARNING = auto()
    FORGET = auto()
    """Nothing any more: it was stopped, and there is no card to say so."""


def _state(job: Job | None) -> str:
    return GONE if job is None else (job.state or "")


def due(subscription: Subscription, job: Job | None, now: int) -> Notice | None:
    """Say which notice is due now that the job was seen like this; None when nothing changed.

    ``job`` is None when it is not there any more. A notice that was not delivered yet becomes part of the new
    one, so that changes which piled up are told at once.
    """
    if not (differs(job, subscription.job) if job else subscription.state != GONE):
        return None
    waiting = subscription.notice
    path = waiting.path if waiting else (subscription.state,)
    return Notice(path=(*path, _state(job)), since=waiting.since if waiting else now)


def unfinished(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Leave out those that were stopped, or whose job is over: nothing more will be told there."""
    return [
        subscription
        for subscription in subscriptions
        if not (subscription.stopped_by or subscription.is_over)
    ]


def adds(job: Job | None, known: Job) -> bool:
    """Say whether there may be something to write down, should an answer be believed."""
    if job is None:
        return known.state != GONE
    return differs(job, known) or learned(known, job) is not known


def seen(
    job: Job | None, now: int, *, past: Past | None = None, proof: float = 0.0, undated: float = 0.0
) -> Change:
    """Write down that the job was seen like this, and the notice that is due, together.

    ``proof`` is for how many seconds only doubtful answers came; for ``past`` and ``undated`` see
    ``proof_needed``.
    """
    before = past or Past()

    def change(subscription: Subscription) -> Subscription:
        if subscription.stopped_by or (
            job and proof < proof_needed(job, subscription.job, before, undated=undated)
        ):
            return subscription
        notice = due(subscription, job, now)
        if notice is None:
            known = learned(subscription.job, job) if job else subscription.job
            return (
                subscription if known is subscription.job else subscription.model_copy(update={"job": known})
            )
        known = completed(job, subscription.job).remembered() if job else subscription.job.gone()
        return outdated(subscription.model_copy(update={"job": known, "notice": notice}))

    return change


def next_step(subscription: Subscription) -> Step | None:
    """Say what is to be sent for it next, whether or not it is paused; None when all is said."""
    if subscription.pause and subscription.pause.is_to_be_told:
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
    """Say from when on the next step may be tried, in epoch seconds, 0 for at once; None without a step.

    What would have to wait for longer than its pause was written down while the clock was wrong.
    """
    step = next_step(subscription)
    if step is None:
        return None
    if subscription.pause is None or step is Step.TELL_PERSON:
        return 0
    next_try = subscription.pause.next_try
    return next_try if next_try <= now + retry_after(subscription.pause.tries) else 0


def card_posted(shown: Subscription, ts: str, now: int) -> Change:
    """Slack took a card that shows this. The first one is also the first word, and tells what it shows.

    Where a notice waits still, only that one will show whether the pause is over.
    """

    def change(subscription: Subscription) -> Subscription | None:
        card = Card(ts=ts, posted_at=now, fingerprint=shown.fingerprint)
        is_first = subscription.delivered_at is None
        notice = _rest(subscription.notice, shown.notice, now) if is_first else subscription.notice
        told: dict[str, Any] = {"card": card, "notice": notice}
        if notice and subscription.pause:
            told["pause"] = subscription.pause.model_copy(update={"next_try": now})
        return _unless_finished(_delivered(subscription, now, told))

    return change


def notice_posted(notice: Notice, now: int) -> Change:
    """Slack took a notice. What was seen while it was on its way is kept for the next one."""

    def change(subscription: Subscription) -> Subscription | None:
        return _unless_finished(
            _delivered(subscription, now, {"notice": _rest(subscription.notice, notice, now)})
        )

    return change


def _rest(waiting: Notice | None, told: Notice | None, now: int) -> Notice | None:
    """Take from a notice what has been told by now; one that does not begin with that waits as it is."""
    if waiting is None or told is None or waiting.path[: len(told.path)] != told.path:
        return waiting
    left = waiting.path[len(told.path) - 1 :]
    return Notice(path=left, since=now) if len(left) > 1 else None


def card_edited(fingerprint: str, now: int) -> Change:
    """Slack took an edit of the card."""

    def change(subscription: Subscription) -> Subscription | None:
        card = subscription.card and subscription.card.model_copy(update={"fingerprint": fingerprint})
        return _unless_finished(_delivered(subscription, now, {"card": card}))

    return change


def _delivered(subscription: Subscription, now: int, told: dict[str, Any]) -> Subscription:
    return subscription.model_copy(update={"pause": None, "delivered_at": now} | told)


def _unless_finished(subscription: Subscription) -> Subscription | None:
    """Retire a subscription whose job is over, or that was stopped, once all is said."""
    has_ended = subscription.is_over or subscription.stopped_by
    return None if has_ended and next_step(subscription) is None else subscription


def card_lost(code: str, now: int) -> Change:
    """Slack says that the card is not there, or can't be written to, any more: a new one is due.

    One that is lost as soon as it is posted, or before, is a refusal: or there would be a new card every
    second.
    """

    def change(subscription: Subscription) -> Subscription | None:
        if subscription.stopped_by:
            return _unheard(subscription)
        if subscription.card is None or 0 <= now - subscription.card.posted_at < NEW_CARD:
            return refused(code, now)(subscription)
        return subscription.model_copy(update={"card": None})

    return change


def refused(reason: str, now: int, *, person_knows: bool = False) -> Change:
    """Slack does not let the bot post: keep everything, and try again, each time later."""

    def change(subscription: Subscription) -> Subscription | None:
        if subscription.stopped_by:
            return _unheard(subscription)
        tries = (subscription.pause.tries if subscription.pause else 0) + 1
        return subscription.model_copy(
            update={
                "pause": Pause(
                    reason=reason,
                    since=subscription.pause.since if subscription.pause else now,
                    tries=tries,
                    next_try=now + retry_after(tries),
                    person_knows=bool(
                        person_knows
                        or subscription.warning
                        or (subscription.pause and subscription.pause.person_knows)
                    ),
                )
            }
        )

    return change


def _unheard(subscription: Subscription) -> Subscription | None:
    """Retire one that was stopped: nobody hears in its channel that it ended, only whoever was warned."""
    return subscription.model_copy(update={"card": None}) if subscription.warning else None


def retry_after(tries: int) -> int:
    """Say how many seconds to wait after so many refusals in a row."""
    return int(min(FIRST_RETRY * RETRY_FACTOR ** min(tries - 1, 9), LONGEST_RETRY))


def person_told(warning: Posted | None = None) -> Change:
    """Write down that the person who subscribed knows of the pause, and by which message."""

    def change(subscription: Subscription) -> Subscription:
        told = subscription.model_copy(update={"warning": warning or subscription.warning})
        return _with_pause(told, {"person_knows": True})

    return change


def is_known(subscription: Subscription, of_channel: Iterable[Subscription]) -> bool:
    """Say whether the person was told of this channel already, for another subscription of theirs."""
    theirs = (each for each in of_channel if each.subscribed_by == subscription.subscribed_by)
    return any(each.pause and each.pause.person_knows for each in theirs)


def also_warned(subscription: Subscription, of_channel: Iterable[Subscription]) -> Subscription | None:
    """Find another one that is still paused, of which the same message tells the same person."""
    theirs = (each for each in of_channel if each.subscribed_by == subscription.subscribed_by)
    return next((each for each in theirs if each.pause and not each.warning), None)


def warning_edited(subscription: Subscription) -> Subscription | None:
    """Write down that the warning says that it is over, or can't say so."""
    return _unless_finished(subscription.model_copy(update={"warning": None}))


def _with_pause(subscription: Subscription, update: dict[str, Any]) -> Subscription:
    return subscription.model_copy(
        update={"pause": subscription.pause and subscription.pause.model_copy(update=update)}
    )


def tried_again(now: int) -> Change:
    """Try a paused subscription now, since a person says that it will work; so they know of the pause."""

    def change(subscription: Subscription) -> Subscription:
        return _with_pause(subscription, {"next_try": now, "person_knows": True})

    return change


def reopened(subscription: Subscription) -> Subscription:
    """Try a paused subscription at once, since Slack took another message in its channel."""
    return (
        _with_pause(subscription, {"next_try": subscription.pause.since})
        if subscription.pause
        else subscription
    )


def with_level(level: Level) -> Change:
    """Change which changes the channel shows."""

    def change(subscription: Subscription) -> Subscription:
        return (
            subscription
            if subscription.level is level
            else outdated(subscription.model_copy(update={"level": level}))
        )

    return change


def outdated(subscription: Subscription) -> Subscription:
    """Have the card edited, whatever it showed last.

    That it has shown the same before is no reason to leave it: Slack may have taken an edit in between, and a
    crash have kept that from being written down.
    """
    return subscription.model_copy(
        update={"card": subscription.card and subscription.card.model_copy(update={"fingerprint": ""})}
    )


def stopped(by: str) -> Change:
    """End it on behalf of a person; it stays until the card says so, or there is none to say it."""

    def change(subscription: Subscription) -> Subscription | None:
        return _unless_finished(
            subscription.model_copy(update={"stopped_by": by, "notice": None, "pause": None})
        )

    return change


def forgotten(subscription: Subscription) -> Subscription | None:
    """Retire one that was stopped and has no card, which may have been on its way when it was stopped."""
    return subscription if subscription.card or not subscription.stopped_by else None
