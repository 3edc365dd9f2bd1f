"""PURE. The watch policy: which jobs a check asks for, by the list or one by one.

What an answer means for a job is decided in ``job_checks``, how far the list is used in ``list_policy``.
Times are in seconds of the event loop's clock.
"""

import heapq
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from bot.domain.jobs import Job
from bot.domain.rates import RateLimits
from bot.domain.records import Subscription
from bot.domain.staleness import differs
from bot.errors import MetaStudioError, RequestRefused
from bot.metastudio.errors import FOR_ALL
from bot.watch.job_checks import Followed, JobChecks
from bot.watch.list_policy import ListPolicy
from bot.watch.list_scan import ListScan, cross_checks, may_be_stale
from bot.watch.questions import Flow
from bot.watch.wide import Wide

FAILURES: Final = 3
"""A check ends early after this many failures in a row."""

NOT_SHOWN: Final = "it does not show what a job itself shows"


class Policy:
    """Decides what to ask MetaStudio, every ``poll`` seconds, with at most ``most`` single requests.

    ``list_suspension`` is for how many seconds a wrong list is not used.
    """

    def __init__(self, *, poll: float, most: int, rates: RateLimits, list_suspension: float) -> None:
        self.jobs = JobChecks(rates)
        self._list = ListPolicy(poll=poll, suspension=list_suspension)
        self._wide = Wide(self.jobs)
        self._poll = poll
        self._most = most
        self._recheck: set[str] = set()
        """Ids of jobs whose single request failed after a scan could not settle their state."""

    @property
    def served_at(self) -> float:
        """When MetaStudio last answered properly, be it with a 4xx for a job id, or no request was due."""
        return max(self.jobs.served_at, self._list.served_at)

    def checked_at(self, job_id: str) -> float:
        """Return when a job was last checked; the earliest time if not since the start."""
        memory = self.jobs.memories.get(job_id)
        return max(self._list.read_at, memory.checked_at if memory else -math.inf)

    def know_wide(self, wishes: Sequence[Subscription]) -> None:
        """Take over the wide subscriptions from the store; for a new one, the whole list is read next."""
        self._wide = self._wide.renewed(wishes)

    def check(self, at: float, *, idle: float) -> Flow[bool]:
        """Check all jobs, or as many as ``most`` allows; return whether anything was asked.

        With nothing to check, the list is requested every ``idle`` seconds, which only shows that MetaStudio
        answers. Raises MetaStudioError, StoreTrouble.
        """
        followed, wide = self.jobs.followed(), self._wide
        is_used = self._list.is_used(len(followed), at, is_wide=bool(wide))
        if not followed and not is_used:
            return (yield from self._list.show_life(at, idle))
        scan = (yield from self._list.read(followed, wide, at)) if is_used else None
        if scan and (yield from self._apply(scan, followed, wide, at)):
            number = cross_checks(len(followed), self._poll)
        else:
            scan, number = None, self._most
        yield from self._ask_some(followed, self._most_due(followed, number), scan)
        return True

    def _apply(self, scan: ListScan, followed: Followed, wide: Wide, at: float) -> Flow[bool]:
        """Record what a scan shows, and request stale and missing jobs; return whether the list is right.

        Only from a list that is right, further jobs are taken in.
        """
        stale = {job_id for job_id, job in scan.found.items() if may_be_stale(job, followed[job_id].job)}
        shown = {job_id: job for job_id, job in scan.found.items() if job_id not in stale}
        yield from self.jobs.listed(shown | wide.news_of_ended(scan), at, scan.seen_at)
        suspects = stale.union(scan.missing)
        left_open = suspects | (self._recheck & followed.keys())
        oldest_first = sorted(left_open, key=lambda job_id: self.jobs.memories[job_id].asked_at)
        self._recheck = yield from self._ask_some(followed, oldest_first, scan, suspects)
        if not scan.is_contradicted:
            yield from wide.take_in(scan, at)
            yield from self._list.applied(scan, at, len(followed), wide)
        return not scan.is_contradicted

    def _most_due(self, followed: Followed, number: int) -> list[str]:
        """Return ``number`` job ids: missing jobs first, then those asked for longest ago."""
        of = self.jobs.memories
        return heapq.nsmallest(
            number, followed, key=lambda it: (of[it].missing_since is None, of[it].asked_at)
        )

    def _ask_some(
        self,
        followed: Followed,
        job_ids: Iterable[str],
        scan: ListScan | None = None,
        suspects: Collection[str] = (),
    ) -> Flow[set[str]]:
        """Request jobs one by one; return the ids of failed requests, if others succeeded.

        The answers also verify ``scan``, which should have shown ``suspects`` in the same state.
        Raises MetaStudioError when all failed, or when it seems that all further ones will.
        """
        failed: dict[str, MetaStudioError] = {}
        in_a_row, has_worked = 0, scan is not None
        for job_id in job_ids:
            try:
                job = yield from self.jobs.ask(job_id)
            except FOR_ALL:
                raise
            except MetaStudioError as error:
                failed[job_id] = error
                in_a_row += 1
                if in_a_row >= FAILURES and (error.transient or not has_worked):
                    raise
                continue
            in_a_row, has_worked = 0, True
            if scan and job:
                yield from self._verify(scan, job, followed[job_id].job, is_suspect=job_id in suspects)
                if scan.is_contradicted and suspects:
                    break
        yield from self._unreadable(failed, has_worked=has_worked)
        return set(failed)

    def _verify(self, scan: ListScan, job: Job, known: Job, *, is_suspect: bool) -> Flow[None]:
        """Suspend a list that hides what a job itself shows."""
        if (is_suspect or differs(job, known)) and scan.hides(job):
            scan.is_contradicted = True
            yield from self._list.distrust(NOT_SHOWN, self.jobs.served_at, job.job_id or "")

    def _unreadable(self, failed: Mapping[str, MetaStudioError], *, has_worked: bool) -> Flow[None]:
        """Log which jobs can't be checked, if others can; else raise why."""
        for job_id, why in failed.items():
            # That a few ids are refused, and there are no others, says nothing about MetaStudio.
            if not has_worked and not isinstance(why, RequestRefused):
                raise why
            yield from self.jobs.unreadable(job_id, why)
