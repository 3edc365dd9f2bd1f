"""The processes of a bench: the bot as an operator runs it, what it is compared with, and the simulators.

Each writes ``ready:`` to stderr once it can be used, and is ended with the context that started it.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bot.domain.rates import RateLimits
from bot.metastudio.auth import AccessKey, Key
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET

STORE = "voicejob.sqlite"
"""Where the bot looks for its store, in its folder."""
START_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOK_EVERY = 0.002
"""Seconds between two looks for ``ready:``; so exact is the time from start to ready."""
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Process:
    """One running process; ``ready`` is what it wrote after ``ready:``, ``seconds`` how long that took.

    ``log`` has all that it wrote to stderr. Measuring it raises psutil.NoSuchProcess when it is gone.
    """

    system: psutil.Popen
    ready: str
    seconds: float
    log: Path

    @property
    def mebibytes(self) -> float:
        """The memory that it holds (resident set)."""
        return self.system.memory_info().rss / MEBIBYTE

    @property
    def cpu_seconds(self) -> float:
        """The processor time that it has used so far."""
        times = self.system.cpu_times()
        return times.user + times.system


@dataclass(frozen=True, kw_only=True)
class Simulators:
    """The simulators' addresses, and a folder for what the processes write."""

    metastudio: str
    slack: str
    control: str
    channels: Sequence[str]
    folder: Path

    async def call(self, name: str, *arguments: Any) -> Any:
        """Call a method of ``Control`` in the simulators' process."""
        url, session = f"{self.control}/{name}", aiohttp.ClientSession(raise_for_status=True)
        async with session, session.post(url, json=arguments) as answer:
            return await answer.json()

    def client(self) -> MetaStudio:
        """Make the bot's client of MetaStudio, without the pause between people's requests."""
        auth = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=PROJECT_ID)
        return MetaStudio(self.metastudio, project_id=PROJECT_ID, auth=auth, rates=RateLimits(spacing=0))


@asynccontextmanager
async def simulators(
    folder: Path, *, jobs: int, channels: int = 0, latency: float = 0, limited: bool = True
) -> AsyncIterator[Simulators]:
    """Run the simulators: MetaStudio with a latency in seconds, and Slack with its rate limits or without."""
    arguments = [str(each) for each in (jobs, channels, latency, limited)]
    async with running(["-m", "tests.bench.simulators", *arguments], folder) as process:
        yield Simulators(**json.loads(process.ready), folder=folder)


def bot(
    world: Simulators, *, socket_mode: bool = False, store: str = STORE
) -> AbstractAsyncContextManager[Process]:
    """Run the bot as an operator does; two bots at a time need a ``store`` each, in the world's folder."""
    way = {"SLACK_APP_TOKEN": APP_TOKEN} if socket_mode else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
    return _app(world, "bot", "run", VOICEJOB_STORE=store, **way)


def bare_app(world: Simulators) -> AbstractAsyncContextManager[Process]:
    """Run the Bolt app that only acknowledges."""
    return _app(world, "tests.bench.bare_app", SLACK_SIGNING_SECRET=SIGNING_SECRET)


def _app(world: Simulators, *module: str, **settings: str) -> AbstractAsyncContextManager[Process]:
    settings |= {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": world.slack,
        "METASTUDIO_ENDPOINT": world.metastudio,
        "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
        "HUAWEICLOUD_SDK_SK": SECRET_KEY,
        "HUAWEICLOUD_SDK_PROJECT_ID": PROJECT_ID,
        "VOICEJOB_HOST": "127.0.0.1",
        "PORT": "0",
    }
    return running(["-m", *module], world.folder, **settings)


@asynccontextmanager
async def running(arguments: Sequence[str], folder: Path, **settings: str) -> AsyncIterator[Process]:
    """Run a Python process while the context lasts. Raises RuntimeError if it does not get ready."""
    log = folder / f"{time.monotonic_ns()}.log"
    started = time.monotonic()
    command = [sys.executable, *arguments]
    with log.open("w") as stderr:  # a pipe would have to be emptied while something is measured
        process = psutil.Popen(command, cwd=folder, env=os.environ | settings, stderr=stderr)
    try:
        while not (ready := re.search("ready: (.*)\n", log.read_text())):
            await asyncio.sleep(LOOK_EVERY)
            if process.poll() is not None or time.monotonic() - started > START_SECONDS:
                raise RuntimeError(f"a process did not get ready: {log.read_text()[-2000:]}")
        yield Process(process, ready[1], time.monotonic() - started, log)
    finally:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
