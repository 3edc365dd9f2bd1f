"""In which language a person, or a conversation, reads the messages."""

import asyncio
from typing import Final

from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Destination, Records
from bot.errors import StoreTrouble
from bot.slack.people import People
from bot.store import Store

LIMIT: Final = 1.0
"""Seconds for which the store, and then Slack, may keep a message waiting."""


class Languages:
    """The languages that were chosen, or that Slack tells, or else ``default``, the operator's choice.

    No method raises, and none takes longer than twice ``limit`` seconds: a source that fails is left out.
    """

    def __init__(self, store: Store, people: People, default: Language, *, limit: float = LIMIT) -> None:
        self._store = store
        self._people = people
        self._default = default
        self._limit = limit

    async def of_person(self, team_id: str, user_id: str, channel_id: str = "") -> Language:
        """Return the language of what only this person reads, in a channel or elsewhere.

        It is what the person chose, else that of their Slack, else what the channel chose.
        """
        person, channel = Address(team_id, user_id), Address(team_id, channel_id)
        chosen = await self._chosen(person, channel)
        return (
            chosen.destination(person).language
            or await self._slacks(user_id)
            or self.of_channel(chosen.destination(channel))
        )

    def of_channel(self, destination: Destination) -> Language:
        """Return the language of what a whole conversation reads."""
        return destination.language or self._default

    async def _chosen(self, *addresses: Address) -> Records:
        try:
            async with asyncio.timeout(self._limit):
                return await self._store.get(addresses)
        except (StoreTrouble, TimeoutError):
            return Records()

    async def _slacks(self, user_id: str) -> Language | None:
        try:
            async with asyncio.timeout(self._limit):
                return await self._people.locale(user_id)
        except TimeoutError:
            return None
