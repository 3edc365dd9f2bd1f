"""PURE. What people get on why a job failed, of jobs found by name, in the modal, and in the App Home."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.domain.causes import cause_of
from bot.domain.findings import Findings
from bot.domain.job_names import Found
from bot.domain.job_records import with_cause
from bot.domain.waiting import WAITING_STATES, WaitingJobs
from bot.errors import JobNotFound, ServiceDown, StoreTrouble
from bot.messages import channel, details, guidance, hits, home, job_card, modals, private
from bot.messages.blocks import Message
from bot.messages.channel import STOP
from bot.messages.context import MessageContext
from bot.messages.looked_up import looked_up
from bot.simulators.metastudio.reviews import ASSESSED
from tests.messages.reading import JOB_ID, paused_of
from tests.messages.sample_jobs import DIRECT, JOB, followed_job, job_in, reviewed
from tests.records import NOW

Named = Iterator[tuple[str, Message]]
SENT_BACK: Final = ("CREATING", "SYSTEM_AUDITING", "AUDITING", "AUDIT_FAILED")
TRAINED: Final = ("CREATING", "SYSTEM_AUDITING", "AUDITING", "WAITING_SPLIT")
LIVES: Final = {
    "sent back by a person": SENT_BACK,
    "sent back by a person, then by the automatic review": (*SENT_BACK, "SYSTEM_AUDITING", "AUDIT_FAILED"),
    "failed": (*TRAINED, "PROCESSING", "FAILED"),
    "splitting failed": (*TRAINED, "SPLITTING", "SPLIT_FAILED"),
    "sent back earlier": (*SENT_BACK, "SYSTEM_AUDITING", "AUDITING"),
    "succeeded": (*TRAINED, "RESULT_REVIEW", "UPLOADING", "SUCCEED"),
}


def reasons(context: MessageContext) -> Named:
    """Make the details of jobs, and their cards and notices where they failed."""
    for name, states in LIVES.items():
        times = states.count("AUDIT_FAILED")
        shown = job_in(states[-1], reject_times=times, assess_result=ASSESSED, create_type="package")
        found = reviewed(*states)
        yield f"details: {name}", details.details(shown, found, context, now=NOW)
        if cause := cause_of(shown, found):
            yield f"looked up: {name}", looked_up(shown, context, now=NOW, cause=cause)
            known = followed_job(*states[-2:], job={"reject_times": times})
            told = replace(known, record=with_cause(known.record, cause))
            yield f"notice: {name}", channel.notice(told, context)
    yield "details: nothing came", details.details(job_in("AUDIT_FAILED"), Findings(), context, now=NOW)


def found_by_name(context: MessageContext) -> Named:
    """Make the lists of jobs that were found by a name."""
    jobs = (job_in("AUDIT_FAILED", reject_times=2), job_in("PROCESSING", voice_name="Evening News <beta>"))
    several, similar = Found(jobs), Found(nearest=jobs, searched=300)
    unsubscribe = hits.Choice("unsubscribe", STOP)
    yield "several", hits.hits(several, "news", context)
    subscribe = hits.Choice("subscribe", job_card.SUBSCRIBE)
    yield "several to subscribe", hits.hits(several, "news", context, choice=subscribe)
    yield "not all searched", hits.hits(replace(several, searched=300), "news", context)
    yield "very many", hits.hits(Found(jobs * 6), "news", context)
    yield "similar names", hits.hits(similar, "nwes", context)
    yield "none", hits.hits(Found(), "weather", context)
    yield "not followed here", hits.hits(Found(nearest=jobs[:1]), "nwes", context, choice=unsubscribe)


def in_the_modal(context: MessageContext) -> Named:
    """Make what the modal of the shortcut shows."""
    cards = [looked_up(job_in(state), context, now=NOW) for state in ("USER_RESULT_REVIEW", "PROCESSING")]
    two, many = modals.Named("C1", [JOB_ID] * 2), modals.Named("C1", [JOB_ID] * 5, more=2)
    problem = guidance.problem(JobNotFound(job_id=JOB_ID), context, job_id=JOB_ID)
    yield "no job is named", modals.cards([], modals.Named("C1", []), context)
    yield "looking", modals.cards([None, None], two, context)
    yield "one came", modals.cards([cards[0], None], two, context)
    yield "one is not found", modals.cards([problem, cards[1]], two, context)
    yield "more than it shows", modals.cards([cards[0]] * 5, many, context)
    yield "subscribed", modals.with_back(private.subscribed(followed_job("PROCESSING"), context), context)


def homes(context: MessageContext) -> Named:
    """Make the App Home."""
    ours = tuple(job_in(state) for state in WAITING_STATES)
    followed = [
        followed_job("AUDIT_FAILED", job={"reject_times": 2}),
        followed_job("PROCESSING", address=DIRECT),
        paused_of("not_in_channel", "PROCESSING", job=JOB),
    ]
    note = private.stopped(followed[0], context)
    for name, facts in {
        "all there is": home.Facts(waiting=WaitingJobs(ours, NOW), followed=followed),
        "after Unsubscribe": home.Facts(waiting=WaitingJobs((), NOW), followed=followed[1:], note=note),
        "nothing": home.Facts(waiting=WaitingJobs((), NOW), followed=[]),
        "looking": home.Facts(waiting=None, followed=[]),
        "trouble": home.Facts(waiting=ServiceDown(), followed=StoreTrouble()),
        "very many": home.Facts(
            waiting=WaitingJobs(ours * 4, NOW, is_complete=False), followed=followed[:1] * 8
        ),
    }.items():
        yield name, home.home(facts, context)
