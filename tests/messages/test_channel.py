"""What a channel is told: the card, the changes, and why nothing comes any more."""
# ruff: noqa: RUF001  Chinese punctuation

import re

import pytest

from bot.domain.following import Following
from bot.domain.jobs import GONE, STATES
from bot.domain.records import Address, Level
from bot.messages import channel, job_card
from bot.messages.blocks import Message
from bot.messages.channel import LONGEST_PATH
from bot.messages.context import MessageContext
from bot.simulators.slack.blockkit import buttons
from tests.messages.reading import (
    CHINESE,
    CONSOLE,
    CONTEXT,
    CONTEXTS,
    JOB_ID,
    LINKED,
    followed,
    paused_of,
    pressed,
    texts_of,
)
from tests.records import NOW, warning

FAILED = {"job_failed_code": "MSS.1", "job_failed_reason": "Too long.", "reject_times": 2}


def test_notice() -> None:
    """It has the path, the cause, and whose turn it is, with what comes next; the text says the same."""
    message = channel.notice(followed("SPLITTING", "AUDITING", "AUDIT_FAILED", job=FAILED), LINKED)

    assert texts_of(message) == [
        (
            ":point_right: *Morning News*: Splitting into sentences → In manual review → "
            "*Recordings rejected (2nd time)*\n"
            "“Too long.” (MSS.1)\n"
            "*Your turn: upload new recordings and resubmit* in the "
            f"<{CONSOLE.replace('&', '&amp;')}|MetaStudio console>. Next: review."
        )
    ]
    assert message.text == (
        "Morning News: Splitting into sentences → In manual review → Recordings rejected (2nd time). "
        "“Too long.” (MSS.1). Your turn: upload new recordings and resubmit in the MetaStudio console. "
        "Next: review."
    )


def test_notice_in_chinese() -> None:
    """The same with Chinese punctuation; what goes on by itself has no cause, and says that all is well."""
    failed = channel.notice(followed("AUDITING", "AUDIT_FAILED", job=FAILED), CHINESE)
    goes_on = channel.notice(followed("WAITING_SPLIT", "WAITING", job=FAILED), CHINESE)

    assert texts_of(failed) == [
        (
            ":point_right: *Morning News* · 人工审核中 → *审核失败，等待重传语料（第 2 次）*\n"
            "“Too long.”（MSS.1）\n"
            "*轮到您：请重新上传语料并再次提交* · 在 MetaStudio 控制台。下一步：审核。"
        )
    ]
    assert goes_on.text == (
        "Morning News：等待切割 → 等待训练（第 2 次）。MetaStudio 处理中，您无需操作。下一步：训练。"
    )


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", ""])
def test_text_of_a_notice_says_it_all(state: str, context: MessageContext) -> None:
    """Phones get only the text: which voice, from where to where, whose turn, what to do, what next."""
    shown, words = followed("SPLITTING", state, job={"job_failed_code": "MSS.1"}), context.words
    message = channel.notice(shown, context)
    labels = [job_card.label(each, words) for each in ("SPLITTING", state)]
    if state == "SPLITTING":
        labels[1] = words("state-again", state=labels[1])

    said = job_card.cause(shown.job, words), job_card.turn(shown.job, context).replace("*", "")
    next_ = job_card.next_step(state, words)
    for part in ("Morning News", " → ".join(labels), *said, next_ and words("notice-next", next=next_)):
        assert part in message.text


@pytest.mark.parametrize("length", [2, LONGEST_PATH, LONGEST_PATH + 1, 64])
def test_long_path_is_shortened_in_the_middle(length: int) -> None:
    """Of a long path the beginning and the end are named."""
    message = channel.notice(followed(*(f"STATE_{number}" for number in range(length))), CONTEXT)
    named = re.findall(r"STATE_(\d+)", message.text)
    whole = list(map(str, range(length)))

    assert named == (whole if length <= LONGEST_PATH else [*whole[:2], *whole[3 - LONGEST_PATH :]])
    assert (" → … → " in message.text) is (length > LONGEST_PATH)


MINE = Address("T1", "D1")
STOPPED, OVER = "Updates stopped by <@U0BOB>.", "Job finished; updates stopped."
GOES_ON = {"Refresh": channel.REFRESH_CARD, "Unsubscribe": channel.STOP}
AGAIN = {"Subscribe": job_card.SUBSCRIBE}
CARDS: dict[str, tuple[Following, str, dict[str, str]]] = {
    "goes on": (followed(), "", GOES_ON),
    "direct message": (followed(address=MINE), "", GOES_ON),
    "important": (followed(level=Level.IMPORTANT), "", GOES_ON),
    "stopped": (followed(stopped_by="U0BOB"), STOPPED, AGAIN),
    "over": (followed("SUCCEED"), OVER, {}),
    "stopped and over": (followed("FAILED", stopped_by="U0BOB"), STOPPED, {}),
}
"""A followed job, what its card says of the subscription, and the buttons for what is still possible."""


@pytest.mark.parametrize(("shown", "note", "possible"), CARDS.values(), ids=CARDS)
def test_card(shown: Following, note: str, possible: dict[str, str]) -> None:
    """While it goes on, a card is silent on the subscription; then it says why nothing comes any more."""
    card = channel.card(shown, LINKED, now=NOW)
    console = ("Open console", job_card.OPEN_CONSOLE, CONSOLE)

    small = texts_of(card)[-1]
    assert small.startswith(f"{note} · " if note else f"`{shown.state}` · ")
    assert card.text.endswith(" ".join(filter(None, ["", note, f"Job `{JOB_ID}`."])))
    assert {*pressed(card)} == {console, *((*button, JOB_ID) for button in possible.items())}


def confirmation(message: Message) -> list[str]:
    """Return the title, the text and the two buttons of the dialog of a message."""
    (dialog,) = [each["confirm"] for _, each in buttons(message.blocks) if "confirm" in each]
    return [text["text"] for text in dialog.values()]


def test_stopping_is_confirmed() -> None:
    """The dialog names the voice, and who gets no more messages: the channel, or the one who reads it."""
    stop = ["Stop updates on “Morning News”?", "This channel gets no more messages about it."]
    mine = ["停止通知“Morning News”？", "您将不再收到该任务的消息。", "停止通知", "保留"]

    assert confirmation(channel.card(followed(), CONTEXT, now=NOW)) == [*stop, "Stop updates", "Keep"]
    assert confirmation(channel.card(followed(address=MINE), CHINESE, now=NOW)) == mine
    elsewhere = confirmation(channel.paused(paused_of("is_archived"), CONTEXT))
    assert elsewhere[1] == "The channel gets no more messages about it."


def test_plain_text_names_the_job() -> None:
    """Without blocks, there are the voice, the state and the id."""
    shown = followed()

    assert channel.plain_text(shown, CONTEXT) == Message(f"“Morning News”: Training. Job `{JOB_ID}`.", [])
    assert channel.plain_text(shown, CHINESE).text == f"“Morning News”：任务训练中。任务 `{JOB_ID}`。"


def test_paused() -> None:
    """It says where, why, what to do and that nothing is lost; small print has the job and Slack's code."""
    message = channel.paused(paused_of("not_in_channel"), CONTEXT)

    assert texts_of(message) == [
        (
            ":warning: *Updates in <#C1> are paused*: I'm no longer in the channel.\n"
            "Type `/invite @voicejob` in the channel, then press *Try again*. Nothing is lost."
        ),
        "“Morning News”: Training · Slack: `not_in_channel`",
    ]
    assert message.text == (
        "Updates in <#C1> are paused: I'm no longer in the channel. Type `/invite @voicejob` in the channel, "
        "then press Try again. Nothing is lost. “Morning News”: Training."
    )
    assert pressed(message) == [
        ("Try again", channel.RETRY, f"{JOB_ID} C1"),
        ("Unsubscribe", channel.STOP, f"{JOB_ID} C1"),
    ]


def test_paused_in_chinese() -> None:
    """The same in Chinese."""
    assert texts_of(channel.paused(paused_of("is_archived"), CHINESE)) == [
        (
            ":warning: *通知已暂停* · <#C1>：该频道已归档。\n"
            "请在其他频道中订阅，或取消归档该频道后点击“重试”。消息不会丢失。"
        ),
        "“Morning News”：任务训练中 · Slack：`is_archived`",
    ]


ASK, INVITE = "Ask whoever runs your workspace to let me post", "`/invite @voicejob`"
REASONS = {
    "not_in_channel": ("I'm no longer in the channel.", INVITE),
    "channel_not_found": ("I'm no longer in the channel, or it no longer exists.", INVITE),
    "is_archived": ("The channel is archived.", "Follow the job in another channel"),
    "no_permission": ("I'm not allowed to post there.", ASK),
    "restricted_action": ("The workspace's rules don't let me post there.", ASK),
    "team_access_not_granted": ("The workspace's rules don't let me post there.", ASK),
    "invalid_blocks": ("Slack can't read my message, which is a mistake of mine.", "Tell your admin;"),
    "brand_new": ("Slack refuses my messages.", ASK),
}
"""Slack's code for a refusal, and what is said of the reason and the remedy."""


@pytest.mark.parametrize("reason", REASONS)
def test_pause_has_its_reason_and_remedy(reason: str) -> None:
    """What Slack's code means stands in words, and what to do; of a code that is not known, too."""
    said, remedy = REASONS[reason]
    message = channel.paused(paused_of(reason), CONTEXT)

    assert f"are paused: {said} " in message.text
    assert remedy in message.text
    assert texts_of(message)[1].endswith(f"Slack: `{reason}`")


def test_pause_of_a_direct_message_addresses_its_reader() -> None:
    """There is no channel to invite the bot to."""
    for reason in ("channel_not_found", "messages_tab_disabled"):
        message = channel.paused(paused_of(reason, address=MINE), CONTEXT)
        assert message.text.startswith("Updates in our direct message are paused: ")
        assert not re.search("the channel|<#|/invite", message.text)


def test_channel_is_named_as_slack_shows_it() -> None:
    """A channel is a link, and anything else is just characters."""
    named = ["<#C0VOICES>", "<#G0VOICES>", "`&lt;!channel&gt;`"]

    assert [channel.channel(each) for each in ("C0VOICES", "G0VOICES", "<!channel>")] == named


@pytest.mark.parametrize("shown", [followed(), followed(stopped_by="U1"), None])
def test_warning_says_that_it_is_over(shown: Following | None) -> None:
    """It names the voice and the channel, or addresses its reader, and says whether updates go on there."""
    message = channel.pause_over(warning(job_id=JOB_ID), Address("T1", "C0VOICES"), shown, CONTEXT)
    voice = f"“voice of {JOB_ID}”"
    on = f"I can post in <#C0VOICES> again; updates on {voice} go on there."
    ended = f"Nobody follows {voice} in <#C0VOICES> any more, so its pause is over."

    assert message.text == (on if shown and shown.subscription else ended)
    mine = channel.pause_over(warning(job_id=JOB_ID), MINE, shown, CHINESE)
    assert mine.text.startswith(
        "我又可以给您发消息了；" if shown and shown.subscription else "您已不再为自己订阅"
    )
    assert texts_of(message) == [f":white_check_mark: {message.text}", f"`{JOB_ID}`"]
