"""PURE. The keys of the records that the store keeps, made of ids of Slack's and MetaStudio's."""

from enum import StrEnum
from typing import NamedTuple


class JobRef(NamedTuple):
    """The key of a JobRecord. ``project`` is empty for the project of the settings."""

    project: str
    job_id: str

    @classmethod
    def of(cls, job_id: str) -> "JobRef":
        """Return the key of a job in the project of the settings."""
        return cls("", job_id)


class Address(NamedTuple):
    """The key of a Destination: a conversation, or a person, by Slack's ids of the team and of it."""

    team_id: str
    channel_id: str
    """The id of a person begins with U or W, that of a conversation with another letter."""

    @property
    def is_person(self) -> bool:
        """Whether it is that of a person."""
        return self.channel_id.startswith(("U", "W"))


class SelectorKind(StrEnum):
    """What a subscription selects jobs by."""

    JOB = "job"
    PROJECT = "project"
    BATCH = "batch"
    TAG = "tag"


class Selector(NamedTuple):
    """The jobs that a subscription is to. All but that of one job are wide: more jobs may come."""

    kind: SelectorKind
    value: str
    """A job id, the name of a batch, or a tag; empty for the project."""

    @classmethod
    def of_job(cls, job_id: str) -> "Selector":
        """Return the selector of one job."""
        return cls(SelectorKind.JOB, job_id)

    def __str__(self) -> str:
        """Return the kind and the value, as the log and buttons have them."""
        return f"{self.kind}:{self.value}"

    @property
    def is_wide(self) -> bool:
        """Whether it selects more than one job."""
        return self.kind is not SelectorKind.JOB


class SubscriptionKey(NamedTuple):
    """The key of a Subscription: a conversation has at most one for a selector."""

    address: Address
    selector: Selector


class DeliveryKey(NamedTuple):
    """The key of a Delivery: one for each conversation and job."""

    address: Address
    job: JobRef


class BoardKey(NamedTuple):
    """The key of a Board: one for each conversation and wide subscription."""

    address: Address
    selector: Selector
    is_board: bool = True
    """What tells it from a subscription's key."""


Key = JobRef | Address | SubscriptionKey | DeliveryKey | BoardKey
