"""What comes after the acknowledgement: a look-up, and an answer to the person, whatever happens.

A listener only acknowledges and starts this. Bolt keeps no hold on the tasks that it starts, waits for none
at the end, and turns the acknowledgement into a 404 if a listener raises within 10 ms of it. So the work has
tasks of its own here, which are waited for, and in which every error becomes a sentence to the person.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import stamina
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot import cards
from bot.errors import BeingStopped, MetaStudioError, VoiceJobError
from bot.metastudio.client import MetaStudio

log = logging.getLogger(__name__)

TRIES: Final = 3
"""How often an answer is sent until Slack takes it. One that comes twice does no harm."""
LONGEST_PAUSE: Final = 60.0
"""Seconds: later, nobody waits for the answer any more."""
GOODBYE_SECONDS: Final = 2.0
"""How long the end waits once more, for those to be told whom it leaves without an answer."""
FOUND: Final = "found"


class Replace(Enum):
    """Whether an answer takes the place of the message whose button was pressed."""

    NEVER = auto()
    IF_FOUND = auto()
    ALWAYS = auto()


class Answers:
    """Look-ups for people. All answers share ``session``; ``console_url`` gives a job's page, if known."""

    def __init__(
        self,
        metastudio: MetaStudio,
        session: aiohttp.ClientSession,
        *,
        region: str,
        console_url: Callable[[str], str | None],
    ) -> None:
        self._metastudio = metastudio
        self._session = session
        self._region = region
        self._console_url = console_url
        self._tasks: set[asyncio.Task[Any]] = set()
        self._asking: set[asyncio.Task[Any]] = set()
        """Those of the tasks that have no answer yet."""

    def look_up(self, job_id: str, response_url: str, *, replace: Replace = Replace.NEVER) -> None:
        """Start to look up a job and to answer at ``response_url``; returns at once."""
        task = asyncio.create_task(self._look_up(job_id, response_url, replace))
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

    async def _look_up(self, job_id: str, response_url: str, replace: Replace) -> None:
        started = time.monotonic()
        message, outcome = await self._message(job_id)
        if task := asyncio.current_task():
            self._asking.discard(task)
        log.info("look-up: job=%.66r seconds=%.2f %s", job_id, time.monotonic() - started, outcome)
        replaces = replace is Replace.ALWAYS or (replace is Replace.IF_FOUND and outcome == FOUND)
        await self._answer(response_url, ephemeral(message), replaces=replaces)

    async def _message(self, job_id: str) -> tuple[cards.Message, str]:
        """Make the answer, and a word on it for the log, which gets nothing that a person typed."""
        try:
            return await self._card(job_id), FOUND
        except MetaStudioError as error:
            return cards.problem(error, job_id=job_id), str(error)
        except VoiceJobError as error:
            return cards.problem(error, job_id=job_id), type(error).__name__
        except asyncio.CancelledError:
            return cards.problem(BeingStopped(), job_id=job_id), "stopped"
        except Exception:
            log.exception("look-up failed: job=%.66r", job_id)
            return cards.problem(VoiceJobError(), job_id=job_id), "failed"

    async def _card(self, job_id: str) -> cards.Message:
        job = await self._metastudio.job(job_id)
        return cards.job(
            job, region=self._region, now=int(time.time()), console_url=self._console_url(job_id)
        )

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


def ephemeral(message: cards.Message) -> dict[str, Any]:
    """Address a message to the one person who asked."""
    return {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}
