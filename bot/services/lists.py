"""The lists of subscriptions: those of a channel, and a person's own, wherever they are."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Selector
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.context import Answer
from bot.messages.listing import Entry, listing, own
from bot.messages.pages import page_start
from bot.services.addresses import address_of
from bot.services.caller import Caller
from bot.store import Store
from bot.watch.watcher import Watcher

How = Callable[[Caller, str], Awaitable[Answer]]
"""Changes the subscription to a job in the caller's channel. Raises StoreTrouble."""
HowWide = Callable[[Caller, Selector], Awaitable[Answer]]
"""Changes a wide subscription there. Raises StoreTrouble."""


class SubscriptionList(ABC):
    """A list of subscriptions, page by page, and changes of its entries."""

    def __init__(self, store: Store, watcher: Watcher, workspace: Workspace) -> None:
        self._store = store
        self._watcher = watcher
        self._team_id = workspace.team_id

    @abstractmethod
    async def entries(self, caller: Caller) -> Sequence[Entry]:
        """Return what is listed. Raises StoreTrouble."""

    @abstractmethod
    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """Return a page of the list, from number ``start`` on. Raises StoreTrouble."""

    async def change(self, caller: Caller, job_id: str, how: How) -> Answer:
        """Apply ``how`` to one entry of the list; return the page that held it, as it is afterwards."""
        place = await self._place(caller, job_id)
        if place is None:
            return await self.page(caller)
        await how(caller, job_id)
        return await self.page(caller, page_start(place))

    async def change_wide(self, caller: Caller, selector: Selector, how: HowWide) -> Answer:
        """Apply ``how`` to one wide entry, in the same way."""
        place = await self._place(caller, selector)
        if place is None:
            return await self.page(caller)
        await how(caller, selector)
        return await self.page(caller, page_start(place))

    async def _place(self, caller: Caller, of: str | Selector) -> int | None:
        """Return the place of an entry in the list, by its job id or selector; None if it is not there."""
        listed = [
            (_identity(each), each.destination.address.channel_id) for each in await self.entries(caller)
        ]
        entry = of, (await address_of(caller, self._store, self._team_id)).channel_id
        return listed.index(entry) if entry in listed else None


def _identity(entry: Entry) -> str | Selector:
    return entry.board.selector if isinstance(entry, WideFollowing) else entry.job_id


class ChannelList(SubscriptionList):
    """What a channel follows."""

    async def entries(self, caller: Caller) -> Sequence[Entry]:
        """Return the channel's subscriptions: wide ones first, then the oldest. Raises StoreTrouble."""
        channel = await self._store.channel(await address_of(caller, self._store, self._team_id))
        return [*(each for each in channel.boards if each.subscription), *await self.followed(caller)]

    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return the jobs that the channel is subscribed to by themselves. Raises StoreTrouble."""
        channel = await self._store.channel(await address_of(caller, self._store, self._team_id))
        return [each for each in channel.followings if each.subscription]

    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """List what the caller's channel follows. Raises StoreTrouble."""
        if not caller.channel_id:
            return private.no_channel
        return partial(
            listing,
            await self.entries(caller),
            channel_id=caller.channel_id,
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )


class OwnList(SubscriptionList):
    """What the caller subscribed, in whatever conversation, and nothing that others did."""

    async def entries(self, caller: Caller) -> Sequence[Entry]:
        """Return the caller's own subscriptions: wide ones first, then the oldest. Raises StoreTrouble."""
        return await self._store.made_by(self._team_id, caller.user_id) if caller.user_id else ()

    async def page(self, caller: Caller, start: int = 0) -> Answer:
        """List what the caller subscribed. Raises StoreTrouble."""
        return partial(
            own,
            await self.entries(caller),
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )
