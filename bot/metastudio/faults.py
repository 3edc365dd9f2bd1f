"""What keeps a request from being answered, as errors of our tree."""

import asyncio
from typing import Final

import httpx

from bot.errors import MetaStudioError, TimedOut, Unreachable, UnreadableAnswer

FAULT: Final = "fault"
"""The extension of a request in which the transport leaves its error, which no auth flow gets to see."""
_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeError,
)
_GIVEN_UP: Final = (asyncio.CancelledError, GeneratorExit)


def transport_error(error: BaseException, job_id: str) -> MetaStudioError:
    """Say in our tree what kept a request from being answered."""
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(job_id=job_id)
    if isinstance(error, httpx.TransportError | httpx.InvalidURL | UnicodeError):
        return Unreachable(job_id=job_id)
    return UnreadableAnswer(job_id=job_id)


def unheard(error: BaseException) -> MetaStudioError | None:
    """Give the error of a request that was sent and not answered; None if it was answered, or not sent.

    None also if whoever asked has given up: httpx's own limit comes before that, unless the bot is stopped.
    """
    if isinstance(error, (MetaStudioError, *_NOT_SENT, *_GIVEN_UP)):
        return None
    return transport_error(error, "")
