"""The jobs of the whole project: those that wait for the customer, and those that changed last."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from bot.domain import waiting as lists
from bot.domain.following import Changed
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.waiting import WAITING_STATES, RecentJobs, WaitingJobs
from bot.errors import MetaStudioError, RequestRefused
from bot.metastudio.client import MetaStudio
from bot.process.shared_calls import SharedCalls
from bot.store import Store

MOST: Final = 3 * PAGE_SIZE
"""Jobs that are read for one answer."""
_WAITING: Final = {"state": ",".join(WAITING_STATES)}
_LAST_CHANGED_FIRST: Final = {"sort_key": "update_time", "sort_dir": "desc"}


class ProjectJobs:
    """Asks MetaStudio for jobs of the project; for ``fresh`` seconds everybody gets the same answer."""

    def __init__(self, metastudio: MetaStudio, store: Store, *, fresh: float) -> None:
        self._fresh = fresh
        self._changed_at = 0.0
        store.listen(self._hear)
        self._metastudio = metastudio
        self._waiting: WaitingJobs | None = None
        self._asking = SharedCalls(self._ask)

    async def waiting(self, *, fresh: bool = False) -> WaitingJobs:
        """Return the jobs that wait; ``fresh``: asked for now. Raises MetaStudioError."""
        if not fresh and (known := self._known_waiting()):
            return known
        self._waiting = await self._asking.call("waiting")
        return self._waiting

    async def recent(self, *, fresh: bool = False) -> RecentJobs:
        """Return the jobs that changed last; ``fresh``: asked for now. Raises MetaStudioError."""
        if fresh or (held := self._held()) is None:
            held = await self._metastudio.recent_jobs(), time.time()
        page, asked_at = held
        return RecentJobs(lists.recent(page.jobs), int(asked_at))

    async def both(self) -> tuple[WaitingJobs | MetaStudioError, RecentJobs | MetaStudioError]:
        """Return both, or why one did not come. Raises no MetaStudioError."""
        waiting, recent = await asyncio.gather(self.waiting(), self.recent(), return_exceptions=True)
        return _unless_unknown(waiting), _unless_unknown(recent)

    def _held(self) -> tuple[Page, float] | None:
        """Return the jobs that changed last, as the watcher asked for them, if that was a short while ago."""
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

    async def _ask(self, _: str) -> WaitingJobs:
        asked_at = int(time.time())
        try:
            return await self._read(_WAITING, asked_at)
        except RequestRefused:  # a server that knows no such filter
            return await self._read({}, asked_at)

    async def _read(self, filters: Mapping[str, str], asked_at: int) -> WaitingJobs:
        """Read the list to its end, or MOST jobs of it: no server has to keep the filter."""
        jobs: list[Job] = []
        for offset in range(0, MOST, PAGE_SIZE):
            page = await self._metastudio.listed({**filters, **_LAST_CHANGED_FIRST}, offset=offset)
            jobs += page.jobs
            if page.is_last(offset):
                return WaitingJobs(lists.waiting(jobs), asked_at)
        return WaitingJobs(lists.waiting(jobs), asked_at, is_complete=False, searched=len(jobs))


def _unless_unknown(found: "lists.J | BaseException") -> "lists.J | MetaStudioError":
    if isinstance(found, BaseException) and not isinstance(found, MetaStudioError):
        raise found
    return found
