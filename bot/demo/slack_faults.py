"""Faults on request: what Slack's servers do on a bad day, instead of or after doing their work."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Collection
from typing import TypedDict

from aiohttp import web


class Fault(TypedDict, total=False):
    """One way in which a request goes wrong."""

    status: int
    """The HTTP status of the answer; 200 without it."""
    error: str
    """The error code in an answer ``{"ok": false}``."""
    retry_after: int
    """Seconds; makes the answer HTTP 429 with that header (page "Rate limits")."""
    body: str
    """The answer as it is, for broken JSON or a gateway's HTML page."""
    drop: bool
    """Cut the connection without an answer."""
    after: bool
    """Do the work first, and spoil only the answer."""
    delay: float
    """Seconds to wait before all this; alone, it makes a good answer slow."""


class Faults:
    """The faults that wait for their turn, by the name of what they spoil."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._waiting: dict[str, list[Fault]] = defaultdict(list)

    def add(self, name: str, fault: Fault, times: int) -> None:
        """Spoil the next ``times`` requests to ``name``. Raises ValueError for a name that nothing has."""
        if name not in self._names:
            raise ValueError(f"Nothing here is called {name!r}; there are {sorted(self._names)}")
        self._waiting[name] += [fault] * times

    def clear(self, name: str) -> None:
        """Forget the faults that still wait."""
        self._waiting.pop(name, None)

    async def take(self, name: str) -> Fault | None:
        """Give the fault for this request, if one waits, after its delay; it is used up."""
        waiting = self._waiting[name]
        fault = waiting.pop(0) if waiting else Fault()
        await asyncio.sleep(fault.get("delay", 0))
        return fault if fault.keys() - {"delay"} else None


def spoil(fault: Fault, request: web.Request) -> web.Response:
    """Give the answer that a fault asks for."""
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
    return json.dumps({"ok": False, "error": error}) if error else ""
