"""Background tasks after the acknowledgement: the work, then a reply to the person, also after errors.

A listener only acknowledges and starts this. Bolt keeps no reference to the tasks that it starts, waits for
none at the end, and turns the acknowledgement into a 404 if a listener raises within 10 ms of it. So the work
has tasks of its own here, which are waited for, and in which every error becomes a sentence to the person.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from bot.errors import BadUsage, BeingStopped, VoiceJobError
from bot.listeners.readers import LanguageOf, Readers
from bot.messages import guidance, job_card, modals
from bot.messages.blocks import Message
from bot.messages.context import Answer, MessageContext
from bot.services.caller import NOBODY, Caller
from bot.slack.replies import Home, Modal, ReplySender, ReplyTarget
from bot.telemetry.logs import about
from bot.telemetry.metrics import TYPED, Metrics

T = TypeVar("T")
log = logging.getLogger(__name__)

LAST_REPLIES_SECONDS: Final = 2.0
"""Seconds that ``drain`` waits once more, for the replies to requests that it cancelled."""
CHANGES: Final = ("subscribe", "unsubscribe", "subscription_", "board_", "claim_", "language")
"""How the names of the requests begin that change a person's subscriptions, claims or language."""
DONE: Final = "done"
FAILED: Final = "failed"
STOPPED: Final = "stopped"


class Replace(Enum):
    """Whether a reply replaces the message whose button was pressed."""

    NEVER = auto()
    IF_DONE = auto()
    ALWAYS = auto()


@dataclass(frozen=True, kw_only=True)
class PendingReply:
    """A request of a person, and where its reply goes."""

    about: str
    """Name of the request in the log: a verb, an action_id, or a constant."""
    target: ReplyTarget | None
    """None: the work is done without a reply."""
    value: str = ""
    """The value of a button that repeats the request: mostly the job id."""
    caller: Caller = NOBODY
    """Who asks, and about which channel."""
    replace: Replace = Replace.NEVER
    again: str = job_card.TRY_AGAIN
    """The action_id of a button that repeats the request."""
    kind: str = TYPED
    """Type of the interaction, for the metrics: TYPED, PRESSED or OTHER."""
    typed: str = ""
    """What was typed, where a button that repeats the request has to carry that instead of ``value``."""

    @property
    def is_change(self) -> bool:
        """Whether the App Home may look another way afterwards."""
        return self.about.startswith(CHANGES)

    def log_fields(
        self, *, seconds: float | None = None, outcome: str = "", error: Exception | None = None
    ) -> dict[str, Any]:
        """Return the fields of a line of the log; ``seconds`` is how long the work took."""
        job = self.value.partition(" ")[0]  # a button elsewhere carries its channel too
        return about(job=job, channel=self.caller.channel_id, seconds=seconds, outcome=outcome, error=error)


Work = Callable[[], Awaitable[Answer | None]]
"""Does the work and returns the answer, or None for no reply."""


class Homes(Protocol):
    """The App Homes that people have opened."""

    async def show(self, caller: Caller, note: Message) -> None:
        """Publish a person's Home with an answer on top."""
        ...

    def changed(self, user_id: str) -> None:
        """Publish a person's Home anew some time soon, if they have opened it."""
        ...


class Replies:
    """Runs each request in a task of its own, and sends the reply in the person's language."""

    def __init__(
        self,
        sender: ReplySender,
        context: MessageContext,
        language_of: LanguageOf,
        metrics: Metrics | None = None,
    ) -> None:
        self._context = context
        self.readers = Readers(context, language_of)
        self._metrics = metrics or Metrics()
        self.homes: Homes | None = None
        """Where a press in the App Home is answered; None: the answer takes the place of the Home."""
        self.sender = sender
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        """Those of the tasks that have no reply yet."""

    def start(self, pending: PendingReply, work: Work) -> None:
        """Start a task that does ``work`` and replies; returns at once."""
        self._working.add(task := self.run(self._run(pending, work)))
        task.add_done_callback(self._working.discard)

    def start_part(self, pending: PendingReply, work: Work) -> "asyncio.Task[Answer | None]":
        """Start a task that does ``work`` and returns the answer, which the caller sends; it never raises."""
        self._working.add(task := self.run(self._part(pending, work)))
        task.add_done_callback(self._working.discard)
        return task

    def run(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Start a task, which is waited for at the end; returns at once."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def rendered(self, pending: PendingReply, answer: Answer, context: MessageContext) -> Message:
        """Return an answer as a message; one that can't be made is logged, and becomes a problem."""
        try:
            return answer(context)
        except Exception:
            log.exception("%s failed", pending.about, extra=pending.log_fields())
            return _problem(pending, VoiceJobError())(context)

    async def drain(self, seconds: float) -> None:
        """Wait ``seconds`` at most for pending replies; then cancel the work, which replies BeingStopped."""
        if not self._tasks:
            return
        log.info("stopping; answers under way: %d", len(self._tasks))
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late & self._working:
            task.cancel()
        if not late:
            return
        _, unsent = await asyncio.wait(late, timeout=LAST_REPLIES_SECONDS)
        for task in unsent:
            task.cancel()
        if unsent:
            log.warning("stopped; answers that could not be sent: %d", len(unsent))

    async def _run(self, pending: PendingReply, work: Work) -> None:
        started = time.monotonic()
        context = asyncio.ensure_future(self.readers.of(pending.caller))
        message, outcome, error = await self._outcome(pending, work, context)
        if task := asyncio.current_task():
            self._working.discard(task)
        context.cancel()
        self._note(pending, started, outcome, error)
        if message and pending.target:
            await self._send(pending, pending.target, message, is_done=outcome == DONE)
        if self.homes and outcome == DONE and not isinstance(pending.target, Home) and pending.is_change:
            self.homes.changed(pending.caller.user_id)

    async def _send(
        self, pending: PendingReply, target: ReplyTarget, message: Message, *, is_done: bool
    ) -> None:
        if isinstance(target, Home) and self.homes:
            await self.homes.show(pending.caller, message)
            return
        replaces = pending.replace is Replace.ALWAYS or (pending.replace is Replace.IF_DONE and is_done)
        await self.sender.send(target, message, replaces=replaces)

    async def _part(self, pending: PendingReply, work: Work) -> Answer | None:
        started = time.monotonic()
        answer, outcome, error = await self._answer(pending, work)
        self._note(pending, started, outcome, error)
        return answer

    def _note(self, pending: PendingReply, started: float, outcome: str, error: VoiceJobError | None) -> None:
        """Write a request down in the log and the metrics."""
        seconds = time.monotonic() - started
        log.info(pending.about, extra=pending.log_fields(seconds=seconds, outcome=outcome, error=error))
        counted_as = type(error).__name__ if error else outcome
        self._metrics.interaction(pending.kind, pending.about, counted_as, seconds=seconds)

    async def _outcome(
        self, pending: PendingReply, work: Work, reader: "asyncio.Future[MessageContext]"
    ) -> tuple[Message | None, str, VoiceJobError | None]:
        """Do the work; return the reply, the outcome for log and metrics, and the error if it failed."""
        answer, outcome, error = await self._answer(pending, work)
        if answer is None:
            return None, outcome, error
        if outcome == STOPPED:
            reader.cancel()  # there is no time to wait for it
        try:
            context = await reader
        except asyncio.CancelledError:
            context = self._context
        try:
            return _placed(answer(context), pending, context), outcome, error
        except Exception:
            log.exception("%s failed", pending.about, extra=pending.log_fields())
            return _problem(pending, VoiceJobError())(context), FAILED, None

    async def _answer(
        self, pending: PendingReply, work: Work
    ) -> tuple[Answer | None, str, VoiceJobError | None]:
        try:
            return await self._in_turn(work), DONE, None
        except VoiceJobError as error:
            return _problem(pending, error), "refused", error
        except asyncio.CancelledError:
            return _problem(pending, BeingStopped()), STOPPED, None
        except Exception:
            log.exception("%s failed", pending.about, extra=pending.log_fields())
            return _problem(pending, VoiceJobError()), FAILED, None

    async def _in_turn(self, work: Work) -> Answer | None:
        """Begin one piece of work at a time, and let the loop do all else that is due before the next one.

        Slack waits three seconds for an acknowledgement, and people for as long as they like.
        """
        async with self._starting:
            await asyncio.sleep(0)
        return await work()


def _placed(message: Message, pending: PendingReply, context: MessageContext) -> Message:
    """Return an answer as it is shown where it goes: in a modal, with a way back to the jobs in it."""
    is_modal = isinstance(pending.target, Modal) and modals.named_in(pending.target.view)
    return modals.with_back(message, context) if is_modal else message


def _problem(pending: PendingReply, error: VoiceJobError) -> Answer:
    if isinstance(error, BadUsage):
        return partial(guidance.usage, error)
    if pending.typed:
        return partial(guidance.problem, error, job_id=pending.typed, again=guidance.TYPED_AGAIN)
    return partial(guidance.problem, error, job_id=pending.value, again=pending.again)
