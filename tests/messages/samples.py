"""PURE. Every message that people get, with facts as they are in a workspace."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from bot.domain.jobs import GONE, STATES, Job
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.domain.waiting import WAITING_STATES, RecentJobs, WaitingJobs
from bot.errors import (
    BadUsage,
    BeingStopped,
    JobNotFound,
    MetaStudioError,
    ServiceDown,
    StoreTrouble,
    VoiceJobError,
)
from bot.listeners.command_parser import parse
from bot.messages import channel, guidance, listing, overviews, private, status
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from bot.messages.looked_up import looked_up
from tests.messages.reading import JOB_ID, paused_of
from tests.messages.sample_answers import found_by_name, homes, in_the_modal, reasons
from tests.messages.sample_attention import boards, who_has_it
from tests.messages.sample_jobs import DAY, DIRECT, JOB, followed_job, job_in
from tests.records import NOW, warning
from tests.records import channel as channel_of

PATHS: Final = (
    *pairwise(("CREATING", "SYSTEM_AUDITING", "AUDITING", "AUDIT_FAILED", "SYSTEM_AUDITING")),
    ("WAITING_SPLIT", "SPLIT_FAILED"),
    ("WAITING_SPLIT", "SPLITTING", "ANNOTATING", "WAITING", "PROCESSING"),
    ("PROCESSING", "USER_RESULT_REVIEW"),
    ("USER_RESULT_REVIEW", "USER_REVIEW_REJECT", "USER_RESULT_REVIEW"),
    ("UPLOADING", "SUCCEED"),
    ("PROCESSING", "FAILED"),
    ("PROCESSING", GONE),
    ("PROCESSING", "BRAND_NEW"),
)
TYPED: Final = (
    "hepl",
    "list all of them",
    "subscribe",
    "subscribe #voices",
    "subscribe @bob",
    "unsubscribe Nova @bob",
    "subscribe Nova <@U0BOB|bob> me",
    "subscribe Nova @here",
    "subscribe project " + "".join(f"<@U{number}>" for number in range(11)),
    "subscribe batch",
    "unsubscribe all",
    "#voices",
    f"{JOB_ID} {JOB_ID[:-1]}0",
    "https://console.example/jobs",
    "no such-thing really",
    "language fr",
)
REASONS: Final = ("not_in_channel", "is_archived", "restricted_action", "msg_too_long", "unheard_of")


def samples(context: MessageContext) -> dict[str, dict[str, Message]]:
    """Return all messages by group and name."""
    groups: Mapping[str, Callable[[MessageContext], Iterator[tuple[str, Message]]]] = {
        "looked up": _looked_up,
        "cards": _cards,
        "notices": _notices,
        "who has it, and reminders": who_has_it,
        "boards": boards,
        "pauses": _pauses,
        "answers": _answers,
        "lists": _lists,
        "why": reasons,
        "found by name": found_by_name,
        "the modal": in_the_modal,
        "the App Home": homes,
        "overviews": _overviews,
        "the bot itself": _status,
        "help and errors": _guidance,
    }
    return {name: dict(make(context)) for name, make in groups.items()}


def _looked_up(context: MessageContext) -> Iterator[tuple[str, Message]]:
    for state in (*STATES, GONE, "BRAND_NEW", None):
        yield str(state), looked_up(job_in(state), context, now=NOW)
    again = job_in("AUDIT_FAILED", reject_times=2)
    yield "followed here", looked_up(again, context, now=NOW, followed_in="C1")
    yield "followed in the direct message", looked_up(again, context, now=NOW, followed_in="D1")
    bare = Job.from_api({"job_id": JOB_ID, "state": "PROCESSING"})
    yield "without a name or a time", looked_up(bare, context, now=NOW)


def _cards(context: MessageContext) -> Iterator[tuple[str, Message]]:
    for name, shown in {
        "of a channel": followed_job("AUDIT_FAILED", job={"reject_times": 3}),
        "of a person": followed_job("PROCESSING", address=DIRECT),
        "stopped": followed_job("PROCESSING", stopped_by="U0ALICE"),
        "over": followed_job("SUCCEED"),
        "failed": followed_job("FAILED"),
        "gone": followed_job(GONE),
    }.items():
        yield name, channel.card(shown, context, now=NOW)


def _notices(context: MessageContext) -> Iterator[tuple[str, Message]]:
    for path in PATHS:
        yield " ".join(path), channel.notice(followed_job(*path), context)
    yield "plain text", channel.plain_text(followed_job("PROCESSING"), context)


def _pauses(context: MessageContext) -> Iterator[tuple[str, Message]]:
    for reason in REASONS:
        paused = paused_of(reason, "AUDIT_FAILED", job=JOB)
        yield f"paused: {reason}", channel.paused(paused, context)
        yield f"refused: {reason}", private.refused(paused, reason, context)
    shown = followed_job("PROCESSING")
    yield "refused elsewhere", private.refused(shown, "not_in_channel", context, elsewhere=True)
    yield "over", channel.pause_over(warning(), shown.delivery.address, shown, context)
    yield "ended", channel.pause_over(warning(), shown.delivery.address, None, context)


def _answers(context: MessageContext) -> Iterator[tuple[str, Message]]:
    shown = followed_job("PROCESSING", level=Level.IMPORTANT)
    every, direct = followed_job("PROCESSING"), followed_job("PROCESSING", address=DIRECT)
    yield "subscribed", private.subscribed(shown, context)
    yield "subscribed to all", private.subscribed(every, context)
    yield "subscribed for oneself", private.subscribed(direct, context)
    yield "already", private.already(shown, context)
    yield "already for oneself", private.already(direct, context)
    yield "level changed", private.level_changed(every, context)
    yield "over", private.over(job_in("SUCCEED"), context, now=NOW)
    yield "later", private.later(shown, context)
    yield "stopped", private.stopped(shown, context)
    yield "not subscribed", private.not_subscribed(JOB_ID, context)
    yield "not in direct", private.not_in_direct(JOB_ID, context)
    yield "outsider", private.outsider(context)
    yield "no channel", private.no_channel(context)
    yield "outdated button", private.outdated_button(JOB_ID, context)
    yield "unknown command", private.unknown_command("/other", context)
    yield "unknown request", private.unknown_request(context)
    yield "languages", private.languages(Language.ZH, Language.EN, context)
    yield "languages in a direct message", private.languages(None, Language.EN, context)
    language = context.words.language
    yield "language set", private.language_set(language, context, is_persons=False)
    yield "language set for oneself", private.language_set(language, context, is_persons=True)


def _lists(context: MessageContext) -> Iterator[tuple[str, Message]]:
    rows = [
        followed_job("AUDIT_FAILED", level=Level.IMPORTANT, job={"reject_times": 2}),
        followed_job("PROCESSING", job_id="job-2", job={"voice_name": "Audiobook <beta>"}),
        followed_job("USER_RESULT_REVIEW", job_id="job-3", job={"voice_name": None}),
    ]

    def listed(
        *shown: Any, channel_id: str = "C1", start: int = 0, checked: int | None = NOW, **more: Any
    ) -> Message:
        return listing.listing(
            shown, context, channel_id=channel_id, start=start, checked_at=lambda _: checked, **more
        )

    yield "none", listed()
    yield "none in the direct message", listed(channel_id="D1")
    yield "some", listed(*rows)
    yield "one, not checked", listed(rows[0], checked=None, checks_fail=True)
    yield "paused", listed(paused_of("not_in_channel", "AUDIT_FAILED", job=JOB))
    yield "second page", listed(*rows * 4, start=10)
    own = [rows[0], followed_job("PROCESSING", address=DIRECT), paused_of("not_in_channel", job=JOB)]
    for name, shown in {"none of one's own": [], "one's own": own}.items():
        yield name, listing.own(shown, context, start=0, checked_at=lambda _: NOW)


def _overviews(context: MessageContext) -> Iterator[tuple[str, Message]]:
    ours = tuple(job_in(state) for state in WAITING_STATES)
    waiting, recent = WaitingJobs(ours, NOW), RecentJobs((*map(job_in, STATES),), NOW)
    yield "waiting", overviews.waiting(waiting, context)
    yield "nothing waits", overviews.waiting(WaitingJobs((), NOW), context)
    partly = WaitingJobs(ours * 3, NOW, is_complete=False, searched=300)
    yield "waiting, second page, not all searched", overviews.waiting(partly, context, start=10)
    yield "recent", overviews.recent(recent, context)
    yield "recent, not checked", overviews.recent(replace(recent, checks_fail=True), context)
    yield "no jobs", overviews.recent(RecentJobs((), NOW), context)
    yield "start", overviews.start(waiting, recent, context)
    yield "start without MetaStudio", overviews.start(ServiceDown(), ServiceDown(), context)


def _status(context: MessageContext) -> Iterator[tuple[str, Message]]:
    answers, down = status.Reach(NOW, None), status.Reach(NOW - DAY, ServiceDown())
    shown, paused = followed_job("PROCESSING", delivered_at=NOW - DAY), paused_of("not_in_channel", job=JOB)
    for name, reach, here in (
        ("all well", answers, [shown]),
        ("MetaStudio is down", down, [shown]),
        ("just started", status.Reach(None, None), []),
        ("paused", answers, [paused]),
        ("nowhere", answers, None),
    ):
        yield name, status.status("1.2.3", reach, None if here is None else channel_of(*here), context)


def _guidance(context: MessageContext) -> Iterator[tuple[str, Message]]:
    yield "help", guidance.help(context)
    for text in TYPED:
        try:
            parse(text)
        except BadUsage as error:
            yield f"typed: {text}", guidance.usage(error, context)
    kinds = [kind for kind in _all_kinds(MetaStudioError) if kind is not JobNotFound]
    errors: list[VoiceJobError] = [kind(job_id=JOB_ID, request_id="4f3c9b2a77") for kind in kinds]
    errors += [JobNotFound(job_id=JOB_ID), JobNotFound(job_id="li"), StoreTrouble(), BeingStopped()]
    for each in [*errors, VoiceJobError()]:
        name = f"{type(each).__name__} {each.values.get('job_id', '')}"
        yield name, guidance.problem(each, context, job_id=JOB_ID)


def _all_kinds(kind: type[MetaStudioError]) -> Iterator[type[MetaStudioError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _all_kinds(each)
