"""The worker of one conversation: it owns the order, the pace and the back-off of what is sent there.

One message at a time is on its way. What Slack accepted is recorded before anything else is done: a crash
between the two may repeat that one message.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.deliver.backoff import Backoff, Pauses, hold_pause
from bot.deliver.bot_gate import BotGate, RejectedError
from bot.deliver.changes import Recorded, after_ok, after_refusal
from bot.deliver.courier import Courier, conversation, fields_of
from bot.deliver.outcome import Later, Refused
from bot.deliver.reactions import Reaction
from bot.deliver.requests import Requests
from bot.deliver.schedule import Task, is_urgent, next_task, tasks
from bot.domain import pauses
from bot.domain.deliveries import Step
from bot.domain.records import Address
from bot.errors import StoreTrouble
from bot.slack.sender import SendError
from bot.store import Store

log = logging.getLogger(__name__)

Uninterrupted = Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]
"""Runs work to its end, even if the caller is cancelled meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the workers of all conversations share."""

    store: Store
    courier: Courier
    gate: BotGate
    retry_pause: Pauses
    repeat_pause: Pauses
    disk_pause: float
    """Seconds before another try where the store fails."""
    uninterrupted: Uninterrupted


class ChannelWorker:
    """Delivers what is due in one conversation, until nothing is."""

    def __init__(self, address: Address, parts: Parts) -> None:
        self._address = address
        self._parts = parts
        self._backoff = Backoff()
        self._woken = asyncio.Event()
        self.requests = Requests()

    def wake(self) -> None:
        """Look again at what is due; returns at once."""
        self._woken.set()

    def retry(self) -> None:
        """Slack accepts the bot again: try now what was refused."""
        self._backoff.release()
        self.wake()

    async def run(self) -> None:
        """Deliver until nothing is due."""
        is_idle = False
        while not is_idle or self._woken.is_set():
            self._woken.clear()
            try:
                is_idle = not await self._deliver_next()
            except StoreTrouble:
                self.requests.give_up()
                await asyncio.sleep(self._parts.disk_pause)

    async def _deliver_next(self) -> bool:
        """Do the next task, or wait until it may be done; return False without one. Raises StoreTrouble."""
        found = await self._next()
        if found is None:
            return False
        wait, task = found
        if wait > 0:
            with suppress(TimeoutError):  # asyncio.wait_for of Python 3.11 may swallow that it is stopped
                async with asyncio.timeout(wait):
                    await self._woken.wait()
        elif await self._has_waited_for_pace(task):
            again = await self._next(passed=task)  # it may have changed meanwhile
            if again and again[0] <= 0 and again[1].key == task.key:
                await self._parts.uninterrupted(self._perform(again[1]))
        return True

    async def _next(self, *, passed: Task | None = None) -> tuple[float, Task] | None:
        """Find the next task, and how soon; ``passed`` has waited for Slack's pace. Raises StoreTrouble."""
        channel = await self._parts.store.channel(self._address)
        due = tasks(channel, int(time.time()))
        self.requests.settle(due)
        keys = {task.key for task in due}
        self._backoff.keep(keys)
        self._parts.gate.keep(self._address, keys)
        if channel.destination.pause and not channel.followings:
            await self._parts.store.change([self._address], pauses.accepted(self._address))
        wait, failures = partial(self._wait, passed=passed), self._backoff.failures
        return next_task(due, wait=wait, failures=lambda task: failures(task.key), awaited=self.requests.keys)

    def _wait(self, task: Task, *, passed: Task | None) -> float:
        gate = self._parts.gate.wait(conversation(task, self._address))
        backoff = self._backoff.wait(task.key, asyncio.get_running_loop().time())
        has_passed = passed is not None and passed.key == task.key
        return max(backoff, gate, 0.0 if has_passed else self._parts.courier.delay(task))

    async def _has_waited_for_pace(self, task: Task) -> bool:
        """Wait for Slack's pace; return False if a person's request came first."""
        urgent = is_urgent(task, self.requests.keys)
        self.requests.arrived.clear()
        waiting = asyncio.ensure_future(self._parts.courier.wait(task, self._address, urgent=urgent))
        overtaking = asyncio.ensure_future(self.requests.arrived.wait())
        try:
            until = {waiting} if urgent else {waiting, overtaking}
            await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done()
        finally:
            waiting.cancel()
            overtaking.cancel()

    async def _perform(self, task: Task) -> None:
        """Send a task's message, and record the result."""
        if task.step is Step.FORGET:
            await self._record(after_ok(task, self._address, None, 0, card_is_lost=False))
            return
        self.requests.began(task)
        try:
            if self._parts.store.trouble:
                await self._parts.store.check()  # what can't be recorded must not be sent
            if self._backoff.may_have_arrived(task.key):
                await self._parts.gate.require_answers()  # where none arrive, it would only come once more
            accepted = await self._parts.courier.send(task, self._address)
        except RejectedError as rejected:
            await self._rejected(task, rejected)
            return
        now, lost = int(time.time()), accepted.card_is_lost
        await self._record(after_ok(task, self._address, accepted.posted, now, card_is_lost=lost))
        self._backoff.worked(task.key)
        self._parts.gate.accepted()

    async def _rejected(self, task: Task, rejected: RejectedError) -> None:
        """Record a refusal, and do what it asks for."""
        error, reaction = rejected.error, rejected.reaction
        knows = [request.person for request in self.requests.of(task) if request.person]
        now = int(time.time())
        await self._record(after_refusal(task, self._address, reaction, error.code, now, knows=knows))
        match reaction:
            case Reaction.RETRY:
                self._failed(task, error, reaction)
                self.requests.failed(task)
            case Reaction.REPEAT:
                self._failed(task, error, reaction)
                self.requests.answer(task, Later())
            case Reaction.BOT:
                self.requests.answer(task, Later())
            case _:
                self._refused(task, error, reaction)
        await self._record(self._parts.gate.withdrawals())

    def _failed(self, task: Task, error: SendError, reaction: Reaction) -> None:
        """Try the same again after a pause; not where Slack named one, for which all such calls are held."""
        self._parts.gate.failed(self._address, task.key, error)
        now = asyncio.get_running_loop().time()
        if reaction is Reaction.REPEAT:
            self._backoff.unanswered(task.key, now, self._parts.repeat_pause)
        elif not error.retry_after:
            self._backoff.failed(task.key, now, self._parts.retry_pause)

    def _refused(self, task: Task, error: SendError, reaction: Reaction) -> None:
        """Log a refusal that is about this message or this conversation, and answer those who wait for it."""
        effect = "; the conversation is paused, and tried again later" if reaction is Reaction.PAUSE else ""
        fields = fields_of(task, self._address, code=error.code)
        log.warning("Slack refuses a message%s", effect, extra=fields)
        if reaction is Reaction.HOLD:
            self._backoff.failed(task.key, asyncio.get_running_loop().time(), hold_pause)
        if reaction is Reaction.PAUSE:
            self._parts.gate.paused(self._address, error)
        if reaction in {Reaction.PAUSE, Reaction.HOLD}:
            self.requests.answer(task, Refused(error.code))

    async def _record(self, changes: Iterable[Recorded]) -> None:
        """Record what Slack answered. Until that works, nothing else is sent to this conversation."""
        for keys, change in changes:
            while True:
                try:
                    await self._parts.store.change(keys, change)
                    break
                except StoreTrouble:
                    await asyncio.sleep(self._parts.disk_pause)
