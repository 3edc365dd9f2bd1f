"""Sessions of aiohttp for all that the bot sends, to Slack as to Huawei Cloud."""

from typing import Any

import aiohttp

from bot.network.names import Resolver


def client_session(*, connections: int = 100, **given: Any) -> aiohttp.ClientSession:
    """Open a session with at most so many connections, 0 for any number; ``given`` is for aiohttp."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, resolver=Resolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
        **given,
    )
