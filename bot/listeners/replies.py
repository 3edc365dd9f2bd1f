"""What comes after the acknowledgement: the work, and an answer to the person, whatever happens.

A listener only acknowledges and starts this. Bolt keeps no hold on the tasks that it starts, waits for none
at the end, and turns the acknowledgement into a 404 if a listener raises within 10 ms of it. So the work has
tasks of its own here, which are waited for, and in which every error becomes a sentence to the person.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.domain.rates import RATE_LIMITS
from bot.errors import BeingStopped, VoiceJobError
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.network.retries import retried
from bot.slack.clients import webhook_client
from bot.telemetry.logs import about
from bot.telemetry.metrics import TYPED, Metrics

log = logging.getLogger(__name__)

TRIES: Final = 3
"""How often an answer is sent until Slack takes it. One that comes twice does no harm."""
LONGEST_PAUSE: Final = 60.0
"""Seconds: later, nobody waits for the answer any more."""
AT_A_TIME: Final = 20
"""Answers on their way to Slack: more would wait for a connection, and that counts as Slack's time."""
GOODBYE_SECONDS: Final = 2.0
"""How long the end waits once more, for those to be told whom it leaves without an answer."""
DONE: Final = "done"
_CODE: Final = re.compile(r'(?:\{.*"error"\s*:\s*")?([a-z_]{1,40})(?:".*\})?', re.DOTALL)
"""Slack's word for why it does not take an answer, alone or in JSON."""


class Replace(Enum):
    """Whether an answer takes the place of the message whose button was pressed."""

    NEVER = auto()
    IF_DONE = auto()
    ALWAYS = auto()


@dataclass(frozen=True, kw_only=True)
class PendingReply:
    """What a person asks for, and where the answer goes."""

    about: str
    """What it is, for the log."""
    value: str
    """The job id mostly: what a button carries that asks the same once more."""
    response_url: str
    """Empty where Slack gave none, as in a modal: then it is done, and nothing is said."""
    channel: str = ""
    """The id of the channel that it is about."""
    replace: Replace = Replace.NEVER
    again: str = job_card.TRY_AGAIN
    """The action_id that asks the same once more."""
    kind: str = TYPED
    """Whether it was typed or pressed."""

    def told(
        self, *, seconds: float | None = None, outcome: str = "", error: Exception | None = None
    ) -> dict[str, Any]:
        """Make the fields of a line of the log."""
        job = self.value.partition(" ")[0]  # a button elsewhere carries its channel too
        return about(job=job, channel=self.channel, seconds=seconds, outcome=outcome, error=error)


Work = Callable[[], Awaitable[Message | None]]
"""Makes the answer; None where there is nothing to say."""


class Replies:
    """Answers to people, all sent by ``session``; ``first_pause`` is the usual one before a second try."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        metrics: Metrics | None = None,
        *,
        first_pause: float = RATE_LIMITS.resend,
    ) -> None:
        self._session = session
        self._metrics = metrics or Metrics()
        self._first_pause = first_pause
        self._sending = asyncio.Semaphore(AT_A_TIME)
        self._beginning = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asking: set[asyncio.Task[Any]] = set()
        """Those of the tasks that have no answer yet."""

    def give(self, pending: PendingReply, work: Work) -> None:
        """Start to do what a person asks for, and to answer; returns at once."""
        task = asyncio.create_task(self._give(pending, work))
        self._tasks.add(task)
        self._asking.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self._asking.discard)

    async def drain(self, seconds: float) -> None:
        """Wait for the answers under way, so many seconds at most; who waits still then is told so."""
        if not self._tasks:
            return
        log.info("stopping; answers under way: %d", len(self._tasks))
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late & self._asking:
            task.cancel()
        if not late:
            return
        _, unsent = await asyncio.wait(late, timeout=GOODBYE_SECONDS)
        for task in unsent:
            task.cancel()
        if unsent:
            log.warning("stopped; answers that could not be sent: %d", len(unsent))

    async def _give(self, pending: PendingReply, work: Work) -> None:
        started = time.monotonic()
        message, outcome, error = await _message(pending, partial(self._in_turn, work))
        if task := asyncio.current_task():
            self._asking.discard(task)
        seconds = time.monotonic() - started
        log.info(pending.about, extra=pending.told(seconds=seconds, outcome=outcome, error=error))
        became = type(error).__name__ if error else outcome
        self._metrics.interaction(pending.kind, pending.about, became, seconds=seconds)
        wish = pending.replace
        replaces = wish is Replace.ALWAYS or (wish is Replace.IF_DONE and outcome == DONE)
        if message and pending.response_url:
            await self._answer(pending.response_url, ephemeral(message), replaces=replaces)

    async def _in_turn(self, work: Work) -> Message | None:
        """Begin one answer at a time, and let the loop do all else that is due before the next one.

        Slack waits three seconds for an acknowledgement, and people for as long as they like.
        """
        async with self._beginning:
            await asyncio.sleep(0)
        return await work()

    async def _answer(self, response_url: str, message: dict[str, Any], *, replaces: bool) -> None:
        # slack_sdk's own handlers don't see a status of 5xx here, so they stay out of it.
        webhook = webhook_client(self._session, response_url)
        body = message | {"replace_original": replaces}

        async def send() -> None:
            async with self._sending:
                taken = await webhook.send_dict(body)
            _check(taken)

        try:
            await retried(send, tries=TRIES, first=self._first_pause, pause=pause_before_resend)
        except NotTakenError as error:
            told = about(status=str(error.status), code=error.code)
            log.warning("Slack did not take an answer", extra=told)
        except Exception as error:  # noqa: BLE001  whatever it is, the bot goes on
            # What it says may hold the response_url, with which anybody could answer.
            log.warning("Slack can't be reached with an answer", extra=about(error=error))


async def _message(pending: PendingReply, work: Work) -> tuple[Message | None, str, VoiceJobError | None]:
    """Make the answer, a word on it for the log, and what kept it from being one."""

    def problem(error: VoiceJobError) -> Message:
        return job_card.problem(error, job_id=pending.value, again=pending.again)

    try:
        return await work(), DONE, None
    except VoiceJobError as error:
        return problem(error), "refused", error
    except asyncio.CancelledError:
        return problem(BeingStopped()), "stopped", None
    except Exception:
        log.exception("%s failed", pending.about, extra=pending.told())
        return problem(VoiceJobError()), "failed", None


class NotTakenError(Exception):
    """Slack refused an answer; ``status`` is of HTTP, ``retry_after`` in seconds, if Slack named a time.

    ``code`` is Slack's word for why, or empty: another's page in its place may quote the response_url.
    """

    def __init__(self, response: WebhookResponse) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        found = _CODE.fullmatch(response.body)
        self.code = found[1] if found else ""
        named = response.headers.get("Retry-After", "")
        self.retry_after = float(named) if named.isdecimal() else 0.0


def _check(response: WebhookResponse) -> None:
    """Raise NotTakenError unless Slack took the answer: slack_sdk only returns the status."""
    if response.status_code != HTTPStatus.OK:
        raise NotTakenError(response)


def pause_before_resend(error: Exception, usual: float) -> float | None:
    """Say after how many seconds to send an answer again; None: not at all."""
    if isinstance(error, aiohttp.ClientError | TimeoutError | UnicodeDecodeError):
        return usual
    if not isinstance(error, NotTakenError):
        return None
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return error.retry_after + usual if error.retry_after <= LONGEST_PAUSE else None
    return usual if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else None


def ephemeral(message: Message) -> dict[str, Any]:
    """Address a message to the one person who asked."""
    return {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}
