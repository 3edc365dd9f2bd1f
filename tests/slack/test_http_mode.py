"""HTTP mode: what is let in, what is refused, and that strangers leave no trace."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.config import Settings
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.http import headers
from bot.simulators.slack.workspace import SIGNING_SECRET, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import HTTP_MODE, PATIENCE, eventually

PAYLOAD = {
    "command": "/voicejob",
    "text": "help",
    "user_id": "U0ALICE",
    "team_id": "T0VOICEJOB",
    "response_url": "http://127.0.0.1:9/private-response-url",
}
HEAD = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def http_settings(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> Settings:
    return settings_for(slack, metastudio, **HTTP_MODE)


@pytest.fixture
async def address(http_settings: Settings) -> AsyncIterator[str]:
    """Run the bot in HTTP mode; gives its request URL."""
    async with running(http_settings) as url:
        yield url


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to the bot, for requests that no client library makes."""
    host, port = address.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(PATIENCE):
        yield reader, writer
    writer.close()


@pytest.mark.parametrize(("size", "status"), [(200_000, 200), (300_000, 413)])
async def test_a_body_is_limited(slack: SlackWorkspace, address: str, size: int, status: int) -> None:
    """A press carries its message, which may be large; far more than any of Slack's is refused."""
    answer = await slack.post(address, PAYLOAD | {"trigger_id": "x" * size})

    assert answer.status == status
    assert "/voicejob help" in answer.body or status == 413


@pytest.mark.parametrize(
    ("spoiled", "payload"),
    [
        ({"signature": "v0=0000"}, PAYLOAD),
        ({"signature": "v0=0000"}, {"ssl_check": "1", "token": "x"}),  # which Bolt would answer
        ({"signature": "v0=é"}, PAYLOAD),
        ({"timestamp": "1000000000"}, PAYLOAD),
        ({"timestamp": "soon"}, PAYLOAD),
        ({"timestamp": "9" * 4000}, PAYLOAD),
        ({"without": ["X-Slack-Signature"]}, PAYLOAD),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_the_signature_is_checked(
    slack: SlackWorkspace, address: str, caplog: pytest.LogCaptureFixture, spoiled: Any, payload: Any
) -> None:
    """A wrong, old, strange or missing signature or timestamp gets 401, and its body is not logged."""
    caplog.set_level(logging.INFO)

    answer = await slack.post(address, payload, **spoiled)

    assert (answer.status, answer.body) == (401, "")
    assert "private-response-url" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Content-Type: application/x-www-form-urlencoded", b"text=hush\xff"),
        ("Content-Type: application/x-www-form-urlencoded", b"payload={hush"),
        ("Content-Type: application/json", b"{hush"),
        ("Content-Type: application/json", b"[" * 100_000),
        ("Content-Encoding: gzip", b"hush"),
        ("Content-Length: 100", b"hush"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_strange_body_is_refused_before_it_is_parsed(
    address: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a stranger sends with headers that look like Slack's, no line of the log has it."""
    caplog.set_level(logging.INFO)
    made = headers(SIGNING_SECRET, "another body") | {"Content-Length": str(len(body))}
    name, _, value = kind.partition(": ")
    lines = "".join(f"{key}: {text}\r\n" for key, text in (made | {name: value}).items())

    async with connected(address) as (reader, writer):
        writer.write(HEAD + f"Connection: close\r\n{lines}\r\n".encode() + body)
        writer.write_eof()
        answer = await reader.read()

    assert not answer or answer.split()[1] in {b"400", b"401"}
    assert "hush" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_wrong_signing_secret_is_logged_once(
    slack: SlackWorkspace, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator gets one hint, which names a wrong clock too, and one more after a good request."""
    old = {"timestamp": str(int(time.time()) - 400)}
    for spoiled, hints in ((old, 1), ({"signature": "v0=2"}, 1), ({}, 1), ({"signature": "v0=3"}, 2)):
        await slack.post(address, PAYLOAD, **spoiled)
        assert caplog.text.count("check SLACK_SIGNING_SECRET and this machine's clock") == hints


async def test_a_body_that_does_not_come_is_given_up(address: str) -> None:
    """Half a request is not kept for ever: Slack would have given up long before."""
    async with connected(address) as (reader, writer):
        writer.write(HEAD + b"Content-Length: 100\r\n\r\nhalf")

        assert (await reader.readline()).split()[1] == b"401"


async def test_what_came_before_the_end_is_answered(
    slack: SlackWorkspace, http_settings: Settings, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A command under way gets its answer; half a request is dropped, long before it would be given up."""
    metastudio.latency = 0.3
    job_id = metastudio.add_job()["job_id"]
    async with running(http_settings) as url:
        slack.events_url = url
        host, port = url.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\nhalf")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        asking = asyncio.create_task(slack.command("/voicejob", job_id, channel=channel))
        await eventually(lambda: metastudio.requests_to("show") > 0)
    rest = await reader.read()
    writer.close()

    assert rest == b""
    assert (await (await asking).message()).text
