"""The outbox: tells Slack what is due, channel by channel, and writes down what Slack took.

A channel is told one thing at a time, in order; channels don't wait for each other. What Slack did not take
stays in the store, so a crash loses nothing. Between Slack's yes and the disk's, a crash can make one message
come twice.
"""

import asyncio
import logging
import time
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import Any, Final

from bot.domain import subscriptions as changes
from bot.domain.slack_errors import Refusal
from bot.domain.subscriptions import Change, Key, Level, Step, Subscription, next_step, next_time
from bot.errors import StoreTrouble
from bot.messages import channel as notices
from bot.messages.blocks import Message, without_blocks
from bot.messages.texts import en
from bot.network.retries import Rest
from bot.slack.sender import NotTaken, Sender
from bot.store import Store
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 5 * 60.0
"""Seconds before Slack is tried again after a failure: they double."""
DISK_PAUSE: Final = 1.0
"""Seconds before another try to write down what Slack took."""
SEND_SECONDS: Final = 12.0
"""Seconds for which a person waits for Slack's answer, once the message is on its way."""
PATIENCE: Final = 5.0
"""Seconds for which a person waits for a message's turn: after that, it comes by itself."""

EDITS: Final = {Step.EDIT_CARD, Step.EDIT_WARNING}
"""What waits until all else is told: Slack allows few edits."""
Channel = tuple[str, str]
"""The ids of a team and of a channel in it."""


class Outbox:
    """Delivers what is due in ``store``; ``look`` is what all its messages have in common.

    ``first_pause`` and ``disk_pause`` are the seconds before Slack and the disk are tried again; a person
    waits ``patience`` seconds for the turn of a message, and ``send_seconds`` for what comes of it.
    """

    def __init__(
        self,
        store: Store,
        slack: Sender,
        context: notices.MessageContext,
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
        self._lanes: dict[Channel, asyncio.Event] = {}
        """What wakes each channel that is being served."""
        self._turns: defaultdict[Channel, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._new_pause = partial(Rest, first=first_pause, longest=LONGEST_PAUSE)
        self._pauses: defaultdict[Channel, Rest] = defaultdict(self._new_pause)
        self._failures: dict[Key, int] = {}
        """How often in a row Slack could not serve each subscription: others of its channel go first then."""
        self._all_pause = self._new_pause()
        self._failing: set[Channel] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._is_ending = False
        self.trouble: NotTaken | None = None
        """What keeps it from sending anything at present: Slack refuses the bot itself."""

    async def run(self) -> None:
        """Deliver, until cancelled: first what is due from before, then what it is woken for."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                for subscriptions in (await self._store.followed()).values():
                    for subscription in subscriptions:
                        if next_step(subscription):
                            self.wake(subscription.key)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # what wakes it from now on is delivered after the next start

    def wake(self, key: Key) -> None:
        """Say that something may be due for a subscription."""
        channel = _channel_of(key)
        if channel in self._lanes:
            self._lanes[channel].set()
        elif self._tasks:
            self._lanes[channel] = asyncio.Event()
            self._tasks.create_task(self._serve(channel))

    @property
    def is_sending(self) -> bool:
        """Whether a message is on its way, or still to be written down."""
        return bool(self._sending)

    async def drain(self, seconds: float) -> None:
        """Begin nothing new, and wait for what is on its way to Slack, so many seconds at most."""
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
        """Take the next step for a subscription, if its turn comes while a person would wait for it.

        Slack's refusal is written down, not raised.
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
        await self._wait_for_pace(subscription, step, urgent=patience is not None)
        turn = self._turns[_channel_of(key)]
        await turn.acquire()
        sending: asyncio.Task[None] | None = None
        try:
            subscription, still = await self._next(key)  # it may have changed while this waited
            if subscription and still is step and self._may_begin(key, patience):
                sending = asyncio.create_task(
                    self._perform(subscription, step, person_is_here=person_is_here)
                )
        finally:
            if sending is None:
                turn.release()
        if sending:
            await self._unbroken(sending, turn)

    async def _next(self, key: Key) -> tuple[Subscription | None, Step | None]:
        subscription = await self._store.get(key)
        return subscription, next_step(subscription) if subscription else None

    def _may_begin(self, key: Key, patience: asyncio.Timeout | None) -> bool:
        """Say so, and let patience last for what begins. What a person asks for is tried in a pause too."""
        if patience and not patience.expired():
            patience.reschedule(_now() + self._send_seconds)
        return not self._is_ending and (patience is not None or self._pause_of(_channel_of(key)) <= 0)

    async def _unbroken(self, sending: asyncio.Task[None], turn: asyncio.Lock) -> None:
        """Let a message on its way arrive and be written down, even if the one who sent it is stopped.

        Only then is it the next one's turn.
        """
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        sending.add_done_callback(lambda _: turn.release())
        await asyncio.shield(sending)

    async def _serve(self, channel: Channel) -> None:
        """Deliver to one channel until nothing is due there."""
        woken = self._lanes[channel]
        try:
            while not self._is_ending:
                woken.clear()
                if first := await self._first_due(channel):
                    await self._deliver_at(*first, woken)
                elif not woken.is_set():
                    return
        finally:
            del self._lanes[channel]
            self._forget(channel)

    def _forget(self, channel: Channel) -> None:
        """Keep nothing of a channel in which nothing is due."""
        self._failing.discard(channel)
        self._pauses.pop(channel, None)
        self._failures = {key: each for key, each in self._failures.items() if _channel_of(key) != channel}
        if channel in self._turns and not self._turns[channel].locked():
            del self._turns[channel]

    async def _first_due(self, channel: Channel) -> tuple[float, Subscription] | None:
        """Choose what a channel is told next: what was noticed first; cards are edited when all is told."""
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

    async def _deliver_at(self, at: float, subscription: Subscription, woken: asyncio.Event) -> None:
        """Deliver if it is time; otherwise wait until then, or until something else is due."""
        wait = max(at - time.time(), self._pause_of(_channel_of(subscription.key)))
        if next_step(subscription) in EDITS:
            wait = max(wait, self._slack.edit_delay())  # it may be long, and notices go first
        if wait <= 0:
            await self._deliver(subscription.key)
            return
        with suppress(TimeoutError):  # asyncio.wait_for of Python 3.11 may swallow that it is stopped
            async with asyncio.timeout(wait):
                await woken.wait()

    def _pause_of(self, channel: Channel) -> float:
        """Say for how many seconds a channel is left alone."""
        paused_until = self._pauses[channel].until if channel in self._pauses else 0.0
        return max(paused_until, self._all_pause.until) - _now()

    async def _wait_for_pace(self, subscription: Subscription, step: Step, *, urgent: bool) -> None:
        if step in EDITS:
            await self._slack.may_edit()
        elif step is not Step.FORGET:
            await self._slack.may_post(_where(subscription, step), urgent=urgent)

    async def _perform(self, subscription: Subscription, step: Step, *, person_is_here: bool) -> None:
        """Take one step, and write down what came of it."""
        channel = _channel_of(subscription.key)
        change: Change | None
        try:
            if unsent := await self._unsent(subscription, step):
                await self._store.change(subscription.key, unsent)
                return
            if self._store.trouble:
                await self._store.check()  # what can't be written down must not be sent
            change = await self._send(subscription, step)
        except StoreTrouble:
            self._pauses[channel].begin()
            return
        except NotTaken as error:
            self._metrics.delivery(step.name.lower(), error.refusal.name.lower(), error.code)
            change = self._after(
                error, subscription, step, person_knows=person_is_here or await self._knows(subscription)
            )
        else:
            self._metrics.delivery(step.name.lower())
            log.info("told", extra=_about(subscription, step))
            if step in (Step.POST_CARD, Step.POST_NOTICE):
                await self._reopen(channel)
        if change is not None:
            self._works(channel)
            self._failures.pop(subscription.key, None)
            await self._record(subscription, change)

    async def _unsent(self, subscription: Subscription, step: Step) -> Change | None:
        """Say what changes where nothing has to be sent; None where something has. Raises StoreTrouble."""
        if step is Step.FORGET:
            return changes.forgotten
        of_channel = await self._store.of_channel(*_channel_of(subscription.key))
        if step is Step.TELL_PERSON and changes.is_known(subscription, of_channel):
            return changes.person_told()
        if step is Step.EDIT_WARNING and (heir := changes.also_warned(subscription, of_channel)):
            await self._store.change(heir.key, changes.person_told(subscription.warning))
            return changes.warning_edited
        return None

    async def _knows(self, subscription: Subscription) -> bool:
        return changes.is_known(subscription, await self._store.of_channel(*_channel_of(subscription.key)))

    async def _reopen(self, channel: Channel) -> None:
        """Try all that is paused in a channel, now that Slack takes messages there again."""
        now = int(time.time())
        for each in await self._store.of_channel(*channel):
            if each.pause and each.pause.next_try > now:
                with suppress(StoreTrouble):
                    await self._store.change(each.key, changes.reopened)
                self.wake(each.key)

    async def _send(self, subscription: Subscription, step: Step) -> Change:
        """Send what the step asks for; what Slack calls malformed goes as plain text. Raises NotTaken."""
        message = self._message(subscription, step)
        try:
            return await self._send_as(message, subscription, step)
        except NotTaken as error:
            if error.refusal is not Refusal.OUR_FAULT:
                raise
            told = "Slack calls a message malformed, so it goes as plain text"
            log.warning(told, extra=_about(subscription, step, code=error.code))
            return await self._send_as(without_blocks(message), subscription, step)

    def _message(self, subscription: Subscription, step: Step) -> Message:
        """Make the message. A mistake of ours in it may cost its looks, but not the word."""
        try:
            return self._render(subscription, step)
        except Exception:
            log.exception("a message can't be made", extra=_about(subscription, step))
            return notices.plain_text(subscription)

    def _render(self, subscription: Subscription, step: Step) -> Message:
        if step is Step.TELL_PERSON:
            return notices.paused(subscription, self._context)
        if step is Step.EDIT_WARNING:
            return notices.pause_over(subscription)
        if step is Step.POST_NOTICE and subscription.notice:
            return notices.notice(subscription, subscription.notice)
        return notices.card(subscription, self._context, now=int(time.time()))

    async def _send_as(self, message: Message, subscription: Subscription, step: Step) -> Change:
        if step is Step.TELL_PERSON:
            return changes.person_told(await self._slack.post(_where(subscription, step), message))
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

    def _after(
        self, error: NotTaken, subscription: Subscription, step: Step, *, person_knows: bool
    ) -> Change | None:
        """Say what changes with a refusal; None where only time can help."""
        now, refusal = int(time.time()), error.refusal
        if refusal is Refusal.LATER:
            self._failures[subscription.key] = self._failures.get(subscription.key, 0) + 1
            self._fails(_channel_of(subscription.key), error)
            return None
        if refusal is Refusal.CREDENTIALS:
            self._is_refused(error)
            return None
        change = changes.refused(error.code, now, person_knows=person_knows)
        if step is Step.TELL_PERSON:
            change = changes.person_told()  # nobody can be told; the list in the channel still says it
        elif step is Step.EDIT_WARNING:
            change = changes.warning_edited
        elif refusal is Refusal.MESSAGE_GONE:
            change = changes.card_lost(error.code, now)
        pauses = (
            step not in (Step.TELL_PERSON, Step.EDIT_WARNING)
            and (after := change(subscription))
            and after.pause != subscription.pause
        )
        told = "; the subscription is paused, and tried again later" if pauses else ""
        log.warning("Slack refuses a message%s", told, extra=_about(subscription, step, code=error.code))
        return change

    async def _record(self, subscription: Subscription, change: Change) -> None:
        """Write down what Slack took. Until the disk lets it, nothing else is sent to this channel."""

        def same(now: Subscription) -> Subscription | None:
            # Another one may have been made in its place meanwhile.
            return change(now) if now.subscribed_at == subscription.subscribed_at else now

        while True:
            try:
                await self._store.change(subscription.key, same)
            except StoreTrouble:
                await asyncio.sleep(self._disk_pause)
            else:
                return

    def _fails(self, channel: Channel, error: NotTaken) -> None:
        if not self._failing:
            fields = about(channel=channel[1], code=error.code, cause=str(error))
            log.warning("Slack does not take a message; trying again", extra=fields)
        self._failing.add(channel)
        if not error.retry_after:  # otherwise that method is held, and everything else goes on
            self._pauses[channel].begin()

    def _is_refused(self, error: NotTaken) -> None:
        if not self.trouble:
            log.error(en.DELIVERY_REFUSED, extra=about(code=error.code))
        self.trouble = error
        self._all_pause.begin()

    def _works(self, channel: Channel) -> None:
        """Note that Slack gave a channel a proper answer."""
        self._pauses.pop(channel, None)
        was_failing = bool(self._failing) or self.trouble is not None
        self._failing.discard(channel)
        if self.trouble:
            self._all_pause, self.trouble = self._new_pause(), None
            for woken in self._lanes.values():
                woken.set()
        if was_failing and not self._failing:
            log.info("Slack takes messages again")


def _about(subscription: Subscription, step: Step, *, code: str = "") -> dict[str, Any]:
    return about(job=subscription.job_id, channel=subscription.channel_id, step=step.name.lower(), code=code)


def _where(subscription: Subscription, step: Step) -> str:
    """Name the conversation in which a step is taken."""
    return subscription.subscribed_by if step is Step.TELL_PERSON else subscription.channel_id


def _channel_of(key: Key) -> Channel:
    return key.team_id, key.channel_id


def _now() -> float:
    return asyncio.get_running_loop().time()
