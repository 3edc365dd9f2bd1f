"""The worker of one conversation: it owns the order, the pace and the back-off of what is sent there.

One message at a time is on its way. What Slack accepted is recorded before anything else is done: a crash
between the two may repeat that one message.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from bot.deliver.backoff import Backoff
from bot.deliver.bot_gate import RejectedError
from bot.deliver.changes import after_ok
from bot.deliver.courier import conversation
from bot.deliver.outcome import Later, Sent
from bot.deliver.rejections import Parts, Rejections, record
from bot.deliver.requests import Requests
from bot.deliver.schedule import Task, is_urgent, next_task
from bot.domain import pauses
from bot.domain.deliveries import Step
from bot.domain.following import Channel
from bot.domain.keys import Address
from bot.errors import StoreTrouble


class ChannelWorker:
    """Delivers what is due in one conversation, until nothing is."""

    def __init__(self, address: Address, parts: Parts) -> None:
        self._address = address
        self._parts = parts
        self._backoff = Backoff()
        self._woken = asyncio.Event()
        self._is_sending = self._has_ended = False
        self.requests = Requests()
        self._rejections = Rejections(address, parts, self._backoff, self.requests)

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
        try:
            while not is_idle or self._woken.is_set():
                self._woken.clear()
                try:
                    is_idle = not await self._deliver_next()
                except StoreTrouble:
                    is_idle = False
                    self.requests.give_up()
                    await asyncio.sleep(self._parts.disk_pause)
        finally:
            self._has_ended = True
            if not self._is_sending:
                self.requests.give_up()

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
                await self._parts.uninterrupted(self._finished(again[1]))
        return True

    async def _next(self, *, passed: Task | None = None) -> tuple[float, Task] | None:
        """Find the next task, and how soon; ``passed`` has waited for Slack's pace. Raises StoreTrouble."""
        channel = await self._parts.store.channel(self._address)
        due = self._parts.due(channel)
        is_paused = channel.destination.pause is not None
        keys = {task.key for task in due}
        self._backoff.keep(keys)
        self._parts.gate.keep(self._address, keys)
        if is_paused and self._is_over(channel, due):
            await self._parts.store.change([self._address], pauses.accepted(self._address))
        self._answer_early(due, is_paused=is_paused)
        return next_task(
            due,
            wait=self._wait,
            pace=lambda task: 0.0 if passed and passed.key == task.key else self._parts.courier.delay(task),
            failures=lambda task: self._backoff.failures(task.key),
            awaited=self.requests.keys,
        )

    def _is_over(self, channel: Channel, due: Collection[Task]) -> bool:
        """Whether a pause is over though no post can show it: nothing is followed, or a person says so."""
        is_untried = not any(task.proves_access for task in due)
        return is_untried and bool(self.requests.keys or not (channel.followings or channel.boards))

    def _answer_early(self, due: Collection[Task], *, is_paused: bool) -> None:
        """Answer those for whom nothing is to be sent, or nothing now: it may have arrived already."""
        self.requests.settle(due, is_paused=is_paused)
        for task in due:
            if self._backoff.may_have_arrived(task.key):
                self.requests.answer(task, Later())

    def _wait(self, task: Task) -> float:
        backoff = self._backoff.wait(task.key, asyncio.get_running_loop().time())
        return max(backoff, self._parts.gate.wait(conversation(task, self._address)))

    async def _has_waited_for_pace(self, task: Task) -> bool:
        """Wait for Slack's pace; return False if a person came first, or anything new before an edit."""
        urgent = is_urgent(task, self.requests.keys)
        self.requests.arrived.clear()
        waiting = asyncio.ensure_future(self._parts.courier.wait(task, self._address, urgent=urgent))
        overtaking = self._woken if task.is_edit else self.requests.arrived
        overtaken = asyncio.ensure_future(overtaking.wait())
        try:
            until = {waiting} if urgent and not task.is_edit else {waiting, overtaken}
            await asyncio.wait(until, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done()
        finally:
            waiting.cancel()
            overtaken.cancel()

    async def _finished(self, task: Task) -> None:
        """Send a task's message to the end; answer who waits even if the worker ended meanwhile."""
        self._is_sending = True
        try:
            await self._perform(task)
        finally:
            self._is_sending = False
            if self._has_ended:
                self.requests.give_up()

    async def _perform(self, task: Task) -> None:
        """Send a task's message, and record the result."""
        if task.step in {Step.FORGET, Step.FORGET_BOARD}:
            await record(after_ok(task, self._address, None, 0, card_is_lost=False), self._parts)
            return
        self.requests.began(task)
        try:
            if self._parts.store.trouble:
                await self._parts.store.check()  # what can't be recorded must not be sent
            if self._backoff.may_have_arrived(task.key):
                await self._parts.gate.require_answers()  # where none arrive, it would only come once more
            passed = self._backoff.others_passed(task.key)
            accepted = await self._parts.courier.send(task, self._address, others_passed=passed)
        except RejectedError as rejected:
            await self._rejections.handle(task, rejected)
            return
        now, lost = int(self._parts.clock()), accepted.card_is_lost
        await record(after_ok(task, self._address, accepted.posted, now, card_is_lost=lost), self._parts)
        self._backoff.worked(task.key, is_post=task.proves_access)
        if not task.is_edit:  # which Slack may accept where it accepts no post
            self._parts.gate.accepted()
        if self._has_ended:
            self.requests.answer(task, Sent())
