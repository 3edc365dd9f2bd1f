"""Looking up host names: one that hangs holds up no other, and nothing waits for it in the end."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import aiohttp
import pytest

from bot.network.names import Address, Resolver, is_numeric, look_up, may_begin
from tests.servers import Scripted, raw_answer
from tests.support import PATIENCE, eventually

MANY = 100
"""More names than asyncio's executor has threads."""


class Names:
    """The system's look-up: names that begin with "hanging" get no answer while it hangs."""

    hangs = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()

    def look_up(self, host: str, _family: int) -> list[Address]:
        """Block, or answer."""
        self.asked.append(host)
        if host.startswith("hanging") and self.hangs:
            self.let_go.wait()
        return [(socket.AF_INET, 6, "127.0.0.1")]


@pytest.fixture
def names() -> Iterator[Names]:
    names = Names()
    yield names
    names.let_go.set()


async def test_names_that_hang(names: Names) -> None:
    """They end as a time-out and hold up no other; each takes one thread, whose answer all get who ask."""
    hanging = [
        Resolver(names.look_up, limit=0.05).resolve(f"hanging-{number}") for number in [*range(MANY), 0, 0]
    ]
    ends = asyncio.gather(*hanging, return_exceptions=True)
    await asyncio.sleep(0)
    assert await Resolver(names.look_up).resolve("a.example")
    assert {type(error) for error in await ends} == {TimeoutError}
    late = asyncio.create_task(Resolver(names.look_up).resolve("hanging-0", 443))
    await asyncio.sleep(0)
    names.let_go.set()

    assert [found["host"] for found in await late] == ["127.0.0.1"]
    assert len(names.asked) == MANY + 1


BEGINNINGS = [([], 5), ([0], 59.9), ([0], 60), ([0, 60], 119), ([0, 60], 120), ([0, 60, 120], 999)]


async def test_a_look_up_that_never_comes_back(names: Names) -> None:
    """A minute later its name is looked up again, three times at most."""
    assert [may_begin(*each) for each in BEGINNINGS] == [True, False, True, False, True, False]
    times = [0.0, 60.0, 61.0, 62.0]
    hasty, patient = (
        Resolver(names.look_up, limit=limit, clock=lambda: times.pop(0)) for limit in (0.05, PATIENCE)
    )
    with pytest.raises(TimeoutError):
        await hasty.resolve("hanging-once")
    await eventually(lambda: bool(names.asked))
    names.hangs = False

    for _ in times[:]:
        assert await patient.resolve("hanging-once")
    assert len(names.asked) == 1 + 3


async def test_addresses_are_not_looked_up(names: Names) -> None:
    """They need no thread. A name is found as aiohttp wants it: numeric, with the port of the URL."""
    server = Scripted(raw_answer("200 OK", b"here"))
    connector = aiohttp.TCPConnector(resolver=Resolver(names.look_up))
    async with server.running() as url, aiohttp.ClientSession(connector=connector) as session:
        for host in ("127.0.0.1", "a.example"):
            async with session.get(url.replace("127.0.0.1", host)) as answer:
                assert await answer.read() == b"here"

    assert names.asked == ["a.example"]


def test_the_system_is_asked() -> None:
    """It knows the name of loopback, and says by its own errors what is none; an address is not asked for."""
    hosts = ("127.0.0.1", "::1", "fe80::1%eth0", "", "localhost", "a.example", "127.1")
    assert [host for host in hosts if is_numeric(host)] == ["127.0.0.1", "::1", "fe80::1%eth0", ""]
    assert (socket.AF_INET, "127.0.0.1") in [(kind, host) for kind, _, host in look_up("localhost", 0)]
    for odd in ("a..b", "x" * 70):
        with pytest.raises(UnicodeError):
            look_up(odd, 0)
