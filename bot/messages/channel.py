"""PURE. Messages of a subscription: its card, the notices in its thread, and warnings of a pause."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.jobs import meaning_of
from bot.domain.slack_errors import NOT_A_MEMBER, Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.domain.subscriptions import Level, Notice, Subscription
from bot.messages import job_card
from bot.messages.blocks import (
    Element,
    Message,
    actions,
    button,
    code,
    confirm,
    context_block,
    date,
    joined,
    mention,
    quoted,
    section,
)
from bot.messages.job_card import ICONS, console_button
from bot.messages.texts import en

REFRESH_CARD: Final = "subscription_refresh"
STOP: Final = "subscription_stop"
RETRY: Final = "subscription_retry"
"""action_ids of a subscription's buttons. Their value is the job id."""

LEVELS: Final[Mapping[Level, str]] = {
    Level.ALL: "every change",
    Level.IMPORTANT: "important changes only: when the job waits for you, or is over",
}
CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]+")
LONGEST_PATH: Final = 12
"""States that a message names; of a longer path, the first and the last ones."""


@dataclass(frozen=True, kw_only=True)
class MessageContext:
    """What the messages of one bot have in common."""

    region: str
    bot_name: str
    """The bot's user name in Slack, which people invite."""
    command: str
    """With its slash."""
    console_url: Callable[[str], str | None]
    """Gives a job's own page, if the operator told where that is."""


def card(subscription: Subscription, context: MessageContext, *, now: int) -> Message:
    """Return a subscription's card; ``now`` is epoch seconds."""
    by = mention(subscription.subscribed_by)
    notes = [f"{level_text(subscription)}.", f"Subscribed by {by}."]
    if subscription.stopped_by:
        notes = [f"Stopped by {mention(subscription.stopped_by)}. This channel is not told of it any more."]
    elif subscription.is_over:
        notes = ["The job is over, and the subscription with it."]
    small = [*notes, f"Region {code(context.region)}", f"As of {date(now)}"]
    return Message(
        f"{_summary(subscription)} {' '.join(notes)}",
        job_card.card(subscription.job, _card_buttons(subscription, context), small),
    )


def level_text(subscription: Subscription) -> str:
    """Return the sentence on who is told of which changes, without its full stop."""
    return f"{recipient(subscription).capitalize()} told of {LEVELS[subscription.level]}"


def recipient(subscription: Subscription) -> str:
    """Return who is told, with the verb. In a direct message with the bot, that is the reader."""
    return "you are" if subscription.channel_id.startswith("D") else "this channel is"


def voice_name(subscription: Subscription) -> str:
    """Return the name of the job's voice, as mrkdwn."""
    return code(job_card.title(subscription.job))


def _card_buttons(subscription: Subscription, context: MessageContext) -> list[Element]:
    console = console_button(context.console_url(subscription.job_id))
    if subscription.is_over:
        return console
    if subscription.stopped_by:
        return [button("Subscribe channel", job_card.SUBSCRIBE, subscription.job_id), *console]
    return [
        button("Refresh", REFRESH_CARD, subscription.job_id),
        *console,
        stop_button(subscription.job_id, STOP),
    ]


def stop_button(value: str, action_id: str) -> Element:
    """Return the button that ends a subscription, with a confirmation dialog."""
    question = confirm(
        "Unsubscribe this channel?",
        "It will not be told any more when the state of this job changes.",
        yes="Unsubscribe",
        no="Keep it",
    )
    return button("Unsubscribe", action_id, value, confirm=question)


def _summary(subscription: Subscription) -> str:
    """Return the job's state and whose turn it is, in sentences."""
    state = subscription.state
    sentences = [
        f"{voice_name(subscription)}: {label(state)}.",
        job_card.turn(state),
        job_card.following(state),
        *job_card.causes_in_words(subscription.job),
    ]
    return joined(*sentences)


def label(state: str) -> str:
    """Return a state's label; one that is new to the bot keeps the name that MetaStudio gives it."""
    text = job_card.state_text(state)
    return quoted(state) if text is en.UNKNOWN_STATE else text.label


def _labels(path: Sequence[str]) -> list[str]:
    """Return the labels of a path; a state can follow itself, when it occurs once more."""
    before = (None, *path)
    return [f"{label(state)}{' again' * (state == last)}" for last, state in zip(before, path, strict=False)]


def notice(subscription: Subscription, pending: Notice) -> Message:
    """Return the message on changes of state: what they mean, and what to do."""
    state = pending.path[-1]
    voice, path = voice_name(subscription), _shortened(_labels(pending.path))
    text = [
        f"{voice}: {' → '.join(path)}.",
        job_card.turn(state),
        job_card.following(state),
        *job_card.causes_in_words(subscription.job),
    ]
    shown_path = " → ".join([*path[:-1], f"*{path[-1]}*"])
    lines = [
        f"{ICONS[meaning_of(state).phase]} {voice}: {shown_path}",
        joined(job_card.turn_in_bold(state), job_card.following(state)),
    ]
    return Message(joined(*text), [section("\n".join(lines)), *job_card.failure(subscription.job)])


def plain_text(subscription: Subscription) -> Message:
    """Return the job's state as plain text, for when the proper message can't be made."""
    voice, state = voice_name(subscription), label(subscription.state)
    return Message(f"{voice}: {state}. Job {code(subscription.job_id)}.", [])


def _shortened(path: list[str]) -> list[str]:
    return path if len(path) <= LONGEST_PATH else [*path[:2], "…", *path[3 - LONGEST_PATH :]]


def paused(subscription: Subscription, context: MessageContext) -> Message:
    """Return the direct message to the person who subscribed: the bot may not post, and what to do."""
    any_more = " any more" if subscription.delivered_at else ""
    said = (
        f"I can't post in {channel(subscription.channel_id)}{any_more}, so nobody there is told how "
        f"{voice_name(subscription)} goes on. {pause_text(subscription, context)} Nothing is lost: "
        "I keep the subscription, and go on trying from time to time. "
        f"{code(f'{context.command} list')} there shows all that is paused."
    )
    buttons = [
        button("Try again", RETRY, button_value(subscription)),
        stop_button(button_value(subscription), STOP),
    ]
    job = context_block(f"Now: {label(subscription.state)}", code(subscription.job_id))
    return Message(said, [section(f":warning: {said}"), actions(*buttons), job])


def pause_over(subscription: Subscription) -> Message:
    """Return what takes the place of that message, once it is no longer true."""
    voice, where = voice_name(subscription), channel(subscription.channel_id)
    ended = f"The subscription to {voice} in {where} was ended, so nothing is told there any more."
    said = (
        ended
        if subscription.stopped_by
        else f"I can post in {where} again, and tell there how {voice} goes on."
    )
    job = context_block(f"Now: {label(subscription.state)}", code(subscription.job_id))
    return Message(said, [section(f":white_check_mark: {said}"), job])


def channel(channel_id: str) -> str:
    """Format a channel id as a link, which Slack shows as its name; a direct message has none."""
    if channel_id.startswith("D"):
        return "our direct message"
    return f"<#{channel_id}>" if CHANNEL_ID.fullmatch(channel_id) else code(channel_id)


def button_value(subscription: Subscription) -> str:
    """Return the value of a button outside the subscription's channel: job id and channel id."""
    return f"{subscription.job_id} {subscription.channel_id}"


def pause_text(subscription: Subscription, context: MessageContext) -> str:
    """Return why a subscription is paused, and what to do about it, in sentences."""
    reason = subscription.pause.reason if subscription.pause else ""
    return f"{reason_of(reason)} {what_to_do(reason, context)} (Slack calls it {code(reason)}.)"


def reason_of(code: str) -> str:
    """Return the sentence on why Slack refuses to let the bot post in a channel; ``code`` is Slack's."""
    if code in en.CANNOT_POST:
        return en.CANNOT_POST[code]
    if refusal_of(code) is Refusal.OUR_FAULT:
        return en.MALFORMED
    return en.RESTRICTED if code.startswith("restricted_action") else en.NO_REASON


def what_to_do(reason: str, context: MessageContext, *, here: bool = False) -> str:
    """Return what a person can do about one of Slack's refusals; ``here``: they are in the channel."""
    if reason in NOT_A_MEMBER:
        where = "" if here else " in the channel"
        return f"Type {code(f'/invite @{context.bot_name}')}{where}, then press Try again."
    if reason in {"is_archived", "is_inactive"}:
        return "Subscribe in another channel, or have this one reopened and press Try again."
    if refusal_of(reason) is Refusal.MESSAGE_GONE:
        return "I will post a new one by myself; to have it now, press Try again."
    if refusal_of(reason) is Refusal.OUR_FAULT:
        return "Tell whoever runs the bot; when that is mended, press Try again."
    return "Ask whoever runs your workspace to let me post there, or subscribe in another channel."
