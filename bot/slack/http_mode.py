"""HTTP mode: Slack posts commands and presses, signed, to an address of the bot.

``listening`` serves any aiohttp application, and guards it from strangers who send slowly, much, or nothing;
``add_events`` puts the door for Slack into one.
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.errors import AddressTaken
from bot.network.servers import start_listening, stop_listening, with_port
from bot.slack.timed_app import ARRIVED
from bot.telemetry.log_once import LogOnce
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

EVENTS_PATH: Final = "/slack/events"
TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")
"""What an ``X-Slack-Request-Timestamp`` may look like: slack_sdk fails on what is no number, or too long."""
NOT_SIGNED: Final = (
    "refused a request that is not signed by Slack, or not just now; if it was Slack's, "
    "check SLACK_SIGNING_SECRET and this machine's clock"
)
MAX_BODY: Final = 256 * 1024
"""Bytes. A press carries the message whose button it was, a card of some 10 KiB, encoded as a form."""
BODY_SECONDS: Final = 3.0
"""How long a body may take to arrive: after as long, Slack has given up."""
LINGER_SECONDS: Final = 1.0
"""How long what a refused request still sends is read, so that its sender sees the answer."""
LAST_REQUESTS: Final = 1.0
"""Seconds for which the end waits for requests that have begun to arrive."""
BACKLOG: Final = 1024
"""Connections that may wait to be taken, while a burst comes."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What strangers are allowed.

    ``head``: seconds that the head of a request may take to arrive, and that a new connection may be silent.
    ``idle``: seconds for which a connection is kept for its next request: longer than proxies keep theirs, so
    that they end it. ``connections``: above that many the one that waits longest is ended: systems often
    allow a process 1024 open files.
    """

    head: float = 5.0
    idle: float = 75.0
    connections: int = 500


LIMITS: Final = Limits()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_events(application: web.Application, app: AsyncApp, signing_secret: str, metrics: Metrics) -> None:
    """Put the door for Slack into an application: ``EVENTS_PATH``, for what Slack signed."""
    verifier = SignatureVerifier(signing_secret)
    refusals = LogOnce(log)  # strangers may post as often as they like

    async def events(request: web.Request) -> web.Response:
        # Bolt parses a body before it checks the signature, and logs it when the check fails.
        body = await _body(request)
        if body is None or not _is_signed(verifier, request.headers, body):
            refusals.fails(NOT_SIGNED)
            metrics.refused()
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        refusals.works()
        bolt_request = AsyncBoltRequest(
            body=body,
            query=request.query_string,
            headers=dict(request.headers),
            context={ARRIVED: cast(_Protocol, request.protocol).arrived},
        )
        return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    application.router.add_post(EVENTS_PATH, events)


@asynccontextmanager
async def listening(
    application: web.Application, host: str, port: int, *, limits: Limits = LIMITS
) -> AsyncIterator[str]:
    """Serve an application while the context lasts; gives the address, without a path. Raises AddressTaken.

    At the end, what has arrived is answered, within ``LAST_REQUESTS`` seconds.
    """
    door = _Door(limits)
    application.middlewares.append(door.middleware)
    runner = web.AppRunner(application, shutdown_timeout=LAST_REQUESTS)
    await runner.setup()
    try:
        server = await _listen(door, cast(web.Server, runner.server), host, port)
        try:
            yield f"http://{with_port(host, server.sockets[0].getsockname()[1])}"
        finally:
            await stop_listening(server)
    finally:
        await runner.cleanup()


async def _listen(door: "_Door", server: web.Server, host: str, port: int) -> asyncio.Server:
    def visit() -> _Visit:
        return _Visit(door, _Protocol(server, door.limits))

    try:
        return await start_listening(visit, host, port, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise AddressTaken(address=with_port(host, port), reason=_reason(error)) from error


class _Protocol(web.RequestHandler):
    """What aiohttp serves a connection with; what it refuses by itself gets no words either."""

    __slots__ = ("arrived",)

    def __init__(self, server: web.Server, limits: Limits) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # it takes none
            logger=_server_log(),
            keepalive_timeout=limits.idle,
            lingering_time=LINGER_SECONDS,
        )
        self.arrived: float | None = None
        """When the first bytes of the present request were read, by time.monotonic."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, or what failed: aiohttp's own words would quote it."""
        return _nameless(web.Response(status=super().handle_error(request, status, exc, message).status))


class _Visit(asyncio.Protocol):
    """One connection of a stranger: aiohttp serves it, and here it is ended if its requests don't come.

    By itself aiohttp waits for ever for the first request, and for any head that trickles.
    """

    def __init__(self, door: "_Door", protocol: _Protocol) -> None:
        self._door = door
        self._protocol = protocol
        self._transport: asyncio.Transport | None = None
        self._head_is_late: asyncio.TimerHandle | None = None
        self.is_busy = False
        """Whether a request is being answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let aiohttp serve it."""
        self._transport = cast(asyncio.Transport, transport)
        self._protocol.connection_made(transport)
        self._door.enter(self, self._transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Pass it on; if it is the beginning of a request, the time for its head runs."""
        if not (self.is_busy or self._head_is_late):
            self._await_head()
        self._protocol.arrived = self._protocol.arrived or time.monotonic()
        self._protocol.data_received(data)

    def eof_received(self) -> None:
        """Pass it on."""
        self._protocol.eof_received()

    def pause_writing(self) -> None:
        """Pass it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._head_came()
        if self._transport:
            self._door.leave(self._transport)
        self._protocol.connection_lost(exc)

    def begins(self) -> None:
        """Note that the head of a request is whole."""
        self._head_came()
        self.is_busy = True

    def ends(self) -> None:
        """Note that a request is answered."""
        self.is_busy = False
        self._protocol.arrived = None

    def end(self) -> None:
        """End the connection without a word."""
        if self._transport:
            self._transport.abort()

    def _await_head(self) -> None:
        self._head_is_late = asyncio.get_running_loop().call_later(self._door.limits.head, self.end)

    def _head_came(self) -> None:
        if self._head_is_late:
            self._head_is_late.cancel()
        self._head_is_late = None


class _Door:
    """Where connections come in: it counts them, and makes their answers short."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._visits: dict[asyncio.Transport, _Visit] = {}
        """The connections that are open; the one that has been quiet for longest comes first."""
        self._crowd = LogOnce(log)

    def enter(self, visit: _Visit, transport: asyncio.Transport) -> None:
        """Take a new connection; if there are too many, a quiet one has to go, or else this one."""
        self._visits[transport] = visit
        if len(self._visits) > self.limits.connections:
            self._crowd.fails("more than %d connections are open: ending quiet ones", self.limits.connections)
            next((each for each in self._visits.values() if not each.is_busy), visit).end()

    def leave(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._visits.pop(transport, None)
        if len(self._visits) < self.limits.connections // 2:
            self._crowd.works()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer one request; refusals carry no words, and no answer tells what serves here."""
        transport = cast(asyncio.Transport, request.transport)
        visit = self._visits.pop(transport, None)
        if visit is None:
            return await _answer(request, handler)
        self._visits[transport] = visit
        visit.begins()
        try:
            return await _answer(request, handler)
        finally:
            # The answer is written after this, and until then the connection is not a quiet one.
            asyncio.get_running_loop().call_soon(visit.ends)


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or 0)
        response = await handler(request)
    except web.HTTPException as refusal:
        allow = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
        response = web.Response(status=refusal.status, headers=allow)
    return _nameless(response)


def _nameless(response: web.StreamResponse) -> web.StreamResponse:
    response.headers["Server"] = "voicejob"
    if response.status >= HTTPStatus.BAD_REQUEST:
        response.force_close()
    return response


def _server_log() -> logging.Logger:
    """Make the log of aiohttp's server: not a line of it for what strangers send that is no HTTP."""
    logger = logging.getLogger(f"{__name__}.server")
    logger.filters = [_is_ours]
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    kind = record.exc_info and record.exc_info[0]
    strange = HttpProcessingError | web.RequestPayloadError | ConnectionError
    return not (kind and issubclass(kind, strange))


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
