"""Socket Mode: the bot keeps a WebSocket to Slack open, so that it needs no public address."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientTimeout, ClientWebSocketResponse, WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.errors import SlackUnreachable
from bot.network.sessions import client_session
from bot.slack.auth import may_connect

log = logging.getLogger(__name__)

PATIENCE: Final = 30.0
"""Seconds without a connection after which slack_sdk's client is replaced."""
OPEN_TIMEOUT: Final = ClientTimeout(total=30)
"""How long opening a connection may take, from the host's name to the handshake."""
CHECK_EVERY: Final = 1.0
PING_EVERY: Final = 3.0
FIRST_PAUSE: Final = 1.0
"""Seconds of pause after Slack rejected the bot for the first time; each next pause is twice as long."""
MOST_ENDS: Final = 3
"""So many ends between two checks are a rejection. One normal end may count twice: Slack announces it with a
``disconnect``, and then closes."""
CLOSE_SECONDS: Final = 1.0
REASONS: Final = {
    "link_disabled": "Socket Mode was switched off at Slack (link_disabled): switch it on again in the app's "
    "settings, or serve HTTP",
    "too_many_websockets": "too many connections are open (too_many_websockets): stop other copies",
}
"""The reasons of a ``disconnect`` that people can do something about (page "Using Socket Mode")."""
REJECTED: Final = "Slack ends each connection at once: the bot waits longer before each new try"
_DISCONNECT: Final = re.compile(r'"type"\s*:\s*"disconnect"')
_REASON: Final = re.compile(r'"reason"\s*:\s*"(\w+)"')
_ERROR_NAME: Final = re.compile(r"error'?: '?(\w+)")
"""Where slack_sdk names an error in a line without a traceback: its own class, or Slack's code."""


@dataclass
class Connection:
    """The state of the connection to Slack, for readiness and metrics."""

    connected: bool = False
    """Whether Slack can reach the bot, as far as is known: it said hello on the open connection."""
    opened: int = 0
    """How many connections were opened since the start."""

    @property
    def reconnects(self) -> int:
        """How many were opened after the first one; Slack wants each replaced after a while."""
        return max(0, self.opened - 1)


async def stay_connected(
    app: AsyncApp,
    app_token: str,
    *,
    ready: Callable[[], None],
    connection: Connection | None = None,
    patience: float = PATIENCE,
    check_every: float = CHECK_EVERY,
    ping_every: float = PING_EVERY,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """Stay connected by Socket Mode until cancelled; calls ``ready`` once, at the first connection.

    slack_sdk connects again by itself, but it can try a used-up address for ever, and waits for ever for
    Slack's hello. So after ``patience`` seconds without a connection everything is built anew. Where Slack
    rejects the bot, slack_sdk would be back at once, hundreds of times a second: then everything is built
    anew after a pause, ``first_pause`` seconds at first. ``check_every`` and ``ping_every`` are seconds
    between two looks at the connection, and between two pings; four pings without an answer end it.
    ``connection`` is kept up to date meanwhile. Raises SlackRefused when Slack does not accept the token any
    more.
    """
    state = _ConnectionLog(connection or Connection(), ready)
    clock = asyncio.get_running_loop().time
    pause = 0.0
    while True:
        began = clock()
        handler = await _handler(app, app_token, state, ping_every)
        client = _Client(handler.client, state)
        async with _connecting(handler):
            state.trouble(await client.until_lost(patience=patience, check_every=check_every))
        if client.rejected.done():
            pause = next_pause(pause, after=clock() - began, first=first_pause, longest=patience)
            await asyncio.sleep(pause)
        with suppress(SlackUnreachable):
            await may_connect(app.client, app_token)


def next_pause(last: float, *, after: float, first: float, longest: float) -> float:
    """Double the last pause, or begin again ``after`` a time that was as long as the ``longest``; in seconds.

    A hello of Slack's is not enough to begin again: it can end each connection right after it.
    """
    return min(2 * last if last and after < longest else first, longest)


async def _handler(
    app: AsyncApp, app_token: str, state: "_ConnectionLog", ping_every: float
) -> AsyncSocketModeHandler:
    """Make slack_sdk's client, inside the running loop: it starts a task of its own."""
    logger = logging.getLogger("slack_sdk.socket_mode")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.handlers = [state]
    handler = AsyncSocketModeHandler(app, app_token, logger=logger, ping_interval=ping_every)
    client = handler.client
    await client.aiohttp_client_session.close()  # slack_sdk's, without what ours has
    client.aiohttp_client_session = client_session(timeout=OPEN_TIMEOUT)
    client.proxy = None  # the session chooses it
    return handler


@asynccontextmanager
async def _connecting(handler: AsyncSocketModeHandler) -> AsyncIterator[None]:
    """Run slack_sdk's connect and reconnect loop while the context lasts."""
    connecting = asyncio.create_task(handler.connect_async())
    try:
        yield
    finally:
        connecting.cancel()
        await _close(handler)
        await asyncio.wait([connecting])


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Close the connection, without the 10 seconds that aiohttp waits for an answer on a dead one."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await handler.close_async()
    except TimeoutError:
        handler.client.current_session = None
        await handler.close_async()


class _Client:
    """Watches the connections that one client of slack_sdk opens, one after the other."""

    def __init__(self, client: SocketModeClient, state: "_ConnectionLog") -> None:
        self.rejected: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done, with what to log, once Slack does not want this client."""
        self._client = client
        self._state = state
        self._session_with_hello: ClientWebSocketResponse | None = None
        self._ends = 0
        client.message_listeners.append(self._on_message)
        client.on_message_listeners.append(self._on_frame)
        client.on_close_listeners.append(self._on_close)

    async def until_lost(self, *, patience: float, check_every: float) -> str:
        """Return what to log once Slack rejects the bot, or after ``patience`` seconds without connection."""
        clock = asyncio.get_running_loop().time
        last_connected = clock()
        while not self.rejected.done() and clock() - last_connected < patience:
            connected = await self._is_connected()
            if connected:
                last_connected, self._ends = clock(), 0
            self._state.update(connected=connected)
            await asyncio.wait([self.rejected], timeout=check_every)
        self._state.update(connected=False)
        if self.rejected.done():
            return self.rejected.result()
        is_open = await self._client.is_connected()
        missing = "hello from Slack on an open connection" if is_open else "connection"
        return f"no {missing} for {patience:.0f} seconds, so everything is built anew"

    async def _is_connected(self) -> bool:
        """Whether Slack said hello on the open connection: slack_sdk does not ask for that."""
        return self._client.current_session is self._session_with_hello and await self._client.is_connected()

    async def _on_message(self, client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        """Handle Slack's hello, the first message of each connection, which counts all that are open."""
        if message.get("type") == "hello" and not (client.closed or self.rejected.done()):
            self._session_with_hello = client.current_session
            self._state.hello(message.get("num_connections"))

    async def _on_frame(self, frame: WSMessage) -> None:
        """Handle a ``disconnect`` as it came: slack_sdk passes it on to no message listener."""
        if _DISCONNECT.search(frame.data):
            reason = _REASON.search(frame.data)
            self._count_end(reason[1] if reason else "")

    async def _on_close(self, _frame: WSMessage) -> None:
        self._count_end()

    def _count_end(self, reason: str = "") -> None:
        """Count an end of Slack's making: slack_sdk makes no pause after it. After a cut line it does."""
        self._ends += 1
        why = REASONS.get(reason) or (REJECTED if self._ends >= MOST_ENDS else None)
        if why and not self.rejected.done():
            self.rejected.set_result(why)


class _ConnectionLog(logging.Handler):
    """Keeps ``connection`` up to date, and logs when it comes and goes, and each kind of trouble once.

    slack_sdk logs an error with its traceback at every try, and the address with it, ticket included: of
    that, only the kind of the error is passed on.
    """

    def __init__(self, connection: Connection, ready: Callable[[], None]) -> None:
        super().__init__()
        self._connection = connection
        self._ready: Callable[[], None] | None = ready
        self._troubles: set[str] = set()
        self._has_warned_of_copies = False

    def hello(self, copies: object) -> None:
        """Record a new connection; warn if ``copies``, Slack's ``num_connections``, is more than 1.

        Slack may count a connection that broke off for a while.
        """
        self._connection.opened += 1
        self.update(connected=True)
        has_copies = isinstance(copies, int) and copies > 1
        if has_copies and not self._has_warned_of_copies:
            log.warning(
                "%d copies of this bot are connected to Slack, and each command goes to any one of them: "
                "stop all but one",
                copies,
            )
        self._has_warned_of_copies = has_copies

    def update(self, *, connected: bool) -> None:
        """Set whether there is a connection now; log a change."""
        if connected == self._connection.connected:
            return
        self._connection.connected = connected
        if not connected:
            log.warning("the connection to Slack is lost: connecting again")
            return
        self._troubles.clear()
        if self._ready:
            self._ready()
            self._ready = None
        else:
            log.info("connected to Slack again")

    def trouble(self, what: str) -> None:
        """Log what keeps the bot from connecting, unless that was logged since the last connection."""
        if what not in self._troubles:
            self._troubles.add(what)
            log.warning("trouble with Socket Mode: %s", what)

    def emit(self, record: logging.LogRecord) -> None:
        """Handle what slack_sdk logs as an error."""
        if record.exc_info and record.exc_info[0]:
            self.trouble(record.exc_info[0].__name__)
        elif named := _ERROR_NAME.search(record.getMessage()):
            self.trouble(named[1])
