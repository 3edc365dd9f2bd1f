"""Both sides of the protocol, spelt out: a client of the Web API, and an app in HTTP mode."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from bot.simulators.slack.workspace import BOT_TOKEN, SlackWorkspace


class Api:
    """Calls Web API methods with a JSON body and a token in the header."""

    def __init__(self, workspace: SlackWorkspace, session: aiohttp.ClientSession) -> None:
        self._workspace = workspace
        self.session = session

    async def __call__(self, method: str, *, token: str = BOT_TOKEN, **arguments: Any) -> dict[str, Any]:
        """Return the answer to one call."""
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._workspace.api_url}{method}"
        async with self.session.post(url, json=arguments, headers=headers) as response:
            return dict(await response.json())


class App:
    """Keeps the payloads that it receives, and acknowledges each of them in the same way."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.acknowledgement: dict[str, Any] = {}
        """The arguments of the response: empty for an empty one with status 200."""

    async def handle(self, request: web.Request) -> web.Response:
        """Acknowledge a command, which is a form, or an interaction, which is JSON in one field of a form."""
        form = dict(parse_qsl(await request.text()))
        self.received.append(json.loads(form["payload"]) if "payload" in form else form)
        return web.json_response(**self.acknowledgement) if self.acknowledgement else web.Response()


@pytest.fixture
async def api(workspace: SlackWorkspace) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(workspace, session)


@pytest.fixture
async def app(workspace: SlackWorkspace) -> AsyncIterator[App]:
    """Give an app to which the workspace sends commands and interactions."""
    app, server = App(), web.Application()
    server.router.add_post("/", app.handle)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    workspace.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield app
    await runner.cleanup()
