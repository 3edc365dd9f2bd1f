"""PURE. Whether the list of jobs is asked, how far it is read, and for how long it is not used after a fault.

Times are in seconds of the event loop's clock.
"""

import math
from typing import Final

from bot.domain.jobs import Page
from bot.errors import MetaStudioError
from bot.metastudio.errors import FOR_ALL
from bot.network.retries import Backoff
from bot.watch.job_checks import Followed
from bot.watch.list_scan import ListScan, is_cheaper, next_since
from bot.watch.questions import AskList, Flow, ListTrouble, ListWorks
from bot.watch.wide import Wide

LIST_SUSPENSION: Final = 30 * 60
"""Seconds for which a wrong list is not used; also the longest pause after the list was refused."""
MOST_PAGES: Final = 200
"""Pages that a check reads for wide subscriptions: the 20,000 jobs that changed last. What is older is seen
when it changes; the list counts as read to its end, or each check would read as much."""


class ListPolicy:
    """Decides about the list. A refusal suspends it for ``poll`` at first, a fault for ``suspension``."""

    def __init__(self, *, poll: float, suspension: float) -> None:
        self._suspension = suspension
        self._refusals = Backoff(first=min(poll, suspension), longest=suspension)
        self._suspended_until = -math.inf
        self.served_at = -math.inf
        """When a page came last, or none was due."""
        self.read_at = -math.inf
        """When the last check began that read the list and recorded all that it showed."""
        self._idle_check_at = -math.inf
        """When a page came last while no job was followed."""
        self._since: int | None = None
        """How far the next scan goes back, in epoch seconds of MetaStudio's clock; None: to the end."""
        self._count = 0
        """How many jobs there were."""

    def is_used(self, followed: int, at: float, *, is_wide: bool) -> bool:
        """Whether the list is to be read for so many jobs, or for a wide subscription."""
        return at >= self._suspended_until and (is_wide or is_cheaper(1, followed=followed))

    def show_life(self, at: float, pause: float) -> Flow[bool]:
        """Request a page every ``pause`` seconds while no job is followed; return whether it was requested.

        Raises MetaStudioError.
        """
        self._since = None
        is_due = at - self._idle_check_at >= pause
        if is_due:
            answer = yield AskList(0)
            answer.value(Page)
            self._idle_check_at = at = answer.at
        self.served_at = at
        return is_due

    def read(self, followed: Followed, wide: Wide, at: float) -> Flow[ListScan | None]:
        """Read the list as far as needed; None if it is unusable or single requests are cheaper.

        Raises MetaStudioError if no other request would be answered either, or is to be sent.
        """
        known = {job_id: record.job.lastupdate_time for job_id, record in followed.items()}
        scan = ListScan(known, wide.reach(self._since, at), wide.wants if wide else None)
        most = MOST_PAGES if wide else len(followed)
        while not scan.is_over and scan.pages < most:
            answer = yield AskList(scan.offset)
            if isinstance(answer.got, MetaStudioError):
                yield from self._failed(answer.got, answer.at, is_all=not followed)
                return None
            scan.add(answer.value(Page))
            scan.seen_at, self.served_at = answer.now, answer.at
        if not scan.is_over and not wide:
            self._suspend(self.served_at)
            return None
        if not scan.is_in_order:
            yield from self.distrust("it is not in order", self.served_at)
            return None
        return scan

    def _failed(self, error: MetaStudioError, at: float, *, is_all: bool) -> Flow[None]:
        """Do without the list; raise its error if that ends the check. ``is_all``: nothing else is asked."""
        if is_all or isinstance(error, FOR_ALL):
            raise error
        if not error.transient:
            self._suspended_until = at + self._refusals.failed()
        yield ListTrouble(f"the list of jobs can't be used ({type(error).__name__})", error=error)

    def distrust(self, why: str, at: float, job_id: str = "") -> Flow[None]:
        """Suspend a list that is wrong, at ``at``; ``job_id`` is of the job that shows it."""
        self._suspend(at)
        yield ListTrouble(f"the list of jobs is not used for a while: {why}", job_id)

    def applied(self, scan: ListScan, at: float, followed: int, wide: Wide) -> Flow[None]:
        """Record how far the list was read by a check of ``at``, after all changes in it are stored."""
        yield ListWorks()
        self._refusals.worked()
        if self._since is not None and not wide and not is_cheaper(scan.pages, followed=followed):
            self._suspend(at)
        # Fewer jobs than before: some were deleted, and the next reading finds out which.
        self._since = None if scan.count < self._count else next_since(scan.newest)
        self.read_at, self._count = at, scan.count

    def _suspend(self, at: float) -> None:
        self._suspended_until = at + self._suspension
