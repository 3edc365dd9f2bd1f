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
from bot.messages.channel import Look
from bot.metastudio.client import MetaStudio
from bot.store import Store
from bot.watch.watcher import Watcher

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Place:
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


class Desk:
    """Serves the people of one workspace."""

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        outbox: Outbox,
        watcher: Watcher,
        look: Look,
        workspace: Workspace,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._outbox = outbox
        self._watcher = watcher
        self._look = look
        self._team_id = workspace.team_id
        self.serves = workspace.serves
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def look_up(self, job_id: str, place: Place) -> Message:
        """Show a job. Raises MetaStudioError."""
        job = await self._metastudio.job(job_id)
        self._watcher.metastudio_works()
        kept = await self._store.get(self._key(job_id, place))
        return job_card.job(
            job,
            region=self._look.region,
            now=_now(),
            console_url=self._look.console_url(job_id),
            is_followed=bool(kept and not kept.stopped_by),
        )

    async def subscribe(self, job_id: str, level: Level | None, place: Place) -> Message:
        """Subscribe a channel, or change the level. Raises MetaStudioError, StoreTrouble."""
        key = self._key(job_id, place)
        lock = self._locks.setdefault(key, asyncio.Lock())  # two people may press at once: the second waits
        async with lock:
            kept = await self._without_stopped(key)
            if kept:
                return await self._again(kept, level, place)
            at = self._metastudio.asked_at(job_id)
            job = await self._metastudio.stated_job(job_id)
            self._watcher.asked(job_id, at)
            if job.is_over:
                return private.over(job, self._look, now=_now())
            kept = await self._store.add(
                Subscription(
                    team_id=key.team_id,
                    channel_id=key.channel_id,
                    job_id=job_id,
                    level=level or Level.ALL,
                    subscribed_by=place.user_id,
                    subscribed_at=_now(),
                    job=job.remembered(),
                )
            )
            return await self._delivered(kept, place)

    async def unsubscribe(self, job_id: str, place: Place) -> Message:
        """End a subscription; its card says who did. Raises StoreTrouble."""
        key = self._key(job_id, place)
        kept = await self._store.get(key)
        if kept is None or kept.stopped_by:
            return private.not_subscribed(job_id, self._look)
        await self._change(key, changes.stopped(place.user_id))
        return private.stopped(kept, self._look)

    async def listing(self, place: Place, start: int = 0) -> Message:
        """List a channel's subscriptions, from number ``start`` on."""
        kept = await self._listed(place)
        return private.listing(
            kept,
            self._look,
            start=start,
            checked_at=self._watcher.checked_at,
            is_blind=self._watcher.trouble is not None,
        )

    async def page_with(self, job_id: str, place: Place) -> int:
        """Say where the page of a channel's list begins that has this job on it."""
        ids = [kept.job_id for kept in await self._listed(place)]
        return private.page_start(ids.index(job_id)) if job_id in ids else 0

    async def _listed(self, place: Place) -> list[Subscription]:
        kept = await self._store.of_channel(self._team_id, place.channel_id)
        return [each for each in kept if not each.stopped_by]

    async def retry(self, job_id: str, place: Place) -> Message:
        """Try a paused subscription now. Raises StoreTrouble."""
        key = self._key(job_id, place)
        kept = await self._store.change(key, changes.tried_again(_now()))
        if kept is None or kept.stopped_by:
            return private.not_subscribed(job_id, self._look)
        return await self._delivered(kept, place)

    async def set_level(self, job_id: str, level: Level, place: Place) -> Message:
        """Change which changes a channel shows. Raises StoreTrouble."""
        kept = await self._change(self._key(job_id, place), changes.with_level(level))
        return private.level_changed(kept) if kept else private.not_subscribed(job_id, self._look)

    async def refresh(self, job_id: str, place: Place) -> Message | None:
        """Check a subscription's job now, and have its card say so. Raises MetaStudioError, StoreTrouble."""
        key = self._key(job_id, place)
        kept = await self._store.get(key)
        if kept is None or kept.stopped_by:
            return await self.look_up(job_id, place)
        await self._watcher.look(job_id)
        await self._change(key, changes.outdated)
        return None

    def _key(self, job_id: str, place: Place) -> Key:
        return Key(self._team_id, place.channel_id, job_id)

    async def _change(self, key: Key, change: Change) -> Subscription | None:
        kept = await self._store.change(key, change)
        self._outbox.wake(key)
        return kept

    async def _without_stopped(self, key: Key) -> Subscription | None:
        """Take what is kept; one that was stopped a moment ago is let say so first."""
        kept = await self._store.get(key)
        if kept and kept.stopped_by:
            await self._outbox.deliver(key)
            return await self._store.change(key, lambda late: None if late.stopped_by else late)
        return kept

    async def _again(self, kept: Subscription, level: Level | None, place: Place) -> Message:
        """Answer for a channel that has the subscription already."""
        if kept.pause or kept.card is None:
            await self._store.change(kept.key, changes.with_level(level or kept.level))
            await self._store.change(kept.key, changes.tried_again(_now()))
            return await self._delivered(kept, place)
        if level and level is not kept.level:
            return await self.set_level(kept.job_id, level, place)
        return private.already(kept, self._look)

    async def _delivered(self, before: Subscription, place: Place) -> Message:
        """Have what is due posted, the card and then a notice, and say what came of it."""
        tries = before.pause.tries if before.pause else 0
        for _ in range(2):
            await self._outbox.deliver(before.key, person_is_here=True)
            after = await self._store.get(before.key)
            if after is None:
                return private.stopped(before, self._look)
            if after.pause and after.pause.tries > tries:
                return await self._refused(after, place)
            if next_step(after) not in {Step.POST_CARD, Step.POST_NOTICE}:
                self._outbox.wake(before.key)
                return private.subscribed(after)
        self._outbox.wake(before.key)
        return private.later(before)

    async def _refused(self, after: Subscription, place: Place) -> Message:
        if after.card is None and place.is_direct:
            await self._change(after.key, changes.stopped(place.user_id))
            return private.not_in_direct(self._look)
        self._outbox.wake(after.key)
        return private.refused(after, self._look, elsewhere=place.is_elsewhere)


def _now() -> int:
    return int(time.time())
