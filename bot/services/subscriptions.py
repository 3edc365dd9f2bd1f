"""What people ask for: to see a job, to have a channel told of it, to end that, to see a channel's list.

Each method makes the answer to the one person who asked, or raises an error that carries its sentence.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from weakref import WeakValueDictionary

from bot.deliver.outbox import Outbox
from bot.domain import subscriptions as changes
from bot.domain.subscriptions import Change, Key, Level, Step, Subscription, next_step
from bot.domain.workspace import Workspace
from bot.messages import job_card, private
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from bot.metastudio.client import MetaStudio
from bot.store import Store
from bot.watch.watcher import Watcher

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, and for which channel."""

    channel_id: str
    channel_name: str
    user_id: str
    is_elsewhere: bool = False
    """Whether it is another channel than the one in which the person is."""

    @property
    def is_direct(self) -> bool:
        """Whether it is a direct message, be it with the bot or between people."""
        return self.channel_id.startswith("D") or self.channel_name.startswith("mpdm-")


class SubscriptionService:
    """Serves the people of one workspace."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        outbox: Outbox,
        watcher: Watcher,
        context: MessageContext,
        workspace: Workspace,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._outbox = outbox
        self._watcher = watcher
        self._context = context
        self._team_id = workspace.team_id
        self.serves = workspace.serves
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def look_up(self, job_id: str, caller: Caller) -> Message:
        """Show a job. Raises MetaStudioError."""
        job = await self._metastudio.job(job_id)
        self._watcher.retry_soon()
        subscription = await self._store.get(self._key(job_id, caller))
        return job_card.job(
            job,
            region=self._context.region,
            now=_now(),
            console_url=self._context.console_url(job_id),
            is_followed=bool(subscription and not subscription.stopped_by),
        )

    async def subscribe(self, job_id: str, level: Level | None, caller: Caller) -> Message:
        """Subscribe a channel, or change the level. Raises MetaStudioError, StoreTrouble."""
        key = self._key(job_id, caller)
        lock = self._locks.setdefault(key, asyncio.Lock())  # two people may press at once: the second waits
        async with lock:
            subscription = await self._without_stopped(key)
            if subscription:
                return await self._again(subscription, level, caller)
            at = self._metastudio.asked_at(job_id)
            job = await self._metastudio.stated_job(job_id)
            self._watcher.asked(job_id, at)
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
            return await self._delivered(subscription, caller)

    async def unsubscribe(self, job_id: str, caller: Caller) -> Message:
        """End a subscription; its card says who did. Raises StoreTrouble."""
        key = self._key(job_id, caller)
        subscription = await self._store.get(key)
        if subscription is None or subscription.stopped_by:
            return private.not_subscribed(job_id, self._context)
        await self._change(key, changes.stopped(caller.user_id))
        return private.stopped(subscription, self._context)

    async def listing(self, caller: Caller, start: int = 0) -> Message:
        """List a channel's subscriptions, from number ``start`` on."""
        subscription = await self._listed(caller)
        return private.listing(
            subscription,
            self._context,
            start=start,
            checked_at=self._watcher.checked_at,
            is_blind=self._watcher.trouble is not None,
        )

    async def page_with(self, job_id: str, caller: Caller) -> int:
        """Say where the page of a channel's list begins that has this job on it."""
        ids = [subscription.job_id for subscription in await self._listed(caller)]
        return private.page_start(ids.index(job_id)) if job_id in ids else 0

    async def _listed(self, caller: Caller) -> list[Subscription]:
        subscription = await self._store.of_channel(self._team_id, caller.channel_id)
        return [each for each in subscription if not each.stopped_by]

    async def retry(self, job_id: str, caller: Caller) -> Message:
        """Try a paused subscription now. Raises StoreTrouble."""
        key = self._key(job_id, caller)
        subscription = await self._store.change(key, changes.tried_again(_now()))
        if subscription is None or subscription.stopped_by:
            return private.not_subscribed(job_id, self._context)
        return await self._delivered(subscription, caller)

    async def set_level(self, job_id: str, level: Level, caller: Caller) -> Message:
        """Change which changes a channel shows. Raises StoreTrouble."""
        subscription = await self._change(self._key(job_id, caller), changes.with_level(level))
        return (
            private.level_changed(subscription)
            if subscription
            else private.not_subscribed(job_id, self._context)
        )

    async def refresh(self, job_id: str, caller: Caller) -> Message | None:
        """Check a subscription's job now, and have its card say so. Raises MetaStudioError, StoreTrouble."""
        key = self._key(job_id, caller)
        subscription = await self._store.get(key)
        if subscription is None or subscription.stopped_by:
            return await self.look_up(job_id, caller)
        await self._watcher.check_now(job_id)
        await self._change(key, changes.outdated)
        return None

    def _key(self, job_id: str, caller: Caller) -> Key:
        return Key(self._team_id, caller.channel_id, job_id)

    async def _change(self, key: Key, change: Change) -> Subscription | None:
        subscription = await self._store.change(key, change)
        self._outbox.wake(key)
        return subscription

    async def _without_stopped(self, key: Key) -> Subscription | None:
        """Take what is kept; one that was stopped a moment ago is let say so first."""
        subscription = await self._store.get(key)
        if subscription and subscription.stopped_by:
            await self._outbox.deliver(key)
            return await self._store.change(key, lambda late: None if late.stopped_by else late)
        return subscription

    async def _again(self, subscription: Subscription, level: Level | None, caller: Caller) -> Message:
        """Answer for a channel that has the subscription already."""
        if subscription.pause or subscription.card is None:
            await self._store.change(subscription.key, changes.with_level(level or subscription.level))
            await self._store.change(subscription.key, changes.tried_again(_now()))
            return await self._delivered(subscription, caller)
        if level and level is not subscription.level:
            return await self.set_level(subscription.job_id, level, caller)
        return private.already(subscription, self._context)

    async def _delivered(self, before: Subscription, caller: Caller) -> Message:
        """Have what is due posted, the card and then a notice, and say what came of it."""
        tries = before.pause.tries if before.pause else 0
        for _ in range(2):
            await self._outbox.deliver(before.key, person_is_here=True)
            after = await self._store.get(before.key)
            if after is None:
                return private.stopped(before, self._context)
            if after.pause and after.pause.tries > tries:
                return await self._refused(after, caller)
            if next_step(after) not in {Step.POST_CARD, Step.POST_NOTICE}:
                self._outbox.wake(before.key)
                return private.subscribed(after)
        self._outbox.wake(before.key)
        return private.later(before)

    async def _refused(self, after: Subscription, caller: Caller) -> Message:
        if after.card is None and caller.is_direct:
            await self._change(after.key, changes.stopped(caller.user_id))
            return private.not_in_direct(self._context)
        self._outbox.wake(after.key)
        return private.refused(after, self._context, elsewhere=caller.is_elsewhere)


def _now() -> int:
    return int(time.time())
