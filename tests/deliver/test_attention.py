"""What is due of wide subscriptions, of their boards, and of jobs that wait for the customer still."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.deliver.changes import after_ok, after_refusal
from bot.deliver.reactions import Reaction
from bot.deliver.schedule import Task, next_due, tasks
from bot.domain import deliveries
from bot.domain.deliveries import Step
from bot.domain.following import Channel, Following
from bot.domain.jobs import GONE
from bot.domain.keys import Address
from bot.domain.records import Card, Claim, Destination, Level, Records, Sight
from bot.domain.reminders import NEVER, ReminderTimes, Window
from tests.records import (
    BOB,
    HERE,
    NOW,
    board_of,
    channel,
    following,
    stored,
    wide_wish,
    widely,
    with_delivery,
    with_record,
)

HOUR = 60 * 60
DAILY = ReminderTimes(24, Window.parse("daily 00:00-24:00"), ZoneInfo("UTC"))
ALL = wide_wish(level=Level.ALL)
CARD, NOTICE, EDIT, FORGET = Step.POST_CARD, Step.POST_NOTICE, Step.EDIT_CARD, Step.FORGET
DIGEST, REMINDER, SEVERAL = Step.POST_DIGEST, Step.POST_REMINDER, Step.REMIND_OF_SEVERAL
OURS = "AUDIT_FAILED"
SHOWN: dict[str, Any] = {"card": Card(ts="1.1", posted_at=NOW, fingerprint="old"), "cards": 1, "told": 0}


def several(number: int, *states: str, **more: Any) -> list[Following]:
    """Return jobs of a batch, the one with the highest number longest in its state."""
    return [
        widely(*states, job_id=f"job-{each}", updated=NOW - each, **more) for each in range(1, number + 1)
    ]


NEWS: dict[str, tuple[list[Following], list[tuple[Step, list[str]]]]] = {
    "quiet": ([widely("WAITING")], []),
    "quiet, where all is told": ([widely("WAITING", wish=ALL)], [(CARD, ["job-1"])]),
    "told already": ([widely("WAITING", wish=ALL, told=0)], []),
    "our turn": ([widely("WAITING", OURS, told=0)], [(CARD, ["job-1"])]),
    "our turn, told": ([widely(OURS, told=0)], []),
    "done": ([widely("SUCCEED")], []),
    "failed": ([widely("FAILED")], [(CARD, ["job-1"])]),
    "deleted": ([widely(GONE)], []),
    "a change of what has a card": ([widely("WAITING", "PROCESSING", **SHOWN)], [(NOTICE, ["job-1"])]),
    "three": (several(3, OURS), [(CARD, ["job-3"]), (CARD, ["job-2"]), (CARD, ["job-1"])]),
    "four": (several(4, OURS), [(DIGEST, ["job-4", "job-3", "job-2", "job-1"])]),
    "four with cards": (
        several(4, "WAITING", OURS, **SHOWN),
        [(DIGEST, ["job-4", "job-3", "job-2", "job-1"])],
    ),
    "four in their threads": (
        several(4, "WAITING", "PROCESSING", **SHOWN),
        [(NOTICE, [f"job-{number}"]) for number in range(1, 5)],
    ),
    "followed by itself, too": (
        [replace(following("WAITING", card=None, told=0), wide=(wide_wish(),))],
        [(CARD, ["job-1"])],
    ),
    "nobody wishes it any more": (
        [replace(each, wide=()) for each in several(5, OURS)],
        [(FORGET, ["job-1", "job-2", "job-3", "job-4", "job-5"])],
    ),
    "nor what has a card": ([replace(widely(OURS, **SHOWN), wide=())], [(EDIT, ["job-1"])]),
}


def names(task: Task) -> list[str]:
    """Return the jobs that a task is about."""
    return [each.job_id for each in (*task.followings, *filter(None, [task.following]))]


@pytest.mark.parametrize(("followings", "expected"), NEWS.values(), ids=NEWS)
def test_news(followings: list[Following], expected: list[tuple[Step, list[str]]]) -> None:
    """What only a wide subscription follows is told when it needs somebody; many jobs share a message."""
    due = tasks(channel(*followings), NEVER, NOW)

    assert [(task.step, names(task)) for task in due] == expected


def waits(hours: float, job_id: str = "job-1", **record: Any) -> Following:
    """Return a job of which it was told so many hours ago that it waits for the customer."""
    found = following(OURS, job_id=job_id, posted_at=NOW - int(hours * HOUR), level=Level.IMPORTANT)
    sights = (replace(found.record.sights[0], at=NOW - int(hours * HOUR)),)
    return with_record(found, **{"sights": sights} | record)


HIS = Claim(person=Address("T1", BOB), at=NOW - 25 * HOUR)
REMINDERS: dict[str, tuple[list[Following], list[tuple[Step, int, bool]]]] = {
    "not yet": ([waits(23)], []),
    "after a day": ([waits(25)], [(REMINDER, 1, False)]),
    "after three, in the channel, too": ([waits(73)], [(REMINDER, 2, True)]),
    "once": ([with_delivery(waits(73), posted_at=NOW - HOUR // 2)], []),
    "not of what waits for nobody": (
        [with_record(waits(73), sights=(Sight("WAITING", NOW - 99 * HOUR),))],
        [],
    ),
    "put off": ([waits(25, later=NOW + HOUR)], []),
    "until it is later": ([waits(25, later=NOW - 1)], [(REMINDER, 1, False)]),
    "counted anew": ([waits(73, clock=NOW - HOUR)], []),
    "somebody has it": ([waits(73, claim=HIS)], []),
    "somebody who can't be reached": (
        [waits(25, claim=replace(HIS, is_unreachable=True))],
        [(REMINDER, 1, False)],
    ),
    "ended": ([with_delivery(replace(waits(25), subscription=None), stopped_by=BOB)], []),
    "four at once": ([waits(25, job_id=f"job-{number}") for number in range(4)], [(SEVERAL, 0, False)]),
}


@pytest.mark.parametrize(("followings", "expected"), REMINDERS.values(), ids=REMINDERS)
def test_reminders(followings: list[Following], expected: list[tuple[Step, int, bool]]) -> None:
    """They come at growing pauses, from the second on in the channel, if nobody has the job."""
    due = [task for task in tasks(channel(*followings), DAILY, NOW) if task.step is not EDIT]

    assert [(task.step, task.number, task.is_broadcast) for task in due] == expected


def test_who_has_it_is_reminded_alone() -> None:
    """In their direct message, counted from the claim; the next time is known beforehand."""
    record, person = waits(73, claim=HIS, clock=HIS.at).record, Destination(address=HIS.person)
    theirs = Channel(person, claimed=(record,))
    (due,) = tasks(theirs, DAILY, NOW)
    assert (due.step, due.claimed, due.user_id) == (Step.REMIND_PERSON, (record,), BOB)

    records = Records.of(record)
    for _, change in after_ok(due, HIS.person, None, NOW, card_is_lost=False):
        records = Records(records | change(records))
    told = records.job(record.ref)
    assert told
    after = Channel(person, claimed=(told,))
    assert (tasks(after, DAILY, NOW), next_due(after, DAILY, NOW)) == ([], HIS.at + 72 * HOUR)

    for _, change in after_refusal(due, HIS.person, Reaction.SKIP, "user_not_found", NOW):
        records = Records(records | change(records))
    told = records.job(record.ref)
    assert told
    assert tasks(Channel(person, claimed=(told,)), DAILY, NOW + 99 * HOUR) == []


BOARD = Card(ts="1.1", posted_at=NOW - 999, fingerprint="old")
BOARDS: dict[str, tuple[dict[str, Any], list[tuple[Step, float]]]] = {
    "new": ({}, [(Step.POST_BOARD, 0)]),
    "lost": ({"no_card_before": NOW + 9}, [(Step.POST_BOARD, 9)]),
    "changed": ({"card": BOARD}, [(Step.EDIT_BOARD, 0)]),
    "changed a moment ago": ({"card": BOARD, "edited_at": NOW - 10}, [(Step.EDIT_BOARD, 20)]),
    "ended": ({"card": BOARD, "stopped_by": BOB}, [(Step.EDIT_BOARD, 0)]),
    "ended before it was posted": ({"stopped_by": BOB}, [(Step.FORGET_BOARD, 0)]),
}


@pytest.mark.parametrize(("board", "expected"), BOARDS.values(), ids=BOARDS)
def test_board(board: dict[str, Any], expected: list[tuple[Step, float]]) -> None:
    """It is posted once, edited when it is not true any more, and twice a minute at most."""
    due = tasks(channel(boards=(board_of(**board),)), NEVER, NOW)

    assert [(task.step, task.wait) for task in due] == expected


def test_board_that_is_true_is_left_alone() -> None:
    """After an edit nothing is due, until a job waits, moves or is claimed."""
    shown = board_of(*several(2, OURS), card=BOARD)
    (task,) = tasks(channel(boards=(shown,)), NEVER, NOW)
    records = Records.of(shown.board, wide_wish())
    for keys, change in after_ok(task, HERE, None, NOW, card_is_lost=False):
        records = Records(records | change(Records((key, records.get(key)) for key in keys)))
    board = records.board(shown.board.key)
    assert board
    edited = replace(shown, board=board)

    assert tasks(channel(boards=(edited,)), NEVER, NOW) == []
    claimed = replace(edited, followings=tuple(with_record(each, claim=HIS) for each in shown.followings))
    moved = replace(edited, followings=tuple(several(2, "SYSTEM_AUDITING")))
    for other in (claimed, moved, replace(edited, followings=edited.followings[:1])):
        assert [task.step for task in tasks(channel(boards=(other,)), NEVER, NOW + 60)] == [Step.EDIT_BOARD]


def test_one_message_tells_several() -> None:
    """What it named is told; the cards that there are get edited by themselves."""
    followings = several(4, OURS)
    (task,) = tasks(channel(*followings), NEVER, NOW)
    records = stored(*followings)
    for keys, change in after_ok(task, HERE, None, NOW, card_is_lost=False):
        records = Records(records | change(Records((key, records.get(key)) for key in keys)))

    told = [records.delivery(each.key) for each in followings]
    assert [(each.told, each.posted_at) for each in told if each] == [(0, NOW)] * 4


def test_the_end_of_a_job_stays_on_the_board() -> None:
    """Its delivery is kept while a wide subscription counts it, and goes with that."""
    over = widely("FAILED", **{**SHOWN, "told": 0})
    change = deliveries.card_edited(over, NOW)
    assert change(stored(over)).delivery(over.key)
    assert change(stored(over)).get(over.key, "kept") != "kept"
    ended = replace(over, wide=())
    assert deliveries.card_edited(ended, NOW)(stored(ended)) == {over.key: None}
