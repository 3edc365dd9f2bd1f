"""aiohttp's sessions for all requests of the bot, to Slack as to Huawei Cloud.

No answer may be too long: its bytes are counted as they are read, decompressed.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from yarl import URL

from bot.network.names import Resolver
from bot.network.proxies import proxy_for
from bot.network.trust import tls_context
from bot.process.version import USER_AGENT

HEADERS: Final = {"User-Agent": USER_AGENT}
"""Also sent to a proxy, with the CONNECT request."""
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


def client_session(
    *, connections: int = 100, middlewares: tuple[ClientMiddlewareType, ...] = (), **given: Any
) -> aiohttp.ClientSession:
    """Open a session with this many connections at most, 0 for any number; ``given`` goes to aiohttp."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, resolver=Resolver(), ssl=tls_context()),
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=LimitedResponse,
        middlewares=(_proxied(), *middlewares),
        **given,
    )


def _proxied() -> ClientMiddlewareType:
    """Return a middleware that sets the proxy of each request, whatever slack_sdk has set."""
    known: dict[URL, URL | None] = {}  # reading the environment takes as long as the rest of a request

    async def choose(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        server = request.url.origin()
        if server not in known:
            known[server] = proxy_for(server)
        request.update_proxy(known[server], None, HEADERS)
        return await send(request)

    return choose
