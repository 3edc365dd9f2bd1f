"""What Slack tells of people, where the scope users:read is granted: their language and time zone."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.languages import Language, of_locale
from bot.process.shared_calls import SharedCalls
from bot.slack.sender import SendError, accepted

log = logging.getLogger(__name__)

DAY: Final = 24 * 60 * 60.0
"""Seconds for which an answer counts, and a refusal that only an administrator can end."""
PAUSE: Final = 10 * 60.0
"""Seconds until Slack is asked again after any other failure."""
AT_ONCE: Final = 10
"""How many questions may be under way: posts share their connections, and must not wait for them."""
MOST: Final = 10_000
"""How many people are remembered."""
_NOT_GRANTED: Final = frozenset(
    {
        "missing_scope",
        "not_allowed_token_type",
        "no_permission",
        "access_denied",
        "app_access_restricted",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "team_access_not_granted",
        "deprecated_endpoint",
        "method_deprecated",
        "unknown_method",
    }
)
"""Slack's codes that refuse the method to the bot, whoever is asked about."""
_NOT_TOLD: Final = frozenset({"user_not_found", "user_not_visible"})
"""Slack's codes for a person of whom the bot is told nothing (page "users.info")."""


class Person(NamedTuple):
    """What Slack tells of a person; None where it is not told."""

    language: Language | None = None
    zone: ZoneInfo | None = None


NOBODY: Final = Person()


class People:
    """The people of the workspace, of whom ``most`` are remembered.

    ``client`` must have the token and must not retry; ``clock`` returns seconds.
    """

    def __init__(
        self, client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic, most: int = MOST
    ) -> None:
        self._client = client
        self._clock = clock
        self._most = most
        self._known: dict[str, tuple[Person, float]] = {}
        """By user id, the oldest first: what Slack told, and until when it is not asked again."""
        self._opens_at = 0.0
        """When Slack may be asked about anybody again."""
        self._is_logged = False
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._calls = SharedCalls(self._ask)

    async def locale(self, user_id: str) -> Language | None:
        """Return the language of a person's Slack; None where that is another one, or is not told.

        Never raises. Slack is asked at most once a day; who is cancelled meanwhile finds the answer later.
        """
        return (await self._person(user_id)).language

    async def zone(self, user_id: str) -> ZoneInfo | None:
        """Return the time zone of a person's Slack; None where it is not told. As ``locale``."""
        return (await self._person(user_id)).zone

    async def _person(self, user_id: str) -> Person:
        person, until = self._known.get(user_id, (NOBODY, 0.0))
        if not user_id or self._clock() < max(until, self._opens_at):
            return person
        return await self._calls.call(user_id)

    async def _ask(self, user_id: str) -> Person:
        async with self._turns:
            before, _ = self._known.get(user_id, (NOBODY, 0.0))
            if self._clock() < self._opens_at:  # another question was refused meanwhile
                return before
            call = self._client.users_info(user=user_id, include_locale=True)
            try:
                answer = await accepted(call, None, "user")
            except SendError as error:
                return self._note(user_id, before, self._pause_after(error))
            return self._note(user_id, _person_of(answer["user"]), DAY)

    def _pause_after(self, error: SendError) -> float:
        """Return the seconds until the next question about the person; some errors hold up all questions."""
        if error.retry_after is not None:
            self._opens_at = self._clock() + error.retry_after
            return error.retry_after
        if error.code in _NOT_GRANTED:
            self._opens_at = self._clock() + DAY
            self._log(error.code)
        return DAY if error.code in _NOT_GRANTED | _NOT_TOLD else PAUSE

    def _log(self, code: str) -> None:
        if not self._is_logged:
            log.info("Slack does not tell people's languages (%s): they can choose one by the command", code)
        self._is_logged = True

    def _note(self, user_id: str, person: Person, seconds: float) -> Person:
        self._known.pop(user_id, None)
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[user_id] = person, self._clock() + seconds
        return person


def _person_of(user: Any) -> Person:
    """Return what Slack's user object tells (page "User object"); a zone that no clock knows is left out."""
    told = user if isinstance(user, dict) else {}
    locale, zone = told.get("locale"), None
    with suppress(ValueError, OSError, TypeError, KeyError):
        zone = ZoneInfo(told.get("tz") or "")
    return Person(of_locale(locale) if isinstance(locale, str) else None, zone)
