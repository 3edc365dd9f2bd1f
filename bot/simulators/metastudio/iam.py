"""IAM's side of the MetaStudio simulator: a token for a user's name and password.

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
    """Who asks for a token, and for which project: ``{"id": …}`` or ``{"name": …}``."""

    user: str
    password: str
    domain: str
    project: dict[str, Any]


def read_token_request(content_type: str, body: bytes) -> TokenRequest:
    """Read the body of a token request; raise ``IamError`` 400 unless it has the documented shape."""
    if content_type != "application/json":
        raise IamError(400, "The Content-Type must be application/json.")
    match _json(body):
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
                "scope": {"project": {"id": str()} | {"name": str()} as project},
            }
        }:
            return TokenRequest(user=user, password=password, domain=domain, project=project)
    raise IamError(400, "The request body is invalid.")


def check(asked: TokenRequest, account: Account) -> str:
    """Return the id of the project to issue a token for; raise ``IamError`` 401 or 404."""
    known = (account.iam_user, account.iam_password, account.iam_domain)
    if (asked.user, asked.password, asked.domain) != known:
        raise IamError(401, "The username or password is wrong.")
    project_id = asked.project.get("id") or account.projects.get(asked.project["name"])
    if project_id not in account.projects.values():
        raise IamError(404, "Could not find the project of the scope.")
    return str(project_id)


def token_body(account: Account, project_id: str, end: float) -> dict[str, Any]:
    """Describe a token that ends at ``end``, in epoch seconds; the token itself is not in the body."""
    domain = {"id": _id(account.iam_domain), "name": account.iam_domain}
    names = {known: name for name, known in account.projects.items()}
    return {
        "methods": ["password"],
        "issued_at": _time(end - account.token_seconds),
        "expires_at": _time(end),
        "project": {"id": project_id, "name": names[project_id], "domain": domain},
        "user": {"id": _id(account.iam_user), "name": account.iam_user, "domain": domain},
        "roles": [],
    }


def catalog(url: str, region: str) -> list[dict[str, Any]]:
    """Return the list of services that an answer carries unless ``nocatalog`` is asked."""
    endpoint = {"id": _id(url), "interface": "public", "region": region, "region_id": region, "url": url}
    return [{"id": _id("metastudio"), "name": "metastudio", "type": "metastudio", "endpoints": [endpoint]}]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise IamError(400, "The request body is not JSON.") from None


def _id(name: str) -> str:
    """Make up an id of 32 hex digits that stays the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
