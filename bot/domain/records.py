"""PURE. The records that the store keeps, each with a key of its own.

A wish is kept apart from its delivery: a Subscription says who wants what to be told where, a Delivery what
Slack has accepted of that. What MetaStudio showed of a job stands in its JobRecord alone, as a numbered
sequence of sights; a Delivery has the number of the sight that its channel was told last, as a consumer of a
log has an offset. So a change of a job is one write, however many channels follow it. All times are epoch
seconds.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, cast

from pydantic import ConfigDict

from bot.domain.causes import Cause
from bot.domain.jobs import Job
from bot.domain.keys import Address, BoardKey, DeliveryKey, JobRef, Key, Selector, SubscriptionKey
from bot.domain.languages import Language


class Level(StrEnum):
    """Which changes are shown in the channel itself; all of them are posted to the card's thread."""

    ALL = "all"
    IMPORTANT = "important"


def new_id() -> str:
    """Return an id for a new record, so that it is never taken for an earlier one with its key."""
    return secrets.token_hex(8)


_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Sight:
    """A state of a job, as it was seen."""

    state: str
    """By MetaStudio's name, or GONE; empty if there was none."""
    at: int
    """When it was first seen."""
    cause: Cause | None = None
    """Why the job failed or was sent back, as it was found then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody has said that they see to a job while it waits for the customer."""

    person: Address
    at: int
    reminded_at: int | None = None
    """When Slack last accepted a reminder to them."""
    is_unreachable: bool = False
    """Whether Slack refuses direct messages to them, so that reminders go to the conversations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One followed job."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    ref: JobRef
    job: Job
    """As it was seen last, without what is personal: see ``Job.remembered``."""
    sights: tuple[Sight, ...]
    """Its states, the present one last; at least one."""
    first: int = 0
    """The number of the first of ``sights``."""
    claim: Claim | None = None
    """Who sees to it while it is in its present state."""
    clock: int | None = None
    """Since when reminders count, in this state; None: since the state was seen."""
    later: int | None = None
    """Until when the next reminder waits, as a person asked; None where nobody did."""
    id: str = field(default_factory=new_id)

    @property
    def key(self) -> JobRef:
        """Its key."""
        return self.ref

    @property
    def number(self) -> int:
        """The number of the present sight."""
        return self.first + len(self.sights) - 1

    def since(self, told: int) -> Sequence[Sight]:
        """Return the sight of number ``told`` and all later ones; those that are kept, of a long list."""
        return self.sights[max(0, told - self.first) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The wish of a person that a conversation be told of jobs."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    address: Address
    selector: Selector
    level: Level
    subscribed_by: str
    """A user id of Slack's."""
    subscribed_at: int
    mentions: tuple[str, ...] = ()
    """The ids of the people (U, W) and user groups (S) who are named when a job needs the customer."""
    id: str = field(default_factory=new_id)

    @property
    def key(self) -> SubscriptionKey:
        """Its key."""
        return SubscriptionKey(self.address, self.selector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The message that stands for a job in a conversation."""

    ts: str
    posted_at: int
    fingerprint: str
    """``Following.fingerprint`` of what it shows; empty when it has to be edited in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What Slack has accepted of one job in one conversation."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    address: Address
    job: JobRef
    told: int | None = None
    """The number of the sight that the conversation was told last; None before its first card."""
    card: Card | None = None
    cards: int = 0
    """How many cards were posted: each but the first took the place of one that was lost."""
    no_card_before: int = 0
    """When a new card may take the place of a lost one."""
    delivered_at: int | None = None
    """When Slack last accepted a message of it."""
    posted_at: int | None = None
    """When Slack last accepted a new message of it, not an edit."""
    stopped_by: str | None = None
    """The user id of the person who ended its subscription. It is deleted once the card says so."""
    id: str = field(default_factory=new_id)

    @property
    def key(self) -> DeliveryKey:
        """Its key."""
        return DeliveryKey(self.address, self.job)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The one message that stands for a wide subscription in a conversation."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    address: Address
    selector: Selector
    card: Card | None = None
    """The message; None while none is posted."""
    cards: int = 0
    """How many were posted: each but the first took the place of one that was lost."""
    no_card_before: int = 0
    """When a new message may take the place of a lost one."""
    edited_at: int = 0
    """When Slack last accepted an edit of it."""
    is_read: bool = False
    """Whether the whole list of jobs was read for it."""
    stopped_by: str | None = None
    """The user id of the person who ended the subscription. It is deleted once the message says so."""
    id: str = field(default_factory=new_id)

    @property
    def key(self) -> BoardKey:
        """Its key."""
        return BoardKey(self.address, self.selector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why nothing is posted in a conversation at present: Slack refuses the bot there."""

    reason: str
    """Slack's error code."""
    since: int
    tries: int
    next_try: int
    told: tuple[str, ...] = ()
    """The user ids of those who know of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The address of a message in Slack."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A direct message that told a person of a pause, until it is edited because that is over."""

    user_id: str
    channel_id: str
    """The id of the direct message."""
    ts: str
    job: JobRef
    """The job that it names."""
    voice_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What concerns a conversation as a whole; or a person, and what they are told alone."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    address: Address
    pause: Pause | None = None
    warned: tuple[Warned, ...] = ()
    language: Language | None = None
    """The language that was chosen for it; None if none was."""
    direct: str | None = None
    """The id of a person's direct message with the bot; None if it is not known, and in conversations."""

    @property
    def key(self) -> Address:
        """Its key."""
        return self.address

    @property
    def is_default(self) -> bool:
        """Whether it says nothing, so that it need not be stored."""
        return self == Destination(address=self.address)


Record = JobRecord | Subscription | Delivery | Board | Destination


class Records(dict[Key, Record | None]):
    """Records by their keys; None for a key under which there is none, or none any more."""

    @classmethod
    def of(cls, *records: Record) -> "Records":
        """Return these records."""
        return cls((record.key, record) for record in records)

    def job(self, key: JobRef) -> JobRecord | None:
        """Return a job's record."""
        return cast(JobRecord | None, self.get(key))

    def subscription(self, key: SubscriptionKey) -> Subscription | None:
        """Return a subscription."""
        return cast(Subscription | None, self.get(key))

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Return a delivery."""
        return cast(Delivery | None, self.get(key))

    def board(self, key: BoardKey) -> Board | None:
        """Return a board."""
        return cast(Board | None, self.get(key))

    def destination(self, key: Address) -> Destination:
        """Return a destination: where none is stored, one that says nothing."""
        return cast(Destination | None, self.get(key)) or Destination(address=key)


Change = Callable[[Records], Records]
"""What the store applies to the records that it holds: returns those to store instead, None to delete one.

Records that it leaves out stay as they are. It may be called again, with other records, when others changed
them meanwhile; so it has no effects.
"""
