"""Faults on request: how Slack's servers fail, before or after doing their work."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from aiohttp import web


class Fault(TypedDict, total=False):
    """One way in which a request goes wrong."""

    status: int
    """The HTTP status of the answer; 200 without it."""
    error: str
    """The error code in an answer ``{"ok": false}``."""
    needed: str
    """The scope that is missing, beside ``error="missing_scope"``."""
    response_metadata: Mapping[str, Any]
    """Details of the error."""
    retry_after: int
    """Seconds; makes the answer HTTP 429 with that header (page "Rate limits")."""
    body: str
    """The whole body of the answer, for broken JSON or a gateway's HTML page."""
    drop: bool
    """Cut the connection without an answer."""
    after: bool
    """Do the work first: only the answer goes wrong, or, with ``delay`` alone, comes late."""
    delay: float
    """Seconds to wait before all this, or before the answer with ``after``; alone, it makes a call slow."""


Chaos = Callable[[str, Mapping[str, Any]], Fault | None]
"""Decides for each call, by its method and its arguments, whether and how it goes wrong."""
DETAILS = ("needed", "response_metadata")


@dataclass(kw_only=True, eq=False)
class PendingFault:
    """A fault for the next ``left`` requests."""

    fault: Fault
    conversation: str | None
    """The only conversation whose requests go wrong; None for all."""
    replies: bool
    """Whether only replies in threads go wrong."""
    left: int

    def concerns(self, conversation: str | None, arguments: Mapping[str, Any]) -> bool:
        """Whether a request goes wrong."""
        is_elsewhere = self.conversation not in (None, conversation)
        return not is_elsewhere and bool(arguments.get("thread_ts") or not self.replies)


class Faults:
    """The pending faults, by the name of the method that they concern."""

    def __init__(self, names: Collection[str]) -> None:
        self.chaos: Chaos | None = None
        self._names = names
        self._pending: dict[str, list[PendingFault]] = defaultdict(list)

    def add(
        self, name: str, fault: Fault, times: int, conversation: str | None = None, *, replies: bool = False
    ) -> None:
        """Make the next ``times`` requests to ``name`` fail. Raises ValueError for an unknown name."""
        if name not in self._names:
            raise ValueError(f"Nothing here is called {name!r}; there are {sorted(self._names)}")
        if times > 0:
            self._pending[name].append(
                PendingFault(fault=fault, conversation=conversation, replies=replies, left=times)
            )

    def clear(self, name: str) -> None:
        """Cancel the pending faults of ``name``."""
        self._pending.pop(name, None)

    def take(
        self, name: str, *, conversation: str | None = None, arguments: Mapping[str, Any] | None = None
    ) -> Fault:
        """Return the fault of this request: a pending one, else that of chaos, else an empty one."""
        fault = self._next(name, conversation, arguments or {})
        if fault is None and self.chaos and arguments is not None:
            fault = self.chaos(name, arguments)
        return fault or Fault()

    def _next(self, name: str, conversation: str | None, arguments: Mapping[str, Any]) -> Fault | None:
        found = [each for each in self._pending[name] if each.concerns(conversation, arguments)]
        if not found:
            return None
        found[0].left -= 1
        if found[0].left <= 0:
            self._pending[name].remove(found[0])
        return found[0].fault


async def answered(fault: Fault, request: web.Request, work: Callable[[], web.Response]) -> web.Response:
    """Do the work of a request and return its answer, or let both go wrong in this way."""
    goes_wrong = bool(fault.keys() - {"delay", "after"})
    if not fault.get("after"):
        await asyncio.sleep(fault.get("delay", 0))
        return faulty_response(fault, request) if goes_wrong else work()
    answer = work()
    await asyncio.sleep(fault.get("delay", 0))
    return faulty_response(fault, request) if goes_wrong else answer


def faulty_response(fault: Fault, request: web.Request) -> web.Response:
    """Return the answer of a request that goes wrong in this way."""
    if fault.get("drop") and request.transport:
        request.transport.abort()
    body = _body(fault)
    return web.Response(
        status=429 if "retry_after" in fault else fault.get("status", 200),
        text=body,
        content_type="text/html" if body.startswith("<") else "application/json",
        headers={"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {},
    )


def _body(fault: Fault) -> str:
    if "body" in fault:
        return fault["body"]
    error = fault.get("error", "ratelimited" if "retry_after" in fault else None)
    details = {key: value for key, value in fault.items() if key in DETAILS}
    return json.dumps({"ok": False, "error": error, **details}) if error else ""
