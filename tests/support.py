"""What several tests need."""

import asyncio
import os
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.deliver.outbox import Outbox
from bot.domain.jobs import Job
from bot.domain.rates import RateLimits
from bot.domain.subscriptions import Key, Level, Subscription, seen
from bot.messages.channel import MessageContext
from bot.simulators.slack import records
from bot.simulators.slack.workspace import BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from bot.slack.sender import Sender
from bot.store.sqlite import SqliteStore
from bot.telemetry.logs import TextLines

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


@asynccontextmanager
async def started(
    *arguments: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    before: Sequence[str] = (),
    out: int = PIPE,
    err: int = PIPE,
) -> AsyncIterator[Process]:
    """Start the bot's command, perhaps by another one ``before`` it; kill it at the end of the context."""
    command = (*before, sys.executable, "-m", "bot", *arguments)
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **settings}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=out, stderr=err)
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

NO_PACE = {"channel": 0, "posts": 0, "edits": 0, "spacing": 0, "refused": 0, "unanswered": 0}
AT_ONCE = RateLimits(resend=0.001, requests=0.001, retry=0.001, hold=0.01, gone=0.2, **NO_PACE)


@dataclass(kw_only=True)
class Office:
    """An outbox between a real store and the Slack of the tests, with one channel to post in."""

    slack: SlackWorkspace
    store: SqliteStore
    outbox: Outbox
    channel: str

    async def follow(self, job_id: str = "job-1", *, channel: str = "", **fields: Any) -> Key:
        """Keep a subscription; nothing was told of it yet."""
        job = Job(job_id=job_id, voice_name=f"voice of {job_id}", state="WAITING", reject_times=1)
        usual = {"team_id": "T1", "level": Level.ALL, "subscribed_by": "U1", "subscribed_at": 1767323045}
        new = Subscription(
            **{"channel_id": channel or self.channel, "job_id": job_id, "job": job} | usual | fields
        )
        return (await self.store.add(new)).key

    async def followed(self, job_id: str = "job-1", **fields: Any) -> Key:
        """Keep a subscription whose card is posted, and was a while ago."""
        key = await self.follow(job_id, **fields)
        await self.outbox.deliver(key)
        await self.age(key)
        return key

    async def age(self, key: Key) -> None:
        """Let the card be an old one."""
        card = (await self.kept(key)).card
        assert card is not None
        await self.update(key, card=card.model_copy(update={"posted_at": card.posted_at - 1000}))

    async def kept(self, key: Key) -> Subscription:
        """Give what is kept; it must be there."""
        kept = await self.store.get(key)
        assert kept is not None
        return kept

    async def update(self, key: Key, **fields: Any) -> None:
        """Put something else into what is kept."""
        await self.store.change(key, lambda kept: kept.model_copy(update=fields))

    async def job_is(self, key: Key, state: str, *, reject_times: int = 1) -> None:
        """Note that the job is in another state, as the watcher does."""
        job = (await self.kept(key)).job.model_copy(update={"state": state, "reject_times": reject_times})
        await self.store.change(key, seen(job, int(time.time())))

    def posts(self, channel: str = "") -> list[dict[str, Any]]:
        """List what the bot tried to post in a channel."""
        made = [call.arguments for call in self.slack.calls if call.method == "chat.postMessage"]
        return [sent for sent in made if sent["channel"] == (channel or self.channel)]

    def edits(self) -> list[dict[str, Any]]:
        """List what the bot tried to edit."""
        return [call.arguments for call in self.slack.calls if call.method == "chat.update"]

    @asynccontextmanager
    async def open(self) -> AsyncIterator["asyncio.Task[None]"]:
        """Let the outbox run. Raises what it raises."""
        running = asyncio.create_task(self.outbox.run())
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
    seconds: float = 10,
    console_url: Callable[[str], str | None] = lambda _: None,
    **outbox: Any,
) -> AsyncIterator[Office]:
    """Open an office with its store in this file; Slack is given so many seconds for an answer."""
    context = MessageContext(
        region="cn-north-4", bot_name="voicejob", command="/voicejob", console_url=console_url
    )
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session, SqliteStore(path) as store:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=slack.api_url, session=session, retry_handlers=[])
        opened = Outbox(
            store, Sender(client, rates), context, **{"first_pause": 0.01, "disk_pause": 0.01} | outbox
        )
        yield Office(slack=slack, store=store, outbox=opened, channel=slack.add_channel("voices"))
        await opened.drain(1)


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


async def eventually_so(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition, which has to be awaited, holds. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  the same
            await asyncio.sleep(0.01)
