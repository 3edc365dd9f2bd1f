"""PURE. What MetaStudio, its gateway or IAM answered instead of a job, as an error of our tree.

One code comes with several statuses (APIGW.0201 with six), and codes are added without notice: so the exact
code decides where it is known and means one thing, and the HTTP status decides the rest.
Sources: the gateway's page "Error Codes", MetaStudio's page of error codes, and the official SDK's reading of
error bodies (``huaweicloudsdkcore/exceptions/exception_handler.py``).
"""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from bot.errors import (
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    Throttled,
    TimedOut,
    UnreadableAnswer,
    WrongProject,
)

TOKEN_INVALID: Final = "MSS.00010008"  # noqa: S105  an error code, not a token
"""MetaStudio's own way to say 401: the token in the header is not valid."""

_BY_CODE: Final[Mapping[str, type[MetaStudioError]]] = {
    "MSS.41000003": JobNotFound,
    "MSS.00010003": WrongProject,
    "MSS.00010004": WrongProject,
    TOKEN_INVALID: CredentialsRefused,
    "MSS.00010009": WrongProject,
    "MSS.000000004": CredentialsRefused,
    "MSS.41000012": Throttled,
    "APIGW.0103": ServiceDown,
    "APIGW.0308": Throttled,
    "APIGW.0310": WrongProject,
    "APIGW.0801": WrongProject,
    "APIGW.0802": WrongProject,
}

_BY_STATUS: Final[Mapping[int, type[MetaStudioError]]] = {
    HTTPStatus.UNAUTHORIZED: CredentialsRefused,
    HTTPStatus.FORBIDDEN: PermissionDenied,
    HTTPStatus.NOT_FOUND: WrongProject,
    HTTPStatus.REQUEST_TIMEOUT: TimedOut,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}
"""A 404 from the gateway is a wrong path or host, so a matter of settings."""

_CODE_KEYS: Final = ("error_code", "errorCode", "code")
_NOT_IN_A_CODE: Final = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_CODE: Final = 64


def error_for(status: int, code: str) -> type[MetaStudioError]:
    """Choose the error that an answer other than a job stands for."""
    if known := _BY_CODE.get(code):
        return known
    if status == HTTPStatus.NOT_FOUND and code.startswith("MSS."):
        return RequestRefused  # MetaStudio itself answered, so path and host were right
    if known := _BY_STATUS.get(status):
        return known
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceDown
    if status >= HTTPStatus.BAD_REQUEST:
        return RequestRefused
    return WrongProject if status >= HTTPStatus.MULTIPLE_CHOICES else UnreadableAnswer


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, job_id: str = "") -> MetaStudioError:
    """Read an answer other than a job. Its text is not kept: it may quote what was sent to sign in."""
    objects = list(_objects(body))
    code = _first(objects, _CODE_KEYS)
    return error_for(status, code)(
        job_id=job_id,
        status=status,
        code=code,
        request_id=request_id_of(headers) or _first(objects, ("request_id",)),
        retry_after=_seconds(headers.get("Retry-After", "")),
    )


def iam_refusal(status: int, headers: Mapping[str, str], body: bytes) -> MetaStudioError:
    """Read IAM's answer to a token request: what IAM calls wrong there is the bot's user, not the job."""
    told = refusal(status, headers, body)
    if isinstance(told, (RequestRefused, PermissionDenied)):
        return CredentialsRefused(status=told.status, code=told.code, request_id=told.request_id)
    return told


def request_id_of(headers: Mapping[str, str]) -> str:
    """Find the id under which Huawei Cloud knows the request, or an empty string."""
    return _token(headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id") or "")


def _objects(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the body and what lies one level down: both hold codes, depending on who answered."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(answer, Mapping):
        yield answer
        yield from (value for value in answer.values() if isinstance(value, Mapping))


def _first(objects: list[Mapping[str, Any]], keys: tuple[str, ...]) -> str:
    found = (part[key] for part in objects for key in keys if isinstance(part.get(key), str | int))
    return _token(str(next(found, "")))


def _token(text: str) -> str:
    return _NOT_IN_A_CODE.sub("", text)[:_LONGEST_CODE]


def _seconds(text: str) -> float | None:
    """Read Retry-After in its plain form; the form with a date is not known to be used here."""
    return float(text) if text.isascii() and text.isdecimal() else None
