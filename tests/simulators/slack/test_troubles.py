"""What goes wrong in the stand-in workspace: rate limits, faults, chaos, guests, and a bot that is killed."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulators.slack.rate_limits import HUNDREDS, SLACKS_LIMITS, TIER_3
from bot.simulators.slack.web_api import METHODS
from bot.simulators.slack.workspace import ALICE, APP_TOKEN, Fault, Limits, SlackWorkspace
from tests.simulators.slack.test_workspace import (
    CARD,
    app_with,
    client_of,
    link,
    link_url,
    over_socket,
    refusal,
    words_in_ack,
)
from tests.support import Clock, eventually

GUEST_TEAM = "T0OTHER"
LISTEN = """
import asyncio, sys, aiohttp

async def main():
    async with aiohttp.ClientSession() as session, session.ws_connect(sys.argv[1]) as ws:
        async for frame in ws:
            pass

asyncio.run(main())
"""
"""A program that opens a WebSocket and never acknowledges anything."""


@pytest.fixture
def channel(workspace: SlackWorkspace) -> str:
    return workspace.add_channel("voices")


@pytest.fixture
async def client(workspace: SlackWorkspace) -> AsyncIterator[AsyncWebClient]:
    """Give a client that keeps its connection: some tests make hundreds of calls."""
    async with aiohttp.ClientSession() as session:
        plain = client_of(workspace)
        plain.session = session
        yield plain


async def limited(call: Any) -> int:
    """Make a call that is too many, and give the seconds to wait."""
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    assert (response.status_code, response.data) == (429, {"ok": False, "error": "ratelimited"})
    return int(response.headers["Retry-After"])


def texts(workspace: SlackWorkspace, channel: str) -> list[str]:
    return [message.text for message in workspace.messages(channel)]


# Rate limits


async def test_a_channel_takes_one_message_a_second_and_short_bursts(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, clock: Clock
) -> None:
    """The fourth message of a burst is refused and not posted; a second later there is room for one."""
    for text in "abc":
        await client.chat_postMessage(channel=channel, text=text)
    assert await limited(client.chat_postMessage(channel=channel, text="d")) == 1
    clock.now += 1
    await client.chat_postMessage(channel=channel, text="e")
    assert await limited(client.chat_postMessage(channel=channel, text="f")) == 1

    assert texts(workspace, channel) == list("abce")
    assert [call.arguments["text"] for call in workspace.limited] == ["d", "f"]
    assert len(workspace.calls) == 6
    assert workspace.violations == []


async def test_the_steady_pace_is_never_limited(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, clock: Clock
) -> None:
    """After any number of messages, one a second is fine."""
    for _ in range(10):
        await client.chat_postMessage(channel=channel, text="x")
        clock.now += 1

    assert workspace.limited == []


async def test_the_limit_of_one_channel_is_not_that_of_another(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Nor of another method; but a person's id and the id of the direct message are one conversation."""
    other = workspace.add_channel("other")
    answers = [await client.chat_postMessage(channel=channel, text="x") for _ in range(3)]
    await limited(client.chat_postMessage(channel=channel, text="x"))
    await client.chat_postMessage(channel=other, text="x")
    await client.chat_update(channel=channel, ts=answers[0]["ts"], text="y")
    directs = [await client.chat_postMessage(channel=ALICE, text="x") for _ in range(3)]
    await limited(client.chat_postMessage(channel=directs[0]["channel"], text="x"))

    assert len(workspace.limited) == 2


async def test_the_workspace_takes_several_hundred_messages_a_minute(
    workspace: SlackWorkspace, client: AsyncWebClient, clock: Clock
) -> None:
    """Sixty at once, over many channels, then five a second."""
    channels = [workspace.add_channel(f"voices-{number}") for number in range(66)]
    for channel in channels[:60]:
        await client.chat_postMessage(channel=channel, text="x")
    assert await limited(client.chat_postMessage(channel=channels[60], text="x")) == 1
    clock.now += 1
    for channel in channels[60:65]:
        await client.chat_postMessage(channel=channel, text="x")
    await limited(client.chat_postMessage(channel=channels[65], text="x"))

    assert SLACKS_LIMITS.posts.per_second * 60 == HUNDREDS


async def test_tier_3_is_fifty_a_minute(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, clock: Clock
) -> None:
    """The next one has to wait until the first is a minute old; posting goes on meanwhile."""
    ts = (await client.chat_postMessage(channel=channel, text="0"))["ts"]
    for number in range(TIER_3):
        await client.chat_update(channel=channel, ts=ts, text=str(number))
    clock.now += 18.5
    assert await limited(client.chat_update(channel=channel, ts=ts, text="x")) == 42
    await client.chat_postMessage(channel=channel, text="y")
    clock.now += 41.5
    await client.chat_update(channel=channel, ts=ts, text="z")

    assert texts(workspace, channel) == ["z", "y"]
    assert len(workspace.limited) == 1


async def test_every_method_has_a_limit(client: AsyncWebClient, clock: Clock) -> None:
    """Those of the lowest tier in use are met by opening connections too often."""
    for _ in range(TIER_3):
        await client.apps_connections_open(app_token=APP_TOKEN)

    assert await limited(client.apps_connections_open(app_token=APP_TOKEN)) == 60
    assert {*SLACKS_LIMITS.per_minute, "chat.postMessage"} == set(METHODS)
    clock.now += 60
    await client.apps_connections_open(app_token=APP_TOKEN)


async def test_limits_can_be_others_or_none() -> None:
    """A test sets what it needs."""
    async with SlackWorkspace(limits=None) as free, SlackWorkspace(limits=Limits(per_minute={})) as own:
        channel, other = free.add_channel("voices"), own.add_channel("voices")
        for _ in range(5):
            await client_of(free).chat_postMessage(channel=channel, text="x")
        ts = (await client_of(own).chat_postMessage(channel=other, text="x"))["ts"]
        for _ in range(TIER_3 + 1):
            await client_of(own).chat_update(channel=other, ts=ts, text="x")

    assert free.limited == own.limited == []


# Faults


async def test_an_error_class_with_all_that_it_tells(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Any error code of either method, with the fields that Slack gives beside it."""
    workspace.fail("chat.postMessage", error="missing_scope", needed="chat:write", provided="commands")
    workspace.fail("chat.update", error="restricted_action", response_metadata={"messages": ["no"]})
    posting = await refusal(client.chat_postMessage(channel=channel, text="x"))
    updating = await refusal(client.chat_update(channel=channel, ts="1.0", text="x"))

    assert posting == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "commands"}
    assert updating == {
        "ok": False,
        "error": "restricted_action",
        "response_metadata": {"messages": ["no"]},
    }
    assert workspace.violations == []


async def test_a_fault_of_one_channel_leaves_the_others_alone(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """It waits for that channel, and is used up there."""
    other = workspace.add_channel("other")
    workspace.fail("chat.postMessage", times=2, channel=channel, error="restricted_action")
    for _ in range(2):
        await client.chat_postMessage(channel=other, text="fine")
        answer = await refusal(client.chat_postMessage(channel=channel, text="lost"))
        assert answer["error"] == "restricted_action"
    workspace.fail("chat.postMessage", error="fatal_error")
    assert (await refusal(client.chat_postMessage(channel=other, text="x")))["error"] == "fatal_error"
    await client.chat_postMessage(channel=channel, text="fine")

    assert (texts(workspace, channel), texts(workspace, other)) == (["fine"], ["fine", "fine"])


async def test_a_fault_of_a_direct_message(workspace: SlackWorkspace, client: AsyncWebClient) -> None:
    """It is met by either name; a method without channels has no such fault."""
    direct = (await client.chat_postMessage(channel=ALICE, text="one"))["channel"]
    workspace.fail("chat.postMessage", channel=direct, error="messages_tab_disabled")

    assert (await refusal(client.chat_postMessage(channel=ALICE, text="x")))["error"] == (
        "messages_tab_disabled"
    )
    with pytest.raises(ValueError, match=r"auth\.test"):
        workspace.fail("auth.test", channel=direct, error="fatal_error")


async def test_faults_by_the_million_can_be_taken_back(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """A fault that lasts for ever costs nothing; one for no request at all never strikes."""
    workspace.fail("chat.postMessage", times=0, error="fatal_error")
    await client.chat_postMessage(channel=channel, text="one")
    workspace.fail("chat.postMessage", times=10**12, channel=channel, error="restricted_action")
    await refusal(client.chat_postMessage(channel=channel, text="x"))
    workspace.heal("chat.postMessage")
    await client.chat_postMessage(channel=channel, text="two")

    assert texts(workspace, channel) == ["one", "two"]


@pytest.mark.parametrize("after", [True, False])
async def test_an_answer_gets_lost_with_or_without_the_work(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, *, after: bool
) -> None:
    """The caller cannot tell whether the message was posted, or changed."""
    ts = (await client.chat_postMessage(channel=channel, text="old"))["ts"]
    for method in ("chat.postMessage", "chat.update"):
        workspace.fail(method, drop=True, after=after)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client_of(workspace).chat_postMessage(channel=channel, text="more")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client_of(workspace).chat_update(channel=channel, ts=ts, text="new")
    assert texts(workspace, channel) == (["new", "more"] if after else ["old"])


async def test_chaos_decides_call_by_call(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """It sees method and arguments, comes after what was asked for, and ends."""
    asked: list[tuple[str, Any]] = []

    def decide(method: str, arguments: Mapping[str, Any]) -> Fault | None:
        asked.append((method, arguments.get("text")))
        return {"error": "internal_error", "after": True} if arguments.get("text") == "b" else None

    workspace.chaos(decide)
    workspace.fail("chat.postMessage", error="fatal_error")
    assert (await refusal(client.chat_postMessage(channel=channel, text="a")))["error"] == "fatal_error"
    assert (await refusal(client.chat_postMessage(channel=channel, text="b")))["error"] == "internal_error"
    await client.auth_test()
    workspace.chaos(None)
    await client.chat_postMessage(channel=channel, text="b")

    assert texts(workspace, channel) == ["b", "b"]
    assert asked == [("chat.postMessage", "b"), ("auth.test", None)]


# Guests


async def test_a_guest_presses_with_a_team_of_their_own(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The team of the presser is in ``user``; what Bolt calls the actor's team is that of the app."""
    heard: list[Any] = []

    async def listen(ack: Any, body: dict[str, Any], context: Any) -> None:
        heard.append((body["user"]["team_id"], body["team"]["id"], context.actor_team_id, context.team_id))
        await ack()

    await client.chat_postMessage(channel=channel, text="card", blocks=CARD)
    [card] = workspace.messages(channel)
    async with over_socket(workspace, app_with(workspace, words_in_ack, listen)):
        await workspace.press(card, "refresh", user="U0GUEST", team=GUEST_TEAM)

    assert heard == [(GUEST_TEAM, "T0VOICEJOB", "T0VOICEJOB", "T0VOICEJOB")]


# A bot that is killed


async def test_the_connection_of_a_killed_bot_vanishes(workspace: SlackWorkspace, channel: str) -> None:
    """Commands go to the bot that came after it, and to nobody while there is none."""
    url = await link_url(workspace)
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", LISTEN, url)
    await workspace.connected()
    bot.kill()
    await bot.wait()
    await eventually(lambda: workspace.connections == 0)
    nobody = await workspace.command("/voicejob", channel=channel)
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        replies = [await workspace.command("/voicejob", channel=channel) for _ in range(3)]

    assert nobody.error == "dispatch_failed"
    assert [reply.acked for reply in replies] == [True] * 3


async def test_a_line_that_is_known_to_be_dead_gets_no_command(
    workspace: SlackWorkspace, channel: str
) -> None:
    """Between the end of a connection and its clearing away, the other one is chosen."""
    async with link(workspace) as first:
        await first.receive_json()
        async with over_socket(workspace, app_with(workspace, words_in_ack)):
            for connection in workspace._socket.connections[:1]:  # noqa: SLF001  nothing shows this moment
                connection.cut()
            assert workspace.connections == 2
            replies = [await workspace.command("/voicejob", channel=channel) for _ in range(2)]

    assert [reply.acked for reply in replies] == [True, True]
