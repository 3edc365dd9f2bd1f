"""PURE. What the watcher remembers of a job, in memory only: lost when the process ends.

All times are in seconds of the event loop's clock, except where it says otherwise.
"""

import math
from dataclasses import dataclass, field
from typing import Self

from bot.domain.jobs import Job
from bot.domain.staleness import JobHistory, confirmation_needed, differs


@dataclass(slots=True)
class JobMemory:
    """What is remembered of one job."""

    asked_at: float = -math.inf
    """When it was last asked for by itself; the earliest time if that has to be repeated first of all."""
    checked_at: float = -math.inf
    """When the request was sent whose answer is the latest one applied."""
    missing_since: float | None = None
    """When MetaStudio first had no such job; None after it had it again."""
    unconfirmed_since: float | None = None
    """When the first of the answers came that need confirmation; None after any other."""
    history: JobHistory = field(default_factory=JobHistory)
    is_unreadable: bool = False
    """Whether it was logged that the job can't be checked."""

    def renewed(self, before: Job, job: Job) -> Self:
        """Return what is left of it when the record ``before`` was made anew, as a person saw the job."""
        if differs(job, before):
            self.history.record_state(before)
        return type(self)(checked_at=self.checked_at, history=self.history)

    def missed(self, at: float) -> float:
        """Record that the job was missing at ``at``; return for how many seconds it has been."""
        if self.missing_since is None:
            self.missing_since = at
        return at - self.missing_since

    def is_confirmed(self, job: Job, known: Job, at: float, *, unordered: float) -> bool:
        """Record an answer of ``at``; return whether it is newer than ``known``, or has come for long enough.

        ``unordered`` is for how many seconds where no field orders the two.
        """
        period = confirmation_needed(job, known, self.history, unordered=unordered)
        if not period:
            self.unconfirmed_since = None
        elif self.unconfirmed_since is None:
            self.unconfirmed_since = at
        return self.unconfirmed_since is None or at - self.unconfirmed_since >= period

    def changed(self, known: Job) -> None:
        """Record that the state ``known`` was replaced, which also confirms the new one."""
        if self.unconfirmed_since is not None:
            self.history, self.unconfirmed_since = JobHistory(), None
        self.history.record_state(known)

    def accepted(self, job: Job, now: float) -> None:
        """Record an answer whose news, if any, is stored; ``now`` is in epoch seconds."""
        if self.unconfirmed_since is None:
            self.history.record_answer(job, now)
