"""What whole lives of jobs cost a channel: each state is told once, and few messages are shown in it."""

from collections import Counter

import pytest

from bot.domain.languages import Language
from bot.domain.records import Level
from bot.messages.job_card import label
from bot.messages.texts import words_in
from tests.delivery_judge import path_in
from tests.support import Office

LIVES = {
    "to success": (
        "SYSTEM_AUDITING AUDITING WAITING_SPLIT SPLITTING WAITING PROCESSING USER_RESULT_REVIEW SUCCEED",
        "USER_RESULT_REVIEW SUCCEED",
    ),
    "sent back twice": (
        "AUDITING AUDIT_FAILED AUDITING AUDIT_FAILED AUDITING WAITING PROCESSING UPLOADING SUCCEED",
        "AUDIT_FAILED AUDIT_FAILED SUCCEED",
    ),
    "sent back twice in a row": ("AUDIT_FAILED AUDIT_FAILED AUDITING", "AUDIT_FAILED AUDIT_FAILED"),
    "begun anew": ("AUDITING CREATING AUDITING", "CREATING"),
    "failed": ("SPLITTING SPLIT_FAILED SPLITTING PROCESSING FAILED", "SPLIT_FAILED FAILED"),
    "deleted": ("PROCESSING gone", "gone"),
    "result rejected": (
        "USER_RESULT_REVIEW USER_REVIEW_REJECT PROCESSING RESULT_REVIEW USER_RESULT_REVIEW UPLOADING SUCCEED",
        "USER_RESULT_REVIEW USER_RESULT_REVIEW SUCCEED",
    ),
    "unknown state": ("NEW_STATE PROCESSING", "NEW_STATE"),
}
"""The states of a job after its card was posted; those that are our turn, or may be, or its end."""


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(("life", "ours"), LIVES.values(), ids=LIVES)
async def test_a_life(post: Office, life: str, ours: str, level: Level) -> None:
    """One card; each change is a reply to it, shown in the channel where it is ours, or with "all"."""
    await post.followed(level=level)
    times: Counter[str] = Counter()
    for state in life.split():
        times[state] += 1
        await post.job_is("job-1", state, reject_times=times[state])
        await post.settled()

    card, *in_channel = post.slack.messages(post.channel)
    replies = post.slack.thread(post.channel, card.ts)
    for state, reply in zip(life.split(), replies, strict=True):
        assert f"→ {label(state, words_in(Language.EN))}" in reply.text
    of_channel = [state for state, reply in zip(life.split(), replies, strict=True) if reply in in_channel]
    assert of_channel == (ours if level is Level.IMPORTANT else life).split()
    assert len(in_channel) == len(of_channel)
    assert len(post.posts()) == 1 + len(replies)
    assert len(post.edits()) == len(replies)


@pytest.mark.parametrize(
    ("burst", "is_shown"),
    [
        ("PROCESSING RESULT_REVIEW USER_RESULT_REVIEW", True),
        ("USER_RESULT_REVIEW UPLOADING", False),
        ("AUDIT_FAILED AUDITING AUDIT_FAILED", True),
        ("PROCESSING FAILED gone", True),
    ],
)
async def test_a_burst(idle: Office, burst: str, *, is_shown: bool) -> None:
    """What piled up is one message, shown in the channel if it is our turn now, or over; and one edit."""
    async with idle.running():
        await idle.followed(level=Level.IMPORTANT)
    for state in burst.split():
        await idle.job_is("job-1", state, reject_times=2)
    async with idle.running():
        await idle.settled()

    (reply,) = idle.slack.thread(idle.channel, idle.slack.messages(idle.channel)[0].ts)
    assert path_in(reply.text) == ("WAITING", *burst.split())
    assert reply.reply_broadcast == is_shown
    assert (len(idle.posts()), len(idle.edits())) == (2, 1)
