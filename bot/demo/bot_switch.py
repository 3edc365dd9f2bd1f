"""The demo's switch for the bot, which people stop and start while everything around it goes on."""

import asyncio
import logging
from enum import StrEnum
from typing import Final

from bot import app
from bot.config import Settings
from bot.domain.rates import RateLimits
from bot.errors import VoiceJobError
from bot.messages.operator import sentence
from bot.process.clock import Clock
from bot.simulators.world import go_without_proxy

log = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 3.0
"""Seconds for which a stop waits for work in progress."""
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
    """Runs at most one bot with these settings.

    ``says`` describes the ``state`` in a sentence; ``starts`` counts how often the bot became ready.
    """

    def __init__(self, settings: Settings, rates: RateLimits, clock: Clock | None = None) -> None:
        self._settings = settings
        self._rates = rates
        self._clock = clock or Clock()
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.state = BotState.STOPPED
        self.says = STOPPED
        self.starts = 0

    async def start(self) -> None:
        """Start the bot, unless it runs, and return when it is ready or broken."""
        while self._stop.is_set() and self._is_running:
            await self._wait_for_end()
        if not self._is_running:
            self._stop, self._ready = asyncio.Event(), asyncio.Event()
            self._set_state(BotState.STARTING, "Connecting to Slack …")
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(self._on_end)
        await self._ready.wait()

    async def stop(self) -> None:
        """Stop the bot as SIGTERM does, unless it is stopped, and return when it has ended."""
        if self._is_running and not self._stop.is_set():
            self._set_state(BotState.STOPPING, "Finishing what is under way …")
            self._stop.set()
            if self._running and not self._ready.is_set():
                self._running.cancel()  # as a signal does before the bot is ready
        await self._wait_for_end()

    async def restart(self) -> None:
        """Stop the bot, then start it."""
        await self.stop()
        await self.start()

    @property
    def _is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    async def _wait_for_end(self) -> None:
        if self._running:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        go_without_proxy()
        try:
            await app.run(
                self._settings,
                stop=self._stop,
                ready=self._on_ready,
                rates=self._rates,
                clock=self._clock,
                drain=DRAIN_SECONDS,
            )
        except VoiceJobError as error:
            self._set_state(BotState.BROKEN, sentence(error))
        except Exception:
            log.exception("the bot broke")
            self._set_state(BotState.BROKEN, BROKEN)
        else:
            self._set_state(BotState.STOPPED, STOPPED)

    def _on_end(self, running: asyncio.Task[None]) -> None:
        if running.cancelled():  # perhaps before it ran at all
            self._set_state(BotState.STOPPED, STOPPED)
        self._ready.set()

    def _on_ready(self, connection: str) -> None:
        self.starts += 1
        # A restart is too quick to be seen on the page; the count shows that there was one.
        again = f" Started {self.starts} times." if self.starts > 1 else ""
        self._set_state(BotState.RUNNING, f"Connected to Slack by {connection}.{again}")
        self._ready.set()

    def _set_state(self, state: BotState, says: str) -> None:
        self.state, self.says = state, says
