"""How long an answer may be: what is read of it is counted as it comes, unpacked."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

LONGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes, of any answer. Whoever knows better says so. A frame of a WebSocket may be as long, by aiohttp's own
limit."""


class AnswerTooLong(aiohttp.ClientPayloadError):
    """An answer goes on after as many bytes as it may have; no more of it is read."""


async def limited(content: aiohttp.StreamReader, longest: int = LONGEST_ANSWER) -> AsyncIterator[bytes]:
    """Give a body as it comes. aiohttp unpacks a piece of some 64 KiB whenever one is asked for.

    Raises AnswerTooLong after ``longest`` bytes, and what aiohttp raises.
    """
    left = longest
    async for piece in content.iter_any():
        left -= len(piece)
        if left < 0:
            raise AnswerTooLong
        yield piece


class LimitedResponse(aiohttp.ClientResponse):
    """An answer of which aiohttp reads no more than that, whoever asks for it."""

    async def read(self) -> bytes:
        """Read the body, as far as it may go. Raises AnswerTooLong, and what aiohttp raises."""
        if self._body is None:
            try:
                self._body = b"".join([piece async for piece in limited(self.content)])
            except BaseException:
                self.close()
                raise
        return await super().read()
