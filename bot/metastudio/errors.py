"""PURE. Maps error answers of MetaStudio, its gateway and IAM to the exceptions of ``bot.errors``.

One code comes with several statuses (APIGW.0201 with six), and codes are added without notice: so the exact
code decides where it is known and means one thing, and the HTTP status decides the rest. Without a code of
Huawei Cloud's own, an answer comes from something on the way (a proxy, a firewall, a load balancer), and says
nothing about credentials, permissions, the project or a job.
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

_BY_CODE: Final[Mapping[str, type[MetaStudioError]]] = {
    "MSS.41000003": JobNotFound,
    "MSS.00010003": WrongProject,
    "MSS.00010004": WrongProject,
    "MSS.00010008": CredentialsRefused,  # with status 400: the token in the header is not valid
    "MSS.00010009": WrongProject,
    "MSS.000000004": CredentialsRefused,
    "MSS.41000012": Throttled,
    "APIGW.0103": ServiceDown,
    "APIGW.0308": Throttled,
    "APIGW.0310": WrongProject,
    "APIGW.0801": WrongProject,
    "APIGW.0802": WrongProject,
}

_OWN_CODE: Final = re.compile(r"(?:APIGW|APIG|MSS|IAM)\.[0-9]{4,9}")
"""The codes of the gateway (four digits), of MetaStudio (eight, on some pages nine) and of IAM (four)."""
_BY_STATUS_ALONE: Final[Mapping[int, type[MetaStudioError]]] = {
    HTTPStatus.REQUEST_TIMEOUT: TimedOut,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}
"""By HTTP status, whatever the code: proxies on the way time out and limit requests, too."""
_BY_STATUS: Final[Mapping[int, type[MetaStudioError]]] = {
    HTTPStatus.UNAUTHORIZED: CredentialsRefused,
    HTTPStatus.FORBIDDEN: PermissionDenied,
    HTTPStatus.NOT_FOUND: WrongProject,
}
"""By HTTP status, with a code of Huawei Cloud's. Its 404 means a wrong path or host: check the settings."""

_CODE_KEYS: Final = ("error_code", "errorCode", "code")
_NOT_IN_A_CODE: Final = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_CODE: Final = 64


def error_for(status: int, code: str) -> type[MetaStudioError]:
    """Return the class of error for an answer other than a job, by HTTP status and error code."""
    if known := _BY_CODE.get(code) or _BY_STATUS_ALONE.get(status):
        return known
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServiceDown
    if status < HTTPStatus.MULTIPLE_CHOICES or not _OWN_CODE.fullmatch(code):
        return UnreadableAnswer
    if status == HTTPStatus.NOT_FOUND and code.startswith("MSS."):
        return RequestRefused  # MetaStudio itself answered, so path and host were right
    return _by_status(status)


def _by_status(status: int) -> type[MetaStudioError]:
    """Return the class of error for a status from 300 to 499 of Huawei Cloud's own."""
    return _BY_STATUS.get(status, RequestRefused if status >= HTTPStatus.BAD_REQUEST else WrongProject)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> MetaStudioError:
    """Return the error for an answer other than a job, without its text: that may quote credentials."""
    objects = list(_objects(body))
    code = _code_in(objects)
    request_id = _cleaned(headers.get("X-Request-Id") or headers.get("X-IAM-Trace-Id") or "")
    return error_for(status, code)(
        status=status,
        code=code,
        request_id=request_id or next(_values(objects, ("request_id",)), ""),
        retry_after=_seconds(headers.get("Retry-After", "")),
    )


def iam_refusal(status: int, headers: Mapping[str, str], body: bytes) -> MetaStudioError:
    """Return the error for IAM's answer to a token request, where what is wrong is the bot's own user.

    IAM has several forms of 401 and 403: each JSON object counts, since one more wrong try may lock the user.
    """
    error = refusal(status, headers, body)
    kind = type(error)
    answer = next(_objects(body), None)
    is_no = answer is not None and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if kind is UnreadableAnswer and (is_no or _is_iams_own(status, answer or {})):
        kind = _by_status(status)
    if issubclass(kind, RequestRefused | PermissionDenied):
        kind = CredentialsRefused
    return kind(status=status, code=error.code, request_id=error.request_id, retry_after=error.retry_after)


def _is_iams_own(status: int, answer: Mapping[str, Any]) -> bool:
    """Whether it is a refusal in IAM's form: ``{"error": {"code": 401, "message": …, "title": …}}``.

    Its code is the status again (page "KeystoneCreateUserTokenByPassword").
    """
    error = answer.get("error")
    is_in_form = isinstance(error, Mapping) and "title" in error and str(error.get("code")) == str(status)
    return is_in_form and status >= HTTPStatus.MULTIPLE_CHOICES


def shows_sign_in(status: int, body: bytes) -> bool:
    """Whether an answer other than CredentialsRefused shows that the request was signed in.

    The gateway refuses some requests before it looks at the sign-in; MetaStudio is asked only after that.
    """
    objects = list(_objects(body))
    code = _code_in(objects)
    if status == HTTPStatus.OK:
        return bool(objects) and not code
    is_metastudios = code.startswith("MSS.") and status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_metastudios or error_for(status, code) is PermissionDenied


def _objects(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the body and what lies one level down: both hold codes, depending on who answered."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(answer, Mapping):
        yield answer
        yield from (value for value in answer.values() if isinstance(value, Mapping))


def _code_in(objects: list[Mapping[str, Any]]) -> str:
    """Return the error code: Huawei Cloud's own before any other, which may be the status again."""
    codes = list(_values(objects, _CODE_KEYS))
    return next(filter(_OWN_CODE.fullmatch, codes), next(iter(codes), ""))


def _values(objects: list[Mapping[str, Any]], keys: tuple[str, ...]) -> Iterator[str]:
    values = (part.get(key) for part in objects for key in keys)
    return (_cleaned(str(value)) for value in values if isinstance(value, str | int))


def _cleaned(text: str) -> str:
    return _NOT_IN_A_CODE.sub("", text)[:_LONGEST_CODE]


def _seconds(text: str) -> float | None:
    """Parse Retry-After in seconds; its form with a date is not known to be used here."""
    return float(text) if text.isascii() and text.isdecimal() else None


REFUSED: Final = (CredentialsRefused, PermissionDenied, WrongProject)
"""Errors that may refuse the bot itself, whatever the request; retries do not help."""
MAY_NOT_LIST: Final = (PermissionDenied, RequestRefused)
"""Errors of a list request by an account without that permission, or to an older server."""
FOR_ALL: Final = (CredentialsRefused, Throttled)
"""Errors that any other request would get, too."""
