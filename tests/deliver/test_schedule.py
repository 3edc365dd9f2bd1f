"""What is due in a conversation, and what of it is next."""

from typing import Any

import pytest

from bot.deliver.schedule import Task, next_task, tasks
from bot.domain.deliveries import Step
from bot.domain.following import Channel
from bot.domain.records import Destination
from bot.domain.reminders import NEVER
from tests.records import ALICE, BOB, HERE, NOW, channel, following, fresh, paused, warning

CARD, NOTICE, EDIT, FORGET = Step.POST_CARD, Step.POST_NOTICE, Step.EDIT_CARD, Step.FORGET
TELL, UNSAY = Step.TELL_PERSON, Step.EDIT_WARNING

A, B = "WAITING", "PROCESSING"
LATER = NOW + 9
WARNED = (warning(),)
ALL_PAUSED = [
    following(A, B, pause=paused(ALICE)),
    following(job_id="job-2", shown=False),
    fresh(job_id="job-3"),
    fresh(job_id="job-4", stopped_by=BOB),
]
OF_THREE = [following(pause=paused()), following(job_id="job-2"), following(job_id="job-3", by=BOB)]
UNFOLLOWED = Channel(Destination(address=HERE, pause=paused(ALICE), warned=WARNED))

DUE: dict[str, tuple[Channel, list[tuple[Step, float]]]] = {
    "nothing": (channel(following()), []),
    "a first card": (channel(fresh()), [(CARD, 0)]),
    "a lost card that may not be posted anew yet": (
        channel(following(card=None, no_card_before=LATER)),
        [(CARD, 9)],
    ),
    "the end of a job whose card was lost": (
        channel(following("SUCCEED", card=None, no_card_before=LATER)),
        [],
    ),
    "all that is paused waits": (
        channel(*ALL_PAUSED),
        [(NOTICE, 200), (EDIT, 200), (CARD, 200), (FORGET, 0)],
    ),
    "a lost card and a pause": (
        channel(following(card=None, no_card_before=LATER, pause=paused(ALICE))),
        [(CARD, 200)],
    ),
    "each person once": (channel(*OF_THREE), [(TELL, 0), (TELL, 0)]),
    "nobody while a try is due at once": (channel(following(pause=paused(next_try=NOW - 100))), []),
    "nobody for what was ended": (channel(following(stopped_by=BOB, pause=paused())), []),
    "a warning after the pause": (channel(following(warned=WARNED)), [(UNSAY, 0)]),
    "no word of it while it is true": (channel(following(pause=paused(ALICE), warned=WARNED)), []),
    "a warning of somebody who follows nothing there": (
        channel(following(by=BOB, pause=paused(BOB), warned=WARNED)),
        [(UNSAY, 0)],
    ),
    "a warning where nothing is followed": (UNFOLLOWED, [(UNSAY, 0)]),
}


@pytest.mark.parametrize(("found", "due"), DUE.values(), ids=DUE)
def test_what_is_due(found: Channel, due: list[tuple[Step, float]]) -> None:
    """Each step is due when it should be, and waits for as long as it should."""
    assert [(task.step, task.wait) for task in tasks(found, NEVER, NOW)] == due


def test_tasks_are_told_apart() -> None:
    """Two warnings, two people, two jobs, and two steps of one job are different tasks."""
    about = following("WAITING", "PROCESSING")
    different = [
        Task(step=NOTICE, following=about),
        Task(step=EDIT, following=about),
        Task(step=NOTICE, following=following(job_id="job-2")),
        Task(step=TELL, following=about, user_id=ALICE),
        Task(step=TELL, following=about, user_id=BOB),
        Task(step=UNSAY, following=about, warned=warning(ALICE)),
        Task(step=UNSAY, following=about, warned=warning(BOB)),
    ]

    assert len({task.key for task in different}) == len(different)
    assert Task(step=NOTICE, following=about, wait=9).key == different[0].key


OLDER = following("WAITING", "PROCESSING", "RESULT_REVIEW", job_id="older")
NEWER = following("WAITING", "PROCESSING", job_id="newer")
UNSHOWN = following(shown=False, job_id="unshown")
ENDED = following(shown=False, job_id="ended", stopped_by=BOB)
A_CARD = fresh(job_id="card")

NEXT: list[tuple[list[Any], dict[str, Any], tuple[float, str] | None]] = [
    ([], {}, None),
    ([NEWER, OLDER], {}, (0, "older")),
    ([UNSHOWN, NEWER], {}, (0, "newer")),
    ([UNSHOWN], {}, (0, "unshown")),
    ([OLDER, NEWER], {"waits": {"older": 5}}, (0, "newer")),
    ([OLDER, NEWER], {"waits": {"older": 5, "newer": 7}}, (5, "older")),
    ([OLDER, NEWER], {"failures": {"older": 1}}, (0, "newer")),
    ([UNSHOWN, NEWER], {"failures": {"newer": 1}}, (0, "unshown")),
    ([OLDER, A_CARD], {"awaited": {A_CARD.key}}, (0, "card")),
    ([OLDER, A_CARD], {"awaited": {A_CARD.key}, "waits": {"card": 9}}, (0, "card")),
    ([OLDER, UNSHOWN], {"awaited": {UNSHOWN.key}}, (0, "older")),
    ([OLDER, ENDED], {"awaited": {ENDED.key}}, (0, "ended")),
    ([OLDER, ENDED], {"awaited": {ENDED.key}, "paces": {"ended": 9}}, (0, "older")),
]


@pytest.mark.parametrize(("followings", "how", "expected"), NEXT)
def test_what_is_next(followings: list[Any], how: dict[str, Any], expected: tuple[float, str] | None) -> None:
    """People first; then what may be sent soonest, what failed least, the earliest; edits last."""
    waits, paces, failures = (how.get(kind, {}) for kind in ("waits", "paces", "failures"))

    def name(task: Task) -> str:
        return task.following.job_id if task.following else ""

    found = next_task(
        tasks(channel(*followings), NEVER, NOW),
        wait=lambda task: waits.get(name(task), 0.0),
        pace=lambda task: paces.get(name(task), 0.0),
        failures=lambda task: failures.get(name(task), 0),
        awaited=how.get("awaited", ()),
    )

    assert (found and (found[0], name(found[1]))) == expected
