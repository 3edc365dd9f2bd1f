"""The demo's story: it ends well with the real bot, and says what is wrong where something is."""

from io import StringIO

import pytest
from rich.console import Console

from bot.demo.stage import Stage, StoryFailed
from bot.demo.story import Story, play
from bot.domain.languages import Language
from bot.messages.texts import words_in
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=100)


@pytest.fixture
def stage(console: Console, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> Stage:
    return Stage(console, slack, metastudio, words_in(Language.EN))


DRAWN = {
    Language.EN: [
        "Only visible to you",
        "(edited) (6 replies in its thread)",
        "(only in the thread)",
        "by @alice",
        "↳ replied",
        "as it should be.",
    ],
    Language.ZH: ["仅对您可见", "消息列中有 6 条回复", "↳ 回复了消息列", "一切正常。"],
}


@pytest.mark.parametrize("language", Language)
async def test_it_ends_well(console: Console, language: Language) -> None:
    """The whole story plays in either language, and what people see is drawn."""
    await play(console, language, rates=AT_ONCE, limits=None)

    assert isinstance(console.file, StringIO)
    assert [said for said in DRAWN[language] if said not in console.file.getvalue()] == []


@pytest.mark.parametrize(
    ("fault", "missing"),
    [
        (Fault.raw(b'{"voice_name": "Somebody else"}'), "Did you mean .* is missing"),
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
