"""HTTP mode: signed posts to the app's request URL.

The signature is that of the page "Verifying requests from Slack"; how an app acknowledges is on the page
"Handling user interaction".
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession
from yarl import URL

from bot.simulators.slack.records import Ack, Retry

LOOPBACK = "127.0.0.1"
JSON_TYPES = ("event_callback", "url_verification")
OK = 200


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the app answered to one post."""

    status: int
    content_type: str
    body: str
    seconds: float


def sign(secret: str, timestamp: str, body: str) -> str:
    """Return the value of ``X-Slack-Signature``."""
    base = f"v0:{timestamp}:{body}".encode()
    return f"v0={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}"


def form(payload: Mapping[str, Any]) -> str:
    """Encode a payload: an event as JSON, an interaction as JSON in the one field of a form, else a form."""
    if payload.get("type") in JSON_TYPES:
        return json.dumps(payload)
    return urlencode({"payload": json.dumps(payload)} if "type" in payload else payload)


def headers(
    secret: str,
    body: str,
    *,
    signature: str | None = None,
    timestamp: str | None = None,
    without: Collection[str] = (),
    retry: Retry | None = None,
) -> dict[str, str]:
    """Return the headers of a post; a test may give another signature or timestamp, or leave some out.

    The timestamp is the real time, not the workspace's: the app compares it with its own clock.
    """
    timestamp = str(int(time.time())) if timestamp is None else timestamp
    made = {
        "Content-Type": "application/json" if body.startswith("{") else "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(secret, timestamp, body) if signature is None else signature,
    }
    if retry and retry.attempt:
        made |= {"X-Slack-Retry-Num": str(retry.attempt), "X-Slack-Retry-Reason": retry.reason}
    return {name: value for name, value in made.items() if name not in without}


async def post(session: ClientSession, url: str, body: str, made: Mapping[str, str]) -> Answer:
    """Post to the app. Raises ValueError for an address that is not loopback, and aiohttp's errors."""
    if URL(url).host != LOOPBACK:
        raise ValueError(f"The simulator talks to {LOOPBACK} only, not to {url}")
    started = time.monotonic()
    async with session.post(url, data=body.encode(), headers=made) as response:
        text = await response.text()
    seconds = time.monotonic() - started
    return Answer(status=response.status, content_type=response.content_type, body=text, seconds=seconds)


async def deliver(
    session: ClientSession, url: str, body: str, made: Mapping[str, str], *, within: float
) -> Ack:
    """Post a payload and return the app's acknowledgement, after ``within`` seconds at most."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(within):
            answer = await post(session, url, body, made)
    except TimeoutError:
        return Ack(acked=False, seconds=time.monotonic() - started, error="operation_timeout")
    except ClientError:
        return Ack(acked=False, seconds=time.monotonic() - started, error="dispatch_failed")
    if answer.status != OK:
        return Ack(acked=False, seconds=answer.seconds, error="http_service_error")
    return Ack(acked=True, seconds=answer.seconds, reply=_reply(answer))


def _reply(answer: Answer) -> Any:
    if answer.content_type != "application/json":
        return {"text": answer.body} if answer.body else None
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.body
