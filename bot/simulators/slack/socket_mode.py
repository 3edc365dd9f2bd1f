"""Socket Mode: tickets, WebSockets, envelopes and their acknowledgements.

Source: the page "Using Socket Mode".
"""

import asyncio
import json
import secrets
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.simulators.slack.records import APP_ID, PATIENCE, Ack, Newest, Retry
from bot.simulators.slack.state import State

DISCONNECT_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
CLOSE = "close"
"""In place of a reason: the connection ends without a ``disconnect`` frame."""
MAX_CONNECTIONS = 10
HOST = "simulator"
CONNECTION_LIFE = 3600
"""Seconds, announced in ``hello``."""
FIRST = Retry()
GRACE_SECONDS = 0.5
"""How long a connection stays open after a ``disconnect``; at Slack it is about ten seconds."""


@dataclass(eq=False)
class Connection:
    """One open WebSocket."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    frozen: bool = False
    """Whether nothing is sent and whatever is received is ignored, as on a dead line."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a frame; it is lost if the connection is frozen or gone."""
        if not self.frozen:
            with suppress(ConnectionError):
                await self.ws.send_json(frame)

    async def end(self, reason: str, grace: float) -> None:
        """Send a ``disconnect``, wait ``grace`` seconds for the app to close the connection, then close it.

        The reason ``CLOSE`` sends no frame.
        """
        if reason != CLOSE:
            await self.send({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), grace)
        await self.ws.close()

    @property
    def is_open(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self.transport is not None and not self.transport.is_closing()

    def cut(self) -> None:
        """Abort the connection without closing it."""
        if self.transport:
            self.transport.abort()


@dataclass(frozen=True)
class Welcome:
    """What happens on a new WebSocket."""

    hello: bool = True
    end: str | None = None
    """The reason with which it is ended at once, or ``CLOSE``; None if it stays open."""


class SocketMode:
    """Answers ``/link`` and sends envelopes over the connections."""

    def __init__(self, state: State) -> None:
        self.connections: list[Connection] = []
        self.opened = 0
        """WebSockets that got their ``hello`` since the start."""
        self.tried = 0
        """WebSockets that the app opened since the start, also those that were ended at once."""
        self.refuse_handshakes = 0
        """How many of the next handshakes are refused; their tickets stay valid."""
        self._state = state
        self._tickets: set[str] = set()
        self._turn = count()
        self._welcome = Welcome()
        self._acks: Newest[asyncio.Future[dict[str, Any]]] = Newest()
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()

    def new_ticket(self) -> str:
        """Return a ticket for one connection."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    def expire_tickets(self) -> None:
        """Make the URLs that were returned and not used yet invalid."""
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

    async def deliver(
        self, kind: str, payload: dict[str, Any], *, within: float, retry: Retry = FIRST
    ) -> Ack:
        """Send an envelope over one connection and wait ``within`` seconds for its acknowledgement."""
        started, envelope_id = monotonic(), str(uuid.uuid4())
        future = self._acks[envelope_id] = asyncio.get_running_loop().create_future()
        envelope = {
            "type": kind,
            "envelope_id": envelope_id,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry.attempt, "retry_reason": retry.reason}
        await self._next().send(envelope)
        try:
            async with asyncio.timeout(within):
                ack = await future
        except TimeoutError:
            return Ack(acked=False, seconds=monotonic() - started, error="operation_timeout")
        return Ack(acked=True, seconds=monotonic() - started, reply=ack.get("payload"))

    async def disconnect(self, reason: str) -> None:
        """Send a ``disconnect`` on every connection, and close those that the app does not close by itself.

        Raises ValueError for a reason that Slack does not give.
        """
        _check(reason)
        ending, self.connections = self.connections, []
        await asyncio.gather(*(connection.end(reason, GRACE_SECONDS) for connection in ending))

    def welcome(self, *, hello: bool = True, end: str | None = None) -> None:
        """Send a ``hello`` or none on each new WebSocket, and end it at once if there is an ``end``.

        That is a reason, for a ``disconnect`` frame, or ``close``, for none. Without arguments all is as
        usual again. Raises ValueError for a reason that Slack does not give.
        """
        if end not in {None, CLOSE}:
            _check(end)
        self._welcome = Welcome(hello, end)

    def cut(self) -> None:
        """Abort every connection without closing it."""
        cut, self.connections = self.connections, []
        for connection in cut:
            connection.cut()

    def freeze(self) -> None:
        """Send nothing more on the open connections and ignore what is received, pings included."""
        for connection in self.connections:
            connection.frozen = True

    def connected(self, times: int = 1, *, timeout: float = PATIENCE) -> Awaitable[None]:
        """Wait until ``times`` WebSockets got their ``hello`` since the start, and one is open.

        Waits at most ``timeout`` seconds. Raises TimeoutError.
        """
        return asyncio.wait_for(self._opened(times), timeout)

    async def _opened(self, times: int) -> None:
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
                await self._send_hello(connection)
            if welcome.end:
                await connection.end(welcome.end, grace=0)
            async for frame in connection.ws:
                await self._receive(connection, frame)
        finally:
            self.connections = [other for other in self.connections if other is not connection]
            connection.ended.set()
        if connection.frozen:
            await self._closing.wait()  # the app's close frame gets no answer
        await connection.ws.close()

    async def _send_hello(self, connection: Connection) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "connection_info": {"app_id": APP_ID},
            "debug_info": {"host": HOST, "approximate_connection_time": CONNECTION_LIFE},
        }
        await connection.send(hello)
        self.connections.append(connection)
        self.opened += 1
        async with self._changed:
            self._changed.notify_all()

    def _next(self) -> Connection:
        """Return the connections in turn: Slack sends each payload over any one of them."""
        open_ = [connection for connection in self.connections if connection.is_open] or self.connections
        return open_[next(self._turn) % len(open_)]

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
            return  # it came too late: the person was shown a time-out
        elif future.done():
            self._state.violations.append(f"socket: acknowledged twice: {data}")
        else:
            future.set_result(ack)


def _check(reason: str | None) -> None:
    if reason not in DISCONNECT_REASONS:
        raise ValueError(f"Slack gives no reason {reason!r}, only {DISCONNECT_REASONS}")


def _ack(data: str) -> dict[str, Any]:
    """Parse an acknowledgement; empty if it is none."""
    try:
        ack = json.loads(data)
    except ValueError:
        return {}
    return ack if isinstance(ack, dict) and isinstance(ack.get("envelope_id"), str) else {}
