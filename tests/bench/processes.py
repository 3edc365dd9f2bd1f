"""The processes of a bench: the bot as an operator runs it, the bare app, and the stand-ins.

Each writes ``ready:`` to stderr once it can be used, and is ended with the context that started it.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import Process as Subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET

READY = "ready: "
START_SECONDS = 30.0
STOP_SECONDS = 15.0
LOOK_EVERY = 0.002
"""Seconds between two looks for ``ready:``; so exact is the time from start to ready."""
SETTINGS = ("SLACK_", "HUAWEICLOUD_", "CLOUD_SDK_", "METASTUDIO_", "VOICEJOB_", "PORT")
MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Process:
    """One running process; ``said`` is what it wrote after ``ready:``, ``seconds`` how long that took."""

    pid: int
    said: str
    seconds: float

    @property
    def mebibytes(self) -> float:
        """The memory that it holds (resident set)."""
        return psutil.Process(self.pid).memory_info().rss / MEBIBYTE

    @property
    def cpu_seconds(self) -> float:
        """The processor time that it has used so far."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the stand-ins saw: when the card of each command came, its answers, and requests for jobs."""

    cards: dict[int, float]
    answers: dict[int, int]
    requests: int


@dataclass(frozen=True, kw_only=True)
class World:
    """The stand-ins' addresses, and a folder for what the processes write."""

    metastudio: str
    slack: str
    cards: str
    folder: Path

    async def seen(self) -> Seen:
        """Fetch what the stand-ins saw since the last call."""
        async with aiohttp.ClientSession() as session, session.post(self.cards) as answer:
            told = await answer.json()
        return Seen(
            cards={int(command): moment for command, moment in told["cards"].items()},
            answers={int(command): times for command, times in told["answers"].items()},
            requests=told["requests"],
        )


@asynccontextmanager
async def standins(folder: Path, *, latency: float, jobs: int) -> AsyncIterator[World]:
    """Run the stand-ins, with so many jobs, which MetaStudio tells after ``latency`` seconds."""
    command = ["-m", "tests.bench.standins", str(latency), str(jobs)]
    async with running(command, folder, {}) as process:
        yield World(**json.loads(process.said), folder=folder)


def bot(
    world: World, *, socket_mode: bool = False, store: str = "voicejob.sqlite"
) -> AbstractAsyncContextManager[Process]:
    """Run the bot as an operator does: ``voicejob run``, with its settings in the environment.

    ``store`` is a file in the world's folder: two bots at a time need one each.
    """
    way = {"SLACK_APP_TOKEN": APP_TOKEN} if socket_mode else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
    settings = _settings(world) | way | {"VOICEJOB_STORE": store}
    return running(["-m", "bot", "run"], world.folder, settings)


def bare_app(world: World) -> AbstractAsyncContextManager[Process]:
    """Run the Bolt app that only acknowledges."""
    settings = _settings(world) | {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
    return running(["-m", "tests.bench.bare_app"], world.folder, settings)


def bare_python(world: World) -> AbstractAsyncContextManager[Process]:
    """Run a Python that has imported nothing of its own accord."""
    program = "import sys, time; print('ready: yes', file=sys.stderr, flush=True); time.sleep(3600)"
    return running(["-c", program], world.folder, {})


@asynccontextmanager
async def running(
    arguments: Sequence[str], folder: Path, settings: Mapping[str, str]
) -> AsyncIterator[Process]:
    """Run a Python process while the context lasts. Raises RuntimeError if it does not get ready."""
    log = folder / f"{time.monotonic_ns()}.log"
    started = time.monotonic()
    process = await _started(arguments, log, folder, _environment(folder) | dict(settings))
    try:
        said = await _ready(process, log, started + START_SECONDS)
        yield Process(pid=process.pid, said=said, seconds=time.monotonic() - started)
    finally:
        await _end(process)


async def _started(
    arguments: Sequence[str], log: Path, folder: Path, environment: Mapping[str, str]
) -> Subprocess:
    """Start a process that writes to a file: a pipe would have to be emptied while something is measured."""
    with log.open("w") as stderr:
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=folder, env=environment, stderr=stderr
        )


def _settings(world: World) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_API_URL": world.slack,
        "METASTUDIO_ENDPOINT": world.metastudio,
        "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
        "HUAWEICLOUD_SDK_SK": SECRET_KEY,
        "HUAWEICLOUD_SDK_PROJECT_ID": PROJECT_ID,
        "VOICEJOB_HOST": "127.0.0.1",
        "PORT": "0",
    }


def _environment(folder: Path) -> dict[str, str]:
    """Copy the environment, without the settings and proxies of this machine."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(SETTINGS) and not key.lower().endswith("_proxy")
    }
    return kept | {"HOME": str(folder)}


async def _ready(process: Subprocess, log: Path, until: float) -> str:
    while process.returncode is None and time.monotonic() < until:
        if said := _said(log):
            return said
        await asyncio.sleep(LOOK_EVERY)
    raise RuntimeError(f"a process did not get ready: {_tail(log)}")


def _said(log: Path) -> str:
    """Find the rest of the line with ``ready:``, once that line is whole."""
    rest = log.read_text().partition(READY)[2]
    return rest.partition("\n")[0] if "\n" in rest else ""


def _tail(log: Path) -> str:
    return log.read_text()[-2000:]


async def _end(process: Subprocess) -> None:
    """End a process: kindly at first."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
