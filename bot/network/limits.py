"""A limit for the bytes of an answer, which are counted as they are read, decompressed."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

LONGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes, where a caller sets no other limit. aiohttp's own limit for a WebSocket's frames is the same."""


class AnswerTooLong(aiohttp.ClientPayloadError):
    """An answer has more bytes than it may have; the rest is not read."""


async def limited(content: aiohttp.StreamReader, longest: int = LONGEST_ANSWER) -> AsyncIterator[bytes]:
    """Yield a body as it comes. aiohttp decompresses some 64 KiB whenever a piece is asked for.

    Raises AnswerTooLong after ``longest`` bytes, and what aiohttp raises.
    """
    left = longest
    async for piece in content.iter_any():
        left -= len(piece)
        if left < 0:
            raise AnswerTooLong
        yield piece


class LimitedResponse(aiohttp.ClientResponse):
    """An answer of which ``read()`` takes LONGEST_ANSWER bytes at most."""

    async def read(self) -> bytes:
        """Return the body. Raises AnswerTooLong, and what aiohttp raises."""
        if self._body is None:
            try:
                self._body = b"".join([piece async for piece in limited(self.content)])
            except BaseException:
                self.close()
                raise
        return await super().read()
