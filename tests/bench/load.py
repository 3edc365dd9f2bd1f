"""The load: signed commands that arrive at a steady rate at the bot, and at a bare Bolt app in the same run.

They arrive whether or not earlier ones are answered. Each acknowledgement is timed from the moment at which
its command was due, so that an app which holds up the load does not look fast (no coordinated omission).
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count, islice
from typing import NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

from bot.simulators.slack import payloads
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import ALICE, SIGNING_SECRET, Channel
from tests.bench.processes import Process, Simulators, bare_app, bot
from tests.bench.report import MS, Figure, quantile
from tests.bench.simulators import job_id, voice

CONNECTIONS = 200
"""As many are kept open and used again; a command that finds none free waits, and its time runs."""
ACK_SECONDS = 10.0
"""An acknowledgement that takes longer, once its command is sent, counts as none."""
ANSWER_SECONDS = 60.0
"""How long the last answer is waited for."""
EARLY = 0.001
"""Timers are as coarse as a millisecond: the load wakes up earlier, and polls for the rest."""
OK = 200
SEED = 1
WARM_UP = 100
"""Commands that each app answers before the clock runs."""


class Ack(NamedTuple):
    """How a command was acknowledged: how many seconds after it was due, and the status, 0 if it was not."""

    number: int
    due: float
    """By the monotonic clock."""
    seconds: float
    status: int


class App:
    """One of the two apps, the commands that it is sent, and what was measured of it.

    Commands ask for jobs by chance, the same ones in every run.
    """

    def __init__(
        self,
        world: Simulators,
        process: Process,
        session: ClientSession,
        *,
        jobs: int,
        answers_commands: bool,
    ) -> None:
        self._world, self._process, self._session = world, process, session
        self._answers_commands = answers_commands
        chance = random.Random(SEED)  # noqa: S311  guards nothing
        self._commands: Iterator[tuple[int, int]] = ((number, chance.randrange(jobs)) for number in count())
        self.forget()

    def forget(self) -> None:
        """Forget what was measured."""
        self.acks: list[Ack] = []
        self._requests = 0
        """Requests to MetaStudio."""
        self._cards: dict[int, float] = {}
        """When the card of each command came, by the monotonic clock."""
        self._answers: Counter[int] = Counter()
        self._cpu_seconds = 0.0

    async def send(self, number: int, rate: float) -> None:
        """Send so many commands, ``rate`` each second, and wait until those acknowledged are answered."""
        cpu_before = self._process.cpu_seconds
        bodies = [(command, self._body(command, job)) for command, job in islice(self._commands, number)]
        start = time.monotonic() + 0.1
        acks: list[Ack] = []
        async with asyncio.TaskGroup() as tasks:
            for index, (command, body) in enumerate(bodies):
                due = start + index / rate
                await asyncio.sleep(max(0.0, due - time.monotonic() - EARLY))
                while time.monotonic() < due:  # noqa: ASYNC110  no event: the moment itself is waited for
                    await asyncio.sleep(0)
                tasks.create_task(self._exchange(command, body, due, acks))
        awaited = {ack.number for ack in acks if ack.status == OK and self._answers_commands}
        until = time.monotonic() + ANSWER_SECONDS
        while awaited and time.monotonic() < until:
            await asyncio.sleep(0.1)
            received = await self._world.call("received")
            self._cards |= {int(number): moment for number, moment in received["cards"].items()}
            self._answers.update({int(number): times for number, times in received["answers"].items()})
            self._requests += received["requests"]
            awaited -= self._answers.keys()
        self._cpu_seconds += self._process.cpu_seconds - cpu_before
        self.acks += acks

    async def _exchange(self, number: int, body: str, due: float, acks: list[Ack]) -> None:
        status, signed = 0, headers(SIGNING_SECRET, body)
        with suppress(ClientError, TimeoutError):
            async with self._session.post(self._process.ready, data=body, headers=signed) as answer:
                await answer.read()
                status = answer.status
        acks.append(Ack(number, due, time.monotonic() - due, status))

    def _body(self, number: int, job: int) -> str:
        """Write what Slack would send; done before the clock runs."""
        payload = payloads.command(
            "/voicejob",
            job_id(job),
            person=payloads.Person(user=ALICE),
            channel=Channel(id="C0VOICES", name="voices"),
            response_url=f"{self._world.control}/received/{number}/{voice(job)}",
            trigger=f"{number}.bench",
        )
        return form(payload)

    @property
    def ack_ms(self) -> list[float]:
        """Milliseconds from when each command was due until it was acknowledged."""
        return [MS * ack.seconds for ack in self.acks]

    @property
    def cpu_ms(self) -> float:
        """The processor time of one command, in milliseconds."""
        return MS * self._cpu_seconds / len(self.acks)

    def failures(self) -> list[Figure]:
        """Count the commands that were not acknowledged with 200, not answered, or twice."""
        acked = [ack.number for ack in self.acks if ack.status == OK]
        return [
            Figure("  not acknowledged with 200", len(self.acks) - len(acked), most=0),
            Figure("  acknowledged, not answered", len(set(acked) - self._answers.keys()), most=0),
            Figure("  answered twice", sum(times > 1 for times in self._answers.values()), most=0),
        ]

    def cards(self) -> list[Figure]:
        """Measure how long after its command was due each card came, and what that took of MetaStudio."""
        ms = [MS * (self._cards[ack.number] - ack.due) for ack in self.acks if ack.number in self._cards]
        return [
            Figure("  answered with the card, not that MetaStudio is busy", len(self._cards)),
            Figure("  requests to MetaStudio for them", self._requests),
            Figure("card p50, ms", quantile(ms, 0.5)),
            Figure("card p99, ms", quantile(ms, 0.99)),
        ]


@asynccontextmanager
async def both_apps(world: Simulators, *, jobs: int) -> AsyncIterator[Sequence[App]]:
    """Start the bot and the bare app, and warm them up."""
    waits = ClientTimeout(total=None, sock_connect=ACK_SECONDS, sock_read=ACK_SECONDS)
    async with AsyncExitStack() as stack:
        apps = []
        for program in (bot, bare_app):
            process = await stack.enter_async_context(program(world))
            session = ClientSession(connector=TCPConnector(limit=CONNECTIONS), timeout=waits)
            await stack.enter_async_context(session)
            app = App(world, process, session, jobs=jobs, answers_commands=program is bot)
            await app.send(WARM_UP, WARM_UP)
            apps.append(app)
        yield apps


async def in_turns(apps: Sequence[App], *, commands: int, rate: float, rounds: int) -> None:
    """Send each app so many commands in rounds that alternate, and measure only these."""
    for app in apps:
        app.forget()
    for number in range(rounds):
        for app in apps if number % 2 else reversed(apps):
            await app.send(commands // rounds, rate)
