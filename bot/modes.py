"""The two ways in which Slack reaches the bot: Socket Mode, and HTTP."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.errors import AddressTaken, SlackUnreachable
from bot.tokens import may_connect

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
PATIENCE: Final = 120.0
"""Seconds without a Socket Mode connection after which everything is built anew."""
CHECK_EVERY: Final = 1.0
PING_EVERY: Final = 10.0
TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")
"""What an ``X-Slack-Request-Timestamp`` may look like."""
LAST_REQUESTS: Final = 1.0
"""Seconds for which the end waits for requests that have begun to arrive."""


@asynccontextmanager
async def http(app: AsyncApp, signing_secret: str, host: str, port: int) -> AsyncIterator[str]:
    """Serve HTTP mode while the context lasts; gives the address. Raises AddressTaken."""
    verifier = SignatureVerifier(signing_secret)
    refusals = _Edge(
        "refused a request that is not signed by Slack; if it was Slack's, check SLACK_SIGNING_SECRET"
    )

    async def events(request: web.Request) -> web.Response:
        # Bolt parses a body before it checks the signature, and logs it when the check fails.
        body = await _body(request)
        if body is None or not _is_signed(verifier, request.headers, body):
            refusals.warn()
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        refusals.over()
        bolt_request = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    server = web.Application()
    server.add_routes([web.post(EVENTS_PATH, events)])
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=LAST_REQUESTS)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield f"http://{host}:{runner.addresses[0][1]}{EVENTS_PATH}"
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise AddressTaken(address=f"{host}:{port}", reason=os.strerror(error.errno or 0)) from error


async def _body(request: web.Request) -> str | None:
    """Read a body; None if it is no text, or not packed as its headers say."""
    try:
        return (await request.read()).decode()
    except (UnicodeDecodeError, web.RequestPayloadError):
        return None


def _is_signed(verifier: SignatureVerifier, headers: Mapping[str, str], body: str) -> bool:
    """Check Slack's signature ("Verifying requests from Slack"); slack_sdk fails on strange ones."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
        return False
    return bool(verifier.is_valid(body, timestamp, signature))


class _Edge:
    """Warns once, and again only after it was over: strangers may post as often as they like."""

    def __init__(self, warning: str) -> None:
        self._warning = warning
        self._warned = False

    def warn(self) -> None:
        """Warn, unless that was done already."""
        if not self._warned:
            log.warning(self._warning)
        self._warned = True

    def over(self) -> None:
        """Note that what was warned of is over."""
        self._warned = False


async def socket_mode(
    app: AsyncApp,
    app_token: str,
    *,
    ready: Callable[[], None],
    patience: float = PATIENCE,
    check_every: float = CHECK_EVERY,
    ping_every: float = PING_EVERY,
) -> None:
    """Stay connected by Socket Mode until cancelled; calls ``ready`` once, at the first connection.

    slack_sdk connects again by itself, but it can try a used-up address for ever. So after ``patience``
    seconds without a connection everything is built anew. ``check_every`` and ``ping_every`` are seconds
    between two looks at the connection, and between two pings; four pings without an answer end it.
    Raises SlackRefused when Slack does not take the token any more.
    """
    connection = _Connection(ready)
    while True:
        # Made inside the running loop: it opens a session and starts tasks of its own.
        handler = AsyncSocketModeHandler(app, app_token, logger=_hushed(connection), ping_interval=ping_every)
        handler.client.message_listeners.append(connection.greeted)
        connecting = asyncio.create_task(handler.connect_async())
        try:
            await _until_lost(handler, connection, patience=patience, check_every=check_every)
        finally:
            connecting.cancel()
            await handler.close_async()
            await asyncio.wait([connecting])
        log.warning("no connection to Slack for %.0f seconds: building a new one", patience)
        with suppress(SlackUnreachable):
            await may_connect(app.client, app_token)


async def _until_lost(
    handler: AsyncSocketModeHandler, connection: "_Connection", *, patience: float, check_every: float
) -> None:
    """Return once there has been no connection for ``patience`` seconds."""
    clock = asyncio.get_running_loop().time
    last_connected = clock()
    while clock() - last_connected < patience:
        connected = await handler.client.is_connected()
        if connected:
            last_connected = clock()
        connection.note(connected=connected)
        await asyncio.sleep(check_every)


def _hushed(connection: "_Connection") -> logging.Logger:
    """Make slack_sdk's logger tell the connection, and nobody else."""
    logger = logging.getLogger("slack_sdk.socket_mode")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.handlers = [connection]
    return logger


class _Connection(logging.Handler):
    """What is known of the connection: logs when it comes, when it goes, and each kind of trouble once.

    slack_sdk logs an error with its traceback at every try, and the address with it, ticket included: of
    that, only the kind of the error is passed on.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        super().__init__()
        self._ready: Callable[[], None] | None = ready
        self._connected = False
        self._troubles: set[str] = set()

    async def greeted(self, _client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        """Take Slack's hello, which opens each connection and counts all that are open."""
        if message.get("type") != "hello":
            return
        self.note(connected=True)
        if (copies := message.get("num_connections", 1)) > 1:
            log.warning(
                "%d copies of this bot are connected to Slack, and each command goes to any one of them: "
                "stop all but one",
                copies,
            )

    def note(self, *, connected: bool) -> None:
        """Take whether there is a connection now."""
        if connected == self._connected:
            return
        self._connected = connected
        if not connected:
            log.warning("the connection to Slack is lost: connecting again")
        elif self._ready:
            self._ready()
            self._ready = None
        else:
            log.info("connected to Slack again")
            self._troubles.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Take what slack_sdk logs as an error."""
        kind = record.exc_info and record.exc_info[0]
        trouble = kind.__name__ if kind else record.funcName
        if trouble not in self._troubles:
            self._troubles.add(trouble)
            log.warning("trouble with Socket Mode: %s", trouble)
