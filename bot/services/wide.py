"""Subscribing a channel to all jobs of the project, a batch or a tag; changing and ending that."""

import asyncio
from collections.abc import Sequence
from functools import partial
from weakref import WeakValueDictionary

from bot.deliver.outbox import Outbox
from bot.deliver.outcome import Later, Refused
from bot.domain import boards as changes
from bot.domain import pauses
from bot.domain.boards import keys_of_board, wide_following
from bot.domain.following import WideFollowing
from bot.domain.job_names import folded
from bot.domain.keys import BoardKey, Selector
from bot.domain.records import Change, Level
from bot.domain.subscriptions import changed_wish
from bot.domain.workspace import Workspace
from bot.messages import board, private
from bot.messages.context import Answer
from bot.process.clock import Clock
from bot.services.addresses import address_of
from bot.services.audit import note
from bot.services.caller import Caller
from bot.store import Store


class WideService:
    """Creates, changes and ends wide subscriptions. Each method returns an answer; raises StoreTrouble."""

    def __init__(self, store: Store, outbox: Outbox, workspace: Workspace, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._team_id = workspace.team_id
        self._clock = clock
        self._locks: WeakValueDictionary[BoardKey, asyncio.Lock] = WeakValueDictionary()

    async def subscribe(
        self, caller: Caller, selector: Selector, level: Level | None = None, mentions: Sequence[str] = ()
    ) -> Answer:
        """Subscribe a channel, or change the level and whom it mentions; without one, that stays."""
        if not caller.channel_id:
            return private.no_channel
        key = await self._key(caller, selector)
        lock = self._locks.setdefault(key, asyncio.Lock())  # two people may type at once: the second waits
        async with lock:
            shown = await self._shown(key)
            if shown and shown.subscription:
                return await self._again(caller, shown, level, mentions)
            if shown:
                await self._outbox.deliver(key)  # the last edit of the one that was ended
            change = changes.board_started(
                key.address,
                key.selector,
                level=level or Level.IMPORTANT,
                by=caller.user_id,
                now=int(self._clock()),
                mentions=mentions,
            )
            await self._change(key, change)
            note("subscribed", caller, jobs=str(key.selector))
            return await self._delivered(caller, key)

    async def unsubscribe(self, caller: Caller, selector: Selector) -> Answer:
        """End a wide subscription; its board says who did."""
        if not caller.channel_id:
            return private.no_channel
        key = await self._key(caller, selector)
        shown = await self._shown(key)
        if shown is None or shown.subscription is None:
            return partial(board.not_followed_widely, key.selector)
        await self._change(key, changes.board_stopped(key, caller.user_id))
        moved = await self._key(caller, selector)
        if moved != key:  # with the first board to a person, which Slack accepted meanwhile
            await self._change(moved, changes.board_stopped(moved, caller.user_id))
        note("unsubscribed", caller, jobs=str(key.selector))
        return partial(board.stopped, shown)

    async def set_level(self, caller: Caller, selector: Selector, level: Level) -> Answer:
        """Set the level of a wide subscription."""
        key = await self._key(caller, selector)
        shown = await self._wish(caller, key, level)
        if shown is None or shown.subscription is None:
            return partial(board.not_followed_widely, key.selector)
        return partial(board.changed, shown)

    async def _again(
        self, caller: Caller, shown: WideFollowing, level: Level | None, mentions: Sequence[str]
    ) -> Answer:
        """Reply for a channel that has the subscription already; what it was not told is tried again."""
        key, before = shown.board.key, shown.subscription
        is_new = bool(before and level not in {None, before.level}) or bool(mentions)
        changed = await self._wish(caller, key, level, mentions) if is_new else shown
        if shown.destination.pause or shown.board.card is None:
            now = int(self._clock())
            await self._change(key, pauses.tried_again(key.address, now, knows=caller.user_id))
            return await self._delivered(caller, key)
        return partial(board.changed if is_new else board.already, changed or shown)

    async def _delivered(self, caller: Caller, key: BoardKey) -> Answer:
        """Deliver the board, and return a reply with the result."""
        outcome = await self._outbox.deliver(key, person=caller.user_id)
        shown = await self._shown(await self._key(caller, key.selector))
        match outcome:
            case _ if shown is None or shown.subscription is None:
                return partial(board.not_followed_widely, key.selector)
            case Refused() if shown.board.card is None and caller.is_direct:
                await self._change(key, changes.board_stopped(key, caller.user_id))
                return partial(private.not_in_direct, board.typed(key.selector))
            case Refused(reason):
                return partial(board.refused, shown, reason, elsewhere=caller.is_elsewhere)
            case Later():
                return partial(board.later, shown)
            case _:
                return partial(board.subscribed, shown)

    async def _key(self, caller: Caller, selector: Selector) -> BoardKey:
        """Return the key of the board that a person means: names are compared without case and width."""
        address = await address_of(caller, self._store, self._team_id)
        channel = await self._store.channel(address)
        known = [each.board.selector for each in channel.boards if _is_same(each.board.selector, selector)]
        return BoardKey(address, next(iter(known), selector))

    async def _shown(self, key: BoardKey) -> WideFollowing | None:
        return wide_following(await self._store.get(keys_of_board(key)), key)

    async def _change(self, key: BoardKey, change: Change) -> WideFollowing | None:
        return wide_following(await self._store.change(keys_of_board(key), change), key)

    async def _wish(
        self, caller: Caller, key: BoardKey, level: Level | None, mentions: Sequence[str] = ()
    ) -> WideFollowing | None:
        wish = keys_of_board(key)[1]
        shown = await self._change(key, changed_wish(wish, level, mentions or None))
        note("subscription changed", caller, jobs=str(key.selector))
        return shown


def _is_same(first: Selector, second: Selector) -> bool:
    return first.kind is second.kind and folded(first.value) == folded(second.value)
