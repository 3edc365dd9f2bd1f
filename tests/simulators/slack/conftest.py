"""A workspace without rate limits, and an app that speaks with it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.simulators.slack.workspace import SlackWorkspace
from tests.simulators.slack.protocol import Api, App
from tests.support import Clock


@pytest.fixture
async def slack(clock: Clock, ack_timeout: float) -> AsyncIterator[SlackWorkspace]:
    """Run a workspace whose clock a test moves; its violations are not those of the bot."""
    async with SlackWorkspace(clock=lambda: clock.now, ack_timeout=ack_timeout, limits=None) as running:
        yield running


@pytest.fixture
def channel(slack: SlackWorkspace) -> str:
    """Create a public channel in which the bot is a member."""
    return slack.add_channel("voices")


@pytest.fixture
async def api(slack: SlackWorkspace) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(slack, session)


@pytest.fixture
async def app(slack: SlackWorkspace) -> AsyncIterator[App]:
    """Run an app to which the workspace sends commands and interactions by HTTP."""
    app, application = App(), web.Application()
    application.router.add_post("/", app.handle)
    async with TestServer(application) as server:
        slack.events_url = str(server.make_url("/"))
        yield app
