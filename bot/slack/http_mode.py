"""HTTP mode: Slack posts commands and button presses, signed, to an address of the bot."""

import asyncio
import logging
import time
from http import HTTPStatus
from typing import Final

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.slack.timed_app import ARRIVED
from bot.telemetry.log_once import LogOnce
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
NOT_SIGNED: Final = (
    "refused a request that is not signed by Slack, or not just now; if it was Slack's, "
    "check SLACK_SIGNING_SECRET and this machine's clock"
)
MAX_BODY: Final = 256 * 1024
"""Bytes. A button press carries its message, a card of some 10 KiB, encoded as a form."""
BODY_SECONDS: Final = 3.0
"""Timeout of reading a body: Slack gives up after three seconds."""


def add_events(application: web.Application, app: AsyncApp, signing_secret: str, metrics: Metrics) -> None:
    """Add the route ``EVENTS_PATH``, which passes on to Bolt what Slack signed."""
    verifier = SignatureVerifier(signing_secret)
    refusals = LogOnce(log)  # strangers may post as often as they like

    async def events(request: web.Request) -> web.Response:
        arrived = time.monotonic()
        # Bolt parses a body before it checks the signature, and logs it when the check fails.
        body = await _body(request)
        if body is None or not _is_signed(verifier, request, body):
            refusals.failed(NOT_SIGNED)
            metrics.refused()
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        refusals.recovered()
        bolt_request = AsyncBoltRequest(
            body=body, query=request.query_string, headers=dict(request.headers), context={ARRIVED: arrived}
        )
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    application.router.add_post(EVENTS_PATH, events)


async def _body(request: web.Request) -> str | None:
    """Read a body; None if it is not UTF-8, wrongly encoded, incomplete or too slow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return (await request.read()).decode()
    except (UnicodeDecodeError, web.RequestPayloadError, ConnectionError, TimeoutError):
        return None


def _is_signed(verifier: SignatureVerifier, request: web.Request, body: str) -> bool:
    """Whether the signature is Slack's and its timestamp recent (page "Verifying requests from Slack")."""
    try:
        return bool(verifier.is_valid_request(body, dict(request.headers)))
    except (TypeError, ValueError, OverflowError):  # a strange signature or timestamp
        return False
