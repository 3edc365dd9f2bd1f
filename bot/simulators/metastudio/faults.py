"""What can go wrong between a program and MetaStudio, on request: the faults of the MetaStudio simulator."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from aiohttp import web

from bot.simulators.metastudio.errors import ApiError, IamError, RefusedError

Answer = Callable[[], Awaitable[web.StreamResponse]]
"""Makes the normal answer."""

Api = Literal["show", "list", "iam"]
"""What a request asks for: ShowVoiceTrainingJob, ListVoiceTrainingJob, or a token."""

Target = Literal["jobs", "show", "list", "iam"]
"""What a fault is for; ``jobs`` is every request but those to IAM."""

Chaos = Callable[[str], "Fault | None"]
"""Decides for each request, ``show`` or ``list``, whether and how it goes wrong."""


class FaultKind(StrEnum):
    """Every kind of fault that the simulator can play."""

    SLOW = "slow"
    HANG = "hang"
    ERROR = "error"
    RAW = "raw"
    CUT = "cut"
    CUT_MIDWAY = "cut_midway"


class CutError(Exception):
    """The connection is to be cut without an answer."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong with one request. Make it with one of the functions below."""

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
        """Answer as usual, but only after so many seconds."""
        return cls(kind=FaultKind.SLOW, seconds=seconds)

    @classmethod
    def hang(cls) -> "Fault":
        """Never answer: the request ends when the client goes away or the simulator stops."""
        return cls(kind=FaultKind.HANG)

    @classmethod
    def error(cls, status: int, error_code: str, error_msg: str = "Something went wrong.") -> "Fault":
        """Refuse with a documented status and code: the gateway's or MetaStudio's."""
        return cls(kind=FaultKind.ERROR, status=status, error_code=error_code, error_msg=error_msg)

    @classmethod
    def iam_error(cls, status: int, message: str = "Something went wrong.") -> "Fault":
        """Refuse with a status in IAM's own shape."""
        return cls(kind=FaultKind.ERROR, status=status, error_msg=message)

    @classmethod
    def throttled(cls, retry_after: int | None = None) -> "Fault":
        """Refuse with 429 ``APIGW.0308``, and ``Retry-After`` in seconds if given (no page promises it)."""
        return cls(
            kind=FaultKind.ERROR,
            status=429,
            error_code="APIGW.0308",
            error_msg="The throttling threshold has been reached.",
            retry_after=retry_after,
        )

    @classmethod
    def raw(cls, body: bytes, *, status: int = 200, content_type: str = "application/json") -> "Fault":
        """Answer with these bytes."""
        return cls(kind=FaultKind.RAW, status=status, body=body, content_type=content_type)

    @classmethod
    def html(cls) -> "Fault":
        """Answer 502 with a web page, as a proxy on the way does."""
        page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        return cls.raw(page, status=502, content_type="text/html")

    @classmethod
    def broken_json(cls) -> "Fault":
        """Answer 200 with JSON that stops in the middle."""
        return cls.raw(b'{"job_id": "26f06524')

    @classmethod
    def not_an_object(cls) -> "Fault":
        """Answer 200 with JSON that is a list."""
        return cls.raw(b"[]")

    @classmethod
    def empty(cls) -> "Fault":
        """Answer 200 with no body."""
        return cls.raw(b"")

    @classmethod
    def cut(cls) -> "Fault":
        """Cut the connection before any answer."""
        return cls(kind=FaultKind.CUT)

    @classmethod
    def cut_midway(cls) -> "Fault":
        """Cut the connection after half of the usual answer's body."""
        return cls(kind=FaultKind.CUT_MIDWAY)

    def refusal(self) -> RefusedError:
        """Return what an ``ERROR`` says: in IAM's shape if it has no error code."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if not self.error_code:
            return IamError(self.status, self.error_msg, headers)
        return ApiError(self.status, self.error_code, self.error_msg, headers)


class FaultQueue:
    """The faults that are still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: deque[tuple[Target, Fault]] = deque()

    def add(self, fault: Fault, times: int, on: Target) -> None:
        """Let a fault come so many times."""
        self._faults.extend([(on, fault)] * times)

    def clear(self) -> None:
        """Forget them all."""
        self._faults.clear()

    def take(self, api: Api | None) -> Fault | None:
        """Take out the next fault for such a request; ``None`` is a path or a method that is no API."""
        wanted = {"iam"} if api == "iam" else {"jobs", api}
        for index, (target, fault) in enumerate(self._faults):
            if target in wanted:
                del self._faults[index]
                return fault
        return None


async def pause(seconds: float | None, stopping: asyncio.Event) -> None:
    """Wait so many seconds, ``None`` for ever; raise ``CutError`` as soon as the simulator stops."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
    raise CutError


async def play(
    fault: Fault, request: web.Request, usual: Answer, stopping: asyncio.Event
) -> web.StreamResponse:
    """Answer one request with a fault; raise ``CutError`` where there is no answer, or no more of it."""
    match fault.kind:
        case FaultKind.SLOW:
            await pause(fault.seconds, stopping)
            return await usual()
        case FaultKind.HANG:
            await pause(None, stopping)
        case FaultKind.ERROR:
            return fault.refusal().response(request)
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
