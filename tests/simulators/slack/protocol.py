"""The app's side of Slack's protocols, spelt out: a client of the Web API, WebSockets, and a server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace

BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "refresh",
    "text": {"type": "plain_text", "text": "Refresh"},
    "value": "job",
    "style": "primary",
}
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*voice*"}},
    {"type": "actions", "block_id": "buttons", "elements": [BUTTON]},
]


class Api:
    """Calls Web API methods with a JSON body and a token in the header."""

    def __init__(self, workspace: SlackWorkspace, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._workspace = workspace

    async def __call__(self, method: str, *, token: str = BOT_TOKEN, **arguments: Any) -> dict[str, Any]:
        """Return the answer to one call. Raises aiohttp's errors, and JSONDecodeError."""
        async with self.request(method, token=token, json=arguments) as response:
            return dict(json.loads(await response.text()))

    def request(self, method: str, *, token: str = BOT_TOKEN, **request: Any) -> Any:
        """Return aiohttp's context of one call, whose body may be anything."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= request.pop("headers", {})
        return self.session.post(f"{self._workspace.api_url}{method}", headers=headers, **request)

    async def reply(self, url: str, **body: Any) -> tuple[int, str]:
        """Post to a ``response_url``, and return the status and the body of the answer."""
        async with self.session.post(url, json=body) as response:
            return response.status, await response.text()

    @asynccontextmanager
    async def link(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket, whose ``hello`` was received, and pings are not answered by themselves."""
        url = (await self("apps.connections.open", token=APP_TOKEN))["url"]
        async with self.session.ws_connect(url, autoping=False) as ws:
            assert (await ws.receive_json())["type"] == "hello"
            yield ws


class App:
    """Keeps the payloads that it receives in HTTP mode, and acknowledges each of them in the same way."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.acknowledgement: dict[str, Any] = {}
        """The arguments of the response: empty for an empty one with status 200."""

    async def handle(self, request: web.Request) -> web.Response:
        """Acknowledge an event, which is JSON, a command, a form, or an interaction, JSON in a form."""
        self.headers.append(request.headers)
        if request.content_type == "application/json":
            self.received.append(await request.json())
            return web.Response(**self.acknowledgement)
        form = dict(parse_qsl(await request.text(), keep_blank_values=True))
        self.received.append(json.loads(form["payload"]) if "payload" in form else form)
        return web.Response(**self.acknowledgement)


def as_json(value: Any) -> dict[str, Any]:
    """Return the arguments of a response with this value as JSON."""
    return {"text": json.dumps(value), "content_type": "application/json"}
