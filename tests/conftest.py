"""Shared fixtures: a clean environment, the two simulators, and the bot between them."""

import asyncio
import gc
import logging
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.config import Settings
from bot.demo.bot_switch import BotSwitch
from bot.demo.playground import Playground
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ACK_SECONDS, SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.telemetry.logs import QUIET
from tests.servers import TOKEN, client_at
from tests.support import AT_ONCE, Clock, eventually

# The official SDK, an oracle in some tests, writes a file into the home directory as soon as it is imported.
os.environ["HOME"] = tempfile.mkdtemp(prefix="voicejob-test-home-")
# Otherwise, where this is set, each command that a test starts compiles the whole bot anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# What a shell starts in its background ignores SIGINT, and so would each command that a test ends by Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The fixtures of the tests in a browser; without Playwright, those tests say themselves what is missing.
pytest_plugins = ["tests.profiles", *(["tests.browser.fixtures"] if find_spec("playwright") else [])]


def pytest_xdist_auto_num_workers() -> int:
    """Return more workers than cores: most of the tests' time is spent waiting."""
    return 2 * (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Exclude all modules and tests from later garbage collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Collect garbage after each module, so that what it left open fails its own last test."""
    yield
    gc.collect()
    gc.freeze()  # what is still there lives on, and need not be looked at again


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the machine's settings, proxies and .env files from the tests."""
    prefixes = ("SLACK_", "HUAWEICLOUD_", "CLOUD_SDK_", "METASTUDIO_", "VOICEJOB_")
    for key in list(os.environ):
        if key.startswith(prefixes) or key.lower().endswith("_proxy") or key == "PORT":
            monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Put logging back as it was."""
    levels = {name: logging.getLogger(name).level for name in (None, "bot", *QUIET)}
    hooks = sys.excepthook, sys.unraisablehook, warnings.showwarning
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    sys.excepthook, sys.unraisablehook, warnings.showwarning = hooks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give where a store is."""
    return tmp_path / "store"


@pytest.fixture
def ack_timeout() -> float:
    """Return the seconds in which an app has to acknowledge; a test may override it."""
    return ACK_SECONDS


@pytest.fixture
async def slack(ack_timeout: float) -> AsyncIterator[SlackWorkspace]:
    """Run a Slack workspace. The bot must not have broken any of Slack's rules in it.

    It has no rate limits, nor has the bot: those have tests of their own.
    """
    async with SlackWorkspace(limits=None, ack_timeout=ack_timeout) as workspace:
        yield workspace
    assert workspace.violations == []


@pytest.fixture
async def metastudio() -> AsyncIterator[MetaStudioSimulator]:
    """Run a simulator that also knows the token that ``client`` sends."""
    async with MetaStudioSimulator(tokens={TOKEN}) as simulator:
        yield simulator


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[MetaStudio]:
    async with client_at(metastudio.url) as opened:
        yield opened


@pytest.fixture
def channel(slack: SlackWorkspace) -> str:
    """Return a public channel in which the bot is no member."""
    return slack.add_channel("voices", bot_is_member=False)


@pytest.fixture
def mode() -> dict[str, str | None]:
    """Return changes of the settings: none, for Socket Mode. BOTH_MODES overrides it with each mode."""
    return {}


@pytest.fixture
def settings(slack: SlackWorkspace, metastudio: MetaStudioSimulator, mode: dict[str, str | None]) -> Settings:
    return settings_for(slack, metastudio, **mode)


@pytest.fixture
async def bot(
    settings: Settings, slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> AsyncIterator[str]:
    """Run the bot, and yield its URL in HTTP mode. Its first request, for the list, is over and removed."""
    async with running(settings, rates=AT_ONCE) as way:
        await eventually(lambda: any(seen.status for seen in metastudio.requests))
        metastudio.requests.clear()
        if way.startswith("http://"):
            slack.events_url = way
        yield way


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ground(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
) -> AsyncIterator[Playground]:
    """Run an empty playground. Its bot, which is not started, checks jobs every 50 ms."""
    settings = settings_for(
        slack, metastudio, voicejob_store=tmp_path / "voicejob.sqlite", voicejob_poll_seconds=0.05
    )
    ground = Playground(slack, metastudio, BotSwitch(settings, AT_ONCE))
    ticking = asyncio.create_task(ground.clockwork.run())
    try:
        yield ground
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await ground.bot.stop()


@pytest.fixture
def voices(ground: Playground) -> str:
    """Return a channel of the playground in which the bot is a member."""
    return ground.slack.add_channel("voices")
