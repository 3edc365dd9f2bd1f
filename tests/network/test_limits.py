"""Answers that are too long, compressed or not: no more is read than a few MiB, whoever sends them."""

import asyncio
import functools
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from bot.domain.jobs import Job, Page
from bot.errors import SlackUnreachable, TimedOut, UnreadableAnswer
from bot.metastudio.client import LONGEST_JOB, LONGEST_PAGE
from bot.network.limits import LONGEST_ANSWER, AnswerTooLong
from bot.network.sessions import client_session
from tests.network import asking
from tests.network.asking import Ask
from tests.servers import Serve, client_at, failure_of, listening

HUGE = 64 * 1024 * 1024
PIECE = b"x" * 65536
MOST_MEMORY = 6 * LONGEST_ANSWER
"""Bytes: what was read, once more as one, and what it takes to decompress it."""


@functools.cache
def packed(wbits: int) -> bytes:
    """Compress 64 MiB."""
    packer = zlib.compressobj(wbits=wbits)
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
    "gzip": lambda: answering("Content-Encoding: gzip", body=packed(31)),
    "deflate": lambda: answering("Content-Encoding: deflate", body=packed(15)),
    "gzip, in two parts": lambda: answering("Content-Encoding: gzip", body=gzip.compress(b"{}") + packed(31)),
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("ask", "error"),
    [(asking.job, UnreadableAnswer), (asking.webhook, AnswerTooLong)],
    ids=["httpx", "aiohttp"],
)
async def test_no_more_is_read(server: str, ask: Ask, error: type[Exception]) -> None:
    """Neither by httpx's client nor by a session of aiohttp's."""
    async with listening(SERVERS[server]()) as url:
        tracemalloc.start()
        try:
            with pytest.raises(error):
                await ask(url, 10)
            assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (asking.page, UnreadableAnswer, None),
        (asking.iam, UnreadableAnswer, None),
        (asking.web_api, SlackUnreachable, "AnswerTooLong"),
    ],
)
async def test_whoever_asks(ask: Ask, error: type[Exception], says: str | None) -> None:
    """No kind of request has an answer without an end."""
    async with listening(answering()) as url:
        with pytest.raises(error, match=says):
            await ask(url, 10)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_not_compressed_as_it_says(encoding: str) -> None:
    """It can't be read either."""
    async with listening(answering(f"Content-Encoding: {encoding}", body=b"{not packed}")) as url:
        with pytest.raises(UnreadableAnswer):
            await asking.job(url)


@pytest.mark.parametrize("more", [0, 1])
async def test_a_job_and_a_page(more: int) -> None:
    """A job may have a quarter of a MiB, and a page of the list two."""

    def filled(longest: int) -> Serve:
        body = b'{"state": "WAITING", "jobs": [], "x": "%b"}'
        return answering(body=body % (b"x" * (longest + more - len(body) + 2)))

    async with listening(filled(LONGEST_JOB)) as url, client_at(url) as client:
        job = await failure_of(client.job("a")) if more else await client.job("a")
    async with listening(filled(LONGEST_PAGE)) as url, client_at(url) as client:
        page = await failure_of(client.recent_jobs()) if more else await client.recent_jobs()

    assert [type(job), type(page)] == ([UnreadableAnswer] * 2 if more else [Job, Page])


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_as_long_as_may_be(more: int, encoding: str) -> None:
    """To the byte, and compressed or not."""
    text = b"x" * (LONGEST_ANSWER + more)
    body = gzip.compress(text) if encoding == "gzip" else text
    serve = answering(f"Content-Encoding: {encoding}", body=body)
    async with listening(serve) as url, client_session() as session, session.get(url) as answer:
        if more:
            with pytest.raises(AnswerTooLong):
                await answer.read()
        else:
            assert await answer.read() == await answer.read() == text


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

    async with listening(serve) as url:
        with pytest.raises(TimedOut):
            await asking.job(url, limit=0.1)
        with pytest.raises(TimeoutError):
            await asking.webhook(url, limit=0.1)
        if not start.endswith(b"\r\n\r\n"):  # of which the probe reads the head only
            with pytest.raises(TimedOut):
                await asking.probe(url, limit=0.1)
