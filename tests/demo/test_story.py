"""The demo's story: it ends well with the real bot, and says what is wrong where something is."""

from io import StringIO

import pytest
from rich.console import Console

from bot.demo.stage import Stage, StoryFailed
from bot.demo.story import Story, play
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=100)


@pytest.fixture
def stage(console: Console, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> Stage:
    return Stage(console, slack, metastudio)


async def test_it_ends_well(console: Console) -> None:
    """The whole story plays, and what people see is drawn."""
    await play(console, rates=AT_ONCE, limits=None)

    assert isinstance(console.file, StringIO)
    drawn = ("Only visible to you", "(edited, 6 replies in its thread)", "(in the thread alone)", "↳ replied")
    for words in (*drawn, "Everything was as it should be."):
        assert words in console.file.getvalue()


@pytest.mark.parametrize(
    ("fault", "missing"),
    [
        (Fault.raw(b'{"voice_name": "Somebody else"}'), "'MetaStudio has no job' is missing"),
        (None, "In automatic review"),
    ],
    ids=["a wrong reply", "no message in the channel"],
)
async def test_what_the_bot_does_not_say_ends_it(
    stage: Stage, slack: SlackWorkspace, metastudio: MetaStudioSimulator, fault: Fault | None, missing: str
) -> None:
    """The error says which words are missing."""
    metastudio.chaos, stage.timeout = lambda _: fault, 0.5
    async with running(settings_for(slack, metastudio, voicejob_poll_seconds=60)):
        with pytest.raises(StoryFailed, match=missing):
            await Story(stage).begin()


async def test_what_must_not_happen_ends_it(stage: Stage) -> None:
    """Without a bot, nothing is acknowledged; somebody posts a phone number."""
    story = Story(stage)
    with pytest.raises(StoryFailed, match="did not acknowledge"):
        await story.begin()
    story.expect_nothing_personal()
    phone = next(iter(stage.metastudio.jobs.values()))["phone"]
    stage.slack.add_message(stage.slack.add_channel("phones"), f"Call {phone}")
    with pytest.raises(StoryFailed, match="a personal field was shown"):
        story.expect_nothing_personal()
