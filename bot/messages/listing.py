"""PURE. The list of what a channel follows, page by page."""

from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.following import Following
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
    row,
    section,
    spoken,
)
from bot.messages.channel import reason_of, stop_button, voice_name, what_to_do
from bot.messages.context import MessageContext
from bot.messages.guidance import subscribe_command
from bot.messages.job_card import ending
from bot.messages.private import other_level
from bot.messages.texts import Words

PAGE: Final = "subscription_list"
"""action_id: another page of the list. The button's value is the number of its first entry, from 0."""
FIRST_PAGE: Final = "subscription_list_start"
STOP: Final = "subscription_stop_listed"
RETRY: Final = "subscription_retry_listed"
"""action_ids of buttons in the list, which is shown anew then. Their value is the job id."""
TO_ALL: Final = "subscription_all_listed"
TO_IMPORTANT: Final = "subscription_important_listed"
"""The same, for each level."""
_TO_LEVEL: Final = {Level.ALL: TO_ALL, Level.IMPORTANT: TO_IMPORTANT}
PAGE_SIZE: Final = 8


def page_start(number: int) -> int:
    """Return the first entry of the page that has this one on it; both count from 0."""
    return number - number % PAGE_SIZE


def listing(
    followings: Sequence[Following],
    context: MessageContext,
    *,
    channel_id: str,
    start: int,
    checked_at: Callable[[str], int | None],
    checks_fail: bool = False,
) -> Message:
    """Return a page of a channel's subscriptions from ``start`` on; ``checked_at`` returns epoch seconds.

    ``checks_fail``: jobs can't be checked at present.
    """
    words, end = context.words, ending(channel_id)
    if not followings:
        typed = subscribe_command(f"<{words('job-id')}>", channel_id, context)
        said = words(f"list-none{end}", command=typed)
        return Message(said, [section(said)])
    first = start if 0 <= start < len(followings) else 0
    page = followings[first : first + PAGE_SIZE]
    last, total = first + len(page), len(followings)
    head = words(f"list-head{end}", total=total)
    if len(page) < total:
        head = words("list-page", head=head, first=first + 1, last=last)
    warning = [words("not-checked")] if checks_fail else []
    blocks = [section(f"*{head}*"), *map(section, warning)]
    for shown in page:
        blocks += [divider(), *_row(shown, context, checked_at(shown.job_id))]
    if pages := _page_buttons(first, last, total, words):
        blocks += [divider(), actions(*pages)]
    text = [head, *map(spoken, warning), *(_in_short(shown, words) for shown in page)]
    return Message("\n".join(text), blocks)


def _in_short(shown: Following, words: Words) -> str:
    said = words(
        "in-words",
        voice=voice_name(shown, words),
        state=job_card.label(shown.state, words),
        job=code(shown.job_id),
    )
    return words("list-paused", said=said) if shown.pause else said


def _row(shown: Following, context: MessageContext, checked_at: int | None) -> list[Block]:
    words, since = context.words, job_card.since_when(shown.job, context.words)
    voice, state = voice_name(shown, words), job_card.state_with_times(shown.job, words)
    said = words("list-row" if since else "list-row-only", voice=voice, state=state, since=since)
    lines = [f"{job_card.ICONS[shown.job.meaning.phase]} {said}", _paused(shown, context)]
    by = shown.subscription.subscribed_by if shown.subscription else ""
    small = row(
        words(f"list-{shown.level}"),
        words("list-by", person=mention(by)),
        date(checked_at, words("checked")) if checked_at else words("list-unchecked"),
        code(shown.job_id),
    )
    return [
        section("\n".join(filter(None, lines))),
        context_block(small),
        actions(*_row_buttons(shown, context)),
    ]


def _paused(shown: Following, context: MessageContext) -> str:
    if not shown.pause:
        return ""
    words, code_ = context.words, shown.pause.reason
    again = date(shown.pause.next_try, words("next-try"))
    is_unknown = shown.delivery.card is None and code_ in NOT_A_MEMBER  # the bot was never there
    reason = words("not-here-yet") if is_unknown else reason_of(code_, shown.channel_id, words)
    advice = what_to_do(code_, shown.channel_id, context)
    return words("paused-in-list", reason=reason, advice=advice, again=again)


def _row_buttons(shown: Following, context: MessageContext) -> list[Element]:
    other = other_level(shown)
    retry = [job_card.job_button("try-again", RETRY, shown.job, context)] if shown.pause else []
    level = job_card.job_button(str(other), _TO_LEVEL[other], shown.job, context)
    return [*retry, level, stop_button(shown, STOP, context)]


def _page_buttons(first: int, last: int, total: int, words: Words) -> list[Element]:
    more = [button(words("button-more"), PAGE, str(last))] if last < total else []
    return [*more, button(words("button-start"), FIRST_PAGE, "0")] if first else more
