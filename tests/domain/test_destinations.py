"""What is chosen for a conversation as a whole, beside what goes wrong in it."""

import pytest

from bot.domain import pauses
from bot.domain.destinations import with_language
from bot.domain.languages import Language
from bot.domain.records import Change, Destination, Records
from tests.records import HERE, applied, paused, warning

CHINESE = Destination(address=HERE, language=Language.ZH)
REFUSED = Destination(address=HERE, pause=paused(), warned=(warning(),))
BOTH = Destination(address=HERE, pause=paused(), warned=(warning(),), language=Language.ZH)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        (None, with_language(HERE, Language.ZH), CHINESE),
        (CHINESE, with_language(HERE, Language.EN), Destination(address=HERE, language=Language.EN)),
        (REFUSED, with_language(HERE, Language.ZH), BOTH),
        (Destination(address=HERE, pause=paused(), language=Language.ZH), pauses.accepted(HERE), CHINESE),
        (Destination(address=HERE, pause=paused()), pauses.accepted(HERE), None),
    ],
)
def test_language(before: Destination | None, change: Change, after: Destination | None) -> None:
    """It stays when a pause ends and a pause stays when it is chosen; what says nothing is not kept."""
    assert applied(Records({HERE: before}), change) == {HERE: after}
