"""What one person is told of subscriptions and languages: what came of asking."""
# ruff: noqa: RUF001  Chinese punctuation

from functools import partial

import pytest

from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.messages import job_card, private
from bot.messages.blocks import spoken
from bot.messages.context import Answer, MessageContext
from bot.messages.looked_up import looked_up
from tests.messages.reading import CONTEXT, CONTEXTS, ICONS, JOB_ID, followed, pressed, texts_of
from tests.messages.test_channel import REASONS, explained
from tests.records import NOW

ALL, LESS = followed(), followed(level=Level.IMPORTANT)
MINE = followed(address=Address("T1", "D1"))
VOICE = {"voice": "Morning News"}
SUBSCRIBE = f"`/voicejob subscribe {JOB_ID}`"
SHORT: list[tuple[Answer, str, str, dict[str, str]]] = [
    (partial(private.subscribed, ALL), "subscribed", "level-all", VOICE),
    (partial(private.subscribed, LESS), "subscribed", "level-important", VOICE),
    (partial(private.subscribed, MINE), "subscribed-direct", "level-all-direct", VOICE),
    (partial(private.already, LESS), "already", "level-important", VOICE | {"channel": "<#C1>"}),
    (partial(private.already, MINE), "already-direct", "level-all-direct", VOICE),
    (partial(private.level_changed, LESS), "level-changed", "level-important", VOICE),
    (partial(private.later, ALL), "later", "", VOICE),
    (partial(private.stopped, ALL), "stopped", "", VOICE | {"command": SUBSCRIBE}),
    (partial(private.stopped, MINE), "stopped", "", VOICE | {"command": f"{SUBSCRIBE[:-1]} me`"}),
    (
        partial(private.not_subscribed, JOB_ID),
        *("not-followed", ""),
        {"job": f"`{JOB_ID}`", "command": "`/voicejob list`"},
    ),
    (
        partial(private.not_subscribed, JOB_ID, channel_id="D1"),
        *("not-followed-direct", ""),
        {"job": f"`{JOB_ID}`", "command": f"{SUBSCRIBE[:-1]} me`"},
    ),
]
"""A short answer, the messages of the catalog that it and the level have, and what is filled in."""


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize(("make", "message", "level", "values"), SHORT)
def test_answer_says_what_happened_and_what_to_do(
    make: Answer, message: str, level: str, values: dict[str, str], context: MessageContext
) -> None:
    """It has a sentence or two, with the command to type; the text is the same without its picture."""
    words, made = context.words, make(context)
    levels = {"level": words(level)} if level else {}
    says = words(message, **values, **levels)

    assert texts_of(made)[0] == says
    assert made.text == ICONS.sub("", says).replace("*", "")


def test_answer_in_each_language() -> None:
    """Whole sentences, each with the voice in quotes."""
    says = [private.subscribed(LESS, context).text for context in CONTEXTS]

    assert says == [
        (
            "Following “Morning News”. Posting only when it needs you or finishes. "
            "To stop, use the button on its card."
        ),
        "已订阅“Morning News”。仅在需要您处理或任务结束时在此通知。如需停止，请使用卡片上的按钮。",
    ]


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


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize("reason", REASONS)
def test_refusal_can_be_tried_again(reason: str, context: MessageContext) -> None:
    """Where the bot may not post, its answer has the reason, the remedy, and a button for the same job."""
    words, kept = context.words, context.words("kept", **VOICE)
    here, there = (private.refused(ALL, reason, context, elsewhere=each) for each in (False, True))
    said, remedy = explained(reason, words)

    assert [part for part in ("<#C1>", said, remedy) if part not in there.text] == []
    for message, value in ((here, JOB_ID), (there, f"{JOB_ID} C1")):
        assert message.text.endswith(kept)
        assert pressed(message) == [(words("button-try-again"), "subscription_retry", value)]
        assert texts_of(message)[1] == f"{words('slack-code', code=f'`{reason}`')} · `{JOB_ID}`"


def test_refusal_in_the_channel_itself() -> None:
    """Whoever asks there sees that there is a channel; what it says is for them, as in their own message."""
    for reason, problem, advice in (
        ("channel_not_found", "not-here-yet", "advice-invite-here"),
        ("is_archived", "reason-is_archived", "advice-archived"),
    ):
        text = private.refused(ALL, reason, CONTEXT).text
        for part in (problem, advice):
            assert spoken(CONTEXT.words(part, invite="`/invite @voicejob`")) in text
    assert "/invite" not in private.refused(MINE, "channel_not_found", CONTEXT).text


def test_job_that_is_over_is_shown() -> None:
    """Instead of a subscription there is the job's card, and the reason."""
    message = private.over(followed("SUCCEED").job, CONTEXT, now=NOW)

    card = looked_up(followed("SUCCEED").job, CONTEXT, now=NOW)

    assert texts_of(message)[0] == CONTEXT.words("already-over")
    assert message.blocks[1:] == card.blocks
    assert message.text.endswith(f" {card.text}")
    assert pressed(message) == [
        ("Details", job_card.DETAILS, JOB_ID),
        ("Refresh", job_card.REFRESH, JOB_ID),
    ]


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
def test_languages(context: MessageContext) -> None:
    """Both are named, with the words to change them; a new one is spoken at once, beside the reader's."""
    words = context.words
    lines = [
        words(
            f"language-{whose}",
            language=words(f"language-name-{name}"),
            command=f"`/voicejob language {typed}`",
        )
        for whose, name, typed in (("here", "zh", "en|zh"), ("yours", "en", "en|zh me"))
    ]

    assert private.languages(Language.ZH, Language.EN, context).text.splitlines() == lines
    assert private.languages(None, Language.EN, context).text.splitlines() == lines[1:]
    chosen = [private.language_set(Language.ZH, context, is_persons=each).text for each in (False, True)]
    english = "From now on I write in Chinese in this channel.\n" if context is CONTEXT else ""
    assert chosen == [f"{english}我今后在本频道使用中文。", "我今后用中文回复您。"]


def test_old_button_says_how_to_come_by_a_new_one() -> None:
    """With the job's id, if the button had one."""
    for job_id, typed in ((JOB_ID, JOB_ID), ("", "&lt;job id or name&gt;")):
        said = CONTEXT.words("old-button", command=f"`/voicejob {typed}`")
        assert private.outdated_button(job_id, CONTEXT).text == said
