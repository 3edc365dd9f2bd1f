"""What waits for the customer in the whole project, and what changed last."""

from functools import partial

from bot.domain.waiting import WaitingJobs
from bot.messages import overviews
from bot.messages.context import Answer
from bot.services.caller import Caller
from bot.services.project_jobs import ProjectJobs


class OverviewService:
    """Lists jobs of the project, whether they are followed or not."""

    def __init__(self, jobs: ProjectJobs) -> None:
        self._jobs = jobs

    async def waiting(self, _: Caller, start: int = 0, *, fresh: bool = False) -> Answer:
        """Return what waits, from number ``start`` on; ``fresh``: asked for now. Raises MetaStudioError."""
        return partial(overviews.waiting, await self.waiting_jobs(fresh=fresh), start=start)

    async def recent(self, _: Caller, start: int = 0, *, fresh: bool = False) -> Answer:
        """Return what changed last, from number ``start`` on. Raises MetaStudioError."""
        return partial(overviews.recent, await self._jobs.recent(fresh=fresh), start=start)

    async def start(self, _: Caller) -> Answer:
        """Return what waits, what changed last, and how to go on; without what MetaStudio does not tell."""
        waiting, recent = await self._jobs.both()
        return partial(overviews.start, waiting, recent)

    async def waiting_jobs(self, *, fresh: bool = False) -> WaitingJobs:
        """Return the jobs that wait, longest wait first. Raises MetaStudioError."""
        return await self._jobs.waiting(fresh=fresh)
