"""The outbox: delivers pending messages to Slack, channel by channel, and records what Slack accepted.

A channel gets one message at a time, in order; channels don't wait for each other. What Slack did not accept
stays in the store: a crash loses nothing, but between Slack's answer and the record it can repeat a message.
"""

import asyncio
import logging
import time
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import Any, Final

from bot.deliver.render import render
from bot.domain import subscriptions as changes
from bot.domain.slack_errors import Refusal
from bot.domain.subscriptions import Change, Key, Level, Step, Subscription, next_step, next_time
from bot.errors import StoreTrouble
from bot.messages.blocks import Message, without_blocks
from bot.messages.channel import MessageContext, plain_text
from bot.messages.texts import en
from bot.network.retries import Cooldown
from bot.slack.sender import Sender, SendError
from bot.store import Store
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 5 * 60.0
"""Seconds before Slack is tried again after failures: from the first to the longest, they double."""
DISK_PAUSE: Final = 1.0
"""Seconds before another try to record what Slack accepted."""
SEND_SECONDS: Final = 12.0
"""Seconds for which a person waits for Slack's answer, once the message is on its way."""
PATIENCE: Final = 5.0
"""Seconds for which a person waits for a message to be sent: after that, it is sent without them."""

EDITS: Final = {Step.EDIT_CARD, Step.EDIT_WARNING}
"""What waits until all else is sent: Slack allows few edits."""
Channel = tuple[str, str]
"""The ids of a team and of a channel in it."""


class Outbox:
    """Delivers what is due in ``store``; ``context`` is what all its messages have in common.

    See FIRST_PAUSE, DISK_PAUSE, PATIENCE and SEND_SECONDS for the times, which are in seconds.
    """

    def __init__(
        self,
        store: Store,
        slack: Sender,
        context: MessageContext,
        *,
        first_pause: float = FIRST_PAUSE,
        disk_pause: float = DISK_PAUSE,
        patience: float = PATIENCE,
        send_seconds: float = SEND_SECONDS,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._slack = slack
        self._context = context
        self._metrics = metrics or Metrics()
        self._disk_pause = disk_pause
        self._patience = patience
        self._send_seconds = send_seconds
        self._woken: dict[Channel, asyncio.Event] = {}
        """Set when something new may be due, for each channel that is being served."""
        self._locks: defaultdict[Channel, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._new_cooldown = partial(Cooldown, first=first_pause, longest=LONGEST_PAUSE)
        self._cooldowns: defaultdict[Channel, Cooldown] = defaultdict(self._new_cooldown)
        self._failures: dict[Key, int] = {}
        """How often in a row each subscription's message failed: others of its channel go first then."""
        self._bot_cooldown = self._new_cooldown()
        self._failing: set[Channel] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._is_ending = False
        self.trouble: SendError | None = None
        """Slack's refusal of the bot itself, which keeps it from sending anything; None while all is well."""

    async def run(self) -> None:
        """Deliver until cancelled: what is due from before, and what ``wake`` is called for."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                for subscriptions in (await self._store.followed()).values():
                    for subscription in subscriptions:
                        if next_step(subscription):
                            self.wake(subscription.key)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # what is due from now on is delivered after the next start

    def wake(self, key: Key) -> None:
        """Deliver what is due for a subscription, if anything is; returns at once."""
        channel = _channel_of(key)
        if channel in self._woken:
            self._woken[channel].set()
        elif self._tasks:
            self._woken[channel] = asyncio.Event()
            self._tasks.create_task(self._serve(channel))

    async def drain(self, seconds: float) -> None:
        """Send nothing new, and wait ``seconds`` at most for what is on its way."""
        self._is_ending = True
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            log.warning("stopped with messages under way, which may come again: %d", len(late))
            await asyncio.wait(late)

    async def deliver(self, key: Key, *, person_is_here: bool = False) -> None:
        """Perform the next step within ``patience`` seconds, or not at all; a refusal is recorded.

        ``person_is_here``: the subscriber sees a refusal in the reply and needs no direct message.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience) as patience:
                await self._deliver(key, patience, person_is_here=person_is_here)

    async def _deliver(
        self, key: Key, patience: asyncio.Timeout | None = None, *, person_is_here: bool = False
    ) -> None:
        subscription, step = await self._next(key)
        if subscription is None or step is None:
            return
        await self._wait_for_rate(subscription, step, urgent=patience is not None)
        lock = self._locks[_channel_of(key)]
        await lock.acquire()
        sending = None
        try:
            subscription, step_now = await self._next(key)  # it may have changed while this waited
            if subscription and step_now is step and self._may_send(key, patience):
                work = self._perform(subscription, step, person_is_here=person_is_here)
                sending = asyncio.create_task(work)
        finally:
            if sending is None:
                lock.release()
        if sending:
            # It is sent and recorded even if the caller is cancelled; only then is it the next one's turn.
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
            sending.add_done_callback(lambda _: lock.release())
            await asyncio.shield(sending)

    async def _next(self, key: Key) -> tuple[Subscription | None, Step | None]:
        subscription = await self._store.get(key)
        return subscription, next_step(subscription) if subscription else None

    def _may_send(self, key: Key, patience: asyncio.Timeout | None) -> bool:
        """Whether to send now: if a person waits, also during a pause; their patience lasts for it."""
        if patience and not patience.expired():
            patience.reschedule(_now() + self._send_seconds)
        return not self._is_ending and (patience is not None or self._cooldown_left(_channel_of(key)) <= 0)

    async def _serve(self, channel: Channel) -> None:
        """Deliver to one channel until nothing is due."""
        woken = self._woken[channel]
        try:
            while not self._is_ending:
                woken.clear()
                if first := await self._first_due(channel):
                    await self._deliver_when_due(*first, woken)
                elif not woken.is_set():
                    return
        finally:
            del self._woken[channel]
            self._forget(channel)

    def _forget(self, channel: Channel) -> None:
        """Drop the state of a channel in which nothing is due."""
        self._failing.discard(channel)
        self._cooldowns.pop(channel, None)
        self._failures = {key: each for key, each in self._failures.items() if _channel_of(key) != channel}
        if channel in self._locks and not self._locks[channel].locked():
            del self._locks[channel]

    async def _first_due(self, channel: Channel) -> tuple[float, Subscription] | None:
        """Choose a channel's next message: the earliest change first; edits of cards come last."""
        now = time.time()
        due = [
            (max(at, now), subscription)
            for subscription in await self._store.of_channel(*channel)
            if (at := next_time(subscription, int(now))) is not None
        ]

        def order(each: tuple[float, Subscription]) -> tuple[float, int, bool, int]:
            at, subscription = each
            since = subscription.notice.since if subscription.notice else 0
            return at, self._failures.get(subscription.key, 0), next_step(subscription) in EDITS, since

        return min(due, key=order, default=None)

    async def _deliver_when_due(self, at: float, subscription: Subscription, woken: asyncio.Event) -> None:
        """Deliver if it is time; otherwise wait until then, or until the channel is woken."""
        wait = max(at - time.time(), self._cooldown_left(_channel_of(subscription.key)))
        if next_step(subscription) in EDITS:
            wait = max(wait, self._slack.edit_delay())  # it may be long, and notices go first
        if wait <= 0:
            await self._deliver(subscription.key)
            return
        with suppress(TimeoutError):  # asyncio.wait_for of Python 3.11 may swallow that it is stopped
            async with asyncio.timeout(wait):
                await woken.wait()

    def _cooldown_left(self, channel: Channel) -> float:
        """Return for how many seconds more nothing is sent to a channel; 0 or less if there is no pause."""
        paused_until = self._cooldowns[channel].until if channel in self._cooldowns else 0.0
        return max(paused_until, self._bot_cooldown.until) - _now()

    async def _wait_for_rate(self, subscription: Subscription, step: Step, *, urgent: bool) -> None:
        if step in EDITS:
            await self._slack.wait_to_edit()
        elif step is not Step.FORGET:
            await self._slack.wait_to_post(_conversation(subscription, step), urgent=urgent)

    async def _perform(self, subscription: Subscription, step: Step, *, person_is_here: bool) -> None:
        """Perform one step, and record its result."""
        channel = _channel_of(subscription.key)
        change: Change | None
        try:
            if unsent := await self._change_unsent(subscription, step):
                await self._store.change(subscription.key, unsent)
                return
            if self._store.trouble:
                await self._store.check()  # what can't be recorded must not be sent
            change = await self._send(subscription, step)
        except StoreTrouble:
            self._cooldowns[channel].begin()
            return
        except SendError as error:
            self._metrics.delivery(step.name.lower(), error.refusal.name.lower(), error.code)
            of_channel = await self._store.of_channel(*channel)
            person_knows = person_is_here or changes.is_known(subscription, of_channel)
            change = self._change_refused(error, subscription, step, person_knows=person_knows)
        else:
            self._metrics.delivery(step.name.lower())
            log.info("told", extra=_about(subscription, step))
            if step in (Step.POST_CARD, Step.POST_NOTICE):
                await self._retry_paused(channel)
        if change is not None:
            self._answered(channel)
            self._failures.pop(subscription.key, None)
            await self._record(subscription, change)

    async def _change_unsent(self, subscription: Subscription, step: Step) -> Change | None:
        """Return the change where nothing has to be sent; None where something has. Raises StoreTrouble."""
        if step is Step.FORGET:
            return changes.forgotten
        of_channel = await self._store.of_channel(*_channel_of(subscription.key))
        if step is Step.TELL_PERSON and changes.is_known(subscription, of_channel):
            return changes.person_notified()
        if step is Step.EDIT_WARNING and (other := changes.also_warned(subscription, of_channel)):
            await self._store.change(other.key, changes.person_notified(subscription.warning))
            return changes.warning_edited
        return None

    async def _retry_paused(self, channel: Channel) -> None:
        """Retry all that is paused in a channel: Slack accepts messages there again."""
        now = int(time.time())
        for each in await self._store.of_channel(*channel):
            if each.pause and each.pause.next_try > now:
                with suppress(StoreTrouble):
                    await self._store.change(each.key, changes.reopened)
                self.wake(each.key)

    async def _send(self, subscription: Subscription, step: Step) -> Change:
        """Send the message of a step; as plain text if Slack calls it malformed. Raises SendError."""
        message = self._message(subscription, step)
        try:
            return await self._send_as(message, subscription, step)
        except SendError as error:
            if error.refusal is not Refusal.OUR_FAULT:
                raise
            fields = _about(subscription, step, code=error.code)
            log.warning("Slack calls a message malformed, so it goes as plain text", extra=fields)
            return await self._send_as(without_blocks(message), subscription, step)

    def _message(self, subscription: Subscription, step: Step) -> Message:
        """Render the message; as plain text if that raises."""
        try:
            return render(subscription, step, self._context, now=int(time.time()))
        except Exception:
            log.exception("a message can't be made", extra=_about(subscription, step))
            return plain_text(subscription)

    async def _send_as(self, message: Message, subscription: Subscription, step: Step) -> Change:
        if step is Step.TELL_PERSON:
            return changes.person_notified(await self._slack.post(_conversation(subscription, step), message))
        if step is Step.EDIT_WARNING and subscription.warning:
            await self._slack.edit(subscription.warning.channel_id, subscription.warning.ts, message)
            return changes.warning_edited
        if step is Step.POST_NOTICE and subscription.card and subscription.notice:
            broadcast = subscription.level is Level.ALL or subscription.notice.is_important
            await self._slack.post(
                subscription.channel_id, message, thread_ts=subscription.card.ts, broadcast=broadcast
            )
            return changes.notice_posted(subscription.notice, int(time.time()))
        if step is Step.EDIT_CARD and subscription.card:
            await self._slack.edit(subscription.channel_id, subscription.card.ts, message)
            return changes.card_edited(subscription.fingerprint, int(time.time()))
        posted = await self._slack.post(subscription.channel_id, message)
        return changes.card_posted(subscription, posted.ts, int(time.time()))

    def _change_refused(
        self, error: SendError, subscription: Subscription, step: Step, *, person_knows: bool
    ) -> Change | None:
        """Return the change after a refusal; None for a transient one, which is retried unchanged."""
        now, refusal = int(time.time()), error.refusal
        if refusal is Refusal.LATER:
            self._failures[subscription.key] = self._failures.get(subscription.key, 0) + 1
            self._failed(_channel_of(subscription.key), error)
            return None
        if refusal is Refusal.CREDENTIALS:
            self._credentials_refused(error)
            return None
        change = changes.refused(error.code, now, person_knows=person_knows)
        if step is Step.TELL_PERSON:
            change = changes.person_notified()  # nobody can be told; the list in the channel still says it
        elif step is Step.EDIT_WARNING:
            change = changes.warning_edited
        elif refusal is Refusal.MESSAGE_GONE:
            change = changes.card_lost(error.code, now)
        pauses = (
            step not in (Step.TELL_PERSON, Step.EDIT_WARNING)
            and (after := change(subscription))
            and after.pause != subscription.pause
        )
        paused = "; the subscription is paused, and tried again later" if pauses else ""
        log.warning("Slack refuses a message%s", paused, extra=_about(subscription, step, code=error.code))
        return change

    async def _record(self, subscription: Subscription, change: Change) -> None:
        """Record what Slack accepted. Until that works, nothing else is sent to this channel."""

        def same(now: Subscription) -> Subscription | None:
            # Another subscription may have been made in its place meanwhile.
            return change(now) if now.subscribed_at == subscription.subscribed_at else now

        while True:
            try:
                await self._store.change(subscription.key, same)
            except StoreTrouble:
                await asyncio.sleep(self._disk_pause)
            else:
                return

    def _failed(self, channel: Channel, error: SendError) -> None:
        if not self._failing:
            fields = about(channel=channel[1], code=error.code, cause=str(error))
            log.warning("Slack does not take a message; trying again", extra=fields)
        self._failing.add(channel)
        if not error.retry_after:  # otherwise that method is held, and everything else goes on
            self._cooldowns[channel].begin()

    def _credentials_refused(self, error: SendError) -> None:
        if not self.trouble:
            log.error(en.DELIVERY_REFUSED, extra=about(code=error.code))
        self.trouble = error
        self._bot_cooldown.begin()

    def _answered(self, channel: Channel) -> None:
        """End the failure state of a channel after Slack accepted or definitely refused a message."""
        self._cooldowns.pop(channel, None)
        was_failing = bool(self._failing) or self.trouble is not None
        self._failing.discard(channel)
        if self.trouble:
            self._bot_cooldown, self.trouble = self._new_cooldown(), None
            for woken in self._woken.values():
                woken.set()
        if was_failing and not self._failing:
            log.info("Slack takes messages again")


def _about(subscription: Subscription, step: Step, *, code: str = "") -> dict[str, Any]:
    return about(job=subscription.job_id, channel=subscription.channel_id, step=step.name.lower(), code=code)


def _conversation(subscription: Subscription, step: Step) -> str:
    """Return the id of the channel, or of the person, to whom a step's message goes."""
    return subscription.subscribed_by if step is Step.TELL_PERSON else subscription.channel_id


def _channel_of(key: Key) -> Channel:
    return key.team_id, key.channel_id


def _now() -> float:
    return asyncio.get_running_loop().time()
