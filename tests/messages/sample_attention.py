"""PURE. Samples of who sees to a job, of reminders, and of boards."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Address, Selector, SelectorKind
from bot.domain.records import Board, Claim, Level, Subscription
from bot.messages import board, channel, claims, listing, reminders
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from tests.messages.sample_jobs import DAY, followed_job
from tests.records import HERE, NOW

HERS = Claim(person=Address("T1", "U0ALICE"), at=NOW - 3 * 3600)
NAMED = ("U0BOB", "S0VOICETEAM")


def claimed(*states: str, **job: object) -> Following:
    """Return a job that somebody has claimed."""
    shown = followed_job(*states, job=job)
    return replace(shown, record=replace(shown.record, claim=HERS))


def who_has_it(context: MessageContext) -> Iterator[tuple[str, Message]]:
    """Yield cards, answers and reminders of a job that waits."""
    ours, hers = followed_job("AUDITING", "AUDIT_FAILED"), claimed("AUDITING", "AUDIT_FAILED")
    asked = replace(ours, subscription=replace(ours.wishes[0], mentions=NAMED))
    later = replace(hers, record=replace(hers.record, later=NOW + DAY))
    yield "card that names people", channel.card(asked, context, now=NOW)
    yield "notice that names people", channel.notice(asked, context)
    yield "card of a claimed job", channel.card(later, context, now=NOW)
    yield "taken", claims.taken(hers.record, context)
    yield "taken by another", claims.taken_by(hers.record, HERS, context)
    yield "released", claims.released(hers.record, context)
    yield "put off", claims.put_off(later.record, context)
    yield "an earlier turn", claims.moved_on(followed_job("PROCESSING").job, context)
    yield "reminder", reminders.reminder(ours, context)
    yield "reminder to a person", reminders.reminder_to_person([hers.record], context)
    yield "reminder of several", reminders.reminder_of_several([ours, hers, ours, hers], context)


def boards(context: MessageContext) -> Iterator[tuple[str, Message]]:
    """Yield boards, the message on several jobs at once, and a list with a board."""
    jobs = [
        claimed("USER_RESULT_REVIEW", voice_name="Nova Pro", lastupdate_time=NOW - 9 * DAY),
        followed_job("AUDIT_FAILED"),
        followed_job("CREATING", job={"voice_name": "晚间新闻", "lastupdate_time": NOW - DAY}),
        *(followed_job(state) for state in ("PROCESSING", "PROCESSING", "SUCCEED", "FAILED")),
    ]
    shown = _wide(Selector(SelectorKind.BATCH, "Spring Line"), tuple(jobs))
    yield "of a batch", board.board(shown, context)
    yield "of the project", board.board(_wide(Selector(SelectorKind.PROJECT, ""), tuple(jobs[3:])), context)
    yield "with many", board.board(replace(shown, followings=tuple(jobs) * 9), context)
    yield "being read", board.board(replace(shown, board=replace(shown.board, is_read=False)), context)
    ended = replace(shown, subscription=None, board=replace(shown.board, stopped_by="U0ALICE"))
    yield "stopped", board.board(ended, context)
    yield "several jobs at once", board.digest(jobs[:3], context)
    for name, answer in {
        "subscribed": board.subscribed,
        "already": board.already,
        "ended": board.stopped,
    }.items():
        yield name, answer(shown, context)
    yield "refused", board.refused(shown, "not_in_channel", context)
    yield (
        "in the list",
        listing.listing([shown, jobs[1]], context, channel_id="C1", start=0, checked_at=lambda _: NOW),
    )


def _wide(selector: Selector, jobs: tuple[Following, ...]) -> WideFollowing:
    wish = Subscription(
        address=HERE,
        selector=selector,
        level=Level.IMPORTANT,
        subscribed_by="U0ALICE",
        subscribed_at=NOW,
        mentions=NAMED,
    )
    made = Board(address=HERE, selector=selector, is_read=True)
    return WideFollowing(made, wish, jobs[0].destination, jobs)
