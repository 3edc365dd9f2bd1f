"""A server that ends leaves nothing open, whenever it is ended and whoever connects."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psutil
import pytest
from aiohttp import web

from bot.demo.page import serving
from bot.demo.playground import playground
from bot.network.servers import listening
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace


@asynccontextmanager
async def served(what: str) -> AsyncIterator[str]:
    """Serve it, and yield its address."""
    async with AsyncExitStack() as stack:
        match what:
            case "metastudio":
                yield (await stack.enter_async_context(MetaStudioSimulator())).url
            case "slack":
                yield (await stack.enter_async_context(SlackWorkspace())).api_url
            case "page":
                ground = await stack.enter_async_context(playground())
                yield await stack.enter_async_context(serving(ground, 0))
            case _:
                app = web.Application()
                yield await stack.enter_async_context(listening(app, "127.0.0.1", 0))


async def connect_at_the_end(late: socket.socket, what: str, turns: int) -> None:
    """Connect, let the event loop make so many turns, and end what is served."""
    async with served(what) as address:
        host, port = address.split("/")[2].split(":")
        late.connect((host, int(port)))
        for _ in range(turns):
            await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("what", ["metastudio", "slack", "page", "bot"])
def test_connection_of_the_last_moment_is_ended(what: str, turns: int) -> None:
    """It was accepted, and aiohttp did not know of it yet."""
    with socket.socket() as late:
        asyncio.run(connect_at_the_end(late, what, turns))
        late.settimeout(10)
        with suppress(ConnectionResetError):
            assert late.recv(1) == b""


@pytest.mark.parametrize("turns", range(6))
async def test_start_that_is_cancelled_listens_no_more(turns: int) -> None:
    """Whoever cancels it has nothing that could be closed."""
    before = ports()
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(served("bot")))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        assert ports() == before or not starting.cancelled()


def ports() -> set[int]:
    """Return the ports at which this process listens."""
    connections = psutil.Process().net_connections("tcp")
    return {each.laddr.port for each in connections if each.status == psutil.CONN_LISTEN}
