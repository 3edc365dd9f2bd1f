"""The error responses of the MetaStudio simulator, in the three shapes that the real services use.

The codes are those of the pages "Error Codes" of the signing guide (``APIGW.``) and of MetaStudio (``MSS.``).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", str)
"""The id of a request, 32 hex digits, which its response carries."""


class RefusedError(Exception):
    """An error response: an HTTP status, extra headers, and a JSON body that each subclass shapes."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the response to the request with this id."""
        raise NotImplementedError

    def response(self, request: web.Request) -> web.Response:
        """Return the response to this request."""
        return web.json_response(self.body(request[REQUEST_ID]), status=self.status, headers=self.headers)


class ApiError(RefusedError):
    """Refused by the gateway (codes ``APIGW.``) or by MetaStudio itself (``MSS.``)."""

    def __init__(
        self, status: int, error_code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.error_code = error_code

    def body(self, request_id: str) -> dict[str, Any]:
        """Return ``error_code`` and ``error_msg``; the gateway's body has ``request_id`` too."""
        body = {"error_msg": self.message, "error_code": self.error_code}
        return body | {"request_id": request_id} if self.error_code.startswith("APIGW.") else body


class IamError(RefusedError):
    """Refused by IAM, whose error is nested one level down."""

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 - IAM's body has no request id
        """Return ``error`` with its code, message and title."""
        title = HTTPStatus(self.status).phrase
        return {"error": {"code": self.status, "message": self.message, "title": title}}


def bad_credentials(why: str) -> ApiError:
    """Return the gateway's error for a wrong key, signature or date."""
    return ApiError(401, "APIGW.0301", f"Incorrect IAM authentication information: {why}")


def wrong_project() -> ApiError:
    """Return MetaStudio's error for a project that is not the caller's."""
    return ApiError(400, "MSS.00010009", "The tenant in the URL is not the tenant of the token.")


def failed_check(name: str) -> ApiError:
    """Return MetaStudio's error for a malformed job id or query parameter."""
    return ApiError(400, "MSS.10000003", f"Parameter verification failed: {name}.")
