"""PURE. Which jobs of a project wait for the customer, which changed last, and in what order."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from bot.domain.jobs import Job
from bot.domain.records import Claim

J = TypeVar("J", bound="JobList")

WAITING_STATES: Final = ("CREATING", "AUDIT_FAILED", "USER_RESULT_REVIEW", "SPLIT_FAILED")
"""The states in which the customer has to act; of the last one, no page says who has."""


def is_ours(state: str | None) -> bool:
    """Whether the customer has to act in a state."""
    return state in WAITING_STATES


@dataclass(frozen=True)
class JobList:
    """Jobs of a project, in an order that the kind of list says."""

    jobs: tuple[Job, ...]
    as_of: int
    """When MetaStudio was asked, in epoch seconds."""
    is_complete: bool = True
    """Whether the whole project was searched, not only ``searched`` jobs of it."""
    searched: int = 0
    """How many jobs were searched: those that changed last."""
    claims: Mapping[str, Claim] = field(default_factory=dict)
    """Who sees to these jobs, by job id."""
    checks_fail: bool = False
    """Whether this is an earlier answer, and jobs can't be checked at present."""


@dataclass(frozen=True)
class WaitingJobs(JobList):
    """The jobs that wait for the customer, longest wait first."""


@dataclass(frozen=True)
class RecentJobs(JobList):
    """The jobs that changed last, most recent first."""


def waiting(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Return those of the jobs that wait for the customer, longest wait first; without a time, last."""
    ours = (job for job in _once(jobs) if is_ours(job.state))
    return tuple(sorted(ours, key=lambda job: (job.lastupdate_time or math.inf, job.job_id or "")))


def recent(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Return the jobs by their last change, most recent first; without a time, last."""
    return tuple(sorted(_once(jobs), key=lambda job: (-(job.lastupdate_time or 0), job.job_id or "")))


def _once(jobs: Iterable[Job]) -> Iterable[Job]:
    """Return each job once, as it came first: pages of a list that moves may repeat one."""
    found: dict[str, Job] = {}
    for job in jobs:
        found.setdefault((job.job_id or "").lower(), job)
    return found.values()
