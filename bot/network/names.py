"""Resolving host names on daemon threads, which don't keep the process from ending.

aiohttp's own resolver uses the few threads of asyncio's executor: one name whose server does not answer takes
them all, so that no other name is resolved meanwhile, and the process does not end before they do.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from time import monotonic
from typing import Final, NamedTuple

from aiohttp.abc import AbstractResolver, ResolveResult

from bot.process.threads import on_a_thread

LIMIT: Final = 10.0
"""Seconds that a look-up may take. glibc asks a silent server for 5 seconds, and then the next one."""
LOST_AFTER: Final = 60.0
"""Seconds after which a look-up may have hung, so that another one may begin."""
MOST: Final = 3
"""Look-ups of one name at the same time."""
NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_UNKNOWN: Final = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

Address = tuple[int, int, str]
"""Family, protocol, and the numeric address."""
LookUp = Callable[[str, int], list[Address]]
"""Finds the addresses of a name, of one family or of any (AF_UNSPEC). Raises OSError and UnicodeError."""


class _Pending(NamedTuple):
    look_up: LookUp
    host: str
    family: int
    since: float
    answer: Future[list[Address]]


_pending: list[_Pending] = []
"""The look-ups that have not ended. All who ask for a name share its last, so threads can't pile up."""


def look_up(host: str, family: int) -> list[Address]:
    """Ask the system for the addresses of a name, with the flags of aiohttp's own resolver."""
    flags = socket.AI_ADDRCONFIG & getattr(socket, "AI_MASK", socket.AI_ADDRCONFIG)
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, family=family, flags=flags)
    # A link-local address can't be used without its zone, which getnameinfo adds.
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    return [
        (kind, protocol, socket.getnameinfo(address, numeric)[0]) for kind, _, protocol, _, address in found
    ]


def is_numeric(host: str) -> bool:
    """Whether a host needs no look-up: an address, perhaps with a zone, or empty (all addresses)."""
    try:
        return not host or bool(ip_address(host))
    except ValueError:
        return False


def is_unknown(error: BaseException | None) -> bool:
    """Whether an error comes from the answer that a host's name has no address: not from the lack of one."""
    while error:
        if isinstance(error, socket.gaierror):
            return error.errno in _UNKNOWN
        error = error.__cause__ or error.__context__
    return False


class Resolver(AbstractResolver):
    """Resolves names for a session of aiohttp, which passes no numeric ones."""

    def __init__(
        self, look_up: LookUp = look_up, *, limit: float = LIMIT, clock: Callable[[], float] = monotonic
    ) -> None:
        self._look_up = look_up
        self._limit = limit
        self._clock = clock

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up, or share the look-up that is under way.

        Raises OSError, TimeoutError after ``limit`` seconds, and UnicodeError for what is no name.
        """
        try:
            async with asyncio.timeout(self._limit):
                found = await asyncio.wrap_future(_begin(self._look_up, host, family, self._clock()))
        except TimeoutError:
            raise TimeoutError("the look-up of its name gets no answer") from None
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=protocol, flags=NUMERIC)
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Do nothing: what is pending is left alone."""


def _begin(look_up: LookUp, host: str, family: int, now: float) -> Future[list[Address]]:
    """Begin a look-up, or return the answer of one that is pending."""
    _pending[:] = [each for each in _pending if not each.answer.done()]
    same = [each for each in _pending if each[:3] == (look_up, host, family)]
    if may_begin([each.since for each in same], now):
        same.append(_Pending(look_up, host, family, now, on_a_thread(partial(look_up, host, family))))
        _pending.append(same[-1])
    return same[-1].answer


def may_begin(since: Sequence[float], now: float) -> bool:
    """Whether a look-up may begin beside pending ones of its name, which began at these times, in order."""
    return not since or (len(since) < MOST and now - since[-1] >= LOST_AFTER)
