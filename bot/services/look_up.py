"""Looking up a job, and returning its card."""

import time

from bot.domain import subscriptions as changes
from bot.domain.workspace import Workspace
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from bot.metastudio.client import MetaStudio
from bot.services.caller import Caller
from bot.store import Store
from bot.watch.watcher import Watcher


class LookUpService:
    """The use case of looking up a job."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        watcher: Watcher,
        context: MessageContext,
        workspace: Workspace,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._watcher = watcher
        self._context = context
        self._team_id = workspace.team_id

    async def card(self, caller: Caller, job_id: str) -> Message:
        """Return a job's card. Raises MetaStudioError, StoreTrouble."""
        job = await self._metastudio.job(job_id)
        self._watcher.retry_soon()
        key = changes.key_of(self._team_id, caller.channel_id, job_id)
        shown = changes.following(await self._store.get(changes.keys_of(key)), key)
        return job_card.job(
            job,
            region=self._context.region,
            now=int(time.time()),
            console_url=self._context.console_url(job_id),
            is_followed=bool(shown and shown.subscription),
        )
