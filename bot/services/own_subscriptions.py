"""A person's own subscriptions, in whatever conversation they are."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.domain.following import Following
from bot.domain.workspace import Workspace
from bot.messages import listing
from bot.messages.context import Answer
from bot.messages.pages import page_start
from bot.services.caller import Caller
from bot.store import Store
from bot.watch.watcher import Watcher


class OwnSubscriptionService:
    """Lists and changes what the caller subscribed, and nothing that others did."""

    def __init__(self, store: Store, watcher: Watcher, workspace: Workspace) -> None:
        self._store = store
        self._watcher = watcher
        self._team_id = workspace.team_id

    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return what is followed by the caller's own subscriptions, oldest first. Raises StoreTrouble."""
        return await self._store.made_by(self._team_id, caller.user_id) if caller.user_id else ()

    async def mine(self, caller: Caller, start: int = 0) -> Answer:
        """List the caller's own subscriptions, from number ``start`` on. Raises StoreTrouble."""
        return partial(
            listing.own,
            await self.followed(caller),
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )

    async def change(
        self, caller: Caller, job_id: str, how: Callable[[Caller, str], Awaitable[Answer]]
    ) -> Answer:
        """Apply ``how`` to the subscription to a job in the caller's channel, if it is the caller's own.

        Return the page of the list that held it, as it is afterwards. Raises what ``how`` raises.
        """
        pairs = [(each.job_id, each.channel_id) for each in await self.followed(caller)]
        asked = job_id, caller.channel_id
        if asked not in pairs:
            return await self.mine(caller)
        await how(caller, job_id)
        return await self.mine(caller, page_start(pairs.index(asked)))
