"""The HTTP server: what it tells strangers, and addresses at which it can't listen."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.errors import AddressTaken
from bot.network.servers import listening
from tests.support import PATIENCE

CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"


async def take(request: web.Request) -> web.Response:
    """Read all that comes, or fail."""
    await request.read()
    if request.path == "/fail":
        raise ValueError("hush")
    return web.Response(text="hello")


@pytest.fixture
async def address() -> AsyncIterator[str]:
    application = web.Application()
    application.add_routes([web.get("/", take), web.get("/fail", take), web.post("/upload", take)])
    async with listening(application, "127.0.0.1", 0) as url:
        yield url.removeprefix("http://")


async def exchange(address: str, raw: bytes, until: bytes = b"") -> tuple[list[bytes], bytes]:
    """Send bytes as they are, and read the lines of the response's head and its body."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    async with asyncio.timeout(PATIENCE):
        answer = await (reader.readuntil(until) if until else reader.read())
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"hush\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"hush" * 5000 + b"\r\n\r\n", b"400"),
        (b"GET /hush HTTP/1.1\r\n" + CLOSE, b"404"),
        (b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n" + CLOSE + b"hush", b"405"),
    ],
    ids=lambda value: value[:60] if isinstance(value, bytes) else None,
)
async def test_a_refusal_has_no_words(
    address: str, raw: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It quotes nothing, does not tell what serves here, and leaves no line in the log."""
    caplog.set_level(logging.INFO)

    head, body = await exchange(address, raw)

    assert (head[0].split()[1], body) == (status, b"")
    assert b"Server: voicejob" in head
    assert b"hush" not in b"".join(head)
    assert (b"Allow: GET,HEAD" in head) == (status == b"405")
    assert status == b"400" or not [line for line in head if line.startswith(b"Content-Type")]
    assert caplog.records == []


async def test_a_huge_body_is_refused_before_it_comes(address: str) -> None:
    """Nobody waits for more than a body may have."""
    huge = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"
    head, _ = await exchange(address, huge, until=b"\r\n\r\n")

    assert head[0].split()[1] == b"413"
    assert b"Connection: close" in head


async def test_what_is_served_and_what_fails(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal ends the connection; a handler's failure is a line of the log, and is not sent."""
    one = b" HTTP/1.1\r\nHost: x\r\n\r\n"
    served, rest = await exchange(address, b"GET /" + one + b"GET /hush" + one + b"GET /" + one)
    failed, nothing = await exchange(address, b"GET /fail" + one)

    assert (served[0], rest[:5]) == (b"HTTP/1.1 200 OK", b"hello")
    assert b"Connection: close" in rest
    assert rest.count(b"HTTP/1.1 404") == rest.count(b"HTTP/1.1") == 1
    assert (failed[0].split()[1], nothing) == (b"500", b"")
    assert b"Server: voicejob" in set(served) & set(failed)
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [ValueError]


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1", "Address already in use"), ("..", "no such host")]
)
async def test_an_address_that_can_not_be_had(address: str, host: str, reason: str) -> None:
    """The error names the address, and says why without asyncio's own words."""
    port = int(address.rpartition(":")[2])

    with pytest.raises(AddressTaken) as failed:
        async with listening(web.Application(), host, port):
            pass
    assert failed.value.values == {"address": f"{host}:{port}", "reason": reason}
