"""Where an App Home's facts come from: one request for what waits, and the store for subscriptions."""

import time
from collections.abc import Sequence

from bot.domain.following import Following
from bot.domain.waiting import WAITING_STATES, WaitingJobs, waiting
from bot.metastudio.client import MetaStudio
from bot.services.caller import Caller
from bot.store import Store


class WaitingNow:
    """The jobs that wait for the customer, as MetaStudio lists them."""

    def __init__(self, metastudio: MetaStudio) -> None:
        self._metastudio = metastudio

    async def waiting_jobs(self, *, fresh: bool = False) -> WaitingJobs:  # noqa: ARG002  nothing is kept here
        """Return them. Raises MetaStudioError."""
        as_of = int(time.time())
        page = await self._metastudio.listed({"state": ",".join(WAITING_STATES)})
        found = waiting(page.jobs)
        return WaitingJobs(found, as_of, is_complete=len(page.jobs) == page.count, searched=len(page.jobs))


class OwnSubscriptions:
    """A person's own subscriptions, in whatever conversation they are."""

    def __init__(self, store: Store, team_id: str) -> None:
        self._store = store
        self._team_id = team_id

    async def followed(self, caller: Caller) -> Sequence[Following]:
        """Return what they follow. Raises StoreTrouble."""
        found: list[Following] = []
        for address in await self._store.addresses():
            if address.team_id == self._team_id:
                found += (await self._store.channel(address)).followings
        return [
            each for each in found if each.subscription and each.subscription.subscribed_by == caller.user_id
        ]
