"""HTTP mode: what is let in, what is refused, and that strangers leave no trace."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.config import Settings
from bot.errors import AddressTaken
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import SIGNING_SECRET, SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.slack import http_mode
from tests.support import PATIENCE, eventually

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

    async def test_a_body_that_is_not_packed_as_it_says_is_refused(
        self, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Slack packs nothing, and what can't be unpacked is not read, nor a matter for the log."""
        made = headers(SIGNING_SECRET, "x") | {"Content-Encoding": "gzip"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=b"not gzip", headers=made) as answer,
        ):
            assert answer.status in {400, 401}
        assert "Traceback" not in caplog.text

    async def test_a_wrong_signing_secret_is_told_once(
        self, slack: SlackWorkspace, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The operator gets one hint, however often strangers knock, and one more after a good request.

        A wrong clock looks the same, so the hint names it too.
        """
        await slack.post(address, PAYLOAD, timestamp=str(int(time.time()) - 400))
        assert "this machine's clock" in caplog.text
        await slack.post(address, PAYLOAD, signature="v0=2")
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

    @pytest.mark.parametrize("path", ["/", "/slack", "/slack/events/", "/slack/events/x", "//"])
    async def test_another_path_is_refused_without_a_word(self, address: str, path: str) -> None:
        """There is one door, and who knocks elsewhere does not learn what serves here."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(address.replace("/slack/events", path), data=b"x") as answer,
        ):
            assert (answer.status, await answer.read()) == (404, b"")
            assert "aiohttp" not in str(answer.headers)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"])
    async def test_another_method_is_refused(self, address: str, method: str) -> None:
        """The door is for POST."""
        async with aiohttp.ClientSession() as session, session.request(method, address) as answer:
            assert (answer.status, await answer.read()) == (405, b"")
            assert answer.headers["Allow"] == "POST"

    async def test_what_a_proxy_adds_changes_nothing(self, address: str) -> None:
        """A proxy may tell where a request came from, and call the bot by any name."""
        body = form(PAYLOAD)
        added = {
            "X-Forwarded-For": "203.0.113.7, unknown",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "bot.example",
            "Forwarded": "for=203.0.113.7;proto=https",
            "Host": "bot.example",
            "Via": "1.1 proxy",
        }
        made = headers(SIGNING_SECRET, body) | added
        async with (
            aiohttp.ClientSession() as session,
            session.post(address, data=body.encode(), headers=made) as answer,
        ):
            assert answer.status == 200

    async def test_a_connection_serves_many_requests(self, address: str) -> None:
        """A proxy keeps its connection for the next command."""
        body = form(PAYLOAD)
        lines = headers(SIGNING_SECRET, body) | {"Host": "x", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        async with opened(address) as (reader, writer):
            for _ in range(3):
                writer.write(f"POST /slack/events HTTP/1.1\r\n{head}\r\n{body}".encode())
                assert await told(reader) == b"200"

    async def test_what_came_before_the_end_is_answered(
        self, slack: SlackWorkspace, http_settings: Settings, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """Commands that are under way when the bot is stopped are acknowledged, and get their answer."""
        metastudio.latency = 0.3
        job_id = metastudio.add_job()["job_id"]
        async with running(http_settings) as way:
            slack.events_url = way
            asking = [
                asyncio.create_task(slack.command("/voicejob", job_id, channel=channel)) for _ in range(20)
            ]
            await eventually(lambda: metastudio.requests_to("show") > 0)
        asked = await asyncio.gather(*asking)

        acked = [each for each in asked if each.acked]
        assert acked
        assert all([(await each.message()).text for each in acked])

    @pytest.mark.parametrize("ack_timeout", [PATIENCE])
    async def test_a_burst_loses_no_command_that_was_acknowledged(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, address: str, channel: str
    ) -> None:
        """Commands that come as fast as they can be sent are all acknowledged, and all are answered.

        How soon is a matter of the machine, which does the work of Slack and MetaStudio too.
        """
        slack.events_url = address
        jobs = [metastudio.add_job()["job_id"] for _ in range(20)]
        asked = await asyncio.gather(
            *(slack.command("/voicejob", jobs[number % 20], channel=channel) for number in range(300))
        )

        assert [each.error for each in asked if not each.acked] == []
        answers = await asyncio.gather(*(each.message() for each in asked))
        assert len(answers) == 300

    async def test_a_large_card_is_no_huge_body(self, slack: SlackWorkspace, address: str) -> None:
        """A press carries its message, which may be large."""
        answer = await slack.post(address, PAYLOAD | {"trigger_id": "x" * 200_000})

        assert answer.status == 200

    @pytest.mark.parametrize("path", ["/slack/events", "/"])
    async def test_a_huge_body_is_refused_before_it_comes(self, address: str, path: str) -> None:
        """The head tells how much there will be: the answer does not wait for it."""
        async with opened(address) as (reader, writer):
            size = http_mode.MAX_BODY + 1
            writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())

            assert await told(reader) == b"413"
            assert await ended(reader)

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

        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
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


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection, to say what one likes."""
    host, port = address.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


async def told(reader: asyncio.StreamReader) -> bytes:
    """Read one answer: its status, and nothing more unless it has a body."""
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
    return head.split()[1]


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side ends the connection; a reset is an end, too."""
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            await reader.read()
    return True


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
            b"POST /slack/events HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhush",
            b"POST /slack/events HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nhush",
        ],
        ids=[
            "no HTTP",
            "bad header",
            "bad length",
            "long header",
            "bad chunk",
            "hung up",
            "bad packing",
            "unknown packing",
        ],
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

    @pytest.mark.parametrize(
        "raw",
        [
            b"hush\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost x hush\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: hush\r\n\r\n",
            b"GET /\x80hush HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET http://[hush HTTP/1.1\r\nHost: x\r\n\r\n",
        ],
        ids=["no HTTP", "bad header", "bad length", "bad path", "bad address"],
    )
    async def test_what_is_no_request_gets_no_words(self, address: str, raw: bytes) -> None:
        """Its refusal quotes nothing, and does not tell what serves here."""
        async with opened(address) as (reader, writer), asyncio.timeout(10):
            writer.write(raw)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")

        assert head.split()[1] == b"400"
        assert b"\r\nServer: voicejob\r\n" in head
        assert body == b""

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


QUICK = http_mode.Limits(head=0.3, idle=60, connections=3)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def listening(limits: http_mode.Limits = QUICK) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Serve something small: ``/`` answers at once, ``/slow`` when the event is set."""
    go_on = asyncio.Event()

    async def here(_: web.Request) -> web.Response:
        return web.Response(text="here")

    async def slow(_: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response(text="here")

    application = web.Application()
    application.add_routes([web.get("/", here), web.get("/slow", slow)])
    async with http_mode.listening(application, "127.0.0.1", 0, limits=limits) as address:
        yield address, go_on


class TestSlowStrangers:
    """A connection on which no request comes is ended; one that waits for its answer is not."""

    async def test_one_that_says_nothing_is_ended(self) -> None:
        """To connect alone holds nothing for long."""
        async with listening() as (address, _), opened(address) as (reader, _):
            assert await ended(reader)

    @pytest.mark.parametrize("before", [b"", GET], ids=["first request", "second request"])
    async def test_a_head_that_trickles_is_ended(self, before: bytes) -> None:
        """A byte now and then is no sign of life."""
        async with listening() as (address, _), opened(address) as (reader, writer):
            writer.write(before)
            if before:
                assert await told(reader) == b"200"
            trickling = asyncio.create_task(self.trickle(writer))
            assert await ended(reader)
            trickling.cancel()
            await asyncio.wait([trickling])

    async def trickle(self, writer: asyncio.StreamWriter) -> None:
        """Send a head without end."""
        writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async def test_one_that_waits_for_its_answer_is_kept(self) -> None:
        """How long an answer takes is not the stranger's fault."""
        async with listening() as (address, go_on), opened(address) as (reader, writer):
            writer.write(GET.replace(b"/ ", b"/slow "))
            await asyncio.sleep(3 * QUICK.head)
            go_on.set()

            assert await told(reader) == b"200"

    async def test_one_that_had_an_answer_is_kept_for_the_next(self) -> None:
        """Between two requests a proxy may be quiet."""
        async with listening() as (address, _), opened(address) as (reader, writer):
            for _ in range(2):
                writer.write(GET)
                assert await told(reader) == b"200"
                await asyncio.sleep(2 * QUICK.head)

    async def test_one_that_is_quiet_for_too_long_is_ended(self) -> None:
        """But not for ever."""
        limits = http_mode.Limits(head=60, idle=0.3)
        async with listening(limits) as (address, _), opened(address) as (reader, writer):
            writer.write(GET)
            assert await told(reader) == b"200"
            assert await ended(reader)


class TestCrowds:
    """There is always room for Slack, however many strangers come and stay."""

    async def test_a_quiet_connection_makes_room(self, caplog: pytest.LogCaptureFixture) -> None:
        """The one that has been quiet for longest goes, and the new one is answered; the log says so once."""
        limits = http_mode.Limits(head=60, connections=3)
        async with listening(limits) as (address, _), AsyncExitStack() as stack:
            quiet = [await stack.enter_async_context(opened(address)) for _ in range(3)]
            quiet[0][1].write(GET)
            assert await told(quiet[0][0]) == b"200"
            for _ in range(2):
                reader, writer = await stack.enter_async_context(opened(address))
                writer.write(GET)
                assert await told(reader) == b"200"

            assert [await ended(reader) for reader, _ in quiet[1:]] == [True, True]
            quiet[0][1].write(GET)
            assert await told(quiet[0][0]) == b"200"
        assert caplog.text.count("more than 3 connections are open") == 1

    async def test_where_all_are_busy_the_new_one_goes(self) -> None:
        """Whose request is being answered is not sent away."""
        limits = http_mode.Limits(head=60, connections=3)
        async with listening(limits) as (address, go_on), AsyncExitStack() as stack:
            busy = [await stack.enter_async_context(opened(address)) for _ in range(3)]
            for _, writer in busy:
                writer.write(GET.replace(b"/ ", b"/slow "))
            await asyncio.sleep(0.1)
            reader, _ = await stack.enter_async_context(opened(address))
            assert await ended(reader)
            go_on.set()

            assert [await told(reader) for reader, _ in busy] == [b"200"] * 3
