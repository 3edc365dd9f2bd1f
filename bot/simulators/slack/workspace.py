"""A small Slack workspace on loopback, for ``voicejob demo`` and for the tests.

It speaks the documented protocols (Web API, Socket Mode, signed HTTP requests, ``response_url``) and refuses
what Slack refuses; anything that it does not know, such as another argument of a method, is refused too.
The other modules beside this one are its parts.
"""

import secrets
import time
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Any, Self, Unpack

from aiohttp import ClientSession, web

from bot.network.servers import Site
from bot.simulators.slack import app_settings, http
from bot.simulators.slack.conversations import Conversations
from bot.simulators.slack.events import Events
from bot.simulators.slack.faults import Chaos, Fault, Faults
from bot.simulators.slack.http import LOOPBACK, Answer
from bot.simulators.slack.payloads import VERIFICATION_TOKEN
from bot.simulators.slack.people import People
from bot.simulators.slack.rate_limits import SLACKS_LIMITS, Limiter, Limits
from bot.simulators.slack.records import ALICE, Ack, Call, Channel, Clock, Interaction, Message, Retry, View
from bot.simulators.slack.response_urls import FAULT_NAME, ResponseUrls
from bot.simulators.slack.socket_mode import SocketMode
from bot.simulators.slack.state import State
from bot.simulators.slack.views import Views
from bot.simulators.slack.web_api import METHODS, WebApi
from bot.slack import manifest as bots

__all__ = [
    "ALICE",
    "SLACKS_LIMITS",
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

BOT_TOKEN = "xoxb-stand-in"  # noqa: S105 - opens nothing but this simulator
APP_TOKEN = "xapp-stand-in"  # noqa: S105 - the same
SIGNING_SECRET = "stand-in-signing-secret"  # noqa: S105 - the same
SCOPES = ("chat:write", "commands")
ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement (page "Handling user interaction")."""
SHUTDOWN_SECONDS = 0.2


class SlackWorkspace:
    """A Slack workspace with one app in it, which runs inside ``async with``.

    ``scopes`` are those granted to the bot; ``manifest`` is the app's, by default the one that the bot makes
    for Socket Mode. ``clock`` (epoch seconds) dates messages, ages response URLs and
    trigger ids, and measures rate limits, which are Slack's unless ``limits`` are others, or None for none.
    ``ack_timeout`` (seconds) is how long an app may take to acknowledge.
    """

    def __init__(
        self,
        *,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        scopes: Collection[str] = SCOPES,
        clock: Clock = time.time,
        ack_timeout: float = ACK_SECONDS,
        limits: Limits | None = SLACKS_LIMITS,
        manifest: app_settings.Manifest | None = None,
    ) -> None:
        self.events_url: str | None = None
        """The app's request URL, used while no WebSocket is open (HTTP mode)."""
        self._ack_timeout = ack_timeout
        self._state = State(
            bot_token=bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
            scopes=frozenset(scopes),
            clock=clock,
            manifest=bots.manifest() if manifest is None else manifest,
        )
        self.now = clock
        self._faults = Faults({*METHODS, FAULT_NAME})
        self._urls = ResponseUrls(self._state, self._faults)
        self._socket = SocketMode(self._state)
        self._offer_socket_mode()
        self._views = views = Views(self._state)
        limiter = Limiter(limits, clock)
        self._api = WebApi(self._state, self._faults, limiter, self._socket.new_ticket, views)
        self.homes, self.modals, self.close_modal = views.homes, views.modals, views.close_modal
        self._offer_people()
        self._offer_records()
        self._offer_conversations()

    def _offer_records(self) -> None:
        """Offer what the app did, oldest first.

        ``history`` has every version of every message; ``malformed`` the messages and views that were refused
        for their content; ``limited`` the calls over a rate limit; ``violations`` every breach of the
        protocols by the app.
        """
        self.calls, self.history = self._state.calls, self._state.messages.history
        self.malformed, self.limited = self._state.malformed, self._state.limited
        self.violations = self._state.violations

    def _offer_people(self) -> None:
        """Offer what people do with the app, and what Slack knows of them, which a test may change.

        ``locales`` has the locale of a person's Slack, by user id; ``invisible`` outsiders, whom the bot is
        told nothing of.
        """
        people = People(self._state, self._urls, self._views, self._deliver)
        self.command, self.press, self.send = people.command, people.press, people.send
        self.close_view = people.close_view
        self.shortcut, self.open_home = (
            people.shortcut,
            Events(self._state, self._views, self._deliver).open_home,
        )
        self.locales, self.invisible = self._state.locales, self._state.invisible

    def _offer_conversations(self) -> None:
        """Offer what people do in channels, and what they see there."""
        conversations, messages = Conversations(self._state), self._state.messages
        self.add_channel, self.add_direct = conversations.add_channel, conversations.add_direct
        self.invite, self.remove = conversations.invite, conversations.remove
        self.archive, self.unarchive = conversations.archive, conversations.unarchive
        self.can_type, self.open_messages_tab = self._state.can_type, conversations.open_messages_tab
        self.add_message, self.delete_message = conversations.add_message, messages.delete
        self.messages, self.thread, self.ephemeral = messages.in_channel, messages.thread, messages.ephemeral
        self.find, self.message_where = messages.find, messages.where

    def _offer_socket_mode(self) -> None:
        """Offer what can go wrong with WebSockets, and waiting for one."""
        socket = self._socket
        self.connected, self.disconnect, self.welcome = socket.connected, socket.disconnect, socket.welcome
        self.cut, self.freeze, self.expire_tickets = socket.cut, socket.freeze, socket.expire_tickets

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
        application.router.add_post("/commands/{secret}", self._urls.handle)
        application.router.add_post("/actions/{secret}", self._urls.handle)
        return application

    @property
    def api_url(self) -> str:
        """The base URL of the Web API, for ``SLACK_API_URL``."""
        return f"{self._state.base_url}/api/"

    # Channels, and what people see in them.

    def channel(self, channel: str) -> Channel:
        """Return a channel, to look at or to change. Raises KeyError."""
        return self._state.channels[channel]

    @property
    def channels(self) -> list[Channel]:
        """Every conversation, in the order in which they were created."""
        return list(self._state.channels.values())

    @property
    def shown(self) -> list[Message]:
        """Every message that anybody sees now, in any channel, oldest first."""
        return self._state.messages.shown()

    def direct_channel(self, user: str) -> str:
        """Return the id of the bot's direct message with a person."""
        return self._state.direct(user).id

    def direct(self, user: str) -> list[Message]:
        """Return the bot's direct messages to a person, oldest first."""
        return self.messages(self._state.direct(user).id)

    # HTTP mode, and what can go wrong.

    async def post(self, url: str, payload: Mapping[str, Any], **wrong: Any) -> Answer:
        """Post a signed payload to the app and return its answer.

        The keywords make the headers wrong, see ``http.headers``. Raises ValueError for an address that is
        not loopback, and aiohttp's errors.
        """
        body = http.form(payload)
        made = http.headers(self._state.signing_secret, body, **wrong)
        return await http.post(self._session, url, body, made)

    async def verify_url(self) -> bool:
        """Save the app's request URL, and return whether the app answered the challenge.

        Source: the page "url_verification". Raises as ``post``.
        """
        challenge = secrets.token_urlsafe(24)
        payload = {"type": "url_verification", "token": VERIFICATION_TOKEN, "challenge": challenge}
        answer = await self.post(str(self.events_url), payload)
        return answer.status == http.OK and challenge in answer.body

    def fail(
        self,
        method: str,
        *,
        times: int = 1,
        channel: str | None = None,
        replies: bool = False,
        **fault: Unpack[Fault],
    ) -> None:
        """Make the next ``times`` requests to a Web API method or to ``response_url`` fail.

        The keywords are those of ``Fault``, for example ``status=503``, ``drop=True``,
        ``error="ratelimited", retry_after=3``, or ``after=True, delay=14`` for a message that is taken at
        once and answered late. With ``channel``, only calls for this channel fail, with ``replies`` only
        those that post in a thread. Raises ValueError for an unknown name, and for a channel where a method
        has none.
        """
        if channel is not None and not method.startswith("chat."):
            raise ValueError(f"{method} is not called for a channel")
        conversation = channel and self._state.conversation(channel)
        self._faults.add(method, fault, times, conversation, replies=replies)

    def chaos(self, decide: Chaos | None) -> None:
        """Call a function for each Web API call to decide whether it goes wrong; None ends it.

        It gets the method and the arguments. Calls that fail because of ``fail`` are not decided by it.
        """
        self._faults.chaos = decide

    def heal(self, method: str) -> None:
        """Cancel the faults that ``fail`` requested and no call met yet."""
        self._faults.clear(method)

    def move(self, team_id: str, enterprise_id: str | None = None) -> None:
        """Change the ids of the workspace and its organization, as a migration to Enterprise Grid does."""
        self._state.team_id, self._state.enterprise_id = team_id, enterprise_id

    def revoke(self, error: str | None = "token_revoked") -> None:
        """Refuse the bot token from now on, with this error code; None accepts it again."""
        self._state.revoked = error

    # Socket Mode.

    @property
    def manifest(self) -> app_settings.Manifest:
        """The manifest of the app, which may be exchanged for another one."""
        return self._state.manifest

    @manifest.setter
    def manifest(self, manifest: app_settings.Manifest) -> None:
        self._state.manifest = manifest

    @property
    def connections(self) -> int:
        """How many WebSockets are open."""
        return len(self._socket.connections)

    @property
    def tried(self) -> int:
        """How many WebSockets the app opened since the start, whether or not it was kept open."""
        return self._socket.tried

    @property
    def refuse_handshakes(self) -> int:
        """How many of the next WebSocket handshakes are refused; their URLs stay valid."""
        return self._socket.refuse_handshakes

    @refuse_handshakes.setter
    def refuse_handshakes(self, number: int) -> None:
        self._socket.refuse_handshakes = number

    async def _deliver(self, kind: str, payload: dict[str, Any], retry: Retry = Retry()) -> Ack:  # noqa: B008
        within = self._ack_timeout
        if self._socket.connections:
            return await self._socket.deliver(kind, payload, within=within, retry=retry)
        if self.events_url is None:
            return Ack(acked=False, seconds=0.0, error="dispatch_failed")
        body = http.form(payload)
        made = http.headers(self._state.signing_secret, body, retry=retry)
        return await http.deliver(self._session, self.events_url, body, made, within=within)
