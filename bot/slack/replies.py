"""Sending a reply to one person: to a response_url, a direct message, a modal, or the App Home."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.rates import RATE_LIMITS
from bot.messages.blocks import Message
from bot.messages.views import ephemeral, home_view, modal_view
from bot.network.retries import retried
from bot.slack.clients import webhook_client
from bot.slack.sender import NotTaken, Sender
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about

log = logging.getLogger(__name__)

TRIES: Final = 3
"""How often a reply is sent until Slack takes it. One that comes twice does no harm."""
LONGEST_PAUSE: Final = 60.0
"""Seconds: later, nobody waits for the reply any more."""
AT_A_TIME: Final = 20
"""Replies on their way to Slack: more would wait for a connection, and that counts as Slack's time."""
NO_DIRECT_MESSAGE: Final = "Slack did not take a direct message to a person who can't be answered otherwise"
_CODE: Final = re.compile(r'(?:\{.*"error"\s*:\s*")?([a-z_]{1,40})(?:".*\})?', re.DOTALL)
"""Slack's word for why it does not take a reply, alone or in JSON."""


@dataclass(frozen=True)
class ResponseUrl:
    """The address that Slack gives with a command or a press on a message ("Handling user interaction")."""

    url: str


@dataclass(frozen=True)
class DirectMessage:
    """The person's direct message with the bot."""

    user_id: str


@dataclass(frozen=True)
class Modal:
    """An open modal, as the payload of the press in it has it: the reply takes the place of its blocks."""

    view: Mapping[str, Any]


@dataclass(frozen=True)
class Home:
    """A person's App Home: the reply takes the place of its blocks."""

    user_id: str


ReplyTarget = ResponseUrl | DirectMessage | Modal | Home


class ReplySender:
    """Sends replies. ``first_pause`` is the usual pause in seconds before a second try.

    ``client`` must not retry: that is decided here.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client: AsyncWebClient,
        sender: Sender,
        *,
        first_pause: float = RATE_LIMITS.resend,
    ) -> None:
        self._session = session
        self._client = client
        self._sender = sender
        self._first_pause = first_pause
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._direct_messages = LogOnce(log)

    async def send(self, target: ReplyTarget, message: Message, *, replaces: bool = False) -> None:
        """Send a reply; where Slack does not take it, log that.

        ``replaces``: a reply to a ``response_url`` takes the place of the message whose button was pressed.
        """
        match target:
            case DirectMessage(user_id):
                await self._write(user_id, message)
            case ResponseUrl(url):
                webhook = webhook_client(self._session, url)
                body = ephemeral(message) | {"replace_original": replaces}
                await self._repeat(lambda: webhook.send_dict(body))
            case Modal(view):
                updated = modal_view(view, message)
                await self._repeat(lambda: self._client.views_update(view_id=str(view["id"]), view=updated))
            case Home(user_id):
                published = home_view(message)
                await self._repeat(lambda: self._client.views_publish(user_id=user_id, view=published))

    async def _write(self, user_id: str, message: Message) -> None:
        """Post a direct message, once: two would be seen. The first refusal is logged, until one is taken."""
        try:
            await self._sender.may_post(user_id)
            await self._sender.post(user_id, message)
            self._direct_messages.works()
        except NotTaken as error:
            self._direct_messages.fails(NO_DIRECT_MESSAGE, about=about(code=error.code))

    async def _repeat(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Call Slack until it takes the reply, for as long as that may help."""

        async def send() -> None:
            async with self._slots:
                await _taken(call())

        try:
            await retried(send, tries=TRIES, first=self._first_pause, pause=pause_before_resend)
        except NotTakenError as error:
            fields = about(status=str(error.status), code=error.code)
            log.warning("Slack did not take an answer", extra=fields)
        except Exception as error:  # noqa: BLE001  whatever it is, the bot goes on
            # What it says may hold the response_url, with which anybody could answer.
            log.warning("Slack can't be reached with an answer", extra=about(error=error))


class NotTakenError(Exception):
    """Slack refused a reply; ``status`` is of HTTP, ``retry_after`` in seconds, 0 if Slack named no time.

    ``code`` is Slack's word for why, or empty: another's page in its place may quote the response_url.
    """

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        found = _CODE.fullmatch(body)
        self.code = found[1] if found else ""
        named = headers.get("Retry-After", "")
        self.retry_after = float(named) if named.isdecimal() else 0.0


async def _taken(sent: Awaitable[Any]) -> None:
    """Wait for Slack's answer. Raises NotTakenError unless Slack took what was sent.

    The client of webhooks only returns the status, that of the Web API raises.
    """
    try:
        response = await sent
    except SlackApiError as error:
        refusal: Any = error.response  # aiohttp's own where the body was no JSON
        status = int(getattr(refusal, "status_code", 0) or getattr(refusal, "status", 0))
        code = refusal.get("error") if hasattr(refusal, "get") else ""
        raise NotTakenError(status, str(code or ""), refusal.headers) from None
    if response.status_code != HTTPStatus.OK:
        raise NotTakenError(response.status_code, response.body, response.headers)


def pause_before_resend(error: Exception, usual: float) -> float | None:
    """Return after how many seconds to send a reply again; None: not at all."""
    if isinstance(error, aiohttp.ClientError | TimeoutError | UnicodeDecodeError):
        return usual
    if not isinstance(error, NotTakenError):
        return None
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return error.retry_after + usual if error.retry_after <= LONGEST_PAUSE else None
    return usual if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
