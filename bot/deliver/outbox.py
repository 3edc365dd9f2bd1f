"""The outbox: lets a worker deliver what is due in each conversation, as soon as the store hears of it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from bot.deliver.alarms import Alarms
from bot.deliver.backoff import repeat_pause, retry_pause
from bot.deliver.bot_gate import BotGate
from bot.deliver.channel_worker import ChannelWorker
from bot.deliver.courier import Courier
from bot.deliver.languages import Languages
from bot.deliver.outcome import Later, Outcome
from bot.deliver.rejections import Parts
from bot.deliver.requests import Request
from bot.domain.following import Changed
from bot.domain.keys import Address, BoardKey, DeliveryKey
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.domain.reminders import NEVER, ReminderTimes
from bot.errors import StoreTrouble
from bot.messages.context import MessageContext
from bot.slack.sender import Sender, SendError
from bot.store import Store
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Times:
    """The outbox's times, in seconds, and its clock."""

    first_pause: float = 1.0
    """Before Slack is tried again after a first failure."""
    disk_pause: float = 1.0
    """Before another try where the store fails."""
    patience: float = 5.0
    """For which a person waits for a message to be sent: after that, it is sent without them."""
    sending: float = 12.0
    """For which a person waits for Slack's answer, once the message is on its way."""
    reminders: ReminderTimes = NEVER
    clock: Callable[[], float] = time.time
    """Returns the time of day, in epoch seconds."""


TIMES: Final = Times()


class Outbox:
    """Delivers what is due in ``store``; ``context`` is what all its messages have in common."""

    def __init__(
        self,
        store: Store,
        slack: Sender,
        context: MessageContext,
        languages: Languages,
        *,
        rates: RateLimits = RATE_LIMITS,
        times: Times = TIMES,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._times = times
        self._gate = BotGate(slack, retry_pause(times.first_pause), self._retry_all)
        self._parts = Parts(
            store=store,
            courier=Courier(slack, self._gate, context, languages, metrics or Metrics(), times.clock),
            gate=self._gate,
            retry_pause=retry_pause(times.first_pause),
            repeat_pause=repeat_pause(rates.repeat),
            disk_pause=times.disk_pause,
            times=times.reminders,
            is_current=self._is_current,
            clock=times.clock,
            uninterrupted=self._uninterrupted,
        )
        self.is_current: Callable[[], bool] = lambda: True
        """Whether what is known of the jobs is new: reminders wait for that."""
        self._workers: dict[Address, ChannelWorker] = {}
        self._alarms = Alarms(store, times.reminders, times.clock, self._wake, disk_pause=times.disk_pause)
        self._tasks: asyncio.TaskGroup | None = None
        self._sending: set[asyncio.Task[None]] = set()
        store.listen(self._heard)

    @property
    def trouble(self) -> SendError | None:
        """Slack's refusal of the bot itself, which keeps it from sending; None while all is well."""
        return self._gate.trouble

    async def run(self) -> None:
        """Deliver until cancelled: what is due from before, and what the store hears of."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                for address in await self._addresses():
                    self._wake(address)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # what is due from now on is delivered after the next start

    async def drain(self, seconds: float) -> None:
        """Send nothing new, and wait ``seconds`` at most for what is on its way."""
        self._tasks = None
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("stopped with messages under way, which may come again: %d", len(late))
            await asyncio.wait(late)

    async def deliver(self, key: DeliveryKey | BoardKey, *, person: str = "") -> Outcome:
        """Deliver what is to be posted before all else in its conversation, and return what became of it.

        ``person`` is the user id of who sees a refusal in the reply, and needs no direct message.
        """
        worker = self._wake(key.address)
        if worker is None:
            return Later()
        request = worker.requests.add(key, person)
        try:
            return await self._outcome(request)
        finally:
            worker.requests.withdraw(request)

    async def _outcome(self, request: Request) -> Outcome:
        """Wait for the answer to a request, longer once its message is on its way."""
        began = asyncio.ensure_future(request.began.wait())
        either: set[asyncio.Future[Any]] = {began, request.answer}
        try:
            await asyncio.wait(either, timeout=self._times.patience, return_when=asyncio.FIRST_COMPLETED)
            if began.done():
                await asyncio.wait({request.answer}, timeout=self._times.sending)
        finally:
            began.cancel()
        return request.answer.result() if request.answer.done() else Later()

    async def _addresses(self) -> list[Address]:
        while True:
            try:
                return list(await self._store.addresses())
            except StoreTrouble:
                await asyncio.sleep(self._times.disk_pause)

    def _heard(self, changed: Changed) -> None:
        for address in changed.addresses:
            self._wake(address)

    def _wake(self, address: Address) -> ChannelWorker | None:
        """Let a conversation's worker look at what is due; return it, None where nothing is sent any more."""
        if self._tasks is None:
            return None
        self._alarms.cancel(address)
        if worker := self._workers.get(address):
            worker.wake()
            return worker
        worker = self._workers[address] = ChannelWorker(address, self._parts)
        self._tasks.create_task(self._serve(address, worker))
        return worker

    async def _serve(self, address: Address, worker: ChannelWorker) -> None:
        try:
            await worker.run()
        finally:
            del self._workers[address]
        await self._alarms.set(address)

    def look_again(self) -> None:
        """Look at what is due everywhere: the time of day was set, or the jobs were checked at last."""
        for address in {*self._workers, *self._alarms.addresses}:
            self._wake(address)

    def _is_current(self) -> bool:
        return self.is_current()

    def _retry_all(self) -> None:
        for worker in self._workers.values():
            worker.retry()

    async def _uninterrupted(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work to its end, even if the caller is cancelled meanwhile; see ``drain``."""
        sending = asyncio.create_task(work)
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        await asyncio.shield(sending)
