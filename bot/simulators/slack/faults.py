"""Faults on request: what Slack's servers do on a bad day, instead of or after doing their work."""

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
    provided: str
    """The scopes that are there, beside the same."""
    response_metadata: Mapping[str, Any]
    """What else the answer tells about the error."""
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


Chaos = Callable[[str, Mapping[str, Any]], Fault | None]
"""Decides for each call, by its method and its arguments, whether and how it goes wrong."""
DETAILS = ("needed", "provided", "response_metadata")


@dataclass(kw_only=True, eq=False)
class Waiting:
    """A fault that waits for its requests."""

    fault: Fault
    place: str | None
    """The one conversation in which it strikes; None for all."""
    left: int


class Faults:
    """The faults that wait for their turn, by the name of what they spoil."""

    def __init__(self, names: Collection[str]) -> None:
        self.chaos: Chaos | None = None
        self._names = names
        self._waiting: dict[str, list[Waiting]] = defaultdict(list)

    def add(self, name: str, fault: Fault, times: int, place: str | None = None) -> None:
        """Spoil the next ``times`` requests to ``name``. Raises ValueError for a name that nothing has."""
        if name not in self._names:
            raise ValueError(f"Nothing here is called {name!r}; there are {sorted(self._names)}")
        if times > 0:
            self._waiting[name].append(Waiting(fault=fault, place=place, left=times))

    def clear(self, name: str) -> None:
        """Forget the faults that still wait."""
        self._waiting.pop(name, None)

    async def take(
        self, name: str, *, place: str | None = None, arguments: Mapping[str, Any] | None = None
    ) -> Fault | None:
        """Give the fault for this request after its delay, and use it up; those asked for go before chaos."""
        fault = self._next(name, place)
        if fault is None and self.chaos and arguments is not None:
            fault = self.chaos(name, arguments)
        fault = fault or Fault()
        await asyncio.sleep(fault.get("delay", 0))
        return fault if fault.keys() - {"delay"} else None

    def _next(self, name: str, place: str | None) -> Fault | None:
        here = [waiting for waiting in self._waiting[name] if waiting.place in (None, place)]
        if not here:
            return None
        here[0].left -= 1
        if here[0].left <= 0:
            self._waiting[name].remove(here[0])
        return here[0].fault


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
    details = {key: value for key, value in fault.items() if key in DETAILS}
    return json.dumps({"ok": False, "error": error, **details}) if error else ""
