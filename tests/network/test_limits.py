"""Answers that are too long, compressed or not: no more is read than a few MiB, whoever sends them."""

import asyncio
import gzip
import tracemalloc
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest

from bot.errors import SlackUnreachable, TimedOut, UnreadableAnswer
from bot.metastudio.answers import LONGEST_JOB, LONGEST_PAGE
from bot.metastudio.probe import clock_difference
from bot.network.sessions import LONGEST_ANSWER, AnswerTooLong
from tests.network import asking
from tests.network.asking import Ask
from tests.servers import Scripted, listening, raw_answer

HUGE = 64 * 1024 * 1024
MOST_MEMORY = 6 * LONGEST_ANSWER
"""Bytes: what was read, once more as one, and what it takes to decompress it."""
ASKED: dict[Ask, tuple[type[Exception], int]] = {
    asking.job: (UnreadableAnswer, LONGEST_JOB),
    asking.page: (UnreadableAnswer, LONGEST_PAGE),
    asking.iam: (UnreadableAnswer, LONGEST_JOB),
    asking.webhook: (AnswerTooLong, LONGEST_ANSWER),
    asking.web_api: (SlackUnreachable, LONGEST_ANSWER),
}
"""By who asks: the error of an answer that is too long, and the most bytes, decompressed."""
BODIES: dict[Ask, bytes] = {asking.job: b'{"state": "WAITING"}', asking.page: b'{"jobs": []}'}


def for_ever(head: bytes, piece: bytes) -> AbstractAsyncContextManager[str]:
    """Answer with a piece again and again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0 if len(piece) > 1 else 0.01)

    return listening(serve)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
async def test_no_more_is_read(ask: Ask) -> None:
    """Of an answer without an end, and of one that is small only while it is compressed."""
    two_parts = gzip.compress(b"{}") + gzip.compress(bytes(HUGE), compresslevel=1)
    packed = Scripted(raw_answer("200 OK", two_parts, "Content-Encoding: gzip"))
    endless = for_ever(b"Connection: close\r\n\r\n", b"x" * 65536)
    async with packed.running() as packed_url, endless as endless_url:
        for url in (packed_url, endless_url):
            tracemalloc.start()
            try:
                with pytest.raises(ASKED[ask][0]) as failed:
                    await ask(url)
                assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
            finally:
                tracemalloc.stop()
            assert ask is not asking.web_api or "AnswerTooLong" in str(failed.value)


@pytest.mark.parametrize("ask", [asking.job, asking.page, asking.webhook], ids=lambda ask: ask.__name__)
async def test_as_long_as_may_be(ask: Ask) -> None:
    """To the byte, decompressed."""
    error, longest = ASKED[ask]
    for more, expected in ((0, nullcontext()), (1, pytest.raises(error))):
        text = BODIES.get(ask, b"ok").ljust(longest + more)
        server = Scripted(raw_answer("200 OK", gzip.compress(text), "Content-Encoding: gzip"))
        async with server.running() as url:
            with expected:
                await ask(url)


async def test_a_head_that_trickles() -> None:
    """The time of a probe is over, though a byte comes now and then."""
    async with for_ever(b"X: ", b"x") as url:
        with pytest.raises(TimedOut):
            await clock_difference(url, limit=0.1)
