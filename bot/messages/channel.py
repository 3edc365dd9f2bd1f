"""PURE. Messages of a subscription: its card, the notices in its thread, and warnings of a pause."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.following import Following
from bot.domain.jobs import meaning_of
from bot.domain.records import Address, Level, Warned
from bot.domain.slack_errors import NOT_A_MEMBER, Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.messages import job_card
from bot.messages.blocks import (
    Block,
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


def card(shown: Following, context: MessageContext, *, now: int) -> Message:
    """Return the card of a followed job; ``now`` is epoch seconds."""
    notes = _notes(shown)
    small = [*notes, f"Region {code(context.region)}", f"As of {date(now)}"]
    return Message(
        f"{_summary(shown)} {' '.join(notes)}",
        job_card.card(shown.job, _card_buttons(shown, context), small),
    )


def _notes(shown: Following) -> list[str]:
    """Return the sentences on the subscription."""
    if shown.delivery.stopped_by:
        by = mention(shown.delivery.stopped_by)
        return [f"Stopped by {by}. This channel is not told of it any more."]
    if shown.is_over or shown.subscription is None:
        return ["The job is over, and the subscription with it."]
    return [f"{level_text(shown)}.", f"Subscribed by {mention(shown.subscription.subscribed_by)}."]


def level_text(shown: Following) -> str:
    """Return the sentence on who is told of which changes, without its full stop."""
    return f"{recipient(shown).capitalize()} told of {LEVELS[shown.level]}"


def recipient(shown: Following) -> str:
    """Return who is told, with the verb. In a direct message with the bot, that is the reader."""
    return "you are" if shown.channel_id.startswith("D") else "this channel is"


def voice_name(shown: Following) -> str:
    """Return the name of the job's voice, as mrkdwn."""
    return code(job_card.title(shown.job))


def _card_buttons(shown: Following, context: MessageContext) -> list[Element]:
    console = console_button(context.console_url(shown.job_id))
    if shown.is_over:
        return console
    if shown.delivery.stopped_by:
        return [button("Subscribe channel", job_card.SUBSCRIBE, shown.job_id), *console]
    return [
        button("Refresh", REFRESH_CARD, shown.job_id),
        *console,
        stop_button(shown.job_id, STOP),
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


def _summary(shown: Following) -> str:
    """Return the job's state and whose turn it is, in sentences."""
    return joined(f"{voice_name(shown)}: {label(shown.state)}.", *_turn(shown))


def _turn(shown: Following) -> list[str]:
    state = shown.state
    return [job_card.turn(state), job_card.following(state), *job_card.causes_in_words(shown.job)]


def label(state: str) -> str:
    """Return a state's label; one that is new to the bot keeps the name that MetaStudio gives it."""
    text = job_card.state_text(state)
    return quoted(state) if text is en.UNKNOWN_STATE else text.label


def _labels(path: Sequence[str]) -> list[str]:
    """Return the labels of a path; a state can follow itself, when it occurs once more."""
    before = (None, *path)
    return [f"{label(state)}{' again' * (state == last)}" for last, state in zip(before, path, strict=False)]


def notice(shown: Following) -> Message:
    """Return the message on changes of state: what they mean, and what to do."""
    state, voice = shown.state, voice_name(shown)
    path = _shortened(_labels(shown.path))
    shown_path = " → ".join([*path[:-1], f"*{path[-1]}*"])
    lines = [
        f"{ICONS[meaning_of(state).phase]} {voice}: {shown_path}",
        joined(job_card.turn_in_bold(state), job_card.following(state)),
    ]
    text = joined(f"{voice}: {' → '.join(path)}.", *_turn(shown))
    return Message(text, [section("\n".join(lines)), *job_card.failure(shown.job)])


def plain_text(shown: Following) -> Message:
    """Return the job's state as plain text, for when the proper message can't be made."""
    return Message(f"{voice_name(shown)}: {label(shown.state)}. Job {code(shown.job_id)}.", [])


def _shortened(path: list[str]) -> list[str]:
    return path if len(path) <= LONGEST_PATH else [*path[:2], "…", *path[3 - LONGEST_PATH :]]


def paused(shown: Following, context: MessageContext) -> Message:
    """Return the direct message to a person who subscribed: the bot may not post, and what to do."""
    any_more = " any more" if shown.delivery.delivered_at else ""
    reason = shown.pause.reason if shown.pause else ""
    said = (
        f"I can't post in {channel(shown.channel_id)}{any_more}, so nobody there is told how "
        f"{voice_name(shown)} goes on. {reason_of(reason)} {what_to_do(reason, context)} "
        f"(Slack calls it {code(reason)}.) Nothing is lost: "
        "I keep the subscription, and go on trying from time to time. "
        f"{code(f'{context.command} list')} there shows all that is paused."
    )
    buttons = [
        button("Try again", RETRY, button_value(shown)),
        stop_button(button_value(shown), STOP),
    ]
    return Message(said, [section(f":warning: {said}"), actions(*buttons), _present(shown)])


def _present(shown: Following) -> Block:
    return context_block(f"Now: {label(shown.state)}", code(shown.job_id))


def pause_over(warned: Warned, address: Address, shown: Following | None) -> Message:
    """Return what takes the place of that message, once it is no longer true.

    ``address`` is the conversation that was paused, ``shown`` the job if it is followed there still.
    """
    voice, where = code(job_card.title_of(warned.voice_name)), channel(address.channel_id)
    if shown is None or shown.subscription is None:
        said = f"The subscription to {voice} in {where} has ended, so nothing is told there any more."
        job = context_block(code(warned.job.job_id))
    else:
        said = f"I can post in {where} again, and tell there how {voice} goes on."
        job = _present(shown)
    return Message(said, [section(f":white_check_mark: {said}"), job])


def channel(channel_id: str) -> str:
    """Format a channel id as a link, which Slack shows as its name; a direct message has none."""
    if channel_id.startswith("D"):
        return "our direct message"
    return f"<#{channel_id}>" if CHANNEL_ID.fullmatch(channel_id) else code(channel_id)


def button_value(shown: Following) -> str:
    """Return the value of a button outside the job's conversation: job id and channel id."""
    return f"{shown.job_id} {shown.channel_id}"


def reason_of(code: str) -> str:
    """Return the sentence on why Slack refuses to let the bot post in a channel; ``code`` is Slack's."""
    by_meaning = {
        Refusal.CONTENT: en.MALFORMED,
        Refusal.NOT_HERE: en.RESTRICTED,
        Refusal.BOT: en.RESTRICTED,
    }
    return en.CANNOT_POST.get(code) or by_meaning.get(refusal_of(code), en.NO_REASON)


def what_to_do(reason: str, context: MessageContext, *, here: bool = False) -> str:
    """Return what a person can do about one of Slack's refusals; ``here``: they are in the channel."""
    if reason in NOT_A_MEMBER:
        where = "" if here else " in the channel"
        return f"Type {code(f'/invite @{context.bot_name}')}{where}, then press Try again."
    if reason in {"is_archived", "is_inactive"}:
        return "Subscribe in another channel, or have this one reopened and press Try again."
    if refusal_of(reason) is Refusal.CONTENT:
        return "Tell whoever runs the bot; when that is mended, press Try again."
    return "Ask whoever runs your workspace to let me post there, or subscribe in another channel."
