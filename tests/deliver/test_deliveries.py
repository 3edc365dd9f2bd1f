"""What Slack answers to each thing that the outbox sends, and what the bot makes of it."""

import logging
import time
from pathlib import Path

import pytest

from bot.deliver.outbox import EDITS
from bot.domain.subscriptions import Key, Pause, Step, next_step
from bot.simulators.slack.workspace import SlackWorkspace
from tests.support import Office, log_text, office

STEPS = [step for step in Step if step is not Step.FORGET]
METHOD = dict.fromkeys(Step, "chat.postMessage") | dict.fromkeys(EDITS, "chat.update")


def each_of(*steps: Step) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("step", steps, ids=lambda step: step.name.lower())


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


@each_of(*STEPS)
@pytest.mark.parametrize(
    ("code", "trouble", "line"),
    [
        ("internal_error", None, "Slack does not take a message"),
        ("token_expired", "token_expired", "Slack refuses the bot"),
    ],
)
async def test_what_passes_is_tried_again(
    post: Office, step: Step, code: str, trouble: str | None, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A "not now", or refused credentials, change nothing that is kept, and a later try goes through."""
    caplog.set_level(logging.INFO)
    key = await ready_for(step, post)
    before = await post.kept(key)
    post.slack.chaos(lambda _, __: {"error": code})
    for _ in range(2):
        await post.outbox.deliver(key)
        assert await post.kept(key) == before
        assert (post.outbox.trouble and post.outbox.trouble.code) == trouble
    post.slack.chaos(None)
    await post.outbox.deliver(key)

    assert len(shown(post, step)) == 1
    assert next_step(await post.kept(key)) is not step
    assert post.outbox.trouble is None
    assert caplog.text.count(line) == caplog.text.count("Slack takes messages again") == 1
    assert f"told job=job-1 channel={post.channel} step={step.name.lower()}" in log_text(caplog)


@pytest.mark.parametrize("code", ["is_archived", "message_not_found"])
async def test_a_warning_that_cannot_be_edited_is_left(post: Office, code: str) -> None:
    """It is not tried for ever, and says nothing about the channel."""
    key = await ready_for(Step.EDIT_WARNING, post)
    post.slack.fail("chat.update", error=code)

    await post.outbox.deliver(key)

    subscription = await post.kept(key)
    assert (subscription.warning, subscription.pause, next_step(subscription)) == (None, None, None)


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (Step.POST_CARD, "a_code_of_next_year"),
        (Step.POST_CARD, "message_not_found"),
        (Step.POST_NOTICE, "a_code_of_next_year"),
        (Step.EDIT_CARD, "a_code_of_next_year"),
    ],
)
async def test_refused_channels_pause(
    post: Office, step: Step, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A code about the channel pauses the subscription: all is kept, and the person is to be told.

    A channel that fails and is then refused counts as failing no more.
    """
    caplog.set_level(logging.INFO)
    key = await ready_for(step, post)
    before = await post.kept(key)
    post.slack.fail(METHOD[step], error="internal_error")
    await post.outbox.deliver(key)
    assert await post.kept(key) == before
    post.slack.fail(METHOD[step], error=code)
    started = int(time.time())

    await post.outbox.deliver(key)

    after = await post.kept(key)
    assert after == before.model_copy(update={"pause": after.pause})
    assert after.pause is not None
    assert (after.pause.reason, after.pause.person_knows) == (code, False)
    assert after.pause.next_try >= started + 300
    assert "Slack refuses a message; the subscription is paused, and tried again later" in caplog.text
    assert caplog.text.count("Slack takes messages again") == 1
    await post.outbox.deliver(key)
    (told,) = post.slack.direct("U1")
    assert f"`{code}`" in told.text
    assert next_step(await post.kept(key)) is step
    assert post.outbox.trouble is None


@each_of(Step.POST_NOTICE, Step.EDIT_CARD)
async def test_a_lost_card_is_posted_anew(post: Office, step: Step, caplog: pytest.LogCaptureFixture) -> None:
    """When the card is gone, a new one is posted, and what was due goes into its thread."""
    key = await ready_for(step, post)
    old = (await post.kept(key)).card
    post.slack.fail(METHOD[step], error="message_not_found")
    for _ in range(3):
        await post.outbox.deliver(key)

    new = (await post.kept(key)).card
    assert old
    assert new
    assert new.ts != old.ts
    assert "Slack refuses a message" in caplog.text
    assert "paused" not in caplog.text
    assert next_step(await post.kept(key)) is None
    assert len(post.slack.thread(post.channel, new.ts)) == (1 if step is Step.POST_NOTICE else 0)


@pytest.mark.parametrize("code", ["a_code_of_next_year", "message_not_found"])
async def test_a_person_who_can_not_be_told(
    post: Office, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not tried for ever, and the reason of the pause is still that of the channel."""
    key = await ready_for(Step.TELL_PERSON, post)
    before = await post.kept(key)
    post.slack.fail("chat.postMessage", error=code)

    await post.outbox.deliver(key)

    after = await post.kept(key)
    assert after == before.model_copy(update={"pause": after.pause})
    assert after.pause is not None
    assert (after.pause.reason, after.pause.person_knows) == ("is_archived", True)
    assert "paused" not in caplog.text


@each_of(*STEPS)
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
    about = f"job=job-1 channel={post.channel} step={step.name.lower()} code=invalid_blocks"
    assert about in log_text(caplog)
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


async def test_a_message_that_cant_be_made_is_a_plain_word(
    slack: SlackWorkspace, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake in what messages are made of costs their looks; what happened is still told, and logged."""

    def broken(_: str) -> str:
        raise KeyError("console")

    async with office(slack, path, console_url=broken) as post:
        key = await post.followed()

        assert "`voice of job-1`" in post.posts()[0]["text"]
        assert f"a message can't be made job=job-1 channel={post.channel} step=" in log_text(caplog)
        assert (await post.kept(key)).card is not None


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
