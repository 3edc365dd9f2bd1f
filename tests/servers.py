"""Servers for the bot's HTTP clients: raw ones, which answer as no framework would, and proxies."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from bot.domain.rates import RateLimits
from bot.errors import MetaStudioError
from bot.metastudio.auth import GivenToken
from bot.metastudio.client import MetaStudio
from bot.network.servers import with_port
from bot.simulators.metastudio.simulator import MetaStudioSimulator

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's own transport where there is no HTTPS: reading certificates takes 30 ms for each client."""
TOKEN = "GIVENTOKEN"
"""The token that ``client_at`` sends."""


def client_at(url: str, **given: Any) -> MetaStudio:
    """Return a client that retries at once."""
    usual: dict[str, Any] = {
        "project_id": MetaStudioSimulator().project_id,
        "auth": GivenToken(TOKEN),
        "rates": RateLimits(spacing=0, retry=0.001, hold=0.01, refused=0, unanswered=0),
    }
    return MetaStudio(url, **usual | given)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    serve: Serve, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """Listen on loopback, and yield the URL; every connection is closed in the end."""
    tasks = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])

    server = await asyncio.start_server(guarded, host, 0, ssl=tls)
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://{with_port(host, server.sockets[0].getsockname()[1])}"
    finally:
        server.close()
        for task in filter(None, tasks):
            task.cancel()
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)


class Proxy:
    """A relay to a server that counts the connections made to it."""

    def __init__(self, target: str) -> None:
        self._host, _, self._port = target.removeprefix("http://").partition(":")
        self.connections = 0

    def running(
        self, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
    ) -> AbstractAsyncContextManager[str]:
        """Listen, and yield the URL."""
        return listening(self._relay, tls, host=host)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await join(reader, writer, self._host, int(self._port))


class Tunnel:
    """A proxy that makes tunnels for HTTPS, and records the head of each CONNECT request."""

    def __init__(self) -> None:
        self.heads: list[str] = []

    def running(self, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[str]:
        """Listen, and yield the URL."""
        return listening(self._serve, tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        host, _, port = self.heads[-1].split(" ")[1].partition(":")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await join(reader, writer, host, int(port))


async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    """Pass everything on to a server, and back."""
    their_reader, their_writer = await asyncio.open_connection(host, port)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
        finally:
            target.close()

    await asyncio.gather(pump(reader, their_writer), pump(their_reader, writer))


class Scripted:
    """A server that answers each connection with the same bytes; records each request's head and time."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.came: list[float] = []
        self.heads: list[str] = []

    def running(self, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[str]:
        """Listen, and yield the URL."""
        return listening(self._serve, tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        self.came.append(time.monotonic())
        writer.write(self._answer)


def raw_answer(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def failure_of(asked: Awaitable[Any]) -> MetaStudioError:
    with pytest.raises(MetaStudioError) as failed:
        await asked
    return failed.value
