"""Acknowledgements of the bot, beside those of a bare Bolt app in the same run."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from tests.bench.load import ACK_SECONDS, Ack, Load
from tests.bench.processes import BARE_APP, Process, Simulators, bare_app, bot
from tests.bench.report import MS, Figure, beside

ANSWER_SECONDS = 60.0
"""How long the last answer is waited for."""
OK = 200
WARM_UP = 100
"""Commands that each app answers before the clock runs."""


@dataclass(kw_only=True)
class App:
    """One of the two apps that are compared, and what was measured of it."""

    world: Simulators
    load: Load
    process: Process
    answers_commands: bool
    acks: list[Ack] = field(default_factory=list)
    cards: dict[int, float] = field(default_factory=dict)
    """When the card of each command came, by the monotonic clock."""
    answers: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    cpu_seconds: float = 0.0

    def anew(self) -> Self:
        """Return the same app, of which nothing was measured yet."""
        return replace(self, acks=[], cards={}, answers=Counter(), requests=0, cpu_seconds=0.0)

    async def send(self, commands: int, rate: float, *, patience: float = ACK_SECONDS) -> list[Ack]:
        """Send commands, and wait until those that were acknowledged are answered."""
        cpu_before = self.process.cpu_seconds
        acks = await self.load.send(commands, rate, patience=patience)
        awaited = {ack.number for ack in acks if ack.status == OK and self.answers_commands}
        until = time.monotonic() + ANSWER_SECONDS
        while awaited and time.monotonic() < until:
            await asyncio.sleep(0.1)
            received = await self.world.call("received")
            self.cards |= {int(number): moment for number, moment in received["cards"].items()}
            self.answers.update({int(number): times for number, times in received["answers"].items()})
            self.requests += received["requests"]
            awaited -= self.answers.keys()
        self.cpu_seconds += self.process.cpu_seconds - cpu_before
        return acks

    @property
    def refused(self) -> int:
        """How many commands were not acknowledged with 200."""
        return sum(ack.status != OK for ack in self.acks)

    @property
    def without_card(self) -> int:
        """How many commands their card did not come for."""
        return sum(ack.number not in self.cards for ack in self.acks)

    @property
    def card_ms(self) -> list[float]:
        """Milliseconds from when each command was due until its card came."""
        return [MS * (self.cards[ack.number] - ack.due) for ack in self.acks if ack.number in self.cards]

    @property
    def ack_ms(self) -> list[float]:
        """Milliseconds from when each command was due until it was acknowledged."""
        return [MS * ack.seconds for ack in self.acks]

    @property
    def late_ms(self) -> list[float]:
        """Milliseconds from when each command was due until it was sent: the noise of the machine."""
        return [MS * ack.late for ack in self.acks]

    @property
    def cpu_ms(self) -> float:
        """The processor time of one command, in milliseconds."""
        return MS * self.cpu_seconds / len(self.acks)


Apps = tuple[App, App]
"""The bot, and the bare app."""


@asynccontextmanager
async def both_apps(world: Simulators, *, jobs: int) -> AsyncIterator[Apps]:
    """Start both apps and warm them up."""
    async with AsyncExitStack() as stack:
        apps = []
        for program in (bot, bare_app):
            process = await stack.enter_async_context(program(world))
            load = Load(process.ready, f"{world.control}/received", jobs)
            stack.callback(load.close)
            app = App(world=world, load=load, process=process, answers_commands=program is bot)
            await app.send(WARM_UP, WARM_UP)
            apps.append(app.anew())
        yield apps[0], apps[1]


async def in_turns(apps: Apps, *, commands: int, rate: float, rounds: int) -> Apps:
    """Send each app the same commands, in rounds that alternate, and pool what was measured."""
    ours, theirs = (app.anew() for app in apps)
    for number in range(rounds):
        for app in (ours, theirs) if number % 2 else (theirs, ours):
            app.acks += await app.send(commands // rounds, rate)
    return ours, theirs


def both(name: str, values: Iterable[float], aim: str = "") -> Figure:
    """Make a row with the bare app beside the bot."""
    return beside(name, values, BARE_APP, aim)
