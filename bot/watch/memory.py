"""PURE. The watcher's state for each job, in memory only: lost when the process ends."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.jobs import Job
from bot.domain.staleness import JobHistory, confirmation_needed


@dataclass
class Memory:
    """One job. All times are in seconds of the event loop's clock."""

    asked_at: float = -math.inf
    """When it was last asked for by itself."""
    checked_at: float = -math.inf
    """When the request was sent whose answer is the latest one applied."""
    missing_since: float | None = None
    """When MetaStudio first had no such job; None after it had it again."""
    unconfirmed_since: float | None = None
    """When the first of the answers came that need confirmation; None after any other."""
    history: JobHistory = field(default_factory=JobHistory)
    is_unreadable: bool = False
    """Whether it was logged that the job can't be checked."""

    def missed(self, at: float) -> float:
        """Record that the job was missing at ``at``; return for how many seconds it has been."""
        if self.missing_since is None:
            self.missing_since = at
        return at - self.missing_since

    def unconfirmed(self, job: Job, known: Iterable[Job], at: float, *, unordered: float) -> float:
        """Record an answer of ``at``; return for how many seconds only unconfirmed answers came."""
        if not any(confirmation_needed(job, each, self.history, unordered=unordered) for each in known):
            self.unconfirmed_since = None
            return 0.0
        if self.unconfirmed_since is None:
            self.unconfirmed_since = at
        return at - self.unconfirmed_since

    def changed(self, known: Job) -> None:
        """Record that the state ``known`` was replaced, which also confirms the new one."""
        if self.unconfirmed_since is not None:
            self.history, self.unconfirmed_since = JobHistory(), None
        self.history.record_state(known)
