"""Every kind of message that the bot makes, of any facts, in any language."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.domain.causes import Cause, Reviewer, cause_of
from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.following import Channel, Following
from bot.domain.job_ids import SOME_JOB
from bot.domain.job_names import Found
from bot.domain.job_records import with_cause
from bot.domain.languages import Language
from bot.domain.records import Destination, Warned
from bot.domain.waiting import RecentJobs, WaitingJobs
from bot.errors import BadJobId, BadLink, JobNotFound, ServiceDown, StoreTrouble, VoiceJobError
from bot.messages import (
    channel,
    details,
    guidance,
    hits,
    home,
    job_card,
    listing,
    modals,
    overviews,
    private,
    status,
)
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from bot.messages.facts import facts
from bot.messages.looked_up import looked_up
from tests.messages.attention_kinds import attention
from tests.messages.reading import JOB_ID
from tests.records import NOW


def every_message(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each kind of message, about this job, or about what somebody ``said``."""
    yield from about_the_job(shown, context)
    yield from answers_to(shown, context)
    yield from homes_and_modals(shown, context)
    yield from reasons(shown, said, context)
    yield from found_by_name(shown, said, context)
    yield from overviews_and_status(shown, said, context)
    yield from answers_to_what_was(said, context)
    yield from attention(shown, said, context)
    warned = Warned(user_id=said, channel_id=said, ts=said, job=shown.record.ref, voice_name=said)
    for known in (shown, None):
        yield channel.pause_over(warned, shown.delivery.address, known, context)
    for elsewhere in (False, True):
        yield private.refused(shown, said, context, elsewhere=elsewhere)


def about_the_job(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make each message that says where the job is."""
    yield channel.card(shown, context, now=NOW)
    for followed_in in ("", shown.channel_id):
        yield looked_up(shown.job, context, now=NOW, followed_in=followed_in)
    yield private.over(shown.job, context, now=NOW)
    if shown.path:
        yield channel.notice(shown, context)
    yield channel.plain_text(shown, context)
    yield channel.paused(shown, context)
    every, at = [shown] * 11, shown.channel_id
    checked: list[Callable[[str], int | None]] = [lambda _: NOW, lambda _: None]
    for start, checked_at in zip((0, 10), checked, strict=True):
        yield listing.listing(
            every, context, channel_id=at, start=start, checked_at=checked_at, checks_fail=True
        )
    yield Message("-", facts(shown.job, context))


def reasons(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each message on why a job failed, of whatever was ``said``, and on its history."""
    for at in (NOW, None):
        found = findings(said[:1500], at)
        for each in (found, replace(found, audit=None), replace(found, log=None), Findings()):
            yield details.details(shown.job, each, context, now=NOW)
        cause = cause_of(shown.job.model_copy(update={"reject_times": 1}), found)
        of_files = replace(found, log=None)
        for why in (cause, cause_of(shown.job, of_files), *(Cause(by=by) for by in Reviewer)):
            if why:
                yield from _with_cause(shown, why, context)


def _with_cause(shown: Following, cause: Cause, context: MessageContext) -> Iterator[Message]:
    yield looked_up(shown.job, context, now=NOW, cause=cause)
    explained = replace(shown, record=with_cause(shown.record, cause))
    yield channel.card(explained, context, now=NOW)
    if shown.path:
        yield channel.notice(explained, context)


def findings(said: str, at: int | None) -> Findings:
    """Return both answers, with ``said`` wherever words may stand, and many of everything."""
    error = {"error_message": said, "audio_name": said, "text_name": said}
    codes = [said, f"{said}!", "MSS.20020018", "MSS.20020029", "MSS.20020027", None]
    errors = [{**error, "error_code": code} for code in codes for _ in range(6)]
    info = {"algorithm_failure_reason": said, "admin_audit_failure_reason": said}
    step = {"time": at, "action": said, "operator": said, "external_info": info}
    refused = {"time": at, "action": "AUDIT_NOT_PASS", "operator": "ADMIN"}
    audit = {
        "system_audit_result": {"audit_time": at, "errors": errors},
        "admin_audit_result": {"message": f"{said}\n{said}", "attachment_name": said, "audit_time": at},
    }
    return Findings(
        AuditResult.from_api(audit),
        OperationLog.from_api({"operations": [step] * 21 + [refused], "count": 99}),
    )


def found_by_name(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each list of jobs that were found by a name."""
    jobs = (shown.job,) * (hits.MOST + 2)
    several, few = Found(jobs), Found(nearest=jobs[:3], searched=300)
    choices = [
        None,
        hits.Choice("details", job_card.DETAILS),
        hits.Choice("subscribe", job_card.SUBSCRIBE, "C0VOICES"),
        hits.Choice("unsubscribe", channel.STOP),
    ]
    for choice in choices:
        for found in (several, few, Found()):
            yield hits.hits(found, said, context, choice=choice)


def overviews_and_status(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each overview of the project, the list of one's own subscriptions, and the bot's own state."""
    waiting = WaitingJobs((shown.job,) * 12, NOW, is_complete=False, searched=300)
    recent, failed = RecentJobs((shown.job,) * 12, NOW), ServiceDown(request_id=said)
    for start in (0, 10):
        yield overviews.waiting(waiting, context, start=start)
        yield overviews.recent(recent, context, start=start)
        yield listing.own([shown] * 12, context, start=start, checked_at=lambda _: NOW, checks_fail=True)
    yield overviews.start(waiting, recent, context)
    yield overviews.start(failed, recent, context)
    yield overviews.start(WaitingJobs((), NOW), failed, context)
    yield overviews.start(WaitingJobs((), NOW), RecentJobs((), NOW), context)
    here = Channel(shown.destination, (shown,))
    for reach in (status.Reach(NOW, None), status.Reach(None, failed), status.Reach(None, None)):
        for where in (here, Channel(Destination(address=shown.delivery.address)), None):
            yield status.status("1.0", reach, where, context)


def homes_and_modals(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make what the modal of the shortcut and the App Home show, full and empty."""
    card = looked_up(shown.job, context, now=NOW)
    named = modals.Named("C1", [JOB_ID] * modals.MOST, more=2)
    for answers in ([None] * modals.MOST, [card, *[None] * 9], []):
        yield modals.cards(answers, named, context)
    yield modals.as_message(modals.cards([card] * modals.MOST, named, context))
    full, nothing = WaitingJobs((shown.job,) * 12, NOW, is_complete=False), WaitingJobs((), NOW)
    for waiting, followed in (
        (full, [shown] * 12),
        (nothing, []),
        (None, []),
        (ServiceDown(), StoreTrouble()),
        (ServiceDown(), VoiceJobError()),
    ):
        yield home.home(home.Facts(waiting=waiting, followed=followed), context)
    yield home.home(home.Facts(waiting=nothing, followed=[], note=card), context)


def answers_to(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make each answer about a subscription."""
    for answer in (private.subscribed, private.already, private.level_changed, private.later):
        yield answer(shown, context)
    yield private.already(shown, context, elsewhere=True)
    yield private.stopped(shown, context)
    yield listing.listing([], context, channel_id=shown.channel_id, start=0, checked_at=lambda _: NOW)
    yield listing.own([], context, start=0, checked_at=lambda _: NOW)


def answers_to_what_was(said: str, context: MessageContext) -> Iterator[Message]:
    """Make each answer to what was typed or pressed, and each problem."""
    for answer in (private.outdated_button, private.unknown_command, private.not_in_direct):
        yield answer(said, context)
    for channel_id in (said, "D0ALICE"):
        yield private.not_subscribed(said, context, channel_id=channel_id)
    for silent in (private.outsider, private.no_channel, private.unknown_request, guidance.help):
        yield silent(context)
    for meant in ("", said, f"subscribe {SOME_JOB}"):
        yield guidance.usage(BadJobId(said, meant=meant), context)
    yield guidance.problem(BadLink(said), context, job_id=JOB_ID)
    yield guidance.problem(JobNotFound(job_id=said), context, job_id=said)
    yield guidance.problem(ServiceDown(job_id=said, request_id=said), context, job_id=JOB_ID)
    for language in Language:
        yield private.languages(language, language, context)
        yield private.language_set(language, context, is_persons=language is Language.EN)
