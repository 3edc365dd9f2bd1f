"""PURE. What is followed in conversations: the records of one job in one conversation, read together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.domain.causes import Cause
from bot.domain.jobs import Job, Phase, meaning_of
from bot.domain.records import (
    Address,
    Delivery,
    DeliveryKey,
    Destination,
    JobRecord,
    JobRef,
    Level,
    Pause,
    Subscription,
)

LOOK: Final = "2"
"""The version of the card's look, of which every card is edited into the newest one."""


@dataclass(frozen=True, slots=True)
class Following:
    """All that one job's messages in one conversation depend on."""

    delivery: Delivery
    record: JobRecord
    subscription: Subscription | None
    """None once a person ended it."""
    destination: Destination

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
    def pause(self) -> Pause | None:
        """The pause of the conversation."""
        return self.destination.pause

    @property
    def level(self) -> Level:
        """The level of its subscription."""
        return self.subscription.level if self.subscription else Level.ALL

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more will come."""
        return self.record.job.is_over

    @property
    def is_important(self) -> bool:
        """Whether the customer may have to act, or the job is over."""
        return meaning_of(self.state).phase is not Phase.IN_PROGRESS

    @property
    def path(self) -> tuple[str, ...]:
        """The state that the conversation was told last, and each one since; empty if nothing is new."""
        told = self.delivery.told
        if told is None or told >= self.record.number or self.delivery.stopped_by:
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
        why = "why" if self.cause else ""
        return " ".join([self.state, str(self.job.reject_times), language, stopped_by, why, LOOK])


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation with all that is followed in it, oldest subscription first."""

    destination: Destination
    followings: tuple[Following, ...] = ()


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
    wished = [each for each in every if each.subscription]
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
