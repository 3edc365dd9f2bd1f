"""The records of the followed jobs, and the wide subscriptions, between the store and the watch policy."""

import asyncio
import logging
from collections.abc import Callable

from bot.domain.following import Changed
from bot.domain.job_records import observed, turn_began
from bot.domain.keys import JobRef
from bot.domain.records import JobRecord, Records
from bot.domain.taking_in import keys_to_take_in, taken_in
from bot.domain.waiting import is_ours
from bot.store import Store
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics
from bot.watch.policy import Policy
from bot.watch.questions import TakeIn

log = logging.getLogger(__name__)


class FollowedRecords:
    """What the store has of jobs, of which only that is read again of which a change was heard.

    ``on_wide`` is called when the wide subscriptions are others.
    """

    def __init__(
        self, store: Store, on_wide: Callable[[], None] = lambda: None, metrics: Metrics | None = None
    ) -> None:
        self._store = store
        self._metrics = metrics or Metrics()
        self._on_wide = on_wide
        self._is_loaded = False
        self._has_wide_news = True
        self._heard: set[JobRef] = set()
        self._reading = asyncio.Lock()  # else an earlier reading could be applied after a later one
        store.listen(self._hear)

    def _hear(self, changed: Changed) -> None:
        self._heard |= changed.jobs
        if changed.has_wide:
            self._has_wide_news = True
            self._on_wide()

    async def refresh(self, policy: Policy) -> None:
        """Tell a policy the records as they are now. Raises StoreTrouble."""
        async with self._reading:
            if not self._is_loaded:
                for ref, record in (await self._store.jobs()).items():
                    policy.jobs.know(ref, record)
                self._is_loaded = True
            heard, self._heard = self._heard, set()
            has_wide_news, self._has_wide_news = self._has_wide_news, False
            try:
                records = await self._store.get(heard) if heard else Records()
                wide = await self._store.wide() if has_wide_news else None
            except BaseException:
                self._heard |= heard
                self._has_wide_news |= has_wide_news
                raise
            if wide is not None:
                policy.know_wide(wide)
            for ref in heard:
                policy.jobs.know(ref, records.job(ref))

    async def record(self, changes: tuple[tuple[JobRecord, JobRecord], ...]) -> Records:
        """Replace records, unless they are others by now; return what is stored. Raises StoreTrouble."""
        records = await self._store.change([known.ref for known, _ in changes], observed(changes))
        for known, new in changes:
            if new.number != known.number and records.job(known.ref) == new:
                self._note_moved(known, new)
                log.info("change", extra=about(job=known.ref.job_id, state=new.sights[-1].state))
        return records

    async def take_in(self, new: TakeIn, now: int) -> Records:
        """Follow jobs for wide subscriptions; return what is stored of them. Raises StoreTrouble."""
        keys = keys_to_take_in(new.wishes, new.jobs)
        change = taken_in(new.wishes, new.jobs, now, is_complete=new.is_complete, causes=new.causes)
        return await self._store.change(keys, change)

    def _note_moved(self, known: JobRecord, new: JobRecord) -> None:
        """Measure for how long a job waited for the customer, if it did."""
        if is_ours(known.job.state):
            self._metrics.moved(known.job.state or "", new.sights[-1].at - turn_began(known))
