"""A small Slack workspace on loopback: for ``voicejob demo``, and for the tests.

It speaks the documented protocols (Web API, Socket Mode, signed HTTP requests, ``response_url``) and refuses
what Slack refuses. ``SUPPORTED`` lists all it can do; the modules ``slack_*`` beside this one are its parts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, Unpack

from aiohttp import ClientSession, web

from bot.network.servers import Site
from bot.simulators.slack import http
from bot.simulators.slack.conversations import Conversations
from bot.simulators.slack.faults import Chaos, Fault, Faults
from bot.simulators.slack.http import LOOPBACK, Answer, Spoiled
from bot.simulators.slack.people import People
from bot.simulators.slack.rate_limits import SLACKS_LIMITS, Limiter, Limits
from bot.simulators.slack.records import (
    ALICE,
    PATIENCE,
    Ack,
    Call,
    Channel,
    Clock,
    Interaction,
    Malformed,
    Message,
    View,
)
from bot.simulators.slack.response_urls import FAULT_NAME, Hooks
from bot.simulators.slack.socket_mode import SocketMode
from bot.simulators.slack.state import State
from bot.simulators.slack.views import Views
from bot.simulators.slack.web_api import METHODS, WebApi

__all__ = [
    "ALICE",
    "SLACKS_LIMITS",
    "SUPPORTED",
    "Answer",
    "Call",
    "Channel",
    "Chaos",
    "Fault",
    "Interaction",
    "Limits",
    "Message",
    "SlackWorkspace",
    "View",
]

BOT_TOKEN = "xoxb-stand-in"  # noqa: S105 - opens nothing but this stand-in
APP_TOKEN = "xapp-stand-in"  # noqa: S105 - the same
SIGNING_SECRET = "stand-in-signing-secret"  # noqa: S105 - the same
SCOPES = ("chat:write", "commands")
ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement (page "Handling user interaction")."""
SHUTDOWN_SECONDS = 0.2

SUPPORTED: Mapping[str, str] = {
    "auth.test": "Web API method: whose token this is",
    "apps.connections.open": "Web API method: the address of a WebSocket, for one use",
    "chat.postMessage": "Web API method: a message in a channel, in a thread, or to a person",
    "chat.update": "Web API method: a message of the bot, changed in its place",
    "views.open": "Web API method: a modal, for a trigger_id",
    "views.update": "Web API method: an open modal, changed in its place",
    "views.publish": "Web API method: a person's App Home",
    "slash_commands": "Socket Mode envelope: a command, whose acknowledgement may carry the reply",
    "interactive": "Socket Mode envelope: a button press, and whatever is sent as it is",
    "events_api": "Socket Mode envelope: an event",
    "warning": "Socket Mode disconnect: the connection will end soon",
    "refresh_requested": "Socket Mode disconnect: the connection had its time",
    "link_disabled": "Socket Mode disconnect: Socket Mode was switched off",
    "too_many_websockets": "Socket Mode disconnect: an eleventh connection",
    "/api/{method}": "endpoint: the Web API, form-encoded or JSON",
    "/link": "endpoint: the WebSocket of Socket Mode",
    "/commands/{secret}": "endpoint: the response_url of a command",
    "/actions/{secret}": "endpoint: the response_url of a button press",
}
"""Everything that the stand-in can do, by name."""


class SlackWorkspace:
    """A Slack workspace with one app in it; it lives inside ``async with``.

    ``events_url`` is where commands go while no WebSocket is open (HTTP mode). ``scopes`` are those granted
    to the bot. ``clock`` (epoch seconds) dates messages, ages response URLs and measures rate limits, which
    are Slack's unless ``limits`` are others, or None for none. ``ack_timeout`` (seconds) is Slack's patience;
    tests shorten it.
    """

    def __init__(
        self,
        *,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        events_url: str | None = None,
        scopes: Collection[str] = SCOPES,
        clock: Clock = time.time,
        ack_timeout: float = ACK_SECONDS,
        limits: Limits | None = SLACKS_LIMITS,
    ) -> None:
        self.events_url = events_url
        self._ack_timeout = ack_timeout
        self._state = State(
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
            scopes=frozenset(scopes),
            clock=clock,
        )
        self._faults = Faults({*METHODS, FAULT_NAME})
        self._socket = SocketMode(self._state)
        self._hooks = Hooks(self._state, self._faults)
        views = Views(self._state)
        self._api = WebApi(self._state, self._faults, Limiter(limits, clock), self._socket.new_ticket, views)
        people = People(self._state, self._hooks, views, self._deliver)
        self.homes, self.modals, self.close_modal = views.homes, views.modals, views.close_modal
        self.command, self.press, self.send = people.command, people.press, people.send
        conversations = Conversations(self._state)
        self.add_channel, self.add_direct = conversations.add_channel, conversations.add_direct
        self.invite, self.remove = conversations.invite, conversations.remove
        self.archive, self.unarchive = conversations.archive, conversations.unarchive
        self.add_message, self.delete_message = conversations.add_message, conversations.delete_message

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        self._runner = web.AppRunner(self._application(), shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
        await self._runner.setup()
        await Site(self._runner, LOOPBACK, 0).start()
        self._state.base_url = f"http://{LOOPBACK}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        await self._runner.cleanup()
        await self._session.close()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/api/{method}", self._api.handle)
        application.router.add_get("/link", self._socket.handle)
        application.router.add_post("/commands/{secret}", self._hooks.handle)
        application.router.add_post("/actions/{secret}", self._hooks.handle)
        return application

    # What the bot was given, and what it did.

    @property
    def api_url(self) -> str:
        """The base of the Web API, for ``SLACK_API_URL``."""
        return f"{self._state.base_url}/api/"

    @property
    def routes(self) -> set[str]:
        """The paths of all endpoints."""
        return {resource.canonical for resource in self._runner.app.router.resources()}

    @property
    def calls(self) -> list[Call]:
        """Every request of the bot, oldest first."""
        return self._state.calls

    @property
    def violations(self) -> list[str]:
        """Every breach of the protocols by the bot: empty, if the bot is right."""
        return self._state.violations

    @property
    def history(self) -> list[Message]:
        """Every version of every message, oldest first."""
        return self._state.messages.history

    @property
    def malformed(self) -> list[Malformed]:
        """Every message of the bot that was refused for how it is made, oldest first."""
        return self._state.malformed

    @property
    def limited(self) -> list[Call]:
        """Every call that was too many and was refused for that, oldest first."""
        return self._state.limited

    # Channels, and what people see in them.

    def channel(self, channel: str) -> Channel:
        """Give a channel, to look at or to change. Raises KeyError."""
        return self._state.channels[channel]

    def now(self) -> float:
        """Tell the workspace's time, in epoch seconds."""
        return self._state.clock()

    @property
    def channels(self) -> list[Channel]:
        """Every conversation, in the order in which they were opened."""
        return list(self._state.channels.values())

    @property
    def shown(self) -> list[Message]:
        """Every message that people see now, wherever it stands, oldest first but for edits."""
        return self._state.messages.shown()

    def find(self, channel: str, ts: str) -> Message | None:
        """Find what stands in a channel or in one of its threads; None when nothing does."""
        return self._state.messages.find(channel, ts)

    def messages(self, channel: str) -> list[Message]:
        """List what stands in a channel for everybody, oldest first: its messages and broadcast replies."""
        return self._state.messages.seen(channel, None)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List the replies to a message, broadcast ones too, oldest first."""
        return self._state.messages.thread(channel, ts)

    def ephemeral(self, user: str, channel: str) -> list[Message]:
        """List the messages in a channel that this person alone sees now, oldest first."""
        return self._state.messages.seen(channel, user)

    def direct_channel(self, user: str) -> str:
        """Give the id of the bot's direct messages with a person."""
        return self._state.direct(user).id

    def direct(self, user: str) -> list[Message]:
        """List the bot's direct messages to a person, oldest first."""
        return self.messages(self._state.direct(user).id)

    def message_where(
        self, predicate: Callable[[Message], bool], timeout: float = PATIENCE
    ) -> Coroutine[Any, Any, Message]:
        """Wait until some message that people see, wherever it stands, is as wanted, and give it.

        Waits ``timeout`` seconds. Raises TimeoutError, which lists the texts that were there.
        """
        return self._state.messages.where(predicate, timeout)

    # HTTP mode, and what can go wrong.

    async def post(
        self,
        url: str,
        payload: Mapping[str, Any],
        *,
        signature: str | None = None,
        timestamp: str | None = None,
        without: Collection[str] = (),
    ) -> Answer:
        """Post a signed payload to the app, spoiled on request, and give its answer.

        ``signature`` and ``timestamp`` replace the right ones; ``without`` names headers to leave out. Raises
        ValueError for an address that is not loopback, and aiohttp's errors.
        """
        body = http.form(payload)
        spoiled = Spoiled(signature=signature, timestamp=timestamp, without=without)
        made = http.headers(self._state.signing_secret, body, spoiled)
        return await http.post(self._session, url, body, made)

    def fail(
        self, method: str, *, times: int = 1, channel: str | None = None, **fault: Unpack[Fault]
    ) -> None:
        """Spoil the next ``times`` requests to a Web API method or to ``response_url``.

        The keywords are those of ``Fault``, for example ``status=503``, ``drop=True``, or
        ``error="ratelimited", retry_after=3``. With ``channel``, calls for other channels are not touched.
        Raises ValueError for an unknown name, and for a channel where a method takes none.
        """
        if channel is not None and not method.startswith("chat."):
            raise ValueError(f"{method} is not called for a channel")
        self._faults.add(method, fault, times, channel and self._state.place(channel))

    def chaos(self, decide: Chaos | None) -> None:
        """Let a function decide for each Web API call whether it goes wrong; None ends it.

        It gets the method and the arguments, and is not asked about calls that ``fail`` spoils.
        """
        self._faults.chaos = decide

    def heal(self, method: str) -> None:
        """Take back the faults that were asked for and not used yet."""
        self._faults.clear(method)

    def move(self, team_id: str, enterprise_id: str | None = None) -> None:
        """Give the workspace another id, and an organization, as a migration to Enterprise Grid does."""
        self._state.team_id, self._state.enterprise_id = team_id, enterprise_id

    def revoke(self, error: str | None = "token_revoked") -> None:
        """Refuse the bot token from now on, with this error code; None accepts it again."""
        self._state.revoked = error

    # Socket Mode, and what can go wrong there.

    @property
    def connections(self) -> int:
        """How many WebSockets are open."""
        return len(self._socket.connections)

    def connected(self, times: int = 1, *, timeout: float = PATIENCE) -> Awaitable[None]:
        """Wait until the bot opened ``times`` WebSockets since the start, and one is open.

        Waits ``timeout`` seconds. Raises TimeoutError.
        """
        return asyncio.wait_for(self._socket.wait_opened(times), timeout)

    @property
    def tried(self) -> int:
        """How many WebSockets the bot opened since the start, whatever they met."""
        return self._socket.tried

    def welcome(self, *, hello: bool = True, end: str | None = None) -> None:
        """Meet each new WebSocket so, with or without a ``hello``; without arguments all is as usual again.

        An ``end`` comes at once: a reason, for a ``disconnect`` frame, or ``close``, for none. Raises
        ValueError for a reason that is not among Slack's.
        """
        self._socket.welcome(hello=hello, end=end)

    async def disconnect(self, reason: str) -> None:
        """Send every WebSocket a ``disconnect`` frame, and close it if the bot does not go by itself.

        Raises ValueError for a reason that is not among Slack's.
        """
        await self._socket.disconnect(reason)

    def cut(self) -> None:
        """Cut every WebSocket without a word."""
        self._socket.cut()

    def freeze(self) -> None:
        """Let every open WebSocket go dead: nothing is sent, taken, or answered, pings included."""
        self._socket.freeze()

    def expire_tickets(self) -> None:
        """Make the WebSocket addresses that were handed out and not used yet worthless."""
        self._socket.expire_tickets()

    @property
    def refuse_handshakes(self) -> int:
        """How many of the next WebSocket handshakes are refused; their addresses stay good."""
        return self._socket.refuse_handshakes

    @refuse_handshakes.setter
    def refuse_handshakes(self, number: int) -> None:
        self._socket.refuse_handshakes = number

    async def _deliver(self, kind: str, payload: dict[str, Any]) -> Ack:
        if self._socket.connections:
            return await self._socket.deliver(kind, payload, within=self._ack_timeout)
        if self.events_url is None:
            return Ack(acked=False, seconds=0.0, error="dispatch_failed")
        body = http.form(payload)
        made = http.headers(self._state.signing_secret, body)
        return await http.deliver(self._session, self.events_url, body, made, within=self._ack_timeout)
