"""PURE. What is followed in conversations: the records of one job in one conversation, read together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.domain.causes import Cause
from bot.domain.jobs import Job, Phase, meaning_of
from bot.domain.keys import Address, DeliveryKey, JobRef
from bot.domain.records import Board, Claim, Delivery, Destination, JobRecord, Level, Pause, Subscription
from bot.domain.waiting import is_ours

LOOK: Final = "3"
"""The version of the card's look, of which every card is edited into the newest one."""


@dataclass(frozen=True, slots=True)
class Following:
    """All that one job's messages in one conversation depend on."""

    delivery: Delivery
    record: JobRecord
    subscription: Subscription | None
    """The wish to be told of this one job; None where there is none, or none any more."""
    destination: Destination
    wide: tuple[Subscription, ...] = ()
    """The wishes to be told of jobs of which this is one."""

    @property
    def key(self) -> DeliveryKey:
        """The key of its delivery."""
        return self.delivery.key

    @property
    def job(self) -> Job:
        """The job, as it was seen last; one that is gone changed when that was seen."""
        job = self.record.job
        if not job.is_gone:
            return job
        return job.model_copy(update={"lastupdate_time": self.record.sights[-1].at})

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.record.ref.job_id

    @property
    def channel_id(self) -> str:
        """The conversation's id."""
        return self.delivery.address.channel_id

    @property
    def state(self) -> str:
        """The job's state as it was seen last, by MetaStudio's name, or GONE; empty if there was none."""
        return self.record.sights[-1].state

    @property
    def cause(self) -> Cause | None:
        """Why the job failed or was sent back, if it stands so."""
        return self.record.sights[-1].cause

    @property
    def claim(self) -> Claim | None:
        """Who sees to the job at present."""
        return self.record.claim

    @property
    def wishes(self) -> tuple[Subscription, ...]:
        """All wishes to be told of the job here, that for it alone first."""
        return (self.subscription, *self.wide) if self.subscription else self.wide

    @property
    def is_ended(self) -> bool:
        """Whether nobody wishes to be told of the job here any more."""
        return self.delivery.stopped_by is not None or not self.wishes

    @property
    def mentions(self) -> tuple[str, ...]:
        """The ids of the people and groups who are named when the job needs the customer."""
        return tuple(dict.fromkeys(each for wish in self.wishes for each in wish.mentions))

    @property
    def pause(self) -> Pause | None:
        """The pause of the conversation."""
        return self.destination.pause

    @property
    def level(self) -> Level:
        """The loudest level of its subscriptions."""
        levels = {wish.level for wish in self.wishes}
        return Level.IMPORTANT if levels == {Level.IMPORTANT} else Level.ALL

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more will come."""
        return self.record.job.is_over

    @property
    def is_important(self) -> bool:
        """Whether the customer may have to act, or the job is over."""
        return meaning_of(self.state).phase is not Phase.IN_PROGRESS

    @property
    def is_broadcast(self) -> bool:
        """Whether its changes are shown in the conversation itself, not only in the thread of its card."""
        return self.level is Level.ALL or self.is_important

    @property
    def needs_customer(self) -> bool:
        """Whether it is the customer's turn, or the job has failed."""
        return is_ours(self.state) or meaning_of(self.state).phase is Phase.ENDED_BADLY

    @property
    def is_news(self) -> bool:
        """Whether the conversation was not told of the present state."""
        return self.delivery.told is None or self.delivery.told < self.record.number

    @property
    def is_silent(self) -> bool:
        """Whether only boards show the job as it stands: it has no card, and nothing in it needs one."""
        if self.delivery.card or self.subscription:
            return False
        is_quiet = self.level is Level.IMPORTANT and not (self.needs_customer and not self.job.is_gone)
        return is_quiet or not self.is_news

    @property
    def path(self) -> tuple[str, ...]:
        """The state that the conversation was told last, and each one since; empty if nothing is new."""
        told = self.delivery.told
        if told is None or not self.is_news or self.is_ended or self.is_silent:
            return ()
        return tuple(sight.state for sight in self.record.since(told))

    @property
    def pending_since(self) -> int | None:
        """When the first change was seen of which the conversation was not told; None if there is none."""
        later = self.record.since((self.delivery.told or 0) + 1)
        return later[0].at if self.path and later else None

    @property
    def fingerprint(self) -> str:
        """A string of all fields that the card's look depends on."""
        language, stopped_by = self.destination.language or "", self.delivery.stopped_by or ""
        why, ended = "why" if self.cause else "", "ended" if self.is_ended else ""
        claimed = f"{self.claim.person.channel_id}@{self.claim.at}" if self.claim else ""
        fields = [self.state, str(self.job.reject_times), language, stopped_by, why, ended, claimed]
        named = ",".join(self.mentions) if self.needs_customer else ""
        return " ".join([*fields, str(self.record.later or ""), named, LOOK])


@dataclass(frozen=True, slots=True)
class WideFollowing:
    """All that one board depends on."""

    board: Board
    subscription: Subscription | None
    """None once a person ended it."""
    destination: Destination
    followings: tuple[Following, ...] = ()
    """The jobs that the subscription is to."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation with all that is followed in it, oldest subscription first."""

    destination: Destination
    followings: tuple[Following, ...] = ()
    boards: tuple[WideFollowing, ...] = ()
    claimed: tuple[JobRecord, ...] = ()
    """For a person's own address: the jobs that they have claimed."""


class Counts(NamedTuple):
    """Numbers for the metrics. What is pending in a paused conversation waits for people, and is left out."""

    followed_jobs: int
    subscriptions: int
    paused_subscriptions: int
    pending_notices: int
    oldest_pending_since: int | None


def counts_of(followings: Iterable[Following]) -> Counts:
    """Count what is followed."""
    every = list(followings)
    wished = [each for each in every if not each.is_ended]
    pending = [since for each in every if not each.pause and (since := each.pending_since) is not None]
    return Counts(
        followed_jobs=len({each.record.ref for each in wished if not each.is_over}),
        subscriptions=len(wished),
        paused_subscriptions=sum(each.pause is not None for each in wished),
        pending_notices=len(pending),
        oldest_pending_since=min(pending, default=None),
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """What the store tells its listeners of a change."""

    jobs: frozenset[JobRef]
    """Jobs whose records were changed, added or removed."""
    addresses: frozenset[Address]
    """Conversations for which something may be due."""
    has_wide: bool = False
    """Whether a wide subscription was added, changed or removed."""
