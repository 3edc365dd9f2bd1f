"""Overviews of the project's jobs, and the Home, while jobs can't be checked."""

from collections.abc import Callable

import pytest

from bot.domain.waiting import RecentJobs, WaitingJobs
from bot.messages import home, overviews
from bot.messages.blocks import Message
from tests.messages.reading import CONTEXT, followed, texts_of
from tests.records import NOW

JOBS = (followed("CREATING").job,)
SAID = "I can't reach MetaStudio right now, so this may be out of date. I'll keep trying."


def in_the_home(waiting: WaitingJobs, _: RecentJobs) -> Message:
    return home.home(home.Facts(waiting=waiting, followed=[]), CONTEXT)


@pytest.mark.parametrize(
    "make",
    [
        lambda waiting, _: overviews.waiting(waiting, CONTEXT),
        lambda _, recent: overviews.recent(recent, CONTEXT),
        lambda waiting, recent: overviews.start(waiting, recent, CONTEXT),
        in_the_home,
    ],
)
def test_an_earlier_answer(make: Callable[[WaitingJobs, RecentJobs], Message]) -> None:
    """It says once that there is no newer one, in the text too, and from when it is; a new one does not."""
    for fails in (True, False):
        message = make(WaitingJobs(JOBS, NOW, checks_fail=fails), RecentJobs(JOBS, NOW, checks_fail=fails))
        shown = texts_of(message)

        assert shown.count(f":warning: {SAID}") == fails
        assert message.text.count(SAID) == (fails and make is not in_the_home)
        assert "as of " in "\n".join(shown)
