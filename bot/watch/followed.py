"""The records of the followed jobs, between the store and the watch policy."""

import asyncio
import logging

from bot.domain.following import Changed
from bot.domain.job_records import observed
from bot.domain.records import JobRecord, JobRef, Records
from bot.store import Store
from bot.telemetry.logs import about
from bot.watch.policy import Policy

log = logging.getLogger(__name__)


class FollowedRecords:
    """The store's records of jobs, of which only those are read again of which a change was heard."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_loaded = False
        self._heard: set[JobRef] = set()
        self._reading = asyncio.Lock()  # else an earlier reading could be applied after a later one
        store.listen(self._hear)

    def _hear(self, changed: Changed) -> None:
        self._heard |= changed.jobs

    async def refresh(self, policy: Policy) -> None:
        """Tell a policy the records as they are now. Raises StoreTrouble."""
        async with self._reading:
            if not self._is_loaded:
                for ref, record in (await self._store.jobs()).items():
                    policy.jobs.know(ref, record)
                self._is_loaded = True
            heard, self._heard = self._heard, set()
            try:
                records = await self._store.get(heard) if heard else Records()
            except BaseException:
                self._heard |= heard
                raise
            for ref in heard:
                policy.jobs.know(ref, records.job(ref))

    async def record(self, changes: tuple[tuple[JobRecord, JobRecord], ...]) -> Records:
        """Replace records, unless they are others by now; return what is stored. Raises StoreTrouble."""
        records = await self._store.change([known.ref for known, _ in changes], observed(changes))
        for known, new in changes:
            if new.number != known.number and records.job(known.ref) == new:
                log.info("change", extra=about(job=known.ref.job_id, state=new.sights[-1].state))
        return records
