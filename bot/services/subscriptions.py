"""Subscribing a channel to a job, changing and ending that, and listing a channel's subscriptions.

Each method returns the reply to the one person who asks, or raises an error that carries its code and values.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from weakref import WeakValueDictionary

from bot.deliver.outbox import Outbox
from bot.domain import subscriptions as changes
from bot.domain.subscriptions import Change, Key, Level, Step, Subscription, next_step
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from bot.metastudio.client import MetaStudio
from bot.services.caller import Caller
from bot.services.look_up import LookUpService
from bot.store import Store
from bot.watch.watcher import Watcher

P = ParamSpec("P")
Method = Callable[Concatenate["SubscriptionService", Caller, P], Awaitable[Message]]


def needs_channel(method: Method[P]) -> Method[P]:
    """Decorate a method to reply ``no_channel`` to a caller without a channel (modal, App Home)."""

    @wraps(method)
    async def checked(
        self: "SubscriptionService", caller: Caller, /, *args: P.args, **kwargs: P.kwargs
    ) -> Message:
        return await method(self, caller, *args, **kwargs) if caller.channel_id else private.no_channel()

    return checked


class SubscriptionService:
    """Creates, changes, ends and lists the subscriptions of the workspace's channels."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        outbox: Outbox,
        watcher: Watcher,
        context: MessageContext,
        look_up: LookUpService,
        workspace: Workspace,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._outbox = outbox
        self._watcher = watcher
        self._context = context
        self._look_up = look_up
        self._team_id = workspace.team_id
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    @needs_channel
    async def subscribe(self, caller: Caller, job_id: str, level: Level | None = None) -> Message:
        """Subscribe a channel, or change the level. Raises MetaStudioError, StoreTrouble."""
        key = self._key(caller, job_id)
        lock = self._locks.setdefault(key, asyncio.Lock())  # two people may press at once: the second waits
        async with lock:
            subscription = await self._without_stopped(key)
            if subscription:
                return await self._again(caller, subscription, level)
            asked_at = self._metastudio.asked_at(job_id)
            job = await self._metastudio.stated_job(job_id)
            self._watcher.person_saw(job_id, asked_at)
            if job.is_over:
                return private.over(job, self._context, now=_now())
            subscription = await self._store.add(
                Subscription(
                    team_id=key.team_id,
                    channel_id=key.channel_id,
                    job_id=job_id,
                    level=level or Level.ALL,
                    subscribed_by=caller.user_id,
                    subscribed_at=_now(),
                    job=job.remembered(),
                )
            )
            return await self._delivered(caller, subscription)

    @needs_channel
    async def unsubscribe(self, caller: Caller, job_id: str) -> Message:
        """End a subscription; its card says who did. Raises StoreTrouble."""
        key = self._key(caller, job_id)
        subscription = await self._store.get(key)
        if subscription is None or subscription.stopped_by:
            return private.not_subscribed(job_id, self._context)
        await self._change(key, changes.stopped(caller.user_id))
        return private.stopped(subscription, self._context)

    @needs_channel
    async def retry(self, caller: Caller, job_id: str) -> Message:
        """Retry a paused subscription's delivery now. Raises StoreTrouble."""
        subscription = await self._store.change(self._key(caller, job_id), changes.tried_again(_now()))
        if subscription is None or subscription.stopped_by:
            return private.not_subscribed(job_id, self._context)
        return await self._delivered(caller, subscription)

    @needs_channel
    async def set_level(self, caller: Caller, job_id: str, level: Level) -> Message:
        """Set a subscription's level. Raises StoreTrouble."""
        subscription = await self._change(self._key(caller, job_id), changes.with_level(level))
        if subscription is None:
            return private.not_subscribed(job_id, self._context)
        return private.level_changed(subscription)

    async def refresh(self, caller: Caller, job_id: str) -> Message | None:
        """Check a job now: edit its card, or return a new one. Raises MetaStudioError, StoreTrouble."""
        key = self._key(caller, job_id)
        subscription = await self._store.get(key)
        if subscription is None or subscription.stopped_by:
            return await self._look_up.card(caller, job_id)
        await self._watcher.check_now(job_id)
        await self._change(key, changes.outdated)
        return None

    @needs_channel
    async def page(self, caller: Caller, start: int = 0) -> Message:
        """List a channel's subscriptions, from number ``start`` on."""
        return private.listing(
            await self._listed(caller),
            self._context,
            start=start,
            checked_at=self._watcher.checked_at,
            checks_fail=self._watcher.trouble is not None,
        )

    async def change_in_list(
        self, caller: Caller, job_id: str, change: Callable[[Caller, str], Awaitable[Message]]
    ) -> Message:
        """Apply ``change`` to one entry of the list; return the page that held it, as it is afterwards."""
        ids = [each.job_id for each in await self._listed(caller)]
        start = private.page_start(ids.index(job_id)) if job_id in ids else 0
        await change(caller, job_id)
        return await self.page(caller, start)

    async def _listed(self, caller: Caller) -> list[Subscription]:
        subscriptions = await self._store.of_channel(self._team_id, caller.channel_id)
        return [each for each in subscriptions if not each.stopped_by]

    def _key(self, caller: Caller, job_id: str) -> Key:
        return Key(self._team_id, caller.channel_id, job_id)

    async def _change(self, key: Key, change: Change) -> Subscription | None:
        subscription = await self._store.change(key, change)
        self._outbox.wake(key)
        return subscription

    async def _without_stopped(self, key: Key) -> Subscription | None:
        """Return the subscription; for a stopped one, deliver its last edit, delete it and return None."""
        subscription = await self._store.get(key)
        if subscription and subscription.stopped_by:
            await self._outbox.deliver(key)
            return await self._store.change(key, lambda late: None if late.stopped_by else late)
        return subscription

    async def _again(self, caller: Caller, subscription: Subscription, level: Level | None) -> Message:
        """Reply for a channel that has the subscription already."""
        if subscription.pause or subscription.card is None:
            await self._store.change(subscription.key, changes.with_level(level or subscription.level))
            return await self.retry(caller, subscription.job_id)
        if level and level is not subscription.level:
            return await self.set_level(caller, subscription.job_id, level)
        return private.already(subscription, self._context)

    async def _delivered(self, caller: Caller, before: Subscription) -> Message:
        """Deliver the pending card and notice, and return a reply with the result."""
        tries = before.pause.tries if before.pause else 0
        for _ in range(2):
            await self._outbox.deliver(before.key, person_is_here=True)
            after = await self._store.get(before.key)
            if after is None:
                return private.stopped(before, self._context)
            if after.pause and after.pause.tries > tries:
                return await self._refused(caller, after)
            if next_step(after) not in {Step.POST_CARD, Step.POST_NOTICE}:
                self._outbox.wake(before.key)
                return private.subscribed(after)
        self._outbox.wake(before.key)
        return private.later(before)

    async def _refused(self, caller: Caller, after: Subscription) -> Message:
        if after.card is None and caller.is_direct:
            await self._change(after.key, changes.stopped(caller.user_id))
            return private.not_in_direct(self._context)
        self._outbox.wake(after.key)
        return private.refused(after, self._context, elsewhere=caller.is_elsewhere)


def _now() -> int:
    return int(time.time())
