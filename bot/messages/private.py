"""PURE. What one person is told of subscriptions: what came of asking for one, and a channel's list."""

from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.jobs import Job
from bot.domain.slack_errors import NOT_A_MEMBER, reason_of
from bot.domain.subscriptions import Level, Subscription
from bot.messages import job_card
from bot.messages.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    code,
    context,
    date,
    divider,
    mention,
    section,
)
from bot.messages.channel import (
    LEVELS,
    RETRY,
    Look,
    audience,
    channel,
    label,
    place,
    remedy,
    stop_button,
    telling,
)

PAGE: Final = "subscription_list"
"""action_id: another page of the list. The button's value is the number of its first entry, from 0."""
LISTED_STOP: Final = "subscription_stop_listed"
LISTED_RETRY: Final = "subscription_retry_listed"
"""action_ids of buttons in the list, which is shown anew then. Their value is the job id."""
LISTED_ALL: Final = "subscription_all_listed"
LISTED_IMPORTANT: Final = "subscription_important_listed"
"""The same, for each level."""
FIRST_PAGE: Final = "subscription_list_start"
PAGE_SIZE: Final = 8

NOT_HERE_YET: Final = "I am not in this channel yet."
"""What the person who asks for a channel is told; that there is one, they see."""
BLIND: Final = ":warning: I can't check jobs at present, so what stands here may be old. I go on trying."

_TO_LEVEL: Final = {
    Level.ALL: ("Every change", LISTED_ALL),
    Level.IMPORTANT: ("Only important", LISTED_IMPORTANT),
}


def _said(text: str, *buttons: Element) -> Message:
    blocks = [section(text)]
    if buttons:
        blocks.append(actions(*buttons))
    return Message(text, blocks)


def _voice(kept: Subscription) -> str:
    return f"{code(job_card.title(kept.job))} (job {code(kept.job_id)})"


def subscribed(kept: Subscription) -> Message:
    """Say that it worked."""
    return _said(
        f":white_check_mark: Subscribed to {code(job_card.title(kept.job))}. {telling(kept)}. "
        "To stop that, press *Unsubscribe* on its card."
    )


def already(kept: Subscription, look: Look) -> Message:
    """Say that the channel has this subscription."""
    other = Level.IMPORTANT if kept.level is Level.ALL else Level.ALL
    return _said(
        f"{mention(kept.subscribed_by)} has subscribed to {_voice(kept)} here already. {telling(kept)}. "
        f"{code(f'{look.command} subscribe {kept.job_id} {other}')} changes that."
    )


def level_changed(kept: Subscription) -> Message:
    """Say that the level is another one now."""
    return _said(f":white_check_mark: {_voice(kept)}: {audience(kept)} now told of {LEVELS[kept.level]}.")


def over(job: Job, look: Look, *, now: int) -> Message:
    """Say that there is nothing to subscribe to, and show the job instead; ``now`` is epoch seconds."""
    job_id = job.job_id or ""
    card = job_card.job(job, region=look.region, now=now, console_url=look.console_url(job_id))
    said = "This job is over: nothing about it will change, so I did not subscribe the channel."
    return Message(f"{said} {card.text}", [section(said), *card.blocks])


def refused(kept: Subscription, look: Look, *, elsewhere: bool = False) -> Message:
    """Say why the bot may not post, what to do, and that nothing is lost.

    ``elsewhere`` says that the person reads it in another channel.
    """
    reason = kept.pause.reason if kept.pause else ""
    problem = reason_of(reason)
    if elsewhere:
        problem = f"{channel(kept.channel_id)}: {problem}"
    elif reason in NOT_A_MEMBER:
        problem = NOT_HERE_YET
    voice = code(job_card.title(kept.job))
    what_to_do = remedy(reason, look, here=not elsewhere)
    said = f":warning: {problem} {what_to_do} The subscription to {voice} is kept until then."
    again = button("Try again", RETRY, place(kept) if elsewhere else kept.job_id, style="primary")
    small = context(f"Slack calls it {code(reason)}", code(kept.job_id))
    return Message(said, [section(said), actions(again), small])


def not_in_direct(look: Look) -> Message:
    """Say that a conversation between people is closed to the bot, for good."""
    return _said(
        ":warning: I can't post in a direct message between people, and can't be invited to one, so it is "
        f"not subscribed. Subscribe in a channel, or in your direct message with {code(f'@{look.bot_name}')}."
    )


def later(kept: Subscription) -> Message:
    """Say that what is due could not be posted yet, be it for Slack, for our pace, or for the disk."""
    return _said(
        f":hourglass_flowing_sand: The subscription to {_voice(kept)} is kept, but its message could not be "
        "posted yet. It comes here by itself, as soon as it can."
    )


def stopped(kept: Subscription, look: Look) -> Message:
    """Say that the subscription ended."""
    return _said(
        f":white_check_mark: This channel is not told of {_voice(kept)} any more. "
        f"{code(f'{look.command} subscribe {kept.job_id}')} subscribes it again.",
    )


def not_subscribed(job_id: str, look: Look) -> Message:
    """Say that there is no such subscription."""
    return _said(
        f"This channel is not subscribed to the job {code(job_id)}. "
        f"{code(f'{look.command} list')} shows what it is subscribed to."
    )


def outsider() -> Message:
    """Refuse a person of another organization, who sees this channel by Slack Connect."""
    return _said(
        "Only members of the workspace that I belong to can use my commands and buttons. Ask one of them in "
        "this channel."
    )


def placeless() -> Message:
    """Say that it can't be told which channel is meant."""
    return _said("I can't tell which channel that is for. Type the command in the channel itself.")


def outdated_button(job_id: str, command: str) -> Message:
    """Say how to come by a new button; ``job_id`` is empty where the old one named no job."""
    typed = f"{command} {job_id or '<job_id>'}"
    return _said(
        "This button is of an earlier version of mine, and I don't know it any more. "
        f"{code(typed)} shows a new card with buttons that work."
    )


def unknown_command(name: str, command: str) -> Message:
    """Name the command that there is, in the place of another one of the same app."""
    return _said(f"I don't know the command {code(name)}. {code(f'{command} help')} shows what I can do.")


def unknown_request(command: str) -> Message:
    """Answer a shortcut or a form that there is not, or not any more."""
    return _said(f"I don't know this any more. {code(f'{command} help')} shows what I can do.")


def page_start(number: int) -> int:
    """Say with which entry the page begins that has this one on it; both count from 0."""
    return number - number % PAGE_SIZE


def listing(
    subscriptions: Sequence[Subscription],
    look: Look,
    *,
    start: int,
    checked_at: Callable[[str], int | None],
    is_blind: bool = False,
) -> Message:
    """List a channel's subscriptions, a page from number ``start`` on; ``checked_at`` gives epoch seconds.

    ``is_blind`` says that jobs can't be checked at present.
    """
    if not subscriptions:
        return _said(
            f"This channel has no subscriptions. {code(f'{look.command} subscribe <job_id>')} makes one.",
        )
    first = start if 0 <= start < len(subscriptions) else 0
    shown = subscriptions[first : first + PAGE_SIZE]
    last = first + len(shown)
    total = f"{len(subscriptions)} subscription{'s' if len(subscriptions) > 1 else ''} in this channel"
    head = total if len(shown) == len(subscriptions) else f"{total}: {first + 1} to {last}"
    blocks = [section(f"*{head}*"), *([section(BLIND)] if is_blind else [])]
    for kept in shown:
        blocks += [divider(), *_row(kept, look, checked_at(kept.job_id))]
    if pages := _page_buttons(first, last, len(subscriptions)):
        blocks += [divider(), actions(*pages)]
    warning = [BLIND] if is_blind else []
    return Message("\n".join([f"{head}.", *warning, *(_in_short(kept) for kept in shown)]), blocks)


def _in_short(kept: Subscription) -> str:
    paused = " (paused)" if kept.pause else ""
    return f"{code(job_card.title(kept.job), 40)}: {label(kept.state)}{paused}, job {code(kept.job_id)}"


def _row(kept: Subscription, look: Look, checked_at: int | None) -> list[Block]:
    changed = kept.job.lastupdate_time
    since = f" since {date(changed)}" if changed else ""
    checked = f"Checked {date(checked_at)}" if checked_at else "Not checked since I was started"
    last = f"Last message {date(kept.delivered_at)}" if kept.delivered_at else "No message yet"
    by = f"Subscribed by {mention(kept.subscribed_by)}, {date(kept.subscribed_at)}"
    icon = job_card.ICONS[kept.job.meaning.phase]
    lines = [
        f"{icon} {code(job_card.title(kept.job))}: *{label(kept.state)}*{since}",
        _paused(kept, look),
    ]
    small = [f"Told of {LEVELS[kept.level]}", by, checked, last, code(kept.job_id)]
    return [
        section("\n".join(filter(None, lines))),
        context(job_card.BETWEEN.join(small)),
        actions(*_row_buttons(kept)),
    ]


def _paused(kept: Subscription, look: Look) -> str:
    if not kept.pause:
        return ""
    reason = f"{reason_of(kept.pause.reason)} {remedy(kept.pause.reason, look)}"
    again = date(kept.pause.next_try)
    return f":warning: *Paused* since {date(kept.pause.since)}: {reason} I try again {again}."


def _row_buttons(kept: Subscription) -> list[Element]:
    other = Level.IMPORTANT if kept.level is Level.ALL else Level.ALL
    name, action_id = _TO_LEVEL[other]
    retry = [button("Try again", LISTED_RETRY, kept.job_id)] if kept.pause else []
    return [*retry, button(name, action_id, kept.job_id), stop_button(kept.job_id, LISTED_STOP)]


def _page_buttons(first: int, last: int, total: int) -> list[Element]:
    more = [button("More", PAGE, str(last))] if last < total else []
    return [*more, button("From the start", FIRST_PAGE, "0")] if first else more
