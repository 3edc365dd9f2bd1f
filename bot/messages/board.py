"""PURE. The board of a wide subscription, the message on several of its jobs at once, and its answers."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.domain.boards import MOST_NAMED, Tally, tally
from bot.domain.direct_messages import is_direct
from bot.domain.following import Following, WideFollowing
from bot.domain.jobs import Phase
from bot.domain.keys import Selector, SelectorKind
from bot.domain.records import Board, Level
from bot.domain.slack_errors import NOT_A_MEMBER
from bot.messages import job_card
from bot.messages.blocks import (
    QUOTED_LIMIT,
    Element,
    Message,
    actions,
    as_many,
    button,
    clean,
    confirm,
    context_block,
    cut,
    header,
    literal,
    mention,
    row,
    section,
    sections,
    spoken,
)
from bot.messages.channel import reason_of, what_to_do
from bot.messages.claims import claim_line, mentions_line
from bot.messages.context import MessageContext
from bot.messages.guidance import TYPED_AGAIN, command
from bot.messages.overviews import WAITING_FIRST
from bot.messages.reminders import in_a_line, several
from bot.messages.texts import Words

STOP_BOARD: Final = "board_stop"
LISTED: Final = {
    None: "board_stop_listed",
    Level.ALL: "board_all_listed",
    Level.IMPORTANT: "board_important_listed",
}
OWN: Final[Mapping[Level | None, str]] = {
    None: "board_stop_own",
    Level.ALL: "board_all_own",
    Level.IMPORTANT: "board_important_own",
}
"""action_ids of the buttons of a wide subscription: on its board, in a channel's list, in a person's own.

They end it, or set its level. The value is the conversation's id, a blank, the kind, a colon, and the name.
"""
LONGEST_ID: Final = 64
"""Characters of an id of Slack's, which are about eleven."""


def name_of(selector: Selector, words: Words) -> str:
    """Return what a wide subscription is to, as mrkdwn."""
    return _name_of(selector, literal(selector.value), words)


def title_of(selector: Selector, words: Words) -> str:
    """Return what a wide subscription is to, as plain text."""
    return _name_of(selector, cut(clean(selector.value), QUOTED_LIMIT), words)


def _name_of(selector: Selector, value: str, words: Words) -> str:
    if selector.kind is SelectorKind.PROJECT:
        return words("wide-project")
    known = words.known("use", selector.value) if selector.kind is SelectorKind.TAG else None
    return words(f"wide-{selector.kind}", name=known or value)


def board(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the board of a wide subscription."""
    words, found = context.words, tally(shown)
    name = name_of(shown.board.selector, words)
    lines = _lines(shown, found, words)
    named = [in_a_line(each.job, words, claim_line(each.claim, words)) for each in found.waiting[:MOST_NAMED]]
    more = len(found.waiting) - len(named)
    rest = [words("board-more", more=more)] if more > 0 else []
    blocks = [
        header(title_of(shown.board.selector, words)),
        section("\n".join(lines)),
        *sections([*named, *rest]),
        *([actions(*_buttons(shown, context))] if shown.subscription else []),
    ]
    if shown.subscription:
        blocks.append(context_block(_level(shown, words)))
    said = as_many([*map(spoken, named)], lambda left: words("board-more", more=left + max(0, more)))
    head = words("named", voice=name, said=row(*map(spoken, lines)))
    return Message("\n".join([head, *said, *(rest if said == [*map(spoken, named)] else [])]), blocks)


def _lines(shown: WideFollowing, found: Tally, words: Words) -> list[str]:
    if shown.board.stopped_by:
        return [words("card-stopped", person=mention(shown.board.stopped_by))]
    if shown.subscription is None:
        return [words("card-ended")]
    if not shown.board.is_read:
        return [words("board-reading")]
    waiting = len(found.waiting)
    head = words("board-waiting", total=waiting) if waiting else words("board-none-waits")
    icon = job_card.ICONS[Phase.WAITS_FOR_CUSTOMER if waiting else Phase.ENDED_WELL]
    return [f"{icon} *{head}*", row(*_others(found, words))]


def _buttons(shown: WideFollowing, context: MessageContext) -> list[Element]:
    words = context.words
    show = button(words("button-show-waiting"), WAITING_FIRST, "0")
    return [show, stop_button(shown.board, STOP_BOARD, context)]


def stop_button(board: Board, action_id: str, context: MessageContext) -> Element:
    """Return the button that ends a wide subscription, with a confirmation dialog."""
    words, name = context.words, title_of(board.selector, context.words)
    question = confirm(
        words("stop-title", voice=name), words("stop-board"), yes=words("stop-yes"), no=words("stop-no")
    )
    return button(
        words("button-unsubscribe"),
        action_id,
        board_value(board),
        about=words("button-about", button=words("button-unsubscribe"), voice=name),
        confirm=question,
    )


def level_button(board: Board, level: Level, action_id: str, context: MessageContext) -> Element:
    """Return the button that sets the level of a wide subscription."""
    words, label = context.words, context.words(f"button-{level}")
    about = words("button-about", button=label, voice=title_of(board.selector, words))
    return button(label, action_id, board_value(board), about=about)


def board_value(board: Board) -> str:
    """Return the value of a button about a wide subscription, far below the 2000 characters of Slack's."""
    return f"{board.address.channel_id[:LONGEST_ID]} {board.selector}"


def board_in(value: str) -> tuple[str, Selector | None]:
    """Parse such a value: the conversation's id, and the selector; None in any other value."""
    channel_id, _, selector = value.partition(" ")
    kind, colon, name = selector.partition(":")
    is_wide = colon and kind in set(SelectorKind) and kind != SelectorKind.JOB
    return channel_id, Selector(SelectorKind(kind), name) if is_wide else None


def digest(followings: Sequence[Following], context: MessageContext) -> Message:
    """Return one message on several jobs at once: each is named, what needs the customer first."""
    words = context.words
    needy = [each for each in followings if each.needs_customer]
    others = [each for each in followings if not each.needs_customer]
    name = "digest" if needy else "digest-changed"
    head = words(name, total=len(needy) or len(others))
    ids = dict.fromkeys(each for shown in needy for each in shown.mentions)
    icon = job_card.ICONS[Phase.WAITS_FOR_CUSTOMER if needy else Phase.IN_PROGRESS]
    jobs = [each.job for each in (*needy, *others)]
    return several(f"{icon} *{head}*", jobs, [mentions_line(ids, words)], context)


def typed(selector: Selector) -> str:
    """Return how a wide subscription is typed behind ``subscribe``."""
    name = f'"{selector.value}"' if selector.value else ""
    return " ".join(filter(None, [selector.kind, name]))


def subscribed(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the answer that the conversation is subscribed widely."""
    said = context.words("wide-subscribed", name=name_of(shown.board.selector, context.words))
    return _message("\n".join(filter(None, [said, _named(shown, context.words)])))


def already(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the answer that the conversation has this subscription already, with a button to end it."""
    words = context.words
    said = words("wide-already", name=name_of(shown.board.selector, words), level=_level(shown, words))
    return _message(
        "\n".join(filter(None, [said, _named(shown, words)])), stop_button(shown.board, STOP_BOARD, context)
    )


def changed(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the answer that the level, or whom it mentions, was changed."""
    words = context.words
    said = words("wide-changed", name=name_of(shown.board.selector, words), level=_level(shown, words))
    return _message("\n".join(filter(None, [said, _named(shown, words)])))


def later(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the answer that the board could not be posted yet."""
    return _message(context.words("wide-later", name=name_of(shown.board.selector, context.words)))


def stopped(shown: WideFollowing, context: MessageContext) -> Message:
    """Return the answer that a wide subscription ended."""
    words, selector = context.words, shown.board.selector
    me = ["me"] if is_direct(shown.board.address.channel_id) else []
    again = command(context, "subscribe", typed(selector), *me)
    return _message(words("wide-stopped", name=name_of(selector, words), command=again))


def not_followed_widely(selector: Selector, context: MessageContext) -> Message:
    """Return the answer that there is no such wide subscription."""
    words = context.words
    said = words("wide-not-followed", name=name_of(selector, words), command=command(context, "list"))
    return _message(said)


def refused(
    shown: WideFollowing, reason: str, context: MessageContext, *, elsewhere: bool = False
) -> Message:
    """Return the answer that Slack refused the board, what to do, and that nothing is lost.

    ``reason`` is Slack's code; ``elsewhere``: the person reads it in another channel.
    """
    words, where = context.words, shown.board.address.channel_id
    is_new = reason in NOT_A_MEMBER and not elsewhere
    problem = words("not-here-yet") if is_new else reason_of(reason, where, words)
    advice = what_to_do(reason, where, context, here=not elsewhere)
    kept = words("kept", voice=name_of(shown.board.selector, words))
    again = button(
        words("button-try-again"), TYPED_AGAIN, f"subscribe {typed(shown.board.selector)}", style="primary"
    )
    return _message(f":warning: {job_card.sentences([problem, advice, kept], words)}", again)


def level_of(shown: WideFollowing) -> Level:
    """Return the level of a wide subscription."""
    return shown.subscription.level if shown.subscription else Level.IMPORTANT


def _level(shown: WideFollowing, words: Words) -> str:
    return words(f"board-level-{level_of(shown)}")


def counts(shown: WideFollowing, words: Words) -> str:
    """Return in a line how many jobs wait, are in work, done and failed; empty while that is not known."""
    if shown.subscription is None or not shown.board.is_read:
        return ""
    found = tally(shown)
    waiting = [words("board-waiting", total=len(found.waiting))] if found.waiting else []
    return row(*waiting, *_others(found, words))


def _others(found: Tally, words: Words) -> list[str]:
    return [
        words("board-in-work", total=found.in_work),
        words("board-done", total=found.done),
        words("board-failed", total=found.failed) if found.failed else "",
    ]


def _named(shown: WideFollowing, words: Words) -> str:
    return mentions_line(shown.subscription.mentions, words) if shown.subscription else ""


def _message(said: str, *buttons: Element) -> Message:
    return Message(spoken(said), [section(said), *([actions(*buttons)] if buttons else [])])
