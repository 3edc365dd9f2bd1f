"""IAM in the MetaStudio simulator: a token for a user's name and password.

The rules are those of IAM's page "KeystoneCreateUserTokenByPassword".
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.simulators.metastudio.account import Account
from bot.simulators.metastudio.errors import IamError


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """Who asks for a token, and for which project."""

    user: str
    password: str
    domain: str
    project_id: str


def read_token_request(content_type: str, body: bytes) -> TokenRequest:
    """Parse the body of a token request; raise ``IamError`` 400 unless it has the documented shape."""
    if content_type != "application/json":
        raise IamError(400, "The Content-Type must be application/json.")
    match _parse_json(body):
        case {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": str(user),
                            "password": str(password),
                            "domain": {"name": str(domain)},
                        }
                    },
                },
                "scope": {"project": {"id": str(project_id)}},
            }
        }:
            return TokenRequest(user=user, password=password, domain=domain, project_id=project_id)
    raise IamError(400, "The request body is invalid.")


def check_token_request(request: TokenRequest, account: Account) -> None:
    """Raise ``IamError`` 401 for wrong credentials, 404 for an unknown project."""
    expected = (account.iam_user, account.iam_password, account.iam_domain)
    if (request.user, request.password, request.domain) != expected:
        raise IamError(401, "The username or password is wrong.")
    if request.project_id != account.project_id:
        raise IamError(404, "Could not find the project of the scope.")


def token_body(account: Account, expiry: float) -> dict[str, Any]:
    """Return the description of a token that expires at ``expiry``, in epoch seconds."""
    domain = {"id": _id(account.iam_domain), "name": account.iam_domain}
    return {
        "methods": ["password"],
        "issued_at": _format_time(expiry - account.token_seconds),
        "expires_at": _format_time(expiry),
        "project": {"id": account.project_id, "name": "cn-north-4", "domain": domain},
        "user": {"id": _id(account.iam_user), "name": account.iam_user, "domain": domain},
        "roles": [],
    }


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise IamError(400, "The request body is not JSON.") from None


def _id(name: str) -> str:
    """Return 32 hex digits that stay the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _format_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
