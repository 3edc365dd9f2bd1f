"""PURE. Ephemeral replies about subscriptions: the results of commands, and a channel's list."""

from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.records import Level
from bot.domain.slack_errors import NOT_A_MEMBER
from bot.messages import job_card
from bot.messages.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    code,
    context_block,
    date,
    divider,
    mention,
    section,
)
from bot.messages.channel import (
    LEVELS,
    RETRY,
    MessageContext,
    button_value,
    channel,
    label,
    level_text,
    reason_of,
    recipient,
    stop_button,
    voice_name,
    what_to_do,
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
NOT_CHECKED: Final = (
    ":warning: I can't check jobs at present, so what stands here may be old. I go on trying."
)

_TO_LEVEL: Final = {
    Level.ALL: ("Every change", LISTED_ALL),
    Level.IMPORTANT: ("Only important", LISTED_IMPORTANT),
}


def _message(text: str, *buttons: Element) -> Message:
    blocks = [section(text)]
    if buttons:
        blocks.append(actions(*buttons))
    return Message(text, blocks)


def _job_of(shown: Following) -> str:
    return f"{voice_name(shown)} (job {code(shown.job_id)})"


def _subscriber(shown: Following) -> str:
    return mention(shown.subscription.subscribed_by if shown.subscription else "")


def _other_level(shown: Following) -> Level:
    return Level.IMPORTANT if shown.level is Level.ALL else Level.ALL


def subscribed(shown: Following) -> Message:
    """Return the answer that the channel is subscribed."""
    return _message(
        f":white_check_mark: Subscribed to {voice_name(shown)}. "
        f"{level_text(shown)}. To stop that, press *Unsubscribe* on its card."
    )


def already(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the channel has this subscription already."""
    command = f"{context.command} subscribe {shown.job_id} {_other_level(shown)}"
    return _message(
        f"{_subscriber(shown)} has subscribed to {_job_of(shown)} here already. {level_text(shown)}. "
        f"{code(command)} changes that."
    )


def level_changed(shown: Following) -> Message:
    """Return the answer that the level was changed."""
    return _message(
        f":white_check_mark: {_job_of(shown)}: {recipient(shown)} now told of {LEVELS[shown.level]}."
    )


def over(job: Job, context: MessageContext, *, now: int) -> Message:
    """Return the answer that the job is over, with its card; ``now`` is epoch seconds."""
    job_id = job.job_id or ""
    card = job_card.job(job, region=context.region, now=now, console_url=context.console_url(job_id))
    said = "This job is over: nothing about it will change, so I did not subscribe the channel."
    return Message(f"{said} {card.text}", [section(said), *card.blocks])


def refused(shown: Following, reason: str, context: MessageContext, *, elsewhere: bool = False) -> Message:
    """Return the answer that Slack refused the bot's message, what to do, and that nothing is lost.

    ``reason`` is Slack's code; ``elsewhere``: the person reads it in another channel.
    """
    problem = reason_of(reason)
    if elsewhere:
        problem = f"{channel(shown.channel_id)}: {problem}"
    elif reason in NOT_A_MEMBER:
        problem = NOT_HERE_YET
    advice = what_to_do(reason, context, here=not elsewhere)
    said = f":warning: {problem} {advice} The subscription to {voice_name(shown)} is kept until then."
    value = button_value(shown) if elsewhere else shown.job_id
    again = button("Try again", RETRY, value, style="primary")
    small = context_block(f"Slack calls it {code(reason)}", code(shown.job_id))
    return Message(said, [section(said), actions(again), small])


def not_in_direct(context: MessageContext) -> Message:
    """Return the answer that the bot can't be in a direct message between people."""
    return _message(
        ":warning: I can't post in a direct message between people, and can't be invited to one, so it is "
        "not subscribed. Subscribe in a channel, or in your direct message with "
        f"{code(f'@{context.bot_name}')}."
    )


def later(shown: Following) -> Message:
    """Return the answer that the message could not be posted yet, for Slack, a rate limit or the disk."""
    return _message(
        f":hourglass_flowing_sand: The subscription to {_job_of(shown)} is kept, but its message "
        "could not be posted yet. It comes here by itself, as soon as it can."
    )


def stopped(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the subscription ended."""
    return _message(
        f":white_check_mark: This channel is not told of {_job_of(shown)} any more. "
        f"{code(f'{context.command} subscribe {shown.job_id}')} subscribes it again.",
    )


def not_subscribed(job_id: str, context: MessageContext) -> Message:
    """Return the answer that there is no such subscription."""
    return _message(
        f"This channel is not subscribed to the job {code(job_id)}. "
        f"{code(f'{context.command} list')} shows what it is subscribed to."
    )


def outsider() -> Message:
    """Return the refusal of a person of another organization, who sees this channel by Slack Connect."""
    return _message(
        "Only members of the workspace that I belong to can use my commands and buttons. Ask one of them in "
        "this channel."
    )


def no_channel() -> Message:
    """Return the answer that it is not known which channel is meant."""
    return _message("I can't tell which channel that is for. Type the command in the channel itself.")


def outdated_button(job_id: str, command: str) -> Message:
    """Return how to come by a new button; ``job_id`` is empty where the old one named no job."""
    typed = f"{command} {job_id or '<job_id>'}"
    return _message(
        "This button is of an earlier version of mine, and I don't know it any more. "
        f"{code(typed)} shows a new card with buttons that work."
    )


def unknown_command(name: str, command: str) -> Message:
    """Return the answer to another command of the same app: which one there is."""
    return _message(f"I don't know the command {code(name)}. {code(f'{command} help')} shows what I can do.")


def unknown_request(command: str) -> Message:
    """Return the answer to a shortcut or a form that does not exist, or not any more."""
    return _message(f"I don't know this any more. {code(f'{command} help')} shows what I can do.")


def page_start(number: int) -> int:
    """Return the first entry of the page that has this one on it; both count from 0."""
    return number - number % PAGE_SIZE


def listing(
    followings: Sequence[Following],
    context: MessageContext,
    *,
    start: int,
    checked_at: Callable[[str], int | None],
    checks_fail: bool = False,
) -> Message:
    """Return a page of a channel's subscriptions from ``start`` on; ``checked_at`` returns epoch seconds.

    ``checks_fail``: jobs can't be checked at present.
    """
    if not followings:
        return _message(
            f"This channel has no subscriptions. {code(f'{context.command} subscribe <job_id>')} makes one.",
        )
    first = start if 0 <= start < len(followings) else 0
    page = followings[first : first + PAGE_SIZE]
    last = first + len(page)
    total = f"{len(followings)} subscription{'s' if len(followings) > 1 else ''} in this channel"
    head = total if len(page) == len(followings) else f"{total}: {first + 1} to {last}"
    blocks = [section(f"*{head}*"), *([section(NOT_CHECKED)] if checks_fail else [])]
    for shown in page:
        blocks += [divider(), *_row(shown, context, checked_at(shown.job_id))]
    if pages := _page_buttons(first, last, len(followings)):
        blocks += [divider(), actions(*pages)]
    warning = [NOT_CHECKED] if checks_fail else []
    return Message("\n".join([f"{head}.", *warning, *map(_in_short, page)]), blocks)


def _in_short(shown: Following) -> str:
    paused = " (paused)" if shown.pause else ""
    voice = code(job_card.title(shown.job), 40)
    return f"{voice}: {label(shown.state)}{paused}, job {code(shown.job_id)}"


def _row(shown: Following, context: MessageContext, checked_at: int | None) -> list[Block]:
    changed, delivered_at = shown.job.lastupdate_time, shown.delivery.delivered_at
    since = f" since {date(changed)}" if changed else ""
    lines = [
        f"{job_card.ICONS[shown.job.meaning.phase]} {voice_name(shown)}: *{label(shown.state)}*{since}",
        _paused(shown, context),
    ]
    subscribed_at = f", {date(shown.subscription.subscribed_at)}" if shown.subscription else ""
    small = [
        f"Told of {LEVELS[shown.level]}",
        f"Subscribed by {_subscriber(shown)}{subscribed_at}",
        f"Checked {date(checked_at)}" if checked_at else "Not checked since I was started",
        f"Last message {date(delivered_at)}" if delivered_at else "No message yet",
        code(shown.job_id),
    ]
    return [
        section("\n".join(filter(None, lines))),
        context_block(job_card.BETWEEN.join(small)),
        actions(*_row_buttons(shown)),
    ]


def _paused(shown: Following, context: MessageContext) -> str:
    if not shown.pause:
        return ""
    reason = f"{reason_of(shown.pause.reason)} {what_to_do(shown.pause.reason, context)}"
    since, again = date(shown.pause.since), date(shown.pause.next_try)
    return f":warning: *Paused* since {since}: {reason} I try again {again}."


def _row_buttons(shown: Following) -> list[Element]:
    name, action_id = _TO_LEVEL[_other_level(shown)]
    retry = [button("Try again", LISTED_RETRY, shown.job_id)] if shown.pause else []
    return [*retry, button(name, action_id, shown.job_id), stop_button(shown.job_id, LISTED_STOP)]


def _page_buttons(first: int, last: int, total: int) -> list[Element]:
    more = [button("More", PAGE, str(last))] if last < total else []
    return [*more, button("From the start", FIRST_PAGE, "0")] if first else more
