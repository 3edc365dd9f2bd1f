"""PURE. Reminders: a job waits for the customer still."""

from collections.abc import Sequence

from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.records import JobRecord
from bot.messages import job_card
from bot.messages.blocks import (
    Element,
    Message,
    actions,
    as_many,
    code,
    context_block,
    quoted,
    row,
    section,
    sections,
    spoken,
)
from bot.messages.claims import claim_buttons
from bot.messages.context import MessageContext
from bot.messages.overviews import todo
from bot.messages.texts import Words


def reminder(shown: Following, context: MessageContext) -> Message:
    """Return the reminder of one job."""
    words, job = context.words, shown.job
    head = (
        f":alarm_clock: {words('reminder', voice=job_card.voice_name(job, words), state=_stands(job, words))}"
    )
    lines = [head, job_card.turn(job, context)]
    buttons = [
        *claim_buttons(job, shown.claim, context, with_later=True),
        job_card.details_button(job, context),
    ]
    said = job_card.sentences(map(spoken, lines), words)
    return Message(said, [section("\n".join(lines)), actions(*buttons), context_block(code(shown.job_id))])


def reminder_of_several(followings: Sequence[Following], context: MessageContext) -> Message:
    """Return the reminder of several jobs in a conversation, which are named each."""
    head = f":alarm_clock: *{context.words('reminder-several', total=len(followings))}*"
    return several(head, [each.job for each in followings], [], context)


def reminder_to_person(claimed: Sequence[JobRecord], context: MessageContext) -> Message:
    """Return the reminder to a person of the jobs that they have claimed."""
    words = context.words
    head = f":alarm_clock: *{words('reminder-yours', total=len(claimed))}*"
    if len(claimed) > 1:
        return several(head, [each.job for each in claimed], [], context)
    (record,) = claimed
    buttons = claim_buttons(record.job, record.claim, context, with_later=True)[1:]
    return several(head, [record.job], [job_card.turn(record.job, context)], context, buttons)


def several(
    head: str,
    jobs: Sequence[Job],
    notes: Sequence[str],
    context: MessageContext,
    buttons: Sequence[Element] = (),
) -> Message:
    """Return a message that names several jobs: what to do with each, and since when."""
    words = context.words
    rows = [in_a_line(job, words) for job in jobs]
    notes = [*filter(None, notes)]
    blocks = [
        section("\n".join([head, *notes])),
        *sections(rows),
        *([actions(*buttons)] if buttons else []),
    ]
    said = as_many([*map(spoken, rows)], lambda more: words("board-more", more=more))
    return Message("\n".join([*map(spoken, [head, *notes]), *said]), blocks)


def in_a_line(job: Job, words: Words, *more: str) -> str:
    """Return a job in one line: its voice, what to do or its state, since when, and its id."""
    name = words("bold", said=job_card.voice_name(job, words))
    what = todo(job, words) or job_card.state_with_times(job, words)
    return f"• {row(name, what, job_card.since_when(job, words), *more, quoted(job.job_id or ''))}"


def _stands(job: Job, words: Words) -> str:
    state, since = job_card.state_with_times(job, words), job_card.since_when(job, words)
    return row(state, since)
