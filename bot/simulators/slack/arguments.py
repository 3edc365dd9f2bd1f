"""How the arguments and the token of a Web API call are sent (page "Using the Web API")."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Arguments = dict[str, Any]

TRUTH_VALUES = {
    "include_locale",
    "link_names",
    "mrkdwn",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
}


@dataclass(frozen=True, kw_only=True)
class Received:
    """One call; ``problem`` is the error code for a body that cannot be read."""

    arguments: Arguments
    token: str
    problem: str | None


async def read(request: web.Request) -> Received:
    """Read one call, whose arguments are in the query, in a form, or in JSON.

    The token is in the header or as a form field, but never inside JSON.
    """
    arguments: Arguments = {name: _field(name, value) for name, value in request.query.items()}
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    problem = None
    if request.content_type == "application/json":
        sent, problem = _json_body(await request.text())
        arguments |= sent
    elif request.content_type == "application/x-www-form-urlencoded":
        arguments |= {name: _field(name, str(value)) for name, value in (await request.post()).items()}
        token = token or str(arguments.get("token", ""))
    elif request.can_read_body:
        problem = "invalid_post_type"
    arguments.pop("token", None)
    return Received(arguments=arguments, token=token, problem=problem)


def _json_body(text: str) -> tuple[Arguments, str | None]:
    body = _json(text or "{}")
    if isinstance(body, dict):
        return body, None
    return {}, "invalid_json" if body is None else "json_not_object"


def _field(name: str, value: str) -> Any:
    """Decode what holds JSON or a truth value, in a form or in the query."""
    if name in ("blocks", "view"):
        return _json(value)
    if name in TRUTH_VALUES:
        return value in ("1", "true")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
