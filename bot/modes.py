"""The two ways in which Slack reaches the bot: Socket Mode, and HTTP."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.errors import AddressTaken

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
PATIENCE: Final = 120.0
"""Seconds without a Socket Mode connection after which everything is built anew."""
CHECK_EVERY: Final = 1.0
PING_EVERY: Final = 10.0
TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")
"""What an ``X-Slack-Request-Timestamp`` may look like: Bolt answers 500 to what is no number."""


@asynccontextmanager
async def http(app: AsyncApp, host: str, port: int) -> AsyncIterator[str]:
    """Serve HTTP mode while the context lasts; gives the address. Raises AddressTaken."""

    async def events(request: web.Request) -> web.Response:
        body = await request.read()
        if not _may_be_signed(request.headers):
            return web.Response(status=401)
        # What is not UTF-8 is not Slack's: replaced, it can't match its signature, and Bolt refuses it.
        bolt_request = AsyncBoltRequest(
            body=body.decode(errors="replace"), query=request.query_string, headers=dict(request.headers)
        )
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    server = web.Application()
    server.add_routes([web.post(EVENTS_PATH, events)])
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise AddressTaken(address=f"{host}:{port}", reason=error.strerror or str(error)) from error
        yield f"http://{host}:{runner.addresses[0][1]}{EVENTS_PATH}"
    finally:
        await runner.cleanup()


def _may_be_signed(headers: Mapping[str, str]) -> bool:
    """Tell whether Bolt can check the signature at all: it fails on a strange one instead of refusing it."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    return bool(TIMESTAMP.fullmatch(timestamp)) and headers.get("X-Slack-Signature", "").isascii()


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
    """
    # slack_sdk logs the address, ticket included, with a traceback at every try: we log the edges instead.
    quiet = logging.getLogger("slack_sdk.socket_mode")
    quiet.setLevel(logging.CRITICAL)
    connection = _Connection(ready)
    while True:
        # Made inside the running loop: it opens a session and starts tasks of its own.
        handler = AsyncSocketModeHandler(app, app_token, logger=quiet, ping_interval=ping_every)
        handler.client.message_listeners.append(connection.greeted)
        connecting = asyncio.create_task(handler.connect_async())
        try:
            await _until_lost(handler, connection, patience=patience, check_every=check_every)
        finally:
            connecting.cancel()
            await handler.close_async()
        log.warning("no connection to Slack for %.0f seconds: building a new one", patience)


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


class _Connection:
    """What is known of the connection: logs when it comes and when it goes, and nothing in between."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready: Callable[[], None] | None = ready
        self._connected = False

    async def greeted(self, _client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        """Take Slack's hello, which opens each connection and counts those of all copies of the bot."""
        if message.get("type") != "hello":
            return
        self.note(connected=True)
        if (copies := message.get("num_connections", 1)) > 1:
            # Slack gives each command to any one of them, and each would act on what it was not given.
            log.warning("%d copies of this bot are connected to Slack: stop all but one", copies)

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
