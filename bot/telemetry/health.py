"""What a supervisor and a monitoring system ask: is the bot alive, is it ready, and how is it doing."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.domain.subscriptions import Subscription
from bot.errors import (
    CredentialsRefused,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    StoreTrouble,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    VoiceJobError,
    WrongProject,
)
from bot.telemetry.metrics import Metrics, Stock

LATE_CHECKS: Final = 3
"""After so many intervals without an answer from MetaStudio the bot is not ready."""
STORE_EVERY: Final = 10.0
"""Seconds between two tries of the store: a probe must not make the disk busy."""
STORE_PATIENCE: Final = 2.0
"""Seconds that such a try may take: probes give up soon."""
REMEDY: Final = "`voicejob check` says what to do, and a new setting needs a restart, but no secret's file."
FAULTS: Final[Mapping[type[MetaStudioError], str]] = {
    RequestRefused: "MetaStudio calls the bot's requests invalid",
    CredentialsRefused: "MetaStudio refuses the bot's credentials",
    PermissionDenied: "MetaStudio does not allow what the bot asks for",
    WrongProject: "MetaStudio does not know the bot's project or address",
    Throttled: "MetaStudio limits the requests of this account",
    ServiceDown: "MetaStudio has a fault",
    Unreachable: "MetaStudio can't be reached",
    TimedOut: "MetaStudio takes too long to answer",
    UnreadableAnswer: "MetaStudio's answer can't be read",
}
"""The errors in words for whoever runs the bot."""


class Connection(Protocol):
    """What readiness asks of the connection to Slack."""

    @property
    def connected(self) -> bool:
        """Whether Slack can reach the bot."""

    @property
    def reconnects(self) -> int:
        """How many connections were opened after the first one."""


class Watcher(Protocol):
    """What readiness asks of the watcher; ``silence`` is in seconds."""

    @property
    def trouble(self) -> VoiceJobError | None:
        """What keeps it from checking at present."""

    @property
    def silence(self) -> float:
        """How long MetaStudio has given no good answer."""

    @property
    def was_served(self) -> bool:
        """Whether MetaStudio has given a good answer since the start."""

    @property
    def is_refused(self) -> bool:
        """Whether MetaStudio refuses the bot itself."""


class Refusal(Protocol):
    """Slack's refusal of the bot; ``code`` is Slack's own."""

    code: str


class Outbox(Protocol):
    """What readiness asks of the outbox."""

    @property
    def trouble(self) -> Refusal | None:
        """What keeps it from sending anything at present."""


class Store(Protocol):
    """What readiness and the metrics ask of the store."""

    trouble: StoreTrouble | None

    async def check(self) -> None:
        """Write and read something. Raises StoreTrouble."""

    async def followed(self) -> Mapping[str, Sequence[Subscription]]:
        """Give all subscriptions by the id of their job."""


class Health:
    """Tells how the bot is.

    ``connection`` is that of Socket Mode, None in HTTP mode. In seconds, ``poll`` is the pause between two
    checks, and ``patience`` how long a try of the store may take.
    """

    def __init__(
        self,
        connection: Connection | None,
        watcher: Watcher,
        outbox: Outbox,
        store: Store,
        metrics: Metrics,
        *,
        poll: float,
        patience: float = STORE_PATIENCE,
    ) -> None:
        self._connection = connection
        self._watcher = watcher
        self._outbox = outbox
        self._store = store
        self._metrics = metrics
        self._longest_silence = LATE_CHECKS * poll
        self._patience = patience
        self._store_tried_at = -STORE_EVERY
        self._store_hangs = False
        """Whether the last try of the store took too long."""

    def add_to(self, application: web.Application) -> None:
        """Serve ``/healthz``, ``/readyz`` and ``/metrics``."""
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._is_ready)
        application.router.add_get("/metrics", self._exposition)

    async def problems(self) -> dict[str, str]:
        """Say what is not as it should be, by part; nothing while the bot is ready."""
        found = {
            "slack": self._connecting() or self._sending(),
            "metastudio": self._watching(),
            "store": await self._keeping(),
        }
        return {part: says for part, says in found.items() if says}

    def _connecting(self) -> str | None:
        is_connected = self._connection is None or self._connection.connected
        return None if is_connected else "The bot is not connected to Slack."

    def _sending(self) -> str | None:
        trouble = self._outbox.trouble
        return f"Slack refuses the bot's messages ({trouble.code}): {REMEDY}" if trouble else None

    def _watching(self) -> str | None:
        """Judge the last answer that the watcher got. One failed check is nothing: the next may go well."""
        silence = self._watcher.silence
        trouble = self._watcher.trouble
        if not self._watcher.is_refused and silence <= self._longest_silence:
            return None
        last = f"its last good answer is {silence:.0f} seconds old"
        since = last if self._watcher.was_served else "it has given no good answer since the start"
        return f"{_fault(trouble)}; {since}: {REMEDY}"

    async def _keeping(self) -> str | None:
        is_due = time.monotonic() - self._store_tried_at >= STORE_EVERY
        if is_due or self._store_hangs or self._store.trouble:
            self._store_tried_at = time.monotonic()
            await self._try_store()
        if self._store_hangs:
            return "The disk of the store does not answer."
        return self._store.trouble.sentence() if self._store.trouble else None

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
        followed = await self._store.followed()
        stock = Stock.of((subscription for every in followed.values() for subscription in every), time.time())
        text = self._metrics.exposition(
            stock,
            is_ready=not await self.problems(),
            reconnects=self._connection.reconnects if self._connection else 0,
        )
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _fault(trouble: VoiceJobError | None) -> str:
    """Say what keeps MetaStudio's answers away, with the HTTP status and MetaStudio's code."""
    if isinstance(trouble, StoreTrouble):
        return "MetaStudio is not asked while the store fails"
    if not isinstance(trouble, MetaStudioError):
        return "MetaStudio does not answer"
    told = " ".join(filter(None, (str(trouble.status or ""), trouble.code)))
    return FAULTS.get(type(trouble), "MetaStudio gives no good answer") + (f" ({told})" if told else "")
