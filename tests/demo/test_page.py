"""The demo's page as a browser meets it: over HTTP and a WebSocket, with the real bot behind it."""

import asyncio
import json
import re
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.demo.clockwork import SPEEDS
from bot.demo.page import LARGEST_REQUEST, LOOK_SECONDS, STATIC, serving
from bot.demo.playground import BOB, PATH, Playground, playground
from bot.messages import channel as notices
from bot.messages import job_card, private
from bot.messages.texts.en import STEPS
from bot.simulators.slack.records import BOT_USER
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN
from tests.simulators.slack.test_workspace import CARD
from tests.support import PATIENCE, eventually

Part = dict[str, Any]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
DEFLATED = 0x40
"""The bit of a WebSocket frame that is compressed."""


class Browser:
    """What the page's scripts do with the WebSocket: ``shown`` is all that was set and not dropped."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.shown: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self._ids = count(1)

    async def read(self) -> None:
        """Take what the server sends, until it hangs up."""
        async for frame in self.socket:
            got = frame.json()
            if "done" in got:
                self.answers.append(got)
            else:
                self.frames.append(got)
                self.shown |= got["set"]
                for key in got["drop"]:
                    del self.shown[key]

    async def ask(self, do: str, **fields: Any) -> str | None:
        """Ask for something, wait until it is done, and give what went wrong."""
        number = next(self._ids)
        await self.send(json.dumps({"id": number, "do": do, **fields}, ensure_ascii=False))
        return (await self.answer(number))["error"]  # type: ignore[no-any-return]

    async def send(self, frame: str) -> None:
        """Send a frame as it is."""
        await self.socket.send_str(frame)

    async def answer(self, number: int | None) -> dict[str, Any]:
        """Wait for the answer to a request, and take it."""
        await self.until(lambda: self.socket.closed or any(each["done"] == number for each in self.answers))
        assert not self.socket.closed, "the server hung up"
        answer = next(each for each in self.answers if each["done"] == number)
        self.answers.remove(answer)
        return answer

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the page is as wanted."""
        await eventually(holds)

    async def part(self, kind: str, /, **wanted: Any) -> Part:
        """Wait for a part of the page with these values, and give it."""
        await self.until(lambda: any(part.items() >= wanted.items() for part in self.parts(kind)))
        return next(part for part in self.parts(kind) if part.items() >= wanted.items())

    async def message(self, channel: str, *words: str) -> Part:
        """Wait for a message that says this in any of its parts, and give it."""

        def found() -> list[Part]:
            there = [part for part in self.parts("message") if part["channel"] == channel]
            return [
                part for part in there if all(word in f"{part['text']}{part['blocks']}" for word in words)
            ]

        await self.until(lambda: bool(found()))
        return found()[-1]

    async def world(self, **wanted: Any) -> None:
        """Wait until the world is so."""
        await self.until(lambda: self.shown["world"].items() >= wanted.items())

    def parts(self, kind: str) -> list[Part]:
        """List the parts of one kind."""
        return [part for key, part in self.shown.items() if key.startswith(f"{kind}/")]


@asynccontextmanager
async def browsing(address: str, **headers: str) -> AsyncIterator[Browser]:
    """Open the page's WebSocket, and wait for the first frame."""
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{address}live", headers=headers) as socket:
            browser = Browser(socket)
            reading = asyncio.create_task(browser.read())
            await browser.until(lambda: bool(browser.frames))
            yield browser
        await reading


@pytest.fixture
def job_id(ground: Playground) -> str:
    return str(ground.new_job("女声")["job_id"])


@pytest.fixture
async def address(ground: Playground, voices: str, job_id: str) -> AsyncIterator[str]:
    """Serve the page of a playground with one channel and one job."""
    assert [voices] == [each.id for each in ground.slack.channels]
    assert [job_id] == [*ground.metastudio.jobs]
    async with serving(ground, 0) as served:
        yield served


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    async with browsing(address) as opened:
        yield opened


@pytest.fixture
async def lively(ground: Playground, browser: Browser) -> Browser:
    """Give a browser on a page whose bot runs."""
    await ground.bot.start()
    return browser


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def host_of(address: str) -> str:
    return address.removeprefix("http://").rstrip("/")


async def raw(address: str, path: str, *headers: str) -> tuple[int, str]:
    """Ask for a path as it is, which a polite client would tidy up; gives the status and the body."""
    host, port = host_of(address).split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"GET {path} HTTP/1.1", *(headers or (f"Host: {host}:{port}",)), "Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


async def hasty(address: str, wish: bytes) -> list[dict[str, Any]]:
    """Ask for something in one breath with the WebSocket's handshake; gives all frames up to the answer."""
    host = host_of(address)
    reader, writer = await asyncio.open_connection(*host.split(":"))
    lines = [
        "GET /live HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in HANDSHAKE.items()),
        "Sec-WebSocket-Extensions: permessage-deflate",
    ]
    masked = bytes([0x81, 0x80 | len(wish), 0, 0, 0, 0]) + wish
    writer.write("\r\n".join([*lines, "", ""]).encode() + masked)
    await reader.readuntil(b"\r\n\r\n")
    inflate, frames = zlib.decompressobj(wbits=-zlib.MAX_WBITS), list[dict[str, Any]]()
    while not frames or "done" not in frames[-1]:
        kind, length = await reader.readexactly(2)
        if extended := {126: 2, 127: 8}.get(length):
            length = int.from_bytes(await reader.readexactly(extended))
        data = await reader.readexactly(length)
        frames.append(json.loads(inflate.decompress(data + b"\0\0\xff\xff") if kind & DEFLATED else data))
    writer.close()
    await writer.wait_closed()
    return frames


class TestState:
    async def test_the_first_frame_is_fresh_and_whole(self) -> None:
        """A newcomer gets all there is at once: the workspace, its channels, messages, jobs and the world."""
        async with playground() as ground, serving(ground, 0) as address, browsing(address) as browser:
            first = browser.frames[0]
            kinds = {key.partition("/")[0] for key in first["set"]}

            assert (first["fresh"], first["drop"]) == (True, [])
            assert kinds == {"workspace", "world", "channel", "message", "job"}
            assert [part["name"] for part in browser.parts("channel")] == [
                "voices",
                "audiobooks",
                "casting",
                "voicejob",
            ]
            assert [part["voice_name"] for part in browser.parts("job")] == [
                "女声 · Morning News",
                "Audiobook <beta>",
                "Shop Assistant",
            ]
            await browser.until(lambda: browser.shown["world"]["bot"]["state"] == "running")

    async def test_the_workspace_says_who_is_who(self, browser: Browser) -> None:
        """It names Alice, the bot, the people, and what can be typed."""
        workspace = browser.shown["workspace"]

        assert workspace["me"] == {"id": ALICE, "name": "alice"}
        assert workspace["bot"] == {"id": BOT_USER, "name": "voicejob"}
        assert workspace["people"] == {ALICE: "alice", BOB: "bob", BOT_USER: "voicejob"}
        assert workspace["command"] == "/voicejob"
        assert [(each["verb"], each["takes"]) for each in workspace["verbs"]] == [
            ("", "job_id"),
            ("subscribe", "job_id"),
            ("unsubscribe", "job_id"),
            ("list", None),
            ("help", None),
        ]
        assert workspace["verbs"][1]["levels"] == ["all", "important"]
        assert [each["text"] for each in workspace["also"]][:2] == ["/invite @voicejob", "/remove @voicejob"]
        assert all(each["says"] for each in (*workspace["verbs"], *workspace["also"]))

    async def test_the_verbs_are_those_of_the_bot(self, lively: Browser, voices: str, job_id: str) -> None:
        """What the page offers, the bot understands."""
        for verb in lively.shown["workspace"]["verbs"]:
            job = job_id if verb["takes"] else ""
            for level in verb["levels"] or [""]:
                before = len(lively.parts("message"))
                await lively.ask("say", channel=voices, text=f"/voicejob {verb['verb']} {job} {level}")
                await lively.until(lambda so_far=before: len(lively.parts("message")) > so_far)  # type: ignore[misc]

        assert not [part for part in lively.parts("message") if "I don't understand" in part["text"]]
        assert lively.parts("note") == []

    async def test_channels_are_of_three_kinds(self, ground: Playground, browser: Browser) -> None:
        """Each says who may come in, and whether the bot is there, in the order in which they were made."""
        private = ground.slack.add_channel("casting", private=True, bot_is_member=False)
        direct = ground.slack.direct_channel(ALICE)
        ground.slack.add_channel("old", archived=True)
        await browser.until(lambda: len(browser.parts("channel")) == 4)

        casting = browser.shown[f"channel/{private}"]
        assert casting == {
            "id": private,
            "name": "casting",
            "kind": "private",
            "bot_is_member": False,
            "archived": False,
            "position": 1,
        }
        kinds = [(part["name"], part["kind"], part["archived"]) for part in browser.parts("channel")]
        assert kinds == [
            ("voices", "public", False),
            ("casting", "private", False),
            ("voicejob", "direct", False),
            ("old", "public", True),
        ]
        assert browser.shown[f"channel/{direct}"]["position"] == 2

    async def test_a_message_is_shown_whole(self, ground: Playground, browser: Browser, voices: str) -> None:
        """A person's words, and a reply to them."""
        parent = ground.slack.add_message(voices, "a &lt; b", user=BOB)
        reply = ground.slack.add_message(voices, "yes", thread_ts=parent.ts)
        await browser.until(lambda: len(browser.parts("message")) == 2)

        words = {
            "ts": parent.ts,
            "channel": voices,
            "only_for_me": False,
            "text": "a &lt; b",
            "blocks": [],
            "thread_ts": None,
            "reply_broadcast": False,
            "edited": False,
            "author": BOB,
            "is_bot": False,
        }
        assert browser.shown[f"message/{voices}/{parent.ts}"] == words
        assert browser.shown[f"message/{voices}/{reply.ts}"] == words | {
            "ts": reply.ts,
            "text": "yes",
            "thread_ts": parent.ts,
            "author": ALICE,
        }

    async def test_the_bots_message_is_shown_with_its_blocks(
        self, ground: Playground, browser: Browser, voices: str
    ) -> None:
        """Each block has an id, the changed message is marked, and so is a reply that the channel sees."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        card = await client.chat_postMessage(channel=voices, text="card", blocks=CARD)
        await client.chat_postMessage(channel=voices, text="told", thread_ts=card["ts"], reply_broadcast=True)
        told = await browser.part("message", text="told")
        await client.chat_update(channel=voices, ts=card["ts"], text="changed", blocks=CARD[1:])
        shown = await browser.part("message", text="changed")

        assert (told["thread_ts"], told["reply_broadcast"], told["edited"]) == (card["ts"], True, False)
        assert (shown["ts"], shown["edited"], shown["author"], shown["is_bot"]) == (
            card["ts"],
            True,
            BOT_USER,
            True,
        )
        assert shown["blocks"] == CARD[1:]
        assert len(browser.parts("message")) == 2

    async def test_blocks_without_an_id_get_one(
        self, ground: Playground, browser: Browser, voices: str
    ) -> None:
        """The page can tell the blocks of a message apart."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        await client.chat_postMessage(channel=voices, text="card", blocks=[CARD[0], CARD[0], CARD[1]])
        shown = await browser.part("message", text="card")

        assert len({block["block_id"] for block in shown["blocks"]}) == 3
        assert shown["blocks"][2]["block_id"] == "buttons"

    async def test_what_is_for_alice_alone_is_marked(self, lively: Browser, voices: str) -> None:
        """An answer to a command is for her; what others alone see is not shown."""
        await lively.ask("say", channel=voices, text="/voicejob help")

        assert (await lively.message(voices, "/voicejob"))["only_for_me"]

    async def test_what_is_for_somebody_else_is_not_shown(
        self, ground: Playground, lively: Browser, voices: str
    ) -> None:
        """Bob's answer is Bob's."""
        await (await ground.slack.command("/voicejob", "help", channel=voices, user=BOB)).message()
        await lively.ask("say", channel=voices, text="after")
        await lively.message(voices, "after")

        assert len(lively.parts("message")) == 1

    @pytest.mark.parametrize(
        ("state", "phase", "step", "is_over", "can_send_back"),
        [
            ("CREATING", "waits", 1, False, False),
            ("AUDITING", "in_progress", 3, False, True),
            ("AUDIT_FAILED", "waits", 1, False, False),
            ("SUCCEED", "well", 8, True, False),
            ("FAILED", "badly", None, True, False),
        ],
    )
    async def test_a_job_says_where_it_stands(
        self,
        ground: Playground,
        browser: Browser,
        job_id: str,
        state: str,
        phase: str,
        step: int | None,
        is_over: bool,  # noqa: FBT001  a parameter of the test
        can_send_back: bool,  # noqa: FBT001
    ) -> None:
        """Its part of the page has its step, and what can be done to it."""
        ground.metastudio.set_state(job_id, state)
        await browser.until(lambda: len(browser.frames) == 2)
        job = await browser.part("job", job_id=job_id, state=state)
        label = job.pop("label")

        assert label
        assert job == {
            "job_id": job_id,
            "voice_name": "女声",
            "state": state,
            "phase": phase,
            "step": step,
            "steps": list(STEPS),
            "times": 2 if state == "CREATING" else 1,
            "position": 0,
            "is_over": is_over,
            "can_advance": not is_over,
            "can_send_back": can_send_back,
        }

    async def test_a_job_that_nobody_understands_is_shown(
        self, ground: Playground, browser: Browser, job_id: str
    ) -> None:
        """A state that is new to the bot, and a voice without a name, break nothing."""
        ground.metastudio.set_state(job_id, "NEW_STATE", voice_name=None)
        job = await browser.part("job", state="NEW_STATE")

        assert (job["phase"], job["step"], job["voice_name"], job["is_over"]) == ("unknown", None, "", False)

    async def test_a_hostile_name_is_passed_on_as_it_is(self, ground: Playground, browser: Browser) -> None:
        """What a name may hold is text to the page, half characters included."""
        name = "</script><b>&amp;\u202e\ud800"
        ground.metastudio.add_job(voice_name=name)

        assert (await browser.part("job", voice_name=name))["position"] == 1


class TestChanges:
    async def test_only_what_changed_is_sent(
        self, ground: Playground, browser: Browser, voices: str, job_id: str
    ) -> None:
        """After the first frame, a change is told alone and whole, and not as a fresh start."""
        ground.advance(job_id)
        await browser.until(lambda: len(browser.frames) == 2)
        await browser.ask("say", channel=voices, text="hello")
        message = await browser.message(voices, "hello")

        assert [(frame["fresh"], [*frame["set"]], frame["drop"]) for frame in browser.frames[1:]] == [
            (False, [f"job/{job_id}"], []),
            (False, [f"message/{voices}/{message['ts']}"], []),
        ]
        assert browser.frames[1]["set"][f"job/{job_id}"]["steps"] == list(STEPS)

    async def test_what_was_done_is_shown_before_it_is_answered(self, browser: Browser, voices: str) -> None:
        """Who gets an answer sees what came of the request."""
        for turn in range(5):
            await browser.ask("say", channel=voices, text=f"turn {turn}")

            assert len(browser.parts("message")) == turn + 1

    async def test_the_first_frame_comes_first(self, ground: Playground, address: str, voices: str) -> None:
        """However large it is, and however early the browser asks for something."""
        for turn in range(200):
            ground.slack.add_message(voices, f"message {turn} {'x' * 200}")
        wish = b'{"id": 1, "do": "new_job", "voice_name": "Early"}'
        frames = await hasty(address, wish)

        assert next(frame for frame in frames if "set" in frame)["fresh"]
        assert "Early" in str(frames)
        assert frames[-1] == {"done": 1, "error": None}

    async def test_while_nothing_changes_nothing_is_sent(self, browser: Browser) -> None:
        """A page that nobody touches costs nothing."""
        await asyncio.sleep(5 * LOOK_SECONDS)

        assert len(browser.frames) == 1

    async def test_a_deleted_job_is_dropped(self, ground: Playground, browser: Browser, job_id: str) -> None:
        """It is named among what is gone; those behind it move up."""
        second = ground.new_job()["job_id"]
        await browser.part("job", job_id=second, position=1)
        ground.delete(job_id)
        await browser.part("job", job_id=second, position=0)

        assert browser.frames[-1]["drop"] == [f"job/{job_id}"]
        assert [*browser.frames[-1]["set"]] == [f"job/{second}"]

    async def test_a_deleted_message_is_dropped(
        self, ground: Playground, browser: Browser, voices: str
    ) -> None:
        """A button can take its own message away, which only Alice saw."""
        typed = await ground.slack.command("/voicejob", channel=voices)
        await AsyncWebhookClient(typed.response_url).send(text="card", blocks=CARD)
        shown = await browser.part("message", text="card")
        pressed = await ground.slack.press(await typed.message(), "refresh")
        await AsyncWebhookClient(pressed.response_url).send_dict({"delete_original": True})
        await browser.until(lambda: browser.parts("message") == [])

        assert shown["only_for_me"]
        assert browser.frames[-1] == {
            "fresh": False,
            "set": {},
            "drop": [f"message/{voices}/{shown['ts']}"],
        }

    async def test_frames_come_twenty_times_a_second_at_most(
        self, ground: Playground, browser: Browser, job_id: str
    ) -> None:
        """However much happens, the browser is not flooded, and ends with what is last."""
        begun = time.monotonic()
        for turn in range(100):
            ground.metastudio.set_state(job_id, PATH[turn % 3], voice_name=f"turn {turn}")
            await asyncio.sleep(0.005)
        await browser.part("job", voice_name="turn 99")

        assert len(browser.frames) <= (time.monotonic() - begun) / LOOK_SECONDS + 2

    async def test_two_browsers_see_the_same(
        self, ground: Playground, address: str, browser: Browser, voices: str, job_id: str
    ) -> None:
        """What one does, the other sees, wherever in the story it came in; only the answer is its own."""
        await browser.ask("say", channel=voices, text="first")
        await browser.ask("delete", job_id=job_id)
        await browser.message(voices, "first")
        async with browsing(address) as late:
            await late.ask("say", channel=voices, text="second")
            await late.ask("new_job", voice_name="Third")
            for each in (browser, late):
                await each.message(voices, "second")
                await each.part("job", voice_name="Third")

            assert late.shown == browser.shown
            assert late.frames[0]["fresh"]
            assert len(late.shown) == 6
            assert browser.answers == late.answers == []
        assert len(ground.slack.messages(voices)) == 2

    async def test_a_browser_may_leave_at_any_time(self, address: str, browser: Browser, voices: str) -> None:
        """It may go in the middle of a request; the others go on."""
        async with browsing(address) as leaving:
            await leaving.send(json.dumps({"id": 1, "do": "say", "channel": voices, "text": "bye"}))
        await browser.message(voices, "bye")

        assert await browser.ask("say", channel=voices, text="still here") is None

    async def test_the_end_hangs_up(self, ground: Playground) -> None:
        """When the page ends, its browsers are told at once."""
        async with serving(ground, 0) as address:
            session = aiohttp.ClientSession()
            socket = await session.ws_connect(f"{address}live")
            await socket.receive_json()
        goodbye = await socket.receive(timeout=PATIENCE)
        await session.close()

        assert goodbye.type is aiohttp.WSMsgType.CLOSE


class TestSay:
    async def test_words_are_sent(self, browser: Browser, voices: str) -> None:
        """What was typed appears as Alice's, escaped once."""
        assert await browser.ask("say", channel=voices, text=" <b> & :tada: ") is None

        message = await browser.part("message", text="&lt;b&gt; &amp; :tada:")
        assert (message["author"], message["is_bot"], message["blocks"]) == (ALICE, False, [])

    async def test_a_reply_stands_in_its_thread(
        self, ground: Playground, browser: Browser, voices: str
    ) -> None:
        """The thread is named in the request."""
        parent = ground.slack.add_message(voices, "parent", user=BOB)
        assert await browser.ask("say", channel=voices, text="reply", thread_ts=parent.ts) is None

        assert (await browser.part("message", text="reply"))["thread_ts"] == parent.ts

    async def test_a_command_reaches_the_bot(self, lively: Browser, voices: str, job_id: str) -> None:
        """It is done when Slack has the acknowledgement; the answer is shown to Alice alone."""
        assert await lively.ask("say", channel=voices, text=f"/voicejob {job_id}") is None

        card = await lively.message(voices, "女声")
        assert (card["only_for_me"], card["is_bot"], card["author"]) == (True, True, BOT_USER)

    async def test_a_bot_in_a_private_channel_has_to_be_invited(
        self, ground: Playground, lively: Browser, job_id: str
    ) -> None:
        """Invited, it posts the card for all to see."""
        casting = ground.slack.add_channel("casting", private=True, bot_is_member=False)
        await lively.ask("say", channel=casting, text=f"/voicejob subscribe {job_id}")
        refused = await lively.message(casting, "/invite @voicejob")
        assert await lively.ask("say", channel=casting, text="/invite @voicejob") is None
        await lively.ask(
            "press", channel=casting, ts=refused["ts"], action_id=notices.RETRY, value=f"{casting} {job_id}"
        )
        await lively.ask("press", channel=casting, ts=refused["ts"], action_id=notices.RETRY)
        note = await lively.part("note", channel=casting)
        card = await lively.message(casting, notices.STOP)

        assert lively.shown[f"channel/{casting}"]["bot_is_member"]
        assert (note["kind"], note["text"]) == ("joined", "voicejob was added to #casting by alice.")
        assert not card["only_for_me"]

    async def test_notes_are_shown(self, browser: Browser, voices: str) -> None:
        """What Slack itself says has a kind and a time, and stands in the channel."""
        await browser.ask("say", channel=voices, text="/nothing")
        await browser.ask("say", channel=voices, text="/archive")
        await browser.until(lambda: len(browser.parts("note")) == 2)

        unknown, archived = browser.parts("note")
        assert (unknown["kind"], archived["kind"]) == ("slackbot", "joined")
        assert "/nothing is no command here." in unknown["text"]
        assert unknown.keys() == archived.keys() == {"ts", "channel", "thread_ts", "kind", "text"}
        assert unknown["ts"] <= archived["ts"]
        assert (unknown["channel"], unknown["thread_ts"]) == (voices, None)
        assert browser.shown[f"channel/{voices}"]["archived"]

    async def test_without_a_bot_slack_says_so(self, browser: Browser, voices: str) -> None:
        """A command while the bot is stopped is done, and ends with Slack's own line."""
        assert await browser.ask("say", channel=voices, text="/voicejob help") is None

        note = await browser.part("note", kind="slackbot")
        assert note["text"] == '/voicejob failed with the error "dispatch_failed"'

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"text": " \n "}, "There is nothing to send."),
            ({"channel": "C404"}, "There is no such channel."),
            ({"text": "/voicejob help", "thread_ts": "1.000001"}, "Slack takes no commands in threads."),
        ],
    )
    async def test_what_can_not_be_sent(
        self, browser: Browser, voices: str, change: dict[str, str], says: str
    ) -> None:
        """The person is told why, and nothing changes."""
        error = await browser.ask("say", **{"channel": voices, "text": "hello"} | change)

        assert str(error).startswith(says)
        assert len(browser.frames) == 1

    async def test_the_box_takes_12000_characters(self, browser: Browser, voices: str) -> None:
        """As many are sent, long ones too; one more is refused with a sentence."""
        assert await browser.ask("say", channel=voices, text="😀" * 12000) is None
        await browser.part("message", text="😀" * 12000)
        error = await browser.ask("say", channel=voices, text="x" * 12001)

        assert "12000" in str(error)
        assert len(browser.parts("message")) == 1


class TestPress:
    async def test_it_does_what_it_says(self, lively: Browser, voices: str, job_id: str) -> None:
        """Subscribe, below a job's card, subscribes the channel."""
        await lively.ask("say", channel=voices, text=f"/voicejob {job_id}")
        card = await lively.message(voices, job_card.SUBSCRIBE)
        error = await lively.ask(
            "press", channel=voices, ts=card["ts"], action_id=job_card.SUBSCRIBE, value=job_id
        )

        assert error is None
        assert not (await lively.message(voices, notices.STOP))["only_for_me"]

    async def test_the_value_tells_buttons_apart(
        self, ground: Playground, lively: Browser, voices: str, job_id: str
    ) -> None:
        """Of two buttons that do the same to different jobs, the one with this value is pressed."""
        other = ground.new_job("Other")["job_id"]
        for each in (job_id, other):
            await lively.ask("say", channel=voices, text=f"/voicejob subscribe {each}")
            await lively.message(voices, notices.STOP, each)
        await lively.ask("say", channel=voices, text="/voicejob list")
        listed = await lively.message(voices, private.LISTED_STOP, job_id, other)
        stops = [
            block["accessory"]["value"] if "accessory" in block else element["value"]
            for block in listed["blocks"]
            for element in [*block.get("elements", ()), *filter(None, [block.get("accessory")])]
            if element.get("action_id") == private.LISTED_STOP
        ]
        second = stops[1]
        error = await lively.ask(
            "press", channel=voices, ts=listed["ts"], action_id=private.LISTED_STOP, value=second
        )

        def stopped() -> bool:
            shown = str(lively.shown[f"message/{voices}/{listed['ts']}"]["blocks"])
            return second not in shown and stops[0] in shown

        assert (error, len(stops)) == (None, 2)
        await lively.until(stopped)

    @pytest.mark.parametrize(
        "change",
        [{"ts": "1.000001"}, {"action_id": "other"}, {"value": "other"}, {"channel": "C404"}],
        ids=lambda change: next(iter(change)),
    )
    async def test_a_button_that_is_not_there(
        self, ground: Playground, browser: Browser, voices: str, change: dict[str, str]
    ) -> None:
        """The person is told so, whatever of it is wrong."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        card = await client.chat_postMessage(channel=voices, text="card", blocks=CARD)
        there = {"channel": voices, "ts": card["ts"], "action_id": "refresh", "value": "job"}

        assert await browser.ask("press", **there | change) == "This button is not there any more."
        assert await browser.ask("press", **there) != "This button is not there any more."

    async def test_a_press_that_nobody_takes(self, ground: Playground, browser: Browser, voices: str) -> None:
        """Without a bot, the person is told that it was not taken, with Slack's error."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        card = await client.chat_postMessage(channel=voices, text="card", blocks=CARD)
        error = await browser.ask("press", channel=voices, ts=card["ts"], action_id="refresh", value=None)

        assert error == 'The bot did not take that (Slack calls it "dispatch_failed"). Try again.'


class TestJobs:
    async def test_a_job_goes_on_to_its_end(self, browser: Browser, job_id: str) -> None:
        """Step by step, as often as it says that it can; then the person is told that it is over."""
        states = [browser.shown[f"job/{job_id}"]["state"]]
        while browser.shown[f"job/{job_id}"]["can_advance"]:
            assert await browser.ask("advance", job_id=job_id) is None
            before = states[-1]
            await browser.until(lambda was=before: browser.shown[f"job/{job_id}"]["state"] != was)  # type: ignore[misc]
            states.append(browser.shown[f"job/{job_id}"]["state"])

        assert tuple(states) == PATH
        assert await browser.ask("advance", job_id=job_id) == "This job is over."

    async def test_a_job_is_sent_back_and_fails(self, browser: Browser, job_id: str) -> None:
        """A review says no, the job is done again, and fails; each shows."""
        await browser.ask("advance", job_id=job_id)
        await browser.part("job", state="SYSTEM_AUDITING", can_send_back=True)
        assert await browser.ask("send_back", job_id=job_id) is None
        await browser.part("job", state="AUDIT_FAILED", phase="waits", times=1, can_send_back=False)
        assert "in review" in str(await browser.ask("send_back", job_id=job_id))
        await browser.ask("advance", job_id=job_id)
        await browser.part("job", state="SYSTEM_AUDITING", times=2)
        assert await browser.ask("fail", job_id=job_id) is None
        await browser.part("job", state="FAILED", is_over=True, can_advance=False)

        assert await browser.ask("fail", job_id=job_id) == "This job is over."

    async def test_a_job_is_deleted(self, browser: Browser, job_id: str) -> None:
        """It disappears, and nothing can be done to it any more."""
        assert await browser.ask("delete", job_id=job_id) is None
        await browser.until(lambda: browser.parts("job") == [])

        for do in ("advance", "fail", "send_back", "delete"):
            assert await browser.ask(do, job_id=job_id) == "This job is not there any more."

    async def test_a_job_is_added(self, browser: Browser) -> None:
        """With a name or without, at the end of the list."""
        assert await browser.ask("new_job", voice_name="Tea <Time>") is None
        assert await browser.ask("new_job", voice_name="") is None
        await browser.part("job", voice_name="Tea <Time>", position=1, state="CREATING")

        assert (await browser.part("job", position=2))["voice_name"]

    async def test_a_change_is_told_where_the_job_is_subscribed(
        self, lively: Browser, voices: str, job_id: str
    ) -> None:
        """What the panel does to a job, the bot tells below its card."""
        await lively.ask("say", channel=voices, text=f"/voicejob subscribe {job_id}")
        card = await lively.message(voices, notices.STOP)
        await lively.ask("advance", job_id=job_id)
        told = await lively.message(voices, "→ In automatic review")

        assert (told["thread_ts"], told["reply_broadcast"]) == (card["ts"], True)


class TestWorld:
    async def test_moods_are_set(self, ground: Playground, browser: Browser) -> None:
        """Each that there is, and the world shows it."""
        for mood in ("slow", "down", "fine"):
            assert await browser.ask("metastudio", mood=mood) is None
            await browser.world(metastudio=mood)
        for mood in ("limits", "refuses", "down", "fine"):
            assert await browser.ask("slack", mood=mood) is None
            await browser.world(slack=mood)

        assert (ground.moods.slack, ground.moods.metastudio) == ("fine", "fine")

    async def test_speeds_are_set(self, browser: Browser, job_id: str) -> None:
        """Each that there is; with one, the job goes on by itself, and without it stands still."""
        assert browser.shown["world"]["speeds"] == list(SPEEDS)
        for seconds in (*SPEEDS, 1):
            assert await browser.ask("speed", seconds=seconds) is None
            await browser.world(seconds_per_step=seconds)
        await browser.part("job", job_id=job_id, state=PATH[1])

        assert await browser.ask("speed", seconds=None) is None
        await browser.world(seconds_per_step=None)

    @pytest.mark.parametrize("seconds", [0, -1, 3, 0.001])
    async def test_there_is_no_other_speed(self, browser: Browser, seconds: float) -> None:
        """The person is told so, and the jobs stand still."""
        assert await browser.ask("speed", seconds=seconds) == "There is no such speed."
        assert browser.shown["world"]["seconds_per_step"] is None

    async def test_the_bot_is_switched(self, browser: Browser, voices: str) -> None:
        """Started, started anew and stopped: each is done when it is done, and shows; starts are counted."""
        for want, state in (
            ("stop", "stopped"),
            ("start", "running"),
            ("start", "running"),
            ("restart", "running"),
            ("stop", "stopped"),
        ):
            assert await browser.ask("bot", want=want) is None
            await browser.until(lambda to=state: browser.shown["world"]["bot"]["state"] == to)  # type: ignore[misc]

        assert browser.shown["world"]["bot"]["starts"] == 2
        await browser.ask("say", channel=voices, text="/voicejob help")
        assert "dispatch_failed" in (await browser.part("note", kind="slackbot"))["text"]

    async def test_a_broken_bot_is_told(self, ground: Playground, browser: Browser) -> None:
        """The world says why, and a start helps when the cause is gone."""
        ground.slack.revoke()
        await browser.ask("bot", want="start")
        await browser.until(lambda: browser.shown["world"]["bot"]["state"] == "broken")
        says = browser.shown["world"]["bot"]["says"]
        ground.slack.revoke(None)
        await browser.ask("bot", want="start")
        await browser.until(lambda: browser.shown["world"]["bot"]["state"] == "running")

        assert "token_revoked" in says

    async def test_while_the_bot_is_switched_the_page_goes_on(
        self, ground: Playground, browser: Browser, voices: str
    ) -> None:
        """A slow start holds up nothing else; two wishes at once are both answered."""
        ground.slack.fail("auth.test", delay=0.5)
        starting = [asyncio.create_task(browser.ask("bot", want="start")) for _ in range(2)]
        await browser.until(lambda: browser.shown["world"]["bot"]["state"] == "starting")
        assert await browser.ask("say", channel=voices, text="meanwhile") is None
        await browser.message(voices, "meanwhile")
        in_time = browser.shown["world"]["bot"]["state"]

        assert in_time == "starting"
        assert await asyncio.gather(*starting) == [None, None]
        assert ground.slack.connections == 1


class TestRefusedMessages:
    @pytest.mark.parametrize(
        ("block", "why"),
        [
            ({"type": "marquee", "text": "x"}, "marquee"),
            ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "3001 characters"),
        ],
        ids=["unknown block", "too long"],
    )
    @pytest.mark.parametrize("where", ["channel", "person"])
    async def test_they_are_shown_with_the_reason(
        self, ground: Playground, browser: Browser, voices: str, block: Part, why: str, where: str
    ) -> None:
        """A message that Slack does not take stands where it was meant to: which one, and what is wrong."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        to = {"channel": voices, "person": ALICE}[where]
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel=to, text="card", blocks=[CARD[0], block])
        note = await browser.part("note", kind="refused")

        assert note["text"].startswith(
            "Slack refused a message of the bot (chat.postMessage: invalid_blocks): "
        )
        assert why in note["text"]
        assert "/blocks/1" in note["text"]
        assert note["channel"] == (voices if where == "channel" else ground.slack.direct_channel(ALICE))
        assert (note["thread_ts"], note["ts"] > "1") == (None, True)
        assert browser.parts("message") == []
        assert len(ground.slack.violations) == 1
        ground.slack.violations.clear()

    async def test_a_refusal_without_details_says_so(self, ground: Playground, browser: Browser) -> None:
        """Even then it is a sentence."""
        client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        with pytest.raises(SlackApiError):
            await client.api_call("chat.explode")
        note = await browser.part("note", kind="refused")

        assert note["text"].endswith("(chat.explode: unknown_method): nothing more is known")
        ground.slack.violations.clear()


MALFORMED = [
    ("", None),
    ("no JSON", None),
    ("[]", None),
    ("null", None),
    ("5", None),
    ('{"id": 1, "do": "new_job", "voice_name": "\\ud800"}', 1),
    ('{"id": 1}', 1),
    ('{"id": 1, "do": null}', 1),
    ('{"id": 1, "do": {}}', 1),
    ('{"id": 1, "do": "explode"}', 1),
    ('{"do": "new_job"}', None),
    ('{"id": null, "do": "new_job"}', None),
    ('{"id": "one", "do": "new_job"}', None),
    ('{"id": [1], "do": "new_job"}', None),
    ('{"id": 1, "do": "new_job", "extra": 1}', 1),
    ('{"id": 1, "do": "new_job", "voice_name": 5}', 1),
    ('{"id": 1, "do": "new_job", "voice_name": null}', 1),
    (json.dumps({"id": 1, "do": "new_job", "voice_name": "x" * 65}), 1),
    ('{"id": 1, "do": "advance"}', 1),
    ('{"id": 1, "do": "delete", "job_id": ["x"]}', 1),
    ('{"id": 1, "do": "say", "channel": "C1"}', 1),
    ('{"id": 1, "do": "say", "channel": "C1", "text": null}', 1),
    ('{"id": 1, "do": "say", "channel": "C1", "text": "x", "thread_ts": 1.5}', 1),
    ('{"id": 1, "do": "press", "channel": "C1", "ts": "1", "action_id": "x", "value": 1}', 1),
    ('{"id": 1, "do": "press", "channel": "C1", "ts": "1"}', 1),
    ('{"id": 1, "do": "metastudio", "mood": "limits"}', 1),
    ('{"id": 1, "do": "slack", "mood": "slow"}', 1),
    ('{"id": 1, "do": "slack"}', 1),
    ('{"id": 1, "do": "speed"}', 1),
    ('{"id": 1, "do": "speed", "seconds": "fast"}', 1),
    ('{"id": 1, "do": "bot", "want": "explode"}', 1),
]


class TestMalformedRequests:
    async def test_they_are_answered_with_a_sentence(self, browser: Browser) -> None:
        """Under the request's id where it has one; the WebSocket lives on, and nothing has happened."""
        for frame, number in MALFORMED:
            await browser.send(frame)
            error = (await browser.answer(number))["error"]

            assert re.fullmatch(r"The demo does not take that: \w[^\n]{1,300}\.", error), (frame, error)
            assert ": :" not in error, (frame, error)
        assert (len(browser.frames), len(browser.parts("job"))) == (1, 1)
        assert await browser.ask("new_job") is None

    async def test_brackets_without_end_are_answered_too(self, browser: Browser) -> None:
        """A request that is nested deeper than any reader goes is no good, and that is all."""
        await browser.send("[" * 60_000)

        assert (await browser.answer(None))["error"].startswith("The demo does not take that: ")
        assert await browser.ask("new_job") is None

    async def test_a_binary_frame_is_passed_over(self, browser: Browser) -> None:
        """It is no request; the next one is answered."""
        await browser.socket.send_bytes(b'{"id": 1, "do": "new_job"}')

        assert await browser.ask("new_job") is None
        await browser.until(lambda: len(browser.parts("job")) == 2)

    async def test_a_huge_request_ends_its_own_socket(self, address: str, browser: Browser) -> None:
        """The server and the other browsers go on."""
        async with browsing(address) as huge:
            frame = json.dumps({"id": 1, "do": "new_job", "voice_name": "x" * LARGEST_REQUEST})
            await huge.send(frame)
            await huge.until(lambda: huge.socket.closed)

            assert huge.socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            assert huge.answers == []
        assert await browser.ask("new_job") is None
        async with browsing(address) as another:
            assert len(another.parts("job")) == 2


OUTSIDE = [
    "/static/../page.py",
    "/static/%2e%2e/page.py",
    "/static/..%2fpage.py",
    "/static/..%5cpage.py",
    "/static/js/../../page.py",
    "/static/%2fetc%2fpasswd",
    "/static//etc/passwd",
    "/page.py",
    "/../page.py",
    "/index.html",
    "/static/",
    "/static/js",
]
"""Paths at which the page has nothing."""


class TestDoor:
    async def test_the_page_and_its_files_are_served(
        self, address: str, session: aiohttp.ClientSession
    ) -> None:
        """Every file beside the page, as what it is."""
        kinds = {".js": "javascript", ".css": "text/css", ".html": "text/html"}
        paths = {f"static/{file.relative_to(STATIC)}": file for file in STATIC.rglob("*.*")}
        for path, file in ({"": STATIC / "index.html"} | paths).items():
            async with session.get(address + path) as answer:
                assert (answer.status, await answer.read()) == (200, file.read_bytes()), path
                assert kinds[file.suffix] in answer.headers["Content-Type"]

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "",
            "http://evil.example",
            "https://{host}",
            "http://127.0.0.1:1",
            "http://127.0.0.1",
            "http://localhost:{port}",
            "http://{host}.evil.example",
            "HTTP://EVIL.EXAMPLE@{host}",
        ],
    )
    async def test_other_sites_are_refused(
        self, address: str, session: aiohttp.ClientSession, origin: str
    ) -> None:
        """A page from elsewhere, or from nowhere, gets 403, whatever it asks for."""
        host = host_of(address)
        headers = {"Origin": origin.format(host=host, port=host.split(":")[1])}
        for path in ("", "static/index.html"):
            async with session.get(address + path, headers=headers) as answer:
                assert (answer.status, path) == (403, path)
                assert "own page only" in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{address}live", headers=headers)

        assert refused.value.status == 403

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:{port}",
            "127.0.0.1.evil.example:{port}",
            "localhost.evil.example",
            "127.0.0.2:{port}",
            "[::1]:{port}",
            "0.0.0.0:{port}",
            "",
        ],
    )
    async def test_other_names_are_refused(self, address: str, host: str) -> None:
        """A site that gave this address its own name gets 403, though it is its own origin then."""
        name = host.format(port=host_of(address).split(":")[1])
        for path in ("/", "/static/index.html", "/live"):
            plain = await raw(address, path, f"Host: {name}")
            own = await raw(address, path, f"Host: {name}", f"Origin: http://{name}")

            assert (plain[0], own[0], path) == (403, 403, path)

    @pytest.mark.parametrize("host", ["127.0.0.1:99999", "127.0.0.1:x", "[::1", "a b", "127.0.0.1:-1"])
    async def test_a_name_that_is_none_is_refused(
        self, address: str, caplog: pytest.LogCaptureFixture, host: str
    ) -> None:
        """It is the sender's mistake, and nothing for the terminal."""
        status, _ = await raw(address, "/", f"Host: {host}")

        assert status in {400, 403}
        assert caplog.text == ""

    async def test_another_address_in_the_request_is_refused(self, address: str) -> None:
        """A request meant for a proxy names its host twice; the wrong one counts too."""
        status, _ = await raw(address, "http://evil.example/", f"Host: {host_of(address)}")

        assert status == 403

    async def test_both_names_of_this_machine_are_good(self, address: str) -> None:
        """With the page's own origin, and without any."""
        port = host_of(address).split(":")[1]
        for name in (f"127.0.0.1:{port}", f"localhost:{port}"):
            assert (await raw(address, "/", f"Host: {name}"))[0] == 200
            assert (await raw(address, "/", f"Host: {name}", f"Origin: http://{name}"))[0] == 200
            async with browsing(address, Host=name, Origin=f"http://{name}") as browser:
                assert await browser.ask("new_job") is None

    @pytest.mark.parametrize(
        ("method", "path", "headers", "status"),
        [
            ("GET", "", {}, 200),
            ("GET", "static/index.html", {}, 200),
            ("HEAD", "", {}, 200),
            ("GET", "live", {}, 400),
            ("GET", "nothing", {}, 404),
            ("GET", "static/nothing.js", {}, 404),
            ("GET", "static/", {}, 403),
            ("POST", "", {}, 405),
            ("GET", "", {"Origin": "null"}, 403),
        ],
    )
    async def test_every_answer_is_secured(
        self,
        address: str,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        headers: dict[str, str],
        status: int,
    ) -> None:
        """What the page may load is said with each answer, errors included."""
        async with session.request(method, address + path, headers=headers) as answer:
            assert answer.status == status
            assert answer.headers["Content-Security-Policy"] == POLICY.format(host=host_of(address))
            assert SECURED.items() <= dict(answer.headers).items()

    async def test_the_websocket_is_secured_too(self, address: str, session: aiohttp.ClientSession) -> None:
        """Its handshake is an answer like any other."""
        async with session.get(f"{address}live", headers=HANDSHAKE) as answer:
            assert answer.status == 101
            assert SECURED.items() <= dict(answer.headers).items()
            assert "Content-Security-Policy" in answer.headers
            answer.close()

    async def test_nothing_else_is_served(self, address: str) -> None:
        """Neither what lies beside the page's files, nor a list of them."""
        for path in OUTSIDE:
            status, body = await raw(address, path)

            assert (status in {400, 403, 404}, path) == (True, path)
            for words in ("import", "root:", "main.js", "tokens.css"):
                assert words not in body, path
