"""Every kind of message that the bot makes, of any facts, in any language."""

from collections.abc import Callable, Iterator

from bot.domain.causes import cause_of
from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.following import Channel, Following
from bot.domain.job_ids import SOME_JOB
from bot.domain.job_names import Found
from bot.domain.languages import Language
from bot.domain.records import Address, Destination, Warned
from bot.domain.waiting import RecentJobs, WaitingJobs
from bot.errors import BadJobId, BadLink, JobNotFound, ServiceDown, StoreTrouble
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
from tests.messages.reading import JOB_ID
from tests.records import NOW


def findings_that_say(said: str) -> Findings:
    """Return what MetaStudio may answer, with ``said`` in each of its texts."""
    error = {"audio_name": said, "text_name": said, "error_code": said, "error_message": said}
    known = [{"error_code": f"MSS.200200{number}", "audio_name": f"a/{said}"} for number in range(10, 35)]
    reasons = {"algorithm_failure_reason": said, "admin_audit_failure_reason": said}
    operation = {"time": NOW, "action": said, "operator": said, "external_info": reasons}
    return Findings(
        AuditResult.from_api(
            {
                "system_audit_result": {
                    "audit_time": NOW - 9,
                    "errors": [*known, *[error] * 9, {"error_code": said + "2"}],
                },
                "admin_audit_result": {
                    "audit_time": NOW - 9,
                    "message": f"{said}\n{said}",
                    "attachment_name": said,
                },
            }
        ),
        OperationLog.from_api({"count": 50, "operations": [operation] * 30}),
    )


FOUND = Findings(
    AuditResult.from_api({"system_audit_result": {"errors": [{"error_code": "MSS.20020018"}] * 2}}),
    OperationLog.from_api(
        {
            "operations": [
                {"time": NOW - 200_000, "action": "CREATE_JOB", "operator": "USER"},
                {"time": NOW - 100_000, "action": "AUDIT_NOT_PASS", "operator": "ADMIN"},
                {"action": "COMPLETE_JOB", "operator": "SYSTEM"},
            ]
        }
    ),
)
"""What MetaStudio answers where it tells little."""


def every_message(shown: Following, said: str, context: MessageContext) -> Iterator[Message]:
    """Make each kind of message, about this job, or about what somebody ``said``."""
    yield from about_the_job(shown, context)
    yield from answers_to(shown, context)
    yield from homes_and_modals(shown, context)
    yield from answers_to_what_was(said, context)
    warned = Warned(user_id=said, channel_id=said, ts=said, job=shown.record.ref, voice_name=said)
    for known in (shown, None):
        yield channel.pause_over(warned, shown.delivery.address, known, context)
    for elsewhere in (False, True):
        yield private.refused(shown, said, context, elsewhere=elsewhere)


def about_the_job(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make each message that says where the job is."""
    yield channel.card(shown, context, now=NOW)
    for followed_in in ("", shown.channel_id):
        yield job_card.job(shown.job, context, now=NOW, followed_in=followed_in)
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
    yield from details_and_lists(shown, context)


def homes_and_modals(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make what the modal of the shortcut and the App Home show, full and empty."""
    card = job_card.job(shown.job, context, now=NOW)
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
    ):
        yield home.home(home.Facts(waiting=waiting, followed=followed), context)
    yield home.home(home.Facts(waiting=nothing, followed=[], note=card), context)


def details_and_lists(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make the details of a job, and each list that it may be in."""
    said = shown.job.voice_name or "-"
    for findings in (Findings(), FOUND, findings_that_say(said)):
        yield details.details(shown.job, findings, context, now=NOW)
    for cause in (cause_of(shown.job.model_copy(update={"state": "FAILED"}), findings_that_say(said)),):
        yield job_card.job(shown.job, context, now=NOW, cause=cause)
    many = [shown.job] * 12
    for jobs, near in ((many, ()), ((), many[:3]), ((), ())):
        found = Found(tuple(jobs), tuple(near), 300)
        yield hits.hits(found, said[:256], context, choice=hits.Choice("subscribe", job_card.SUBSCRIBE, "C1"))
    for start in (0, 10):
        yield overviews.waiting(WaitingJobs(tuple(many), NOW, False, 300), context, start=start)
        yield overviews.recent(RecentJobs(tuple(many), NOW), context, start=start)
        yield listing.own([shown] * 12, context, start=start, checked_at=lambda _: NOW, checks_fail=True)
    yield overviews.start(WaitingJobs(tuple(many), NOW), ServiceDown(request_id=said), context)
    yield overviews.start(WaitingJobs((), NOW), RecentJobs((), NOW), context)
    for reach in (status.Reach(NOW, None), status.Reach(None, ServiceDown(request_id=said))):
        for channel_ in (
            Channel(shown.destination, (shown,)),
            Channel(Destination(address=Address("T1", "C1"))),
            None,
        ):
            yield status.status("1.0", reach, channel_, context)


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
