"""What comes after the acknowledgement: the work, and an answer to the person, whatever happens.

A listener only acknowledges and starts this. Bolt keeps no hold on the tasks that it starts, waits for none
at the end, and turns the acknowledgement into a 404 if a listener raises within 10 ms of it. So the work has
tasks of its own here, which are waited for, and in which every error becomes a sentence to the person.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import stamina
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot import cards
from bot.errors import BeingStopped, MetaStudioError, VoiceJobError
from bot.mrkdwn import Message

log = logging.getLogger(__name__)

TRIES: Final = 3
"""How often an answer is sent until Slack takes it. One that comes twice does no harm."""
LONGEST_PAUSE: Final = 60.0
"""Seconds: later, nobody waits for the answer any more."""
GOODBYE_SECONDS: Final = 2.0
"""How long the end waits once more, for those to be told whom it leaves without an answer."""
DONE: Final = "done"


class Replace(Enum):
    """Whether an answer takes the place of the message whose button was pressed."""

    NEVER = auto()
    IF_DONE = auto()
    ALWAYS = auto()


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person asks for, and where the answer goes."""

    about: str
    """What it is, for the log."""
    value: str
    """The job id mostly: what a button carries that asks the same once more."""
    response_url: str
    replace: Replace = Replace.NEVER
    again: str = cards.TRY_AGAIN
    """The action_id that asks the same once more."""


Work = Callable[[], Awaitable[Message | None]]
"""Makes the answer; None where there is nothing to say."""


class Answers:
    """Answers to people, all sent by ``session``."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asking: set[asyncio.Task[Any]] = set()
        """Those of the tasks that have no answer yet."""

    def give(self, question: Question, work: Work) -> None:
        """Start to do what a person asks for, and to answer; returns at once."""
        task = asyncio.create_task(self._give(question, work))
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

    async def _give(self, question: Question, work: Work) -> None:
        started = time.monotonic()
        message, outcome = await _message(question, work)
        if task := asyncio.current_task():
            self._asking.discard(task)
        seconds = time.monotonic() - started
        log.info("%s: job=%.66r seconds=%.2f %s", question.about, question.value, seconds, outcome)
        wish = question.replace
        replaces = wish is Replace.ALWAYS or (wish is Replace.IF_DONE and outcome == DONE)
        if message:
            await self._answer(question.response_url, ephemeral(message), replaces=replaces)

    async def _answer(self, response_url: str, message: dict[str, Any], *, replaces: bool) -> None:
        # slack_sdk's own handlers don't see a status of 5xx here, so they stay out of it.
        webhook = AsyncWebhookClient(response_url, session=self._session, retry_handlers=[])
        try:
            async for attempt in stamina.retry_context(on=pause_before_resend, attempts=TRIES, timeout=None):
                with attempt:
                    _check(await webhook.send(**message, replace_original=replaces))
        except NotTakenError as error:
            log.warning("Slack did not take an answer: %s", error)
        except Exception as error:  # noqa: BLE001  whatever it is, the bot goes on
            # What it says may hold the response_url, with which anybody could answer.
            log.warning("Slack can't be reached with an answer: %s", type(error).__name__)


async def _message(question: Question, work: Work) -> tuple[Message | None, str]:
    """Make the answer, and a word on it for the log, which gets nothing that a person typed."""

    def problem(error: VoiceJobError) -> Message:
        return cards.problem(error, job_id=question.value, again=question.again)

    try:
        return await work(), DONE
    except MetaStudioError as error:
        return problem(error), str(error)
    except VoiceJobError as error:
        return problem(error), type(error).__name__
    except asyncio.CancelledError:
        return problem(BeingStopped()), "stopped"
    except Exception:
        log.exception("%s failed: job=%.66r", question.about, question.value)
        return problem(VoiceJobError()), "failed"


class NotTakenError(Exception):
    """Slack refused an answer; ``status`` is of HTTP, ``retry_after`` in seconds, if Slack named a time."""

    def __init__(self, response: WebhookResponse) -> None:
        super().__init__(f"status={response.status_code} {response.body[:40]!r}")
        self.status = response.status_code
        named = response.headers.get("Retry-After", "")
        self.retry_after = float(named) if named.isdecimal() else 0.0


def _check(response: WebhookResponse) -> None:
    """Raise NotTakenError unless Slack took the answer: slack_sdk only returns the status."""
    if response.status_code != HTTPStatus.OK:
        raise NotTakenError(response)


def pause_before_resend(error: Exception) -> bool | float:
    """Decide whether to send an answer again: no, yes after the usual pause, or yes after so many seconds."""
    if not isinstance(error, NotTakenError):
        return isinstance(error, aiohttp.ClientError | TimeoutError | UnicodeDecodeError)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return error.retry_after <= LONGEST_PAUSE and (error.retry_after or True)
    return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def ephemeral(message: Message) -> dict[str, Any]:
    """Address a message to the one person who asked."""
    return {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}
