"""What a worker does after a refusal: it records what changes, holds back what has to wait, and answers."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from bot.deliver.backoff import Backoff, Pauses, hold_pause, no_pause
from bot.deliver.bot_gate import BotGate, RejectedError
from bot.deliver.changes import Recorded, after_refusal
from bot.deliver.courier import Courier, fields_of
from bot.deliver.outcome import Later, Refused
from bot.deliver.reactions import Reaction
from bot.deliver.requests import Requests
from bot.deliver.schedule import Task, tasks
from bot.domain.following import Channel
from bot.domain.keys import Address
from bot.domain.reminders import NEVER, ReminderTimes
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
    times: ReminderTimes
    is_current: Callable[[], bool]
    """Whether the last check of the jobs succeeded: people are reminded of nothing that may have moved."""
    clock: Callable[[], float]
    """Returns the time of day, in epoch seconds."""
    uninterrupted: Uninterrupted

    def due(self, channel: Channel) -> list[Task]:
        """Return what is due in a conversation now."""
        times = self.times if self.is_current() else NEVER
        return tasks(channel, times, int(self.clock()))


async def record(changes: Iterable[Recorded], parts: Parts) -> None:
    """Record what Slack answered. Until that works, nothing else is sent to the conversation."""
    for keys, change in changes:
        while True:
            try:
                await parts.store.change(keys, change)
                break
            except StoreTrouble:
                await asyncio.sleep(parts.disk_pause)


class Rejections:
    """Handles the refusals of one conversation, in which ``requests`` wait."""

    def __init__(self, address: Address, parts: Parts, backoff: Backoff, requests: Requests) -> None:
        self._address = address
        self._parts = parts
        self._backoff = backoff
        self._requests = requests

    async def handle(self, task: Task, rejected: RejectedError) -> None:
        """Record a refusal, and do what it asks for."""
        error, reaction = rejected.error, rejected.reaction
        knows = [request.person for request in self._requests.of(task) if request.person]
        now = int(self._parts.clock())
        await record(after_refusal(task, self._address, reaction, error.code, now, knows=knows), self._parts)
        match reaction:
            case Reaction.RETRY:
                self._failed(task, error, reaction)
                self._requests.failed(task)
            case Reaction.REPEAT:
                self._failed(task, error, reaction)
                self._requests.answer(task, Later())
            case Reaction.BOT:
                self._requests.answer(task, Later())
            case _:
                self._refused(task, error, reaction)
        await record(self._parts.gate.withdrawals(), self._parts)

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
        if reaction in {Reaction.PAUSE, Reaction.HOLD}:
            # A paused conversation waits as a whole.
            pause = hold_pause if reaction is Reaction.HOLD else no_pause
            self._backoff.refused(task.key, asyncio.get_running_loop().time(), pause)
            self._requests.answer(task, Refused(error.code))
        if reaction is Reaction.PAUSE:
            self._parts.gate.paused(self._address, error)
