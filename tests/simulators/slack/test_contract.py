"""The simulator keeps to Slack's documented protocols: the Web API, rate limits, interactions, HTTP mode."""

from typing import Any

import aiohttp
import pytest

from bot.simulators.slack.rate_limits import SLACKS_LIMITS, Limiter
from bot.simulators.slack.web_api import METHODS
from bot.simulators.slack.workspace import ALICE, APP_TOKEN, BOT_TOKEN, Message, SlackWorkspace
from tests.simulators.slack.protocol import BUTTON, CARD, Api, App, as_json
from tests.support import Clock

BOB = "U0BOB"
BAD: dict[str, Any] = {"text": "x", "blocks": [{"type": "section"}]}
POST, UPDATE = "chat.postMessage", "chat.update"


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


async def post(api: Api, channel: str, text: str = "card", **fields: Any) -> str:
    """Post a message, and return its ts."""
    return str((await api(POST, channel=channel, text=text, **fields))["ts"])


async def ephemeral(slack: SlackWorkspace, api: Api, channel: str, user: str = ALICE) -> Message:
    """Answer a person's command with a message that this person alone sees."""
    typed = await slack.command("/voicejob", channel=channel, user=user)
    await api.reply(typed.response_url, text="card", blocks=CARD)
    return await typed.message()


@pytest.mark.parametrize(
    ("token", "method", "body", "error"),
    [
        ("", "auth.test", {"json": {"token": BOT_TOKEN}}, "not_authed"),
        ("xoxb-other", "auth.test", {}, "invalid_auth"),
        (APP_TOKEN, POST, {}, "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", {}, "not_allowed_token_type"),
        (BOT_TOKEN, "chat.explode", {}, "unknown_method"),
        (BOT_TOKEN, "auth.test", {"json": []}, "json_not_object"),
        (BOT_TOKEN, "auth.test", {"data": "hello"}, "invalid_post_type"),
    ],
)
async def test_a_call_that_slack_does_not_perform(
    api: Api, token: str, method: str, body: dict[str, Any], error: str
) -> None:
    """A wrong token, method or body has the documented error code; a token inside JSON does not count."""
    async with api.request(method, token=token, **body) as response:
        assert (response.status, (await response.json())["error"]) == (200, error)


@pytest.mark.parametrize(
    ("scopes", "private", "errors"),
    [
        ("commands", False, ["missing_scope", "missing_scope"]),
        ("chat:write", False, ["not_in_channel", "not_in_channel"]),
        ("chat:write chat:write.public", False, [None, "message_not_found"]),
        ("chat:write chat:write.public", True, ["channel_not_found", "channel_not_found"]),
    ],
)
async def test_where_a_stranger_writes(scopes: str, errors: list[str | None], *, private: bool) -> None:
    """``chat:write.public`` opens public channels without an invitation; a private one does not exist."""
    async with SlackWorkspace(scopes=scopes.split()) as slack, aiohttp.ClientSession() as session:
        channel = slack.add_channel("voices", bot_is_member=False, private=private)
        posting = await Api(slack, session)(POST, channel=channel, text="x")
        updating = await Api(slack, session)(UPDATE, channel=channel, ts="1.0", text="x")

    assert [posting.get("error"), updating["error"]] == errors
    if errors[0] == "missing_scope":
        assert (posting["needed"], posting["provided"]) == ("chat:write", "commands")


async def test_a_bad_message_is_refused_with_its_problems(
    slack: SlackWorkspace, channel: str, api: Api
) -> None:
    """The mistake is answered with a list of problems, recorded, and shown to nobody."""
    cases = {"no_text": {}, "msg_too_long": {"text": "x" * 4001}, "invalid_blocks": BAD}
    cases |= {"invalid_arguments": {"text": "x", "txet": "y"}}
    card = await post(api, channel)
    for error, message in cases.items():
        for method, target in ((POST, {}), (UPDATE, {"ts": card})):
            answer = await api(method, channel=channel, **target, **message)
            seen = slack.malformed[-1]
            assert (answer["error"], seen.method, seen.channel, seen.code) == (error, method, channel, error)
            assert seen.problems == answer["response_metadata"]["messages"] != []

    assert len(slack.violations) == len(slack.malformed) == 2 * len(cases)
    assert texts(slack.history) == ["card"]


async def test_what_can_be_updated_and_replied_to(slack: SlackWorkspace, channel: str, api: Api) -> None:
    """The bot updates its own public messages; a reply needs a message of the channel that is no reply."""
    card, deleted = await post(api, channel), slack.add_message(channel, "gone")
    slack.delete_message(deleted)
    cases = [
        (card, None, None),
        (await post(api, channel, thread_ts=card), None, "cannot_reply_to_message"),
        (slack.add_message(channel, "words").ts, "cant_update_message", None),
        ((await ephemeral(slack, api, channel)).ts, "cant_update_message", "cannot_reply_to_message"),
        (await post(api, slack.add_channel("other")), "message_not_found", "cannot_reply_to_message"),
        (deleted.ts, "message_not_found", "cannot_reply_to_message"),
    ]
    for ts, update_error, reply_error in cases:
        updating = await api(UPDATE, channel=channel, ts=ts, text="new")
        replying = await api(POST, channel=channel, thread_ts=ts, text="reply")
        assert (updating.get("error"), replying.get("error")) == (update_error, reply_error)
    assert slack.violations == []
    assert (await api(UPDATE, channel=channel, text="x"))["error"] == "invalid_arguments"
    direct = await post(api, ALICE)
    assert (await api(UPDATE, channel=ALICE, ts=direct, text="x"))["error"] == "channel_not_found"
    slack.archive(channel)
    assert (await api(POST, channel=channel, text="x"))["error"] == "is_archived"
    assert (await api(UPDATE, channel=channel, ts=card, text="x"))["error"] == "is_inactive"


USERS = "users.info"


async def test_what_is_told_of_a_person(channel: str) -> None:
    """The locale if it is asked for, as JSON or in the query; nothing of outsiders, nor without the scope."""
    async with SlackWorkspace(scopes=["users:read"]) as slack, aiohttp.ClientSession() as session:
        api = Api(slack, session)
        slack.locales[BOB] = "zh-CN"
        slack.invisible.add("U0GUEST")
        users = [(await api(USERS, user=user, include_locale=True))["user"] for user in (ALICE, BOB)]
        unasked = await api(USERS, user=BOB)
        async with api.request(f"{USERS}?user={BOB}&include_locale=0") as response:
            declined = await response.json()
        refused = [await api(USERS, **given) for given in ({"user": "U0GUEST"}, {"user": channel}, {})]
    async with SlackWorkspace(scopes=["commands"]) as slack, aiohttp.ClientSession() as session:
        refused.append(await Api(slack, session)(USERS, user=BOB))

    assert [(user["id"], user["locale"]) for user in users] == [(ALICE, "en-US"), (BOB, "zh-CN")]
    assert "locale" not in unasked["user"] | declined["user"]
    errors = ["user_not_visible", "user_not_found", "invalid_arguments", "missing_scope"]
    assert [answer["error"] for answer in refused] == errors
    assert (refused[-1]["needed"], refused[-1]["provided"]) == ("users:read", "commands")


def test_every_method_has_a_limit(clock: Clock) -> None:
    """So many calls are accepted at once, in so many conversations, and after the wait so many more."""
    cases = ((POST, 1, 3, 1, 1), (POST, 100, 60, 1, 5), (UPDATE, 1, 50, 60, 50))
    for method, conversations, at_once, wait, then in cases:
        limiter = Limiter(SLACKS_LIMITS, lambda: clock.now)
        for accepted in (at_once, then):
            waits = [limiter.retry_after(method, f"C{turn % conversations}") for turn in range(accepted + 1)]
            assert waits == [0] * accepted + [wait]
            clock.now += wait
    assert {*SLACKS_LIMITS.per_minute, POST} == set(METHODS)


async def test_a_call_over_the_limit_is_not_performed(clock: Clock) -> None:
    """It is answered with HTTP 429; a direct message is one conversation by either of its names."""
    async with SlackWorkspace(clock=lambda: clock.now) as slack, aiohttp.ClientSession() as session:
        api, direct = Api(slack, session), slack.direct_channel(ALICE)
        for to in (ALICE, direct, ALICE):
            await post(api, to)
        async with api.request(POST, json={"channel": direct, "text": "x"}) as response:
            answer = await response.json()

    assert (response.status, response.headers["Retry-After"]) == (429, "1")
    assert answer == {"ok": False, "error": "ratelimited"}
    assert texts(slack.direct(ALICE)) == ["card"] * 3
    assert [call.arguments["text"] for call in slack.limited] == ["x"]


async def test_a_command_carries_what_slack_documents(slack: SlackWorkspace, app: App, api: Api) -> None:
    """The payload is complete; the bot is not in direct messages between people."""
    channel = slack.add_channel("voices")
    typed = await slack.command("/voicejob", "a & b", user=BOB, channel=channel)
    payload = app.received.pop()
    private, direct = slack.add_channel("secret", private=True), slack.direct_channel(ALICE)
    others = {private: "privategroup", direct: "directmessage"}
    others |= {slack.add_direct(ALICE, BOB, "U1"): "mpdm-u0alice--u0bob--u1-1"}
    slack.open_messages_tab()
    for other in others:
        await slack.command("/voicejob", channel=other)

    assert payload.pop("trigger_id")
    assert payload == {
        "command": "/voicejob",
        "text": "a & b",
        "user_id": BOB,
        "user_name": "u0bob",
        "channel_id": channel,
        "channel_name": "voices",
        "team_id": "T0VOICEJOB",
        "team_domain": "voicejob",
        "api_app_id": "A0VOICEJOB",
        "is_enterprise_install": "false",
        "response_url": typed.response_url,
        "token": "deprecated-verification-token",
    }
    assert {each["channel_id"]: each["channel_name"] for each in app.received} == others
    assert [(await api(POST, channel=each, text="x"))["ok"] for each in others] == [True, True, False]


async def test_nobody_types_in_a_read_only_messages_tab(slack: SlackWorkspace, app: App, api: Api) -> None:
    """Neither a command nor a message; the bot posts in it, and people in their own direct messages."""
    direct, between = slack.direct_channel(ALICE), slack.add_direct(ALICE, BOB)
    assert (await post(api, direct)) == slack.direct(ALICE)[0].ts
    with pytest.raises(LookupError, match="turned off"):
        await slack.command("/voicejob", channel=direct)
    with pytest.raises(LookupError, match="turned off"):
        slack.add_message(direct, "hello")
    slack.add_message(between, "hello")
    await slack.command("/voicejob", channel=between)

    assert [slack.can_type(each) for each in (direct, between)] == [False, True]
    assert [each["channel_id"] for each in app.received] == [between]
    assert texts(slack.shown) == ["card", "hello"]


async def test_a_press_carries_what_slack_documents(
    slack: SlackWorkspace, app: App, channel: str, api: Api
) -> None:
    """The payload has the message, the button, and the presser's own team; in a thread, the thread too."""
    ts = await post(api, channel, blocks=CARD)
    await post(api, channel, blocks=CARD, thread_ts=ts)
    press = await slack.press(slack.messages(channel)[0], "refresh", user="U0GUEST", team="T0OTHER")
    await slack.press(slack.thread(channel, ts)[0], "refresh", value="job")
    payload, in_thread = app.received

    action_ts = payload["actions"][0]["action_ts"]
    assert payload.pop("trigger_id")
    assert payload.pop("message")["blocks"][1] == CARD[1]
    assert payload == {
        "type": "block_actions",
        "user": {"id": "U0GUEST", "username": "u0guest", "name": "u0guest", "team_id": "T0OTHER"},
        "api_app_id": "A0VOICEJOB",
        "token": "deprecated-verification-token",
        "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
        "team": {"id": "T0VOICEJOB", "domain": "voicejob"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "voices"},
        "state": {"values": {}},
        "response_url": press.response_url,
        "actions": [{**BUTTON, "block_id": "buttons", "action_ts": action_ts}],
    }
    assert in_thread["container"]["thread_ts"] == in_thread["message"]["thread_ts"] == ts


async def test_who_can_press_in_an_ephemeral_message(
    slack: SlackWorkspace, app: App, channel: str, api: Api
) -> None:
    """The person who sees it; the payload names the message without its content; the ack shows nothing."""
    card = await ephemeral(slack, api, channel, BOB)
    app.acknowledgement = {"text": "words"}
    press = await slack.press(card, "refresh")
    payload = app.received[-1]

    assert (press.acked, press.user, press.messages) == (True, BOB, [])
    assert slack.violations == ["acknowledgement: Slack ignores a message in that of a button press"]
    assert (payload["container"]["is_ephemeral"], "message" in payload) == (True, False)
    with pytest.raises(LookupError, match="U0ALICE does not see the message 'card'"):
        await slack.press(card, "refresh", user=ALICE)
    slack.delete_message(card)
    assert await api.reply(press.response_url, text="x", replace_original=True) == (404, "message_not_found")


@pytest.mark.parametrize(
    ("acknowledgement", "error", "shown"),
    [
        ({"text": "words"}, None, ["words"]),
        (as_json({"text": "card", "blocks": CARD}), None, ["card"]),
        ({**as_json({}), "text": '{"text": '}, "invalid_command_response", []),
        (as_json(BAD), "invalid_command_response", []),
        ({"status": 500}, "http_service_error", []),
    ],
)
async def test_what_an_acknowledgement_shows(
    slack: SlackWorkspace, app: App, channel: str, *, acknowledgement: Any, error: str | None, shown: Any
) -> None:
    """The person alone sees its message; only status 200 acknowledges; what is no message is a mistake."""
    app.acknowledgement = acknowledgement
    typed = await slack.command("/voicejob", channel=channel, user=BOB)

    assert (typed.acked, typed.error) == (error != "http_service_error", error)
    assert texts(typed.messages) == texts(slack.ephemeral(BOB, channel)) == shown
    assert len(slack.violations) == len(slack.malformed) == (error == "invalid_command_response")


async def test_a_response_url_works_five_times_in_half_an_hour(
    slack: SlackWorkspace, api: Api, clock: Clock
) -> None:
    """Also where the bot is not; a sixth post, a strange URL, body or block, and a token are mistakes."""
    closed = slack.add_channel("closed", private=True, bot_is_member=False)
    url, late = [(await slack.command("/voicejob", channel=closed)).response_url for _ in range(2)]
    answers = [await api.reply(late, text=""), await api.reply(late, **BAD)]
    clock.now += 30 * 60
    answers += [await api.reply(url, text=str(turn), replace_original=turn == 4) for turn in range(6)]
    clock.now += 1
    answers += [await api.reply(late, text="late"), await api.reply(f"{url}x", text="x")]
    async with api.session.post(f"{url}y", data="{", headers={"Authorization": f"Bearer {BOT_TOKEN}"}):
        mistakes = [each.removeprefix("response_url: ") for each in slack.violations[2:6]]

    assert answers == [
        *((400, "no_text"), (400, "invalid_blocks"), *[(200, "ok")] * 5),
        *((404, "used_url"), (404, "expired_url"), (404, "invalid_url")),
    ]
    assert mistakes == [
        *("there is no message to replace or delete", "used_url", "invalid_url"),
        "the token was sent, which this URL does not need",
    ]
    assert [each.code for each in slack.malformed] == ["no_text", "invalid_blocks"]
    assert texts(slack.history) == list("01234")


async def test_what_a_button_does_with_its_message(slack: SlackWorkspace, api: Api) -> None:
    """It is replaced in its place, deleted, or stays; an ephemeral one cannot become public."""
    cases: list[tuple[dict[str, Any], list[str], list[str]]] = [
        ({"text": "fresh", "replace_original": True}, ["fresh"], []),
        ({"text": "thanks"}, ["card", "thanks"], []),
        ({"text": "thanks", "response_type": "in_channel"}, ["card"], ["thanks"]),
        ({"delete_original": True}, [], []),
        ({"text": "fresh", "replace_original": True, "response_type": "in_channel"}, ["fresh"], []),
    ]
    for reply, seen, for_all in cases:
        assert slack.violations == []
        card = await ephemeral(slack, api, slack.add_channel("voices"))
        press = await slack.press(card, "refresh")
        await api.reply(press.response_url, **reply)
        shown = slack.ephemeral(ALICE, card.channel)
        assert (texts(shown), texts(slack.messages(card.channel))) == (seen, for_all)
        assert all((each.ts, each.edited) == (card.ts, True) for each in shown if each.text == "fresh")
    assert slack.violations == ["response_url: an ephemeral message cannot become public"]
