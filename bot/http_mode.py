"""HTTP mode: Slack posts commands and presses, signed, to an address of the bot."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.edges import Edge
from bot.errors import AddressTaken

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")
"""What an ``X-Slack-Request-Timestamp`` may look like: slack_sdk fails on what is no number, or too long."""
NOT_SIGNED: Final = (
    "refused a request that is not signed by Slack; if it was Slack's, check SLACK_SIGNING_SECRET"
)
BODY_SECONDS: Final = 3.0
"""How long a body may take to arrive: after as long, Slack has given up."""
LAST_REQUESTS: Final = 1.0
"""Seconds for which the end waits for requests that have begun to arrive."""


@asynccontextmanager
async def serve(app: AsyncApp, signing_secret: str, host: str, port: int) -> AsyncIterator[str]:
    """Serve HTTP mode while the context lasts; gives the address. Raises AddressTaken."""
    verifier = SignatureVerifier(signing_secret)
    refusals = Edge(log)  # strangers may post as often as they like

    async def events(request: web.Request) -> web.Response:
        # Bolt parses a body before it checks the signature, and logs it when the check fails.
        body = await _body(request)
        if body is None or not _is_signed(verifier, request.headers, body):
            refusals.fails(NOT_SIGNED)
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        refusals.works()
        bolt_request = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers))
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    server = web.Application()
    server.add_routes([web.post(EVENTS_PATH, events)])
    runner = web.AppRunner(server, access_log=None, logger=_server_log(), shutdown_timeout=LAST_REQUESTS)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield f"http://{host}:{runner.addresses[0][1]}{EVENTS_PATH}"
    finally:
        await runner.cleanup()


def _server_log() -> logging.Logger:
    """Make the log of aiohttp's server: not a line of it for what strangers send that is no HTTP."""
    logger = logging.getLogger(f"{__name__}.server")
    logger.filters = [_is_ours]
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    kind = record.exc_info and record.exc_info[0]
    return not (kind and issubclass(kind, HttpProcessingError | ConnectionError))


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError) as error:
        raise AddressTaken(address=f"{host}:{port}", reason=_reason(error)) from error


def _reason(error: OSError | UnicodeError) -> str:
    """Say it without asyncio's own words around; a host that is no name comes as UnicodeError."""
    if isinstance(error, UnicodeError):
        return "no such host"
    errno = error.errno or 0
    return os.strerror(errno) if errno > 0 else error.strerror or str(error)


async def _body(request: web.Request) -> str | None:
    """Read a body; None if it is no text, not packed as its headers say, or does not come to its end."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return (await request.read()).decode()
    except (UnicodeDecodeError, web.RequestPayloadError, ConnectionError, TimeoutError):
        return None


def _is_signed(verifier: SignatureVerifier, headers: Mapping[str, str], body: str) -> bool:
    """Check Slack's signature ("Verifying requests from Slack"); slack_sdk fails on strange ones."""
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not (TIMESTAMP.fullmatch(timestamp) and signature.isascii()):
        return False
    return bool(verifier.is_valid(body, timestamp, signature))
