"""The outbox: tells Slack what is due, channel by channel, and writes down what Slack took.

A channel is told one thing at a time, in order; channels don't wait for each other. What Slack did not take
stays in the store, so a crash loses nothing. Between Slack's yes and the disk's, a crash can make one message
come twice.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from bot import notices
from bot import subscriptions as changes
from bot.errors import StoreTrouble
from bot.mrkdwn import Message
from bot.notices import Look
from bot.refusals import Refusal
from bot.sending import NotTaken, Slack
from bot.store import Store
from bot.subscriptions import Change, Key, Level, Step, Subscription, next_step, next_time

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 5 * 60.0
"""Seconds before Slack is tried again after a failure: they double."""
PLAIN_LIMIT: Final = 3000
"""Characters of a message that goes as plain text; Slack takes 4000."""
DISK_PAUSE: Final = 1.0
"""Seconds before another try to write down what Slack took."""

Channel = tuple[str, str]
"""The ids of a team and of a channel in it."""


@dataclass
class _Pause:
    """How long to leave something alone after failures in a row. Times are the loop's."""

    seconds: float = 0.0
    until: float = 0.0

    def failed(self, named: float | None = None) -> None:
        """Wait twice as long as the last time, or as long as Slack named."""
        self.seconds = min(max(2 * self.seconds, FIRST_PAUSE), LONGEST_PAUSE)
        self.until = _now() + (self.seconds if named is None else named)


class Outbox:
    """Delivers what is due in ``store``; ``look`` is what all its messages have in common."""

    def __init__(self, store: Store, slack: Slack, look: Look) -> None:
        self._store = store
        self._slack = slack
        self._look = look
        self._lanes: dict[Channel, asyncio.Event] = {}
        """What wakes each channel that is being served."""
        self._turns: defaultdict[Channel, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._pauses: defaultdict[Channel, _Pause] = defaultdict(_Pause)
        self._all_pause = _Pause()
        self._failing: set[Channel] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.trouble: NotTaken | None = None
        """What keeps it from sending anything at present: Slack refuses the bot itself."""

    async def run(self) -> None:
        """Deliver, until cancelled: first what is due from before, then what it is woken for."""
        async with asyncio.TaskGroup() as self._tasks:
            for subscriptions in (await self._store.followed()).values():
                for kept in subscriptions:
                    if next_step(kept):
                        self.wake(kept.key)
            await asyncio.Event().wait()

    def wake(self, key: Key) -> None:
        """Say that something may be due for a subscription."""
        channel = _channel_of(key)
        if channel in self._lanes:
            self._lanes[channel].set()
        elif self._tasks:
            self._lanes[channel] = asyncio.Event()
            self._tasks.create_task(self._serve(channel))

    async def drain(self, seconds: float) -> None:
        """Wait for what is on its way to Slack, so many seconds at most."""
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("stopped; messages of which it is not known whether Slack took them: %d", len(late))

    async def deliver(self, key: Key, *, person_is_here: bool = False) -> None:
        """Take the next step for a subscription. Slack's refusal is written down, not raised."""
        async with self._turns[_channel_of(key)]:
            step = _step(await self._store.get(key))
            await self._wait_for_pace(key, step)
            kept = await self._store.get(key)  # it may have changed while this waited
            if kept and step and next_step(kept) is step:
                await self._unbroken(self._take(kept, step, person_is_here=person_is_here))

    async def _serve(self, channel: Channel) -> None:
        """Deliver to one channel until nothing is due there."""
        woken = self._lanes[channel]
        while True:
            woken.clear()
            first = await self._first_due(channel)
            if first:
                at, key = first
                await self._deliver_at(at, key, woken)
            elif not woken.is_set():
                del self._lanes[channel]
                return

    async def _first_due(self, channel: Channel) -> tuple[float, Key] | None:
        """Choose what a channel is told next: what was noticed first; cards are edited when all is told."""
        now = time.time()
        due: list[tuple[float, bool, int, Key]] = []
        for kept in await self._store.of_channel(*channel):
            if (at := next_time(kept)) is not None:
                since = kept.notice.since if kept.notice else 0
                due.append((max(at, now), next_step(kept) is Step.EDIT_CARD, since, kept.key))
        if not due:
            return None
        first = min(due)
        return first[0], first[3]

    async def _deliver_at(self, at: float, key: Key, woken: asyncio.Event) -> None:
        """Deliver if it is time; otherwise wait until then, or until something else is due."""
        pauses = (self._pauses[_channel_of(key)], self._all_pause)
        wait = max(at - time.time(), *(pause.until - _now() for pause in pauses))
        if wait <= 0:
            await self.deliver(key)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), wait)

    async def _wait_for_pace(self, key: Key, step: Step | None) -> None:
        if step is Step.EDIT_CARD:
            await self._slack.may_edit()
        elif step:
            await self._slack.may_post(key.channel_id)

    async def _unbroken(self, sending: Coroutine[Any, Any, None]) -> None:
        """Let a message on its way arrive and be written down, even if the one who sent it is stopped."""
        task = asyncio.create_task(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        await asyncio.shield(task)

    async def _take(self, kept: Subscription, step: Step, *, person_is_here: bool) -> None:
        """Take one step, and write down what came of it."""
        channel = _channel_of(kept.key)
        change: Change | None
        try:
            if self._store.trouble:
                await self._store.check()  # what can't be written down must not be sent
            change = await self._send(kept, step)
        except StoreTrouble:
            self._pauses[channel].failed()
            return
        except NotTaken as error:
            change = self._after(error, kept, step, person_is_here=person_is_here)
        else:
            self._works(channel)
            log.info("told: job=%.66r channel=%s %s", kept.job_id, kept.channel_id, step.name.lower())
        if change is not None:
            await self._keep(kept.key, change)

    async def _send(self, kept: Subscription, step: Step) -> Change:
        """Send what the step asks for; what Slack calls malformed goes as plain text. Raises NotTaken."""
        message = self._message(kept, step)
        try:
            return await self._send_as(message, kept, step)
        except NotTaken as error:
            if error.refusal is not Refusal.OUR_FAULT:
                raise
            told = f"job={kept.job_id!r} {step.name} {error.code}"
            log.warning("Slack calls a message malformed, so it goes as plain text: %s", told)
            return await self._send_as(Message(message.text[:PLAIN_LIMIT], []), kept, step)

    def _message(self, kept: Subscription, step: Step) -> Message:
        """Make the message. A mistake of ours in it may cost its looks, but not the word."""
        try:
            return self._made(kept, step)
        except Exception:
            log.exception("a message can't be made: job=%.66r %s", kept.job_id, step.name)
            return notices.plainly(kept)

    def _made(self, kept: Subscription, step: Step) -> Message:
        if step is Step.TELL_PERSON:
            return notices.paused(kept, self._look)
        if step is Step.POST_NOTICE and kept.notice:
            return notices.notice(kept, kept.notice)
        return notices.card(kept, self._look, now=int(time.time()))

    async def _send_as(self, message: Message, kept: Subscription, step: Step) -> Change:
        if step is Step.TELL_PERSON:
            await self._slack.post(kept.subscribed_by, message)
            return changes.person_told
        if step is Step.POST_NOTICE and kept.card and kept.notice:
            broadcast = kept.level is Level.ALL or kept.notice.is_important
            await self._slack.post(kept.channel_id, message, thread_ts=kept.card.ts, broadcast=broadcast)
            return changes.notice_posted(kept.notice, int(time.time()))
        if step is Step.EDIT_CARD and kept.card:
            await self._slack.edit(kept.channel_id, kept.card.ts, message)
            return changes.card_edited(kept.face, int(time.time()))
        ts = await self._slack.post(kept.channel_id, message)
        return changes.card_posted(kept, ts, int(time.time()))

    def _after(
        self, error: NotTaken, kept: Subscription, step: Step, *, person_is_here: bool
    ) -> Change | None:
        """Say what changes with a refusal; None where only time can help."""
        now, refusal = int(time.time()), error.refusal
        if refusal is Refusal.LATER:
            self._fails(_channel_of(kept.key), error)
            return None
        if refusal is Refusal.CREDENTIALS:
            self._is_refused(error)
            return None
        log.warning(
            "Slack refuses: job=%.66r channel=%s %s %s", kept.job_id, kept.channel_id, step.name, error.code
        )
        if step is Step.TELL_PERSON:
            return changes.person_told  # nobody can be told; the list in the channel still says it
        if refusal is Refusal.MESSAGE_GONE:
            return changes.card_lost(error.code, now)
        return changes.refused(error.code, now, person_knows=person_is_here)

    async def _keep(self, key: Key, change: Change) -> None:
        """Write down what Slack took. Until the disk lets it, nothing else is sent to this channel."""
        while True:
            try:
                await self._store.change(key, change)
            except StoreTrouble:
                await asyncio.sleep(DISK_PAUSE)
            else:
                return

    def _fails(self, channel: Channel, error: NotTaken) -> None:
        if not self._failing:
            log.warning("Slack does not take a message: %s %s; trying again", error.code, error)
        self._failing.add(channel)
        self._pauses[channel].failed(error.retry_after)

    def _is_refused(self, error: NotTaken) -> None:
        if not self.trouble:
            log.error("Slack refuses the bot: %s; nothing is lost, and it tries again", error.code)
        self.trouble = error
        self._all_pause.failed()

    def _works(self, channel: Channel) -> None:
        self._pauses.pop(channel, None)
        self._all_pause = _Pause()
        was_failing = bool(self._failing) or self.trouble is not None
        self._failing.discard(channel)
        self.trouble = None
        if was_failing and not self._failing:
            log.info("Slack takes messages again")


def _step(kept: Subscription | None) -> Step | None:
    return next_step(kept) if kept else None


def _channel_of(key: Key) -> Channel:
    return key.team_id, key.channel_id


def _now() -> float:
    return asyncio.get_running_loop().time()
