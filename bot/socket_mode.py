"""Socket Mode: the bot keeps a WebSocket to Slack open, so that it needs no address of its own."""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.errors import SlackUnreachable
from bot.tokens import may_connect

log = logging.getLogger(__name__)

PATIENCE: Final = 30.0
"""Seconds without a connection after which everything is built anew."""
CHECK_EVERY: Final = 1.0
PING_EVERY: Final = 10.0
GOODBYE_SECONDS: Final = 1.0
REASONS: Final = {
    "link_disabled": "Socket Mode was switched off at Slack (link_disabled): switch it on again in the app's "
    "settings, or serve HTTP",
    "too_many_websockets": "too many connections are open (too_many_websockets): stop other copies",
}
"""What Slack says at the end of a connection that people can do something about ("Using Socket Mode")."""
_SENT_AWAY: Final = re.compile(rf'"reason"\s*:\s*"({"|".join(REASONS)})"')
_ERROR_NAME: Final = re.compile(r"error'?: '?(\w+)")
"""Where slack_sdk names an error in a line without a traceback: its own class, or Slack's code."""


class Connection:
    """What is known of the way to Slack, for whoever asks: for readiness, and for metrics."""

    def __init__(self) -> None:
        self.connected = False
        """Whether Slack can reach the bot, as far as is known."""
        self.opened = 0
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
) -> None:
    """Stay connected by Socket Mode until cancelled; calls ``ready`` once, at the first connection.

    slack_sdk connects again by itself, but it can try a used-up address for ever. So after ``patience``
    seconds without a connection everything is built anew. ``check_every`` and ``ping_every`` are seconds
    between two looks at the connection, and between two pings; four pings without an answer end it.
    ``connection`` is kept up to date meanwhile. Raises SlackRefused when Slack does not take the token any
    more.
    """
    diary = _Diary(connection or Connection(), ready)
    while True:
        # Made inside the running loop: it opens a session and starts tasks of its own.
        handler = AsyncSocketModeHandler(app, app_token, logger=_hushed(diary), ping_interval=ping_every)
        handler.client.message_listeners.append(diary.greeted)
        handler.client.on_message_listeners.append(diary.sent_away)
        connecting = asyncio.create_task(handler.connect_async())
        try:
            await _until_lost(handler, diary, patience=patience, check_every=check_every)
        finally:
            connecting.cancel()
            await _close(handler)
            await asyncio.wait([connecting])
        with suppress(SlackUnreachable):
            await may_connect(app.client, app_token)
        diary.trouble(f"no connection for {patience:.0f} seconds, so everything is built anew")


async def _close(handler: AsyncSocketModeHandler) -> None:
    """Take leave of Slack, but without the 10 seconds that aiohttp waits for an answer on a dead line."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await handler.close_async()
    except TimeoutError:
        handler.client.current_session = None
        await handler.close_async()


async def _until_lost(
    handler: AsyncSocketModeHandler, diary: "_Diary", *, patience: float, check_every: float
) -> None:
    """Return once there has been no connection for ``patience`` seconds."""
    clock = asyncio.get_running_loop().time
    last_connected = clock()
    while clock() - last_connected < patience:
        connected = await handler.client.is_connected()
        if connected:
            last_connected = clock()
        diary.note(connected=connected)
        await asyncio.sleep(check_every)


def _hushed(diary: "_Diary") -> logging.Logger:
    """Make slack_sdk's logger tell the diary, and nobody else."""
    logger = logging.getLogger("slack_sdk.socket_mode")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.handlers = [diary]
    return logger


class _Diary(logging.Handler):
    """What is known of the connection: logs when it comes, when it goes, and each kind of trouble once.

    slack_sdk logs an error with its traceback at every try, and the address with it, ticket included: of
    that, only the kind of the error is passed on.
    """

    def __init__(self, connection: Connection, ready: Callable[[], None]) -> None:
        super().__init__()
        self._connection = connection
        self._ready: Callable[[], None] | None = ready
        self._troubles: set[str] = set()
        self._copies_told = False

    async def greeted(self, _client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        """Take Slack's hello, which opens each connection and counts all that are open."""
        if message.get("type") == "hello":
            self._connection.opened += 1
            self.note(connected=True)
            self._count(message.get("num_connections"))

    async def sent_away(self, frame: WSMessage) -> None:
        """Take a frame as it came: of a ``disconnect``, slack_sdk tells nobody else."""
        if found := _SENT_AWAY.search(str(frame.data)):
            self.trouble(REASONS[found[1]])

    def _count(self, copies: object) -> None:
        """Warn of other copies when they come. Slack may count a connection that broke off for a while."""
        if not isinstance(copies, int) or copies <= 1:
            self._copies_told = False
        elif not self._copies_told:
            self._copies_told = True
            log.warning(
                "%d copies of this bot are connected to Slack, and each command goes to any one of them: "
                "stop all but one",
                copies,
            )

    def note(self, *, connected: bool) -> None:
        """Take whether there is a connection now."""
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
        """Log what keeps the bot from connecting, unless that was said since the last connection."""
        if what not in self._troubles:
            self._troubles.add(what)
            log.warning("trouble with Socket Mode: %s", what)

    def emit(self, record: logging.LogRecord) -> None:
        """Take what slack_sdk logs as an error."""
        if record.exc_info and record.exc_info[0]:
            self.trouble(record.exc_info[0].__name__)
        elif told := _ERROR_NAME.search(record.getMessage()):
            self.trouble(told[1])
