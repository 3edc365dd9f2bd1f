"""What one person is told of subscriptions: what came of asking, and a channel's list."""

import re

import pytest

from bot.domain.following import Following
from bot.domain.records import Level
from bot.messages import job_card, private
from bot.messages.blocks import Message
from tests.messages.reading import CONTEXT, JOB_ID, NOW_TOKEN, followed, paused_of, pressed, texts_of
from tests.messages.test_channel import REASONS
from tests.records import NOW

VOICE = f"`Morning News` (job `{JOB_ID}`)"
IMPORTANT = "important changes only: when the job waits for you, or is over"
ALL, LESS = followed(), followed(level=Level.IMPORTANT)
NO_MEMBER = paused_of("not_in_channel")


def list_of(every: list[Following], *, start: int = 0, checked_at: int | None = NOW) -> Message:
    return private.listing(every, CONTEXT, start=start, checked_at=lambda _: checked_at)


ANSWERS = {
    ":white_check_mark: Subscribed to `Morning News`. This channel is told of every change. "
    "To stop that, press *Unsubscribe* on its card.": private.subscribed(ALL),
    f"<@U0ALICE> has subscribed to {VOICE} here already. This channel is told of every change. "
    f"`/voicejob subscribe {JOB_ID} important` changes that.": private.already(ALL, CONTEXT),
    f"<@U0ALICE> has subscribed to {VOICE} here already. This channel is told of {IMPORTANT}. "
    f"`/voicejob subscribe {JOB_ID} all` changes that.": private.already(LESS, CONTEXT),
    f":white_check_mark: {VOICE}: this channel is now told of {IMPORTANT}.": private.level_changed(LESS),
    ":warning: I am not in this channel yet. Type `/invite @voicejob`, then press Try again. "
    "The subscription to `Morning News` is kept until then.": private.refused(
        NO_MEMBER, "not_in_channel", CONTEXT
    ),
    f":white_check_mark: This channel is not told of {VOICE} any more. "
    f"`/voicejob subscribe {JOB_ID}` subscribes it again.": private.stopped(ALL, CONTEXT),
    "This channel has no subscriptions. `/voicejob subscribe &lt;job_id&gt;` makes one.": list_of([]),
}
"""Every short answer, by how it reads."""


@pytest.mark.parametrize("says", ANSWERS)
def test_answer_says_what_happened_and_what_to_do(says: str) -> None:
    """The text and the block say the same, in sentences, with the command to type."""
    assert ANSWERS[says].text == says
    assert texts_of(ANSWERS[says])[0] == says


@pytest.mark.parametrize("reason", REASONS)
def test_refusal_can_be_tried_again(reason: str) -> None:
    """Where the bot may not post, its answer and the list have the remedy, and a button for the same job."""
    here = private.refused(paused_of(reason), reason, CONTEXT)
    elsewhere = private.refused(paused_of(reason), reason, CONTEXT, elsewhere=True)
    listed = list_of([paused_of(reason)])
    (_, row, _) = texts_of(listed)

    assert elsewhere.text.startswith(":warning: <#C1>: ")
    assert REASONS[reason] in elsewhere.text
    for message, value in ((here, JOB_ID), (elsewhere, f"{JOB_ID} C1")):
        assert pressed(message) == [("Try again", "subscription_retry", value)]
        assert texts_of(message)[1:] == [f"Slack calls it `{reason}`", f"`{JOB_ID}`"]
    assert f":warning: *Paused* since {NOW_TOKEN}: " in row
    assert REASONS[reason] in row
    assert row.endswith("2027-01-15 08:05 UTC>.")
    assert "`Morning News`: In training (paused), job" in listed.text


def test_job_that_is_over_is_shown() -> None:
    """Instead of a subscription there is the job's card, and the reason."""
    message = private.over(followed("SUCCEED").job, CONTEXT, now=NOW)

    assert message.text.startswith("This job is over: nothing about it will change, so I did not ")
    assert "`Morning News`: Succeeded" in message.text
    assert pressed(message) == [("Refresh", job_card.REFRESH, JOB_ID)]


def test_row_of_the_list_says_it_all() -> None:
    """A row has the voice, state, since when, level, who asked, last check, last message, and the id."""
    shown = followed(job={"lastupdate_time": NOW}, delivered_at=NOW)
    state = ":hourglass_flowing_sand: `Morning News`: *In training*"
    by = f"Subscribed by <@U0ALICE>, {NOW_TOKEN}"
    small = ["Told of every change", by, f"Checked {NOW_TOKEN}", f"Last message {NOW_TOKEN}", f"`{JOB_ID}`"]
    head, *row = texts_of(list_of([shown]))
    assert head == "*1 subscription in this channel*"
    assert row == [f"{state} since {NOW_TOKEN}", job_card.BETWEEN.join(small)]

    small[2:4] = ["Not checked since I was started", "No message yet"]
    _, *row = texts_of(list_of([followed()], checked_at=None))
    assert row == [state, job_card.BETWEEN.join(small)]


def test_buttons_of_a_row() -> None:
    """Each row can be ended and have the other level; a paused one can be tried again."""
    stop = ("Unsubscribe", private.LISTED_STOP, JOB_ID)
    important = ("Only important", private.LISTED_IMPORTANT, JOB_ID)

    assert pressed(list_of([ALL])) == [important, stop]
    assert pressed(list_of([LESS])) == [("Every change", private.LISTED_ALL, JOB_ID), stop]
    again = ("Try again", private.LISTED_RETRY, JOB_ID)
    assert pressed(list_of([paused_of("is_archived")])) == [again, important, stop]


@pytest.mark.parametrize("number", [1, 8, 9, 17])
def test_pages(number: int) -> None:
    """A page says which part of how many it is; who presses More to the end has seen each entry once."""
    every = [followed(job_id=f"job-{at}") for at in range(number)]
    total = f"{number} subscription{'s' * (number > 1)} in this channel"
    for start in range(0, number, private.PAGE_SIZE):
        end = min(start + private.PAGE_SIZE, number)
        message = list_of(every, start=start)
        head = total if number <= private.PAGE_SIZE else f"{total}: {start + 1} to {end}"
        other_pages = {private.PAGE: str(end)} if end < number else {}
        other_pages |= {private.FIRST_PAGE: "0"} if start else {}

        found = {action_id: value for _, action_id, value in pressed(message)}
        assert message.text.splitlines()[0] == f"{head}."
        assert texts_of(message)[0] == f"*{head}*"
        assert re.findall(r"job `(job-\d+)`", message.text) == [f"job-{at}" for at in range(start, end)]
        assert {key: found[key] for key in found if not key.endswith("_listed")} == other_pages
    for start in (number, 10**9, -1):
        assert list_of(every, start=start) == list_of(every), "the first page, if it is not there any more"
