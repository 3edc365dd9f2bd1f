"""PURE. The lists of what a channel follows, and of one's own subscriptions, page by page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.direct_messages import is_direct
from bot.domain.following import Following, WideFollowing
from bot.domain.records import Level, Subscription
from bot.domain.slack_errors import NOT_A_MEMBER
from bot.messages import board, job_card
from bot.messages.blocks import (
    Block,
    Element,
    Message,
    actions,
    code,
    context_block,
    date,
    divider,
    mention,
    quoted,
    row,
    section,
    spoken,
)
from bot.messages.channel import button_value, channel, reason_of, stop_button, voice_name, what_to_do
from bot.messages.claims import mentions_line
from bot.messages.context import MessageContext
from bot.messages.guidance import subscribe_command
from bot.messages.job_card import ending
from bot.messages.pages import Part, page_buttons, page_of, with_range
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
OWN_PAGE: Final = "subscription_own_list"
OWN_FIRST_PAGE: Final = "subscription_own_list_start"
OWN_STOP: Final = "subscription_stop_own"
OWN_RETRY: Final = "subscription_retry_own"
OWN_TO_ALL: Final = "subscription_all_own"
OWN_TO_IMPORTANT: Final = "subscription_important_own"
"""The same in the list of a person's own subscriptions; the value has the conversation's id, too."""


@dataclass(frozen=True, kw_only=True)
class _ActionIds:
    page: str
    first_page: str
    stop: str
    retry: str
    to_level: Mapping[Level, str]
    is_elsewhere: bool = False
    """Whether the list is of several conversations."""


_HERE: Final = _ActionIds(
    page=PAGE,
    first_page=FIRST_PAGE,
    stop=STOP,
    retry=RETRY,
    to_level={Level.ALL: TO_ALL, Level.IMPORTANT: TO_IMPORTANT},
)
_OWN: Final = _ActionIds(
    page=OWN_PAGE,
    first_page=OWN_FIRST_PAGE,
    stop=OWN_STOP,
    retry=OWN_RETRY,
    to_level={Level.ALL: OWN_TO_ALL, Level.IMPORTANT: OWN_TO_IMPORTANT},
    is_elsewhere=True,
)
CheckedAt = Callable[[str], int | None]
"""Returns when a job was last checked, in epoch seconds."""


Entry = Following | WideFollowing
"""What a list has: a subscription to one job, or a wide one."""


def listing(
    entries: Sequence[Entry],
    context: MessageContext,
    *,
    channel_id: str,
    start: int,
    checked_at: CheckedAt,
    checks_fail: bool = False,
) -> Message:
    """Return a page of a channel's subscriptions from ``start`` on.

    ``checks_fail``: jobs can't be checked at present.
    """
    words, end = context.words, ending(channel_id)
    if not entries:
        typed = subscribe_command(f"<{words('job-id')}>", channel_id, context)
        said = words(f"list-none{end}", command=typed)
        return Message(said, [section(said)])
    part, head = page_of(entries, start), words(f"list-head{end}", total=len(entries))
    warnings = [*_not_checked(words, checks_fail=checks_fail), *filter(None, [_paused(entries, context)])]
    return _page(part, head, _HERE, context, checked_at, warnings)


def own(
    entries: Sequence[Entry],
    context: MessageContext,
    *,
    start: int,
    checked_at: CheckedAt,
    checks_fail: bool = False,
) -> Message:
    """Return a page of a person's own subscriptions, in whatever conversation they are; as ``listing``."""
    words = context.words
    if not entries:
        said = words("mine-none", command=subscribe_command(f"<{words('job-id')}>", "", context))
        return Message(said, [section(said)])
    part, head = page_of(entries, start), words("mine-head", total=len(entries))
    return _page(part, head, _OWN, context, checked_at, _not_checked(words, checks_fail=checks_fail))


def _not_checked(words: Words, *, checks_fail: bool) -> list[str]:
    return [words("not-checked")] if checks_fail else []


def _page(
    part: Part[Entry],
    head: str,
    ids: _ActionIds,
    context: MessageContext,
    checked_at: CheckedAt,
    warnings: Sequence[str],
) -> Message:
    words, head = context.words, with_range(head, part, context.words)
    blocks = [section(f"*{head}*"), *map(section, warnings)]
    for shown in part.entries:
        blocks += [divider(), *_row_of(shown, ids, context, checked_at)]
    if pages := page_buttons(part, words, more=ids.page, first=ids.first_page):
        blocks += [divider(), actions(*pages)]
    text = [head, *map(spoken, warnings), *(_in_words(shown, ids, words) for shown in part.entries)]
    return Message("\n".join(text), blocks)


def _row_of(shown: Entry, ids: _ActionIds, context: MessageContext, checked_at: CheckedAt) -> list[Block]:
    if isinstance(shown, WideFollowing):
        return _wide_row(shown, ids, context)
    return _row(shown, ids, context, checked_at(shown.job_id))


def _in_words(shown: Entry, ids: _ActionIds, words: Words) -> str:
    if isinstance(shown, Following):
        return _in_short(shown, ids, words)
    said = row(board.name_of(shown.board.selector, words), board.counts(shown, words))
    said = words("list-paused", said=said) if shown.destination.pause else said
    return row(spoken(said), where(shown, words)) if ids.is_elsewhere else spoken(said)


def _wide_row(shown: WideFollowing, ids: _ActionIds, context: MessageContext) -> list[Block]:
    words, wish, level = context.words, shown.subscription, board.level_of(shown)
    name = words("bold", said=board.name_of(shown.board.selector, words))
    lines = [f":card_index_dividers: {name}", board.counts(shown, words), _paused_there(shown, ids, context)]
    small = row(
        words(f"list-{level}"),
        where(shown, words) if ids.is_elsewhere else words("list-by", person=mention(_maker(wish))),
        mentions_line(wish.mentions if wish else (), words),
    )
    other = Level.IMPORTANT if level is Level.ALL else Level.ALL
    actions_ = board.OWN if ids.is_elsewhere else board.LISTED
    buttons = [
        board.level_button(shown.board, other, actions_[other], context),
        board.stop_button(shown.board, actions_[None], context),
    ]
    return [section("\n".join(filter(None, lines))), context_block(small), actions(*buttons)]


def _maker(wish: Subscription | None) -> str:
    return wish.subscribed_by if wish else ""


def _in_short(shown: Following, ids: _ActionIds, words: Words) -> str:
    said = words(
        "in-words",
        voice=voice_name(shown, words),
        state=job_card.label(shown.state, words),
        job=quoted(shown.job_id),
    )
    said = words("list-paused", said=said) if shown.pause else said
    return row(said, where(shown, words)) if ids.is_elsewhere else said


def where(shown: Entry, words: Words) -> str:
    """Return the conversation in which a job is followed."""
    channel_id = shown.destination.address.channel_id
    return words("list-in-direct") if is_direct(channel_id) else words("list-in", channel=channel(channel_id))


def _row(shown: Following, ids: _ActionIds, context: MessageContext, checked_at: int | None) -> list[Block]:
    words = context.words
    lines = [job_card.list_row(shown.job, words), _paused_there(shown, ids, context)]
    by = _maker(shown.subscription)
    small = row(
        words(f"list-{shown.level}"),
        where(shown, words) if ids.is_elsewhere else words("list-by", person=mention(by)),
        date(checked_at, words("checked")) if checked_at else words("list-unchecked"),
        mentions_line(shown.subscription.mentions if shown.subscription else (), words),
        code(shown.job_id),
    )
    return [
        section("\n".join(filter(None, lines))),
        context_block(small),
        actions(*_row_buttons(shown, ids, context)),
    ]


def _paused_there(shown: Entry, ids: _ActionIds, context: MessageContext) -> str:
    """Return why an entry's conversation is paused, unless that stands above them all."""
    return _paused([shown], context) if ids.is_elsewhere else ""


def _paused(entries: Sequence[Entry], context: MessageContext) -> str:
    """Return why the one conversation of these entries is paused, and what to do; empty if it is not."""
    words, destination = context.words, entries[0].destination
    if not (pause := destination.pause):
        return ""
    code_, channel_id = pause.reason, destination.address.channel_id
    is_unknown = code_ in NOT_A_MEMBER and not any(map(_has_card, entries))  # the bot was never there
    reason = words("not-here-yet") if is_unknown else reason_of(code_, channel_id, words)
    advice, again = what_to_do(code_, channel_id, context), date(pause.next_try, words("next-try"))
    return words("paused-in-list", reason=reason, advice=advice, again=again)


def _has_card(shown: Entry) -> bool:
    return (shown.delivery if isinstance(shown, Following) else shown.board).card is not None


def _row_buttons(shown: Following, ids: _ActionIds, context: MessageContext) -> list[Element]:
    other, value = other_level(shown), button_value(shown) if ids.is_elsewhere else shown.job_id
    retry = job_card.job_button("try-again", ids.retry, shown.job, context, value=value)
    level = job_card.job_button(str(other), ids.to_level[other], shown.job, context, value=value)
    stop = stop_button(shown, ids.stop, context, is_elsewhere=ids.is_elsewhere)
    return [*([retry] if shown.pause else []), level, stop]
