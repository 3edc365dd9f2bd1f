"""The web server of the demo's page: its files, and a WebSocket for its state and for people's requests."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType, web
from pydantic import ValidationError
from yarl import URL

from bot.demo.page_requests import REQUESTS
from bot.demo.page_view import PageView, Parts
from bot.demo.playground import NotPossible, Playground
from bot.errors import Unquoted, VoiceJobError
from bot.network.servers import Site

HOST: Final = "127.0.0.1"
HOST_NAMES: Final = frozenset({HOST, "localhost"})
STATIC: Final = Path(__file__).parent / "static"
REFRESH_SECONDS: Final = 0.05
"""Pause between two updates of the page: shorter than a person notices."""
LARGEST_REQUEST: Final = 64 * 1024
"""Bytes of a WebSocket message from a browser."""
CLOSE_SECONDS: Final = 0.5
"""Seconds for which a stop waits for browsers."""


class PortTaken(VoiceJobError):
    """The page can't be served at its port."""


@asynccontextmanager
async def serving(ground: Playground, port: int) -> AsyncIterator[str]:
    """Serve the page while the context lasts; yields its address. Port 0 is a free one. Raises PortTaken."""
    application = Page(ground).application()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, port)
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await Site(runner, HOST, port).start()
    except OSError as error:
        raise PortTaken(port=Unquoted(port), reason=Unquoted(os.strerror(error.errno or 0))) from error


class Page:
    """The web application. Every browser is Alice's."""

    def __init__(self, ground: Playground) -> None:
        self._ground = ground
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """Return the application of aiohttp."""
        application = web.Application(middlewares=[_check_origin])
        application.router.add_get("/", self._index)
        application.router.add_get("/live", self._live)
        application.router.add_static("/static", STATIC)
        application.on_response_prepare.append(_add_headers)
        application.on_shutdown.append(self._close)
        return application

    async def _close(self, _: web.Application) -> None:
        await asyncio.gather(*(socket.close() for socket in self._sockets), return_exceptions=True)

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        # aiohttp compresses a large frame in a task of its own, and a small one could overtake it.
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=LARGEST_REQUEST, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await _BrowserSession(self._ground, socket).run()
        finally:
            self._sockets.discard(socket)
        return socket


class _BrowserSession:
    """One browser's WebSocket: sends what changes, and carries out the requests that come."""

    def __init__(self, ground: Playground, socket: web.WebSocketResponse) -> None:
        self._ground = ground
        self._view = PageView(ground)
        self._socket = socket
        self._sent: Parts = {}

    async def run(self) -> None:
        """Serve the browser until it disconnects."""
        async with asyncio.TaskGroup() as tasks:
            refreshing = tasks.create_task(self._refresh())
            async for frame in self._socket:
                if frame.type is WSMsgType.TEXT:
                    tasks.create_task(self._answer(frame.data))
            refreshing.cancel()

    async def _refresh(self) -> None:
        while True:
            await self._send_changes()
            await asyncio.sleep(REFRESH_SECONDS)

    async def _send_changes(self) -> None:
        """Send what changed since the last time; the first time, send everything."""
        before, self._sent = self._sent, self._view.parts()
        if change := difference(before, self._sent):
            await self._send({"fresh": not before, **change})

    async def _send(self, frame: Parts) -> None:
        with suppress(ConnectionError):  # the browser has disconnected
            await self._socket.send_str(json.dumps(frame))

    async def _answer(self, frame: str) -> None:
        """Carry out the request in a frame, send what it changed, and only then send that it is done."""
        done: Parts = {"done": None, "error": None}
        try:
            request = REQUESTS.validate_json(frame)
            done["done"] = request.id
            await request.carry_out(self._ground)
        except NotPossible as error:
            done["error"] = str(error)
        except ValidationError as error:
            done |= {"done": _id_of(frame), "error": _sentence(error)}
        await self._send_changes()
        await self._send(done)


def difference(before: Parts, now: Parts) -> dict[str, Any] | None:
    """Return which parts to set and to drop to come from one state to another; None if they are equal."""
    new = {
        key: value
        for key, value in now.items()
        if key not in before or (before[key] is not value and before[key] != value)
    }
    gone = [key for key in before if key not in now]
    return {"set": new, "drop": gone} if new or gone else None


def _id_of(frame: str) -> int | None:
    """Return the id of a malformed request; None if it has none."""
    try:
        number = json.loads(frame)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if isinstance(number, int) else None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"The demo does not take that: {where and f'{where}: '}{first['msg']}."


@web.middleware
async def _check_origin(request: web.Request, handler: Any) -> web.StreamResponse:
    """Respond with 403 to other sites: they could open a WebSocket, or let their name be this address."""
    origin = request.headers.get("Origin")
    try:
        url = request.url
    except ValueError:  # a malformed Host
        url = URL()
    if url.host not in HOST_NAMES or origin not in {None, str(url.origin())}:
        raise web.HTTPForbidden(text="The demo answers its own page only.\n")
    return await handler(request)  # type: ignore[no-any-return]


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add a policy by which the page loads and runs nothing but its own files."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{request.host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
