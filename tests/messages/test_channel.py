"""What a channel is told: the card, the changes, and why nothing comes any more."""
# ruff: noqa: RUF001  Chinese punctuation

import re

import pytest

from bot.domain.following import Following
from bot.domain.jobs import GONE, STATES
from bot.domain.keys import Address
from bot.domain.records import Level
from bot.messages import channel, job_card
from bot.messages.blocks import Message, spoken
from bot.messages.channel import LONGEST_PATH
from bot.messages.context import MessageContext
from bot.messages.texts import Words
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
            "*需要您处理：请在 MetaStudio 控制台中重新上传语料并再次提交。* 下一步：审核。"
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

    said = *job_card.why(shown.job, None, words), job_card.turn(shown.job, context).replace("*", "")
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
DETAILS = {"Details": job_card.DETAILS}
IS_MINE = DETAILS | {"Refresh": channel.REFRESH_CARD, "Unsubscribe": channel.STOP}
GOES_ON = {"Tell me": job_card.TELL_ME} | IS_MINE
AGAIN = {"Subscribe": job_card.SUBSCRIBE} | DETAILS
CARDS: dict[str, tuple[Following, str, dict[str, str]]] = {
    "goes on": (followed(), "", GOES_ON),
    "direct message": (followed(address=MINE), "", IS_MINE),
    "important": (followed(level=Level.IMPORTANT), "", GOES_ON),
    "stopped": (followed(stopped_by="U0BOB"), STOPPED, AGAIN),
    "over": (followed("SUCCEED"), OVER, DETAILS),
    "stopped and over": (followed("FAILED", stopped_by="U0BOB"), STOPPED, {"Why?": job_card.DETAILS}),
}
"""A followed job, what its card says of the subscription, and the buttons for what is still possible."""


@pytest.mark.parametrize(("shown", "note", "possible"), CARDS.values(), ids=CARDS)
def test_card(shown: Following, note: str, possible: dict[str, str]) -> None:
    """While it goes on, a card is silent on the subscription; then it says why nothing comes any more."""
    card = channel.card(shown, LINKED, now=NOW)
    console = ("Open console", job_card.OPEN_CONSOLE, CONSOLE)
    every = [(*button, JOB_ID) for button in possible.items()]
    end = [every.pop()] if "Unsubscribe" in possible else []

    said, small = texts_of(card)
    assert [line for line in said.splitlines() if "stopped" in line] == ([note] if note else [])
    assert card.text.endswith(note)
    assert small.startswith(f"`{shown.state}` · ")
    assert pressed(card) == [*every, console, *end]


def test_card_of_a_deleted_job() -> None:
    """It says that no more comes, does not call the job finished, and asks MetaStudio nothing about it."""
    card = channel.card(followed("PROCESSING", GONE), LINKED, now=NOW)
    said, _ = texts_of(card)

    assert pressed(card) == [("Open console", job_card.OPEN_CONSOLE, CONSOLE)]
    assert "Deleted" in said
    assert said.splitlines()[-1] == "Updates stopped."


def confirmation(message: Message) -> list[str]:
    """Return the title, the text and the two buttons of the dialog of a message."""
    (dialog,) = [each["confirm"] for _, each in buttons(message.blocks) if "confirm" in each]
    return [text["text"] for text in dialog.values()]


def test_stopping_is_confirmed() -> None:
    """The dialog names the voice, and who gets no more messages: the channel, or the one who reads it."""
    stop = ["Stop updates on “Morning News”?", "This channel gets no more messages about it."]
    mine = ["停止接收“Morning News”的通知？", "您将不再收到该任务的消息。", "停止通知", "保留订阅"]

    assert confirmation(channel.card(followed(), CONTEXT, now=NOW)) == [*stop, "Stop updates", "Keep"]
    assert confirmation(channel.card(followed(address=MINE), CHINESE, now=NOW)) == mine
    elsewhere = confirmation(channel.paused(paused_of("is_archived"), CONTEXT))
    assert elsewhere[1] == "The channel gets no more messages about it."


def test_plain_text_names_the_job() -> None:
    """Without blocks, there are the voice, the state and the id."""
    shown = followed()

    assert channel.plain_text(shown, CONTEXT) == Message(f"“Morning News”: Training. Job `{JOB_ID}`.", [])
    assert channel.plain_text(shown, CHINESE).text == f"“Morning News”：任务训练中 · 任务 `{JOB_ID}`"


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
        "“Morning News”：任务训练中 · Slack 返回 `is_archived`",
    ]


REASONS = {
    "not_in_channel": ("reason-not_in_channel", "advice-invite"),
    "channel_not_found": ("reason-channel_not_found", "advice-invite"),
    "is_archived": ("reason-is_archived", "advice-archived"),
    "no_permission": ("reason-no_permission", "advice-ask"),
    "restricted_action": ("reason-restricted", "advice-ask"),
    "team_access_not_granted": ("reason-restricted", "advice-ask"),
    "invalid_blocks": ("reason-malformed", "advice-malformed"),
    "brand_new": ("reason-none", "advice-ask"),
}
"""Slack's code for a refusal, and the messages of the catalog on the reason and the remedy."""


def explained(reason: str, words: Words) -> list[str]:
    """Return the reason and the remedy of a refusal, as a text has them."""
    said, remedy = REASONS[reason]
    return [spoken(words(said)), spoken(words(remedy, invite="`/invite @voicejob`"))]


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize("reason", REASONS)
def test_pause_has_its_reason_and_remedy(reason: str, context: MessageContext) -> None:
    """What Slack's code means stands in words, and what to do; of a code that is not known, too."""
    message = channel.paused(paused_of(reason), context)

    assert [part for part in explained(reason, context.words) if part not in message.text] == []
    assert texts_of(message)[1].endswith(f"`{reason}`")


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
    goes_on = bool(shown and shown.subscription)
    what, voice = "pause-over" if goes_on else "pause-ended", f"voice of {JOB_ID}"

    assert texts_of(message) == [
        CONTEXT.words(what, voice=voice, channel="<#C0VOICES>"),
        f"`{JOB_ID}`",
    ]
    mine = channel.pause_over(warning(job_id=JOB_ID), MINE, shown, CHINESE)
    assert texts_of(mine)[0] == CHINESE.words(f"{what}-direct", voice=voice)
