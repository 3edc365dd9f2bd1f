"""A server that ends leaves nothing open, whenever it is ended and whoever connects."""

import asyncio
import socket
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress

import psutil
from aiohttp import web

from bot.network.servers import listening

TURNS = range(6)
"""Of the event loop, before the end."""


def serving() -> AbstractAsyncContextManager[str]:
    return listening(web.Application(), "127.0.0.1", 0)


async def connect_at_the_end(late: socket.socket, turns: int) -> None:
    """Connect, let the event loop make so many turns, and end the server."""
    async with serving() as address:
        host, port = address.split("/")[2].split(":")
        late.connect((host, int(port)))
        for _ in range(turns):
            await asyncio.sleep(0)


def test_connection_of_the_last_moment_is_ended() -> None:
    """It was accepted, and aiohttp did not know of it yet."""
    for turns in TURNS:
        with socket.socket() as late:
            asyncio.run(connect_at_the_end(late, turns))
            late.settimeout(10)
            with suppress(ConnectionResetError):
                assert late.recv(1) == b""


async def test_start_that_is_cancelled_listens_no_more() -> None:
    """Whoever cancels it has nothing that could be closed."""
    before = ports()
    for turns in TURNS:
        async with AsyncExitStack() as stack:
            starting = asyncio.create_task(stack.enter_async_context(serving()))
            for _ in range(turns):
                await asyncio.sleep(0)
            starting.cancel()
            await asyncio.wait([starting])
            assert ports() == before or not starting.cancelled()


def ports() -> set[int]:
    """Return the ports at which this process listens."""
    connections = psutil.Process().net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
