"""Asking a server of Huawei Cloud for the time, without signing in."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from bot.errors import TimedOut
from bot.metastudio.client import HTTPX_ERRORS
from bot.metastudio.faults import transport_error
from bot.metastudio.transport import Transport

TIMEOUT: Final = httpx.Timeout(5)
LIMIT: Final = 10.0
"""Seconds for the whole of it: a head may trickle."""


async def clock_difference(address: str, *, limit: float = LIMIT) -> timedelta | None:
    """Tell how far the server's clock is ahead of this machine's; None where it does not tell the time.

    Any answer will do that comes within ``limit`` seconds, whatever its status. The time comes in whole
    seconds, and after a journey. Raises MetaStudioError when there is no answer.
    """
    asked = datetime.now(UTC)
    try:
        # The body, which may be a long page of a proxy's, is left where it is.
        async with (
            asyncio.timeout(limit),
            httpx.AsyncClient(timeout=TIMEOUT, transport=Transport()) as http,
            http.stream("GET", f"{address}/") as response,
        ):
            told = _time_in(response.headers)
    except HTTPX_ERRORS as error:
        raise transport_error(error, "") from error
    except TimeoutError as error:
        raise TimedOut from error
    between = asked + (datetime.now(UTC) - asked) / 2
    return None if told is None else told - between


def _time_in(headers: httpx.Headers) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
