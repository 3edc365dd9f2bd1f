"""How fast commands are acknowledged, and up to which rate, beside a bare Bolt app in the same run."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from tests.bench.figures import Figure, quantile
from tests.bench.load import Ack, Load, endless_commands
from tests.bench.processes import Process, World, bare_app, bot

ANSWER_SECONDS = 60.0
"""How long the last answer is waited for."""
HIGHEST_ACK = 1.0
OK = 200
WARM_UP = 100
"""Commands that each app answers before the clock runs."""
BARE = "Bolt app that only acks"
MS = 1000


@dataclass(kw_only=True)
class Side:
    """One of the two apps that are compared, and what was seen of it."""

    world: World
    load: Load
    process: Process
    is_bot: bool
    """Whether answers are expected of it."""
    acks: list[Ack] = field(default_factory=list)
    cards: dict[int, float] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    cpu_seconds: float = 0.0

    def anew(self) -> Self:
        """Give the same app, of which nothing was seen yet."""
        return replace(self, acks=[], cards={}, answers=Counter(), requests=0, cpu_seconds=0.0)

    async def send(self, commands: int, rate: float, *, patience: float = ANSWER_SECONDS) -> list[Ack]:
        """Send commands, and wait until what they set off has come to an end."""
        cpu_before = self.process.cpu_seconds
        acks = await self.load.send(commands, rate, patience=patience)
        if self.is_bot:
            await self._see_answers({ack.command.number for ack in acks if ack.status == OK})
        self.cpu_seconds += self.process.cpu_seconds - cpu_before
        return acks

    async def _see_answers(self, awaited: set[int]) -> None:
        """Wait for the answers to these commands."""
        until = time.monotonic() + ANSWER_SECONDS
        while awaited and time.monotonic() < until:
            await asyncio.sleep(0.1)
            seen = await self.world.seen()
            self.cards |= seen.cards
            self.answers.update(seen.answers)
            self.requests += seen.requests
            awaited -= seen.answers.keys()

    @property
    def refused(self) -> int:
        """How many commands were not acknowledged with 200."""
        return sum(ack.status != OK for ack in self.acks)

    @property
    def without_card(self) -> int:
        """How many commands their card did not come for."""
        return sum(ack.command.number not in self.cards for ack in self.acks)

    @property
    def unanswered(self) -> int:
        """How many commands were acknowledged, and not answered."""
        return sum(ack.status == OK and not self.answers[ack.command.number] for ack in self.acks)

    @property
    def answered_twice(self) -> int:
        """How many commands got more than one answer."""
        return sum(times > 1 for times in self.answers.values())

    @property
    def card_ms(self) -> list[float]:
        """How long the cards took, in milliseconds, from when their command was due."""
        dues = {ack.command.number: ack.due for ack in self.acks}
        return [MS * (self.cards[number] - due) for number, due in dues.items() if number in self.cards]

    @property
    def ack_ms(self) -> list[float]:
        """How long the acknowledgements took, in milliseconds."""
        return [MS * ack.seconds for ack in self.acks]

    @property
    def sent_to_ack_ms(self) -> list[float]:
        """The same, from when the command was sent: without the wait for a free connection."""
        return [MS * (ack.seconds - ack.late) for ack in self.acks]

    @property
    def late_ms(self) -> list[float]:
        """How late the load sent the commands: the noise of the machine, and of the load itself."""
        return [MS * ack.late for ack in self.acks]

    @property
    def cpu_ms(self) -> float:
        """The processor time of one command, in milliseconds."""
        return MS * self.cpu_seconds / len(self.acks)


Sides = tuple[Side, Side]
"""The bot, and the bare app."""


async def acknowledgements(sides: Sides, *, commands: int, rate: float, rounds: int) -> list[Figure]:
    """Measure how a steady rate of commands is acknowledged."""
    ours, theirs = await in_turns(sides, commands=commands, rate=rate, rounds=rounds)
    return list(_ack_figures(ours, theirs))


async def in_turns(sides: Sides, *, commands: int, rate: float, rounds: int) -> Sides:
    """Send each app the same commands, in rounds that alternate, and pool what was measured."""
    ours, theirs = (side.anew() for side in sides)
    for number in range(rounds):
        for side in (ours, theirs) if number % 2 else (theirs, ours):
            side.acks += await side.send(commands // rounds, rate)
    return ours, theirs


async def highest_rate(
    sides: Sides, *, first: float, top: float, probe_seconds: float, steps: int
) -> list[Figure]:
    """Find the highest rate, up to ``top``, at which every ack stays under a second, for both apps.

    A rate a little above what an app can do forever passes, since the queue needs time to grow.
    """
    ours, theirs = (side.anew() for side in sides)
    reached = [await _highest(side, first, top, probe_seconds, steps) for side in (ours, theirs)]
    name = f"highest rate with acks under 1 s, for {probe_seconds:g} s"
    return [
        Figure(
            name=f"{name}, up to {top:,.0f}",
            ours=reached[0],
            theirs=reached[1],
            beside=BARE,
            aim="0.75 at least",
        ),
        count("  cards that did not come meanwhile", ours.without_card, expected=0),
    ]


@asynccontextmanager
async def both_apps(world: World, *, jobs: int) -> AsyncIterator[Sides]:
    """Start both apps and warm them up."""
    async with AsyncExitStack() as stack:
        sides = []
        for program in (bot, bare_app):
            process = await stack.enter_async_context(program(world))
            load = Load(process.said, world.cards, endless_commands(jobs))
            await stack.enter_async_context(load)
            side = Side(world=world, load=load, process=process, is_bot=program is bot)
            await side.send(WARM_UP, WARM_UP)
            sides.append(side)
        yield sides[0], sides[1]


async def _highest(side: Side, first: float, top: float, probe_seconds: float, steps: int) -> float:
    """Double the rate until it does not hold, then halve the gap ``steps`` times."""
    held, failed = 0.0, first
    while await _holds(side, failed, probe_seconds):
        held, failed = failed, failed * 2
        if failed > top:
            return held
    for _ in range(steps):
        middle = (held + failed) / 2
        if await _holds(side, middle, probe_seconds):
            held = middle
        else:
            failed = middle
    return held


async def _holds(side: Side, rate: float, probe_seconds: float) -> bool:
    """Try a rate, and once more if it does not hold: it may have been something else on this machine."""
    for _ in range(2):
        acks = await side.send(round(rate * probe_seconds), rate, patience=HIGHEST_ACK)
        if all(ack.status == OK and ack.seconds < HIGHEST_ACK for ack in acks):
            side.acks += acks
            return True
    return False


def _ack_figures(ours: Side, theirs: Side) -> Iterator[Figure]:
    late = quantile(ours.late_ms, 0.99), quantile(theirs.late_ms, 0.99)
    yield pair("ack p50, ms", quantile(ours.ack_ms, 0.5), quantile(theirs.ack_ms, 0.5), "1.05 at most")
    yield pair("ack p99, ms", quantile(ours.ack_ms, 0.99), quantile(theirs.ack_ms, 0.99), "1.5 at most")
    yield pair("ack slowest, ms", max(ours.ack_ms), max(theirs.ack_ms))
    yield pair("  sent late by the load, p99, ms", *late)
    yield pair("  CPU of one command, ms", ours.cpu_ms, theirs.cpu_ms)
    yield count("commands", len(ours.acks), len(theirs.acks))
    yield count("  not acknowledged with 200", ours.refused, theirs.refused, expected=0)
    yield count("  cards that did not come", ours.without_card, expected=0)
    yield count("  requests to MetaStudio for them", ours.requests)
    yield Figure(name="card p50, ms", ours=quantile(ours.card_ms, 0.5))
    yield Figure(name="card p99, ms", ours=quantile(ours.card_ms, 0.99))


def pair(name: str, ours: float, theirs: float, aim: str = "") -> Figure:
    """Make a row that has the bare app beside the bot."""
    return Figure(name=name, ours=ours, theirs=theirs, beside=BARE, aim=aim, digits=2)


def count(name: str, ours: int, theirs: int | None = None, *, expected: int | None = None) -> Figure:
    """Make a row that counts; with another number than ``expected`` the bench fails."""
    failed = expected is not None and (ours, theirs or 0) != (expected, expected)
    return Figure(
        name=name,
        ours=ours,
        theirs=theirs,
        beside="" if theirs is None else BARE,
        aim="" if expected is None else str(expected),
        failed=failed,
    )
