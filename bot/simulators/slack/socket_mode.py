"""The stand-in's Socket Mode: tickets, WebSockets, envelopes and their acknowledgements.

The protocol is that of the page "Using Socket Mode".
"""

import asyncio
import json
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.simulators.slack.records import APP_ID, Ack
from bot.simulators.slack.state import State

ENVELOPE_TYPES = ("slash_commands", "interactive", "events_api")
DISCONNECT_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
CLOSE = "close"
"""An end without a ``disconnect``, and so without a reason."""
KEPT = 20_000
"""How many envelopes are remembered, the newest ones: a demo may be left open for days."""
MAX_CONNECTIONS = 10
HOST = "stand-in"
CONNECTION_LIFE = 3600
"""Seconds that ``hello`` announces."""
GRACE_SECONDS = 0.5
"""How long an app may stay after a ``disconnect``; Slack gives it about ten seconds."""


@dataclass(eq=False)
class Connection:
    """One open WebSocket."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    frozen: bool = False
    """A frozen one takes and sends nothing, like a line that went dead."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a frame; a line that is dead or gone loses it, and only the missing answer tells."""
        if not self.frozen:
            with suppress(ConnectionError):
                await self.ws.send_json(frame)

    async def leave(self, reason: str, grace: float) -> None:
        """Say why, but for ``CLOSE``, give the app ``grace`` seconds to go by itself, then close."""
        if reason != CLOSE:
            await self.send({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), grace)
        await self.ws.close()

    @property
    def lives(self) -> bool:
        """Whether the app is still there, as far as is known."""
        return self.transport is not None and not self.transport.is_closing()

    def cut(self) -> None:
        """Cut the line without a word."""
        if self.transport:
            self.transport.abort()


@dataclass(frozen=True)
class Welcome:
    """What a new WebSocket meets."""

    hello: bool = True
    end: str | None = None
    """How it is ended at once: by ``CLOSE``, or with one of Slack's reasons."""


class SocketMode:
    """Answers ``/link`` and carries envelopes over what was connected."""

    def __init__(self, state: State) -> None:
        self.connections: list[Connection] = []
        self.opened = 0
        """WebSockets that got their ``hello`` since the start."""
        self.tried = 0
        """WebSockets that the app opened since the start."""
        self.refuse_handshakes = 0
        """How many of the next handshakes are refused; their tickets stay good."""
        self._state = state
        self._tickets: set[str] = set()
        self._turn = count()
        self._welcome = Welcome()
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()

    def new_ticket(self) -> str:
        """Make a ticket for one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    def expire_tickets(self) -> None:
        """Make all tickets that were not used yet worthless."""
        self._tickets.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it ends."""
        if self.refuse_handshakes > 0:
            self.refuse_handshakes -= 1
            return web.Response(status=503)
        if request.query.get("ticket") not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.remove(request.query["ticket"])
        ws = web.WebSocketResponse(autoclose=False, autoping=False)
        await ws.prepare(request)
        await self._serve(Connection(ws, request.transport))
        return ws

    async def deliver(self, kind: str, payload: dict[str, Any], *, within: float) -> Ack:
        """Send an envelope over one connection and wait ``within`` seconds for its acknowledgement."""
        started, envelope_id = monotonic(), str(uuid.uuid4())
        while len(self._acks) > KEPT:
            del self._acks[next(iter(self._acks))]
        future = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": True,
        }
        await self._next().send(envelope)
        try:
            async with asyncio.timeout(within):
                ack = await future
        except TimeoutError:
            return Ack(acked=False, seconds=monotonic() - started, error="operation_timeout")
        return Ack(acked=True, seconds=monotonic() - started, reply=ack.get("payload"))

    async def disconnect(self, reason: str) -> None:
        """Send every connection away. Raises ValueError for a reason that Slack does not know."""
        _check(reason)
        leaving, self.connections = self.connections, []
        await asyncio.gather(*(connection.leave(reason, GRACE_SECONDS) for connection in leaving))

    def welcome(self, *, hello: bool, end: str | None) -> None:
        """Meet each new WebSocket so. Raises ValueError for a reason that Slack does not know."""
        if end not in {None, CLOSE}:
            _check(end)
        self._welcome = Welcome(hello, end)

    def cut(self) -> None:
        """Cut every connection without a word."""
        cut, self.connections = self.connections, []
        for connection in cut:
            connection.cut()

    def freeze(self) -> None:
        """Let every open connection go dead; those opened later are alive."""
        for connection in self.connections:
            connection.frozen = True

    async def wait_opened(self, times: int) -> None:
        """Wait until ``times`` WebSockets got their ``hello`` since the start, and one is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.opened >= times and bool(self.connections))

    async def close(self) -> None:
        """Close every connection."""
        self._closing.set()
        closing = [c.ws.close(code=WSCloseCode.GOING_AWAY) for c in self.connections]
        await asyncio.gather(*closing)

    async def _serve(self, connection: Connection) -> None:
        self.tried += 1
        is_full = len(self.connections) == MAX_CONNECTIONS
        welcome = Welcome(hello=False, end="too_many_websockets") if is_full else self._welcome
        try:
            if welcome.hello:
                await self._greet(connection)
            if welcome.end:
                await connection.leave(welcome.end, grace=0)
            async for frame in connection.ws:
                await self._receive(connection, frame)
        finally:
            self.connections = [other for other in self.connections if other is not connection]
            connection.ended.set()
        await self._part(connection)

    async def _part(self, connection: Connection) -> None:
        """Answer the app's goodbye; a dead line leaves it without an answer."""
        if connection.frozen:
            await self._closing.wait()
        await connection.ws.close()

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": HOST, "approximate_connection_time": CONNECTION_LIFE},
        }

    async def _greet(self, connection: Connection) -> None:
        await connection.send(self._hello())
        self.connections.append(connection)
        self.opened += 1
        async with self._changed:
            self._changed.notify_all()

    def _next(self) -> Connection:
        """Take turns: Slack sends each payload over any one of the connections."""
        living = [connection for connection in self.connections if connection.lives] or self.connections
        return living[next(self._turn) % len(living)]

    async def _receive(self, connection: Connection, frame: WSMessage) -> None:
        if connection.frozen:
            return
        if frame.type == WSMsgType.PING:
            await connection.ws.pong(frame.data)
        elif frame.type == WSMsgType.TEXT:
            self._acknowledge(frame.data)

    def _acknowledge(self, data: str) -> None:
        ack = _ack(data)
        future = self._acks.get(ack.get("envelope_id", ""))
        if future is None:
            self._state.violations.append(f"socket: no such envelope: {data}")
        elif future.cancelled():
            return  # too late, which the person has already been told
        elif future.done():
            self._state.violations.append(f"socket: acknowledged twice: {data}")
        else:
            future.set_result(ack)


def _check(reason: str | None) -> None:
    if reason not in DISCONNECT_REASONS:
        raise ValueError(f"Not a reason: {reason}; there are {DISCONNECT_REASONS}")


def _ack(data: str) -> dict[str, Any]:
    """Read an acknowledgement; what is none becomes an empty one."""
    try:
        ack = json.loads(data)
    except ValueError:
        return {}
    return ack if isinstance(ack, dict) and isinstance(ack.get("envelope_id"), str) else {}
