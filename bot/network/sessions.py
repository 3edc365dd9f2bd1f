"""aiohttp's sessions for all requests of the bot, to Slack as to Huawei Cloud."""

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
"""Also sent to a proxy, with the CONNECT request."""


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
