"""Answers to people when something breaks that nobody foresaw."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.languages import Language
from bot.domain.rates import RATE_LIMITS
from bot.errors import BadUsage
from bot.listeners.readers import LanguageOf
from bot.listeners.replies import PendingReply, Replies
from bot.messages import guidance, job_card
from bot.messages.blocks import Message, context_block, section
from bot.messages.context import Answer
from bot.services import Caller
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN, SlackWorkspace
from bot.simulators.world import GivenSettings, running, settings_for
from bot.slack.clients import web_client
from bot.slack.replies import (
    IN_WORDS,
    DirectMessage,
    Home,
    ReplySender,
    ResponseUrl,
    pause_before_resend,
)
from bot.slack.sender import Sender, SendError, refusal_of
from tests.messages.reading import CONTEXT
from tests.support import AT_ONCE, eventually, log_lines


class Mistaken(GivenSettings):
    """Settings with a mistake in the code that makes cards."""

    def console_url(self, job_id: str) -> str | None:
        """Fail."""
        raise ZeroDivisionError(job_id)


async def test_a_mistake_in_the_code_is_a_sentence_and_a_traceback_in_the_log(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The person hears that the bot failed, and can try again; the operator gets the traceback."""
    async with running(Mistaken(**dict(settings_for(slack, metastudio)))):
        asked = await slack.command("/voicejob", metastudio.add_job()["job_id"], channel=channel)
        seen = await asked.message()

    assert "Something went wrong inside the bot" in seen.text
    assert "ZeroDivisionError" not in str(seen.blocks)
    assert seen.blocks[-1]["elements"][0]["action_id"] == job_card.TRY_AGAIN
    assert "ZeroDivisionError" in caplog.text


async def english(_: Caller) -> Language:
    return Language.EN


async def unknown(_: Caller) -> Language:
    await asyncio.Event().wait()
    return Language.ZH


@asynccontextmanager
async def replying(language_of: LanguageOf = english) -> AsyncIterator[Replies]:
    """Make replies that go to a response_url."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(session=session)
        yield Replies(ReplySender(session, Sender(client, RATE_LIMITS)), CONTEXT, language_of)


NOT_TAKEN = [(429, "60", 60.25), (429, "61", None), (429, "soon", 0.25), (500, "90", 0.25), (404, "7", None)]
RESENT: list[tuple[Exception, float | None]] = [
    *((refusal_of(status, "used_url", {"Retry-After": named}), pause) for status, named, pause in NOT_TAKEN),
    *((SendError("no_answer", transient=True), 0.25), (aiohttp.ServerDisconnectedError(), 0.25)),
    *((TimeoutError(), 0.25), (UnicodeDecodeError("utf-8", b"", 0, 1, ""), 0.25), (ValueError(), None)),
]


def test_when_an_answer_is_sent_again() -> None:
    """Slack's own pause is kept, but not one after which nobody waits any more."""
    for error, pause in RESENT:
        assert pause_before_resend(error, 0.25) == pause, error


async def test_an_answer_whose_blocks_are_refused_goes_in_words(
    slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The person reads the same, plainly; the log says that something is wrong with the blocks."""
    asked = await slack.command("/voicejob", "list", channel=channel)
    slack.fail("response_url", error="invalid_blocks", status=400)
    for method in ("chat.postMessage", "views.publish"):
        slack.fail(method, error="invalid_blocks")
    async with aiohttp.ClientSession() as session:
        client = web_client(session, slack.api_url, token=BOT_TOKEN, retry_handlers=[])
        sender = ReplySender(session, Sender(client, AT_ONCE))
        for target in (ResponseUrl(asked.response_url), DirectMessage(ALICE), Home(ALICE)):
            await sender.send(target, Message("hello", [context_block("hello")]))

    assert [(each.text, each.blocks) for each in (*asked.messages, *slack.direct(ALICE))] == [
        ("hello", [])
    ] * 2
    assert slack.homes[ALICE].blocks == [section("hello")]
    assert log_lines(caplog) == [f"WARNING bot.slack.replies: {IN_WORDS} code=invalid_blocks"] * 3


async def test_acknowledgements_go_before_answers() -> None:
    """However many answers are to be begun, what else is due in the loop has its turn before each of them."""
    order: list[str] = []

    async def work() -> None:
        order.append("begun")

    async with replying() as replies:
        for _ in range(50):
            replies.start(PendingReply(about="look-up", target=None), work)
        while order.count("begun") < 50:
            order.append("acknowledged")
            await asyncio.sleep(0)

    assert " ".join(order).count("begun begun") == 0


async def test_who_waits_for_a_turn_at_the_end_is_told(slack: SlackWorkspace, channel: str) -> None:
    """An answer that was not even begun when the bot ends is not left out in silence."""
    asked = await slack.command("/voicejob", "list", channel=channel)
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    async with replying() as replies:
        for _ in range(5):
            replies.start(PendingReply(about="look-up", target=ResponseUrl(asked.response_url)), work)
        await replies.drain(0)

    assert begun < len(asked.messages) == 5
    assert {"restarted" in each.text for each in asked.messages} == {True}


async def test_what_was_done_before_the_end_is_told(slack: SlackWorkspace, channel: str) -> None:
    """In the operator's language, while that of the person is not known yet."""
    asked = await slack.command("/voicejob", "list", channel=channel)
    done: list[str] = []

    async def work() -> Answer:
        done.append("help")
        return guidance.help

    async def slip() -> Answer:
        done.append("slip")
        raise BadUsage("slip")

    async with replying(unknown) as replies:
        for each in (work, slip):
            replies.start(PendingReply(about="help", target=ResponseUrl(asked.response_url)), each)
        await eventually(lambda: len(done) == 2)
        await replies.drain(0)

    told = [("Only you see" in seen.text, "don't understand `slip`" in seen.text) for seen in asked.messages]
    assert sorted(told) == [(False, True), (True, False)]
