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
from bot.network.retries import Rest
from bot.slack.sender import NotTaken, Slack
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
        slack: Slack,
        look: notices.Look,
        *,
        first_pause: float = FIRST_PAUSE,
        disk_pause: float = DISK_PAUSE,
        patience: float = PATIENCE,
        send_seconds: float = SEND_SECONDS,
        metrics: Metrics | None = None,
    ) -> None:
        self._store = store
        self._slack = slack
        self._look = look
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
                    for kept in subscriptions:
                        if next_step(kept):
                            self.wake(kept.key)
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
        kept, step = await self._next(key)
        if kept is None or step is None:
            return
        await self._wait_for_pace(kept, step, first=patience is not None)
        turn = self._turns[_channel_of(key)]
        await turn.acquire()
        sending: asyncio.Task[None] | None = None
        try:
            kept, still = await self._next(key)  # it may have changed while this waited
            if kept and still is step and self._may_begin(key, patience):
                sending = asyncio.create_task(self._take(kept, step, person_is_here=person_is_here))
        finally:
            if sending is None:
                turn.release()
        if sending:
            await self._unbroken(sending, turn)

    async def _next(self, key: Key) -> tuple[Subscription | None, Step | None]:
        kept = await self._store.get(key)
        return kept, next_step(kept) if kept else None

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
            (max(at, now), kept)
            for kept in await self._store.of_channel(*channel)
            if (at := next_time(kept, int(now))) is not None
        ]

        def order(each: tuple[float, Subscription]) -> tuple[float, int, bool, int]:
            at, kept = each
            since = kept.notice.since if kept.notice else 0
            return at, self._failures.get(kept.key, 0), next_step(kept) in EDITS, since

        return min(due, key=order, default=None)

    async def _deliver_at(self, at: float, kept: Subscription, woken: asyncio.Event) -> None:
        """Deliver if it is time; otherwise wait until then, or until something else is due."""
        wait = max(at - time.time(), self._pause_of(_channel_of(kept.key)))
        if next_step(kept) in EDITS:
            wait = max(wait, self._slack.pause_of_edits())  # it may be long, and notices go first
        if wait <= 0:
            await self._deliver(kept.key)
            return
        with suppress(TimeoutError):  # asyncio.wait_for of Python 3.11 may swallow that it is stopped
            async with asyncio.timeout(wait):
                await woken.wait()

    def _pause_of(self, channel: Channel) -> float:
        """Say for how many seconds a channel is left alone."""
        paused_until = self._pauses[channel].until if channel in self._pauses else 0.0
        return max(paused_until, self._all_pause.until) - _now()

    async def _wait_for_pace(self, kept: Subscription, step: Step, *, first: bool) -> None:
        if step in EDITS:
            await self._slack.may_edit()
        elif step is not Step.FORGET:
            await self._slack.may_post(_where(kept, step), first=first)

    async def _take(self, kept: Subscription, step: Step, *, person_is_here: bool) -> None:
        """Take one step, and write down what came of it."""
        channel = _channel_of(kept.key)
        change: Change | None
        try:
            if unsent := await self._unsent(kept, step):
                await self._store.change(kept.key, unsent)
                return
            if self._store.trouble:
                await self._store.check()  # what can't be written down must not be sent
            change = await self._send(kept, step)
        except StoreTrouble:
            self._pauses[channel].begin()
            return
        except NotTaken as error:
            self._metrics.delivery(step.name.lower(), error.refusal.name.lower(), error.code)
            change = self._after(error, kept, step, person_knows=person_is_here or await self._knows(kept))
        else:
            self._metrics.delivery(step.name.lower())
            log.info("told", extra=_about(kept, step))
            if step in (Step.POST_CARD, Step.POST_NOTICE):
                await self._reopen(channel)
        if change is not None:
            self._works(channel)
            self._failures.pop(kept.key, None)
            await self._keep(kept, change)

    async def _unsent(self, kept: Subscription, step: Step) -> Change | None:
        """Say what changes where nothing has to be sent; None where something has. Raises StoreTrouble."""
        if step is Step.FORGET:
            return changes.forgotten
        of_channel = await self._store.of_channel(*_channel_of(kept.key))
        if step is Step.TELL_PERSON and changes.is_known(kept, of_channel):
            return changes.person_told()
        if step is Step.EDIT_WARNING and (heir := changes.also_warned(kept, of_channel)):
            await self._store.change(heir.key, changes.person_told(kept.warning))
            return changes.warning_edited
        return None

    async def _knows(self, kept: Subscription) -> bool:
        return changes.is_known(kept, await self._store.of_channel(*_channel_of(kept.key)))

    async def _reopen(self, channel: Channel) -> None:
        """Try all that is paused in a channel, now that Slack takes messages there again."""
        now = int(time.time())
        for each in await self._store.of_channel(*channel):
            if each.pause and each.pause.next_try > now:
                with suppress(StoreTrouble):
                    await self._store.change(each.key, changes.reopened)
                self.wake(each.key)

    async def _send(self, kept: Subscription, step: Step) -> Change:
        """Send what the step asks for; what Slack calls malformed goes as plain text. Raises NotTaken."""
        message = self._message(kept, step)
        try:
            return await self._send_as(message, kept, step)
        except NotTaken as error:
            if error.refusal is not Refusal.OUR_FAULT:
                raise
            told = "Slack calls a message malformed, so it goes as plain text"
            log.warning(told, extra=_about(kept, step, code=error.code))
            return await self._send_as(without_blocks(message), kept, step)

    def _message(self, kept: Subscription, step: Step) -> Message:
        """Make the message. A mistake of ours in it may cost its looks, but not the word."""
        try:
            return self._made(kept, step)
        except Exception:
            log.exception("a message can't be made", extra=_about(kept, step))
            return notices.plainly(kept)

    def _made(self, kept: Subscription, step: Step) -> Message:
        if step is Step.TELL_PERSON:
            return notices.paused(kept, self._look)
        if step is Step.EDIT_WARNING:
            return notices.pause_over(kept)
        if step is Step.POST_NOTICE and kept.notice:
            return notices.notice(kept, kept.notice)
        return notices.card(kept, self._look, now=int(time.time()))

    async def _send_as(self, message: Message, kept: Subscription, step: Step) -> Change:
        if step is Step.TELL_PERSON:
            return changes.person_told(await self._slack.post(_where(kept, step), message))
        if step is Step.EDIT_WARNING and kept.warning:
            await self._slack.edit(kept.warning.channel_id, kept.warning.ts, message)
            return changes.warning_edited
        if step is Step.POST_NOTICE and kept.card and kept.notice:
            broadcast = kept.level is Level.ALL or kept.notice.is_important
            await self._slack.post(kept.channel_id, message, thread_ts=kept.card.ts, broadcast=broadcast)
            return changes.notice_posted(kept.notice, int(time.time()))
        if step is Step.EDIT_CARD and kept.card:
            await self._slack.edit(kept.channel_id, kept.card.ts, message)
            return changes.card_edited(kept.face, int(time.time()))
        posted = await self._slack.post(kept.channel_id, message)
        return changes.card_posted(kept, posted.ts, int(time.time()))

    def _after(self, error: NotTaken, kept: Subscription, step: Step, *, person_knows: bool) -> Change | None:
        """Say what changes with a refusal; None where only time can help."""
        now, refusal = int(time.time()), error.refusal
        if refusal is Refusal.LATER:
            self._failures[kept.key] = self._failures.get(kept.key, 0) + 1
            self._fails(_channel_of(kept.key), error)
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
            and (after := change(kept))
            and after.pause != kept.pause
        )
        told = "; the subscription is paused, and tried again later" if pauses else ""
        log.warning("Slack refuses a message%s", told, extra=_about(kept, step, code=error.code))
        return change

    async def _keep(self, kept: Subscription, change: Change) -> None:
        """Write down what Slack took. Until the disk lets it, nothing else is sent to this channel."""

        def same(now: Subscription) -> Subscription | None:
            # Another one may have been made in its place meanwhile.
            return change(now) if now.subscribed_at == kept.subscribed_at else now

        while True:
            try:
                await self._store.change(kept.key, same)
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
            remedy = "`voicejob check` says what to do, and a new token needs a restart"
            told = f"Slack refuses the bot; nothing is lost, and it tries again: {remedy}"
            log.error(told, extra=about(code=error.code))
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


def _about(kept: Subscription, step: Step, *, code: str = "") -> dict[str, Any]:
    return about(job=kept.job_id, channel=kept.channel_id, step=step.name.lower(), code=code)


def _where(kept: Subscription, step: Step) -> str:
    """Name the conversation in which a step is taken."""
    return kept.subscribed_by if step is Step.TELL_PERSON else kept.channel_id


def _channel_of(key: Key) -> Channel:
    return key.team_id, key.channel_id


def _now() -> float:
    return asyncio.get_running_loop().time()
