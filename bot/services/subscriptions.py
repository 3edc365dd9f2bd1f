"""Subscribing a channel to a job, changing and ending that, and listing a channel's subscriptions.

Each method returns the answer to the one person who asks, or raises an error with its code and values.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial, wraps
from typing import Concatenate, ParamSpec
from weakref import WeakValueDictionary

from bot.deliver.outbox import Outbox
from bot.deliver.outcome import Later, Refused
from bot.domain import pauses
from bot.domain import subscriptions as changes
from bot.domain.following import Following
from bot.domain.keys import DeliveryKey, JobRef
from bot.domain.records import Change, Level
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.context import Answer
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.services.addresses import address_of
from bot.services.audit import note
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
        clock: Clock,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._outbox = outbox
        self._watcher = watcher
        self._look_up = look_up
        self._reasons = Reasons(metastudio, store)
        self._team_id = workspace.team_id
        self._clock = clock
        self._locks: WeakValueDictionary[DeliveryKey, asyncio.Lock] = WeakValueDictionary()

    @needs_channel
    async def subscribe(
        self, caller: Caller, job_id: str, level: Level | None = None, mentions: Sequence[str] = ()
    ) -> Answer:
        """Subscribe a channel, or change the level and whom it mentions.

        Raises MetaStudioError, StoreTrouble. Without ``mentions``, those that it has stay.
        """
        asked = changes.key_of(self._team_id, caller.channel_id, job_id)
        lock = self._locks.setdefault(asked, asyncio.Lock())  # two people may press at once: the second waits
        async with lock:
            key = await self._key(caller, job_id)
            shown = await self._following(key)
            if shown and shown.subscription:
                return await self._again(caller, shown, level, mentions)
            if shown:
                await self._outbox.deliver(key)  # the last edit of the one that was ended
            asked_at = self._metastudio.asked_at(job_id)
            job = await self._metastudio.stated_job(job_id)
            await self._watcher.person_saw(job_id, job, asked_at)
            if job.is_over:
                return partial(private.over, job, now=self._now())
            change = changes.started(
                key,
                job,
                level=level or Level.IMPORTANT,
                by=caller.user_id,
                now=self._now(),
                cause=await self._reasons.of(job),
                mentions=mentions,
            )
            made = await self._change(key, change)
            note("subscribed", caller, job_id)
            return await self._delivered(caller, job_id, made)

    @needs_channel
    async def unsubscribe(self, caller: Caller, job_id: str) -> Answer:
        """End a subscription; its card says who did. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._following(key)
        if shown is None or shown.subscription is None:
            return partial(private.not_subscribed, job_id, channel_id=caller.channel_id)
        goes_on = bool(shown.wide)
        await self._change(key, changes.stopped(key, caller.user_id, goes_on=goes_on))
        moved = await self._key(caller, job_id)
        if moved != key:  # with a first card, which Slack accepted meanwhile
            await self._change(moved, changes.stopped(moved, caller.user_id, goes_on=goes_on))
        note("unsubscribed", caller, job_id)
        return partial(private.stopped, shown)

    @needs_channel
    async def retry(self, caller: Caller, job_id: str) -> Answer:
        """Retry now what a paused channel was not told. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        change = pauses.tried_again(key.address, self._now(), knows=caller.user_id)
        return await self._delivered(caller, job_id, await self._change(key, change))

    @needs_channel
    async def set_level(self, caller: Caller, job_id: str, level: Level) -> Answer:
        """Set a subscription's level. Raises StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._wish(caller, key, level)
        if shown is None or shown.subscription is None:
            return partial(private.not_subscribed, job_id, channel_id=caller.channel_id)
        return partial(private.level_changed, shown)

    async def refresh(self, caller: Caller, job_id: str) -> Answer | None:
        """Check a job now: edit its card, or return a new one. Raises MetaStudioError, StoreTrouble."""
        key = await self._key(caller, job_id)
        shown = await self._following(key)
        if shown is None or shown.is_ended:
            return await self._look_up.card(caller, job_id)
        await self._watcher.check_now(job_id)
        await self._change(key, changes.outdated(key))
        return None

    def _now(self) -> int:
        return int(self._clock())

    async def _key(self, caller: Caller, job_id: str) -> DeliveryKey:
        return DeliveryKey(await address_of(caller, self._store, self._team_id), JobRef.of(job_id))

    async def _following(self, key: DeliveryKey) -> Following | None:
        return await self._store.following(key)

    async def _change(self, key: DeliveryKey, change: Change) -> Following | None:
        """Change what concerns one job in one channel, and return it as it is then."""
        await self._store.change(changes.keys_of(key), change)
        return await self._following(key)

    async def _wish(
        self, caller: Caller, key: DeliveryKey, level: Level | None, mentions: Sequence[str] = ()
    ) -> Following | None:
        """Change a subscription, and return it as it is then; None and no mentions leave one as it is."""
        wish = changes.keys_of(key)[1]
        shown = await self._change(key, changes.changed_wish(wish, level, mentions or None))
        note("subscription changed", caller, key.job.job_id)
        return shown

    async def _again(
        self, caller: Caller, shown: Following, level: Level | None, mentions: Sequence[str]
    ) -> Answer:
        """Reply for a channel that has the subscription already."""
        is_new = level not in {None, shown.level} or bool(mentions)
        changed = await self._wish(caller, shown.key, level, mentions) if is_new else shown
        if shown.pause or shown.delivery.card is None:
            return await self.retry(caller, shown.job_id)
        if changed and is_new:
            return partial(private.level_changed, changed)
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
