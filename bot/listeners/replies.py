"""What comes after the acknowledgement: the work, and a reply to the person, whatever happens.

A listener only acknowledges and starts this. Bolt keeps no reference to the tasks that it starts, waits for
none at the end, and turns the acknowledgement into a 404 if a listener raises within 10 ms of it. So the work
has tasks of its own here, which are waited for, and in which every error becomes a sentence to the person.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any, Final

from bot.errors import BeingStopped, VoiceJobError
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.slack.replies import ReplySender, ReplyTarget
from bot.telemetry.logs import about
from bot.telemetry.metrics import TYPED, Metrics

log = logging.getLogger(__name__)

LAST_REPLIES_SECONDS: Final = 2.0
"""How long the end waits once more, for those to be told whom it leaves without an answer."""
DONE: Final = "done"


class Replace(Enum):
    """Whether a reply takes the place of the message whose button was pressed."""

    NEVER = auto()
    IF_DONE = auto()
    ALWAYS = auto()


@dataclass(frozen=True, kw_only=True)
class PendingReply:
    """What a person asks for, and where the reply goes."""

    about: str
    """What it is, for the log."""
    value: str
    """The job id mostly: what a button carries that asks the same once more."""
    target: ReplyTarget | None
    """None: it is done, and nothing is said."""
    channel: str = ""
    """The id of the channel that it is about."""
    replace: Replace = Replace.NEVER
    again: str = job_card.TRY_AGAIN
    """The action_id that asks the same once more."""
    kind: str = TYPED
    """Whether it was typed or pressed."""

    def log_fields(
        self, *, seconds: float | None = None, outcome: str = "", error: Exception | None = None
    ) -> dict[str, Any]:
        """Return the fields of a line of the log; ``seconds`` is how long the work took."""
        job = self.value.partition(" ")[0]  # a button elsewhere carries its channel too
        return about(job=job, channel=self.channel, seconds=seconds, outcome=outcome, error=error)


Work = Callable[[], Awaitable[Message | None]]
"""Makes the reply; None where there is nothing to say."""


class Replies:
    """Does what people ask for in tasks of its own, and has ``sender`` send the replies."""

    def __init__(self, sender: ReplySender, metrics: Metrics | None = None) -> None:
        self._sender = sender
        self._metrics = metrics or Metrics()
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        """Those of the tasks that have no reply yet."""

    def start(self, pending: PendingReply, work: Work) -> None:
        """Start to do what a person asks for, and to reply; returns at once."""
        task = asyncio.create_task(self._run(pending, work))
        self._tasks.add(task)
        self._working.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._working.discard)

    async def drain(self, seconds: float) -> None:
        """Wait for the replies under way, so many seconds at most; then tell those who still wait so."""
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
        message, outcome, error = await _outcome(pending, partial(self._in_turn, work))
        if task := asyncio.current_task():
            self._working.discard(task)
        seconds = time.monotonic() - started
        log.info(pending.about, extra=pending.log_fields(seconds=seconds, outcome=outcome, error=error))
        counted_as = type(error).__name__ if error else outcome
        self._metrics.interaction(pending.kind, pending.about, counted_as, seconds=seconds)
        if message and pending.target:
            is_done = outcome == DONE
            replaces = pending.replace is Replace.ALWAYS or (pending.replace is Replace.IF_DONE and is_done)
            await self._sender.send(pending.target, message, replaces=replaces)

    async def _in_turn(self, work: Work) -> Message | None:
        """Begin one piece of work at a time, and let the loop do all else that is due before the next one.

        Slack waits three seconds for an acknowledgement, and people for as long as they like.
        """
        async with self._starting:
            await asyncio.sleep(0)
        return await work()


async def _outcome(pending: PendingReply, work: Work) -> tuple[Message | None, str, VoiceJobError | None]:
    """Do the work; return the reply, a word on it for the log, and the error that it failed with."""

    def problem(error: VoiceJobError) -> Message:
        return job_card.problem(error, job_id=pending.value, again=pending.again)

    try:
        return await work(), DONE, None
    except VoiceJobError as error:
        return problem(error), "refused", error
    except asyncio.CancelledError:
        return problem(BeingStopped()), "stopped", None
    except Exception:
        log.exception("%s failed", pending.about, extra=pending.log_fields())
        return problem(VoiceJobError()), "failed", None
