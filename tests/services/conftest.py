"""The fixtures of the tests of the services."""

import pytest

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from tests.services.room import Room


@pytest.fixture
def channel(slack: SlackWorkspace) -> str:
    """Give a public channel in which the bot is a member."""
    return slack.add_channel("voices")


@pytest.fixture
def quiet_room(slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str) -> Room:
    """Give a room without a bot."""
    return Room(slack, metastudio, channel, str(metastudio.add_job(voice_name="女声")["job_id"]))


@pytest.fixture
def room(quiet_room: Room, bot: str) -> Room:  # noqa: ARG001  it runs
    """Give a room with a bot."""
    return quiet_room
