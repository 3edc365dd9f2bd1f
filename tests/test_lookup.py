"""Looking up a job, from a person's command to the card, in Socket Mode and in HTTP mode."""

import asyncio
from typing import Any

import pytest

from bot import cards
from bot.demo.metastudio import Fault, MetaStudioSimulator
from bot.demo.slack import Message, SlackWorkspace

pytestmark = pytest.mark.usefixtures("bot")

COMMAND = "/voicejob"


async def ask(slack: SlackWorkspace, channel: str, text: str, **who: Any) -> Message:
    """Type the command and wait for what it shows."""
    asked = await slack.command(COMMAND, text, channel=channel, **who)
    assert asked.acked
    return await asked.message()


async def test_a_command_shows_the_job_to_the_one_who_asked(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A look-up works where the bot is no member, and only the person who asked sees the card."""
    job = metastudio.add_job(voice_name="女声", state="PROCESSING")

    card = await ask(slack, channel, job["job_id"], user="U0BOB")

    assert card.user == "U0BOB"
    assert card.blocks[0]["text"]["text"] == "女声"
    assert "In training" in card.text
    assert job["job_id"] in card.text
    assert slack.messages(channel) == []
