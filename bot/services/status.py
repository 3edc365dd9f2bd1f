"""The bot itself: its version, how fresh its data is, and whether it can reach MetaStudio and a channel."""

import time
from functools import partial

from bot.domain.keys import Address
from bot.domain.workspace import Workspace
from bot.messages import status
from bot.messages.context import Answer
from bot.process.version import VERSION
from bot.services.caller import Caller
from bot.store import Store
from bot.watch.watcher import Watcher


class StatusService:
    """Tells what the bot knows of itself, without a call of Slack's or MetaStudio's."""

    def __init__(self, store: Store, watcher: Watcher, workspace: Workspace) -> None:
        self._store = store
        self._watcher = watcher
        self._team_id = workspace.team_id

    async def status(self, caller: Caller) -> Answer:
        """Return how the bot is, and what the last delivery in the channel showed. Raises StoreTrouble."""
        address = Address(self._team_id, caller.channel_id)
        channel = await self._store.channel(address) if caller.channel_id else None
        answered_at = int(time.time() - self._watcher.silence) if self._watcher.was_served else None
        reach = status.Reach(answered_at, self._watcher.trouble)
        return partial(status.status, VERSION, reach, channel)
