"""The load: signed commands that arrive at a steady rate at the bot, and at a bare Bolt app in the same run.

They arrive whether or not earlier ones are answered. Each acknowledgement is timed from the moment at which
its command was due, so that an app which holds up the load does not look fast (no coordinated omission).
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, islice
from typing import NamedTuple
from urllib.parse import urlsplit

from bot.simulators.slack import payloads
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import ALICE, SIGNING_SECRET, Channel
from tests.bench.processes import Process, Simulators, bare_app, bot
from tests.bench.report import MS, Figure, quantile
from tests.bench.simulators import job_id, voice

CONNECTIONS = 200
"""As many are kept open and used again; a command that finds none free waits, and its time runs."""
ACK_SECONDS = 10.0
"""An acknowledgement that takes longer counts as none."""
ANSWER_SECONDS = 60.0
"""How long the last answer is waited for."""
EARLY = 0.001
"""Timers are as coarse as a millisecond: the load wakes up earlier, and polls for the rest."""
OK = 200
SEED = 1
WARM_UP = 100
"""Commands that each app answers before the clock runs."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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

    def __init__(self, world: Simulators, process: Process, *, jobs: int, answers_commands: bool) -> None:
        self._world = world
        self._process = process
        self._answers_commands = answers_commands
        self._app = urlsplit(process.ready)
        chance = random.Random(SEED)  # noqa: S311  guards nothing
        self._commands: Iterator[tuple[int, int]] = ((number, chance.randrange(jobs)) for number in count())
        self._idle: asyncio.LifoQueue[Connection | None] = asyncio.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(None)
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

    def close(self) -> None:
        """Close all connections."""
        while not self._idle.empty():
            if connection := self._idle.get_nowait():
                connection[1].close()

    async def send(self, number: int, rate: float) -> None:
        """Send so many commands, ``rate`` each second, and wait until those acknowledged are answered."""
        cpu_before = self._process.cpu_seconds
        requests = [(command, self._request(command, job)) for command, job in islice(self._commands, number)]
        start = time.monotonic() + 0.1
        acks: list[Ack] = []
        async with asyncio.TaskGroup() as tasks:
            for index, (command, request) in enumerate(requests):
                due = start + index / rate
                await _until(due)
                tasks.create_task(self._exchange(command, request, due, acks))
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

    async def _exchange(self, number: int, request: bytes, due: float, acks: list[Ack]) -> None:
        """Send one command over a kept connection; read no more of HTTP than needed, to cost little."""
        connection, status = await self._idle.get(), 0
        try:
            async with asyncio.timeout(ACK_SECONDS):
                connection = connection or await asyncio.open_connection(self._app.hostname, self._app.port)
                connection[1].write(request)
                head = (await connection[0].readuntil(b"\r\n\r\n")).lower()
                await connection[0].readexactly(
                    int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                )
                status = int(head.split(b" ", 2)[1])
        except (OSError, EOFError, TimeoutError):
            if connection:
                connection[1].close()
            connection = None
        acks.append(Ack(number, due, time.monotonic() - due, status))
        self._idle.put_nowait(connection)

    def _request(self, number: int, job: int) -> bytes:
        """Write the request that Slack would send; done before the clock runs."""
        payload = payloads.command(
            "/voicejob",
            job_id(job),
            person=payloads.Person(user=ALICE),
            channel=Channel(id="C0VOICES", name="voices"),
            response_url=f"{self._world.control}/received/{number}/{voice(job)}",
            trigger=f"{number}.bench",
        )
        body = form(payload)
        lines = {"Host": self._app.netloc, "Content-Length": str(len(body))} | headers(SIGNING_SECRET, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {self._app.path} HTTP/1.1\r\n{head}\r\n{body}".encode()

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
    async with AsyncExitStack() as stack:
        apps = []
        for program in (bot, bare_app):
            process = await stack.enter_async_context(program(world))
            app = App(world, process, jobs=jobs, answers_commands=program is bot)
            stack.callback(app.close)
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


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic() - EARLY))
    while time.monotonic() < moment:  # noqa: ASYNC110  there is no event: the moment itself is waited for
        await asyncio.sleep(0)
