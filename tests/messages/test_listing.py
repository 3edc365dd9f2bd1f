"""The list of what a channel follows."""
# ruff: noqa: RUF001  Chinese punctuation

import re
from dataclasses import replace

import pytest

from bot.domain.following import Following
from bot.domain.records import Level
from bot.messages import listing, pages
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from tests.messages.reading import AGO, CHINESE, CONTEXT, JOB_ID, followed, paused_of, pressed, texts_of
from tests.records import NOW

AT = "<!date^1800000000^{0} {{date_short_pretty}} {{time}}|{0} 2027-01-15 08:00 UTC>"
NEXT = "<!date^1800000300^next try {date_short_pretty} {time}|next try 2027-01-15 08:05 UTC>"


def list_of(
    every: list[Following],
    context: MessageContext = CONTEXT,
    *,
    channel_id: str = "C1",
    start: int = 0,
    checked_at: int | None = NOW,
    checks_fail: bool = False,
) -> Message:
    """Make a page of the list."""
    return listing.listing(
        every,
        context,
        channel_id=channel_id,
        start=start,
        checked_at=lambda _: checked_at,
        checks_fail=checks_fail,
    )


def test_row() -> None:
    """It has the voice, the state and since when; in small print the level, who asked, the check, the id."""
    shown = followed("AUDITING", job={"lastupdate_time": NOW, "reject_times": 2})
    head, *row = texts_of(list_of([shown]))

    assert head == "*This channel follows one job*"
    assert row == [
        f":hourglass_flowing_sand: *Morning News* · In manual review (2nd time), {AGO}",
        f"every update · by <@U0ALICE> · {AT.format('checked')} · `{JOB_ID}`",
    ]
    assert list_of([shown]).text == (
        f"This channel follows one job\n“Morning News”: In manual review. Job `{JOB_ID}`."
    )


def test_row_in_chinese() -> None:
    """The same in Chinese; without a time, the state stands alone, and so does a job not checked yet."""
    message = list_of([followed(level=Level.IMPORTANT)], CHINESE, checked_at=None)

    assert texts_of(message) == [
        "*本频道订阅了 1 个任务*",
        ":hourglass_flowing_sand: *Morning News* · 任务训练中",
        f"仅重要变化 · 由 <@U0ALICE> 订阅 · 启动后尚未查询 · `{JOB_ID}`",
    ]


def test_paused_channel_says_why_and_what_to_do() -> None:
    """The reason, the remedy, and when the bot tries by itself stand once, on top; in words, each waits."""
    every = [paused_of("not_in_channel"), paused_of("not_in_channel", job_id="job-2")]
    message, chinese = (list_of(every, context) for context in (CONTEXT, CHINESE))

    assert texts_of(message)[1] == (
        ":warning: *Paused*: I'm no longer in the channel. Type `/invite @voicejob` in the channel, then "
        f"press *Try again*. Or wait: {NEXT}."
    )
    assert texts_of(chinese)[1] == (
        ":warning: *已暂停* · 我已不在该频道中。请在该频道中输入 `/invite @voicejob` 并点击“重试”。"
        f"{NEXT.replace('next try {', '下次尝试：{').replace('next try ', '下次尝试：')}。"
    )
    assert str(message.blocks).count("*Paused*") == message.text.count("Paused") == 1
    assert message.text.endswith("“Morning News”: Training. Job `job-2`. (paused)")


def test_a_channel_that_the_bot_never_was_in_is_not_said_to_be_left() -> None:
    """Before the first card there is nothing that the bot could have left."""
    shown = paused_of("not_in_channel")
    new = replace(shown, delivery=replace(shown.delivery, card=None))

    assert "I'm not in this channel yet. Type" in texts_of(list_of([new]))[1]
    assert "I'm no longer in the channel. Type" in texts_of(list_of([new, shown]))[1]


def test_own_list_says_why_beside_each_entry() -> None:
    """One's own are in several conversations, of which each may be paused for a reason of its own."""
    every = [paused_of("not_in_channel"), followed(), paused_of("is_archived")]
    message = listing.own(every, CONTEXT, start=0, checked_at=lambda _: NOW)

    assert ["*Paused*" in text for text in texts_of(message)[1::2]] == [True, False, True]


def test_list_says_that_checks_fail() -> None:
    """What stands there may be old: that is said first, in the text too."""
    said = "I can't reach MetaStudio right now, so this may be out of date. I'll keep trying."
    message = list_of([followed()], checks_fail=True)

    assert texts_of(message)[1] == f":warning: {said}"
    assert message.text.splitlines()[1] == said
    assert said not in list_of([followed()]).text


NONE = {
    "C1": "This channel follows no job. `/voicejob subscribe &lt;job id or name&gt;` follows one.",
    "D1": "You follow no job here. `/voicejob subscribe &lt;job id or name&gt; me` follows one.",
}


@pytest.mark.parametrize("channel_id", NONE)
def test_empty_list_says_how_to_begin(channel_id: str) -> None:
    """In a direct message its reader is addressed, and told the words for themselves."""
    message = list_of([], channel_id=channel_id)

    assert message.text == NONE[channel_id]
    assert texts_of(message) == [message.text]
    heads = {"C1": "This channel follows 2 jobs", "D1": "You follow 2 jobs here"}
    assert texts_of(list_of([followed()] * 2, channel_id=channel_id))[0] == f"*{heads[channel_id]}*"


def test_buttons_of_a_row() -> None:
    """Each row can be ended and have the other level; a paused one can be tried again."""
    stop = ("Unsubscribe", listing.STOP, JOB_ID)
    important, every = (
        ("Only important", listing.TO_IMPORTANT, JOB_ID),
        ("Every update", listing.TO_ALL, JOB_ID),
    )

    assert pressed(list_of([followed()])) == [important, stop]
    assert pressed(list_of([followed(level=Level.IMPORTANT)])) == [every, stop]
    again = ("Try again", listing.RETRY, JOB_ID)
    assert pressed(list_of([paused_of("is_archived")])) == [again, important, stop]


@pytest.mark.parametrize("number", [1, 10, 11, 21])
def test_pages(number: int) -> None:
    """A page says which part of how many it is; who presses More to the end has seen each entry once."""
    every = [followed(job_id=f"job-{at}") for at in range(number)]
    total = f"This channel follows {'one job' if number == 1 else f'{number} jobs'}"
    for start in range(0, number, pages.PAGE_SIZE):
        end = min(start + pages.PAGE_SIZE, number)
        message = list_of(every, start=start)
        head = total if number <= pages.PAGE_SIZE else f"{total}: {start + 1} to {end}"
        other_pages = {listing.PAGE: str(end)} if end < number else {}
        other_pages |= {listing.FIRST_PAGE: "0"} if start else {}

        found = {action_id: value for _, action_id, value in pressed(message)}
        assert message.text.splitlines()[0] == head
        assert texts_of(message)[0] == f"*{head}*"
        assert re.findall(r"Job `(job-\d+)`", message.text) == [f"job-{at}" for at in range(start, end)]
        assert {key: found[key] for key in found if not key.endswith("_listed")} == other_pages
    for start in (number, 10**9, -1):
        assert list_of(every, start=start) == list_of(every), "the first page, if it is not there any more"
    assert [pages.page_start(at) for at in (0, 9, 10, 21)] == [0, 0, 10, 20]
