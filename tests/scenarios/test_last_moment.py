"""A server that ends leaves nothing open, whenever it is ended and whoever came."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

import psutil
import pytest
from aiohttp import web

from bot.demo.page import serving
from bot.demo.playground import playground
from bot.network.servers import listening
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace

Served = Callable[[], AbstractAsyncContextManager[str]]


@asynccontextmanager
async def metastudio() -> AsyncIterator[str]:
    async with MetaStudioSimulator() as simulator:
        yield simulator.url


@asynccontextmanager
async def slack() -> AsyncIterator[str]:
    async with SlackWorkspace() as workspace:
        yield workspace.api_url


@asynccontextmanager
async def page() -> AsyncIterator[str]:
    async with playground() as ground, serving(ground, 0) as address:
        yield address


def door() -> AbstractAsyncContextManager[str]:
    return listening(web.Application(), "127.0.0.1", 0)


async def connect_at_the_end(late: socket.socket, served: Served, turns: int) -> None:
    """Connect, give the event loop so many turns, and end what is served."""
    async with served() as address:
        host, port = address.split("/")[2].split(":")
        late.connect((host, int(port)))
        for _ in range(turns):
            await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("served", [metastudio, slack, page, door])
def test_a_connection_of_the_last_moment_is_ended(served: Served, turns: int) -> None:
    """It was accepted, and aiohttp had not heard of it yet."""
    with socket.socket() as late:
        asyncio.run(connect_at_the_end(late, served, turns))
        late.settimeout(1)
        with suppress(ConnectionResetError):
            assert late.recv(1) == b""


async def cancel(served: Served, turns: int) -> None:
    """Begin to serve, and cancel that after so many turns of the event loop."""
    before = listened_at()
    async with AsyncExitStack() as stack:
        starting = asyncio.create_task(stack.enter_async_context(served()))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        assert listened_at() == before or not starting.cancelled()


def listened_at() -> set[int]:
    """List the ports at which this process listens."""
    there = psutil.Process().net_connections("tcp")
    return {each.laddr.port for each in there if each.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("turns", range(6))
def test_a_start_that_is_cancelled_listens_no_more(turns: int) -> None:
    """Whoever cancels it has nothing in hand that could be closed."""
    asyncio.run(cancel(door, turns))
