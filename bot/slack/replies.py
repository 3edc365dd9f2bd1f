"""Sending a reply to one person: to a response_url, a direct message, a modal, or the App Home."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.domain.rates import RATE_LIMITS
from bot.domain.slack_errors import Refusal
from bot.messages.blocks import Message, without_blocks
from bot.messages.views import ephemeral, home_view, modal_view
from bot.network.retries import retried
from bot.slack.auth import NO_JSON, code_in
from bot.slack.clients import webhook_client
from bot.slack.sender import Sender, SendError, refusal_of
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about

log = logging.getLogger(__name__)

TRIES: Final = 3
"""The most attempts to send a reply. A duplicate is harmless."""
LONGEST_PAUSE: Final = 60.0
"""The longest Retry-After, in seconds, after which a reply is still sent."""
AT_A_TIME: Final = 20
"""Concurrent sends: more would wait for a connection, which counts against the request's timeout."""
IN_WORDS: Final = "Slack calls an answer malformed, so it goes as plain text"
NO_DIRECT_MESSAGE: Final = "Slack did not take a direct message to a person who can't be answered otherwise"

NO_MODAL: Final = "Slack did not open a modal, so the answer goes another way"
NOT_TAKEN: Final = "Slack did not take an answer"
NO_HOME: Final = "Slack did not take an App Home"
CONFLICT: Final = "hash_conflict"
"""Slack's code where a view has changed meanwhile (methods views.publish and views.update)."""
CLOSED: Final = "not_found"
"""Slack's code for a modal that its person closed meanwhile (method views.update)."""


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
    """An open modal, as the payload of the press in it has it: the reply replaces its blocks."""

    view: Mapping[str, Any]


@dataclass(frozen=True)
class Home:
    """A person's App Home: the reply replaces its blocks."""

    user_id: str


ReplyTarget = ResponseUrl | DirectMessage | Modal | Home
T = TypeVar("T")
Call = Callable[[Message], Awaitable[T]]
"""Sends a message to a target. Raises SendError, and what aiohttp raises without a response."""


class ReplySender:
    """Sends replies. ``first_pause`` is the usual pause in seconds before a second try."""

    def __init__(
        self, session: aiohttp.ClientSession, sender: Sender, *, first_pause: float = RATE_LIMITS.resend
    ) -> None:
        self._session = session
        self._sender = sender
        self._first_pause = first_pause
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._direct_messages = LogOnce(log)
        self._modals, self._homes = LogOnce(log), LogOnce(log)

    async def send(self, target: ReplyTarget, message: Message, *, replaces: bool = False) -> None:
        """Send a reply; a failure is logged, not raised.

        ``replaces``: a reply to a ``response_url`` replaces the message whose button was pressed.
        """
        match target:
            case DirectMessage(user_id):
                await self._write(user_id, message)
            case ResponseUrl(url):
                await self._repeat(partial(self._respond, url, replaces=replaces), message)
            case Modal(view):
                await self._repeat(partial(self._update, view), message)
            case Home(user_id):
                await self._repeat(partial(self._publish, user_id), message)

    async def open(self, trigger_id: str, view: Mapping[str, Any]) -> Modal | None:
        """Open a modal; return None, and log the first refusal of each kind, if Slack does not take it."""
        try:
            opened = await self._sender.open_view(trigger_id, dict(view))
        except SendError as error:
            self._modals.failed(NO_MODAL, about=about(status=str(error.status), code=error.code))
            return None
        self._modals.recovered()
        return Modal({**view, **opened})

    async def fill(self, modal: Modal, message: Message) -> Modal | None:
        """Show a message in a modal that is as the bot left it, and return the modal as it is then.

        None if its person closed it, or something else is shown in it by now.
        """
        guards = iter([str(modal.view.get("hash") or "")])  # whether Slack took a first try may be unknown

        async def update(shown: Message) -> Modal:
            view, replaced = modal_view(modal.view, shown), next(guards, "")
            changed = await self._sender.update_view(str(modal.view["id"]), view, replaced=replaced)
            return Modal({**modal.view, "hash": changed})

        try:
            return await self._sent(update, message)
        except SendError as error:
            if error.code in {CLOSED, CONFLICT}:
                return None
            log.warning(NOT_TAKEN, extra=about(status=str(error.status), code=error.code))
            return Modal({**modal.view, "hash": ""})

    async def publish(self, user_id: str, message: Message, *, replaced: str = "") -> str:
        """Replace a person's App Home, and return the new one's hash; empty after a failure, which is logged.

        Raises SendError where Slack has another version than ``replaced``.
        """

        async def publish(shown: Message) -> str:
            return await self._sender.publish_view(user_id, home_view(shown), replaced=replaced)

        try:
            shown = await self._sent(publish, message)
        except SendError as error:
            if error.code == CONFLICT:
                raise
            self._homes.failed(NO_HOME, about=about(status=str(error.status), code=error.code))
            return ""
        self._homes.recovered()
        return shown

    async def wait_to_publish(self) -> None:
        """Wait until an App Home may be replaced of which nobody waits for the new one."""
        await self._sender.wait_to_publish()

    async def _write(self, user_id: str, message: Message) -> None:
        """Post a direct message, once: two would be seen. The first refusal is logged, until one is taken."""
        try:
            await simplified(partial(self._post, user_id), message)
            self._direct_messages.recovered()
        except SendError as error:
            self._direct_messages.failed(NO_DIRECT_MESSAGE, about=about(code=error.code))

    async def _post(self, user_id: str, message: Message) -> None:
        await self._sender.wait_to_post(user_id)
        await self._sender.post(user_id, message)

    async def _update(self, view: Mapping[str, Any], message: Message) -> None:
        await self._sender.update_view(str(view["id"]), modal_view(view, message))

    async def _publish(self, user_id: str, message: Message) -> None:
        await self._sender.publish_view(user_id, home_view(message))

    async def _respond(self, url: str, message: Message, *, replaces: bool) -> None:
        """Post to a response_url. Raises SendError, and what aiohttp raises without a response."""
        body = ephemeral(message) | {"replace_original": replaces}
        response = await webhook_client(self._session, url).send_dict(body)
        if response.status_code != HTTPStatus.OK:
            raise refusal_of(response.status_code, webhook_code(response), response.headers)

    async def _sent(self, call: Call[T], message: Message) -> T:
        """Call Slack with a message until it accepts it, TRIES times at most. Raises what Call does."""

        async def send() -> T:
            async with self._slots:
                return await simplified(call, message)

        return await retried(send, tries=TRIES, first=self._first_pause, pause=pause_before_resend)

    async def _repeat(self, call: Call[None], message: Message) -> None:
        """Send as ``_sent`` does; log a failure."""
        try:
            await self._sent(call, message)
        except SendError as error:
            if error.code != CLOSED:
                log.warning(NOT_TAKEN, extra=about(status=str(error.status), code=error.code))
        except Exception as error:  # noqa: BLE001  whatever it is, the bot goes on
            # What it says may hold the response_url, with which anybody could answer.
            log.warning("Slack can't be reached with an answer", extra=about(error=error))


async def simplified(call: Call[T], message: Message) -> T:
    """Call Slack with a message, and with its words alone if it refuses the blocks. Raises what Call does."""
    try:
        return await call(message)
    except SendError as error:
        if error.refusal is not Refusal.CONTENT:
            raise
        log.warning(IN_WORDS, extra=about(code=error.code))
        return await call(without_blocks(message))


def webhook_code(response: WebhookResponse) -> str:
    """Return Slack's error code for a reply, alone or in JSON; empty where there is none.

    Any other body, such as a proxy's page, is ignored: it may quote the response_url.
    """
    try:
        code = code_in(json.loads(response.body))
    except ValueError:
        code = code_in({"error": response.body.strip()})
    return "" if code == NO_JSON else code


def pause_before_resend(error: Exception, usual: float) -> float | None:
    """Return the seconds to wait before sending a reply again; None: do not."""
    if isinstance(error, aiohttp.ClientError | TimeoutError | UnicodeDecodeError):
        return usual
    if not isinstance(error, SendError):
        return None
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        named = error.retry_after or 0.0
        return named + usual if named <= LONGEST_PAUSE else None
    is_unknown = error.transient and not error.status  # whether Slack took it
    return usual if is_unknown or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
