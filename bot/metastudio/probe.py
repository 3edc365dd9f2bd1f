"""Asking a server of Huawei Cloud for the time, without signing in."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from bot.errors import BadSettings
from bot.metastudio.client import certificates, transport_error

TIMEOUT: Final = httpx.Timeout(5)
PROXIES: Final = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY"
A_PROXY: Final = "a proxy must be an address like http://host:port"


async def clock_difference(address: str) -> timedelta | None:
    """Tell how far the server's clock is ahead of this machine's; None where it does not tell the time.

    Any answer will do, whatever its status. The time comes in whole seconds, and after a journey. Raises
    MetaStudioError when there is no answer, BadSettings as ``try_proxy`` does.
    """
    asked = datetime.now(UTC)
    try:
        # The body, which may be a long page of a proxy's, is left where it is.
        async with _client() as http, http.stream("GET", f"{address}/") as response:
            told = _time_in(response.headers)
    except httpx.RequestError as error:
        raise transport_error(error, "") from error
    between = asked + (datetime.now(UTC) - asked) / 2
    return None if told is None else told - between


async def try_proxy() -> None:
    """See that httpx can use the proxies that the environment names. Raises BadSettings."""
    async with _client():
        pass


def _client() -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(timeout=TIMEOUT, verify=certificates())
    # ImportError: a proxy by SOCKS needs a package. What an error says may quote the proxy's password.
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise BadSettings([f"{PROXIES}: can't be used ({type(error).__name__}): {A_PROXY}"]) from None


def _time_in(headers: httpx.Headers) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
