"""The server of the demo's page, over HTTP and a WebSocket; tests/browser tests what people see there."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.page import LARGEST_REQUEST, STATIC, serving
from bot.demo.playground import PATH, Playground
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN
from tests.support import PATIENCE


class Browser:
    """What the page's scripts do with the WebSocket: ``shown`` is all that was set and not dropped."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.shown: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self._ids = count(1)

    async def read(self) -> dict[str, Any]:
        """Read a frame, apply it and return it."""
        frame: dict[str, Any] = await self.socket.receive_json(timeout=PATIENCE)
        if "done" not in frame:
            self.frames.append(frame)
            self.shown |= frame["set"]
            for key in frame["drop"]:
                del self.shown[key]
        return frame

    async def ask(self, do: str, **fields: Any) -> Any:
        """Send a request, read up to its answer, and return its error."""
        number = next(self._ids)
        await self.socket.send_str(json.dumps({"id": number, "do": do, **fields}, ensure_ascii=False))
        return await self.error(number)

    async def error(self, number: int | None) -> Any:
        """Read up to the answer to a request, and return its error."""
        while (frame := await self.read()).get("done", "nothing") != number:
            continue
        return frame["error"]

    def parts(self, kind: str) -> list[dict[str, Any]]:
        """List the parts of the page of one kind."""
        return [part for key, part in self.shown.items() if key.startswith(f"{kind}/")]


@asynccontextmanager
async def browsing(address: str) -> AsyncIterator[Browser]:
    """Open the page's WebSocket, and read the first frame."""
    async with aiohttp.ClientSession() as session:
        browser = Browser(await session.ws_connect(f"{address}live"))
        await browser.read()
        yield browser


@pytest.fixture
async def address(ground: Playground, voices: str) -> AsyncIterator[str]:
    """Serve the page of a playground with one channel and one job."""
    assert voices
    ground.metastudio.add_job(job_id="job", path=PATH)
    async with serving(ground, 0) as served:
        yield served


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    async with browsing(address) as opened:
        yield opened


def host_of(address: str) -> str:
    return address.removeprefix("http://").rstrip("/")


async def raw(address: str, path: str, *headers: str) -> tuple[int, str]:
    """Request a path unnormalized; returns status and body."""
    host, port = host_of(address).split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {path} HTTP/1.1", *(headers or (f"Host: {host}:{port}",)), "Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


class TestFrames:
    async def test_only_changes_are_sent(self, browser: Browser, voices: str) -> None:
        """After the whole page, each is sent once, before the answer to the request that made it."""
        await browser.ask("say", channel=voices, text="hello")
        await browser.ask("advance", job_id="job")
        await browser.ask("new_job", voice_name="Second")
        await browser.ask("delete", job_id="job")
        [message], [second] = browser.parts("message"), browser.parts("job")
        whole, *changes = browser.frames

        assert (whole["fresh"], whole["drop"]) == (True, [])
        assert {"workspace", "world", f"channel/{voices}", "job/job"} <= whole["set"].keys()
        sent, added = f"message/{voices}/{message['ts']}", f"job/{second['job_id']}"
        assert [[*frame["set"]] for frame in changes] == [[sent], ["job/job"], [added], [added]]
        assert [(each["fresh"], each["drop"]) for each in changes] == [(False, [])] * 3 + [
            (False, ["job/job"])
        ]
        assert (second["voice_name"], second["position"]) == ("Second", 0)

    async def test_the_end_closes_the_websocket(self, ground: Playground) -> None:
        """When the page ends, its browsers are told at once."""
        async with aiohttp.ClientSession() as session:
            async with serving(ground, 0) as address:
                browser = Browser(await session.ws_connect(f"{address}live"))
                await browser.read()
            assert (await browser.socket.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.CLOSE


class TestRequests:
    async def test_say(self, browser: Browser, voices: str) -> None:
        """The box takes 12000 characters; what can't be sent gets a sentence."""
        assert await browser.ask("say", channel=voices, text="😀" * 12000) is None
        assert "12000" in str(await browser.ask("say", channel=voices, text="x" * 12001))
        for text, there, error in (
            ("x", {"channel": "C404"}, "There is no such channel."),
            (" \n\t ", {}, "There is nothing to send."),
            ("/archive", {"thread_ts": "1.0"}, "Slack takes no commands in threads. Type it in the channel."),
            ("x", {"thread_ts": "1.0"}, "This thread is not there any more."),
        ):
            assert await browser.ask("say", **{"channel": voices, "text": text} | there) == error
        assert [part["text"] for part in browser.parts("message")] == ["😀" * 12000]
        assert await browser.ask("speed", seconds=0) == "There is no such speed."

    async def test_press(self, ground: Playground, browser: Browser, voices: str) -> None:
        """A button is found by its message, action and value; without a bot, the press fails."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        text = {"type": "plain_text", "text": "Refresh"}
        button = {"type": "button", "action_id": "refresh", "text": text, "value": "a"}
        blocks = [{"type": "actions", "elements": [each]} for each in (button, button | {"value": "b"})]
        card = await client.chat_postMessage(channel=voices, text="card", blocks=blocks)
        there = {"channel": voices, "ts": card["ts"], "action_id": "refresh", "value": "b"}
        for wrong in ({"ts": "1.000001"}, {"action_id": "other"}, {"value": "none"}, {"channel": "C404"}):
            assert await browser.ask("press", **there | wrong) == "This button is not there any more."
        for right in (there, there | {"value": None}):
            assert "dispatch_failed" in await browser.ask("press", **right)

    async def test_views(self, ground: Playground, browser: Browser, voices: str) -> None:
        """Buttons of the modal and the Home are found by view; to close what is gone does nothing."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        text = {"type": "plain_text", "text": "Again"}
        blocks = [{"type": "actions", "elements": [{"type": "button", "action_id": "again", "text": text}]}]
        await client.views_publish(user_id=ALICE, view={"type": "home", "blocks": blocks})
        with pytest.raises(SlackApiError, match="invalid_arguments"):
            await client.views_publish(user_id=ALICE, view={"type": "home", "blocks": [{}]})
        await browser.ask("open_home", tab="home")  # nobody listens: Slack shows nothing of that
        [note] = browser.parts("note")
        assert note["channel"] == ground.slack.direct_channel(ALICE)
        assert "Slack refused a view of the bot (views.publish: invalid_arguments)" in note["text"]
        ground.slack.violations.clear()
        there = {"view": "home", "view_id": browser.shown["home"]["id"], "action_id": "again"}
        for wrong in ({"view": "modal"}, {"view_id": "V0"}, {"action_id": "other"}):
            assert await browser.ask("press_view", **there | wrong) == "This button is not there any more."
        assert "dispatch_failed" in await browser.ask("press_view", **there)
        assert await browser.ask("close_modal", view_id="V0") is None
        message = ground.slack.add_message(voices, "Who has it?")
        assert "dispatch_failed" in await browser.ask("shortcut", channel=voices, ts=message.ts)
        assert (
            await browser.ask("shortcut", channel=voices, ts="1.0") == "This message is not there any more."
        )


MALFORMED = [
    ("", None),
    ("[]", None),
    ('{"id": 1, "do": "new_job", "voice_name": "\\ud800"}', 1),
    ('{"id": 1}', 1),
    ('{"id": 1, "do": "explode"}', 1),
    ('{"id": "one", "do": "new_job"}', None),
    ('{"id": 1, "do": "new_job", "extra": 1}', 1),
    (json.dumps({"id": 1, "do": "new_job", "voice_name": "x" * 65}), 1),
    ('{"id": 1, "do": "metastudio", "mood": "limits"}', 1),
    ('{"id": 1, "do": "bot", "want": "explode"}', 1),
    ("[" * 60_000, None),
]


async def test_they_are_answered_with_a_sentence(address: str, browser: Browser) -> None:
    """Nothing has happened, and the WebSocket lives on; only a huge request ends its own."""
    await browser.socket.send_bytes(b'{"id": 1, "do": "new_job"}')
    for frame, number in MALFORMED:
        await browser.socket.send_str(frame)
        error = await browser.error(number)

        assert re.fullmatch(r"The demo does not take that: \w[^\n]{1,300}\.", error), (frame, error)
        assert ": :" not in error, (frame, error)
    assert len(browser.frames) == 1

    async with browsing(address) as huge:
        await huge.socket.send_str("x" * (LARGEST_REQUEST + 1))
        await huge.socket.receive(timeout=PATIENCE)
        assert huge.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert await browser.ask("new_job") is None


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
FOREIGN_ORIGINS = (
    "null http://evil.example https://{host} http://127.0.0.1:1 http://localhost:{port} "
    "http://{host}.evil.example HTTP://EVIL.EXAMPLE@{host}"
)
FOREIGN_HOSTS = "evil.example evil.example:{port} 127.0.0.1.evil.example:{port} 127.0.0.2:{port} [::1]:{port}"
NO_FILES = "/static/../page.py /static/%2e%2e/page.py /static/..%2fpage.py /static//etc/passwd /page.py"


class TestServer:
    async def test_files(self, address: str) -> None:
        """The page and all beside it are served, and nothing else; each response says what may be loaded."""
        kinds = {".js": "javascript", ".css": "text/css", ".html": "text/html"}
        paths = {f"static/{file.relative_to(STATIC)}": file for file in STATIC.rglob("*.*")}
        async with aiohttp.ClientSession() as session:
            for path, file in ({"": STATIC / "index.html"} | paths).items():
                async with session.get(address + path) as answer:
                    assert (answer.status, await answer.read()) == (200, file.read_bytes()), path
                    assert kinds[file.suffix] in answer.headers["Content-Type"]
            for method, path, code in (("GET", "", 200), ("GET", "static/no", 404), ("POST", "", 405)):
                async with session.request(method, address + path) as answer:
                    assert answer.status == code
                    assert answer.headers["Content-Security-Policy"] == POLICY.format(host=host_of(address))
                    assert SECURED.items() <= dict(answer.headers).items()
        for path in NO_FILES.split():
            status, body = await raw(address, path)

            assert (status in {400, 403, 404}, path) == (True, path)
            assert not re.search("import|root:|main.js|tokens.css", body), path

    async def test_other_sites_are_refused(self, address: str, caplog: pytest.LogCaptureFixture) -> None:
        """Only the page's own hosts and origins are accepted; a malformed host is nothing for the log."""
        host = host_of(address)
        port = host.split(":")[1]
        own = (f"127.0.0.1:{port}", f"localhost:{port}")
        cases = [(name, origin, 200) for name in own for origin in (None, f"http://{name}")]
        foreign = ["", *FOREIGN_HOSTS.format(port=port).split()]
        origins = ["", *FOREIGN_ORIGINS.format(host=host, port=port).split()]
        cases += [(name, origin, 403) for name in foreign for origin in (None, f"http://{name}")]
        cases += [(host, origin, 403) for origin in origins]
        for name, origin, status in cases:
            headers = [f"Host: {name}", *([] if origin is None else [f"Origin: {origin}"])]
            assert (await raw(address, "/", *headers))[0] == status, headers
            # What is accepted is a bad request all the same: it is no WebSocket's handshake.
            assert (await raw(address, "/live", *headers))[0] == (403 if status == 403 else 400), headers
        refused = (403, "The demo answers its own page only.\n")
        assert await raw(address, "http://evil.example/", f"Host: {host}") == refused
        for malformed in ("127.0.0.1:99999", "[::1", "a b"):
            assert (await raw(address, "/", f"Host: {malformed}"))[0] in {400, 403}
        assert caplog.text == ""
