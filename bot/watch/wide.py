"""PURE. The wide subscriptions, and how the jobs that they select are taken in from a scan of the list.

Times are in seconds of the event loop's clock.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Self

from bot.domain.causes import FAILURES, Cause
from bot.domain.jobs import Job
from bot.domain.keys import JobRef
from bot.domain.records import Records, Subscription
from bot.domain.staleness import LABELS
from bot.domain.taking_in import is_news, takes
from bot.watch.job_checks import MOST_ASKED_WHY, JobChecks
from bot.watch.list_scan import ListScan, may_be_stale
from bot.watch.questions import AskWhy, Causes, Flow, TakeIn

RESCAN: Final = 60 * 60.0
"""Seconds after which the whole list is read again: setting a job's batch does not change the time by which
the list is in order."""
MOST_AT_ONCE: Final = 500
"""Jobs that are taken in by one change of the store: the changes that people make wait for it."""

Labels = tuple[object, ...]


class Wide:
    """The wide subscriptions at one time, and what was seen to for them."""

    def __init__(self, jobs: JobChecks, wishes: Iterable[Subscription] = ()) -> None:
        self._jobs = jobs
        self._wishes = tuple(wishes)
        self.read_at = -math.inf
        """When the last check began that read the whole list for them."""
        self.settled: dict[str, Labels] = {}
        """Followed jobs that were taken in or are not selected, with the labels that were looked at."""

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def renewed(self, wishes: Collection[Subscription]) -> Self:
        """Return the subscriptions as they are now; if one of them is new, nothing was seen to for it."""
        now = type(self)(self._jobs, wishes)
        if {wish.id for wish in wishes} <= {wish.id for wish in self._wishes}:
            now.read_at, now.settled = self.read_at, self.settled
        return now

    def reach(self, since: int | None, at: float) -> int | None:
        """Return how far a check of ``at`` reads the list, which else would be ``since``; None: to the end.

        Then each job is looked at anew: that of a followed one may have lost its delivery.
        """
        if self._wishes and at - self.read_at >= RESCAN:
            since = None
        if since is None:
            self.settled.clear()
        return since

    def wants(self, job: Job) -> bool:
        """Whether it has to be seen what a job, as the list shows it, is to these subscriptions."""
        known = self._jobs.records.get(job.job_id or "")
        if known is None or not job.state:
            return self._takes(job)
        return self.settled.get(known.ref.job_id) != _labels(job) or known.job.state != job.state

    def news_of_ended(self, scan: ListScan) -> dict[str, Job]:
        """Return the jobs that are over by their records, as the list shows them, if that may be news."""
        found = ((self._jobs.records.get(job_id), job) for job_id, job in scan.wanted.items())
        return {known.ref.job_id: job for known, job in found if known and not may_be_stale(job, known.job)}

    def take_in(self, scan: ListScan, at: float) -> Flow[None]:
        """Take in what a scan of ``at`` shows, after what it shows of followed jobs. Raises StoreTrouble."""
        if not self._wishes:
            return
        met, records = scan.wanted | scan.found, self._jobs.records
        seen = (records[job_id].job if job_id in records else job for job_id, job in met.items())
        unsettled = [job for job in seen if self.wants(job)]
        new = [job for job in unsettled if self._takes(job)]
        parts = [new[at : at + MOST_AT_ONCE] for at in range(0, len(new), MOST_AT_ONCE)]
        if scan.is_whole and not parts:
            parts = [[]]
        causes = yield from self._causes(new)
        for part in parts:
            is_complete = scan.is_whole and part is parts[-1]
            answer = yield TakeIn(self._wishes, tuple(part), causes, is_complete)
            self._took_in(part, answer.value(Records), at)
        self._settle(job for job in unsettled if job.job_id in records)
        if scan.is_whole:
            self.read_at = at

    def _takes(self, job: Job) -> bool:
        return any(takes(wish, job) for wish in self._wishes)

    def _causes(self, jobs: Sequence[Job]) -> Flow[Mapping[str, Cause]]:
        """Ask why jobs failed that nobody followed; of so many at once only of some."""
        unknown = (job for job in jobs if job.state in FAILURES and job.job_id not in self._jobs.records)
        failed = [job for job in unknown if any(is_news(wish, job, is_read=True) for wish in self._wishes)]
        if not failed:
            return {}
        return (yield AskWhy(tuple(failed[:MOST_ASKED_WHY]))).value(Causes).of

    def _took_in(self, jobs: Sequence[Job], records: Records, at: float) -> None:
        """Take over the records of jobs that were shown at ``at``."""
        for ref in (JobRef.of(job.job_id or "") for job in jobs):
            self._jobs.know(ref, records.job(ref))
            memory = self._jobs.memories[ref.job_id]
            memory.checked_at = max(at, memory.checked_at)

    def _settle(self, jobs: Iterable[Job]) -> None:
        self.settled.update((job.job_id or "", _labels(job)) for job in jobs)


def _labels(job: Job) -> Labels:
    return tuple(getattr(job, name) for name in LABELS)
