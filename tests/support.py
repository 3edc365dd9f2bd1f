"""What several tests need."""

import asyncio
import os
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.deliver.languages import Languages
from bot.deliver.outbox import Outbox, Times
from bot.deliver.outcome import Sent
from bot.deliver.schedule import tasks
from bot.domain.following import Following
from bot.domain.job_records import observed, with_answer
from bot.domain.jobs import GONE, Job
from bot.domain.keys import Address, DeliveryKey, JobRef
from bot.domain.languages import Language
from bot.domain.rates import RateLimits
from bot.domain.records import Delivery, Level, Pause, Record, Records
from bot.domain.reminders import NEVER
from bot.domain.subscriptions import following, key_of, keys_of
from bot.domain.subscriptions import started as started_with
from bot.messages.context import MessageContext
from bot.messages.texts import words_in
from bot.simulators.slack import records
from bot.simulators.slack.workspace import BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from bot.slack.people import People
from bot.slack.sender import Sender
from bot.store.sqlite import SqliteStore
from bot.telemetry.logs import TextLines
from bot.telemetry.metrics import Metrics

PATIENCE = records.PATIENCE
"""Seconds after which what a test waits for does not come."""


class Clock:
    """A clock that a test moves."""

    now = 1_800_000_000.0


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds. Raises TimeoutError when that takes too long."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


async def eventually_so(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition, which has to be awaited, holds. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  the same
            await asyncio.sleep(0.01)


@asynccontextmanager
async def started(
    *arguments: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    before: Sequence[str] = (),
    typed: int | None = None,
    out: int = PIPE,
    err: int = PIPE,
) -> AsyncIterator[Process]:
    """Start the bot's command, perhaps by another one ``before`` it; kill it at the end of the context."""
    command = (*before, sys.executable, "-m", "bot", *arguments)
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **settings}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=typed, stdout=out, stderr=err
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the bot's own log as an operator sees them in text, without the time."""
    return [TextLines().format(each).partition(" ")[2] for each in caplog.records]


def log_text(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(log_lines(caplog))


HTTP_MODE = {"slack_app_token": None, "slack_signing_secret": SIGNING_SECRET}
"""The settings that make Slack reach the bot over HTTP."""
BOTH_MODES = pytest.mark.parametrize("mode", [{}, HTTP_MODE], ids=["socket mode", "http mode"])
"""For what depends on how Slack reaches the bot: its requests, and the acknowledgements that it gets."""

NO_PACE = {
    "fresh": 0,
    "channel": 0,
    "posts": 0,
    "edits": 0,
    "homes": 0,
    "spacing": 0,
    "refused": 0,
    "unanswered": 0,
}
AT_ONCE = RateLimits(
    resend=0.001, requests=0.001, retry=0.001, hold=0.01, gone=0.2, repeat=0.05, answer=10, **NO_PACE
)
SOON = Times(first_pause=0.01, disk_pause=0.01)


@dataclass(kw_only=True)
class Office:
    """An outbox between a real store and the Slack of the tests, with one channel to post in."""

    slack: SlackWorkspace
    store: SqliteStore
    outbox: Outbox
    channel: str

    def key(self, job_id: str = "job-1", channel: str = "") -> DeliveryKey:
        """Return the key of a job's delivery."""
        return key_of("T1", channel or self.channel, job_id)

    async def subscribe(
        self, job_id: str = "job-1", *, channel: str = "", by: str = "U1", level: Level = Level.ALL
    ) -> DeliveryKey:
        """Subscribe a channel to a job; nothing was told of it yet."""
        key = self.key(job_id, channel)
        job = Job(job_id=job_id, voice_name=f"voice of {job_id}", state="WAITING", reject_times=1)
        start = started_with(key, job, level=level, by=by, now=int(time.time()))
        await self.store.change(keys_of(key), start)
        return key

    async def followed(self, job_id: str = "job-1", **how: Any) -> DeliveryKey:
        """Subscribe a channel to a job, and wait for its card; it was posted a while ago."""
        key = await self.subscribe(job_id, **how)
        assert await self.outbox.deliver(key) == Sent()
        delivery = await self.delivery(key)
        assert delivery.card
        older = replace(delivery.card, posted_at=delivery.card.posted_at - 1000)
        await self.put(replace(delivery, card=older))
        return key

    async def put(self, *records: Record) -> None:
        """Put records into the store."""
        await self.store.change([record.key for record in records], lambda _: Records.of(*records))

    async def following(self, key: DeliveryKey) -> Following | None:
        """Return all that the store holds of a job in a channel."""
        return following(await self.store.get(keys_of(key)), key)

    async def delivery(self, key: DeliveryKey) -> Delivery:
        """Return a delivery, which must be there."""
        found = (await self.store.get([key])).delivery(key)
        assert found is not None
        return found

    async def pause(self, channel: str = "") -> Pause | None:
        """Return the pause of a channel."""
        return (await self.store.channel(Address("T1", channel or self.channel))).destination.pause

    async def job_is(self, job_id: str, state: str, *, reject_times: int = 1) -> None:
        """Record that a job was seen in a state, or that it is GONE, as the watcher does."""
        ref = JobRef.of(job_id)
        known = (await self.store.get([ref])).job(ref)
        assert known is not None
        seen = known.job.model_copy(update={"state": state, "reject_times": reject_times})
        job = None if state == GONE else seen
        await self.store.change([ref], observed([(known, with_answer(known, job, int(time.time())))]))

    async def settled(self) -> None:
        """Wait until nothing is due any more, whatever holds it back besides what is stored."""

        async def is_settled() -> bool:
            channels = [await self.store.channel(address) for address in await self.store.addresses()]
            due = [task for channel in channels for task in tasks(channel, NEVER, int(time.time()))]
            return all(task.wait > 0 for task in due)

        await eventually_so(is_settled)

    def posts(self, channel: str = "") -> list[dict[str, Any]]:
        """List what the bot tried to post in a channel."""
        made = [call.arguments for call in self.slack.calls if call.method == "chat.postMessage"]
        return [sent for sent in made if sent["channel"] == (channel or self.channel)]

    def edits(self) -> list[dict[str, Any]]:
        """List what the bot tried to edit."""
        return [call.arguments for call in self.slack.calls if call.method == "chat.update"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Let the outbox run. Raises what it raises."""
        running = asyncio.create_task(self.outbox.run())
        await asyncio.sleep(0)
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.wait([running])
        if not running.cancelled():
            running.result()


@asynccontextmanager
async def office(
    slack: SlackWorkspace,
    path: Path,
    *,
    rates: RateLimits = AT_ONCE,
    times: Times = SOON,
    console_url: Callable[[str], str | None] = lambda _: None,
    metrics: Metrics | None = None,
    store: Callable[[SqliteStore], Any] = lambda store: store,
) -> AsyncIterator[Office]:
    """Open an office with its store in this file; ``store`` may wrap it for the outbox."""
    context = MessageContext(
        region="cn-north-4",
        bot_name="voicejob",
        command="/voicejob",
        console_url=console_url,
        words=words_in(Language.EN),
    )
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session, SqliteStore(path) as opened:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[])
        sender = Sender(client, rates)
        languages = Languages(opened, People(client), Language.EN)
        outbox = Outbox(store(opened), sender, context, languages, rates=rates, times=times, metrics=metrics)
        yield Office(slack=slack, store=opened, outbox=outbox, channel=slack.add_channel("voices"))
        await outbox.drain(1)


@contextmanager
def disk_held(path: Path) -> Iterator[None]:
    """Let nobody write to a store, as another program that holds its file does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN EXCLUSIVE")
        yield
        shell.execute("ROLLBACK")


async def fail_fast(store: SqliteStore) -> None:
    """Let a write that can't be made fail at once, instead of after two seconds."""
    await store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=20"))
