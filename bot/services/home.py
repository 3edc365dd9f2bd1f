"""What a person's App Home shows: what waits for us, and what the person has subscribed."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.domain.languages import Language
from bot.domain.waiting import WaitingJobs
from bot.errors import MetaStudioError, StoreTrouble, VoiceJobError
from bot.messages.context import Answer
from bot.messages.listing import Entry
from bot.services.caller import Caller
from bot.services.languages import LanguageService

log = logging.getLogger(__name__)

Followed = Callable[[Caller], Awaitable[Sequence[Entry]]]
"""Gives what is followed by a person's own subscriptions, oldest first. Raises StoreTrouble."""


class Waiting(Protocol):
    """Gives the jobs that wait for the customer. Raises MetaStudioError."""

    def __call__(self, *, fresh: bool = False) -> Awaitable[WaitingJobs]:
        """Return them; ``fresh``: asked for now."""
        ...


class HomeService:
    """Gathers the facts of App Homes. What can't be had is an error among the facts."""

    def __init__(self, waiting: Waiting, followed: Followed, languages: LanguageService) -> None:
        self._waiting = waiting
        self._followed = followed
        self._languages = languages

    async def waiting(self, *, fresh: bool = False) -> WaitingJobs | VoiceJobError:
        """Return the jobs that wait, or why they are not known. Never raises."""
        try:
            return await self._waiting(fresh=fresh)
        except MetaStudioError as error:
            return error
        except Exception:
            log.exception("what waits is not known")
            return VoiceJobError()

    async def followed(self, caller: Caller) -> Sequence[Entry] | VoiceJobError:
        """Return what the person's own subscriptions follow, or why that is not known. Never raises."""
        try:
            return await self._followed(caller)
        except StoreTrouble as error:
            return error
        except Exception:
            log.exception("a person's subscriptions are not known")
            return VoiceJobError()

    async def choose(self, caller: Caller, language: Language) -> Answer:
        """Set the person's own language. Raises StoreTrouble."""
        return await self._languages.choose(caller, language, for_me=True)
