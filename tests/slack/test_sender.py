"""Sending by itself: the pace, what a 429 holds, and what is sent to Slack."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.rates import RateLimits
from bot.domain.slack_errors import Refusal
from bot.messages.blocks import Message
from bot.simulators.slack.workspace import BOT_TOKEN, SlackWorkspace
from bot.slack.sender import NO_ANSWER, NotTaken, Sender
from tests.support import AT_ONCE, eventually

HELLO = Message("hello", [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}])


@asynccontextmanager
async def sender(workspace: SlackWorkspace, rates: RateLimits = AT_ONCE) -> AsyncIterator[Sender]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=BOT_TOKEN, base_url=workspace.api_url, session=session, retry_handlers=[]
        )
        yield Sender(client, rates)


async def refused(slack: SlackWorkspace) -> NotTaken:
    """Give what comes of a post that Slack does not take."""
    async with sender(slack) as sending:
        with pytest.raises(NotTaken) as caught:
            await sending.post(slack.add_channel("voices"), HELLO)
    return caught.value


async def test_a_post_gives_its_ts(slack: SlackWorkspace) -> None:
    """What is posted can be edited and answered by the ts that comes back."""
    channel = slack.add_channel("voices")
    async with sender(slack) as sending:
        ts = (await sending.post(channel, HELLO)).ts
        await sending.post(channel, HELLO, thread_ts=ts, broadcast=True)
        await sending.edit(channel, ts, Message("goodbye", []))

    assert [seen.text for seen in slack.messages(channel)] == ["goodbye", "hello"]
    assert slack.messages(channel)[0].ts == ts
    assert slack.messages(channel)[0].blocks == []
    assert slack.thread(channel, ts)[0].reply_broadcast


async def test_a_post_to_a_person_gives_the_conversation(slack: SlackWorkspace) -> None:
    """A message to a person can only be edited in the direct message that Slack names."""
    async with sender(slack) as sending:
        posted = await sending.post("U1", HELLO)
        await sending.edit(posted.channel_id, posted.ts, Message("goodbye", []))

    assert posted.channel_id.startswith("D")
    assert [seen.text for seen in slack.direct("U1")] == ["goodbye"]


async def test_nothing_unfurls_and_nothing_is_parsed(slack: SlackWorkspace) -> None:
    """Links are not drawn out, and an edit makes no links of names."""
    channel = slack.add_channel("voices")
    async with sender(slack) as sending:
        await sending.edit(channel, (await sending.post(channel, HELLO)).ts, HELLO)

    posted, edited = (call.arguments for call in slack.calls)
    assert posted["unfurl_links"] is posted["unfurl_media"] is False
    assert edited["parse"] == "none"
    assert "thread_ts" not in posted
    assert "reply_broadcast" not in posted


async def test_a_person_is_written_to_directly(slack: SlackWorkspace) -> None:
    """A user id is as good as a channel."""
    async with sender(slack) as sending:
        await sending.post("U1", HELLO)

    assert [seen.text for seen in slack.direct("U1")] == ["hello"]


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("not_in_channel", Refusal.NOT_HERE),
        ("message_not_found", Refusal.MESSAGE_GONE),
        ("invalid_blocks", Refusal.OUR_FAULT),
        ("token_revoked", Refusal.CREDENTIALS),
        ("internal_error", Refusal.LATER),
    ],
)
async def test_a_refusal_has_its_code_and_meaning(slack: SlackWorkspace, code: str, refusal: Refusal) -> None:
    """Slack's own word is kept, and says what is to be done."""
    slack.fail("chat.postMessage", error=code)

    error = await refused(slack)

    assert (error.code, error.refusal, error.retry_after) == (code, refusal, None)


async def test_an_answer_that_is_none_says_so(slack: SlackWorkspace) -> None:
    """Without a proper answer, the reason names the status or the error, for the log."""
    slack.fail("chat.postMessage", status=502, body="<html>")
    slack.fail("chat.postMessage", drop=True)

    answers = [await refused(slack) for _ in range(2)]

    assert [error.code for error in answers] == [NO_ANSWER, NO_ANSWER]
    assert str(answers[0]) == "status 502"
    assert "Disconnected" in str(answers[1]) or "ClientOSError" in str(answers[1])


@pytest.mark.parametrize("body", [None, "<html>slow down</html>", "slow down"])
async def test_retry_after_counts_whatever_the_body(slack: SlackWorkspace, body: str | None) -> None:
    """A 429 names its time in a header, even when what it says is no JSON."""
    if body is None:
        slack.fail("chat.postMessage", retry_after=7)
    else:
        slack.fail("chat.postMessage", retry_after=7, body=body)

    error = await refused(slack)

    assert (error.refusal, error.retry_after) == (Refusal.LATER, 7)


async def test_a_very_long_retry_after_is_asked_about_again(slack: SlackWorkspace) -> None:
    """Slack may name any time; after a quarter of an hour it is tried all the same."""
    slack.fail("chat.postMessage", retry_after=10**6)

    assert (await refused(slack)).retry_after == 15 * 60


async def test_a_shorter_hold_does_not_end_a_longer_one(slack: SlackWorkspace) -> None:
    """Of two calls that were limited at the same time, the longer hold counts."""
    channel = slack.add_channel("voices")
    slack.fail("chat.update", retry_after=60)
    slack.fail("chat.update", retry_after=1)
    async with sender(slack) as sending:
        for _ in range(2):
            with pytest.raises(NotTaken):
                await sending.edit(channel, "1.2", HELLO)

        assert sending.pause_of_edits() > 50


async def test_a_hold_does_not_end_in_a_burst(slack: SlackWorkspace) -> None:
    """Those who waited for the end of a hold keep the pace after it."""
    channel = slack.add_channel("voices")
    async with sender(slack, RateLimits(channel=0, posts=0.1, edits=0)) as sending:
        slack.fail("chat.postMessage", retry_after=1)
        waiting = [asyncio.create_task(sending.may_post(channel)) for _ in range(2)]
        held_from = time.monotonic()
        with pytest.raises(NotTaken):
            await sending.post(channel, HELLO)
        await waiting[0]
        at: list[float] = []

        async def passes() -> None:
            await sending.may_post(channel)
            at.append(time.monotonic())

        await asyncio.gather(*(passes() for _ in range(4)), waiting[1])

    # Counted from the hold on: a busy machine can only make it later.
    assert all(moment - held_from >= 1 + 0.1 * number for number, moment in enumerate(at))


async def test_a_pace_for_a_channel_for_all_and_for_edits(slack: SlackWorkspace) -> None:
    """Each of the three paces is kept, and none slows the others down."""
    async with sender(slack, RateLimits(channel=0.3, posts=0.1, edits=0.2)) as sending:
        started = time.monotonic()

        async def seconds(*turns: str) -> float:
            for channel in turns:
                await (sending.may_post(channel) if channel else sending.may_edit())
            return time.monotonic() - started

        one, two, edits = await asyncio.gather(
            seconds("C1", "C1", "C1"), seconds("C2", "C2"), seconds("", "", "")
        )

    assert one > 0.59
    assert two > 0.39
    assert edits > 0.39


async def test_a_channel_keeps_its_pace_after_waiting_for_the_others(slack: SlackWorkspace) -> None:
    """The time that a message waited for all the others does not count as its channel's rest."""
    async with sender(slack, RateLimits(channel=0.3, posts=0.2, edits=0)) as sending:
        started = time.monotonic()
        for channel in ("C1", "C2", "C3", "C3"):
            await sending.may_post(channel)

        # C3 passes at 0.4, and then its own pace counts. Were that counted from 0.2, it would pass at 0.6.
        assert time.monotonic() - started >= 0.7


async def test_first_come_first_served(slack: SlackWorkspace) -> None:
    """The turns come in the order in which they were asked for."""
    order: list[int] = []
    async with sender(slack, RateLimits(channel=0, posts=0.01, edits=0)) as sending:

        async def passes(number: int) -> None:
            await sending.may_post(f"C{number}")
            order.append(number)

        await asyncio.gather(*(passes(number) for number in range(10)))

    assert order == list(range(10))


async def test_people_go_before_all_who_stand_in_line(slack: SlackWorkspace) -> None:
    """Who goes first passes at the next turn, even if it came last; among each other, they keep the order."""
    order: list[str] = []
    async with sender(slack, RateLimits(channel=0, posts=0.1, edits=0)) as sending:

        async def passes(name: str, *, first: bool = False) -> None:
            await sending.may_post(name, first=first)
            order.append(name)

        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(passes(f"C{number}"))
            while not order:  # noqa: ASYNC110  not a moment longer: the next turn comes soon
                await asyncio.sleep(0)
            for number in range(3):
                tasks.create_task(passes(f"P{number}", first=True))

    assert order == ["C0", "P0", "P1", "P2", "C1", "C2", "C3", "C4"]


async def test_a_slow_message_is_followed_a_whole_pace_after_its_answer(slack: SlackWorkspace) -> None:
    """However late Slack takes one message of a conversation, the next one keeps its distance from it."""
    async with sender(slack, RateLimits(channel=0.3, posts=0, edits=0)) as sending:
        slack.fail("chat.postMessage", delay=0.2)
        for _ in range(2):
            await sending.may_post("U1")
            await sending.post("U1", HELLO)

    assert gaps(slack) > [0.29]


async def test_a_message_does_not_overtake_one_that_is_on_its_way(slack: SlackWorkspace) -> None:
    """Two channels may have a word for the same person: the second waits for Slack's answer to the first."""
    async with sender(slack, RateLimits(channel=0.2, posts=0, edits=0)) as sending:

        async def send(text: str) -> None:
            await sending.may_post("U1")
            await sending.post("U1", Message(text, []))

        slack.fail("chat.postMessage", delay=0.5)
        await asyncio.gather(send("first"), send("second"))

    assert [seen.text for seen in slack.direct("U1")] == ["first", "second"]
    assert gaps(slack) > [0.19]


async def test_a_failure_counts_like_a_message(slack: SlackWorkspace) -> None:
    """Slack may have taken what it gave no answer to."""
    async with sender(slack, RateLimits(channel=0.3, posts=0, edits=0)) as sending:
        slack.fail("chat.postMessage", delay=0.2, drop=True, after=True)
        await sending.may_post("U1")
        with pytest.raises(NotTaken):
            await sending.post("U1", HELLO)
        await sending.may_post("U1")
        await sending.post("U1", HELLO)

    assert gaps(slack) > [0.29]


def gaps(slack: SlackWorkspace) -> list[float]:
    """Give the seconds between the messages to one person, as Slack dates them."""
    return [float(later.ts) - float(earlier.ts) for earlier, later in pairwise(slack.direct("U1"))]


async def test_nothing_is_kept_of_a_channel_that_has_rested(slack: SlackWorkspace) -> None:
    """A bot that lives for years writes to many channels; what it knows of their pace has an end."""

    def gates() -> int:
        gc.collect()
        return sum(type(each).__name__ == "_Gate" for each in gc.get_objects())

    async with sender(slack, RateLimits(channel=0.5, posts=0, edits=0)) as sending:
        before = gates()
        for number in range(20):
            await sending.may_post(f"U{number}")
            await sending.post(f"U{number}", HELLO)

        assert gates() > before
        await eventually(lambda: gates() <= before)
