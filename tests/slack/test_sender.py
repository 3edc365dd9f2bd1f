"""Sending: what is sent to Slack, and what its refusals mean. The pace is in test_throttle.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.domain.rates import RateLimits
from bot.domain.slack_errors import Refusal
from bot.messages.blocks import Message
from bot.simulators.slack.workspace import BOT_TOKEN, SlackWorkspace
from bot.slack.clients import web_client
from bot.slack.sender import NO_ANSWER, Sender, SendError
from tests.support import AT_ONCE

HELLO = Message("hello", [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}])


@asynccontextmanager
async def sender(
    slack: SlackWorkspace, rates: RateLimits = AT_ONCE, *, at: str = ""
) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession() as session:
        yield Sender(web_client(session, at or slack.api_url, token=BOT_TOKEN, retry_handlers=[]), rates)


async def test_a_post_gives_its_ts(slack: SlackWorkspace) -> None:
    """What is posted can be answered and edited, to a person too; no link unfurls, no text becomes one."""
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
    assert [posted["parse"], reply["parse"], edited["parse"]] == ["none"] * 3


@pytest.mark.parametrize(
    ("fault", "expected", "reason"),
    [
        ({"error": "not_in_channel"}, ("not_in_channel", Refusal.NOT_HERE, None, False), ""),
        ({"error": "internal_error"}, ("internal_error", Refusal.LATER, None, False), ""),
        ({"error": "not_in_channel", "status": 503}, ("not_in_channel", Refusal.LATER, None, False), ""),
        ({"retry_after": 7}, ("ratelimited", Refusal.LATER, 7, False), ""),
        ({"retry_after": 7, "body": "<html>slow down</html>"}, (NO_ANSWER, Refusal.LATER, 7, False), ""),
        ({"retry_after": 10**6}, ("ratelimited", Refusal.LATER, 15 * 60, False), ""),
        ({"status": 403, "body": "<html>"}, (NO_ANSWER, Refusal.LATER, None, False), "status 403"),
        ({"status": 503, "body": "<html>"}, (NO_ANSWER, Refusal.LATER, None, False), "status 503"),
        ({"status": 502, "body": "<html>"}, (NO_ANSWER, Refusal.LATER, None, True), "status 502"),
        ({"body": "[]"}, (NO_ANSWER, Refusal.LATER, None, True), ""),
        ({"body": '{"ok": true}'}, (NO_ANSWER, Refusal.LATER, None, True), "a yes without a ts"),
        (
            {"body": '{"ok": false, "error": {}}'},
            (NO_ANSWER, Refusal.LATER, None, True),
            "status 200",
        ),
        ({"drop": True}, (NO_ANSWER, Refusal.LATER, None, True), "ServerDisconnectedError"),
        ({"delay": 30, "after": True}, (NO_ANSWER, Refusal.LATER, None, True), "TimeoutError"),
    ],
    ids=str,
)
async def test_a_refusal_has_its_code_and_meaning(
    slack: SlackWorkspace, fault: dict[str, Any], expected: tuple[Any, ...], reason: str
) -> None:
    """A 429 names its time, up to a limit; without a proper answer, the message may have been taken."""
    slack.fail("chat.postMessage", **fault)
    async with sender(slack, replace(AT_ONCE, answer=1)) as sending:
        with pytest.raises(SendError) as caught:
            await sending.post(slack.add_channel("voices"), HELLO)
    error = caught.value

    assert (error.code, error.refusal, error.retry_after, error.unanswered) == expected
    assert reason in str(error)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_was_never_sent_was_not_taken(slack: SlackWorkspace, scheme: str) -> None:
    """Without a connection, or without TLS on it, nothing arrives; so it can be sent again at once."""
    there = slack.api_url.partition(":")[2]
    address = f"https:{there}" if scheme == "https" else "http://127.0.0.1:1/"
    async with sender(slack, at=address) as sending:
        with pytest.raises(SendError) as caught:
            await sending.post("C1", HELLO)

    assert (caught.value.transient, caught.value.unanswered) == (True, False)


async def test_slack_says_whether_it_accepts_the_token(slack: SlackWorkspace) -> None:
    """Its code where it does not; no answer says nothing about the token."""
    async with sender(slack) as sending:
        assert await sending.auth_test() == ""
        slack.revoke("account_inactive")
        assert await sending.auth_test() == "account_inactive"
        for fault in ("ratelimited", "internal_error"):
            slack.fail("auth.test", error=fault)
            with pytest.raises(SendError, match=fault):
                await sending.auth_test()
