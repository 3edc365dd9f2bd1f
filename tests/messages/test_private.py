"""What one person is told of subscriptions: what came of asking, and a channel's list."""

import re
from typing import Any

import pytest
from hypothesis import given

from bot.domain.jobs import Job
from bot.domain.subscriptions import Level, Subscription
from bot.messages import job_card, private
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from bot.simulators.slack.blockkit import buttons
from tests.domain.subscriptions import NOW
from tests.messages.reading import (
    CONTEXT,
    HOSTILE,
    JOB_ID,
    NOW_TOKEN,
    as_json,
    check,
    labels,
    paused_of,
    subscription_of,
    texts_of,
)
from tests.messages.test_channel import REASONS, odd_subscriptions
from tests.profiles import examples

VOICE = f"`Morning News` (job `{JOB_ID}`)"
IMPORTANT = "important changes only: when the job waits for you, or is over"


LESS = subscription_of(level=Level.IMPORTANT)


def list_of(subscription: list[Subscription], *, start: int = 0, checked_at: int | None = NOW) -> Message:
    return private.listing(subscription, CONTEXT, start=start, checked_at=lambda _: checked_at)


ANSWERS = {
    ":white_check_mark: Subscribed to `Morning News`. This channel is told of every change. "
    "To stop that, press *Unsubscribe* on its card.": private.subscribed(subscription_of()),
    f":white_check_mark: Subscribed to `Morning News`. This channel is told of {IMPORTANT}. "
    "To stop that, press *Unsubscribe* on its card.": private.subscribed(LESS),
    f"<@U0ALICE> has subscribed to {VOICE} here already. This channel is told of every change. "
    f"`/voicejob subscribe {JOB_ID} important` changes that.": private.already(subscription_of(), CONTEXT),
    f"<@U0ALICE> has subscribed to {VOICE} here already. This channel is told of {IMPORTANT}. "
    f"`/voicejob subscribe {JOB_ID} all` changes that.": private.already(LESS, CONTEXT),
    f":white_check_mark: {VOICE}: this channel is now told of every change.": private.level_changed(
        subscription_of()
    ),
    f":white_check_mark: {VOICE}: this channel is now told of {IMPORTANT}.": private.level_changed(LESS),
    ":warning: I am not in this channel yet. Type `/invite @voicejob`, then press Try again. "
    "The subscription to `Morning News` is kept until then.": private.refused(
        paused_of("not_in_channel"), CONTEXT
    ),
    ":warning: I can't post in a direct message between people, and can't be invited to one, so it is not "
    "subscribed. Subscribe in a channel, or in your direct message with `@voicejob`.": private.not_in_direct(
        CONTEXT
    ),
    f":hourglass_flowing_sand: The subscription to {VOICE} is kept, but its message could not be posted yet. "
    "It comes here by itself, as soon as it can.": private.later(subscription_of()),
    f":white_check_mark: This channel is not told of {VOICE} any more. "
    f"`/voicejob subscribe {JOB_ID}` subscribes it again.": private.stopped(subscription_of(), CONTEXT),
    f"This channel is not subscribed to the job `{JOB_ID}`. `/voicejob list` shows what it is "
    "subscribed to.": private.not_subscribed(JOB_ID, CONTEXT),
    "Only members of the workspace that I belong to can use my commands and buttons. Ask one of them in this "
    "channel.": private.outsider(),
    "This channel has no subscriptions. `/voicejob subscribe &lt;job_id&gt;` makes one.": list_of([]),
}
"""Every short answer, by how it reads."""


class TestAnswers:
    """What came of asking."""

    @pytest.mark.parametrize("says", ANSWERS)
    def test_answer_says_what_happened_and_what_to_do(self, says: str) -> None:
        """The text and the block say the same, in sentences, with the command to type."""
        assert ANSWERS[says].text == says
        assert texts_of(ANSWERS[says])[0] == says
        check(ANSWERS[says])

    @pytest.mark.parametrize(("reason", "says"), REASONS.items(), ids=REASONS)
    def test_refusal_can_be_tried_again(self, reason: str, says: str) -> None:
        """Where the bot may not post, its answer has the remedy, and a button for the same job."""
        here = private.refused(paused_of(reason), CONTEXT)
        elsewhere = private.refused(paused_of(reason), CONTEXT, elsewhere=True)

        assert says in elsewhere.text
        assert "<#C1>: " in elsewhere.text
        for message, value in ((here, JOB_ID), (elsewhere, f"{JOB_ID} C1")):
            ((_, button),) = buttons(message.blocks)
            assert (button["text"]["text"], button["value"]) == ("Try again", value)
            assert button["action_id"] == "subscription_retry"
            assert texts_of(message)[1:] == [f"Slack calls it `{reason}`", f"`{JOB_ID}`"]
            check(message)

    def test_job_that_is_over_is_shown(self) -> None:
        """Instead of a subscription there is the job's card, and the reason."""
        message = private.over(subscription_of("SUCCEED").job, CONTEXT, now=NOW)

        assert message.text.startswith("This job is over: nothing about it will change, so I did not ")
        assert "`Morning News`: Succeeded" in message.text
        assert labels(message) == ["Refresh"]
        check(message)


class TestList:
    """A channel's list."""

    def test_row_says_everything(self) -> None:
        """A row has the voice, state, since when, level, who asked, last check, last message, and the id."""
        subscription = subscription_of(job={"lastupdate_time": NOW}, delivered_at=NOW)

        assert texts_of(list_of([subscription])) == [
            "*1 subscription in this channel*",
            f":hourglass_flowing_sand: `Morning News`: *In training* since {NOW_TOKEN}",
            job_card.BETWEEN.join(
                [
                    "Told of every change",
                    f"Subscribed by <@U0ALICE>, {NOW_TOKEN}",
                    f"Checked {NOW_TOKEN}",
                    f"Last message {NOW_TOKEN}",
                    f"`{JOB_ID}`",
                ]
            ),
        ]

    def test_row_says_what_is_not_known_yet(self) -> None:
        """Right after a start nothing was checked, and a new subscription had no message."""
        (_, row, small) = texts_of(list_of([subscription_of()], checked_at=None))

        assert job_card.BETWEEN.join(["Not checked since I was started", "No message yet"]) in small
        assert "since <!date" not in row

    @pytest.mark.parametrize(("reason", "says"), REASONS.items(), ids=REASONS)
    def test_paused_row_says_why(self, reason: str, says: str) -> None:
        """A paused one has the reason, the remedy, and when the bot tries next; the text names it too."""
        message = list_of([paused_of(reason)])
        (_, row, _) = texts_of(message)

        assert f":warning: *Paused* since {NOW_TOKEN}: " in row
        assert says in row
        assert row.endswith("2026-01-02 03:09 UTC>.")
        assert "`Morning News`: In training (paused), job" in message.text

    @pytest.mark.parametrize(
        ("subscription", "found"),
        [
            (subscription_of(), ["Only important", "Unsubscribe"]),
            (subscription_of(level=Level.IMPORTANT), ["Every change", "Unsubscribe"]),
            (paused_of("is_archived"), ["Try again", "Only important", "Unsubscribe"]),
        ],
    )
    def test_buttons_of_a_row(self, subscription: Subscription, found: list[str]) -> None:
        """Each row can be ended and have the other level; a paused one can be tried again."""
        message = list_of([subscription])
        actions = {
            "Only important": private.LISTED_IMPORTANT,
            "Every change": private.LISTED_ALL,
            "Unsubscribe": private.LISTED_STOP,
            "Try again": private.LISTED_RETRY,
        }

        assert labels(message) == found
        for _, button in buttons(message.blocks):
            assert (button["action_id"], button["value"]) == (actions[button["text"]["text"]], JOB_ID)
            assert ("confirm" in button) is (button["text"]["text"] == "Unsubscribe")
        check(message)

    @pytest.mark.parametrize("number", [1, 8, 9, 16, 23, 100])
    def test_pages(self, number: int) -> None:
        """A page says which part of how many it is; who presses More to the end has seen each entry once."""
        every = [subscription_of(job_id=f"job-{at}") for at in range(number)]
        total = f"{number} subscription{'s' * (number > 1)} in this channel"
        for start in range(0, number, private.PAGE_SIZE):
            end = min(start + private.PAGE_SIZE, number)
            message = list_of(every, start=start)
            head = total if number <= private.PAGE_SIZE else f"{total}: {start + 1} to {end}"
            other_pages = {private.PAGE: str(end)} if end < number else {}
            other_pages |= {private.FIRST_PAGE: "0"} if start else {}

            found = {button["action_id"]: button["value"] for _, button in buttons(message.blocks)}
            assert message.text.splitlines()[0] == f"{head}."
            assert texts_of(message)[0] == f"*{head}*"
            assert re.findall(r"job `(job-\d+)`", message.text) == [f"job-{at}" for at in range(start, end)]
            assert {key: found[key] for key in found if not key.endswith("_listed")} == other_pages
            check(message)

    @pytest.mark.parametrize("start", [9, 10**9, -1])
    def test_a_page_that_is_not_there(self, start: int) -> None:
        """The first one is shown instead: subscriptions may have ended meanwhile."""
        every = [subscription_of(job_id=f"job-{at}") for at in range(9)]

        assert list_of(every, start=start) == list_of(every)


class TestAnything:
    """Any subscription at all."""

    @given(odd_subscriptions())
    @examples(30)
    def test_every_answer_is_one_that_slack_takes(self, subscription: Subscription) -> None:
        """Nothing from outside breaks an answer, comes alive in it, or makes it too long."""
        for message in (
            private.subscribed(subscription),
            private.already(subscription, CONTEXT),
            private.level_changed(subscription),
            private.over(subscription.job, CONTEXT, now=NOW),
            private.refused(subscription, CONTEXT),
            private.later(subscription),
            private.stopped(subscription, CONTEXT),
            private.not_subscribed(subscription.job_id, CONTEXT),
        ):
            check(message)
        check(list_of([subscription, subscription]))

    @pytest.mark.parametrize("filler", [HOSTILE, "&", "x", "女", "<"])
    def test_longest_of_everything_fits(self, filler: str) -> None:
        """Eight entries with endless names, states and ids fit into one message, and into its text."""
        long = (filler * 5000)[:5000]
        job = Job.from_api({"job_id": long, "voice_name": long, "state": f"X{long}", "lastupdate_time": NOW})
        subscription = paused_of(long, subscribed_by=long, job_id=long[:900]).model_copy(update={"job": job})
        context = MessageContext(region=long, bot_name=long, command="/voicejob", console_url=lambda _: None)

        check(private.listing([subscription] * 9, context, start=0, checked_at=lambda _: NOW))
        check(private.subscribed(subscription))
        for made in (private.refused, private.already, private.stopped):
            check(made(subscription, context))

    def test_nothing_personal_is_listed(self) -> None:
        """The list shows no personal field."""
        secret: dict[str, Any] = {"phone": "SECRETSECRET", "app_user_id": "SECRETSECRET"}
        subscription = subscription_of().model_copy(update={"job": Job.from_api({"job_id": JOB_ID} | secret)})

        assert "SECRETSECRET" not in as_json(list_of([subscription]))
