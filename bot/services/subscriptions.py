"""Subscribing a channel to a job, changing and ending that, and listing a channel's subscriptions.

Each method returns the answer to the one person who asks, or raises an error with its code and values.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec
from weakref import WeakValueDictionary

from bot.deliver.outbox import Outbox
from bot.deliver.outcome import Later, Refused
from bot.domain import pauses
from bot.domain import subscriptions as changes
from bot.domain.direct_messages import direct_message
from bot.domain.following import Following
from bot.domain.records import Address, Change, DeliveryKey, JobRef, Level
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.context import Answer
from bot.metastudio.client import MetaStudio
from bot.services.caller import Caller
from bot.services.look_up import LookUpService
from bot.services.reasons import Reasons
from bot.store import Store
from bot.watch.watcher import Watcher

P = ParamSpec("P")
Method = Callable[Concatenate["SubscriptionService", Caller, P], Awaitable[Answer]]


def needs_channel(method: Method[P]) -> Method[P]:
    """Decorate a method to reply ``no_channel`` to a caller without a channel (modal, App Home)."""

    @wraps(method)
    async def checked(
        self: "SubscriptionService", caller: Caller, /, *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        return await method(self, caller, *args, **kwargs) if caller.channel_id else private.no_channel

    return checked


class SubscriptionService:
    """Creates, changes, ends and lists the subscriptions of the workspace's channels."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        outbox: Outbox,
        watcher: Watcher,
        look_up: LookUpService,
        workspace: Workspace,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._outbox = outbox
        self._watcher = watcher
        self._look_up = look_up
        self._reasons = Reasons(metastudio, store)
        self._team_id = workspace.team_id
        self._locks: WeakValueDictionary[DeliveryKey, asyncio.Lock] = WeakValueDictionary()

    @needs_channel
    async def subscribe(self, caller: Caller, job_id: str, level: Level | None = None) -> Answer:
        """Subscribe a channel, or change the level. Raises MetaStudioError, StoreTrouble."""
        asked = changes.key_of(self._team_id, caller.channel_id, job_id)
        lock = self._locks.setdefault(asked, asyncio.Lock())  # two people may press at once: the second waits
        async with lock:
            key = await self._key(caller, job_id)
            shown = await self._following(key)
            if shown and shown.subscription:
                return await self._again(caller, shown, level)
            if shown:
                await self._outbox.deliver(key)  # the last edit of the one that was ended
            asked_at = self._metastudio.asked_at(job_id)
            job = await self._metastudio.stated_job(job_id)
            await self._watcher.person_saw(job_id, job, asked_at)
            if job.is_over:
                return partial(private.over, job, now=_now())
            change = changes.started(
                key,
                job,
                level=level or Level.IMPORTANT,
                by=caller.user_id,
                now=_now(),
                cause=await self._reasons.of(job),
            )
            return await self._delivered(caller, job_id, await self._change(key, change))

    @needs_channel
    async def unsubscribe(self, caller: Caller, job_id: str) -> Answer:
        """End a subscription; its card says who did. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._following(key)
        if shown is None or shown.subscription is None:
            return partial(private.not_subscribed, job_id, channel_id=caller.channel_id)
        await self._change(key, changes.stopped(key, caller.user_id))
        moved = await self._key(caller, job_id)
        if moved != key:  # with a first card, which Slack accepted meanwhile
            await self._change(moved, changes.stopped(moved, caller.user_id))
        return partial(private.stopped, shown)

    @needs_channel
    async def retry(self, caller: Caller, job_id: str) -> Answer:
        """Retry now what a paused channel was not told. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        change = pauses.tried_again(key.address, _now(), knows=caller.user_id)
        return await self._delivered(caller, job_id, await self._change(key, change))

    @needs_channel
    async def set_level(self, caller: Caller, job_id: str, level: Level) -> Answer:
        """Set a subscription's level. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._change(key, changes.with_level(key, level))
        if shown is None or shown.subscription is None:
            return partial(private.not_subscribed, job_id, channel_id=caller.channel_id)
        return partial(private.level_changed, shown)

    async def refresh(self, caller: Caller, job_id: str) -> Answer | None:
        """Check a job now: edit its card, or return a new one. Raises MetaStudioError, StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._following(key)
        if shown is None or shown.subscription is None:
            return await self._look_up.card(caller, job_id)
        await self._watcher.check_now(job_id)
        await self._change(key, changes.outdated(key))
        return None

    async def _key(self, caller: Caller, job_id: str) -> DeliveryKey:
        return DeliveryKey(await self._address(caller), JobRef.of(job_id))

    async def _address(self, caller: Caller) -> Address:
        address = Address(self._team_id, caller.channel_id)
        return direct_message(await self._store.get([address]), address) if address.is_person else address

    async def _following(self, key: DeliveryKey) -> Following | None:
        return changes.following(await self._store.get(changes.keys_of(key)), key)

    async def _change(self, key: DeliveryKey, change: Change) -> Following | None:
        """Change what concerns one job in one channel, and return it as it is then."""
        return changes.following(await self._store.change(changes.keys_of(key), change), key)

    async def _again(self, caller: Caller, shown: Following, level: Level | None) -> Answer:
        """Reply for a channel that has the subscription already."""
        is_new = level not in {None, shown.level}
        if shown.pause or shown.delivery.card is None:
            if level and is_new:
                await self._change(shown.key, changes.with_level(shown.key, level))
            return await self.retry(caller, shown.job_id)
        if level and is_new:
            return await self.set_level(caller, shown.job_id, level)
        return partial(private.already, shown, elsewhere=caller.is_elsewhere)

    async def _delivered(self, caller: Caller, job_id: str, shown: Following | None) -> Answer:
        """Deliver the pending card or notice, and return a reply with the result."""
        if shown is None or shown.subscription is None:
            return partial(private.not_subscribed, job_id, channel_id=caller.channel_id)
        match await self._outbox.deliver(shown.key, person=caller.user_id):
            case Refused() if shown.delivery.card is None and caller.is_direct:
                await self._change(shown.key, changes.stopped(shown.key, caller.user_id))
                return partial(private.not_in_direct, job_id)
            case Refused(reason):
                return partial(private.refused, shown, reason, elsewhere=caller.is_elsewhere)
            case Later():
                return partial(private.later, shown)
            case _:
                return partial(private.subscribed, shown)


def _now() -> int:
    return int(time.time())
