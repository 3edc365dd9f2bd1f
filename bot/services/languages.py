"""The languages of channels and people: which ones they are, and choosing them."""

from functools import partial

from bot.deliver.languages import Languages
from bot.domain.destinations import with_language
from bot.domain.direct_messages import direct_message, is_direct
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.workspace import Workspace
from bot.messages import private
from bot.messages.context import Answer
from bot.services.caller import Caller
from bot.store import Store


class LanguageService:
    """Shows and sets the languages of the workspace's channels and people."""

    def __init__(self, store: Store, languages: Languages, workspace: Workspace) -> None:
        self._store = store
        self._languages = languages
        self._team_id = workspace.team_id

    async def of(self, caller: Caller) -> Language:
        """Return the language in which a caller is answered."""
        return await self._languages.of_person(self._team_id, caller.user_id, caller.channel_id)

    async def choose(self, caller: Caller, language: Language | None, *, for_me: bool) -> Answer:
        """Set the language of the channel, or of the person; show both if none is named. Raises StoreTrouble.

        In a direct message with the bot there is no difference.
        """
        if language is None:
            return await self._shown(caller)
        is_persons = for_me or is_direct(caller.channel_id) or not caller.channel_id
        address = Address(self._team_id, caller.user_id if is_persons else caller.channel_id)
        await self._store.change([address], with_language(address, language))
        if is_persons:
            await self._turn_cards(caller, language)
        return partial(private.language_set, language, is_persons=is_persons)

    async def _turn_cards(self, caller: Caller, language: Language) -> None:
        """Note the language for a person's direct message too: its cards depend on that, and are edited."""
        own = Address(self._team_id, caller.user_id)
        here = own._replace(channel_id=caller.channel_id)
        direct = direct_message(await self._store.get([own]), own)
        for address in {direct, here if is_direct(caller.channel_id) else direct}:
            found = await self._store.channel(address)
            if found.followings or found.destination.language:  # else it may be one between people
                await self._store.change([address], with_language(address, language))

    async def _shown(self, caller: Caller) -> Answer:
        channel = Address(self._team_id, caller.channel_id)
        records = await self._store.get([channel])
        own = await self.of(caller)
        is_channel = caller.channel_id and not is_direct(caller.channel_id)
        channels = self._languages.of_channel(records.destination(channel)) if is_channel else None
        return partial(private.languages, channels, own)
