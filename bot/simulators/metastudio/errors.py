"""The refusals of the MetaStudio simulator, in the three shapes that the real services use.

The codes are those of the pages "Error Codes" of the signing guide (``APIGW.``) and of MetaStudio (``MSS.``).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

REQUEST_ID = web.RequestKey("request_id", str)
"""Where a request keeps the id that its answer carries, 32 hex digits."""


class RefusedError(Exception):
    """An answer that says no: an HTTP status, extra headers, and a body that each subclass shapes."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body of the answer with this request id."""
        raise NotImplementedError

    def response(self, request: web.Request) -> web.Response:
        """Return the answer to this request."""
        return web.json_response(self.body(request[REQUEST_ID]), status=self.status, headers=self.headers)


class ApiError(RefusedError):
    """Refused by the gateway (codes ``APIGW.``, body with a request id) or by MetaStudio itself."""

    def __init__(
        self, status: int, error_code: str, error_msg: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, error_msg, headers)
        self.error_code = error_code

    def body(self, request_id: str) -> dict[str, Any]:
        """Return ``error_code`` and ``error_msg``, and ``request_id`` if it is the gateway's."""
        body = {"error_msg": self.text, "error_code": self.error_code}
        return body | {"request_id": request_id} if self.error_code.startswith("APIGW.") else body


class IamError(RefusedError):
    """Refused by IAM, which puts its error one level down."""

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002 - IAM's body has no request id
        """Return IAM's ``error`` with its code, message and title."""
        title = HTTPStatus(self.status).phrase
        return {"error": {"code": self.status, "message": self.text, "title": title}}


def bad_credentials(why: str) -> ApiError:
    """Return what the gateway says to a wrong key, signature or date: ``APIGW.0301``."""
    return ApiError(401, "APIGW.0301", f"Incorrect IAM authentication information: {why}")


def malformed_credentials() -> ApiError:
    """Return what the gateway says to an ``Authorization`` header it cannot read: ``APIGW.0305``."""
    return ApiError(401, "APIGW.0305", "Incorrect authentication information: malformed Authorization header")


def stale_token() -> ApiError:
    """Return what the gateway says to a token that is unknown or has ended: ``APIGW.0307``."""
    return ApiError(401, "APIGW.0307", "The token must be updated.")


def no_such_api() -> ApiError:
    """Return what the gateway says to a path that is no API: ``APIGW.0101``."""
    return ApiError(404, "APIGW.0101", "The API does not exist or has not been published in the environment.")


def method_not_allowed(*, iam: bool) -> RefusedError:
    """Return what MetaStudio (``MSS.00010004``) or IAM says to a known path with another method."""
    if iam:
        return IamError(405, "The request method is not allowed.")
    return ApiError(400, "MSS.00010004", "The request method is not allowed.")


def wrong_project() -> ApiError:
    """Return what MetaStudio says when the project in the path is not the caller's: ``MSS.00010009``."""
    return ApiError(400, "MSS.00010009", "The tenant in the URL is not the tenant of the token.")


def invalid_parameter(name: str) -> ApiError:
    """Return what MetaStudio says to a header value it refuses: ``MSS.00000003``."""
    return ApiError(400, "MSS.00000003", f"Invalid parameter: {name}.")


def failed_check(name: str) -> ApiError:
    """Return what MetaStudio says to a malformed job id: ``MSS.10000003``."""
    return ApiError(400, "MSS.10000003", f"Parameter verification failed: {name}.")


def no_such_job() -> ApiError:
    """Return what MetaStudio says to a job id it does not have: ``MSS.41000003``."""
    return ApiError(404, "MSS.41000003", "The training job does not exist.")
