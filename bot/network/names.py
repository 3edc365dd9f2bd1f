"""Looking up host names, on threads that nobody waits for at the end.

aiohttp's own resolver looks up on the few threads of asyncio's executor: one name whose server does not
answer takes them all, so that no other name is found meanwhile, and the end waits for each of them.
"""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from bot.threads import on_a_thread

LIMIT: Final = 10.0
"""Seconds that a look-up may take. glibc asks a silent server for 5 seconds, and then the next one."""
NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV

Address = tuple[int, int, str]
"""Family, protocol, and the numeric address."""
LookUp = Callable[[str, int], list[Address]]
"""Finds the addresses of a name, of one family or of any (AF_UNSPEC). Raises OSError and UnicodeError."""
_Wanted = tuple[LookUp, str, int]

_under_way: dict[_Wanted, Future[list[Address]]] = {}
"""The look-ups that have not ended. All who ask for the same name share one, so threads can't pile up."""


def look_up(host: str, family: int) -> list[Address]:
    """Ask the system, as aiohttp's own resolver does."""
    flags = socket.AI_ADDRCONFIG & getattr(socket, "AI_MASK", socket.AI_ADDRCONFIG)
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, family=family, flags=flags)
    return [(kind, protocol, _numeric(address)) for kind, _, protocol, _, address in found]


def _numeric(address: Any) -> str:
    """Write an address with its zone, if it has one: a link-local one is no use without."""
    return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]


def is_numeric(host: str) -> bool:
    """Tell whether a host needs no look-up: an address, with a zone or without, or none (all of them)."""
    try:
        return not host or bool(ip_address(host))
    except ValueError:
        return False


class Resolver(AbstractResolver):
    """Finds the addresses of names for one session of aiohttp, which asks for no numeric ones."""

    def __init__(self, look_up: LookUp = look_up, *, limit: float = LIMIT) -> None:
        self._look_up = look_up
        self._limit = limit

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up, or share the look-up that is under way.

        Raises OSError, TimeoutError after ``limit`` seconds, and UnicodeError for what is no name.
        """
        try:
            async with asyncio.timeout(self._limit):
                found = await asyncio.wrap_future(_begun((self._look_up, host, family)))
        except TimeoutError:
            raise TimeoutError("the look-up of its name gets no answer") from None
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=protocol, flags=NUMERIC)
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Leave alone what is under way."""


def _begun(wanted: _Wanted) -> Future[list[Address]]:
    look_up, host, family = wanted
    answer = _under_way.get(wanted)
    if answer is None:
        answer = _under_way[wanted] = on_a_thread(partial(look_up, host, family))
        answer.add_done_callback(lambda _: _under_way.pop(wanted, None))
    return answer
