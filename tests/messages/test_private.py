"""What one person is told of subscriptions and languages: what came of asking."""
# ruff: noqa: RUF001  Chinese punctuation

from functools import partial

import pytest

from bot.domain.languages import Language
from bot.domain.records import Address, Level
from bot.messages import job_card, private
from bot.messages.context import Answer
from tests.messages.reading import CHINESE, CONTEXT, ICONS, JOB_ID, followed, pressed, texts_of
from tests.messages.test_channel import REASONS
from tests.records import NOW

ALL, LESS = followed(), followed(level=Level.IMPORTANT)
MINE = followed(address=Address("T1", "D1"))
SHORT: dict[str, tuple[Answer, str, str]] = {
    "subscribed": (
        partial(private.subscribed, LESS),
        (
            "Following “Morning News”. Posting only when it needs you or finishes. To stop, press "
            "*Unsubscribe* on its card."
        ),
        "已订阅“Morning News”。仅在需要您处理或任务结束时在此通知。如需停止，请点击卡片上的“取消订阅”。",
    ),
    "subscribed, in a direct message": (
        partial(private.subscribed, MINE),
        (
            "Following “Morning News” for you, in our direct message. You get every update. To stop, press "
            "*Unsubscribe* on its card there."
        ),
        "",
    ),
    "already": (
        partial(private.already, ALL),
        "<#C1> already follows “Morning News”. Posting every update here.",
        "<#C1> 已订阅“Morning News”。每次变化都在此通知。",
    ),
    "already, in a direct message": (
        partial(private.already, MINE),
        "You already follow “Morning News”. You get every update.",
        "您已订阅“Morning News”。每次变化都通知您。",
    ),
    "level": (
        partial(private.level_changed, LESS),
        "“Morning News”: Posting only when it needs you or finishes.",
        "“Morning News”：仅在需要您处理或任务结束时在此通知。",
    ),
    "stopped": (
        partial(private.stopped, ALL),
        f"Updates on “Morning News” stopped. To follow it again: `/voicejob subscribe {JOB_ID}`",
        f"已停止通知“Morning News”。如需重新订阅：`/voicejob subscribe {JOB_ID}`",
    ),
    "stopped, in a direct message": (
        partial(private.stopped, MINE),
        f"Updates on “Morning News” stopped. To follow it again: `/voicejob subscribe {JOB_ID} me`",
        "",
    ),
    "not followed": (
        partial(private.not_subscribed, JOB_ID),
        f"Job `{JOB_ID}` is not followed here. `/voicejob list` shows what is.",
        f"此处未订阅任务 `{JOB_ID}`。`/voicejob list` 可查看已订阅的任务。",
    ),
    "later": (
        partial(private.later, ALL),
        "Following “Morning News”. Its card could not be posted yet; it comes by itself.",
        "已订阅“Morning News”。卡片暂时无法发送，稍后会自动发送。",
    ),
}
"""Each short answer, and how it reads in English and in Chinese."""


@pytest.mark.parametrize("name", SHORT)
def test_answer_says_what_happened_and_what_to_do(name: str) -> None:
    """It has a sentence or two, with the command to type; the text is the same without its picture."""
    make, *expected = SHORT[name]
    for context, says in zip((CONTEXT, CHINESE), expected, strict=True):
        if says:
            message = make(context)
            assert ICONS.sub("", texts_of(message)[0]) == says
            assert message.text == says.replace("*", "")


def test_buttons_that_change_a_subscription() -> None:
    """Where there is one already, it can be changed or ended; elsewhere the buttons name the channel."""
    for shown, label, action_id in (
        (ALL, "Only important", private.LEVEL_IMPORTANT),
        (LESS, "Every update", private.LEVEL_ALL),
    ):
        for elsewhere, value in ((False, JOB_ID), (True, f"{JOB_ID} C1")):
            message = private.already(shown, CONTEXT, elsewhere=elsewhere)
            assert pressed(message) == [
                (label, action_id, value),
                ("Unsubscribe", "subscription_stop", value),
            ]


@pytest.mark.parametrize("reason", REASONS)
def test_refusal_can_be_tried_again(reason: str) -> None:
    """Where the bot may not post, its answer has the reason, the remedy, and a button for the same job."""
    here, there = (private.refused(ALL, reason, CONTEXT, elsewhere=elsewhere) for elsewhere in (False, True))
    said, remedy = REASONS[reason]

    assert there.text.startswith(f"<#C1>: {said} ")
    for message, value in ((here, JOB_ID), (there, f"{JOB_ID} C1")):
        assert remedy in message.text
        assert message.text.endswith("“Morning News” is kept until then.")
        assert pressed(message) == [("Try again", "subscription_retry", value)]
        assert texts_of(message)[1] == f"Slack: `{reason}` · `{JOB_ID}`"


def test_refusal_in_the_channel_itself() -> None:
    """Whoever asks there sees that there is a channel; in their own message they are told of that one."""
    english, chinese = (private.refused(ALL, "channel_not_found", context) for context in (CONTEXT, CHINESE))
    mine = private.refused(MINE, "channel_not_found", CONTEXT)

    assert english.text == (
        "I'm not in this channel yet. Type `/invite @voicejob`, then press Try again. “Morning News” is kept "
        "until then."
    )
    assert chinese.text == (
        "我还不在此频道中。请输入 `/invite @voicejob`，然后点击“重试”。“Morning News”的订阅会保留到那时。"
    )
    assert "/invite" not in mine.text


def test_job_that_is_over_is_shown() -> None:
    """Instead of a subscription there is the job's card, and the reason."""
    message = private.over(followed("SUCCEED").job, CONTEXT, now=NOW)

    assert message.text.startswith(
        "This job has finished, so there's nothing to follow. Morning News: Succeeded"
    )
    assert pressed(message) == [("Refresh", job_card.REFRESH, JOB_ID)]


def test_languages() -> None:
    """Both are named, each by its own name, with the words to change them; without a channel, one's own."""
    both = private.languages(Language.ZH, Language.EN, CONTEXT).text.splitlines()
    (own,) = private.languages(None, Language.ZH, CHINESE).text.splitlines()

    assert both == [
        "In this channel I write in 中文. To change that: `/voicejob language en|zh`",
        "To you I write in English. To change that: `/voicejob language me en|zh`",
    ]
    assert own.endswith("：`/voicejob language me en|zh`")
    set_ = [private.language_set(each, CHINESE, is_persons=True).text for each in Language]
    assert set_ == ["To you I write in English from now on.", "我今后对您使用中文。"]


def test_old_button_says_how_to_come_by_a_new_one() -> None:
    """With the job's id, if the button had one."""
    said = "This button is from an earlier version of mine. `/voicejob {0}` shows a new card."

    for job_id, typed in ((JOB_ID, JOB_ID), ("", "&lt;job id&gt;")):
        assert private.outdated_button(job_id, CONTEXT).text == said.format(typed)
