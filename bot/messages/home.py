"""PURE. The App Home: what waits for us, one's own subscriptions, one's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.direct_messages import is_direct
from bot.domain.following import WideFollowing
from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.domain.records import Claim
from bot.domain.waiting import WaitingJobs
from bot.errors import StoreTrouble, VoiceJobError
from bot.messages import board, job_card
from bot.messages.blocks import (
    Block,
    Message,
    actions,
    button,
    context_block,
    date,
    divider,
    header,
    quoted,
    row,
    section,
)
from bot.messages.channel import RETRY, STOP, button_value, channel, reason_of, stop_button
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.guidance import command
from bot.messages.listing import Entry, where
from bot.messages.modals import BLOCKS
from bot.messages.overviews import job_lines

REFRESH: Final = "home_refresh"
LANGUAGES: Final = {Language.EN: "home_language_en", Language.ZH: "home_language_zh"}
"""action_ids of the Home's own buttons: publish it anew; set the person's language."""
MOST: Final = 10
"""The most jobs of each kind: with their buttons, they have less than half of the blocks that Slack takes."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a Home shows; an error stands for what could not be had."""

    waiting: WaitingJobs | VoiceJobError | None
    """None: MetaStudio has not answered yet."""
    followed: Sequence[Entry] | VoiceJobError
    """What the person's own subscriptions follow, oldest first."""
    note: Message | None = None
    """The answer to what the person pressed in it."""


def home(facts: Facts, context: MessageContext) -> Message:
    """Return a person's Home."""
    words, other = context.words, _other(context.words.language)
    below = [
        *_waiting(facts.waiting, context),
        divider(),
        *_followed(facts.followed, context),
        divider(),
        section(words("home-language", language=words(f"language-name-{words.language}"))),
        actions(
            button(words(f"button-language-{other}"), LANGUAGES[other], about=words("home-language-button")),
            button(words("button-refresh"), REFRESH, about=words("home-refresh")),
        ),
    ]
    note = [*(facts.note.blocks or [section(facts.note.text)]), divider()] if facts.note else []
    return Message(_in_words(context), [*note[: BLOCKS - len(below)], *below])


def _in_words(context: MessageContext) -> str:
    """Return what stands there if Slack does not take the blocks."""
    waiting, mine = command(context, "waiting"), command(context, "list", "mine")
    return context.words("home-in-words", waiting=waiting, mine=mine)


def _other(language: Language) -> Language:
    return Language.EN if language is Language.ZH else Language.ZH


def _problem(error: VoiceJobError, said: str, context: MessageContext) -> Block:
    reason = sentence(error, context.words, quoted)
    return section(f":warning: {job_card.sentences([said, reason], context.words)}")


def _waiting(found: WaitingJobs | VoiceJobError | None, context: MessageContext) -> list[Block]:
    words = context.words
    head = header(words("home-waiting"))
    if found is None:
        return [head, section(words("home-looking"))]
    if isinstance(found, VoiceJobError):
        return [head, _problem(found, words("home-no-waiting"), context)]
    shown, left = found.jobs[:MOST], len(found.jobs) - MOST
    rows = [_job(job, found.claims.get(job.job_id or ""), context) for job in shown]
    rows = rows or [section(words("home-nothing-waits"))]
    if found.checks_fail:
        rows.insert(0, section(words("not-checked")))
    small = [date(found.as_of, words("home-as-of"))]
    if left > 0:
        small.insert(0, words("home-more", count=left, command=command(context, "waiting")))
    if not found.is_complete:
        small.append(words("home-searched"))
    return [head, *rows, context_block(row(*small))]


def _job(shown: Job, claim: Claim | None, context: MessageContext) -> Block:
    show = job_card.job_button("show", job_card.SHOW, shown, context)
    return section(job_lines(shown, claim, context.words)) | {"accessory": show}


def _followed(found: Sequence[Entry] | VoiceJobError, context: MessageContext) -> list[Block]:
    words = context.words
    head = header(words("home-followed"))
    if isinstance(found, StoreTrouble):  # its own sentence is for who wanted something changed
        return [head, section(f":warning: {words('home-not-read')}")]
    if isinstance(found, VoiceJobError):
        return [head, _problem(found, words("home-not-followed"), context)]
    if not found:
        typed = command(context, "subscribe", f"<{words('job-id')}>")
        return [head, section(words("home-follows-nothing", command=typed))]
    newest = list(reversed(found))
    # What is paused needs the reader, so it stands first; of all others, the newest.
    order = sorted(newest, key=lambda each: each.destination.pause is None)
    rows = [block for each in order[:MOST] for block in _subscription(each, context)]
    left = len(found) - MOST
    more = words("home-more", count=left, command=command(context, "list", "mine")) if left > 0 else ""
    return [head, *rows, *([context_block(more)] if more else [])]


def _subscription(shown: Entry, context: MessageContext) -> list[Block]:
    words = context.words
    if isinstance(shown, WideFollowing):
        return _wide(shown, context)
    where = words("home-where-direct") if is_direct(shown.channel_id) else channel(shown.channel_id)
    lines = [words("home-subscription", said=job_card.list_row(shown.job, words), where=where)]
    show = job_card.job_button("show", job_card.SHOW, shown.job, context, value=shown.job_id)
    buttons = [show, stop_button(shown, STOP, context, is_elsewhere=True)]
    if shown.pause:
        lines.append(words("home-paused", reason=reason_of(shown.pause.reason, shown.channel_id, words)))
        value = button_value(shown)
        buttons.insert(0, job_card.job_button("try-again", RETRY, shown.job, context, value=value))
    return [section("\n".join(lines)), actions(*buttons)]


def _wide(shown: WideFollowing, context: MessageContext) -> list[Block]:
    words, name = context.words, board.name_of(shown.board.selector, context.words)
    said = row(words("bold", said=name), where(shown, words))
    lines = [f":card_index_dividers: {said}", board.counts(shown, words)]
    if pause := shown.destination.pause:
        lines.append(
            words("home-paused", reason=reason_of(pause.reason, shown.board.address.channel_id, words))
        )
    stop = board.stop_button(shown.board, board.OWN[None], context)
    return [section("\n".join(filter(None, lines))), actions(stop)]
