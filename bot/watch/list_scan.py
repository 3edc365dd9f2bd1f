"""PURE. One scan of MetaStudio's list of jobs, and the checks of its consistency.

The list is asked for by the time of the last change, newest first; that order is documented only recently,
and a list can lag behind. So what comes back is checked: whether it is in order, whether it holds the jobs
that it should, and whether what it shows is newer than what is stored. Jobs that it does not settle are
requested one by one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.staleness import differs, is_older

OVERLAP: Final = 5
"""Jobs by which pages overlap: a deletion during the scan shifts all later rows up by one."""
MARGIN: Final = 300
"""Seconds that a list may lag behind: each scan goes back this far beyond the one before."""
CROSS_CHECKS: Final = 3
"""The least number of single requests beside each scan, which verify the list."""
EVERY_JOB: Final = 12 * 60 * 60
"""Seconds within which each job is requested by itself, even if the list is used."""


def is_cheaper(pages: int, *, followed: int) -> bool:
    """Whether so many pages of the list are fewer requests than one for each followed job."""
    return pages + CROSS_CHECKS < followed


class ListScan:
    """One scan. ``known`` has the time of the last known change (epoch seconds) of each followed job.

    It goes on to what is older than ``since`` (epoch seconds); None: until it met every job, or to the end
    if other jobs are wanted. Those are the ones for which ``wants`` is true; it may be called repeatedly.
    """

    def __init__(
        self, known: Mapping[str, int | None], since: int | None, wants: Callable[[Job], bool] | None = None
    ) -> None:
        self._known = known
        self._since = since
        self._wants = wants
        self._met: set[str] = set()
        self.found: dict[str, Job] = {}
        """The followed jobs that were met, as the list shows them."""
        self.wanted: dict[str, Job] = {}
        """The other jobs that were met and are wanted, in the same way."""
        self.pages = 0
        self.offset = 0
        """Where the next page begins."""
        self.newest: int | None = None
        self.oldest: int | None = None
        """The times of the newest and of the oldest change that were met, in epoch seconds."""
        self.count = 0
        """How many jobs the list says there are."""
        self.is_in_order = True
        self.at_end = False
        """Whether the whole list was read."""
        self.seen_at = 0.0
        """When the last page came, in epoch seconds."""
        self.is_contradicted = False
        """Whether a job itself showed that the list is wrong."""

    def add(self, page: Page) -> None:
        """Add a page."""
        new = [job for job in page.jobs if job.job_id not in self._met]
        self.is_in_order = self.is_in_order and self._in_order(new)
        for job in page.jobs:
            self._meet(job, job.job_id or "")
        self.pages += 1
        self.count = page.count or 0
        # Where a short page brings nothing new, the count is wrong.
        self.at_end = page.is_last(self.offset) or (page.rows < PAGE_SIZE and not new)
        self.offset += max(page.rows - OVERLAP, 1)

    def _in_order(self, jobs: Sequence[Job]) -> bool:
        # A job may have no time that can be read; its change may be stale, and it is asked for.
        times = [time for job in jobs if (time := job.lastupdate_time) is not None]
        known = times if self.oldest is None else [self.oldest, *times]
        return known == sorted(known, reverse=True)

    def _meet(self, job: Job, job_id: str) -> None:
        self._met.add(job_id)
        if job_id in self._known:
            self.found[job_id] = _newer(self.found.get(job_id, job), job)
        elif self._wants and (job_id in self.wanted or self._wants(job)):
            self.wanted[job_id] = _newer(self.wanted.get(job_id, job), job)
        if (time := job.lastupdate_time) is not None:
            self.newest = max(self.newest or time, time)
            self.oldest = min(self.oldest or time, time)

    @property
    def is_whole(self) -> bool:
        """Whether the list was to be read to its end."""
        return self._since is None

    @property
    def is_over(self) -> bool:
        """Whether no further page is needed."""
        if not self.is_in_order or self.at_end:
            return True
        if not self._wants and len(self.found) == len(self._known):
            return True
        return self._since is not None and self.oldest is not None and self.oldest < self._since

    @property
    def missing(self) -> list[str]:
        """The followed jobs that should have been there: deleted, or hidden from the list."""
        unmet = self._known.keys() - self.found.keys()
        return [job_id for job_id in unmet if self.at_end or _is_newer(self._known[job_id], self.oldest)]

    def hides(self, job: Job) -> bool:
        """Whether the list should have shown a job as it was when asked for by itself right after.

        A job newer than all that was read may have changed since, and is no evidence, unless the list did not
        even reach the stored time.
        """
        shown, known = self.found.get(job.job_id or ""), self._known.get(job.job_id or "")
        if shown and (not differs(job, shown) or is_older(job, shown)):
            return False
        reach = shown.lastupdate_time if shown else self.newest
        return _is_newer(known, reach) or not _is_newer(job.lastupdate_time, self.newest)


def may_be_stale(shown: Job, known: Job) -> bool:
    """Whether a change that the list shows may be stale: not newer than the stored job."""
    if not shown.state:
        return True
    return differs(shown, known) and not _is_newer(shown.lastupdate_time, known.lastupdate_time)


def _newer(first: Job, second: Job) -> Job:
    """Return the newer of two copies of a job; if undecidable, one without a state, to be requested."""
    if _is_newer(second.lastupdate_time, first.lastupdate_time) and first.lastupdate_time is not None:
        return second
    is_open = second.lastupdate_time in {None, first.lastupdate_time} or first.lastupdate_time is None
    return first.model_copy(update={"state": None}) if is_open and differs(second, first) else first


def _is_newer(time: int | None, than: int | None) -> bool:
    """Whether a time of a change is later than another one; None is earlier than any."""
    return time is not None and (than is None or time > than)


def next_since(newest: int | None) -> int | None:
    """Return how far the next scan goes back, in epoch seconds; None: to the end."""
    return None if newest is None else newest - MARGIN


def cross_checks(followed: int, poll: float) -> int:
    """Return how many jobs to ask for beside a scan: a few, and each job within EVERY_JOB seconds."""
    return max(CROSS_CHECKS, math.ceil(followed * poll / EVERY_JOB))
