"""Trying the address that the bot listens on: for Slack in HTTP mode, and for health and metrics in both."""

import errno
from collections.abc import AsyncGenerator
from typing import Final

import aiohttp
import aiohttp.web

from bot.checks.item import Item, fails, works
from bot.config import Settings
from bot.errors import AddressTaken
from bot.network.names import Resolver
from bot.network.servers import listening, with_port

LISTENING: Final = "listening"

TIMEOUT: Final = aiohttp.ClientTimeout(total=6)
ALIVE: Final = b"alive"
"""What a bot answers at ``/healthz``."""
WILDCARDS: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  what may be set
"""Hosts that stand for all addresses of this machine, and one of those."""


async def try_listening(settings: Settings) -> AsyncGenerator[Item, None]:
    """Listen as the bot would, and end that at once."""
    host, port = settings.voicejob_host, settings.port
    where = f"“{with_port(host, port)}”"
    try:
        async with listening(aiohttp.web.Application(), host, port):
            pass
    except AddressTaken as error:
        number = getattr(error.__cause__, "errno", None)
        if number == errno.EADDRINUSE and await _is_bot(host, port):
            yield works(LISTENING, f"a running bot listens at {where} already")
        else:
            yield fails(LISTENING, _no_listening(where, number, error.values["reason"]))
        return
    yield works(LISTENING, f"{where} is free" if port else f"“{host}” has a free port")


async def _is_bot(host: str, port: int) -> bool:
    url = f"http://{with_port(WILDCARDS.get(host, host), port)}/healthz"
    connector = aiohttp.TCPConnector(resolver=Resolver())  # and no proxy: it is this machine
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, connector=connector) as session,
            session.get(url) as answer,
        ):
            return (await answer.content.read(len(ALIVE))) == ALIVE
    except (aiohttp.ClientError, OSError, ValueError):  # OSError: TimeoutError, too
        return False


def _no_listening(where: str, number: int | None, reason: str) -> str:
    if number == errno.EADDRINUSE:
        return f"{where} is taken by another program: set PORT to another one, or stop that program."
    if number in {errno.EACCES, errno.EPERM}:
        return f"this user may not listen at {where} ({reason}): set PORT to 1024 or above."
    return (
        f"the bot can't listen at {where} ({reason}): VOICEJOB_HOST must be an address of this machine, such "
        "as 0.0.0.0 or 127.0.0.1."
    )
