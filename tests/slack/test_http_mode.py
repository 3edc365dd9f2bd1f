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
from bot.simulators.slack.http import form, headers
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


class TestSigned:
    """What Slack signed is handled."""

    async def test_a_connection_of_a_proxy_serves_many_requests(self, address: str) -> None:
        """A proxy keeps its connection for the next command, calls the bot by any name, and adds headers."""
        body = form(PAYLOAD)
        made = headers(SIGNING_SECRET, body) | {
            "Content-Length": str(len(body)),
            "Host": "bot.example",
            "Forwarded": "for=203.0.113.7;proto=https",
            "X-Forwarded-For": "203.0.113.7, unknown",
            "X-Forwarded-Proto": "https",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in made.items())
        async with connected(address) as (reader, writer):
            for _ in range(3):
                writer.write(f"POST /slack/events HTTP/1.1\r\n{head}\r\n{body}".encode())
                answer = await reader.readuntil(b"\r\n\r\n")
                length = answer.lower().partition(b"content-length:")[2].split()[0]

                assert answer.split()[1] == b"200"
                assert b"/voicejob help" in await reader.readexactly(int(length))

    @pytest.mark.parametrize(("size", "status"), [(200_000, 200), (300_000, 413)])
    async def test_a_body_is_limited(
        self, slack: SlackWorkspace, address: str, size: int, status: int
    ) -> None:
        """A press carries its message, which may be large; far more than any of Slack's is refused."""
        answer = await slack.post(address, PAYLOAD | {"trigger_id": "x" * size})

        assert answer.status == status
        assert answer.body or status == 413


class TestNotSigned:
    """Everything else is refused before it is parsed, and leaves no trace in the log."""

    @pytest.mark.parametrize(
        ("spoiled", "payload"),
        [
            ({"signature": "v0=0000"}, PAYLOAD),
            ({"signature": "v0=0000"}, {"ssl_check": "1", "token": "x"}),  # which Bolt would answer
            ({"signature": "v0=é"}, PAYLOAD),
            ({"timestamp": "1000000000"}, PAYLOAD),
            ({"timestamp": "9999999999"}, PAYLOAD),
            ({"timestamp": "soon"}, PAYLOAD),
            ({"timestamp": "9" * 4000}, PAYLOAD),
            ({"timestamp": "9" * 5000}, PAYLOAD),
            ({"without": ["X-Slack-Signature"]}, PAYLOAD),
            ({"without": ["X-Slack-Request-Timestamp"]}, PAYLOAD),
        ],
        ids=lambda value: str(value)[:40],
    )
    async def test_the_signature_is_checked(
        self,
        slack: SlackWorkspace,
        address: str,
        caplog: pytest.LogCaptureFixture,
        spoiled: dict[str, Any],
        payload: dict[str, str],
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
            ("Content-Type: application/x-www-form-urlencoded", b"payload=[]"),
            ("Content-Type: application/json", b"{hush"),
            ("Content-Type: application/json", b'{"authorizations": 1}'),
            ("Content-Type: application/json", b"[" * 100_000),
            ("Content-Type: no/type; charset=nonsense", b"text=hush"),
            ("Content-Encoding: gzip", b"hush"),
            ("Content-Encoding: br", b"hush"),
            ("Transfer-Encoding: chunked", b"hush\r\n"),
            ("Content-Length: 100", b"hush"),
        ],
        ids=lambda value: str(value)[:40],
    )
    async def test_a_strange_body_is_refused_before_it_is_parsed(
        self, address: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever a stranger sends with headers that look like Slack's, no line of the log has it."""
        caplog.set_level(logging.INFO)
        made = headers(SIGNING_SECRET, "another body") | {"Content-Length": str(len(body))}
        name, _, value = kind.partition(": ")
        if name == "Transfer-Encoding":
            del made["Content-Length"]
        lines = "".join(f"{key}: {text}\r\n" for key, text in (made | {name: value}).items())

        async with connected(address) as (reader, writer):
            writer.write(HEAD + f"Connection: close\r\n{lines}\r\n".encode() + body)
            writer.write_eof()
            answer = await reader.read()

        assert not answer or answer.split()[1] in {b"400", b"401"}
        assert "hush" not in caplog.text
        assert "Traceback" not in caplog.text

    async def test_a_wrong_signing_secret_is_logged_once(
        self, slack: SlackWorkspace, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The operator gets one hint, however often strangers knock, and one more after a good request.

        A wrong clock looks the same, so the hint names it too.
        """
        hints = []
        for spoiled in (
            {"timestamp": str(int(time.time()) - 400)},
            {"signature": "v0=2"},
            {},
            {"signature": "v0=3"},
        ):
            await slack.post(address, PAYLOAD, **spoiled)
            hints.append(caplog.text.count("check SLACK_SIGNING_SECRET and this machine's clock"))

        assert hints == [1, 1, 1, 2]

    async def test_a_body_that_does_not_come_is_given_up(self, address: str) -> None:
        """Half a request is not kept for ever: Slack would have given up long before."""
        async with connected(address) as (reader, writer):
            writer.write(HEAD + b"Content-Length: 100\r\n\r\nhalf")

            assert (await reader.readline()).split()[1] == b"401"


class TestEnd:
    """When the bot stops, what has arrived is answered, and nothing else is waited for."""

    async def test_what_came_before_the_end_is_answered(
        self, slack: SlackWorkspace, http_settings: Settings, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """Commands that are under way are acknowledged, and get their answer."""
        metastudio.latency = 0.3
        job_id = metastudio.add_job()["job_id"]
        async with running(http_settings) as url:
            slack.events_url = url
            asking = [
                asyncio.create_task(slack.command("/voicejob", job_id, channel=channel)) for _ in range(20)
            ]
            await eventually(lambda: metastudio.requests_to("show") > 0)
        asked = await asyncio.gather(*asking)

        acked = [each for each in asked if each.acked]
        assert acked
        assert all([(await each.message()).text for each in acked])

    async def test_half_a_request_does_not_hold_up_the_end(self, http_settings: Settings) -> None:
        """It is dropped without a response, long before its body would be given up."""
        async with running(http_settings) as url:
            host, port = url.split("/")[2].split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(HEAD + b"Content-Length: 100\r\nExpect: 100-continue\r\n\r\nhalf")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        rest = await reader.read()
        writer.close()

        assert rest == b""
