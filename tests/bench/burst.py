"""Sends 5,000 signed commands at once: ``python tests/bench/burst.py``, or ``--commands 20000``.

Each asks for a job, over 200 connections, as fast as loopback and the bot allow. The bot and the stand-ins
have a process each. Every command that the bot acknowledged must get an answer at its ``response_url``: a
card, or a reason why there is none. Exits with 1 if one did not, or if one was not acknowledged.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from figures import Figure, quantile, show
from load import Ack, Load, endless_commands
from lookup import prepare_environment
from processes import bot, standins

JOBS = 500
LATENCY = 0.1
"""Seconds that MetaStudio takes to answer."""
ALL_AT_ONCE = 1e9
"""Commands a second: all are due at the beginning."""
ANSWER_SECONDS = 60.0
"""How long the last answer is waited for."""
MS = 1000
OK = 200


@dataclass(kw_only=True)
class Answers:
    """What came at the response URLs: how often for each command, when, and whether it was a card."""

    came: dict[int, float] = field(default_factory=dict)
    times: Counter[int] = field(default_factory=Counter)
    cards: int = 0

    async def take(self, request: web.Request) -> web.Response:
        """Take one answer, as Slack does."""
        number = int(request.match_info["command"])
        self.cards += request.match_info["voice"] in json.dumps(await request.json())
        self.times[number] += 1
        self.came.setdefault(number, time.monotonic())
        return web.Response(text="ok")


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """Take answers while the context lasts; gives the beginning of the response URLs."""
    application = web.Application()
    application.router.add_post("/answers/{command}/{voice}", answers.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/answers"
    await runner.cleanup()


async def burst(commands: int, folder: Path) -> list[Figure]:
    """Send them, wait for the answers, and count."""
    answers = Answers()
    async with (
        standins(folder, latency=LATENCY, jobs=JOBS) as world,
        answering(answers) as cards,
        bot(world) as process,
        Load(process.said, cards, endless_commands(JOBS)) as load,
    ):
        acks = await load.send(commands, ALL_AT_ONCE, patience=ANSWER_SECONDS)
        await _all_came(answers, acks)
    return _figures(acks, answers)


async def _all_came(answers: Answers, acks: list[Ack]) -> None:
    """Wait until each acknowledged command has its answer, or too long."""
    awaited = {ack.command.number for ack in acks if ack.status == OK}
    until = time.monotonic() + ANSWER_SECONDS
    while awaited - answers.came.keys() and time.monotonic() < until:  # noqa: ASYNC110  no event
        await asyncio.sleep(0.1)


def _figures(acks: list[Ack], answers: Answers) -> list[Figure]:
    acked = [ack for ack in acks if ack.status == OK]
    refused = len(acks) - len(acked)
    lost = sum(ack.command.number not in answers.came for ack in acked)
    twice = sum(times > 1 for times in answers.times.values())
    seconds = [ack.seconds - ack.late for ack in acked]
    taken = max(ack.seconds for ack in acks)
    waits = [answers.came[ack.command.number] - ack.due - ack.late for ack in acked if not lost]
    return [
        Figure(name="commands", ours=len(acks)),
        Figure(name="  acknowledged", ours=len(acked), aim="all", failed=refused > 0),
        Figure(name="  acknowledged, not answered", ours=lost, aim="0", failed=lost > 0),
        Figure(name="  answered twice", ours=twice, aim="0", failed=twice > 0),
        Figure(name="  answered with a card", ours=answers.cards),
        Figure(name="acknowledged a second", ours=len(acked) / taken),
        Figure(name="ack p50, ms, from the sending", ours=MS * quantile(seconds, 0.5)),
        Figure(name="ack p99, ms", ours=MS * quantile(seconds, 0.99), aim="3000 at most"),
        Figure(name="ack slowest, ms", ours=MS * max(seconds, default=0)),
        Figure(name="answer p50, ms", ours=MS * quantile(waits, 0.5)),
        Figure(name="answer p99, ms", ours=MS * quantile(waits, 0.99)),
    ]


def main() -> None:
    """Send, print the table, and exit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        prepare_environment(folder)
        figures = asyncio.run(burst(given.commands, Path(folder)))
    show(figures, f"{given.commands:,} commands for {JOBS} jobs at once; MetaStudio takes {LATENCY:g} s")
    sys.exit(any(figure.failed for figure in figures))


if __name__ == "__main__":
    main()
