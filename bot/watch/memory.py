"""PURE. What the watcher remembers of a job since the start, and does not store."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.jobs import Job
from bot.domain.sightings import Past, proof_needed


@dataclass
class Memory:
    """One job. All times are in seconds of the event loop's clock."""

    asked_at: float = -math.inf
    """When it was last asked for by itself."""
    checked_at: float = -math.inf
    """As of when the job is known."""
    missing_since: float | None = None
    """When it was first not there; None once it was there."""
    doubted_since: float | None = None
    """When the first of the answers came that may be older than what is known; None after any other."""
    past: Past = field(default_factory=Past)
    is_unreadable: bool = False
    """Whether it was logged that it can't be checked."""

    def missed(self, at: float) -> float:
        """Note that the job was missing at ``at``; return for how many seconds it has been."""
        if self.missing_since is None:
            self.missing_since = at
        return at - self.missing_since

    def doubts(self, job: Job, known: Iterable[Job], at: float, *, undated: float) -> float:
        """Note an answer of ``at``; return for how many seconds only answers came that need proof."""
        if not any(proof_needed(job, each, self.past, undated=undated) for each in known):
            self.doubted_since = None
            return 0.0
        if self.doubted_since is None:
            self.doubted_since = at
        return at - self.doubted_since

    def changed(self, known: Job) -> None:
        """Note that the job is no longer as it was known: doubts about the new state are over."""
        if self.doubted_since is not None:
            self.past, self.doubted_since = Past(), None
        self.past.leaves(known)
