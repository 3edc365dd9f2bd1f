"""What Slack answers to each thing that the outbox sends, and what the bot makes of it."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from bot.deliver.outbox import EDITS
from bot.domain.subscriptions import Key, Pause, Step, Subscription, next_step
from bot.simulators.slack.faults import Fault
from bot.simulators.slack.workspace import SlackWorkspace
from tests.support import Office, log_text, office

LATER: dict[str, Fault] = {
    "a code": {"error": "internal_error"},
    "no answer": {"status": 502, "body": "<html>Bad Gateway</html>"},
    "cut": {"drop": True},
    "429": {"retry_after": 0},
}
"""Ways in which Slack can't just now; what each of its codes means is tested by itself."""
STEPS = [step for step in Step if step is not Step.FORGET]


def each_of(*steps: Step) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("step", steps, ids=lambda step: step.name.lower())


each_step = each_of(*STEPS)
METHOD = dict.fromkeys(Step, "chat.postMessage") | dict.fromkeys(EDITS, "chat.update")


async def ready_for(step: Step, post: Office) -> Key:
    """Keep a subscription that comes to this step next."""
    if step is Step.POST_CARD:
        return await post.follow()
    key = await post.followed()
    if step in (Step.TELL_PERSON, Step.EDIT_WARNING):
        now = int(time.time())
        pause = Pause(reason="is_archived", since=now, tries=1, next_try=now + 300, person_knows=False)
        await post.update(key, pause=pause)
        if step is Step.EDIT_WARNING:
            await post.outbox.deliver(key)
            await post.update(key, pause=None)
    else:
        await post.job_is(key, "AUDIT_FAILED")
        if step is Step.EDIT_CARD:
            await post.outbox.deliver(key)
    post.slack.calls.clear()
    assert next_step(await post.kept(key)) is step
    return key


def shown(post: Office, step: Step) -> list[str]:
    """List the texts that people can see because of this step."""
    if step is Step.TELL_PERSON:
        return [seen.text for seen in post.slack.direct("U1")]
    if step is Step.EDIT_WARNING:
        return [seen.text for seen in post.slack.direct("U1") if seen.edited]
    if step is Step.EDIT_CARD:
        return [seen.text for seen in post.slack.messages(post.channel) if seen.edited]
    wanted = [seen for seen in post.slack.messages(post.channel) if not seen.edited]
    return [seen.text for seen in wanted if bool(seen.thread_ts) is (step is Step.POST_NOTICE)]


def without(subscription: Subscription, *fields: str) -> dict[str, Any]:
    return subscription.model_dump(exclude=set(fields))


async def fails_then_works(post: Office, key: Key, step: Step) -> None:
    """See that a failure changed nothing, and that the same step is taken the next time."""
    before = await post.kept(key)
    await post.outbox.deliver(key)
    assert await post.kept(key) == before
    post.slack.revoke(None)
    post.slack.chaos(None)

    await post.outbox.deliver(key)

    assert len(shown(post, step)) == 1
    assert next_step(await post.kept(key)) is not step
    assert post.outbox.trouble is None


@each_step
@pytest.mark.parametrize("fault", LATER.values(), ids=LATER)
async def test_what_passes_is_tried_again(
    post: Office, step: Step, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """A "not now", or no proper answer, changes nothing that is kept, and the next try goes through."""
    caplog.set_level(logging.INFO)
    key = await ready_for(step, post)
    post.slack.fail(METHOD[step], **fault)

    await fails_then_works(post, key, step)

    assert caplog.text.count("Slack does not take a message") == 1
    assert caplog.text.count("Slack takes messages again") == 1


@each_step
async def test_refused_credentials_are_a_trouble(
    post: Office, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    """When Slack refuses the bot, nothing is lost, it is told once, and it is over when Slack accepts it."""
    caplog.set_level(logging.INFO)
    key = await ready_for(step, post)
    post.slack.revoke("token_expired")
    before = await post.kept(key)

    for _ in range(2):
        await post.outbox.deliver(key)
        assert post.outbox.trouble is not None
        assert post.outbox.trouble.code == "token_expired"
        assert await post.kept(key) == before
    await fails_then_works(post, key, step)

    assert caplog.text.count("Slack refuses the bot") == 1
    assert caplog.text.count("Slack takes messages again") == 1


@pytest.mark.parametrize("code", ["is_archived", "message_not_found"])
async def test_a_warning_that_cannot_be_edited_is_left(post: Office, code: str) -> None:
    """It is not tried for ever, and says nothing about the channel."""
    key = await ready_for(Step.EDIT_WARNING, post)
    post.slack.fail("chat.update", error=code)

    await post.outbox.deliver(key)

    subscription = await post.kept(key)
    assert (subscription.warning, subscription.pause, next_step(subscription)) == (None, None, None)


@each_of(Step.POST_CARD, Step.POST_NOTICE, Step.EDIT_CARD, Step.TELL_PERSON)
async def test_refused_channels_pause(post: Office, step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """A code about the channel pauses the subscription: all is kept, and the person is to be told."""
    key = await ready_for(step, post)
    before = await post.kept(key)
    code = "a_code_of_next_year"
    post.slack.fail(METHOD[step], error=code)
    started = int(time.time())

    await post.outbox.deliver(key)

    after = await post.kept(key)
    assert without(after, "pause") == without(before, "pause")
    assert after.pause is not None
    is_told = "Slack refuses a message; the subscription is paused, and tried again later" in caplog.text
    assert is_told is (step is not Step.TELL_PERSON)
    if step is Step.TELL_PERSON:
        assert after.pause.reason == "is_archived"  # that of the channel, not of the person
        assert after.pause.person_knows
    else:
        assert after.pause.reason == code
        assert not after.pause.person_knows
        assert after.pause.next_try >= started + 300
        await post.outbox.deliver(key)
        assert len(post.slack.direct("U1")) == 1
        assert f"`{code}`" in post.slack.direct("U1")[0].text
        assert next_step(await post.kept(key)) is step
    assert post.outbox.trouble is None


@each_of(Step.POST_NOTICE, Step.EDIT_CARD)
async def test_a_lost_card_is_posted_anew(post: Office, step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """When the card is gone, a new one is posted, and what was due goes into its thread."""
    key = await ready_for(step, post)
    old = (await post.kept(key)).card
    post.slack.fail(METHOD[step], error="message_not_found")

    await post.outbox.deliver(key)
    await post.outbox.deliver(key)
    new = (await post.kept(key)).card
    await post.outbox.deliver(key)

    assert old is not None
    assert new is not None
    assert new.ts != old.ts
    assert "Slack refuses a message" in caplog.text
    assert "paused" not in caplog.text
    assert next_step(await post.kept(key)) is None
    assert len(post.slack.thread(post.channel, new.ts)) == (1 if step is Step.POST_NOTICE else 0)


async def test_a_card_that_is_gone_at_once_is_a_refusal(post: Office) -> None:
    """Where each new card is called gone, the subscription pauses instead of posting card after card."""
    code = "cannot_reply_to_message"
    key = await ready_for(Step.POST_NOTICE, post)
    post.slack.chaos(lambda _, sent: {"error": code} if "thread_ts" in sent else None)

    for _ in range(10):
        await post.outbox.deliver(key)
        pause = (await post.kept(key)).pause
        if pause and pause.person_knows:
            break

    subscription = await post.kept(key)
    assert subscription.pause is not None
    assert subscription.pause.reason == code
    assert subscription.notice is not None
    assert len([sent for sent in post.posts() if "thread_ts" not in sent]) == 1
    assert len(post.slack.direct("U1")) == 1


@each_of(Step.POST_CARD, Step.TELL_PERSON)
async def test_gone_makes_no_sense_where_nothing_was(post: Office, step: Step) -> None:
    """A new message that is called gone is refused, and nothing is lost by it."""
    key = await ready_for(step, post)
    post.slack.fail("chat.postMessage", error="message_not_found")

    await post.outbox.deliver(key)

    assert (await post.kept(key)).pause is not None


@each_step
async def test_our_fault_goes_as_plain_text(
    post: Office, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that Slack calls malformed is sent once more, without its looks, and that is logged."""
    key = await ready_for(step, post)
    post.slack.fail(METHOD[step], error="invalid_blocks")

    await post.outbox.deliver(key)

    rich, plain = (call.arguments for call in post.slack.calls)
    assert rich["blocks"]
    assert "blocks" not in plain
    assert shown(post, step) == [plain["text"]]
    assert plain["text"] == rich["text"]
    assert next_step(await post.kept(key)) is not step
    assert f"job=job-1 channel={post.channel} step={step.name.lower()} code=invalid_blocks" in log_text(
        caplog
    )
    assert plain["text"] not in caplog.text


async def test_a_message_that_is_refused_even_plain_pauses(post: Office) -> None:
    """Where Slack refuses the plain text too, which keeps below its limit, there is no endless loop."""
    key = await post.follow()
    job = (await post.kept(key)).job.model_copy(update={"state": "FAILED", "job_failed_reason": "x" * 9000})
    await post.update(key, job=job)
    post.slack.fail("chat.postMessage", error="msg_too_long", times=2)

    await post.outbox.deliver(key)

    _, plain = post.posts()
    assert len(plain["text"]) <= 3000
    pause = (await post.kept(key)).pause
    assert pause is not None
    assert pause.reason == "msg_too_long"


@each_of(Step.POST_CARD, Step.EDIT_CARD)
async def test_a_message_that_cant_be_made_is_a_plain_word(
    slack: SlackWorkspace, tmp_path: Path, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake in what messages are made of costs their looks; what happened is still told, and logged."""

    def broken(_: str) -> str:
        raise KeyError("console")

    async with office(slack, tmp_path / "store", console_url=broken) as post:
        key = await ready_for(step, post)
        await post.outbox.deliver(key)

        assert "`voice of job-1`" in shown(post, step)[0]
        assert f"a message can't be made job=job-1 channel={post.channel} step=" in log_text(caplog)
        assert next_step(await post.kept(key)) is not step


@pytest.mark.parametrize(
    ("level", "state", "shows"),
    [("all", "PROCESSING", True), ("important", "PROCESSING", False), ("important", "AUDIT_FAILED", True)],
)
async def test_notices_are_replies(post: Office, level: str, state: str, *, shows: bool) -> None:
    """A notice stands in the card's thread, and in the channel too where level and importance say so."""
    key = await post.followed(level=level)
    await post.job_is(key, state)

    await post.outbox.deliver(key)

    card = (await post.kept(key)).card
    assert card is not None
    (reply,) = post.slack.thread(post.channel, card.ts)
    assert reply.reply_broadcast is shows


async def test_a_person_who_is_here_is_not_told_again(post: Office) -> None:
    """Who subscribes and sees the refusal at once gets no direct message about it."""
    post.slack.archive(post.channel)
    key = await post.follow()

    await post.outbox.deliver(key, person_is_here=True)
    await post.outbox.deliver(key)

    pause = (await post.kept(key)).pause
    assert pause is not None
    assert pause.person_knows
    assert post.slack.direct("U1") == []


async def test_logs_name_no_secret_and_no_text(post: Office, caplog: pytest.LogCaptureFixture) -> None:
    """What is logged of a delivery names job, channel and step, and neither token nor message."""
    caplog.set_level(logging.DEBUG, logger="bot")
    key = await post.follow()
    for error in ("internal_error", "invalid_blocks", "not_in_channel", "invalid_auth"):
        post.slack.fail("chat.postMessage", error=error)
        await post.outbox.deliver(key)
    await post.outbox.deliver(key)

    text = log_text(caplog)
    assert f"told job=job-1 channel={post.channel} step=post_card" in text
    assert "voice of job-1" not in text
    assert "xoxb" not in text
