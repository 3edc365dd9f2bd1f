"""Liveness, readiness and metrics over HTTP, for a supervisor and a monitoring system."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.domain.following import Counts
from bot.errors import MetaStudioError, StoreTrouble, VoiceJobError
from bot.messages import operator
from bot.telemetry.metrics import Gauges, Metrics

LATE_CHECKS: Final = 3
"""The bot is not ready after this many poll intervals without an answer from MetaStudio."""
STORE_EVERY: Final = 10.0
"""Seconds between two checks of the store, however often a probe asks."""
STORE_PATIENCE: Final = 2.0
"""Timeout of such a check, in seconds: probes have short ones."""


@dataclass(frozen=True, kw_only=True)
class BotState:
    """What readiness depends on besides the store, at one moment."""

    is_connected: bool = True
    """Whether Slack can reach the bot."""
    reconnects: int = 0
    """Socket Mode connections after the first one."""
    refusal: str = ""
    """Slack's error code while Slack refuses the bot itself."""
    trouble: VoiceJobError | None = None
    """Why jobs can't be checked."""
    silence: float = 0.0
    """Seconds since MetaStudio's last good answer, or since the start."""
    was_served: bool = True
    """Whether MetaStudio has given a good answer since the start."""
    is_refused: bool = False
    """Whether MetaStudio refuses the bot itself, which only a person can mend."""


class Store(Protocol):
    """The part of ``bot.store.Store`` that readiness and the metrics need."""

    trouble: StoreTrouble | None

    async def check(self) -> None:
        """Write a row and read it back. Raises StoreTrouble."""

    async def counts(self) -> Counts:
        """Count the records. Raises StoreTrouble."""


class Health:
    """Serves liveness, readiness and the metrics.

    In seconds, ``poll`` is the pause between two checks of the jobs, and ``patience`` how long a try of the
    store may take.
    """

    def __init__(
        self,
        state: Callable[[], BotState],
        store: Store,
        metrics: Metrics,
        *,
        poll: float,
        patience: float = STORE_PATIENCE,
    ) -> None:
        self._state = state
        self._store = store
        self._metrics = metrics
        self._longest_silence = LATE_CHECKS * poll
        self._patience = patience
        self._store_tried_at = -STORE_EVERY
        self._store_hangs = False
        """Whether the last try of the store took too long."""

    def add_to(self, application: web.Application) -> None:
        """Add the routes ``/healthz``, ``/readyz`` and ``/metrics``."""
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._is_ready)
        application.router.add_get("/metrics", self._exposition)

    async def problems(self) -> dict[str, str]:
        """Return what keeps the bot from being ready, by part; empty while it is ready."""
        state = self._state()
        found = {
            "slack": slack_problem(state),
            "metastudio": metastudio_problem(state, self._longest_silence),
            "store": await self._store_problem(),
        }
        return {part: says for part, says in found.items() if says}

    async def _store_problem(self) -> str | None:
        is_due = time.monotonic() - self._store_tried_at >= STORE_EVERY
        if is_due or self._store_hangs or self._store.trouble:
            self._store_tried_at = time.monotonic()
            await self._try_store()
        if self._store_hangs:
            return operator.STORE_HANGS
        return operator.sentence(self._store.trouble) if self._store.trouble else None

    async def _try_store(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                with suppress(StoreTrouble):  # which the store remembers
                    await self._store.check()
        except TimeoutError:
            self._store_hangs = True
        else:
            self._store_hangs = False

    async def _alive(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _is_ready(self, _: web.Request) -> web.Response:
        problems = await self.problems()
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return web.json_response({"ready": not problems, "problems": problems}, status=status)

    async def _exposition(self, _: web.Request) -> web.Response:
        is_ready = not await self.problems()
        text = self._metrics.exposition(
            await self._gauges(), is_ready=is_ready, reconnects=self._state().reconnects
        )
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _gauges(self) -> Gauges | None:
        """Return the gauges of the store; None while it fails or hangs."""
        with suppress(StoreTrouble, TimeoutError):
            async with asyncio.timeout(self._patience):
                return Gauges.of(await self._store.counts(), time.time())
        return None


def slack_problem(state: BotState) -> str | None:
    """Return why Slack can't be served; None while it can."""
    if not state.is_connected:
        return operator.NOT_CONNECTED
    return operator.SLACK_REFUSES_BOT.format(code=state.refusal) if state.refusal else None


def metastudio_problem(state: BotState, longest_silence: float) -> str | None:
    """Return why jobs are not checked, or None. One failed check is no problem: the next may succeed."""
    if not state.is_refused and state.silence <= longest_silence:
        return None
    since = operator.LAST_ANSWER.format(seconds=state.silence) if state.was_served else operator.NO_ANSWER_YET
    return operator.NOT_CHECKING.format(fault=_fault(state.trouble), since=since)


def _fault(trouble: VoiceJobError | None) -> str:
    """Return why MetaStudio gives no good answer, with the HTTP status and MetaStudio's code."""
    if trouble is None:
        return operator.NO_ANSWER
    fault = operator.METASTUDIO_FAULTS.get(type(trouble).__name__, operator.OTHER_FAULT)
    if not isinstance(trouble, MetaStudioError):
        return fault
    known = " ".join(filter(None, (str(trouble.status or ""), trouble.code)))
    return f"{fault} ({known})" if known else fault
