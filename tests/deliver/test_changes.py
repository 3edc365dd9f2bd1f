"""What is recorded after Slack's answers."""

from collections.abc import Iterable

import pytest

from bot.deliver.changes import Recorded, after_ok, after_refusal
from bot.deliver.reactions import Reaction
from bot.deliver.schedule import Task
from bot.domain.deliveries import Step
from bot.domain.following import Following
from bot.domain.records import Destination, Posted, Records
from tests.records import ALICE, BOB, HERE, NOW, following, fresh, paused, stored, warning

POSTED = Posted(channel_id="DALICE", ts="5.5")
CHANGED = following("WAITING", "PROCESSING", shown=False)
UNSHOWN = following(shown=False)
ENDED = following(stopped_by=BOB, shown=False)


def recorded(found: Following, changes: Iterable[Recorded]) -> Records:
    """Return what is stored of a followed job after changes, each of which gets the records of its keys."""
    records = stored(found)
    for keys, change in changes:
        wanted = change(Records((key, records[key]) for key in keys))
        assert wanted.keys() <= set(keys)
        records.update(wanted)
    return records


def ok(step: Step, found: Following, *, lost: bool = False, user: str = "", warned: bool = False) -> Records:
    """Return what is stored after Slack accepted a step."""
    task = Task(
        step=step,
        following=None if step is Step.FORGET else found,
        followings=(found,),
        user_id=user,
        warned=warning() if warned else None,
    )
    return recorded(found, after_ok(task, HERE, POSTED, NOW, card_is_lost=lost))


def test_an_accepted_post_ends_the_pause_after_it_was_recorded() -> None:
    """What Slack accepted is on disk before anything else that its ok sets off; an edit sets off nothing."""
    found = following("WAITING", "PROCESSING", pause=paused(ALICE))
    changes = after_ok(Task(step=Step.POST_NOTICE, following=found), HERE, POSTED, NOW, card_is_lost=False)

    first = recorded(found, changes[:1])
    assert (delivery := first.delivery(found.key))
    assert delivery.told == 1
    assert first.destination(HERE).pause
    assert recorded(found, changes).destination(HERE).pause is None
    assert ok(Step.EDIT_CARD, found).destination(HERE).pause


def test_what_was_told_is_recorded() -> None:
    """A notice without its card loses the card; a direct message is kept until it was edited."""
    delivery = ok(Step.POST_NOTICE, CHANGED, lost=True).delivery(CHANGED.key)
    assert delivery
    assert (delivery.told, delivery.card, delivery.no_card_before) == (1, None, NOW - 999 + 300)

    told = ok(Step.TELL_PERSON, following(pause=paused()), user=ALICE).destination(HERE)
    assert (told.pause and told.pause.told, told.warned) == ((ALICE,), (warning(),))
    assert not ok(Step.EDIT_WARNING, following(warned=(warning(),)), warned=True).destination(HERE).warned

    ended = fresh(stopped_by=BOB)
    assert ok(Step.FORGET, ended).delivery(ended.key) is None


@pytest.mark.parametrize(
    ("step", "found", "expected", "reactions"),
    [
        (Step.EDIT_CARD, UNSHOWN, ["lost"], [Reaction.NEW_CARD]),
        (Step.EDIT_CARD, UNSHOWN, ["shown"], [Reaction.SKIP]),
        (Step.EDIT_CARD, UNSHOWN, [], [Reaction.HOLD]),
        (Step.EDIT_CARD, ENDED, ["gone"], [Reaction.NEW_CARD, Reaction.SKIP, Reaction.HOLD]),
        (Step.EDIT_CARD, ENDED, [], [Reaction.BOT, Reaction.RETRY]),
        (Step.POST_NOTICE, CHANGED, ["paused"], [Reaction.PAUSE]),
        (Step.POST_NOTICE, CHANGED, [], [Reaction.HOLD, Reaction.RETRY, Reaction.REPEAT, Reaction.BOT]),
    ],
)
def test_what_a_refusal_changes(
    step: Step, found: Following, expected: list[str], reactions: list[Reaction]
) -> None:
    """Only what was refused: the card, the conversation, or nothing at all."""
    task = Task(step=step, following=found)
    for reaction in reactions:
        records = recorded(found, after_refusal(task, HERE, reaction, "a_code", NOW, knows=[BOB]))
        delivery, destination = records.delivery(found.key), records.destination(HERE)
        seen = {
            "gone": delivery is None,
            "lost": bool(delivery and delivery.card is None),
            "shown": bool(delivery and delivery.card and delivery.card.fingerprint == found.fingerprint),
            "paused": destination.pause is not None,
        }
        assert [name for name, holds in seen.items() if holds] == expected
        if destination.pause:
            assert (destination.pause.reason, destination.pause.told) == ("a_code", (BOB,))


def test_a_person_who_can_not_be_told_is_not_tried_again() -> None:
    """There is no message to edit later; a warning that can't be edited is forgotten, too."""
    found = following(pause=paused(), warned=(warning(),))
    tell = Task(step=Step.TELL_PERSON, following=found, user_id=BOB)
    unsay = Task(step=Step.EDIT_WARNING, warned=warning())
    told, unsaid = (
        recorded(found, after_refusal(task, HERE, Reaction.SKIP, "a_code", NOW)).destination(HERE)
        for task in (tell, unsay)
    )

    assert (told.pause and told.pause.told, told.warned) == ((BOB,), (warning(),))
    assert unsaid == Destination(address=HERE, pause=paused())
