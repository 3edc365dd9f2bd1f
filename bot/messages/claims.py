"""PURE. Who sees to a job: the line on a card, the buttons, and the answers to whoever pressed one."""

from collections.abc import Iterable
from typing import Final

from bot.domain.claims import Turn
from bot.domain.jobs import Job
from bot.domain.records import Claim, JobRecord
from bot.domain.reminders import Later
from bot.domain.waiting import is_ours
from bot.messages import job_card
from bot.messages.blocks import Element, Message, actions, date, mention, overflow, row, section, spoken
from bot.messages.context import MessageContext
from bot.messages.texts import Words

TAKE: Final = "claim_take"
TAKE_OVER: Final = "claim_take_over"
RELEASE: Final = "claim_release"
LATER: Final = "claim_later"
"""action_ids. The value is the job id and the turn; for LATER, a menu, then the name of a ``Later``."""
LONGEST_VALUE: Final = 120
"""Characters of a value to which a menu's choice is added: Slack takes 150 (Block Kit, "Option object")."""


def claim_line(claim: Claim | None, words: Words) -> str:
    """Return who sees to a job and since when; empty if nobody does."""
    if claim is None:
        return ""
    return words("claimed", person=mention(claim.person.channel_id), since=date(claim.at, words("since")))


def claim_lines(record: JobRecord, words: Words) -> list[str]:
    """Return who sees to a job, and until when reminders of it are put off."""
    later = words("put-off", when=date(record.later, words("moment"))) if record.later else ""
    line = claim_line(record.claim, words)
    return [*filter(None, [f":raising_hand: {line}" if line else "", later])]


def mentions_line(ids: Iterable[str], words: Words) -> str:
    """Return the line that names people and groups, who are notified by it; empty without any."""
    named = " ".join(map(mention, ids))
    return words("for-people", people=named) if named else ""


def claim_buttons(
    job: Job, claim: Claim | None, context: MessageContext, *, with_later: bool = False
) -> list[Element]:
    """Return the buttons of a job that waits for the customer; ``with_later``: people are reminded of it."""
    take, release = _button("take", TAKE, job, context), _button("release", RELEASE, job, context)
    menu = [later_menu(job, context)] if take and with_later and context.reminds else []
    return [*take, *(release if claim else []), *menu]


def _button(name: str, action_id: str, job: Job, context: MessageContext) -> list[Element]:
    """Return a button about the turn that a job is in; none where it waits for nobody, or its id is no id."""
    value = value_of(job)
    if not is_ours(job.state) or len(value) > LONGEST_VALUE:
        return []
    return [job_card.job_button(name, action_id, job, context, value=value)]


def value_of(job: Job) -> str:
    """Return the value of a button about the turn that a job is in."""
    return f"{job.job_id} {Turn.of(job)}"


def later_menu(job: Job, context: MessageContext) -> Element:
    """Return the menu that puts off the next reminder."""
    words, value = context.words, value_of(job)
    options = {f"{value} {each}": words(f"later-{each}") for each in Later}
    return overflow(LATER, options)


def _message(said: str, *buttons: Element) -> Message:
    return Message(spoken(said), [section(said), *([actions(*buttons)] if buttons else [])])


def taken(record: JobRecord, context: MessageContext) -> Message:
    """Return the answer to a person who has claimed a job."""
    words, job = context.words, record.job
    said = words("you-have-it", voice=job_card.voice_name(job, words))
    more = words("you-have-it-reminders") if context.reminds else ""
    lines = [said, job_card.turn(job, context), more]
    return _message("\n".join(filter(None, lines)), *_button("release", RELEASE, job, context))


def taken_by(record: JobRecord, claim: Claim, context: MessageContext) -> Message:
    """Return the answer that somebody else has it, with a button to take it over."""
    words, job = context.words, record.job
    said = words(
        "other-has-it",
        voice=job_card.voice_name(job, words),
        person=mention(claim.person.channel_id),
        since=date(claim.at, words("since")),
    )
    return _message(said, *_button("take-over", TAKE_OVER, job, context))


def released(record: JobRecord, context: MessageContext) -> Message:
    """Return the answer that nobody has it any more."""
    return _message(context.words("released", voice=job_card.voice_name(record.job, context.words)))


def nobody_has_it(record: JobRecord, context: MessageContext) -> Message:
    """Return the answer that there was nothing to give up."""
    return _message(context.words("nobody-has-it", voice=job_card.voice_name(record.job, context.words)))


def put_off(record: JobRecord, context: MessageContext) -> Message:
    """Return the answer that the next reminder waits."""
    words = context.words
    when = date(record.later or 0, words("moment"))
    return _message(words("was-put-off", voice=job_card.voice_name(record.job, words), when=when))


def not_reminded(context: MessageContext) -> Message:
    """Return the answer that there is no reminder to put off."""
    return _message(context.words("not-reminded"))


def moved_on(job: Job, context: MessageContext) -> Message:
    """Return the answer to a press on a message about an earlier turn: where the job stands now."""
    words = context.words
    said = words(
        "moved-on",
        voice=job_card.voice_name(job, words),
        state=job_card.state_with_times(job, words),
    )
    small = row(job_card.turn(job, context))
    return _message("\n".join(filter(None, [said, small])))
