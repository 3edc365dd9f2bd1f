"""How httpx reaches Huawei Cloud: over aiohttp, which the bot speaks to Slack with.

httpx's own transport, httpcore (1.0), looks at every connection for every request that waits each time that
one begins or ends, and a request that is cancelled while it waits can leave its connection taken for ever.
Here nothing waits for a connection: ``bot.metastudio.throttle`` has let it through before.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
import httpx
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from bot.errors import MetaStudioError, TimedOut, Unreachable, UnreadableAnswer
from bot.network.sessions import LONGEST_ANSWER, AnswerTooLong, client_session, limited

LONGEST_HEADER: Final = 64 * 1024
"""Bytes. IAM's tokens come in a header, and grow with what a user may do."""
MAX_BYTES: Final = "max_bytes"
"""The extension of a request (httpx, "Request extensions") that limits the size of its answer's body."""

_BODY_HEADERS: Final = {b"content-encoding", b"content-length"}
"""Headers of the body as it was sent; aiohttp unpacks it. httpx would unpack 64 MiB at once."""
_SESSION_HEADERS: Final = {"user-agent", "accept-encoding"}
"""Headers that aiohttp's session sets; httpx has values of its own."""
_HTTPX_ERRORS: Final = (
    (AnswerTooLong, httpx.DecodingError),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (OSError, httpx.ReadError),
    (ValueError, httpx.LocalProtocolError),
)
"""What aiohttp raises, and httpx's name for it; the first that fits counts.

ValueError, and so UnicodeError: a header, a host or a password that can't be sent as it is.
"""
_NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
)


class Transport(httpx.AsyncBaseTransport):
    """Sends each request on a connection of its own, or on one that an earlier request left open."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response's head; the body is read from the connection later."""
        self._session = self._session or client_session(
            connections=0, max_field_size=LONGEST_HEADER, middlewares=(_without_retries,)
        )
        timeouts = request.extensions["timeout"]
        with _as_httpx_errors():
            answer = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),  # as it was signed
                headers=[each for each in request.headers.multi_items() if each[0] not in _SESSION_HEADERS],
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=timeouts["connect"], sock_read=timeouts["read"]),
            )
        headers = [header for header in answer.raw_headers if header[0].lower() not in _BODY_HEADERS]
        body = _Body(answer, request.extensions.get(MAX_BYTES, LONGEST_ANSWER))
        return httpx.Response(answer.status, headers=headers, stream=body)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The body of a response, of ``max_bytes`` at most."""

    def __init__(self, answer: aiohttp.ClientResponse, max_bytes: int) -> None:
        self._answer = answer
        self._max_bytes = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it as it comes, unpacked."""
        with _as_httpx_errors():
            async for piece in limited(self._answer.content, self._max_bytes):
                yield piece

    async def aclose(self) -> None:
        """Close the connection if the body was not read to its end; otherwise it is kept."""
        self._answer.close()


async def _without_retries(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: after its own errors, which these are not any more, aiohttp sends it again."""
    with _as_httpx_errors():
        return await send(request)


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise httpx_error(error) from error


def httpx_error(error: Exception) -> httpx.RequestError:
    """Return the error that httpx's own transport would raise, as far as its kind goes."""
    if isinstance(error.__cause__, ContentEncodingError):
        return httpx.DecodingError(type(error).__name__)
    kind = next(ours for theirs, ours in _HTTPX_ERRORS if isinstance(error, theirs))
    return kind(type(error).__name__)  # what it says may quote a header


@contextmanager
def as_our_errors() -> Iterator[None]:
    """Raise MetaStudioError from what httpx raises; UnicodeError: a host's name has no form in Unicode."""
    try:
        yield
    except (httpx.RequestError, httpx.InvalidURL, UnicodeError) as error:
        raise network_error(error) from error


def network_error(error: Exception) -> MetaStudioError:
    """Return the error of our tree for a request that was not answered."""
    if isinstance(error, httpx.TimeoutException):
        return TimedOut()
    if isinstance(error, httpx.TransportError | httpx.InvalidURL | UnicodeError):
        return Unreachable()
    return UnreadableAnswer()


def is_unanswered(error: MetaStudioError) -> bool:
    """Whether the request was sent, perhaps, and no answer to it could be read."""
    cause = error.__cause__
    return isinstance(cause, httpx.RequestError) and not isinstance(cause, _NOT_SENT)
