"""Sessions of aiohttp for all that the bot sends, to Slack as to Huawei Cloud."""

from typing import Any, Final

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from yarl import URL

from bot.network.limits import LimitedResponse
from bot.network.names import Resolver
from bot.network.proxies import proxy_for
from bot.network.trust import tls_context
from bot.process.version import USER_AGENT

HEADERS: Final = {"User-Agent": USER_AGENT}
"""A proxy gets them, too, with the request for a tunnel."""


def client_session(
    *, connections: int = 100, middlewares: tuple[ClientMiddlewareType, ...] = (), **given: Any
) -> aiohttp.ClientSession:
    """Open a session with at most so many connections, 0 for any number; ``given`` is for aiohttp."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, resolver=Resolver(), ssl=tls_context()),
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        response_class=LimitedResponse,
        middlewares=(_by_proxies(), *middlewares),
        **given,
    )


def _by_proxies() -> ClientMiddlewareType:
    """Send each request the way that the environment says, whatever slack_sdk read there by itself."""
    known: dict[URL, URL | None] = {}  # reading the environment takes as long as the rest of sending

    async def choose(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        server = request.url.origin()
        if server not in known:
            known[server] = proxy_for(server)
        request.update_proxy(known[server], None, HEADERS)
        return await send(request)

    return choose
