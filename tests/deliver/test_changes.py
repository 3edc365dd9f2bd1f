"""What is recorded after Slack's answers."""

from collections.abc import Iterable

import pytest

from bot.deliver.changes import Recorded, after_ok, after_refusal
from bot.deliver.reactions import Reaction
from bot.deliver.schedule import Task
from bot.domain.deliveries import Step
from bot.domain.following import Following
from bot.domain.records import Destination, Posted, Records
from bot.domain.subscriptions import keys_of
from tests.records import ALICE, BOB, HERE, NOW, following, fresh, paused, warning

POSTED = Posted(channel_id="DALICE", ts="5.5")
CHANGED = following("WAITING", "PROCESSING", shown=False)
UNSHOWN = following(shown=False)
ENDED = following(stopped_by=BOB, shown=False)


def stored(found: Following) -> Records:
    """Return what the store holds of a followed job."""
    wish = [found.subscription] if found.subscription else []
    stored = Records((key, None) for key in keys_of(found.key))
    stored.update(Records.of(found.delivery, found.record, found.destination, *wish))
    return stored


def applied(found: Following, changes: Iterable[Recorded]) -> Records:
    """Apply changes to what the store holds, as it does."""
    records = stored(found)
    for keys, change in changes:
        wanted = change(Records((key, records.get(key)) for key in keys))
        assert wanted.keys() <= set(keys)
        records.update(wanted)
    return records


def ok(step: Step, found: Following, *, lost: bool = False, user: str = "", warned: bool = False) -> Records:
    """Return what is stored after Slack accepted a step."""
    task = Task(step=step, following=found, user_id=user, warned=warning() if warned else None)
    return applied(found, after_ok(task, HERE, POSTED, NOW, card_is_lost=lost))


def test_an_accepted_post_ends_the_pause_after_it_was_recorded() -> None:
    """What Slack accepted is on disk before anything else that its ok sets off."""
    found = following("WAITING", "PROCESSING", pause=paused(ALICE))
    task = Task(step=Step.POST_NOTICE, following=found)
    changes = after_ok(task, HERE, POSTED, NOW, card_is_lost=False)

    first = applied(found, changes[:1])
    assert (delivery := first.delivery(found.key))
    assert delivery.told == 1
    assert first.destination(HERE).pause
    assert applied(found, changes).destination(HERE).pause is None


def test_an_accepted_edit_says_nothing_of_posts() -> None:
    """A channel that takes edits alone stays paused."""
    found = following(shown=False, pause=paused(ALICE))

    assert ok(Step.EDIT_CARD, found).destination(HERE).pause


def test_a_notice_without_its_card_loses_the_card() -> None:
    """It is told, and a new card may come when the lost one is as old as a first pause."""
    delivery = ok(Step.POST_NOTICE, CHANGED, lost=True).delivery(CHANGED.key)

    assert delivery
    assert (delivery.told, delivery.card, delivery.no_card_before) == (1, None, NOW - 999 + 300)


def test_a_person_is_told_once_and_told_when_it_is_over() -> None:
    """The direct message is kept, to be edited later, and forgotten then."""
    found = following(pause=paused())
    told = ok(Step.TELL_PERSON, found, user=ALICE).destination(HERE)

    assert (told.pause and told.pause.told, told.warned) == ((ALICE,), (warning(),))
    assert not ok(Step.EDIT_WARNING, following(warned=(warning(),)), warned=True).destination(HERE).warned


def test_what_was_ended_without_a_card_goes() -> None:
    """Nothing is left of it."""
    found = fresh(stopped_by=BOB)

    assert ok(Step.FORGET, found).delivery(found.key) is None


@pytest.mark.parametrize(
    ("step", "found", "reaction", "expected"),
    [
        (Step.EDIT_CARD, UNSHOWN, Reaction.NEW_CARD, "lost"),
        (Step.EDIT_CARD, UNSHOWN, Reaction.SKIP, "shown"),
        (Step.EDIT_CARD, UNSHOWN, Reaction.PAUSE, "paused"),
        *((Step.EDIT_CARD, ENDED, each, "gone") for each in (Reaction.NEW_CARD, Reaction.SKIP)),
        *((Step.EDIT_CARD, ENDED, each, "gone") for each in (Reaction.HOLD, Reaction.PAUSE)),
        (Step.POST_NOTICE, CHANGED, Reaction.PAUSE, "paused"),
        *((Step.POST_NOTICE, CHANGED, each, "") for each in (Reaction.HOLD, Reaction.RETRY)),
        *((Step.EDIT_CARD, ENDED, each, "") for each in (Reaction.BOT, Reaction.RETRY)),
        *((Step.POST_NOTICE, CHANGED, each, "") for each in (Reaction.REPEAT, Reaction.BOT)),
    ],
)
def test_what_a_refusal_changes(step: Step, found: Following, reaction: Reaction, expected: str) -> None:
    """Only what was refused: the card, the conversation, or nothing at all."""
    changes = after_refusal(Task(step=step, following=found), HERE, reaction, "a_code", NOW, knows=[BOB])
    records = applied(found, changes)
    delivery, destination = records.delivery(found.key), records.destination(HERE)

    seen = {
        "gone": delivery is None,
        "lost": bool(delivery and delivery.card is None),
        "shown": bool(delivery and delivery.card and delivery.card.fingerprint == found.fingerprint),
        "paused": destination.pause is not None,
    }
    assert [name for name, holds in seen.items() if holds] == ([expected] if expected else [])
    if destination.pause:
        assert (destination.pause.reason, destination.pause.told) == ("a_code", (BOB,))


def test_a_person_who_can_not_be_told_is_not_tried_again() -> None:
    """There is no message to edit later; a warning that can't be edited is forgotten, too."""
    found = following(pause=paused(), warned=(warning(),))
    task = Task(step=Step.TELL_PERSON, following=found, user_id=BOB)
    told = applied(found, after_refusal(task, HERE, Reaction.SKIP, "user_not_found", NOW)).destination(HERE)
    task = Task(step=Step.EDIT_WARNING, warned=warning())
    unsaid = applied(found, after_refusal(task, HERE, Reaction.SKIP, "message_not_found", NOW)).destination(
        HERE
    )

    assert (told.pause and told.pause.told, told.warned) == ((BOB,), (warning(),))
    assert unsaid == Destination(address=HERE, pause=paused())
