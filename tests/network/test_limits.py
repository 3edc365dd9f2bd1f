"""Answers that are too long, packed or not: no more is read than a few MiB, whoever sends them."""

import asyncio
import functools
import gzip
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.domain.jobs import Job, Page
from bot.errors import MetaStudioError, SlackUnreachable, TimedOut, UnreadableAnswer
from bot.metastudio.client import LONGEST_JOB, LONGEST_PAGE
from bot.metastudio.iam_user import IamUser
from bot.metastudio.probe import clock_difference
from bot.network.limits import LONGEST_ANSWER, AnswerTooLong
from bot.network.sessions import client_session
from bot.slack.auth import signed_in
from bot.slack.clients import web_client, webhook_client
from tests.servers import Serve, client_at, failure_of, listening

HUGE = 300 * 1024 * 1024
PIECE = b"x" * 65536
MOST_MEMORY = 6 * LONGEST_ANSWER
"""Bytes: what was read, once more as one, and what it takes to unpack it."""


@functools.cache
def packed(name: str) -> bytes:
    """Pack 300 MiB into 300 KiB."""
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": 15}[name])
    return b"".join(packer.compress(PIECE) for _ in range(HUGE // len(PIECE))) + packer.flush()


def answering(*headers: str, body: bytes | None = None) -> Serve:
    """Answer with a body, or with one that ends only with its connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write("\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *headers, "", ""]).encode())
        if body is not None:
            writer.write(body)
            return
        piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if "Transfer-Encoding: chunked" in headers else PIECE
        while True:
            writer.write(piece)
            await writer.drain()

    return serve


SERVERS: dict[str, Callable[[], Serve]] = {
    "endless": answering,
    "endless, in chunks": lambda: answering("Transfer-Encoding: chunked"),
    "long, as it says": lambda: answering(f"Content-Length: {HUGE}"),
    "gzip": lambda: answering("Content-Encoding: gzip", body=packed("gzip")),
    "deflate": lambda: answering("Content-Encoding: deflate", body=packed("deflate")),
    "gzip, in two parts": lambda: answering(
        "Content-Encoding: gzip", body=gzip.compress(b"{}") + packed("gzip")
    ),
}
every_server = pytest.mark.parametrize("server", SERVERS)


async def with_memory_of(serve: Serve, ask: Callable[[str], Awaitable[None]]) -> int:
    """Have somebody ask the server, and count the bytes of memory that it takes at most."""
    async with listening(serve) as url:
        tracemalloc.start()
        try:
            await ask(url)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def filled(longest: int) -> bytes:
    """Make an answer of so many bytes, which is a job and a page of the list."""
    body = b'{"state": "WAITING", "jobs": [], "x": "%b"}'
    return body % (b"x" * (longest - len(body) + 2))


@pytest.mark.parametrize("more", [0, 1])
async def test_a_job_and_a_page(more: int) -> None:
    """A job may have a quarter of a MiB, and a page of the list two."""
    async with listening(answering(body=filled(LONGEST_JOB + more))) as url, client_at(url) as client:
        job = await failure_of(client.job("a")) if more else await client.job("a")
    async with listening(answering(body=filled(LONGEST_PAGE + more))) as url, client_at(url) as client:
        page = await failure_of(client.recent_jobs()) if more else await client.recent_jobs()

    assert [type(job), type(page)] == ([UnreadableAnswer] * 2 if more else [Job, Page])


@every_server
async def test_metastudio(server: str) -> None:
    """The answer can't be read, whether it is to be a job or a page of the list."""
    failed: list[MetaStudioError] = []

    async def ask(url: str) -> None:
        async with client_at(url) as client:
            failed.append(await failure_of(client.job("a-job")))
            failed.append(await failure_of(client.recent_jobs()))

    assert await with_memory_of(SERVERS[server](), ask) < MOST_MEMORY
    assert [type(each) for each in failed] == [UnreadableAnswer] * 2


@every_server
async def test_iam(server: str) -> None:
    """The same, for the answer with a token."""
    failed: list[MetaStudioError] = []

    async def ask(url: str) -> None:
        user = IamUser("me", "hush", "us", project_id="p", iam_endpoint=url, now=lambda: datetime.now(UTC))
        async with client_at(url, auth=user) as client:
            failed.append(await failure_of(client.job("a-job")))

    assert await with_memory_of(SERVERS[server](), ask) < MOST_MEMORY
    assert [type(each) for each in failed] == [UnreadableAnswer]


@every_server
async def test_slack(server: str) -> None:
    """Its API's answer is none, and what takes answers took none."""

    async def ask(url: str) -> None:
        async with client_session() as session:
            with pytest.raises(SlackUnreachable, match="AnswerTooLong"):
                await signed_in(web_client(session, f"{url}/api"), "xoxb-1")
            with pytest.raises(AnswerTooLong):
                await webhook_client(session, f"{url}/hook").send_dict({})

    assert await with_memory_of(SERVERS[server](), ask) < MOST_MEMORY


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_as_long_as_may_be(more: int, encoding: str) -> None:
    """To the byte, and packed or not."""
    text = b"x" * (LONGEST_ANSWER + more)
    body = gzip.compress(text) if encoding == "gzip" else text
    async with (
        listening(answering(f"Content-Encoding: {encoding}", body=body)) as url,
        client_session() as ours,
    ):
        answer = await ours.get(url)
        if more:
            with pytest.raises(AnswerTooLong):
                await answer.read()
        else:
            assert await answer.read() == await answer.read() == text


async def test_a_frame_of_socket_mode() -> None:
    """A connection on which a longer one comes is ended."""

    async def link(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(b"x" * (LONGEST_ANSWER - 1))
        await socket.send_bytes(b"x" * (LONGEST_ANSWER + 1))
        return socket

    application = web.Application()
    application.router.add_get("/", link)
    async with TestServer(application) as server, client_session() as session:
        async with session.ws_connect(server.make_url("/")) as socket:
            assert len(await socket.receive_bytes()) == LONGEST_ANSWER - 1
            assert (await socket.receive()).type is aiohttp.WSMsgType.ERROR
        assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"], ids=str)
async def test_an_answer_that_trickles(start: bytes) -> None:
    """The time of an answer is over, though a byte comes now and then: of its head, or of its body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(b"x" if start else b"")
            await writer.drain()
            await asyncio.sleep(0.01)

    short = aiohttp.ClientTimeout(total=0.2)
    async with listening(serve) as url, client_session(timeout=short) as session:
        async with client_at(url, limit=0.2) as client:
            assert type(await failure_of(client.job("a-job"))) is TimedOut
        if not start.endswith(b"\r\n\r\n"):  # of which the probe reads the head only
            assert type(await failure_of(clock_difference(url, limit=0.2))) is TimedOut
        with pytest.raises(TimeoutError):
            await webhook_client(session, url).send_dict({})


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_not_packed_as_it_says(encoding: str) -> None:
    """It can't be read either."""
    serve = answering(f"Content-Encoding: {encoding}", body=b"{not packed}")
    async with listening(serve) as url, client_at(url) as client:
        assert type(await failure_of(client.job("a-job"))) is UnreadableAnswer
