"""Messages of the stand-in workspace: changed in their place, in threads, and where the bot may write."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulators.slack.workspace import ALICE, APP_TOKEN, Message, SlackWorkspace
from tests.simulators.slack.test_workspace import (
    CARD,
    app_with,
    client_of,
    link,
    over_socket,
    refusal,
    words_in_ack,
)
from tests.support import Clock

BOB = "U0BOB"
CAROL = "U0CAROL"
METADATA = {"event_type": "job", "event_payload": {"id": "26f0"}}


@pytest.fixture
async def workspace(clock: Clock, ack_timeout: float) -> AsyncIterator[SlackWorkspace]:
    async with SlackWorkspace(clock=lambda: clock.now, ack_timeout=ack_timeout, limits=None) as running:
        yield running


@pytest.fixture
def channel(workspace: SlackWorkspace) -> str:
    return workspace.add_channel("voices")


@pytest.fixture
def client(workspace: SlackWorkspace) -> AsyncWebClient:
    return client_of(workspace)


async def posted(client: AsyncWebClient, channel: str, text: str = "card", **fields: Any) -> str:
    """Post and give the ts."""
    answer = await client.chat_postMessage(channel=channel, text=text, **fields)
    return str(answer["ts"])


async def replied(client: AsyncWebClient, channel: str, ts: str, *, shown: bool = False) -> str:
    """Post a reply in a thread and give its ts."""
    return await posted(client, channel, "reply", thread_ts=ts, reply_broadcast=shown)


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


# chat.update


async def test_an_update_changes_a_message_in_its_place(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The answer names and shows the message, which keeps its ts and its place; the history has both."""
    ts = await posted(client, channel, "old")
    await posted(client, channel, "next")
    answer = await client.chat_update(channel=channel, ts=ts, text="new", blocks=CARD)

    changed = workspace.messages(channel)[0]
    assert texts(workspace.messages(channel)) == ["new", "next"]
    assert (changed.ts, changed.blocks, changed.edited) == (ts, CARD, True)
    assert (answer["ok"], answer["channel"], answer["ts"], answer["text"]) == (True, channel, ts, "new")
    assert answer["message"]["blocks"][1]["block_id"] == "buttons"
    assert answer["message"]["edited"]
    assert texts(workspace.history) == ["old", "next", "new"]
    assert workspace.violations == []


async def test_text_alone_takes_the_blocks_away(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Who wants to keep the blocks sends them again."""
    ts = await posted(client, channel, blocks=CARD)
    await client.chat_update(channel=channel, ts=ts, text="plain", parse="none", link_names=False)

    assert [(m.text, m.blocks) for m in workspace.messages(channel)] == [("plain", [])]


async def test_an_update_keeps_the_thread(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """A reply stays a reply, and where it is shown stays."""
    parent = await posted(client, channel)
    quiet = await replied(client, channel, parent)
    loud = await replied(client, channel, parent, shown=True)
    for ts in (quiet, loud):
        answer = await client.chat_update(channel=channel, ts=ts, text="new")
        assert answer["message"]["thread_ts"] == parent

    assert [(m.ts, m.thread_ts) for m in workspace.thread(channel, parent)] == [
        (quiet, parent),
        (loud, parent),
    ]
    assert [m.ts for m in workspace.messages(channel)] == [parent, loud]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "x", "metadata": "words"}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "job"}}, "invalid_metadata_schema"),
        ({"text": "x", "unfurl_links": False}, "invalid_arguments"),
        ({"text": "x", "reply_broadcast": True}, "cant_broadcast_message"),
        ({"text": "x", "ts": None}, "invalid_arguments"),
    ],
)
async def test_a_bad_update_is_refused(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient, message: dict[str, Any], error: str
) -> None:
    """The app's mistake is remembered, and the message stays as it was."""
    ts = await posted(client, channel)
    sent = {"channel": channel, "ts": ts, **message}
    call = client.api_call("chat.update", json={key: sent[key] for key in sent if sent[key] is not None})
    answer = await refusal(call)

    assert answer["error"] == error
    assert len(workspace.violations) == 1
    assert texts(workspace.messages(channel)) == ["card"]


async def test_an_update_needs_its_scope(workspace: SlackWorkspace, channel: str) -> None:
    """It is that of posting; the app-level token does not do."""
    async with SlackWorkspace(scopes=["commands"]) as poor:
        answer = await refusal(client_of(poor).chat_update(channel="C0", ts="1.0", text="x"))
    call = client_of(workspace, APP_TOKEN).chat_update(channel=channel, ts="1.0", text="x")
    wrong = await refusal(call)

    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert wrong["error"] == "not_allowed_token_type"


async def test_only_what_is_there_can_be_updated(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """A deleted message, one of another channel, and a ts that never was are all not found."""
    elsewhere = workspace.add_channel("other")
    deleted, there = await posted(client, channel), await posted(client, elsewhere)
    workspace.delete_message(workspace.messages(channel)[0])

    for ts in (deleted, there, "1.000000"):
        answer = await refusal(client.chat_update(channel=channel, ts=ts, text="x"))
        assert answer["error"] == "message_not_found"
    assert workspace.messages(channel) == []
    assert workspace.violations == []


async def test_only_the_bots_own_public_messages_can_be_updated(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Neither what a person wrote, nor what one person alone sees."""
    written = workspace.add_message(channel, "words of Bob", user=BOB)
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        seen = await (await workspace.command("/voicejob", channel=channel)).message()

    for message in (written, seen):
        answer = await refusal(client.chat_update(channel=channel, ts=message.ts, text="x"))
        assert answer["error"] == "cant_update_message"
    assert texts(workspace.messages(channel)) == ["words of Bob"]


async def test_an_update_in_a_direct_message_needs_its_id(
    workspace: SlackWorkspace, client: AsyncWebClient
) -> None:
    """The user id that is enough for posting is refused."""
    answer = await client.chat_postMessage(channel=ALICE, text="old")
    refused = await refusal(client.chat_update(channel=ALICE, ts=answer["ts"], text="x"))
    await client.chat_update(channel=answer["channel"], ts=answer["ts"], text="new")

    assert refused["error"] == "channel_not_found"
    assert texts(workspace.direct(ALICE)) == ["new"]


async def test_metadata_stays_until_it_is_replaced(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """An empty object takes it away."""
    ts = await posted(client, channel, metadata=METADATA)
    kept = await client.chat_update(channel=channel, ts=ts, text="one")
    gone = await client.chat_update(channel=channel, ts=ts, text="two", metadata={})

    assert kept["message"]["metadata"] == METADATA
    assert "metadata" not in gone["message"]
    assert [message.metadata for message in workspace.history] == [METADATA, METADATA, None]


async def test_a_form_carries_metadata_as_json(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """As it does blocks."""
    fields = {"channel": channel, "text": "card", "metadata": json.dumps(METADATA)}
    await client.api_call("chat.postMessage", data=fields)

    assert [message.metadata for message in workspace.messages(channel)] == [METADATA]


async def test_an_old_reply_can_be_broadcast(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """It shows in the channel where its time puts it, but cannot be changed in the same call."""
    parent = await posted(client, channel)
    reply = await replied(client, channel, parent)
    await posted(client, channel, "later")
    call = client.chat_update(channel=channel, ts=reply, text="x", reply_broadcast=True)
    both = await refusal(call)
    await client.api_call("chat.update", json={"channel": channel, "ts": reply, "reply_broadcast": True})

    assert both["error"] == "no_dual_broadcast_content_update"
    assert texts(workspace.messages(channel)) == ["card", "reply", "later"]
    assert texts(workspace.thread(channel, parent)) == ["reply"]


# Threads


async def test_a_channel_shows_its_messages_and_broadcast_replies(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The thread shows all replies, also one to what a person wrote."""
    parent = workspace.add_message(channel, "Where is it?")
    quiet = await replied(client, channel, parent.ts)
    loud = await replied(client, channel, parent.ts, shown=True)
    workspace.add_message(channel, "thanks", thread_ts=parent.ts)

    assert [message.ts for message in workspace.messages(channel)] == [parent.ts, loud]
    assert [message.author for message in workspace.messages(channel)] == [ALICE, "U0VOICEJOB"]
    assert [message.bot_id for message in workspace.messages(channel)] == [None, "B0VOICEJOB"]
    assert [message.ts for message in workspace.thread(channel, parent.ts)][:2] == [quiet, loud]
    assert texts(workspace.thread(channel, parent.ts)) == ["reply", "reply", "thanks"]
    assert workspace.thread(channel, quiet) == []


async def test_a_reply_needs_a_message_to_reply_to(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """A reply, a deleted, an ephemeral and an unknown message are none, nor is one of another channel."""
    parent = await posted(client, channel)
    reply = await replied(client, channel, parent)
    elsewhere = await posted(client, workspace.add_channel("other"))
    deleted = await posted(client, channel)
    workspace.delete_message(workspace.messages(channel)[-1])
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        seen = await (await workspace.command("/voicejob", channel=channel)).message()

    for ts in (reply, elsewhere, deleted, seen.ts, "1.000000"):
        answer = await refusal(client.chat_postMessage(channel=channel, text="x", thread_ts=ts))
        assert answer["error"] == "cannot_reply_to_message"
    assert texts(workspace.messages(channel)) == ["card"]
    assert workspace.violations == []


async def test_the_replies_outlive_their_parent(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Deleting a message takes away that message, once."""
    parent = await posted(client, channel)
    await replied(client, channel, parent, shown=True)
    [card, reply] = workspace.messages(channel)
    workspace.delete_message(card)

    assert workspace.messages(channel) == workspace.thread(channel, parent) == [reply]
    assert workspace.history[-1].deleted
    with pytest.raises(LookupError, match="card"):
        workspace.delete_message(card)
    workspace.delete_message(reply)
    assert workspace.messages(channel) == workspace.thread(channel, parent) == []


async def test_a_press_in_a_thread_names_the_thread(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Outside of threads the payload has no such field."""
    heard: list[dict[str, Any]] = []

    async def listen(ack: Any, body: dict[str, Any]) -> None:
        heard.append(body)
        await ack()

    parent = await posted(client, channel, blocks=CARD)
    await posted(client, channel, "reply", blocks=CARD, thread_ts=parent)
    async with over_socket(workspace, app_with(workspace, words_in_ack, listen)):
        for message in (*workspace.thread(channel, parent), *workspace.messages(channel)):
            await workspace.press(message, "refresh")

    assert [body["container"].get("thread_ts") for body in heard] == [parent, None]
    assert [body["message"].get("thread_ts") for body in heard] == [parent, None]


async def test_each_message_has_a_time_of_its_own(channel: str, client: AsyncWebClient, clock: Clock) -> None:
    """Also when the clock stands still or goes back; the times are in order and in Slack's form."""
    found = [await posted(client, channel) for _ in range(2)]
    clock.now -= 100
    found.append(await posted(client, channel))
    clock.now += 200
    found.append(await posted(client, channel))

    assert found == sorted(set(found))
    assert found[0] == "1800000000.000000"
    assert found[-1] == "1800000100.000000"


# Where the bot may write


async def test_the_bot_comes_and_goes(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Removed, it may neither post nor update, until it is invited again."""
    ts = await posted(client, channel)
    workspace.remove(channel)
    posting = await refusal(client.chat_postMessage(channel=channel, text="x"))
    updating = await refusal(client.chat_update(channel=channel, ts=ts, text="x"))
    workspace.invite(channel)
    await client.chat_update(channel=channel, ts=ts, text="new")

    assert (posting["error"], updating["error"]) == ("not_in_channel", "not_in_channel")
    assert texts(workspace.messages(channel)) == ["new"]


async def test_a_private_channel_is_gone_for_who_was_removed(
    workspace: SlackWorkspace, client: AsyncWebClient
) -> None:
    """Both methods say that there is no such channel."""
    channel = workspace.add_channel("secret", private=True)
    ts = await posted(client, channel)
    workspace.remove(channel)

    for call in (
        client.chat_postMessage(channel=channel, text="x"),
        client.chat_update(channel=channel, ts=ts, text="x"),
    ):
        assert (await refusal(call))["error"] == "channel_not_found"


async def test_an_archived_channel_takes_nothing(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The two methods have different names for it; brought back, the channel takes both."""
    ts = await posted(client, channel)
    workspace.archive(channel)
    posting = await refusal(client.chat_postMessage(channel=channel, text="x"))
    updating = await refusal(client.chat_update(channel=channel, ts=ts, text="x"))
    workspace.unarchive(channel)
    await client.chat_update(channel=channel, ts=ts, text="new")

    assert (posting["error"], updating["error"]) == ("is_archived", "is_inactive")
    assert texts(workspace.messages(channel)) == ["new"]


@pytest.mark.parametrize("ack_timeout", [0.3])
@pytest.mark.parametrize(
    ("people", "letter", "name"),
    [((ALICE, BOB), "D", "directmessage"), ((ALICE, BOB, CAROL), "C", "mpdm-u0alice--u0bob--u0carol-1")],
)
async def test_the_bot_has_no_way_into_a_direct_message_between_people(
    workspace: SlackWorkspace, client: AsyncWebClient, people: tuple[str, ...], letter: str, name: str
) -> None:
    """A command can be typed there, but nothing can be posted, and nobody can invite the bot."""
    direct = workspace.add_direct(*people)
    async with link(workspace) as ws:
        await ws.receive_json()
        typed = asyncio.create_task(workspace.command("/voicejob", channel=direct))
        payload = (await ws.receive_json())["payload"]
        await typed
    answer = await refusal(client.chat_postMessage(channel=direct, text="x"))

    assert direct.startswith(letter)
    assert (payload["channel_id"], payload["channel_name"]) == (direct, name)
    assert answer["error"] == "channel_not_found"
    for change in (workspace.invite, workspace.remove, workspace.archive, workspace.unarchive):
        with pytest.raises(ValueError, match=direct):
            change(direct)
    assert workspace.violations == []


async def test_what_people_cannot_do(workspace: SlackWorkspace) -> None:
    """A direct message with oneself, and changes to a channel that is not there."""
    with pytest.raises(ValueError, match="two people"):
        workspace.add_direct(ALICE)
    with pytest.raises(KeyError):
        workspace.invite("C0NOWHERE")
    with pytest.raises(KeyError):
        workspace.add_message("C0NOWHERE", "words")


# Waiting


async def test_waiting_for_a_message(workspace: SlackWorkspace, channel: str, client: AsyncWebClient) -> None:
    """It ends with what comes: a post, a reply, a change; and at once with what is there."""
    comes = asyncio.create_task(workspace.message_where(lambda m: m.text == "reply"))
    changes = asyncio.create_task(workspace.message_where(lambda m: m.edited))
    parent = await posted(client, channel)
    reply = await replied(client, channel, parent)
    await client.chat_update(channel=channel, ts=parent, text="new")

    assert (await comes).ts == reply
    assert ((await changes).ts, (await changes).text) == (parent, "new")
    assert (await workspace.message_where(lambda m: m.text == "new", timeout=0)).ts == parent


async def test_a_message_that_came_before_the_wait_began_counts(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """What matters is when one waits, not when one asked."""
    wait = workspace.message_where(lambda m: m.text == "card", timeout=0.1)
    await posted(client, channel)

    assert (await wait).channel == channel


async def test_waiting_in_vain_tells_what_was_there(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """What was deleted is not there any more, and does not end the wait either."""
    await posted(client, channel, "one")
    await posted(client, channel, "two")
    workspace.delete_message(workspace.messages(channel)[0])

    with pytest.raises(TimeoutError, match=r"0\.01 s; there are: \['two'\]"):
        await workspace.message_where(lambda m: m.text == "one", timeout=0.01)


async def test_a_wrong_predicate_harms_only_who_waits(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """The post goes through, and the error reaches the test that made it."""
    waiting = asyncio.create_task(workspace.message_where(lambda m: bool(m.blocks[0])))
    await asyncio.sleep(0)
    answer = await client.chat_postMessage(channel=channel, text="no blocks")

    assert answer["ok"]
    with pytest.raises(IndexError):
        await waiting


async def test_a_large_workspace_stays_quick(workspace: SlackWorkspace) -> None:
    """Thousands of messages elsewhere do not slow down a look into one channel or thread."""
    channels = [workspace.add_channel(f"voices-{number}") for number in range(100)]
    parents = [workspace.add_message(channel, "parent") for channel in channels]
    for parent in parents * 100:
        workspace.add_message(parent.channel, "reply", thread_ts=parent.ts)
    started = time.process_time()  # what others do on this machine does not count
    for parent in parents * 10:
        assert workspace.messages(parent.channel) == [parent]
    for parent in parents:
        assert len(workspace.thread(parent.channel, parent.ts)) == 100
    took = time.process_time() - started

    assert took < 0.5


# What the workspace tells of itself


async def test_the_conversations_are_listed(workspace: SlackWorkspace, channel: str) -> None:
    """Channels and direct messages, in the order in which they were opened, as they are now."""
    direct = workspace.direct_channel(ALICE)
    old = workspace.add_channel("old")
    workspace.archive(old)

    assert [each.id for each in workspace.channels] == [channel, direct, old]
    assert [each.archived for each in workspace.channels] == [False, False, True]
    workspace.channels.clear()
    assert len(workspace.channels) == 3


async def test_what_people_see_is_listed(
    workspace: SlackWorkspace, channel: str, client: AsyncWebClient
) -> None:
    """Each message once, as it is now, wherever it stands and whoever sees it; a deleted one no more."""
    ts = await posted(client, channel)
    await replied(client, channel, ts, shown=True)
    await posted(client, ALICE, "direct")
    gone = workspace.add_message(channel, "gone")
    await client.chat_update(channel=channel, ts=ts, text="changed")
    async with over_socket(workspace, app_with(workspace, words_in_ack)):
        alone = await (await workspace.command("/voicejob", channel=channel, user=BOB)).message()
    workspace.delete_message(gone)

    assert sorted(texts(workspace.shown)) == ["changed", "direct", "reply", "words"]
    assert alone in workspace.shown


async def test_the_workspace_tells_its_time(workspace: SlackWorkspace, clock: Clock) -> None:
    """It is that of its clock."""
    before = workspace.now()
    clock.now += 5

    assert (before, workspace.now()) == (clock.now - 5, clock.now)
