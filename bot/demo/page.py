"""The web page of the demo: its files, and a WebSocket that keeps it up to date and takes what people do."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType, web
from pydantic import ValidationError
from yarl import URL

from bot.demo.page_requests import REQUESTS
from bot.demo.page_view import Parts, View
from bot.demo.playground import NotPossible, Playground
from bot.errors import Unquoted, VoiceJobError
from bot.network.servers import Site

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
NAMES: Final = frozenset({HOST, "localhost"})
STATIC: Final = Path(__file__).parent / "static"
LOOK_SECONDS: Final = 0.05
"""How often the page is brought up to date: as quick as a person sees."""
LARGEST_REQUEST: Final = 64 * 1024
GOODBYE: Final = 0.5
"""Seconds for which an end waits for browsers."""


class PortTaken(VoiceJobError):
    """The page can't be served at its port."""


@asynccontextmanager
async def serving(ground: Playground, port: int) -> AsyncIterator[str]:
    """Serve the page while the context lasts; gives its address. Port 0 is a free one. Raises PortTaken."""
    page = Page(ground)
    runner = web.AppRunner(page.application(), access_log=None, shutdown_timeout=GOODBYE)
    await runner.setup()
    try:
        await _listen(runner, port)
        yield f"http://{HOST}:{runner.addresses[0][1]}/"
    finally:
        await page.close()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await Site(runner, HOST, port).start()
    except OSError as error:
        raise PortTaken(port=Unquoted(port), reason=Unquoted(os.strerror(error.errno or 0))) from error


class Page:
    """Answers browsers. Every one of them is Alice's."""

    def __init__(self, ground: Playground) -> None:
        self._ground = ground
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """Make the web application."""
        application = web.Application(middlewares=[_only_from_here])
        application.router.add_get("/", self._index)
        application.router.add_get("/live", self._live)
        application.router.add_static("/static", STATIC)
        application.on_response_prepare.append(_add_headers)
        return application

    async def close(self) -> None:
        """Hang up on every browser."""
        await asyncio.gather(*(socket.close() for socket in self._sockets), return_exceptions=True)

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        # aiohttp compresses a large frame in a task of its own, and a small one could overtake it.
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=LARGEST_REQUEST, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await Visit(self._ground, socket).last()
        finally:
            self._sockets.discard(socket)
        return socket


class Visit:
    """One browser's visit: it is shown what there is, and what it asks for is done."""

    def __init__(self, ground: Playground, socket: web.WebSocketResponse) -> None:
        self._ground = ground
        self._view = View(ground)
        self._socket = socket
        self._seen: Parts = {}

    async def last(self) -> None:
        """Serve the browser until it goes."""
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._look())
            async for frame in self._socket:
                if frame.type is WSMsgType.TEXT:
                    tasks.create_task(self._carry_out(frame.data))
            looking.cancel()

    async def _look(self) -> None:
        while True:
            await self._show()
            await asyncio.sleep(LOOK_SECONDS)

    async def _show(self) -> None:
        """Send what is new since the last time; the first time, that is all."""
        seen, self._seen = self._seen, self._view.parts()
        if change := difference(seen, self._seen):
            await self._send({"fresh": not seen, **change})

    async def _send(self, frame: Parts) -> None:
        with suppress(ConnectionError):  # the browser has gone
            await self._socket.send_str(json.dumps(frame))

    async def _carry_out(self, frame: str) -> None:
        """Do what a frame asks for, show what came of it, and only then say that it is done."""
        done: Parts = {"done": None, "error": None}
        try:
            request = REQUESTS.validate_json(frame)
            done["done"] = request.id
            await request.carry_out(self._ground)
        except NotPossible as error:
            done["error"] = str(error)
        except ValidationError as error:
            done |= {"done": _id_of(frame), "error": _what_is_wrong(error)}
        await self._show()
        await self._send(done)


def difference(before: Parts, now: Parts) -> dict[str, Any] | None:
    """Say what has to be set and dropped to come from one state to another; None when nothing has."""
    new = {
        key: value
        for key, value in now.items()
        if key not in before or (before[key] is not value and before[key] != value)
    }
    gone = [key for key in before if key not in now]
    return {"set": new, "drop": gone} if new or gone else None


def _id_of(frame: str) -> int | None:
    """Find a request's id in a frame that is no good otherwise."""
    try:
        number = json.loads(frame)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if isinstance(number, int) else None


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"The demo does not take that: {where and f'{where}: '}{first['msg']}."


@web.middleware
async def _only_from_here(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse other sites: a page elsewhere could open a WebSocket here, or give this address its own name."""
    origin = request.headers.get("Origin")
    try:
        url = request.url
    except ValueError:  # a Host that is none
        url = URL()
    if url.host not in NAMES or origin not in {None, str(url.origin())}:
        raise web.HTTPForbidden(text="The demo answers its own page only.\n")
    return await handler(request)  # type: ignore[no-any-return]


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page load nothing from anywhere else, and run nothing that is no file of its own."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' ws://{request.host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
