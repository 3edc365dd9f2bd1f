"""Answers that are too long, compressed or not: no more is read than a few MiB, whoever sends them."""

import asyncio
import gzip
import tracemalloc

import pytest

from bot.domain.jobs import Job, Page
from bot.errors import SlackUnreachable, TimedOut, UnreadableAnswer
from bot.metastudio.client import LONGEST_JOB, LONGEST_PAGE
from bot.network.sessions import LONGEST_ANSWER, AnswerTooLong, client_session
from tests.network import asking
from tests.network.asking import Ask
from tests.servers import Serve, client_at, failure_of, listening

HUGE = 64 * 1024 * 1024
PIECE = b"x" * 65536
MOST_MEMORY = 6 * LONGEST_ANSWER
"""Bytes: what was read, once more as one, and what it takes to decompress it."""


def answering(*headers: str, body: bytes | None = None) -> Serve:
    """Answer with a body, or with one that ends only with its connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write("\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *headers, "", ""]).encode())
        if body is not None:
            writer.write(body)
            return
        while True:
            writer.write(PIECE)
            await writer.drain()

    return serve


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (asking.job, UnreadableAnswer, None),
        (asking.page, UnreadableAnswer, None),
        (asking.iam, UnreadableAnswer, None),
        (asking.webhook, AnswerTooLong, None),
        (asking.web_api, SlackUnreachable, "AnswerTooLong"),
    ],
)
async def test_no_more_is_read(ask: Ask, error: type[Exception], says: str | None) -> None:
    """Of an answer without an end, and of one that is small only while it is compressed."""
    two_parts = gzip.compress(b"{}") + gzip.compress(bytes(HUGE), compresslevel=1)
    for serve in (answering(), answering("Content-Encoding: gzip", body=two_parts)):
        async with listening(serve) as url:
            tracemalloc.start()
            try:
                with pytest.raises(error, match=says):
                    await ask(url, 10)
                assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
            finally:
                tracemalloc.stop()


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
async def test_as_long_as_may_be(more: int) -> None:
    """To the byte, decompressed."""
    text = b"x" * (LONGEST_ANSWER + more)
    serve = answering("Content-Encoding: gzip", body=gzip.compress(text))
    async with listening(serve) as url, client_session() as session, session.get(url) as answer:
        if more:
            with pytest.raises(AnswerTooLong):
                await answer.read()
        else:
            assert await answer.read() == await answer.read() == text


@pytest.mark.parametrize("begin", [b"X: ", b"Content-Length: 100000\r\n\r\n"], ids=["head", "body"])
async def test_what_trickles(begin: bytes) -> None:
    """The time of an answer is over, though a byte comes now and then."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + begin)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with listening(serve) as url:
        with pytest.raises(TimeoutError):
            await asking.webhook(url, limit=0.1)
        with pytest.raises(TimedOut):
            await asking.job(url, limit=0.1)
        if begin == b"X: ":  # of a body, the probe reads nothing
            with pytest.raises(TimedOut):
                await asking.probe(url, limit=0.1)
