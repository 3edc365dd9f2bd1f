"""A workspace that gets another id while the bot runs, and outsiders, who look the same."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.config import Settings
from bot.errors import PartBroken
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running
from bot.slack.identity import MOVED, NO_IDENTITY
from tests.support import AT_ONCE, eventually, log_text

GUEST = {"team": "T0OTHER", "enterprise": "E0OTHER"}
WITHOUT_PAUSE = replace(AT_ONCE, identity=0)
REFUSED = "Only members"


async def ask(slack: SlackWorkspace, channel: str, **who: str) -> str:
    typed = await slack.command("/voicejob", "list", channel=channel, **who)
    assert typed.acked
    return (await typed.message()).text


def asked(slack: SlackWorkspace) -> int:
    return [call.method for call in slack.calls].count("auth.test")


async def reach(slack: SlackWorkspace, times: int) -> None:
    await eventually(lambda: asked(slack) >= times)


@pytest.mark.parametrize(
    ("new", "who"),
    [(("T0NEW", "E0ORG"), {}), (("T0VOICEJOB", "E0ORG"), {"team": "T0COLLEAGUES", "enterprise": "E0ORG"})],
    ids=["another id", "the same id in an organization"],
)
async def test_a_move_ends_the_bot(
    slack: SlackWorkspace, settings: Settings, channel: str, caplog: Any, *, new: Any, who: Any
) -> None:
    """The first who is refused has Slack asked; its supervisor starts the bot again, and all are served."""

    async def move() -> None:
        async with running(settings, rates=AT_ONCE):
            assert REFUSED not in await ask(slack, channel)
            slack.move(*new)
            assert REFUSED in await ask(slack, channel, **who)
            await eventually(lambda: "the bot ends" in log_text(caplog))

    with pytest.raises(PartBroken) as broken:
        await move()

    assert broken.value.values == {"part": "workspace", "reason": MOVED}
    assert f"belongs to Workspace(team_id='{new[0]}', organization='{new[1]}') now" in log_text(caplog)
    async with running(settings, rates=AT_ONCE):
        assert REFUSED not in await ask(slack, channel, **who)


async def test_outsiders_have_slack_asked_once_a_pause(
    slack: SlackWorkspace, settings: Settings, channel: str
) -> None:
    """However many they are; nobody who is served has it asked."""
    async with running(settings, rates=AT_ONCE):
        await ask(slack, channel)
        assert asked(slack) == 1
        for _ in range(5):
            assert REFUSED in await ask(slack, channel, **GUEST)
        await reach(slack, 2)
        await asyncio.gather(*(ask(slack, channel, **GUEST) for _ in range(20)))
        assert REFUSED not in await ask(slack, channel)

    assert asked(slack) == 2


async def test_an_answer_that_says_nothing_changes_nothing(
    slack: SlackWorkspace, settings: Settings, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The bot goes on, and logs it once; the next refusal has Slack asked again. A slow answer is as good."""
    async with running(settings, rates=WITHOUT_PAUSE):
        slack.fail("auth.test", error="token_revoked")
        slack.fail("auth.test", body='{"ok": true, "team_id": 7}')
        slack.fail("auth.test", delay=1000)
        for times in (2, 3, 4):
            assert REFUSED in await ask(slack, channel, **GUEST)
            await reach(slack, times)
        assert REFUSED in await ask(slack, channel, **GUEST)
        assert REFUSED not in await ask(slack, channel)

    assert log_text(caplog).count(NO_IDENTITY) == 1
