"""PURE. The jobs that were found by a name: a short list; or the nearest names where there are none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.job_names import Found
from bot.domain.jobs import Job
from bot.domain.records import Level
from bot.messages import job_card
from bot.messages.blocks import (
    Block,
    Element,
    Message,
    actions,
    code,
    context_block,
    divider,
    quoted,
    section,
    spoken,
)
from bot.messages.context import Answer, MessageContext
from bot.messages.guidance import LIKE_THIS, command
from bot.messages.texts import Words

MOST: Final = 10
SUBSCRIBE_AT: Final = {
    None: job_card.SUBSCRIBE,
    Level.ALL: "subscription_start_all",
    Level.IMPORTANT: "subscription_start_important",
}
"""action_ids of the button that subscribes, for each level that was typed."""


@dataclass(frozen=True)
class Choice:
    """The button that does with a job what was typed, beside the one that shows it."""

    name: str
    """The button's name in the catalogs, behind ``button-``."""
    action_id: str
    channel_id: str = ""
    """The conversation that it is for, if it is another one than that of the reader."""
    typed: str = ""
    """The command that it repeats, with ``{job}`` in the place of the job id; empty: its value is the id."""


def hits(found: Found, name: str, context: MessageContext, *, choice: Choice | None = None) -> Message:
    """Return the jobs that were found by a name, with buttons for each."""
    words, shown = context.words, (found.jobs or found.nearest)[:MOST]
    head = _head(found, name, context, choice)
    more = _more(found, len(found.jobs) - len(shown), words) if found.jobs else []
    blocks: list[Block] = [section(head)]
    for job in shown:
        blocks += [
            divider(),
            section(f"{job_card.list_row(job, words)}\n{code(job.job_id or '')}"),
            actions(*_buttons(job, context, choice)),
        ]
    if more:
        blocks += [divider(), context_block(*more)]
    return Message("\n".join([spoken(head), *(_in_words(job, words) for job in shown), *more]), blocks)


def with_searched(answer: Answer, searched: int, context: MessageContext) -> Message:
    """Return the answer about the only hit, with the sentence that not all jobs were searched."""
    shown, said = answer(context), context.words("hits-only-searched", searched=searched)
    return Message(f"{shown.text}\n{said}", [*(shown.blocks or [section(shown.text)]), context_block(said)])


def _more(found: Found, left: int, words: Words) -> list[str]:
    """Return what is said below the jobs: that not all are shown, or that not all were searched."""
    if found.searched:
        return [words("hits-only-searched", searched=found.searched)]
    return [words("hits-more", more=left)] if left else []


def _head(found: Found, name: str, context: MessageContext, choice: Choice | None) -> str:
    words, quoted = context.words, code(name)
    if found.jobs:
        return words("hits-several", name=quoted, count=len(found.jobs))
    if choice and choice.name == "unsubscribe":
        said = words("hits-none-here", name=quoted, command=command(context, "list"))
        return job_card.sentences([said, words("hits-nearest") if found.nearest else ""], words)
    said = words("hits-none", name=quoted)
    if found.searched:
        said = job_card.sentences([said, words("hits-searched", searched=found.searched)], words)
    way = words("hits-nearest") if found.nearest else _example(context)
    return job_card.sentences([said, way], words)


def _example(context: MessageContext) -> str:
    return context.words("looks-like", example=code(LIKE_THIS), help=command(context, "help"))


def _in_words(job: Job, words: Words) -> str:
    """Return a row as plain text: short, as Slack takes 4000 characters of it."""
    voice, job_id = job_card.voice_name(job, words), quoted(job.job_id or "")
    return words("in-words", voice=voice, state=job_card.label(job.state, words), job=job_id)


def _buttons(job: Job, context: MessageContext, choice: Choice | None) -> Sequence[Element]:
    show = job_card.job_button("show", job_card.SHOW, job, context)
    if choice is None:
        return [show]
    value = f"{job.job_id} {choice.channel_id}".rstrip()
    if choice.typed:
        value = choice.typed.replace("{job}", job.job_id or "")
    return [_chosen(choice, job, context, value), show]


def _chosen(choice: Choice, job: Job, context: MessageContext, value: str) -> Element:
    return job_card.job_button(choice.name, choice.action_id, job, context, value=value)
