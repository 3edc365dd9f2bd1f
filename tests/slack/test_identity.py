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
    [
        (("T0NEW", "E0ORG"), {}),
        (("T0NEW", None), {}),
        (("T0VOICEJOB", "E0ORG"), {"team": "T0COLLEAGUES", "enterprise": "E0ORG"}),
    ],
    ids=["moved to an organization", "another id", "the same id in an organization"],
)
async def test_a_move_ends_the_bot(
    slack: SlackWorkspace,
    settings: Settings,
    channel: str,
    caplog: pytest.LogCaptureFixture,
    new: tuple[str, str | None],
    who: dict[str, str],
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
    assert f"belongs to Workspace(team_id='{new[0]}', organization='{new[1] or ''}') now" in log_text(caplog)
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


@pytest.mark.parametrize(
    "fault",
    [{"error": "token_revoked"}, {"body": '{"ok": true, "team_id": 7}'}, {"body": "<html>"}],
    ids=str,
)
async def test_an_answer_that_says_nothing_changes_nothing(
    slack: SlackWorkspace,
    settings: Settings,
    channel: str,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    """The bot goes on as it was, and logs it once; the next refusal has Slack asked again."""
    async with running(settings, rates=WITHOUT_PAUSE):
        slack.fail("auth.test", times=2, **fault)
        for times in (2, 3, 4):
            assert REFUSED in await ask(slack, channel, **GUEST)
            await reach(slack, times)
        assert REFUSED not in await ask(slack, channel)

    assert log_text(caplog).count(NO_IDENTITY) == 1


async def test_a_slow_answer_holds_up_nobody(slack: SlackWorkspace, settings: Settings, channel: str) -> None:
    """All are acknowledged and answered meanwhile, and the end does not wait for it."""
    async with running(settings, rates=AT_ONCE):
        slack.fail("auth.test", delay=1000)
        assert REFUSED in await ask(slack, channel, **GUEST)
        await reach(slack, 2)
        assert REFUSED in await ask(slack, channel, **GUEST)
        assert REFUSED not in await ask(slack, channel)
