"""How long it takes from a change in MetaStudio until all channels are told."""

import asyncio
import json
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.domain.rates import RateLimits
from tests.bench.checks import STORE
from tests.bench.crowds import Place, crowd
from tests.bench.figures import Figure, quantile
from tests.bench.processes import Process, bot, running
from tests.bot_process import PROGRAM, Life

FAST = RateLimits(channel=0.1, posts=0.01, edits=0.01)
FAST_POLL = 5.0
LONGEST = 600.0
"""Seconds after which whoever was not told yet counts as not told."""


async def spreading(folder: Path, jobs: int, channels: int, *, quick: bool) -> list[Figure]:
    """Let every channel have one change, right after a check, and time the messages."""
    async with crowd(folder, jobs, channels, limited=not quick) as place:
        await place.write_store(folder / STORE)
        async with _bot(place, quick=quick):
            await place.until_quiet()
            changed = await place.change(place.followers.covering)
            told = await _all_told(place, channels)
    waits = sorted(at - changed for at in told["notices"])
    return list(_figures(waits, told, channels, changed, quick=quick))


def _bot(place: Place, *, quick: bool) -> AbstractAsyncContextManager[Process]:
    """Run the bot as an operator does, or one that is in a hurry."""
    if not quick:
        return bot(place.world, socket_mode=True)
    world = place.world
    life = Life(
        slack=world.slack,
        metastudio=world.metastudio,
        store=str(world.folder / STORE),
        poll=FAST_POLL,
        rates=FAST,
    )
    return running([str(PROGRAM), json.dumps(asdict(life))], world.folder, {})


async def _all_told(place: Place, channels: int) -> dict[str, Any]:
    until = time.monotonic() + LONGEST
    told = await place.told()
    while len(told["notices"]) < channels and time.monotonic() < until:
        await asyncio.sleep(1)
        told = await place.told()
    return told


def _figures(
    waits: list[float], told: dict[str, Any], channels: int, changed: float, *, quick: bool
) -> list[Figure]:
    rates = FAST if quick else RateLimits()
    poll = FAST_POLL if quick else 60
    how = f"pace of a test, a check every {poll:g} s" if quick else f"default pace, a check every {poll:g} s"
    missing = channels - len(waits)
    last, first = (waits[-1], waits[0]) if waits else (0.0, 0.0)
    edited = sum(at >= changed for at in told["edits"])
    return [
        Figure(name=f"changes to tell, one a channel ({how})", ours=channels),
        Figure(name="  from the change to the first message, s", ours=first, aim="the next check", digits=1),
        Figure(name="  to the message, p50, s", ours=quantile(waits, 0.5), digits=1),
        Figure(name="  to the message, p99, s", ours=quantile(waits, 0.99), digits=1),
        Figure(name="  to the last message, s", ours=last, digits=1),
        Figure(
            name="  from the first to the last, s",
            ours=last - first,
            theirs=(channels - 1) * rates.posts,
            beside="the pace of all posts together",
            digits=1,
        ),
        Figure(
            name="  cards edited by then",
            ours=edited,
            theirs=(last - first) / rates.edits,
            beside="the pace of edits",
        ),
        Figure(name="  not told, or told twice", ours=abs(missing), aim="0", failed=missing != 0),
        Figure(name="  refused by Slack as too many", ours=len(told["limited"]), aim="0"),
        Figure(
            name="  breaches of Slack's rules", ours=len(told["wrong"]), aim="0", failed=bool(told["wrong"])
        ),
    ]
