"""The demo's story: it ends well with the real bot, and says what is wrong where something is."""

from io import StringIO

import pytest
from rich.console import Console

from bot.demo.stage import Stage, StoryFailed
from bot.demo.story import Story, play
from bot.errors import VoiceJobError
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=100)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.fixture
def stage(console: Console, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> Stage:
    return Stage(console, slack, metastudio)


async def test_it_ends_well(console: Console) -> None:
    """The whole story plays, and what people see is drawn."""
    await play(console, rates=AT_ONCE, limits=None)

    for words in (
        "Did you mean",
        "MetaStudio has no job",
        "Step 1 of 8",
        "Your turn",
        "/invite @voicejob",
        "In automatic review → In training",
        "MSS.41000017",
        "(edited, 6 replies in its thread)",
        "(in the thread alone)",
        "This channel has no subscriptions",
    ):
        assert words in printed(console)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.error(401, "APIGW.0301"), "'MetaStudio has no job' is missing"),
        (Fault.raw(b'{"voice_name": "Somebody else"}'), "'MetaStudio has no job' is missing"),
    ],
    ids=["refused", "another job"],
)
async def test_it_tells_what_is_wrong(
    stage: Stage, slack: SlackWorkspace, metastudio: MetaStudioSimulator, fault: Fault, says: str
) -> None:
    """A scene that does not come out as expected ends the story with a sentence."""
    metastudio.chaos = lambda api: fault if api == "show" else None
    async with running(settings_for(slack, metastudio)):
        with pytest.raises(StoryFailed, match=says) as failed:
            await Story(stage).begin()

    assert isinstance(failed.value, VoiceJobError)


async def test_it_notices_a_bot_that_does_not_answer(stage: Stage) -> None:
    """Without a bot there is no acknowledgement, and the story says so."""
    with pytest.raises(StoryFailed, match="did not acknowledge"):
        await Story(stage).begin()


async def test_it_notices_a_bot_that_keeps_silent(
    stage: Stage, slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """A change that no channel is told of ends the story, with what was told instead."""
    stage.patience = 0.5
    async with running(settings_for(slack, metastudio, voicejob_poll_seconds=60)):
        with pytest.raises(StoryFailed, match="In automatic review"):
            await Story(stage).begin()


async def test_it_notices_what_is_personal(
    stage: Stage, slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """A personal field in any message would end it: here, one that is also the voice's name."""
    job = metastudio.add_job(phone="A secret name", voice_name="A secret name")
    story = Story(stage)
    async with running(settings_for(slack, metastudio)):
        await stage.type(job["job_id"], slack.add_channel("voices"))
    with pytest.raises(StoryFailed, match="a personal field was shown"):
        story.nothing_personal()
