"""Trying everything that the bot needs, for real: the parts, in the order in which they are printed."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from bot.checks.item import Item, fails, safe, untried
from bot.checks.listening import LISTENING, try_listening
from bot.checks.metastudio import ADDRESS, CLOCK, SIGNED_IN, try_metastudio
from bot.checks.settings import WRONG, Part, Read
from bot.checks.slack import (
    APP_TOKEN,
    BOT_TOKEN,
    GRANTED,
    SIGNING_SECRET,
    SOCKET_MODE,
    try_bot_token,
    try_signing_secret,
    try_socket_mode,
)
from bot.checks.store import STORE, try_store
from bot.config import Settings

SECONDS: Final = 25.0
"""After as long, what has not answered counts as failed. Each part has shorter limits of its own."""

Try = Callable[[Settings], AsyncGenerator[Item, None]]
"""Tries one part, and yields an item for each of its names, in their order, as soon as it is known."""


async def check(known: Read, *, seconds: float = SECONDS) -> list[Item]:
    """Try all parts at the same time, each for ``seconds`` at most, and return all items in a fixed order."""
    groups = await asyncio.gather(*(_tried(known, *group, seconds) for group in _groups(known)))
    items = [known.item, *(item for group in groups for item in group)]
    return [safe(item, known.secrets) for item in items]


def _groups(known: Read) -> list[tuple[Part, tuple[str, ...], Try]]:
    by_socket = (Part.MODE, (APP_TOKEN, SOCKET_MODE), try_socket_mode)
    by_http = (Part.MODE, (SIGNING_SECRET,), try_signing_secret)
    return [
        (Part.BOT_TOKEN, (BOT_TOKEN, GRANTED), try_bot_token),
        by_http if known.in_http_mode else by_socket,
        (Part.METASTUDIO, (ADDRESS, CLOCK, *SIGNED_IN), try_metastudio),
        (Part.STORE, (STORE,), try_store),
        (Part.LISTENING, (LISTENING,), try_listening),
    ]


async def _tried(known: Read, part: Part, names: tuple[str, ...], attempt: Try, seconds: float) -> list[Item]:
    """Try one part. Whatever happens, there is an item for each name."""
    if part not in known.parts:
        return [untried(name, WRONG) for name in names]
    items: list[Item] = []
    try:
        # Left to itself, a generator that is given up would be closed some time later.
        async with asyncio.timeout(seconds), aclosing(attempt(known.settings)) as found:
            async for item in found:
                items.append(item)  # noqa: PERF401  what is known by the time it breaks is kept
            return items
    except TimeoutError:
        says = f"no answer came within {seconds:g} s. Try again in a minute."
    except Exception as error:  # noqa: BLE001  a fault of ours, or of a library, is one item's and no more
        says = f"trying it broke ({type(error).__name__}). Check the proxy settings of this machine."
    rest = names[len(items) :]
    items += [fails(name, says) for name in rest[:1]]
    return items + [untried(name, "what comes before it failed") for name in rest[1:]]
