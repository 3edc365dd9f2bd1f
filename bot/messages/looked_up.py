"""PURE. The card of a job that somebody looked up."""

from bot.domain.causes import Cause
from bot.domain.direct_messages import is_direct
from bot.domain.jobs import Job
from bot.domain.records import JobRecord
from bot.messages.blocks import Message
from bot.messages.claims import claim_buttons, claim_lines
from bot.messages.context import MessageContext
from bot.messages.job_card import (
    REFRESH,
    SUBSCRIBE,
    TELL_ME,
    card,
    console_button,
    details_button,
    ending,
    job_button,
)


def looked_up(
    shown: Job,
    context: MessageContext,
    *,
    now: int,
    followed_in: str = "",
    cause: Cause | None = None,
    record: JobRecord | None = None,
) -> Message:
    """Return a message on one job, looked up at ``now`` (epoch seconds).

    ``followed_in`` is the id of the reader's conversation, if the job is followed there; ``cause`` is why it
    failed or was sent back; ``record`` is what is stored of it in its present state.
    """
    note = context.words(f"card-followed{ending(followed_in)}") if followed_in else ""
    buttons = [
        details_button(shown, context),
        job_button("refresh", REFRESH, shown, context),
        *console_button(shown, context),
    ]
    if not shown.is_over and not is_direct(followed_in):
        buttons.insert(0, job_button("tell-me", TELL_ME, shown, context))
    if not followed_in and not shown.is_over:
        buttons.insert(0, job_button("subscribe", SUBSCRIBE, shown, context, style="primary"))
    said = claim_lines(record, context.words) if record else []
    asked = claim_buttons(shown, record.claim if record else None, context)
    return card(shown, buttons, context, now=now, notes=[*said, note], cause=cause, asked=asked)
