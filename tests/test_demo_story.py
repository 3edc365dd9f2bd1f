"""The demo's story: it ends well with the real bot, and says what is wrong where something is."""

from io import StringIO

import pytest
from rich.console import Console

from bot.demo.metastudio import Fault, MetaStudioSimulator
from bot.demo.slack import SlackWorkspace
from bot.demo.story import Story, StoryFailed, play
from bot.demo.world import running, settings_for
from bot.errors import VoiceJobError


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=100)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_it_ends_well(console: Console) -> None:
    """The whole story plays, and what the person sees is drawn."""
    await play(console)

    for words in ("Step 5 of 8", "Your turn", "MSS.41000017", "MetaStudio has no job", "Did you mean"):
        assert words in printed(console)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.error(401, "APIGW.0301"), "'女声 · Morning News' is missing"),
        (Fault.raw(b'{"voice_name": "Somebody else"}'), "'女声 · Morning News' is missing"),
    ],
    ids=["refused", "another job"],
)
async def test_it_tells_what_is_wrong(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, console: Console, fault: Fault, says: str
) -> None:
    """A scene that does not come out as expected ends the story with a sentence."""
    metastudio.fail(fault)
    async with running(settings_for(slack, metastudio)):
        with pytest.raises(StoryFailed, match=says) as failed:
            await Story(console, slack, metastudio).play()

    assert isinstance(failed.value, VoiceJobError)


async def test_it_notices_a_bot_that_does_not_answer(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, console: Console
) -> None:
    """Without a bot there is no acknowledgement, and the story says so."""
    with pytest.raises(StoryFailed, match="did not acknowledge"):
        await Story(console, slack, metastudio).play()


async def test_it_notices_what_is_personal(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, console: Console
) -> None:
    """A personal field in any message would end it: here, one that is also the voice's name."""
    metastudio.add_job(phone="Audiobook <beta>", voice_name="x", state="WAITING")
    async with running(settings_for(slack, metastudio)):
        with pytest.raises(StoryFailed, match="a personal field was shown"):
            await Story(console, slack, metastudio).play()
