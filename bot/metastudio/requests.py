"""Requests to MetaStudio: deadlines, retries, one throttle for all, and the exceptions of ``bot.errors``."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import httpx

from bot.domain.rates import RateLimits
from bot.errors import MetaStudioError, TimedOut
from bot.metastudio.auth import SignIn
from bot.metastudio.errors import refusal
from bot.metastudio.signing import encode_query
from bot.metastudio.throttle import Throttle
from bot.metastudio.transport import MAX_BYTES, Transport, as_our_errors
from bot.network.retries import retried
from bot.telemetry.metrics import OK, Metrics

Answer = TypeVar("Answer")

TRIES: Final = 3


@dataclass(frozen=True, kw_only=True)
class Request(Generic[Answer]):
    """A GET request, and how its answer is read."""

    call: str
    """Its name in the metrics."""
    url: str
    max_bytes: int
    """The most bytes of the answer that are read."""
    read: Callable[[httpx.Response], Answer]
    """Reads an answer with status 200. Raises MetaStudioError."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    job_id: str = ""
    """The job that it is about, for its errors."""


class Requests:
    """Sends requests to one MetaStudio. Connections are kept open until ``aclose``.

    ``timeout`` holds for one try, ``limit`` (seconds) for all tries of a request together.
    """

    def __init__(
        self, auth: SignIn[Any], *, timeout: httpx.Timeout, limit: float, rates: RateLimits, metrics: Metrics
    ) -> None:
        headers = {"Accept": "application/json"}
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, transport=Transport())
        self._auth = auth
        auth.attach(self._http, rates)
        self.throttle = Throttle(interval=rates.spacing, pause=rates.requests, first_hold=rates.hold)
        self._first_pause = rates.retry
        self._metrics = metrics
        self._limit = limit

    async def aclose(self) -> None:
        """Close all connections."""
        await self._auth.aclose()
        await self._http.aclose()

    async def send(
        self, request: Request[Answer], *, tries: int = TRIES, limit: float | None = None
    ) -> Answer:
        """Send a request, and again after errors that may pass, until the time is over.

        ``limit`` (seconds) is the usual one unless given. Raises MetaStudioError.
        """

        async def once() -> Answer:
            async with self.throttle.slot(deadline):
                with self._counted(request.call):
                    return await self._get(request)

        def pause(error: Exception, usual: float) -> float | None:
            left = deadline - asyncio.get_running_loop().time()
            return pause_before_retry(error, usual=usual, seconds_left=left)

        try:
            async with asyncio.timeout(self._limit if limit is None else limit) as timer:
                deadline = timer.when() or 0.0
                return await retried(once, tries=tries, first=self._first_pause, pause=pause)
        except TimeoutError:
            raise TimedOut(job_id=request.job_id) from None
        except MetaStudioError as error:
            error.values["job_id"] = request.job_id
            raise

    async def _get(self, request: Request[Answer]) -> Answer:
        url = f"{request.url}?{encode_query(request.query.items())}" if request.query else request.url
        with as_our_errors():  # an address may be none
            sent = self._http.build_request(
                "GET", url, headers=request.headers, extensions={MAX_BYTES: request.max_bytes}
            )
        response = await self._auth.send(sent)
        if response.status_code != HTTPStatus.OK:
            raise refusal(response.status_code, response.headers, response.content)
        return request.read(response)

    @contextmanager
    def _counted(self, call: str) -> Iterator[None]:
        """Count one request by its outcome; one that was cancelled is given up."""
        outcome = "given_up"
        try:
            yield
            outcome = OK
        except MetaStudioError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.request(call, outcome)


def pause_before_retry(error: Exception, *, usual: float, seconds_left: float) -> float | None:
    """Return the seconds to wait before a retry; None: do not retry.

    A time that MetaStudio named (Retry-After) is kept, or not waited for at all when it is past the limit.
    """
    if not isinstance(error, MetaStudioError) or not error.transient:
        return None
    if error.retry_after is None:
        return usual
    pause = error.retry_after + usual
    return pause if pause < seconds_left else None
