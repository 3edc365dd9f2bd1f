"""The lists of subscriptions: those of a channel, and a person's own, wherever they are."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.domain.direct_messages import direct_message
from bot.domain.following import Following
from bot.domain.records import Address
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.context import Answer
from bot.messages.listing import listing, own
from bot.messages.pages import page_start
from bot.services.caller import Caller
from bot.store import Store
from bot.watch.watcher import Watcher

How = Callable[[Caller, str], Awaitable[Answer]]
"""Changes the subscription to a job in the caller's channel. Raises StoreTrouble."""


class SubscriptionList(ABC):
    """A list of subscriptions, page by page, and changes of its entries."""

    def __init__(self, store: Store, watcher: Watcher, workspace: Workspace) -> None:
        self._store = store
        self._watcher = watcher
        self._team_id = workspace.team_id

    @abstractmethod
    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return what is listed, oldest first. Raises StoreTrouble."""

    @abstractmethod
    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """Return a page of the list, from number ``start`` on. Raises StoreTrouble."""

    async def change(self, caller: Caller, job_id: str, how: How) -> Answer:
        """Apply ``how`` to one entry of the list; return the page that held it, as it is afterwards."""
        listed = [(each.job_id, each.channel_id) for each in await self.followed(caller)]
        entry = job_id, (await self._address(caller)).channel_id
        if entry not in listed:
            return await self.page(caller)
        await how(caller, job_id)
        return await self.page(caller, page_start(listed.index(entry)))

    async def _address(self, caller: Caller) -> Address:
        address = Address(self._team_id, caller.channel_id)
        return direct_message(await self._store.get([address]), address) if address.is_person else address


class ChannelList(SubscriptionList):
    """What a channel follows."""

    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return what the caller's channel follows, oldest first. Raises StoreTrouble."""
        channel = await self._store.channel(await self._address(caller))
        return [each for each in channel.followings if each.subscription]

    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """List what the caller's channel follows. Raises StoreTrouble."""
        if not caller.channel_id:
            return private.no_channel
        return partial(
            listing,
            await self.followed(caller),
            channel_id=caller.channel_id,
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )


class OwnList(SubscriptionList):
    """What the caller subscribed, in whatever conversation, and nothing that others did."""

    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return what is followed by the caller's own subscriptions, oldest first. Raises StoreTrouble."""
        return await self._store.made_by(self._team_id, caller.user_id) if caller.user_id else ()

    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """List what the caller subscribed. Raises StoreTrouble."""
        return partial(
            own,
            await self.followed(caller),
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )
