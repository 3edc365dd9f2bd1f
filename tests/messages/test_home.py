"""The App Home of a person."""

import pytest

from bot.domain.keys import Address
from bot.domain.waiting import WaitingJobs
from bot.messages import home
from tests.messages.reading import CONTEXT, followed, texts_of
from tests.records import NOW


@pytest.mark.parametrize(
    ("channel_id", "where"), [("C1", "<#C1>"), *((f"{kind}1", "your direct messages") for kind in "DUW")]
)
def test_where_a_job_is_followed(channel_id: str, where: str) -> None:
    """A direct message has the person's id until its own is known."""
    shown = followed(address=Address("T1", channel_id))
    message = home.home(home.Facts(waiting=WaitingJobs((), NOW), followed=[shown]), CONTEXT)

    assert next(text for text in texts_of(message) if "Morning News" in text).endswith(f" · in {where}")
