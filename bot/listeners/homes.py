"""Publishing the App Homes of the people who opened theirs since the start, one at a time for a person."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.domain.waiting import WaitingJobs
from bot.errors import VoiceJobError
from bot.listeners.replies import PendingReply, Replies
from bot.messages.blocks import Message
from bot.messages.home import Facts, home
from bot.messages.listing import Entry
from bot.services.caller import Caller
from bot.services.home import HomeService
from bot.slack.replies import Home
from bot.slack.sender import SendError
from bot.telemetry.metrics import OTHER

OPENED: Final = "app_home_opened"
"""Slack's event."""
PATIENCE: Final = 0.5
"""Seconds after which a first version does without what MetaStudio has not told yet."""
TRIES: Final = 3
"""How often a Home is built anew, when Slack has another version than the one that it would replace."""
MOST: Final = 1000
"""The most people whose Homes are remembered."""


@dataclass(kw_only=True, eq=False)
class _Page:
    """The Home of one person."""

    caller: Caller
    hash: str = ""
    """Slack's, of the version that was published last; empty if that is not known."""
    waiting: WaitingJobs | VoiceJobError | None = None
    """What it showed last as waiting."""
    note: Message | None = None
    """The answer to what the person pressed in it since they opened it."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    opening: "asyncio.Task[None] | None" = None
    refreshing: "asyncio.Task[None] | None" = None
    is_outdated: bool = False


class HomePages:
    """Publishes App Homes."""

    def __init__(self, replies: Replies, service: HomeService) -> None:
        self._replies = replies
        self._service = service
        self._pages: dict[str, _Page] = {}

    def open(self, user_id: str, shown: str, *, fresh: bool = False) -> None:
        """Publish the Home of a person who opened it; ``shown`` is the hash of what they see, if they do.

        ``fresh``: MetaStudio is asked in any case.
        """
        page = self._page(user_id)
        page.hash, page.note = page.hash or shown, None
        if fresh or page.opening is None or page.opening.done():
            page.opening = self._replies.run(self._publish(page, fresh=fresh))

    async def show(self, caller: Caller, note: Message) -> None:
        """Publish a person's Home with an answer on top."""
        page = self._page(caller.user_id)
        page.note = note
        await self._publish(page)

    def changed(self, user_id: str) -> None:
        """Publish a person's Home anew some time soon, if they have opened it."""
        if (page := self._pages.get(user_id)) is None:
            return
        page.is_outdated = True
        if page.refreshing is None or page.refreshing.done():
            page.refreshing = self._replies.run(self._refresh(page))

    def _page(self, user_id: str) -> _Page:
        caller = Caller(channel_id="", channel_name="", user_id=user_id)
        page = self._pages.pop(user_id, None) or _Page(caller=caller)
        if len(self._pages) >= MOST:
            del self._pages[next(iter(self._pages))]
        self._pages[user_id] = page
        return page

    async def _refresh(self, page: _Page) -> None:
        while page.is_outdated:
            await self._replies.sender.wait_to_publish()
            page.is_outdated = False
            await self._publish(page)

    async def _publish(self, page: _Page, *, fresh: bool = False) -> None:
        """Publish a Home; twice, if what waits does not come soon."""
        asked = asyncio.ensure_future(self._service.waiting(fresh=fresh))
        try:
            await asyncio.wait([asked], timeout=PATIENCE)
            if not asked.done():
                await self._build(page)
            page.waiting = await asked
        finally:
            asked.cancel()
        await self._build(page)

    async def _build(self, page: _Page) -> None:
        """Build a Home of what is known, and again if Slack has another version than was thought."""
        async with page.lock:
            for _ in range(TRIES):
                context = await self._replies.readers.of(page.caller)
                followed: Sequence[Entry] | VoiceJobError = await self._service.followed(page.caller)
                facts = Facts(waiting=page.waiting, followed=followed, note=page.note)
                built = self._replies.rendered(_opening(page.caller), partial(home, facts), context)
                try:
                    page.hash = await self._replies.sender.publish(
                        page.caller.user_id, built, replaced=page.hash
                    )
                except SendError:
                    page.hash = ""  # the new one is not told with the refusal
                else:
                    return


def _opening(caller: Caller) -> PendingReply:
    return PendingReply(about=OPENED, caller=caller, target=Home(caller.user_id), kind=OTHER)
