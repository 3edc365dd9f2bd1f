"""What waits for the customer in the whole project, and what changed last."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bot.domain.keys import JobRef
from bot.domain.staleness import differs
from bot.domain.waiting import JobList, WaitingJobs
from bot.errors import StoreTrouble
from bot.messages import overviews
from bot.messages.context import Answer
from bot.services.caller import Caller
from bot.services.project_jobs import ProjectJobs
from bot.store import Store

L = TypeVar("L")


class OverviewService:
    """Lists jobs of the project, whether they are followed or not."""

    def __init__(self, jobs: ProjectJobs, store: Store) -> None:
        self._jobs = jobs
        self._store = store

    async def waiting(self, _: Caller, start: int = 0, *, fresh: bool = False) -> Answer:
        """Return what waits, from number ``start`` on; ``fresh``: asked for now. Raises MetaStudioError."""
        return partial(overviews.waiting, await self.waiting_jobs(fresh=fresh), start=start)

    async def recent(self, _: Caller, start: int = 0, *, fresh: bool = False) -> Answer:
        """Return what changed last, from number ``start`` on. Raises MetaStudioError."""
        found = await self._with_claims(await self._jobs.recent(fresh=fresh))
        return partial(overviews.recent, found, start=start)

    async def start(self, _: Caller) -> Answer:
        """Return what waits, what changed last, and how to go on; without what MetaStudio does not tell."""
        waiting, recent = await self._jobs.both()
        return partial(overviews.start, await self._with_claims(waiting), await self._with_claims(recent))

    async def waiting_jobs(self, *, fresh: bool = False) -> WaitingJobs:
        """Return the jobs that wait, longest wait first. Raises MetaStudioError."""
        return await self._with_claims(await self._jobs.waiting(fresh=fresh))

    async def _with_claims(self, found: L) -> L:
        """Return a list with who sees to its jobs, as far as the store tells; an error as it is."""
        if not isinstance(found, JobList):
            return found
        with suppress(StoreTrouble):
            records = await self._store.get([JobRef.of(job.job_id or "") for job in found.jobs])
            known = {job.job_id or "": records.job(JobRef.of(job.job_id or "")) for job in found.jobs}
            claims = {
                job.job_id or "": record.claim
                for job in found.jobs
                if (record := known[job.job_id or ""]) and record.claim and not differs(job, record.job)
            }
            return replace(found, claims=claims)
        return found
