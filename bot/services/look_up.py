"""Looking up a job, and returning its card."""

from functools import partial

from bot.domain import subscriptions as changes
from bot.domain.jobs import Job
from bot.domain.staleness import differs
from bot.domain.workspace import Workspace
from bot.messages.context import Answer
from bot.messages.looked_up import looked_up
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.services.caller import Caller
from bot.services.reasons import Reasons
from bot.store import Store
from bot.watch.watcher import Watcher


class LookUpService:
    """The use case of looking up a job."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        watcher: Watcher,
        workspace: Workspace,
        clock: Clock,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._watcher = watcher
        self._reasons = Reasons(metastudio, store)
        self._team_id = workspace.team_id
        self._clock = clock

    async def card(self, caller: Caller, job_id: str) -> Answer:
        """Return a job's card. Raises MetaStudioError, StoreTrouble."""
        job = await self._metastudio.job(job_id)
        self._watcher.retry_soon()
        return await self.card_of(caller, job)

    async def card_of(self, caller: Caller, job: Job) -> Answer:
        """Return the card of a job that MetaStudio has just shown. Raises StoreTrouble."""
        cause = await self._reasons.of(job)
        key = changes.key_of(self._team_id, caller.channel_id, job.job_id or "")
        shown = await self._store.following(key)
        record = (await self._store.get([key.job])).job(key.job)
        is_current = record is not None and not differs(job, record.job)
        return partial(
            looked_up,
            job,
            now=int(self._clock()),
            followed_in=caller.channel_id if shown and not shown.is_ended else "",
            cause=cause,
            record=record if is_current else None,
        )
