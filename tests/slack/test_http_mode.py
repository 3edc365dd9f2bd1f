"""HTTP mode: what is let in, what is refused, and that strangers leave no trace."""

import asyncio
import logging
import re
import time
from typing import Any

import pytest

from bot.config import Settings
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.http import headers
from bot.simulators.slack.workspace import SIGNING_SECRET, SlackWorkspace
from bot.simulators.world import running
from tests.support import HTTP_MODE, eventually

PAYLOAD = {"command": "/voicejob", "text": "help", "user_id": "U0ALICE", "team_id": "T0VOICEJOB"}
PAYLOAD |= {"response_url": "http://127.0.0.1:9/private-response-url"}
HEAD = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def mode() -> dict[str, str | None]:
    return HTTP_MODE


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to the bot, for requests that no client library makes."""
    host, port = url.split("/")[2].split(":")
    return await asyncio.open_connection(host, int(port))


async def test_a_body_is_limited(slack: SlackWorkspace, bot: str) -> None:
    """A press carries its message, which may be large; far more than any of Slack's is refused."""
    assert (await slack.post(bot, PAYLOAD | {"trigger_id": "x" * 200_000})).status == 200
    assert (await slack.post(bot, PAYLOAD | {"trigger_id": "x" * 300_000})).status == 413


@pytest.mark.usefixtures("bot")
async def test_the_address_is_verified(slack: SlackWorkspace) -> None:
    """The bot answers the challenge with which Slack tries a request URL, and acknowledges events there."""
    assert await slack.verify_url()
    assert (await slack.open_home()).acked


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
    slack: SlackWorkspace, bot: str, caplog: pytest.LogCaptureFixture, spoiled: Any, payload: Any
) -> None:
    """A wrong, old, strange or missing signature or timestamp gets 401, and its body is not logged."""
    caplog.set_level(logging.INFO)
    answer = await slack.post(bot, payload, **spoiled)

    assert (answer.status, answer.body) == (401, "")
    assert not re.search("private-response-url|Traceback", caplog.text)


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
    bot: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a stranger sends with headers that look like Slack's, no line of the log has it."""
    caplog.set_level(logging.INFO)
    made = headers(SIGNING_SECRET, "another body") | {"Content-Length": str(len(body))}
    name, _, value = kind.partition(": ")
    lines = "".join(f"{key}: {text}\r\n" for key, text in (made | {name: value}).items())

    reader, writer = await connect(bot)
    writer.write(HEAD + f"Connection: close\r\n{lines}\r\n".encode() + body)
    writer.write_eof()
    answer = await reader.read()
    writer.close()

    assert not answer or answer.split()[1] in {b"400", b"401"}
    assert not re.search("hush|Traceback", caplog.text)


async def test_a_wrong_signing_secret_is_logged_once(
    slack: SlackWorkspace, bot: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator gets one hint, which names a wrong clock too, and one more after a good request."""
    old = {"timestamp": str(int(time.time()) - 400)}
    for spoiled, hints in ((old, 1), ({"signature": "v0=2"}, 1), ({}, 1), ({"signature": "v0=3"}, 2)):
        await slack.post(bot, PAYLOAD, **spoiled)
        assert caplog.text.count("check SLACK_SIGNING_SECRET and this machine's clock") == hints


async def test_a_body_that_does_not_come_is_given_up(bot: str) -> None:
    """Half a request is not kept for ever: Slack would have given up long before."""
    reader, writer = await connect(bot)
    writer.write(HEAD + b"Content-Length: 100\r\n\r\nhalf")

    assert (await reader.readline()).split()[1] == b"401"
    writer.close()


async def test_what_came_before_the_end_is_answered(
    slack: SlackWorkspace, settings: Settings, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A command under way gets its answer; half a request is dropped, long before it would be given up."""
    metastudio.latency = 0.3
    job_id = metastudio.add_job()["job_id"]
    async with running(settings) as url:
        slack.events_url = url
        reader, writer = await connect(url)
        writer.write(HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\nhalf")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        asking = asyncio.create_task(slack.command("/voicejob", job_id, channel=channel))
        await eventually(lambda: metastudio.requests_to("show") > 0)
    rest = await reader.read()
    writer.close()

    assert rest == b""
    assert (await (await asking).message()).text
