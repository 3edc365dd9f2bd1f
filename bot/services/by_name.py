"""What people do with a job that they call by its id, or by the name of its voice."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.domain.job_names import Found, Wanted, named, nearest
from bot.domain.records import Level
from bot.messages import hits, job_card
from bot.messages.blocks import mention
from bot.messages.channel import STOP
from bot.messages.context import Answer
from bot.messages.guidance import TYPED_AGAIN
from bot.services.caller import Caller
from bot.services.details import DetailsService
from bot.services.finding import Finder
from bot.services.lists import ChannelList
from bot.services.look_up import LookUpService
from bot.services.subscriptions import SubscriptionService


class ByNameService:
    """Finds the job that a person means, and does what they ask for; or lists those that it may be.

    Its methods raise what the services raise, and BadUsage where nothing is found and another command was
    meant.
    """

    def __init__(
        self,
        finder: Finder,
        look_up: LookUpService,
        details: DetailsService,
        subscriptions: SubscriptionService,
        channel_list: ChannelList,
    ) -> None:
        self._finder = finder
        self._look_up = look_up
        self._details = details
        self._subscriptions = subscriptions
        self._list = channel_list

    async def card(self, caller: Caller, wanted: Wanted) -> Answer:
        """Return a job's card."""
        return await self._finder.act(
            wanted,
            on_id=partial(self._look_up.card, caller),
            on_one=lambda found: _told(found, self._look_up.card_of(caller, found.jobs[0])),
            on_several=_asking(wanted),
        )

    async def details(self, caller: Caller, wanted: Wanted) -> Answer:
        """Return a job's details."""
        choice = hits.Choice("details", job_card.DETAILS)
        return await self._finder.act(
            wanted,
            on_id=partial(self._details.details, caller),
            on_one=lambda found: _told(found, self._details.details(caller, found.jobs[0].job_id or "")),
            on_several=_asking(wanted, choice),
        )

    async def subscribe(
        self, caller: Caller, wanted: Wanted, level: Level | None = None, mentions: Sequence[str] = ()
    ) -> Answer:
        """Subscribe a channel to a job; one of which there may be others of that name is listed first."""
        choice = _choice("subscribe", hits.SUBSCRIBE_AT[level], caller)
        if mentions:
            me = "me" if caller.is_elsewhere else ""
            typed = ["subscribe", "{job}", level, me, *map(mention, mentions)]
            choice = hits.Choice("subscribe", TYPED_AGAIN, typed=" ".join(filter(None, typed)))
        ask = _asking(wanted, choice)
        subscribe = partial(self._subscriptions.subscribe, caller, level=level, mentions=mentions)

        async def one(found: Found) -> Answer:
            return ask(found) if found.searched else await subscribe(found.jobs[0].job_id or "")

        return await self._finder.act(
            wanted,
            on_id=subscribe,
            on_one=one,
            on_several=ask,
        )

    async def unsubscribe(self, caller: Caller, wanted: Wanted) -> Answer:
        """End a channel's subscription to a job: only what is followed there is searched."""
        listed = await self._list.followed(caller) if caller.channel_id else ()
        jobs = [each.job.model_copy(update={"job_id": each.job_id}) for each in listed]
        found = named(jobs, wanted.name) if wanted.name else ()
        if not wanted.name or not jobs or wanted.job_id in {job.job_id for job in jobs}:
            return await self._subscriptions.unsubscribe(caller, wanted.typed)
        if len(found) == 1:
            return await self._subscriptions.unsubscribe(caller, found[0].job_id or "")
        if not found and wanted.guess:
            raise wanted.guess
        near = () if found else nearest(jobs, wanted.name)
        return _asking(wanted, _choice("unsubscribe", STOP, caller))(Found(found, near))


def _choice(name: str, action_id: str, caller: Caller) -> hits.Choice:
    """Return the button that does what the caller typed, for the conversation that they meant."""
    return hits.Choice(name, action_id, caller.channel_id if caller.is_elsewhere else "")


def _asking(wanted: Wanted, choice: hits.Choice | None = None) -> Callable[[Found], Answer]:
    """Return what asks which of the jobs is meant, with the button that does what was typed."""
    return lambda found: partial(hits.hits, found, wanted.typed, choice=choice)


async def _told(found: Found, asked: Awaitable[Answer]) -> Answer:
    """Return the answer about the one job that was found; where not all were searched, it says so."""
    answer = await asked
    return partial(hits.with_searched, answer, found.searched) if found.searched else answer
