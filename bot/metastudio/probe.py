"""Asking a server of Huawei Cloud for the time, without signing in."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from bot.errors import TimedOut
from bot.metastudio.transport import Transport, as_our_errors

TIMEOUT: Final = httpx.Timeout(5)
LIMIT: Final = 10.0
"""Seconds for the whole request: a response's head may trickle."""


async def clock_difference(address: str, *, limit: float = LIMIT) -> timedelta | None:
    """Return how far the server's clock is ahead of this machine's; None without a readable Date header.

    Any response within ``limit`` seconds will do, whatever its status. Its time is in whole seconds, and
    taken somewhere between request and response. Raises MetaStudioError when there is no response.
    """
    asked = datetime.now(UTC)
    try:
        # The body, which may be a long page of a proxy's, is not read.
        with as_our_errors():
            async with (
                asyncio.timeout(limit),
                httpx.AsyncClient(timeout=TIMEOUT, transport=Transport()) as http,
                http.stream("GET", f"{address}/") as response,
            ):
                date = _date_in(response.headers)
    except TimeoutError as error:
        raise TimedOut from error
    middle = asked + (datetime.now(UTC) - asked) / 2
    return None if date is None else date - middle


def _date_in(headers: httpx.Headers) -> datetime | None:
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
