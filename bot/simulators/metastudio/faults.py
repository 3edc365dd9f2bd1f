"""Faults that a test, or the demo, can have the MetaStudio simulator answer with."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from aiohttp import web

from bot.simulators.metastudio.errors import ApiError, IamError, RefusedError

Answer = Callable[[], Awaitable[web.StreamResponse]]
"""Makes the usual response."""

Api = Literal["show", "list", "audit", "op-logs", "iam"]
"""ShowVoiceTrainingJob, ListVoiceTrainingJob, ShowJobAuditResult, ListJobOperationLog, or
KeystoneCreateUserTokenByPassword.
"""

Target = Literal["jobs", "show", "list", "audit", "op-logs", "iam"]
"""Which requests a fault is for; ``jobs`` is every request but those to IAM."""

Chaos = Callable[[str], "Fault | None"]
"""Returns the fault, or ``None``, for a request to an API but IAM's."""


class FaultKind(StrEnum):
    """The kinds of faults."""

    SLOW = "slow"
    HANG = "hang"
    ERROR = "error"
    RAW = "raw"
    CUT = "cut"
    CUT_MIDWAY = "cut_midway"


class CutError(Exception):
    """The connection is to be closed without a response."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault of one request; make it with one of the class methods."""

    kind: FaultKind
    seconds: float = 0
    status: int = 200
    error_code: str = ""
    error_msg: str = ""
    retry_after: int | None = None
    body: bytes = b""
    content_type: str = "application/json"

    @classmethod
    def slow(cls, seconds: float) -> "Fault":
        """Respond as usual after this many seconds; other requests are not held up."""
        return cls(kind=FaultKind.SLOW, seconds=seconds)

    @classmethod
    def hang(cls) -> "Fault":
        """Never respond: the request ends when the client disconnects or the simulator stops."""
        return cls(kind=FaultKind.HANG)

    @classmethod
    def error(cls, status: int, error_code: str, error_msg: str = "Something went wrong.") -> "Fault":
        """Respond with an error of the gateway (``APIGW.``) or of MetaStudio (``MSS.``)."""
        return cls(kind=FaultKind.ERROR, status=status, error_code=error_code, error_msg=error_msg)

    @classmethod
    def iam_error(cls, status: int, message: str = "Something went wrong.") -> "Fault":
        """Respond with an error of IAM."""
        return cls(kind=FaultKind.ERROR, status=status, error_msg=message)

    @classmethod
    def throttled(cls, retry_after: int | None = None) -> "Fault":
        """Respond with 429 ``APIGW.0308``, and ``Retry-After`` in seconds if given (no page promises it)."""
        return cls(
            kind=FaultKind.ERROR,
            status=429,
            error_code="APIGW.0308",
            error_msg="The throttling threshold has been reached.",
            retry_after=retry_after,
        )

    @classmethod
    def raw(cls, body: bytes, *, status: int = 200, content_type: str = "application/json") -> "Fault":
        """Respond with these bytes."""
        return cls(kind=FaultKind.RAW, status=status, body=body, content_type=content_type)

    @classmethod
    def html(cls) -> "Fault":
        """Respond with 502 and a web page, as a proxy does."""
        page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        return cls.raw(page, status=502, content_type="text/html")

    @classmethod
    def broken_json(cls) -> "Fault":
        """Respond with 200 and truncated JSON."""
        return cls.raw(b'{"job_id": "26f06524')

    @classmethod
    def not_an_object(cls) -> "Fault":
        """Respond with 200 and JSON that is a list."""
        return cls.raw(b"[]")

    @classmethod
    def empty(cls) -> "Fault":
        """Respond with 200 and an empty body."""
        return cls.raw(b"")

    @classmethod
    def cut(cls) -> "Fault":
        """Close the connection before any response."""
        return cls(kind=FaultKind.CUT)

    @classmethod
    def cut_midway(cls) -> "Fault":
        """Close the connection after half of the body of the usual response."""
        return cls(kind=FaultKind.CUT_MIDWAY)

    def error_response(self, request: web.Request) -> web.Response:
        """Return the response of an ``ERROR``, in IAM's shape if it has no error code."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        error: RefusedError
        if self.error_code:
            error = ApiError(self.status, self.error_code, self.error_msg, headers)
        else:
            error = IamError(self.status, self.error_msg, headers)
        return error.response(request)


class FaultQueue:
    """The faults of the next requests, in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: deque[tuple[Target, Fault]] = deque()

    def add(self, fault: Fault, times: int, on: Target) -> None:
        """Add a fault for this many requests."""
        self._faults.extend([(on, fault)] * times)

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def take(self, api: Api | None) -> Fault | None:
        """Remove and return the next fault for a request; its api is ``None`` where there is no such API."""
        wanted = {"iam"} if api == "iam" else {"jobs", api}
        for index, (target, fault) in enumerate(self._faults):
            if target in wanted:
                del self._faults[index]
                return fault
        return None


async def pause(seconds: float | None, stopping: asyncio.Event) -> None:
    """Wait this many seconds, ``None`` for ever; raise ``CutError`` as soon as the simulator stops."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
    raise CutError


async def play(
    fault: Fault, request: web.Request, usual: Answer, stopping: asyncio.Event
) -> web.StreamResponse:
    """Respond to one request with a fault; raise ``CutError`` to close the connection."""
    match fault.kind:
        case FaultKind.SLOW:
            await pause(fault.seconds, stopping)
            return await usual()
        case FaultKind.HANG:
            await pause(None, stopping)
        case FaultKind.ERROR:
            return fault.error_response(request)
        case FaultKind.RAW:
            return web.Response(status=fault.status, body=fault.body, content_type=fault.content_type)
        case FaultKind.CUT_MIDWAY:
            await _send_half(request, await usual())
    raise CutError


async def _send_half(request: web.Request, whole: web.StreamResponse) -> None:
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b""
    half = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
