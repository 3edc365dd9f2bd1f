"""Each message says all of itself to whoever hears it, or sees only its text, in each language."""

import re

import pytest

from bot.domain.following import Following
from bot.domain.jobs import GONE, STATES
from bot.domain.keys import Address
from bot.listeners.actions import PAGES
from bot.messages import channel, guidance, home, job_card, listing, modals, private
from bot.messages.blocks import LABEL_LIMIT, Message, spoken
from bot.messages.context import MessageContext
from bot.messages.looked_up import looked_up
from bot.simulators.slack.blockkit import buttons
from tests.messages.kinds import about_the_job, every_message
from tests.messages.reading import CHINESE, ICONS, JOB_ID, LINKED, followed, paused_of, texts_of
from tests.records import NOW

VOICE = "女声 Morning"
JOB = {
    "voice_name": VOICE,
    "job_failed_code": "MSS.1",
    "job_failed_reason": "too loud",
    "lastupdate_time": NOW,
    "reject_times": 2,
}
EVERY = [
    *(paused_of("is_archived", "BEFORE", state, job=JOB) for state in (*STATES, GONE, "BRAND_NEW", "")),
    followed("AUDITING", "AUDIT_FAILED", job=JOB, address=Address("T1", "D1")),
    followed("AUDITING", job=JOB, stopped_by="U0BOB"),
]
NAMES_NO_JOB = {
    *PAGES,
    *home.LANGUAGES.values(),
    *(home.REFRESH, modals.BACK, job_card.TRY_AGAIN, guidance.TYPED_AGAIN),
}
"""Buttons that are there once, and that of a problem, in which the voice is not known."""

in_each_language = pytest.mark.parametrize("context", [LINKED, CHINESE], ids=["en", "zh"])
of_any_job = pytest.mark.parametrize("shown", EVERY, ids=lambda shown: shown.state or "none")


@in_each_language
@of_any_job
def test_text_has_only_words(shown: Following, context: MessageContext) -> None:
    """It has no name of an emoji, no bar, no asterisk and no address, which would be read aloud."""
    for message in every_message(shown, "said", context):
        words = re.sub("`[^`]*`|<!date[^>]*>", "", message.text)
        assert not re.search(r":\w+:|[▰▱*]|<http", words)


@in_each_language
@of_any_job
def test_buttons_can_be_told_apart(shown: Following, context: MessageContext) -> None:
    """What is read of a button begins with its label, and names the voice."""
    for message in every_message(shown, "said", context):
        for _, button in buttons(message.blocks):
            if button["action_id"] not in NAMES_NO_JOB:
                label, heard = button["text"]["text"], button["accessibility_label"]
                whole = context.words("button-about", button=label, voice=VOICE)
                assert heard == whole or button["action_id"].startswith("board_")
                assert heard.startswith(label)


@in_each_language
def test_long_name_does_not_hide_what_a_button_does(context: MessageContext) -> None:
    """Slack takes 75 characters: the name is cut, not the label."""
    message = private.already(followed(job={"voice_name": "n" * 400}), context)

    for _, button in buttons(message.blocks):
        assert len(button["accessibility_label"]) == LABEL_LIMIT
        assert button["accessibility_label"].startswith(f"{button['text']['text']}")


@in_each_language
@of_any_job
def test_no_state_is_shown_by_a_picture_alone(shown: Following, context: MessageContext) -> None:
    """Whoever takes the pictures away still reads the state, and that a channel is paused."""
    label = job_card.label(shown.state, context.words)
    for message in about_the_job(shown, context):
        if message.text != "-":
            read = "\n".join(ICONS.sub("", text) for text in [message.text, *texts_of(message)])
            assert label in read
    above = [text for text in texts_of(list_of(shown, context)) if VOICE not in text]
    assert bool(shown.pause) is any(text.startswith(":warning: *") for text in above)


def list_of(shown: Following, context: MessageContext) -> Message:
    return listing.listing([shown], context, channel_id=shown.channel_id, start=0, checked_at=lambda _: NOW)


@in_each_language
@of_any_job
def test_text_is_complete(shown: Following, context: MessageContext) -> None:
    """It has the voice, the state, the cause, whose turn it is, what to do, what comes next, and the id."""
    words = context.words
    state, why = job_card.state_with_times(shown.job, words), job_card.why(shown.job, None, words)
    turn, next_ = spoken(job_card.turn(shown.job, context)), job_card.next_step(shown.state, words)
    card, found = channel.card(shown, context, now=NOW), looked_up(shown.job, context, now=NOW)
    told = [channel.notice(shown, context)] if shown.path else []

    for message in (card, found, *told):
        assert [part for part in (VOICE, state, *why, turn, next_) if part not in message.text] == []
    for message in (card, found, list_of(shown, context), channel.plain_text(shown, context)):
        assert f"`{JOB_ID}`" in message.text


@in_each_language
def test_text_of_a_pause_is_complete(context: MessageContext) -> None:
    """It has the channel, the reason, what to do, that nothing is lost, and where the job is."""
    shown = paused_of("not_in_channel", job=JOB)
    parts = [
        "<#C1>",
        channel.reason_of("not_in_channel", "C1", context.words),
        "/invite @voicejob",
        context.words("button-try-again"),
        context.words("paused-safe"),
        VOICE,
        job_card.label(shown.state, context.words),
    ]

    assert [part for part in parts if part not in channel.paused(shown, context).text] == []


@in_each_language
@of_any_job
def test_card_always_begins_the_same(shown: Following, context: MessageContext) -> None:
    """Slack quotes the beginning of a card above each reply that is shown in the channel."""
    begins = context.words("named-card", voice=VOICE, job=f"`{JOB_ID}`", said="").rstrip()

    assert channel.card(shown, context, now=NOW).text.startswith(begins)
