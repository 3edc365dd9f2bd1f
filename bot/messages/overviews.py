"""PURE. Overviews of the project's jobs: what waits for the customer, and what changed last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.jobs import Job
from bot.domain.records import Claim
from bot.domain.waiting import JobList, RecentJobs, WaitingJobs
from bot.errors import MetaStudioError
from bot.messages import job_card
from bot.messages.blocks import (
    Block,
    Message,
    actions,
    button,
    code,
    context_block,
    date,
    divider,
    quoted,
    row,
    section,
    spoken,
)
from bot.messages.claims import claim_buttons, claim_line
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.guidance import command
from bot.messages.pages import page_buttons, page_of, with_range
from bot.messages.texts import Words

WAITING_PAGE: Final = "waiting_page"
WAITING_FIRST: Final = "waiting_start"
WAITING_REFRESH: Final = "waiting_refresh"
RECENT_PAGE: Final = "recent_page"
RECENT_FIRST: Final = "recent_start"
RECENT_REFRESH: Final = "recent_refresh"
"""action_ids of an overview's buttons: another page, the first one, the same one asked for anew.

The button's value is the number of the page's first entry, from 0.
"""
SHORT: Final = 3
"""Jobs of each kind at the start."""


@dataclass(frozen=True)
class _ActionIds:
    more: str
    first: str
    refresh: str


_WAITING: Final = _ActionIds(WAITING_PAGE, WAITING_FIRST, WAITING_REFRESH)
_RECENT: Final = _ActionIds(RECENT_PAGE, RECENT_FIRST, RECENT_REFRESH)


def waiting(found: WaitingJobs, context: MessageContext, *, start: int = 0) -> Message:
    """Return a page of the jobs that wait, from number ``start`` on."""
    return _overview(_waiting_head(found, context.words), found, _WAITING, context, start)


def recent(found: RecentJobs, context: MessageContext, *, start: int = 0) -> Message:
    """Return a page of the jobs that changed last, from number ``start`` on."""
    return _overview(_recent_head(found, context.words), found, _RECENT, context, start)


def start(
    waiting: WaitingJobs | MetaStudioError, recent: RecentJobs | MetaStudioError, context: MessageContext
) -> Message:
    """Return a few jobs of each kind, and how to go on; an error stands for what did not come."""
    words = context.words
    lists = [found for found in (waiting, recent) if not isinstance(found, MetaStudioError)]
    parts = [Message(spoken(said), [section(said)]) for said in _not_checked(lists, words)]
    parts += [_short(found, context) for found in lists]
    errors = [found for found in (waiting, recent) if isinstance(found, MetaStudioError)]
    if errors:
        said = f":warning: {sentence(errors[0], words, quoted)}"
        parts.append(Message(spoken(said), [section(said)]))
    job = f"<{words('job-id')}>"
    ways = "\n".join(
        [
            words("help-card", command=command(context, job)),
            words("help-subscribe", command=command(context, "subscribe", job)),
            words("start-help", command=command(context, "help")),
        ]
    )
    parts.append(Message(ways, [section(ways)]))
    blocks = [block for part in parts for block in (divider(), *part.blocks)]
    return Message("\n".join(part.text for part in parts), blocks[1:])


def job_row(shown: Job, claim: Claim | None, context: MessageContext) -> list[Block]:
    """Return a job of an overview, with its buttons."""
    show = job_card.job_button("show", job_card.SHOW, shown, context)
    details = job_card.details_button(shown, context)
    asked = claim_buttons(shown, claim, context)[:1]
    return [section(job_lines(shown, claim, context.words)), actions(*asked, show, details)]


def job_lines(shown: Job, claim: Claim | None, words: Words) -> str:
    """Return the voice, the state and since when, what to do, the id, and who sees to it."""
    small = row(todo(shown, words), code(shown.job_id or ""))
    has_it = f":raising_hand: {claim_line(claim, words)}" if claim else ""
    return "\n".join(filter(None, [job_card.list_row(shown, words), small, has_it]))


def todo(shown: Job, words: Words) -> str:
    """Return in few words what the customer has to do; empty where there is nothing to do."""
    return words.known("todo", shown.state) or ""


def _in_short(jobs: Sequence[Job], found: JobList, words: Words) -> list[str]:
    """Return jobs of an overview in words."""
    return [_in_words(job, _claim(found, job), words) for job in jobs]


def _in_words(shown: Job, claim: Claim | None, words: Words) -> str:
    state, since = job_card.state_with_times(shown, words), job_card.since_when(shown, words)
    card = words("card-state", state=state, since=since) if since else state
    said = job_card.sentences([spoken(card), todo(shown, words), spoken(claim_line(claim, words))], words)
    voice = job_card.voice_name(shown, words)
    return words("named-card", voice=voice, job=quoted(shown.job_id or ""), said=said)


def _claim(found: JobList, job: Job) -> Claim | None:
    return found.claims.get(job.job_id or "")


def _overview(head: str, found: JobList, ids: _ActionIds, context: MessageContext, start: int) -> Message:
    words, part = context.words, page_of(found.jobs, start)
    head = with_range(head, part, words)
    notes, warning = [*_notes(found, words)], _not_checked([found], words)
    refresh = button(words("button-refresh"), ids.refresh, str(part.first))
    blocks = [
        section(f"*{head}*"),
        *map(section, warning),
        *(block for job in part.entries for block in job_row(job, _claim(found, job), context)),
        *([divider()] if part.entries else []),
        actions(*page_buttons(part, words, more=ids.more, first=ids.first), refresh),
        context_block(row(*notes, _as_of(found, words))),
    ]
    rows = [*map(spoken, warning), *_in_short(part.entries, found, words)]
    return Message("\n".join([head, *rows, *notes, _as_of(found, words)]), blocks)


def _short(found: JobList, context: MessageContext) -> Message:
    """Return the first jobs of an overview, and the command that shows all of it."""
    words, few = context.words, found.jobs[:SHORT]
    if isinstance(found, WaitingJobs):
        head, typed = _waiting_head(found, words), "waiting"
    else:
        head, typed = words("recent-short"), "recent"
    left = len(found.jobs) - len(few)
    more = [words("overview-more", more=left, command=command(context, typed))] if left else []
    small = row(*more, *_notes(found, words), _as_of(found, words))
    blocks = [
        section(f"*{head}*"),
        *(block for job in few for block in job_row(job, _claim(found, job), context)),
        context_block(small),
    ]
    return Message("\n".join([head, *_in_short(few, found, words), small]), blocks)


def _waiting_head(found: WaitingJobs, words: Words) -> str:
    total = len(found.jobs)
    return words("waiting-head", total=total) if total else words("waiting-none")


def _recent_head(found: RecentJobs, words: Words) -> str:
    total = len(found.jobs)
    return words("recent-head", total=total) if total else words("recent-none")


def _notes(found: JobList, words: Words) -> Sequence[str]:
    """Return what the reader should know of the search; empty where the whole project was searched."""
    return [] if found.is_complete else [words("overview-searched", searched=found.searched)]


def _not_checked(lists: Iterable[JobList], words: Words) -> list[str]:
    """Return the warning that jobs can't be checked at present, if one of the lists is an earlier answer."""
    return [words("not-checked")] if any(found.checks_fail for found in lists) else []


def _as_of(found: JobList, words: Words) -> str:
    return date(found.as_of, words("as-of"))
