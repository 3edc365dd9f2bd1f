"""HTTP servers: refusals without words, and an end that leaves no socket open."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from bot.errors import AddressTaken
from bot.network.names import Resolver, is_numeric

log = logging.getLogger(__name__)

IDLE_SECONDS: Final = 75.0
"""How long a connection is kept for its next request: longer than proxies do, so that they close it."""
LAST_REQUESTS: Final = 1.0
"""Seconds for which the end waits for requests that have begun to arrive."""
BACKLOG: Final = 1024
"""Connections that may wait to be accepted, while a burst comes."""
TURNS: Final = 3
"""Turns of the event loop that asyncio needs to hand over a connection that it has accepted."""
SERVER_HEADER: Final = {"Server": "voicejob"}


def with_port(host: str, port: int) -> str:
    """Format a host and a port as in a URL: IPv6 in brackets, with its zone where it has one."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@asynccontextmanager
async def listening(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve an application while the context lasts; yields its URL, without a path. Raises AddressTaken."""
    application.middlewares.append(_without_words)
    runner = web.AppRunner(application, shutdown_timeout=LAST_REQUESTS)
    await runner.setup()
    loop = asyncio.get_running_loop()
    protocol = partial(_Protocol, cast(web.Server, runner.server), loop=loop)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        try:
            # A look-up by aiohttp or asyncio could not be cancelled.
            hosts = host if is_numeric(host) else [found["host"] for found in await Resolver().resolve(host)]
            # With start_serving=True, a server whose start is cancelled would listen for ever.
            server = await loop.create_server(protocol, hosts, port, backlog=BACKLOG, start_serving=False)
            stack.push_async_callback(_stop_listening, server)
            await server.start_serving()
        except (OSError, UnicodeError) as error:
            raise AddressTaken(address=with_port(host, port), reason=_reason(error)) from error
        yield f"http://{with_port(host, server.sockets[0].getsockname()[1])}"


def _reason(error: OSError | UnicodeError) -> str:
    """Return what is wrong, without asyncio's words around it; a host that is no name is a UnicodeError."""
    if isinstance(error, UnicodeError):
        return "no such host"
    errno = error.errno or 0
    return os.strerror(errno) if errno > 0 else error.strerror or str(error)


@web.middleware
async def _without_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request; a refusal has no words and ends the connection, and no answer names aiohttp.

    A body that is announced as too long is not waited for.
    """
    try:
        if (length := request.content_length or 0) > request.client_max_size:
            raise web.HTTPRequestEntityTooLarge(request.client_max_size, length)
        response = await handler(request)
    except web.HTTPException as refusal:
        allow = {name: refusal.headers[name] for name in ("Allow",) if name in refusal.headers}
        response = web.Response(status=refusal.status, headers=allow)
    response.headers.update(SERVER_HEADER)
    if response.status >= HTTPStatus.BAD_REQUEST:
        response.force_close()
    return response


class _Protocol(web.RequestHandler):
    """aiohttp's protocol, which neither quotes nor logs what it can't parse."""

    __slots__ = ()

    def __init__(self, server: web.Server, *, loop: asyncio.AbstractEventLoop) -> None:
        no_log = cast(logging.Logger, None)  # aiohttp takes None as well
        super().__init__(server, loop=loop, access_log=no_log, logger=log, keepalive_timeout=IDLE_SECONDS)

    def handle_error(self, *error: Any, **named: Any) -> web.StreamResponse:
        """Return the response to what is no HTTP, or where a handler failed."""
        response = web.Response(status=super().handle_error(*error, **named).status, headers=SERVER_HEADER)
        response.force_close()
        return response

    def log_exception(self, *message: Any, **options: Any) -> None:
        """Log a failure, unless the other side caused it."""
        theirs = HttpProcessingError | web.RequestPayloadError | ConnectionError
        if not isinstance(options.get("exc_info"), theirs):
            super().log_exception(*message, **options)


async def _stop_listening(server: asyncio.Server) -> None:
    """Accept no more connections, and then close the server.

    asyncio accepts a connection in one turn of the loop and hands it over in the next ones. If the server is
    closed between the two, asyncio drops the connection without closing its socket.
    """
    loop = asyncio.get_running_loop()
    for each in server.sockets:
        with suppress(NotImplementedError):  # the loop of Windows
            loop.remove_reader(each.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    server.close()


class Site(web.TCPSite):
    """A site of aiohttp's that stops in this way."""

    async def stop(self) -> None:
        """Accept no more connections, and unregister from the runner."""
        if isinstance(self._server, asyncio.Server):
            await _stop_listening(self._server)
        await super().stop()
