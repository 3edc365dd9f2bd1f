"""How servers begin and end, without a socket that is left open when that comes at a bad moment."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

from bot.network.names import Resolver, is_numeric

TURNS: Final = 3
"""Turns of the event loop that asyncio needs to hand over a connection that it has accepted."""


def with_port(host: str, port: int) -> str:
    """Write a host and a port as an address has them: IPv6 in brackets, with its zone where it has one."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def start_listening(
    protocol: Callable[[], asyncio.Protocol], host: str, port: int, *, backlog: int
) -> asyncio.Server:
    """Make a server that listens. Raises OSError, and UnicodeError for a host that is no name.

    The host's name may take as long to look up as any, and is not waited for when the start is cancelled.

    asyncio lets one turn of the loop pass while the server listens already and nobody has it in hand: if the
    start is cancelled there, it would listen for ever.
    """
    loop = asyncio.get_running_loop()
    hosts = host if is_numeric(host) else [found["host"] for found in await Resolver().resolve(host)]
    server = await loop.create_server(protocol, hosts, port, backlog=backlog, start_serving=False)
    try:
        await server.start_serving()
    except BaseException:
        server.close()
        raise
    return server


async def stop_listening(server: asyncio.Server) -> None:
    """Accept nobody any more, and then close the server.

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
    """A site of aiohttp's that ends so."""

    async def stop(self) -> None:
        """Accept nobody any more, and leave the runner."""
        if isinstance(self._server, asyncio.Server):
            await stop_listening(self._server)
        await super().stop()
