"""The pause of a conversation: how it begins, grows and ends, and who knows of it."""

from dataclasses import replace

import pytest

from bot.domain import pauses
from bot.domain.pauses import wait_of
from bot.domain.records import Change, Destination, Pause, Records
from tests.records import ALICE, BOB, HERE, NOW, applied, paused, warning

DAY = 24 * 60 * 60
LOST = "not_in_channel"
FIRST = Pause(reason=LOST, since=NOW, tries=1, next_try=NOW + 300)
SECOND = paused(ALICE)
QUIET = Destination(address=HERE)
AT_ONCE = replace(SECOND, next_try=NOW, told=(ALICE, BOB))


def having(pause: Pause) -> Destination:
    return Destination(address=HERE, pause=pause)


PAUSED = having(SECOND)
WARNED = replace(PAUSED, warned=(warning(),))
GROWN = replace(SECOND, reason=LOST, tries=2, next_try=NOW + 900)

HEARD = replace(FIRST, told=(ALICE, BOB))
UNTOLD = replace(QUIET, pause=replace(SECOND, told=()))
WARNS = replace(QUIET, warned=(warning(),))
KNOWN = replace(FIRST, told=(ALICE,))
BOTH = replace(QUIET, warned=(warning(), warning(BOB)))
CHANGES: dict[str, tuple[Destination, Change, Destination]] = {
    "refused": (QUIET, pauses.refused(HERE, LOST, NOW), having(FIRST)),
    "refused, as people hear": (QUIET, pauses.refused(HERE, LOST, NOW, knows=[BOB, ALICE]), having(HEARD)),
    "refused, while it stands": (WARNS, pauses.refused(HERE, LOST, NOW), replace(WARNS, pause=KNOWN)),
    "refused again": (PAUSED, pauses.refused(HERE, LOST, NOW), having(GROWN)),
    "accepted": (WARNED, pauses.accepted(HERE), WARNS),
    "it was the bot": (having(FIRST), pauses.withdrawn(HERE, LOST), QUIET),
    "it was the bot, here for another reason": (PAUSED, pauses.withdrawn(HERE, LOST), PAUSED),
    "it was the bot, here for long": (having(GROWN), pauses.withdrawn(HERE, LOST), having(GROWN)),
    "tried again": (PAUSED, pauses.tried_again(HERE, NOW, knows=BOB), having(AT_ONCE)),
    "told": (UNTOLD, pauses.told(HERE, ALICE, warning()), WARNED),
    "told in vain": (PAUSED, pauses.told(HERE, BOB, None), having(paused(ALICE, BOB))),
    "told when it is over": (QUIET, pauses.told(HERE, ALICE, warning()), WARNS),
    "warning edited": (BOTH, pauses.warning_over(HERE, warning()), replace(QUIET, warned=(warning(BOB),))),
}
"""A conversation, what happens to it, and what is stored then."""


@pytest.mark.parametrize(("before", "change", "after"), CHANGES.values(), ids=CHANGES)
def test_change(before: Destination, change: Change, after: Destination) -> None:
    """A change touches what it is about, and what says nothing is not stored."""
    records = applied(Records.of(before), change)

    assert records.destination(HERE) == after
    assert (records[HERE] is None) is after.is_default


@pytest.mark.parametrize(
    ("tries", "ahead", "wait"), [(1, 300, 300), (1, 301, 0), (9, DAY, DAY), (2, -9, 0), (2, 0, 0)]
)
def test_no_wait_outlives_its_pause(tries: int, ahead: int, wait: int) -> None:
    """What was written down while the clock was ahead is due as soon as it is put right."""
    assert wait_of(replace(SECOND, tries=tries, next_try=NOW + ahead), NOW) == wait
    assert wait_of(None, NOW) == 0
