"""PURE. What the watch policy asks, and what it is answered.

A policy is a generator (``Flow``), in the manner of httpx's ``auth_flow``: it yields questions, and whoever
drives it sends the answers in. An error is an answer too: the policy raises it where it ends the check.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.causes import Cause
from bot.domain.jobs import Job, Page
from bot.domain.records import JobRecord, Records, Subscription
from bot.errors import BadJobId, MetaStudioError, StoreTrouble

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AskList:
    """Request a page of the list, from this row on. The answer is a Page."""

    offset: int


@dataclass(frozen=True, slots=True)
class AskJob:
    """Request one job. The answer is a Job that has a state."""

    job_id: str


@dataclass(frozen=True, slots=True)
class FindListed:
    """Look for one job in the list. The answer is a Job, None where the list has no such job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class AskWhy:
    """Ask why these jobs failed or were sent back. The answer is Causes, of those for which one is found."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Causes:
    """Why jobs failed or were sent back, by job id."""

    of: Mapping[str, Cause]


@dataclass(frozen=True, slots=True)
class Record:
    """Replace records, each known one by a new one, unless it is another by now. The answer is Records."""

    changes: tuple[tuple[JobRecord, JobRecord], ...]


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Follow these jobs for these wide subscriptions. The answer is Records, with those of the jobs."""

    wishes: tuple[Subscription, ...]
    jobs: tuple[Job, ...]
    causes: Mapping[str, Cause]
    """Why some of them failed or were sent back, by job id."""
    is_complete: bool
    """Whether the whole list was read for these subscriptions, of which these jobs are the last."""


@dataclass(frozen=True, slots=True)
class ListTrouble:
    """Log why the list is not used. The answer is None."""

    what: str
    job_id: str = ""
    error: MetaStudioError | None = None


@dataclass(frozen=True, slots=True)
class ListWorks:
    """Log that the list is used again, if it was not. The answer is None."""


@dataclass(frozen=True, slots=True)
class JobTrouble:
    """Log why a job can't be checked, or that it can be again (None). The answer is None."""

    job_id: str
    error: MetaStudioError | BadJobId | None


Question = AskList | AskJob | FindListed | AskWhy | Record | TakeIn | ListTrouble | ListWorks | JobTrouble
Error = MetaStudioError | BadJobId | StoreTrouble


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or the error instead of one."""

    got: Page | Job | Records | Causes | Error | None
    asked_at: float
    """When the request began, in seconds of the event loop's clock: the answer is as of then at the earliest.
    It is before the question where the request is shared with an earlier one."""
    at: float
    """When the answer came, by the same clock."""
    now: float
    """The same in epoch seconds."""

    def value(self, kind: type[T]) -> T:
        """Return the answer, which is of this kind; raise the error that it is instead."""
        if isinstance(self.got, kind):
            return self.got
        raise self.got if isinstance(self.got, Exception) else TypeError(self.got)


Flow = Generator[Question, Answer, T]
