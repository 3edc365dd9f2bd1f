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

from bot.metastudio.faults import FAULT
from bot.network.limits import LONGEST_ANSWER, AnswerTooLong, limited
from bot.network.sessions import client_session

LONGEST_HEADER: Final = 64 * 1024
"""Bytes. IAM's tokens come in a header, and grow with what a user may do."""

UNPACKED: Final = {b"content-encoding", b"content-length"}
"""Headers that are not about a body as aiohttp gives it. httpx would unpack 64 MiB at once."""

SESSIONS: Final = {"user-agent", "accept-encoding"}
"""Headers that the session sets: what asks, and what it can unpack. httpx would say those of its own."""
_ERRORS: Final = (
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


LONGEST: Final = "longest_answer"
"""The extension of a request (httpx, "Request extensions") that says how many bytes its answer may have."""


class Transport(httpx.AsyncBaseTransport):
    """Sends each request on a connection of its own, or on one that an earlier request left open."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give the answer's head; its body is read from the connection afterwards."""
        self._session = self._session or _session()
        limits = request.extensions["timeout"]
        with _noted(request), _httpx_errors():
            answer = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),  # as it was signed
                headers=[each for each in request.headers.multi_items() if each[0] not in SESSIONS],
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=limits["connect"], sock_read=limits["read"]),
            )
        headers = [header for header in answer.raw_headers if header[0].lower() not in UNPACKED]
        body = _Body(answer, request.extensions.get(LONGEST, LONGEST_ANSWER))
        return httpx.Response(answer.status, headers=headers, stream=body)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, which may have ``longest`` bytes."""

    def __init__(self, answer: aiohttp.ClientResponse, longest: int) -> None:
        self._answer = answer
        self._longest = longest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give it as it comes, unpacked."""
        with _httpx_errors():
            async for piece in limited(self._answer.content, self._longest):
                yield piece

    async def aclose(self) -> None:
        """Leave what was not read, and its connection; one that was read to the end is kept."""
        self._answer.close()


def _session() -> aiohttp.ClientSession:
    return client_session(
        connections=0,
        max_field_size=LONGEST_HEADER,
        middlewares=(_once,),
    )


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request a single time: by itself, aiohttp sends it again on the first error of its own."""
    with _httpx_errors():
        return await send(request)


@contextmanager
def _noted(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except httpx.RequestError as error:
        request.extensions[FAULT] = error
        raise


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise httpx_error(error) from error


def httpx_error(error: Exception) -> httpx.RequestError:
    """Give the error that httpx's own transport would raise, as far as its kind goes."""
    if isinstance(error.__cause__, ContentEncodingError):
        return httpx.DecodingError(type(error).__name__)
    kind = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
    return kind(type(error).__name__)  # what it says may quote a header
