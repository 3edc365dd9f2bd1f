"""The stand-in's HTTP mode: signed posts to the app's request URL.

The signature is that of the page "Verifying requests from Slack"; the three seconds are those of
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

from bot.simulators.slack.records import Ack

LOOPBACK = "127.0.0.1"
OK = 200


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the app answered to one post."""

    status: int
    content_type: str
    body: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Spoiled:
    """What is wrong with a post on purpose: its signature, its timestamp, or headers left out."""

    signature: str | None = None
    timestamp: str | None = None
    without: Collection[str] = ()


GOOD = Spoiled()


def sign(secret: str, timestamp: str, body: str) -> str:
    """Make the value of ``X-Slack-Signature``."""
    base = f"v0:{timestamp}:{body}".encode()
    return f"v0={hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()}"


def form(payload: Mapping[str, Any]) -> str:
    """Encode a payload: a command is a form; what has a ``type`` is JSON in its one field ``payload``.

    An event is JSON itself.
    """
    if payload.get("type") == "event_callback":
        return json.dumps(payload)
    return urlencode({"payload": json.dumps(payload)} if "type" in payload else payload)


def headers(secret: str, body: str, spoiled: Spoiled = GOOD) -> dict[str, str]:
    """Make the headers of a post.

    They tell the real time, not the workspace's: the app compares it with its own clock.
    """
    timestamp = str(int(time.time())) if spoiled.timestamp is None else spoiled.timestamp
    made = {
        "Content-Type": "application/json" if body.startswith("{") else "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(secret, timestamp, body)
        if spoiled.signature is None
        else spoiled.signature,
    }
    return {name: value for name, value in made.items() if name not in spoiled.without}


async def post(session: ClientSession, url: str, body: str, made: Mapping[str, str]) -> Answer:
    """Post to the app. Raises ValueError for an address that is not loopback, and aiohttp's errors."""
    if URL(url).host != LOOPBACK:
        raise ValueError(f"The stand-in talks to {LOOPBACK} only, not to {url}")
    started = time.monotonic()
    async with session.post(url, data=body.encode(), headers=made) as response:
        text = await response.text()
    seconds = time.monotonic() - started
    return Answer(status=response.status, content_type=response.content_type, body=text, seconds=seconds)


async def deliver(
    session: ClientSession, url: str, body: str, made: Mapping[str, str], *, within: float
) -> Ack:
    """Post a payload and take the answer as its acknowledgement, ``within`` seconds at most."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(within):
            answer = await post(session, url, body, made)
    except TimeoutError:
        return Ack(acked=False, seconds=time.monotonic() - started, error="operation_timeout")
    except ClientError:
        return Ack(acked=False, seconds=time.monotonic() - started, error="dispatch_failed")
    return acknowledgement(answer)


def acknowledgement(answer: Answer) -> Ack:
    """Read an answer as Slack does: only status 200 counts, and a body is the reply."""
    if answer.status != OK:
        return Ack(acked=False, seconds=answer.seconds, status=answer.status, error="http_service_error")
    return Ack(acked=True, seconds=answer.seconds, status=answer.status, reply=_reply(answer))


def _reply(answer: Answer) -> Any:
    if answer.content_type != "application/json":
        return {"text": answer.body} if answer.body else None
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.body
