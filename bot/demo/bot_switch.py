"""The demo's switch for the bot: people stop it and start it again, while everything around it goes on."""

import asyncio
import logging
from enum import StrEnum
from typing import Final

from bot import app
from bot.config import Settings
from bot.domain.rates import RateLimits
from bot.errors import VoiceJobError
from bot.messages.errors import sentence
from bot.simulators.world import go_without_proxy

log = logging.getLogger(__name__)

DRAIN: Final = 3.0
"""Seconds for which a stop waits for what is under way."""
STOPPED: Final = "Stopped. What jobs do meanwhile is told when it runs again."
BROKEN: Final = "It broke; the terminal has the details."


class BotState(StrEnum):
    """What the bot is doing."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    BROKEN = "broken"


class BotSwitch:
    """Runs the bot with these settings, one at a time; ``state`` and ``says`` tell how it is.

    ``starts`` counts how often it became ready.
    """

    def __init__(self, settings: Settings, rates: RateLimits) -> None:
        self._settings = settings
        self._rates = rates
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.state = BotState.STOPPED
        self.says = STOPPED
        self.starts = 0

    async def start(self) -> None:
        """Start the bot, unless it runs, and come back when it is ready or broken."""
        while self._stop.is_set() and self._is_running:
            await self._end()
        if not self._is_running:
            self._stop, self._ready = asyncio.Event(), asyncio.Event()
            self._now(BotState.STARTING, "Connecting to Slack …")
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._ended)
        await self._ready.wait()

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does, unless it is stopped, and come back when it has ended."""
        if self._is_running and not self._stop.is_set():
            self._now(BotState.STOPPING, "Finishing what is under way …")
            self._stop.set()
            if self._running and not self._ready.is_set():
                self._running.cancel()  # as a signal does before the bot is ready
        await self._end()

    async def restart(self) -> None:
        """Stop the bot, and start it again."""
        await self.stop()
        await self.start()

    @property
    def _is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    async def _end(self) -> None:
        if self._running:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        go_without_proxy()
        try:
            await app.run(
                self._settings, stop=self._stop, ready=self._is_ready, rates=self._rates, drain=DRAIN
            )
        except VoiceJobError as error:
            self._now(BotState.BROKEN, sentence(error))
        except Exception:
            log.exception("the bot broke")
            self._now(BotState.BROKEN, BROKEN)
        else:
            self._now(BotState.STOPPED, STOPPED)

    def _ended(self, running: asyncio.Task[None]) -> None:
        if running.cancelled():  # perhaps before it did anything
            self._now(BotState.STOPPED, STOPPED)
        self._ready.set()

    def _is_ready(self, way: str) -> None:
        self.starts += 1
        # A start takes no time that could be seen: this shows that there was one.
        again = f" Started {self.starts} times." if self.starts > 1 else ""
        self._now(BotState.RUNNING, f"Connected to Slack by {way}.{again}")
        self._ready.set()

    def _now(self, state: BotState, says: str) -> None:
        self.state, self.says = state, says
