"""HTTP mode: what is let in, what is refused, and that strangers leave no trace."""

import asyncio
import logging
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from bot import http_mode
from bot.config import Settings
from bot.demo.metastudio import MetaStudioSimulator
from bot.demo.slack import SIGNING_SECRET, SlackWorkspace
from bot.demo.slack_http import headers
from bot.demo.world import running, settings_for
from bot.errors import AddressTaken

PAYLOAD = {
    "command": "/voicejob",
    "text": "help",
    "user_id": "U0ALICE",
    "team_id": "T0VOICEJOB",
    "response_url": "http://127.0.0.1:9/private-response-url",
}


@pytest.fixture
def http_settings(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> Settings:
    return settings_for(slack, metastudio, slack_app_token=None, slack_signing_secret=SIGNING_SECRET)


@pytest.fixture
async def address(http_settings: Settings) -> AsyncIterator[str]:
    """Run the bot in HTTP mode; gives the address of its door."""
    async with running(http_settings) as way:
        yield way


class TestHttpMode:
    """Slack's requests are let in; everything else is refused without a word in the log."""

    async def test_a_signed_command_is_answered(self, slack: SlackWorkspace, address: str) -> None:
        """What Slack signed gets 200 and the usage."""
        answer = await slack.post(address, PAYLOAD)

        assert answer.status == 200
        assert "/voicejob help" in answer.body

    @pytest.mark.parametrize(
        "spoiled",
        [
            {"signature": "v0=0000"},
            {"signature": "v0=é"},
            {"signature": ""},
            {"timestamp": "1000000000"},
            {"timestamp": "9999999999"},
            {"timestamp": "soon"},
            {"timestamp": ""},
            {"timestamp": "1e9"},
            {"timestamp": "-5"},
            {"timestamp": "٣" * 10},
            {"timestamp": "9" * 5000},
            {"without": ["X-Slack-Signature"]},
            {"without": ["X-Slack-Request-Timestamp"]},
            {"without": ["X-Slack-Signature", "X-Slack-Request-Timestamp"]},
        ],
        ids=str,
    )
    async def test_what_is_not_signed_is_refused(
        self,
        slack: SlackWorkspace,
        address: str,
        caplog: pytest.LogCaptureFixture,
        spoiled: dict[str, str],
    ) -> None:
        """A wrong, old, strange or missing signature or timestamp gets 401, and its body is not logged."""
        caplog.set_level(logging.INFO)

        answer = await slack.post(address, PAYLOAD, **spoiled)

        assert answer.status == 401
        assert "private-response-url" not in caplog.text
        assert "Traceback" not in caplog.text

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("application/x-www-form-urlencoded", b"text=\xff"),
            ("application/x-www-form-urlencoded", b"payload={x"),
            ("application/x-www-form-urlencoded", b"payload=[]"),
            ("application/json", b"{x"),
            ("application/json", b"[]"),
            ("application/json", b'{"authorizations": 1}'),
            ("application/json", b"[" * 100_000),
            ("no/type; charset=nonsense", b"text=x"),
        ],
        ids=lambda value: value[:30] if isinstance(value, bytes) else None,
    )
    async def test_a_strange_body_is_refused_before_it_is_parsed(
        self, address: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever a stranger sends with headers that look like Slack's, the answer is 401."""
        made = headers(SIGNING_SECRET, "another body") | {"Content-Type": kind}
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=body, headers=made) as answer,
        ):
            assert answer.status == 401
        assert "Traceback" not in caplog.text

    async def test_a_body_that_is_not_packed_as_it_says_is_refused(self, address: str) -> None:
        """Slack packs nothing, and what can't be unpacked is not read."""
        made = headers(SIGNING_SECRET, "x") | {"Content-Encoding": "gzip"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=b"not gzip", headers=made) as answer,
        ):
            assert answer.status in {400, 401}

    async def test_a_wrong_signing_secret_is_told_once(
        self, slack: SlackWorkspace, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The operator gets one hint, however often strangers knock, and one more after a good request."""
        for spoiled in ("v0=1", "v0=2"):
            await slack.post(address, PAYLOAD, signature=spoiled)
        first = caplog.text.count("check SLACK_SIGNING_SECRET")
        await slack.post(address, PAYLOAD)
        await slack.post(address, PAYLOAD, signature="v0=3")

        assert (first, caplog.text.count("check SLACK_SIGNING_SECRET")) == (1, 2)

    async def test_a_request_that_never_ends_does_not_hold_up_the_end(self, http_settings: Settings) -> None:
        """A stranger who sends half a request can't keep the bot from stopping."""
        loop = asyncio.get_running_loop()
        async with running(http_settings) as way:
            host, port = way.split("/")[2].split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
            await writer.drain()
            await asyncio.sleep(0.1)
            stopped_at = loop.time()
        writer.close()

        assert loop.time() - stopped_at < 3 * http_mode.LAST_REQUESTS

    async def test_a_certificate_check_is_not_let_in_unsigned(
        self, slack: SlackWorkspace, address: str
    ) -> None:
        """An ``ssl_check`` gets nothing without a signature, whatever Bolt would do."""
        answer = await slack.post(address, {"ssl_check": "1", "token": "x"}, signature="v0=0000")

        assert answer.status == 401

    async def test_another_method_or_path_is_refused(self, address: str) -> None:
        """There is one door, for POST."""
        async with aiohttp.ClientSession() as session:
            async with session.get(address) as answer:
                assert answer.status == 405
            async with session.post(address.replace("/slack/events", "/")) as answer:
                assert answer.status == 404

    async def test_a_huge_body_is_refused(self, address: str) -> None:
        """A body far larger than any of Slack's is not read to its end."""
        huge = BytesIO(b"x" * 2_000_000)
        async with aiohttp.ClientSession() as session, session.post(address, data=huge) as answer:
            assert answer.status == 413

    async def test_a_port_that_is_taken_gets_a_sentence(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, address: str
    ) -> None:
        """A second bot on the same port says what to change."""
        port = int(address.split(":")[2].split("/", maxsplit=1)[0])
        second = settings_for(
            slack,
            metastudio,
            slack_app_token=None,
            slack_signing_secret=SIGNING_SECRET,
            port=port,
            voicejob_store=Path("another.sqlite"),
        )

        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}.*PORT"):
            async with running(second):
                pass


async def sent(address: str, raw: bytes) -> bytes:
    """Send bytes as they are, and read what comes back until the connection ends."""
    host, port = address.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


class TestStrangers:
    """What reaches an open port leaves no trace in the log, and holds nothing up."""

    @pytest.mark.parametrize(
        "raw",
        [
            b"hush\r\n\r\n",
            b"POST /slack/events HTTP/1.1\r\nHost x hush\r\n\r\n",
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: hush\r\n\r\n",
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Long: " + b"hush" * 5000 + b"\r\n\r\n",
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nhush\r\n",
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhush",
            b"POST /slack/events HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nhush",
        ],
        ids=["no HTTP", "bad header", "bad length", "long header", "bad chunk", "hung up", "unknown packing"],
    )
    async def test_what_is_no_request_is_not_logged(
        self, address: str, raw: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Malformed requests get a refusal or nothing, and no line in the log quotes them."""
        caplog.set_level(logging.INFO)

        answer = await sent(address, raw)

        assert not answer or answer.split()[1].startswith(b"4")
        assert "hush" not in caplog.text
        assert "Traceback" not in caplog.text

    async def test_a_body_that_does_not_come_is_given_up(self, address: str) -> None:
        """Half a request is not kept for ever: Slack would have given up long before."""
        host, port = address.split("/")[2].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")

        async with asyncio.timeout(3 * http_mode.BODY_SECONDS):
            line = await reader.readline()

        writer.close()
        assert line.split()[1] == b"401"

    async def test_a_host_that_is_no_name_gets_a_sentence(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """What asyncio fails on with an error of a codec is told like any address that can't be had."""
        settings = settings_for(
            slack,
            metastudio,
            slack_app_token=None,
            slack_signing_secret=SIGNING_SECRET,
            voicejob_host="..",
        )

        with pytest.raises(AddressTaken, match="no such host"):
            async with running(settings):
                pass
