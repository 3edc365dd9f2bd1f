"""Sending: what is sent to Slack, and what its refusals mean. The pace is in test_throttle.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.rates import RateLimits
from bot.domain.slack_errors import Refusal
from bot.messages.blocks import Message
from bot.simulators.slack.workspace import BOT_TOKEN, SlackWorkspace
from bot.slack.sender import NO_ANSWER, Sender, SendError
from tests.support import AT_ONCE

HELLO = Message("hello", [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}])


@asynccontextmanager
async def sender(slack: SlackWorkspace, rates: RateLimits = AT_ONCE) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[])
        yield Sender(client, rates)


async def test_a_post_gives_its_ts(slack: SlackWorkspace) -> None:
    """What is posted can be answered and edited; links don't unfurl, and an edit makes none of names.

    A message to a person can only be edited in the direct message that Slack names.
    """
    channel = slack.add_channel("voices")
    async with sender(slack) as sending:
        ts = (await sending.post(channel, HELLO)).ts
        await sending.post(channel, HELLO, thread_ts=ts, broadcast=True)
        direct = await sending.post("U1", HELLO)
        for place in (channel, ts), (direct.channel_id, direct.ts):
            await sending.edit(*place, Message("goodbye", []))

    assert [seen.text for seen in slack.messages(channel)] == ["goodbye", "hello"]
    assert (slack.messages(channel)[0].ts, slack.messages(channel)[0].blocks) == (ts, [])
    assert slack.thread(channel, ts)[0].reply_broadcast
    assert [seen.text for seen in slack.direct("U1")] == ["goodbye"]
    posted, reply, _, edited, _ = (call.arguments for call in slack.calls)
    assert not {"thread_ts", "reply_broadcast"} & posted.keys()
    assert [posted["unfurl_links"], posted["unfurl_media"], reply["unfurl_links"]] == [False] * 3
    assert edited["parse"] == "none"


@pytest.mark.parametrize(
    ("fault", "code", "refusal", "retry_after", "reason"),
    [
        ({"error": "not_in_channel"}, "not_in_channel", Refusal.NOT_HERE, None, ""),
        ({"error": "internal_error"}, "internal_error", Refusal.LATER, None, ""),
        ({"error": "not_in_channel", "status": 503}, "not_in_channel", Refusal.LATER, None, ""),
        ({"retry_after": 7}, "ratelimited", Refusal.LATER, 7, ""),
        ({"retry_after": 7, "body": "<html>slow down</html>"}, NO_ANSWER, Refusal.LATER, 7, ""),
        ({"retry_after": 10**6}, "ratelimited", Refusal.LATER, 15 * 60, ""),
        ({"status": 502, "body": "<html>"}, NO_ANSWER, Refusal.LATER, None, "status 502"),
        ({"body": "[]"}, NO_ANSWER, Refusal.LATER, None, ""),
        ({"body": '{"ok": true}'}, NO_ANSWER, Refusal.LATER, None, "a yes without a ts"),
        ({"body": '{"ok": false, "error": {"code": 1}}'}, NO_ANSWER, Refusal.LATER, None, "status 200"),
        ({"drop": True}, NO_ANSWER, Refusal.LATER, None, "ServerDisconnectedError"),
    ],
    ids=str,
)
async def test_a_refusal_has_its_code_and_meaning(
    slack: SlackWorkspace, fault: dict[str, Any], code: str, refusal: Refusal, retry_after: int, reason: str
) -> None:
    """Slack's own code says what is to be done; a 429 names its time, up to a limit, whatever its body.

    Without a proper answer, the reason names the status or the error, for the log.
    """
    slack.fail("chat.postMessage", **fault)
    async with sender(slack) as sending:
        with pytest.raises(SendError) as caught:
            await sending.post(slack.add_channel("voices"), HELLO)
    error = caught.value

    assert (error.code, error.refusal, error.retry_after) == (code, refusal, retry_after)
    assert reason in str(error)


async def test_a_message_does_not_overtake_one_that_is_on_its_way(slack: SlackWorkspace) -> None:
    """The second waits for Slack's answer to the first, and then for a whole interval."""
    async with sender(slack, RateLimits(channel=0.1, posts=0, edits=0)) as sending:

        async def send(text: str) -> None:
            await sending.wait_to_post("U1")
            await sending.post("U1", Message(text, []))

        slack.fail("chat.postMessage", delay=0.2)
        await asyncio.gather(send("first"), send("second"))

    first, second = slack.direct("U1")
    assert [first.text, second.text] == ["first", "second"]
    assert float(second.ts) - float(first.ts) > 0.09
