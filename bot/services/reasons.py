"""Why a job failed or was sent back, for its card: as it is known, or else as MetaStudio says now."""

from bot.domain.causes import FAILURES, Cause
from bot.domain.jobs import Job
from bot.domain.keys import JobRef
from bot.domain.staleness import differs
from bot.errors import StoreTrouble
from bot.metastudio.client import MetaStudio
from bot.store import Store


class Reasons:
    """Finds the causes of jobs. MetaStudio is asked only where a job failed and its record has no cause."""

    def __init__(self, metastudio: MetaStudio, store: Store) -> None:
        self._metastudio = metastudio
        self._store = store

    async def of(self, job: Job) -> Cause | None:
        """Return why a job failed or was sent back; None if it was not, or nothing says why. Never raises."""
        if job.state not in FAILURES or not job.job_id:
            return None
        return await self._known(job, job.job_id) or await self._metastudio.cause(job)

    async def _known(self, job: Job, job_id: str) -> Cause | None:
        """Return the cause that was found when this state was seen."""
        ref = JobRef.of(job_id)
        try:
            record = (await self._store.get([ref])).job(ref)
        except StoreTrouble:
            return None
        return record.sights[-1].cause if record and not differs(job, record.job) else None
