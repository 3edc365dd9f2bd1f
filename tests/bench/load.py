"""The load: signed commands that arrive at a steady rate, whether or not earlier ones are answered.

Each acknowledgement is timed from the moment at which its command was due, so that a bot which holds up the
load does not look fast (no coordinated omission).
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from urllib.parse import urlsplit

from bot.simulators.slack import payloads
from bot.simulators.slack.http import form, headers
from bot.simulators.slack.workspace import ALICE, SIGNING_SECRET, Channel
from tests.bench.simulators import job_id, voice

CONNECTIONS = 200
"""As many are kept open and used again; a command that finds none free waits, and its time runs."""
ACK_SECONDS = 10.0
"""An acknowledgement that takes longer counts as none."""
EARLY = 0.001
"""Timers are as coarse as a millisecond: the load wakes up earlier, and polls for the rest."""
SEED = 1


@dataclass(frozen=True, kw_only=True)
class Ack:
    """How the command with this number was acknowledged; status 0 if it was not.

    ``due`` is a moment of the monotonic clock; ``late`` and ``seconds`` are counted from it, to the sending
    and to the answer.
    """

    number: int
    due: float
    late: float
    seconds: float
    status: int


class Load:
    """Sends commands for jobs by chance, the same ones in every run, over connections that it keeps."""

    def __init__(self, app: str, answers: str, jobs: int) -> None:
        self._app = urlsplit(app)
        self._answers = answers
        chance = random.Random(SEED)  # noqa: S311  guards nothing
        self._commands: Iterator[tuple[int, int]] = ((number, chance.randrange(jobs)) for number in count())
        self._idle: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(_Connection(self._app.hostname, self._app.port))

    def close(self) -> None:
        """Close all connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    async def send(self, number: int, rate: float, *, patience: float = ACK_SECONDS) -> list[Ack]:
        """Send so many commands, ``rate`` each second; stop early once an ack took more than ``patience``."""
        commands = list(islice(self._commands, number))
        requests = [self._request(*command) for command in commands]
        start = time.monotonic() + 0.1
        acks: list[Ack] = []
        async with asyncio.TaskGroup() as tasks:
            for index, ((identity, _), request) in enumerate(zip(commands, requests, strict=True)):
                due = start + index / rate
                await _until(due)
                if acks and acks[-1].seconds > patience:
                    break
                tasks.create_task(self._exchange(identity, request, due, acks))
        return acks

    async def _exchange(self, number: int, request: bytes, due: float, acks: list[Ack]) -> None:
        connection = await self._idle.get()
        late = time.monotonic() - due
        status = await connection.exchange(request)
        seconds = time.monotonic() - due
        acks.append(Ack(number=number, due=due, late=late, seconds=seconds, status=status))
        self._idle.put_nowait(connection)

    def _request(self, number: int, job: int) -> bytes:
        """Write the request that Slack would send; done before the clock runs."""
        payload = payloads.command(
            "/voicejob",
            job_id(job),
            person=payloads.Person(user=ALICE),
            channel=Channel(id="C0VOICES", name="voices"),
            response_url=f"{self._answers}/{number}/{voice(job)}",
            trigger=f"{number}.bench",
        )
        body = form(payload)
        lines = {"Host": self._app.netloc, "Content-Length": str(len(body))} | headers(SIGNING_SECRET, body)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {self._app.path} HTTP/1.1\r\n{head}\r\n{body}".encode()


class _Connection:
    """One kept connection. It reads no more of HTTP than it needs, so that the load costs little."""

    def __init__(self, host: str | None, port: int | None) -> None:
        self._address = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: bytes) -> int:
        """Send one request, and return the status of its answer, or 0."""
        try:
            async with asyncio.timeout(ACK_SECONDS):
                self._streams = self._streams or await asyncio.open_connection(*self._address)
                reader, writer = self._streams
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
                await reader.readexactly(int(length))
                return int(head.split(b" ", 2)[1])
        except (OSError, EOFError, TimeoutError):
            self.close()
            return 0

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic() - EARLY))
    while time.monotonic() < moment:  # noqa: ASYNC110  there is no event: the moment itself is waited for
        await asyncio.sleep(0)
