"""The stand-in workspace, driven by Slack's own SDK, by Bolt, and by bare HTTP where those are too polite."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.simulators.slack.socket_mode import DISCONNECT_REASONS, ENVELOPE_TYPES
from bot.simulators.slack.web_api import METHODS
from bot.simulators.slack.workspace import (
    ALICE,
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    SUPPORTED,
    SlackWorkspace,
)
from tests.support import Clock

PING_SECONDS = 0.2
"""How soon the SDK notices that a WebSocket is gone."""
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*voice*"}},
    {
        "type": "actions",
        "block_id": "buttons",
        "elements": [
            {
                "type": "button",
                "action_id": "refresh",
                "text": {"type": "plain_text", "text": "Refresh"},
                "value": "job",
                "style": "primary",
            }
        ],
    },
]


@pytest.fixture
def channel(workspace: SlackWorkspace) -> str:
    return workspace.add_channel("voices")


@pytest.fixture
def client(workspace: SlackWorkspace) -> AsyncWebClient:
    return client_of(workspace)


def client_of(workspace: SlackWorkspace, token: str | None = BOT_TOKEN) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=workspace.api_url, retry_handlers=[])


def app_with(workspace: SlackWorkspace, command: Any, action: Any = None) -> AsyncApp:
    """Make a small app: one listener for the command, one for the button."""
    app = AsyncApp(client=client_of(workspace), signing_secret=SIGNING_SECRET)
    app.command("/voicejob")(command)
    if action:
        app.action("refresh")(action)
    return app


@asynccontextmanager
async def over_socket(workspace: SlackWorkspace, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    handler = AsyncSocketModeHandler(app, APP_TOKEN, ping_interval=PING_SECONDS)
    await handler.connect_async()
    await workspace.connected()
    try:
        yield handler
    finally:
        await handler.close_async()


@asynccontextmanager
async def over_http(workspace: SlackWorkspace, app: AsyncApp) -> AsyncIterator[str]:
    runner = web.AppRunner(app.web_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    workspace.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield workspace.events_url
    finally:
        await runner.cleanup()


@pytest.fixture(params=[over_socket, over_http])
def connect(request: pytest.FixtureRequest) -> Any:
    """Give both ways in which an app can be reached."""
    return request.param


async def link_url(workspace: SlackWorkspace) -> str:
    answer = await client_of(workspace).apps_connections_open(app_token=APP_TOKEN)
    return str(answer["url"])


@asynccontextmanager
async def link(workspace: SlackWorkspace) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a bare WebSocket, so that a test can misbehave on it."""
    url = await link_url(workspace)
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        yield ws


async def refusal(call: Any) -> dict[str, Any]:
    """Make a call that is refused, and give the answer."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return dict(caught.value.response.data)


async def card_in_ack(ack: Any) -> None:
    await ack(text="card", blocks=CARD)


async def words_in_ack(ack: Any) -> None:
    await ack("words")


async def card_later(ack: Any, respond: Any) -> None:
    await ack()
    await respond(text="card", blocks=CARD)


async def refreshed(ack: Any, respond: Any) -> None:
    await ack()
    await respond(text="fresh", blocks=CARD, replace_original=True)


# The Web API


async def test_auth_test_tells_whose_token_it_is(client: AsyncWebClient) -> None:
    """The bot learns its team, its ids and its scopes."""
    answer = await client.auth_test()

    assert answer["team_id"].startswith("T")
    assert answer["user_id"].startswith("U")
    assert answer["bot_id"].startswith("B")
    assert answer["is_enterprise_install"] is False
    assert {"url", "team", "user"} <= set(answer.data)
    assert answer.headers["x-oauth-scopes"] == "chat:write,commands"


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        (APP_TOKEN, "auth.test", "not_allowed_token_type"),
        (APP_TOKEN, "chat.postMessage", "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (BOT_TOKEN, "chat.explode", "unknown_method"),
    ],
)
async def test_a_method_needs_the_right_token(
    workspace: SlackWorkspace, token: str | None, method: str, error: str
) -> None:
    """Each wrong token gets the error code that Slack documents."""
    answer = await refusal(client_of(workspace, token).api_call(method))

    assert answer["error"] == error


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
async def test_a_revoked_token_is_refused_until_it_is_good_again(
    workspace: SlackWorkspace, client: AsyncWebClient, error: str
) -> None:
    """Revoking concerns the bot token; the app-level token goes on."""
    workspace.revoke(error)

    assert (await refusal(client.auth_test()))["error"] == error
    assert (await client.apps_connections_open(app_token=APP_TOKEN))["ok"]
    workspace.revoke(None)
    assert (await client.auth_test())["ok"]


async def test_posting_needs_its_scope() -> None:
    """The answer says which scope is missing, and which ones are there."""
    async with SlackWorkspace(scopes=["commands"]) as workspace:
        channel = workspace.add_channel("voices")
        answer = await refusal(client_of(workspace).chat_postMessage(channel=channel, text="hello"))

    assert answer == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "commands"}


async def test_a_posted_message_stands_in_the_channel(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """What was sent is what people see, and the answer names it."""
    answer = await client.chat_postMessage(channel=channel, text="card", blocks=CARD)

    [message] = workspace.messages(channel)
    assert (message.text, message.blocks, message.user) == ("card", CARD, None)
    assert (answer["ts"], answer["channel"]) == (message.ts, channel)
    assert answer["message"]["blocks"][1]["block_id"] == "buttons"
    assert answer["message"]["blocks"][0]["block_id"]
    assert workspace.violations == []


async def test_a_reply_goes_into_its_thread(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Thread and broadcast are kept with the message."""
    parent = await client.chat_postMessage(channel=channel, text="card")
    answer = await client.chat_postMessage(
        channel=channel, text="news", thread_ts=parent["ts"], reply_broadcast=True
    )

    reply = workspace.messages(channel)[1]
    assert answer["message"]["thread_ts"] == parent["ts"]
    assert (reply.thread_ts, reply.reply_broadcast) == (parent["ts"], True)


async def test_forms_are_read_as_json_is(workspace: SlackWorkspace, channel: str) -> None:
    """A form carries its token as a field, and blocks as JSON."""
    fields = {"token": BOT_TOKEN, "channel": channel, "text": "card", "blocks": json.dumps(CARD)}
    async with aiohttp.ClientSession() as session:
        form = {**fields, "reply_broadcast": "1"}
        async with session.post(f"{workspace.api_url}chat.postMessage", data=form) as response:
            answer = await response.json()

    [message] = workspace.messages(channel)
    assert answer["ok"]
    assert (message.blocks, message.reply_broadcast) == (CARD, True)


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (json.dumps({"token": BOT_TOKEN}), "application/json", "not_authed"),
        ("{", "application/json", "invalid_json"),
        ("[]", "application/json", "json_not_object"),
        ("hello", "text/plain", "invalid_post_type"),
    ],
)
async def test_a_body_that_slack_cannot_read(
    workspace: SlackWorkspace, body: str, kind: str, error: str
) -> None:
    """A token inside JSON does not count, and a broken body is named as what it is."""
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": kind}
        async with session.post(f"{workspace.api_url}auth.test", data=body, headers=headers) as response:
            answer = await response.json()

    assert (response.status, answer["error"]) == (200, error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"private": True, "bot_is_member": False}, "channel_not_found"),
        ({"bot_is_member": False}, "not_in_channel"),
        ({"archived": True}, "is_archived"),
    ],
)
async def test_the_bot_posts_only_where_it_may(
    workspace: SlackWorkspace, client: AsyncWebClient, fields: dict[str, bool], error: str
) -> None:
    """A channel that is closed to the bot says so, a private one denies that it exists."""
    channel = workspace.add_channel("closed", **fields)

    assert (await refusal(client.chat_postMessage(channel=channel, text="hello")))["error"] == error
    assert (await refusal(client.chat_postMessage(channel="C0NOWHERE", text="hello")))["error"] == (
        "channel_not_found"
    )
    assert workspace.violations == []
    workspace.channel(channel).archived, workspace.channel(channel).bot_is_member = False, True
    assert (await client.chat_postMessage(channel=channel, text="hello"))["ok"]


async def test_with_the_public_scope_no_invitation_is_needed() -> None:
    """``chat:write.public`` opens public channels, not private ones."""
    async with SlackWorkspace(scopes=["chat:write", "chat:write.public"]) as workspace:
        client = client_of(workspace)
        public = workspace.add_channel("open", bot_is_member=False)
        private = workspace.add_channel("closed", bot_is_member=False, private=True)

        assert (await client.chat_postMessage(channel=public, text="hello"))["ok"]
        answer = await refusal(client.chat_postMessage(channel=private, text="hello"))

    assert answer["error"] == "channel_not_found"


async def test_a_user_id_opens_a_direct_message(workspace: SlackWorkspace, client: AsyncWebClient) -> None:
    """Posting to a person lands in the one conversation with that person."""
    first = await client.chat_postMessage(channel=ALICE, text="one")
    again = await client.chat_postMessage(channel=first["channel"], text="two")

    assert first["channel"] == again["channel"]
    assert first["channel"].startswith("D")
    assert [message.text for message in workspace.direct(ALICE)] == ["one", "two"]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "", "blocks": CARD}, "invalid_blocks"),
        ({"text": "x", "txet": "y"}, "invalid_arguments"),
    ],
)
async def test_a_bad_message_is_refused_with_its_problems(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, message: dict[str, Any], error: str
) -> None:
    """The app's mistake is answered with a list of problems, remembered, and shown to nobody."""
    answer = await refusal(client.api_call("chat.postMessage", json={"channel": channel, **message}))

    assert answer["error"] == error
    assert answer["response_metadata"]["messages"]
    assert len(workspace.violations) == 1
    assert workspace.messages(channel) == []
    [malformed] = workspace.malformed
    assert (malformed.method, malformed.channel, malformed.code) == ("chat.postMessage", channel, error)
    assert malformed.problems == answer["response_metadata"]["messages"]
    assert malformed.at == workspace.now()


async def test_a_bad_message_to_a_person_is_noted_in_their_direct_message(
    workspace: SlackWorkspace, client: AsyncWebClient
) -> None:
    """It is found where the person would have seen it; what is refused for other reasons is no such one."""
    await refusal(client.chat_postMessage(channel=ALICE, text="x", blocks=[{"type": "marquee"}]))
    await refusal(client.chat_postMessage(channel="C404", text="x"))

    [malformed] = workspace.malformed
    assert malformed.channel == workspace.direct_channel(ALICE)


async def test_every_call_is_remembered(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, clock: Clock
) -> None:
    """A call is kept with its arguments and its time, without the token."""
    await client.chat_postMessage(channel=channel, text="hello", unfurl_links=False)

    [call] = workspace.calls
    assert (call.method, call.authorization, call.at) == ("chat.postMessage", True, clock.now)
    assert call.arguments == {"channel": channel, "text": "hello", "unfurl_links": False}


# Faults


async def test_a_rate_limit_tells_how_long(workspace: SlackWorkspace, client: AsyncWebClient) -> None:
    """A 429 names the seconds, and the next call is served."""
    workspace.fail("auth.test", error="ratelimited", retry_after=3)

    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "3"
    assert caught.value.response["error"] == "ratelimited"
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 503}, SlackApiError),
        ({"error": "internal_error"}, SlackApiError),
        ({"body": '{"ok": tr'}, SlackApiError),
        ({"body": "<html>Bad gateway</html>", "status": 502}, SlackApiError),
        ({"drop": True}, aiohttp.ServerDisconnectedError),
    ],
)
async def test_a_fault_lasts_as_often_as_was_asked(
    workspace: SlackWorkspace, client: AsyncWebClient, fault: Any, error: type[Exception]
) -> None:
    """The SDK meets the fault the given number of times, then all is well."""
    workspace.fail("auth.test", times=2, **fault)

    for _ in range(2):
        with pytest.raises(error):
            await client.auth_test()
    assert (await client.auth_test())["ok"]


async def test_an_answer_can_get_lost_after_the_work(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The message is posted although the caller never learns it."""
    workspace.fail("chat.postMessage", drop=True, after=True)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.chat_postMessage(channel=channel, text="hello")

    assert [message.text for message in workspace.messages(channel)] == ["hello"]


async def test_a_slow_answer(workspace: SlackWorkspace, client: AsyncWebClient) -> None:
    """An answer can be slow and good, or slow and bad."""
    workspace.fail("auth.test", delay=0.1)
    workspace.fail("auth.test", delay=0.1, error="fatal_error")
    started = time.monotonic()

    assert (await client.auth_test())["ok"]
    assert (await refusal(client.auth_test()))["error"] == "fatal_error"
    assert time.monotonic() - started >= 0.2


async def test_faults_can_be_taken_back(workspace: SlackWorkspace, client: AsyncWebClient) -> None:
    """Healing forgets what still waits, and a misspelt name is an error at once."""
    workspace.fail("auth.test", times=100, status=500)
    workspace.heal("auth.test")

    assert (await client.auth_test())["ok"]
    with pytest.raises(ValueError, match=r"auth\.tset"):
        workspace.fail("auth.tset", status=500)


# Commands and buttons, over Socket Mode and over HTTP


async def test_the_acknowledgement_can_be_the_reply(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """The person alone sees it, and the acknowledgement was quick."""
    async with connect(workspace, app_with(workspace, card_in_ack)):
        reply = await workspace.command("/voicejob", "26f0", user="U0BOB", channel=channel)

    assert reply.acked
    assert reply.ack_seconds is not None
    assert reply.ack_seconds < 1
    assert reply.ack_message == await reply.message()
    assert [(m.text, m.blocks) for m in workspace.ephemeral("U0BOB", channel)] == [("card", CARD)]
    assert workspace.messages(channel) == []
    assert workspace.violations == []


async def test_plain_words_can_be_the_reply(workspace: SlackWorkspace, channel: str, connect: Any) -> None:
    """An acknowledgement of text alone is shown as text."""
    async with connect(workspace, app_with(workspace, words_in_ack)):
        reply = await workspace.command("/voicejob", channel=channel)

    assert reply.ack_message
    assert reply.ack_message.text == "words"


async def test_a_reply_can_come_later(workspace: SlackWorkspace, channel: str, connect: Any) -> None:
    """An empty acknowledgement shows nothing; the post to the response URL does."""
    async with connect(workspace, app_with(workspace, card_later)):
        reply = await workspace.command("/voicejob", channel=channel)
        message = await reply.message()

    assert (reply.acked, reply.ack_message) == (True, None)
    assert (message.text, message.user) == ("card", ALICE)
    assert reply.messages == [message]
    assert workspace.violations == []


async def test_a_reply_for_the_whole_channel(workspace: SlackWorkspace, channel: str, connect: Any) -> None:
    """``in_channel`` makes a reply public, in the acknowledgement and after it."""

    async def public(ack: Any, respond: Any) -> None:
        await ack(text="now", response_type="in_channel")
        await respond(text="later", response_type="in_channel")

    async with connect(workspace, app_with(workspace, public)):
        reply = await workspace.command("/voicejob", channel=channel)
        await reply.message()
        await reply.message()

    assert {message.text for message in workspace.messages(channel)} == {"now", "later"}
    assert workspace.ephemeral(ALICE, channel) == []


async def test_a_command_carries_what_slack_documents(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """The payload is complete, and names no thread."""
    heard: list[dict[str, Any]] = []

    async def listen(ack: Any, command: dict[str, Any]) -> None:
        heard.append(command)
        await ack()

    async with connect(workspace, app_with(workspace, listen)):
        reply = await workspace.command("/voicejob", "a & b", user="U0BOB", channel=channel)

    [payload] = heard
    assert reply.messages == []
    assert payload.pop("trigger_id")
    assert payload == {
        "command": "/voicejob",
        "text": "a & b",
        "user_id": "U0BOB",
        "user_name": "u0bob",
        "channel_id": channel,
        "channel_name": "voices",
        "team_id": "T0VOICEJOB",
        "team_domain": "voicejob",
        "api_app_id": "A0VOICEJOB",
        "is_enterprise_install": "false",
        "response_url": reply.response_url,
        "token": "deprecated-verification-token",
    }


async def test_a_button_replaces_the_message_that_it_is_in(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """An ephemeral card keeps its identity and changes its content."""
    async with connect(workspace, app_with(workspace, card_in_ack, refreshed)):
        card = await (await workspace.command("/voicejob", channel=channel)).message()
        press = await workspace.press(card, "refresh")
        fresh = await press.message()

    assert press.acked
    assert (fresh.ts, fresh.text, fresh.edited) == (card.ts, "fresh", True)
    assert workspace.ephemeral(ALICE, channel) == [fresh]
    assert [message.text for message in workspace.history] == ["card", "fresh"]
    assert workspace.violations == []


async def test_a_press_carries_what_slack_documents(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, connect: Any
) -> None:
    """A public message comes with the payload, the button with its value and place."""
    heard: list[dict[str, Any]] = []

    async def listen(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        await ack()

    await client.chat_postMessage(channel=channel, text="card", blocks=CARD)
    [card] = workspace.messages(channel)
    async with connect(workspace, app_with(workspace, words_in_ack, listen)):
        press = await workspace.press(card, "refresh", user="U0GUEST", team="T0OTHER")

    [payload] = heard
    [action] = payload["actions"]
    assert payload["type"] == "block_actions"
    assert payload["user"] == {
        "id": "U0GUEST",
        "username": "u0guest",
        "name": "u0guest",
        "team_id": "T0OTHER",
    }
    assert payload["container"] == {
        "type": "message",
        "message_ts": card.ts,
        "channel_id": channel,
        "is_ephemeral": False,
    }
    assert payload["team"] == {"id": "T0VOICEJOB", "domain": "voicejob"}
    assert payload["channel"] == {"id": channel, "name": "voices"}
    assert (payload["enterprise"], payload["is_enterprise_install"]) == (None, False)
    assert payload["state"] == {"values": {}}
    assert payload["message"]["ts"] == card.ts
    assert payload["response_url"] == press.response_url
    assert {"trigger_id", "token", "api_app_id"} <= set(payload)
    assert action.pop("action_ts")
    assert action == {**CARD[1]["elements"][0], "block_id": "buttons"}


async def test_a_press_on_an_ephemeral_message_does_not_show_it(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """Slack names an ephemeral message in the payload, but leaves its content out."""
    heard: list[dict[str, Any]] = []

    async def listen(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        await ack()

    async with connect(workspace, app_with(workspace, card_in_ack, listen)):
        card = await (await workspace.command("/voicejob", channel=channel)).message()
        await workspace.press(card, "refresh")

    assert "message" not in heard[0]
    assert heard[0]["container"]["is_ephemeral"]


async def test_only_who_sees_a_button_can_press_it(workspace: SlackWorkspace, channel: str) -> None:
    """A stranger's card, a button that is not there, and a message that is gone cannot be pressed."""
    async with link(workspace) as ws:
        await ws.receive_json()
        typed = asyncio.create_task(workspace.command("/voicejob", channel=channel))
        envelope = await ws.receive_json()
        payload = {"text": "card", "blocks": CARD}
        await ws.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})
        card = await (await typed).message()

        with pytest.raises(LookupError, match="U0BOB does not see"):
            await workspace.press(card, "refresh", user="U0BOB")
        with pytest.raises(LookupError, match="No button 'explode'"):
            await workspace.press(card, "explode")


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_no_acknowledgement_in_time(workspace: SlackWorkspace, channel: str, connect: Any) -> None:
    """The person is told of a time-out, and a late acknowledgement is simply lost."""

    async def sleepy(ack: Any) -> None:
        await asyncio.sleep(0.4)
        await ack("late")

    async with connect(workspace, app_with(workspace, sleepy)):
        reply = await workspace.command("/voicejob", channel=channel)
        await asyncio.sleep(0.2)

    assert (reply.acked, reply.error) == (False, "operation_timeout")
    assert reply.messages == []
    assert workspace.violations == []


async def test_nothing_more_comes(workspace: SlackWorkspace, channel: str, connect: Any) -> None:
    """Waiting for a message that never comes ends with what was shown so far."""
    async with connect(workspace, app_with(workspace, words_in_ack)):
        reply = await workspace.command("/voicejob", channel=channel)
        await reply.message()

    with pytest.raises(TimeoutError, match="words"):
        await reply.message(timeout=0.01)


async def test_an_acknowledgement_with_bad_blocks(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """Slack shows an error instead of a message that it cannot draw."""

    async def bad(ack: Any) -> None:
        await ack(text="card", blocks=[{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}])

    async with connect(workspace, app_with(workspace, bad)):
        reply = await workspace.command("/voicejob", channel=channel)

    assert (reply.acked, reply.error, reply.messages) == (True, "invalid_command_response", [])
    assert "/blocks/0/text: 151 characters, at most 150" in workspace.violations[0]
    [malformed] = workspace.malformed
    assert (malformed.method, malformed.channel) == ("acknowledgement", channel)
    assert (malformed.code, malformed.problems) == (
        "invalid_blocks",
        ["/blocks/0/text: 151 characters, at most 150"],
    )


async def test_a_message_in_the_acknowledgement_of_a_press(
    workspace: SlackWorkspace, channel: str, connect: Any
) -> None:
    """Slack ignores it, so it is a mistake of the app."""
    async with connect(workspace, app_with(workspace, card_in_ack, words_in_ack)):
        card = await (await workspace.command("/voicejob", channel=channel)).message()
        press = await workspace.press(card, "refresh")

    assert press.messages == []
    assert "button press" in workspace.violations[0]


async def test_only_a_message_can_be_in_an_acknowledgement(workspace: SlackWorkspace, channel: str) -> None:
    """What is no object is refused; a response type alone is no message and no mistake."""
    async with link(workspace) as ws:
        await ws.receive_json()
        for payload in (["words"], {"response_type": "in_channel"}):
            typed = asyncio.create_task(workspace.command("/voicejob", channel=channel))
            envelope = await ws.receive_json()
            await ws.send_json({"envelope_id": envelope["envelope_id"], "payload": payload})
            assert (await typed).messages == []

    assert workspace.violations == ["acknowledgement: no_object not an object"]


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_a_private_channel_keeps_its_name(workspace: SlackWorkspace) -> None:
    """Payloads call a private channel ``privategroup``, and a direct message by its kind."""
    private = workspace.add_channel("secret", private=True)
    workspace.direct(ALICE)
    async with link(workspace) as ws:
        await ws.receive_json()
        names = []
        for place in (private, "D000000002"):
            typed = asyncio.create_task(workspace.command("/voicejob", channel=place))
            names.append((await ws.receive_json())["payload"]["channel_name"])
            await typed

    assert names == ["privategroup", "directmessage"]


# Socket Mode


async def test_without_an_app_a_command_fails_at_once(workspace: SlackWorkspace, channel: str) -> None:
    """Nothing is connected, nothing is kept for later."""
    reply = await workspace.command("/voicejob", channel=channel)

    assert (reply.acked, reply.error) == (False, "dispatch_failed")


async def test_hello_tells_how_many_connections_there_are(workspace: SlackWorkspace) -> None:
    """The second one learns that it is the second."""
    async with link(workspace) as first, link(workspace) as second:
        hellos = [await first.receive_json(), await second.receive_json()]

    assert [hello["type"] for hello in hellos] == ["hello", "hello"]
    assert [hello["num_connections"] for hello in hellos] == [1, 2]
    assert hellos[0]["connection_info"] == {"app_id": "A0VOICEJOB"}
    assert hellos[0]["debug_info"]["approximate_connection_time"] == 3600


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_a_payload_goes_to_one_connection(workspace: SlackWorkspace, channel: str) -> None:
    """Two commands over two connections: each connection gets one."""
    async with link(workspace) as first, link(workspace) as second:
        await first.receive_json()
        await second.receive_json()
        typed = [asyncio.create_task(workspace.command("/voicejob", text, channel=channel)) for text in "ab"]
        envelopes = [await first.receive_json(), await second.receive_json()]
        await asyncio.gather(*typed)

    assert {envelope["payload"]["text"] for envelope in envelopes} == {"a", "b"}
    assert {envelope["type"] for envelope in envelopes} == {"slash_commands"}
    assert {envelope["accepts_response_payload"] for envelope in envelopes} == {True}


async def test_an_eleventh_connection_is_sent_away(workspace: SlackWorkspace) -> None:
    """Ten are served, the next is told why it is not."""
    async with AsyncExitStack() as stack:
        links = [await stack.enter_async_context(link(workspace)) for _ in range(11)]
        first_frames = [await ws.receive_json() for ws in links]

    assert [frame["type"] for frame in first_frames] == ["hello"] * 10 + ["disconnect"]
    assert first_frames[-1]["reason"] == "too_many_websockets"


async def test_a_ticket_is_good_for_one_connection(workspace: SlackWorkspace) -> None:
    """A used one, one that expired and an invented one are refused in the handshake."""
    used, expired = await link_url(workspace), await link_url(workspace)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(used):
            pass
        for url in (used, f"{expired}x", expired):
            if url == expired:
                workspace.expire_tickets()
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(url)
            assert caught.value.status == 403


async def test_a_refused_handshake_can_be_tried_again(workspace: SlackWorkspace, channel: str) -> None:
    """The SDK tries the same address again until it is let in."""
    workspace.refuse_handshakes = 2
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        reply = await workspace.command("/voicejob", channel=channel)

    assert reply.acked
    assert workspace.refuse_handshakes == 0
    assert [call.method for call in workspace.calls].count("apps.connections.open") == 1


async def test_a_refused_address_can_be_asked_for_again(workspace: SlackWorkspace) -> None:
    """``apps.connections.open`` can fail too, and the SDK goes on asking."""
    workspace.fail("apps.connections.open", error="internal_error")
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        assert workspace.connections == 1


@pytest.mark.parametrize("reason", DISCONNECT_REASONS)
async def test_an_app_that_is_sent_away_comes_back(
    workspace: SlackWorkspace, channel: str, reason: str
) -> None:
    """The SDK opens a new connection, over which commands arrive."""
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        await workspace.disconnect(reason)
        await workspace.connected(2)
        reply = await workspace.command("/voicejob", channel=channel)

    assert reply.acked


async def test_an_app_that_does_not_go_is_closed(workspace: SlackWorkspace) -> None:
    """The frame tells why; then the connection ends from Slack's side."""
    async with link(workspace) as ws:
        await ws.receive_json()
        leaving = asyncio.create_task(workspace.disconnect("warning"))
        frame = await ws.receive_json()
        left_for_commands = workspace.connections
        end = await ws.receive()
        await leaving

    assert (frame["type"], frame["reason"]) == ("disconnect", "warning")
    assert left_for_commands == 0
    assert end.type is aiohttp.WSMsgType.CLOSE


async def test_only_slacks_reasons_are_given(workspace: SlackWorkspace) -> None:
    """A test cannot ask for a reason that Slack never gives."""
    with pytest.raises(ValueError, match="boredom"):
        await workspace.disconnect("boredom")


@pytest.mark.parametrize("breakdown", [SlackWorkspace.cut, SlackWorkspace.freeze])
async def test_an_app_survives_a_dead_line(workspace: SlackWorkspace, channel: str, breakdown: Any) -> None:
    """Cut or gone silent, the SDK notices and connects again."""
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        breakdown(workspace)
        await workspace.connected(2)
        reply = await workspace.command("/voicejob", channel=channel)

    assert reply.acked


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_a_frozen_line_carries_nothing(workspace: SlackWorkspace, channel: str) -> None:
    """Neither commands nor answers to pings come through."""
    async with link(workspace) as ws:
        await ws.receive_json()
        workspace.freeze()
        await ws.ping()
        reply = await workspace.command("/voicejob", channel=channel)
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.05)

    assert reply.error == "operation_timeout"


async def test_pings_are_answered(workspace: SlackWorkspace) -> None:
    """A live line sends a ping's own content back, by which the SDK measures it."""
    url = await link_url(workspace)
    async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as ws:
        await ws.receive_json()
        await ws.ping(b"sdk-ping-pong:1")
        answer = await ws.receive()

    assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")


@pytest.mark.parametrize("frame", ['{"envelope_id": "invented"}', "words", "[]", '{"envelope_id": ["x"]}'])
async def test_an_acknowledgement_of_nothing_is_a_violation(workspace: SlackWorkspace, frame: str) -> None:
    """Slack never sent such an envelope."""
    async with link(workspace) as ws:
        await ws.receive_json()
        await ws.send_str(frame)
        await ws.close()

    assert workspace.violations == [f"socket: no such envelope: {frame}"]


async def test_acknowledging_twice_is_a_violation(workspace: SlackWorkspace, channel: str) -> None:
    """The first one counts."""
    async with link(workspace) as ws:
        await ws.receive_json()
        typed = asyncio.create_task(workspace.command("/voicejob", channel=channel))
        ack = {"envelope_id": (await ws.receive_json())["envelope_id"]}
        await ws.send_json(ack)
        await ws.send_json(ack)
        reply = await typed
        await ws.close()

    assert reply.acked
    assert "acknowledged twice" in workspace.violations[0]


# HTTP mode


COMMAND = {"command": "/voicejob", "text": "", "user_id": ALICE, "team_id": "T0VOICEJOB"}


@pytest.mark.parametrize(
    ("spoiled", "status"),
    [
        ({}, 200),
        ({"signature": "v0=0"}, 401),
        ({"timestamp": "1000000000"}, 401),
        ({"timestamp": "noon"}, 500),
        ({"without": {"X-Slack-Signature"}}, 401),
        ({"without": {"X-Slack-Request-Timestamp"}}, 401),
    ],
)
async def test_a_request_is_signed_or_spoiled(
    workspace: SlackWorkspace, spoiled: dict[str, Any], status: int
) -> None:
    """Bolt takes the good signature and refuses each bad one."""
    async with over_http(workspace, app_with(workspace, words_in_ack)) as url:
        answer = await workspace.post(url, COMMAND, **spoiled)

    assert answer.status == status
    assert (answer.body == "words") == (status == 200)


async def test_an_app_that_is_not_there(workspace: SlackWorkspace, channel: str) -> None:
    """A refused connection is told as such."""
    async with over_http(workspace, app_with(workspace, words_in_ack)):
        pass
    reply = await workspace.command("/voicejob", channel=channel)

    assert (reply.acked, reply.status, reply.error) == (False, None, "dispatch_failed")


async def test_an_app_that_fails(workspace: SlackWorkspace, channel: str) -> None:
    """Any status but 200 is a failure to the person."""

    async def broken() -> None:
        raise RuntimeError

    async with over_http(workspace, app_with(workspace, broken)):
        reply = await workspace.command("/voicejob", channel=channel)

    assert (reply.acked, reply.status, reply.error) == (False, 500, "http_service_error")


async def test_json_that_is_broken_is_no_message(workspace: SlackWorkspace, channel: str) -> None:
    """The acknowledgement counts, its content does not."""

    async def broken(_: web.Request) -> web.Response:
        return web.Response(text='{"text": ', content_type="application/json")

    app = web.Application()
    app.router.add_post("/", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    workspace.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    reply = await workspace.command("/voicejob", channel=channel)
    await runner.cleanup()

    assert (reply.acked, reply.error) == (True, "invalid_command_response")
    assert workspace.violations == ["acknowledgement: no_object not an object"]


async def test_no_other_address_is_ever_called(workspace: SlackWorkspace, channel: str) -> None:
    """The stand-in stays on loopback, whatever it is told."""
    workspace.events_url = "http://slack.example/events"

    with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
        await workspace.command("/voicejob", channel=channel)


# The response URL


@pytest.fixture
async def hook(workspace: SlackWorkspace, channel: str) -> AsyncWebhookClient:
    """Give the response URL of a command that nobody acknowledged."""
    reply = await workspace.command("/voicejob", channel=channel)
    return AsyncWebhookClient(reply.response_url, retry_handlers=[])


async def press_hook(workspace: SlackWorkspace, channel: str, **fields: Any) -> AsyncWebhookClient:
    """Give the response URL of a button, in a message that a command brought."""
    typed = await workspace.command("/voicejob", channel=channel)
    await AsyncWebhookClient(typed.response_url).send(text="card", blocks=CARD, **fields)
    pressed = await workspace.press(await typed.message(), "refresh")
    return AsyncWebhookClient(pressed.response_url)


async def test_a_response_url_works_five_times(workspace: SlackWorkspace, hook: AsyncWebhookClient) -> None:
    """The sixth post is refused, and a mistake."""
    answers = [await hook.send(text=str(turn)) for turn in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[0].body == "ok"
    assert answers[-1].body == "used_url"
    assert [message.text for message in workspace.history] == list("01234")
    assert workspace.violations == ["response_url: used_url"]


async def test_a_response_url_works_for_half_an_hour(
    workspace: SlackWorkspace, clock: Clock, hook: AsyncWebhookClient
) -> None:
    """At thirty minutes it still does, after that no more."""
    clock.now += 30 * 60
    in_time = await hook.send(text="in time")
    clock.now += 1
    late = await hook.send(text="late")

    assert (in_time.status_code, late.status_code, late.body) == (200, 404, "expired_url")
    assert workspace.violations == []


async def test_a_response_url_opens_any_channel(workspace: SlackWorkspace) -> None:
    """It answers the person's own action, so the bot need not be a member."""
    closed = workspace.add_channel("closed", private=True, bot_is_member=False)
    reply = await workspace.command("/voicejob", channel=closed)
    await AsyncWebhookClient(reply.response_url).send(text="for all", response_type="in_channel")

    assert [message.text for message in workspace.messages(closed)] == ["for all"]


@pytest.mark.parametrize(
    ("message", "code"),
    [({"text": ""}, "no_text"), ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks")],
)
async def test_a_bad_reply_is_refused(
    workspace: SlackWorkspace, channel: str, hook: AsyncWebhookClient, message: dict[str, Any], code: str
) -> None:
    """The app's mistake is answered with 400, remembered, and shown to nobody."""
    answer = await hook.send_dict(message)

    assert (answer.status_code, answer.body) == (400, code)
    assert len(workspace.violations) == 1
    assert workspace.history == []
    [malformed] = workspace.malformed
    assert (malformed.method, malformed.channel, malformed.code) == ("response_url", channel, code)
    assert malformed.problems


@pytest.mark.parametrize(
    ("body", "kind"), [("{", "application/json"), ("[]", "application/json"), ('{"text": "x"}', "text/plain")]
)
async def test_a_reply_is_a_json_object(
    workspace: SlackWorkspace, hook: AsyncWebhookClient, body: str, kind: str
) -> None:
    """Anything else is refused."""
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": kind}
        async with session.post(hook.url, data=body, headers=headers) as response:
            answer = await response.text()

    assert (response.status, answer) == (400, "invalid_payload")
    assert workspace.violations == ["response_url: invalid_payload"]


async def test_a_response_url_cannot_be_guessed(workspace: SlackWorkspace, hook: AsyncWebhookClient) -> None:
    """An invented one is refused."""
    answer = await AsyncWebhookClient(f"{hook.url}x").send(text="hello")

    assert answer.status_code == 404
    assert workspace.violations == ["response_url: invalid_url"]


async def test_a_reply_is_remembered_without_authorization(
    workspace: SlackWorkspace, hook: AsyncWebhookClient
) -> None:
    """The URL itself is the right to post: a token in the request would be a leak."""
    await hook.send(text="hello")

    assert (workspace.calls[-1].method, workspace.calls[-1].authorization) == ("response_url", False)
    assert workspace.calls[-1].arguments == {"text": "hello"}


async def test_a_command_has_nothing_to_replace(workspace: SlackWorkspace, hook: AsyncWebhookClient) -> None:
    """The reply is shown as a new message, and the mistake is remembered."""
    await hook.send(text="one")
    await hook.send(text="two", replace_original=True)

    assert [message.text for message in workspace.history] == ["one", "two"]
    assert not workspace.history[1].edited
    assert "a command has no message" in workspace.violations[0]


async def test_a_button_can_delete_its_message(workspace: SlackWorkspace, channel: str) -> None:
    """Nobody sees it any more, the history does, and it can be neither replaced nor pressed."""
    hook = await press_hook(workspace, channel)
    [card] = workspace.ephemeral(ALICE, channel)
    deleted = await hook.send(delete_original=True)
    gone = await hook.send(text="fresh", replace_original=True)

    assert (deleted.status_code, gone.status_code, gone.body) == (200, 404, "message_not_found")
    assert workspace.ephemeral(ALICE, channel) == []
    assert workspace.history[-1].deleted
    with pytest.raises(LookupError, match="does not see"):
        await workspace.press(card, "refresh")


async def test_a_button_can_bring_a_new_message(workspace: SlackWorkspace, channel: str) -> None:
    """Without ``replace_original`` the card stays, and the presser alone sees the reply."""
    hook = await press_hook(workspace, channel, response_type="in_channel")
    await hook.send(text="thanks")

    assert [message.text for message in workspace.messages(channel)] == ["card"]
    assert [message.text for message in workspace.ephemeral(ALICE, channel)] == ["thanks"]


async def test_an_ephemeral_message_stays_ephemeral(workspace: SlackWorkspace, channel: str) -> None:
    """Asking to replace it by a public one is a mistake."""
    hook = await press_hook(workspace, channel)
    await hook.send(text="all", replace_original=True, response_type="in_channel")

    assert workspace.messages(channel) == []
    assert "cannot become public" in workspace.violations[0]


async def test_a_response_url_can_fail(workspace: SlackWorkspace, hook: AsyncWebhookClient) -> None:
    """A fault before the work shows nothing, a fault after it hides that all went well."""
    workspace.fail("response_url", status=500)
    workspace.fail("response_url", status=500, after=True)
    answers = [await hook.send(text=text) for text in ("lost", "shown", "fine")]

    assert [answer.status_code for answer in answers] == [500, 500, 200]
    assert [message.text for message in workspace.history] == ["shown", "fine"]


# The workspace as a whole


async def test_it_ends_quickly_though_an_app_hangs_on() -> None:
    """An app that does not say goodbye is told of the end, and does not hold it up."""
    async with aiohttp.ClientSession() as session:
        async with SlackWorkspace() as workspace:
            silent = await session.ws_connect(await link_url(workspace), autoclose=False)
            await workspace.connected()
            started = time.monotonic()
        took = time.monotonic() - started
        frames = [await silent.receive(), await silent.receive()]
        await silent.close()

    assert took < 1
    assert (frames[1].type, frames[1].data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)


async def test_the_list_of_what_is_supported_is_true(workspace: SlackWorkspace) -> None:
    """Each method, envelope, reason and endpoint is listed, and nothing else is."""
    there = {*METHODS, *ENVELOPE_TYPES, *DISCONNECT_REASONS, *workspace.routes}

    assert set(SUPPORTED) == there
    assert all(SUPPORTED.values())
