"""How the bot itself is, as far as it is known."""

import pytest

from bot.domain.following import Channel, WideFollowing
from bot.domain.records import Board, Destination, Pause
from bot.messages import status
from tests.messages.reading import CONTEXT, followed
from tests.records import HERE, NOW, SPRING, channel, wide_wish

POSTED = "<!date^1800000000^Last posted {date_short_pretty} {time}|Last posted 2027-01-15 08:00 UTC>"
PAUSED = Pause(reason="is_archived", since=NOW, tries=1, next_try=NOW + 300)
BOARD = WideFollowing(Board(address=HERE, selector=SPRING), wide_wish(), Destination(address=HERE))


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (channel(), "Nothing is followed here."),
        (channel(followed(stopped_by="UBOB")), "Nothing is followed here."),
        (Channel(Destination(address=HERE, pause=PAUSED)), "Nothing is followed here."),
        (channel(followed(pause=PAUSED, card=None, told=None)), "One job is followed here."),
        (channel(followed(delivered_at=NOW)), f":white_check_mark: One job is followed here. {POSTED}."),
        (channel(boards=(BOARD,)), ":white_check_mark: 0 jobs are followed here."),
    ],
)
def test_only_what_is_known(here: Channel, said: str) -> None:
    """What is followed is told, and when something was posted last, but never that nothing was."""
    message = status.status("1.0", status.Reach(None, None), here, CONTEXT)

    assert message.blocks[0]["text"]["text"].splitlines()[-1] == said
