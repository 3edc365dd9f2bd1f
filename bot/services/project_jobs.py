"""The jobs of the whole project: those that wait for the customer, and those that changed last."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.domain import waiting as lists
from bot.domain.following import Changed
from bot.domain.jobs import Job, Page
from bot.domain.waiting import WAITING_STATES, RecentJobs, WaitingJobs
from bot.errors import MetaStudioError, RequestRefused
from bot.metastudio.client import MetaStudio
from bot.metastudio.pages import pages
from bot.process.shared_calls import SharedCalls
from bot.store import Store

MOST_PAGES: Final = 3
"""Pages that are read for one answer."""
_WAITING: Final = MappingProxyType({"state": ",".join(WAITING_STATES)})
_ANY: Final[Mapping[str, str]] = MappingProxyType({})
_LAST_CHANGED_FIRST: Final = {"sort_key": "update_time", "sort_dir": "desc"}

Dated = tuple[Page, float]
"""A page, and when it was asked for, in epoch seconds."""


class ProjectJobs:
    """Asks MetaStudio for jobs of the project; for ``fresh`` seconds everybody gets the same answer.

    ``checks_fail`` returns whether jobs can't be checked at present: an earlier answer says so then.
    """

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        *,
        fresh: float,
        checks_fail: Callable[[], bool] = lambda: False,
    ) -> None:
        self._fresh = fresh
        self._checks_fail = checks_fail
        self._changed_at = 0.0
        store.listen(self._hear)
        self._metastudio = metastudio
        self._waiting: WaitingJobs | None = None
        self._searching = SharedCalls(self._search)
        self._asking = SharedCalls(self._ask)

    async def waiting(self, *, fresh: bool = False, pages: int = MOST_PAGES) -> WaitingJobs:
        """Return the jobs that wait, of so many pages; ``fresh``: asked for now. Raises MetaStudioError."""
        if not fresh and (known := self._known_waiting()):
            return replace(known, checks_fail=self._checks_fail())
        found = await self._searching.call(str(pages))
        if found.is_complete or pages == MOST_PAGES:
            self._waiting = found
        return found

    async def recent(self, *, fresh: bool = False) -> RecentJobs:
        """Return the jobs that changed last; ``fresh``: asked for now. Raises MetaStudioError."""
        held = None if fresh else self._held()
        page, asked_at = held or await self._asking.call("")
        is_old = held is not None and self._checks_fail()
        return RecentJobs(lists.recent(page.jobs), int(asked_at), checks_fail=is_old)

    async def both(self) -> tuple[WaitingJobs | MetaStudioError, RecentJobs | MetaStudioError]:
        """Return both, by two requests at most, or why one did not come. Raises no MetaStudioError."""
        asked = self.waiting(pages=1), self.recent()
        waiting, recent = await asyncio.gather(*asked, return_exceptions=True)
        return _unless_unknown(waiting), _unless_unknown(recent)

    async def _newest(self, *, fresh: bool = False) -> Dated:
        """Return the jobs that changed last, as somebody asked for them a short while ago, or else now."""
        held = None if fresh else self._held()
        return held or await self._asking.call("")

    async def _ask(self, _: str) -> Dated:
        asked_at = time.time()
        return await self._metastudio.recent_jobs(), asked_at

    def _held(self) -> Dated | None:
        held = self._metastudio.newest
        return held if held and self._is_fresh(held[1]) else None

    def _hear(self, changed: Changed) -> None:
        """Show no list from before a change that people may have been told of."""
        if changed.jobs:
            self._changed_at = time.time()

    def _is_fresh(self, asked_at: float) -> bool:
        return time.time() - asked_at < self._fresh and asked_at > self._changed_at

    def _known_waiting(self) -> WaitingJobs | None:
        """Return the newest answer that holds all jobs that wait, if it is fresh."""
        held = self._held()
        if held and held[0].is_last(0) and (self._waiting is None or held[1] > self._waiting.as_of):
            return WaitingJobs(lists.waiting(held[0].jobs), int(held[1]))
        return self._waiting if self._waiting and self._is_fresh(self._waiting.as_of) else None

    async def _search(self, pages: str) -> WaitingJobs:
        """Ask for the jobs that wait; of a server that refuses the filter, search those that changed last."""
        asked_at = time.time()
        try:
            first = await self._page(_WAITING, 0)
        except RequestRefused:
            # Who asks for one page asks for the jobs that changed last as well.
            first, asked_at = await self._newest(fresh=int(pages) > 1)
            return await self._read(_ANY, int(pages), first, int(asked_at))
        return await self._read(_WAITING, int(pages), first, int(asked_at))

    async def _read(self, filters: Mapping[str, str], most: int, first: Page, asked_at: int) -> WaitingJobs:
        """Read the list on from its first page, to its end or for so many pages: no server has to filter."""
        jobs: dict[str | None, Job] = {}

        async def ask(offset: int) -> Page:
            return await self._page(filters, offset) if offset else first

        async for page, is_last in pages(ask, most):
            new = {job.job_id: job.remembered() for job in page.jobs if job.job_id not in jobs}
            jobs |= new
            if is_last:
                return WaitingJobs(lists.waiting(jobs.values()), asked_at)
            if not new:
                break
        return WaitingJobs(lists.waiting(jobs.values()), asked_at, is_complete=False, searched=len(jobs))

    async def _page(self, filters: Mapping[str, str], offset: int) -> Page:
        return await self._metastudio.listed({**filters, **_LAST_CHANGED_FIRST}, offset=offset)


def _unless_unknown(found: "lists.J | BaseException") -> "lists.J | MetaStudioError":
    if isinstance(found, BaseException) and not isinstance(found, MetaStudioError):
        raise found
    return found
