"""Every kind of message that the bot makes, of any facts, in any language."""

from collections.abc import Callable, Iterator

from bot.domain.following import Following
from bot.domain.job_ids import SOME_JOB
from bot.domain.languages import Language
from bot.domain.records import Warned
from bot.domain.waiting import WaitingJobs
from bot.errors import BadJobId, BadLink, JobNotFound, ServiceDown, StoreTrouble
from bot.messages import channel, guidance, home, job_card, listing, modals, private
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from bot.messages.facts import facts
from tests.messages.reading import JOB_ID
from tests.records import NOW


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
    every, at = [shown] * 9, shown.channel_id
    checked: list[Callable[[str], int | None]] = [lambda _: NOW, lambda _: None]
    for start, checked_at in zip((0, 8), checked, strict=True):
        yield listing.listing(
            every, context, channel_id=at, start=start, checked_at=checked_at, checks_fail=True
        )
    yield Message("-", facts(shown.job, context))


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


def answers_to(shown: Following, context: MessageContext) -> Iterator[Message]:
    """Make each answer about a subscription."""
    for answer in (private.subscribed, private.already, private.level_changed, private.later):
        yield answer(shown, context)
    yield private.already(shown, context, elsewhere=True)
    yield private.stopped(shown, context)
    yield listing.listing([], context, channel_id=shown.channel_id, start=0, checked_at=lambda _: NOW)


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
