"""The watcher: asks MetaStudio what the watch policy wants to know, and records in the store what changed."""

import asyncio
import logging
import math
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from bot.domain.jobs import Job
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import MetaStudioError, StoreTrouble, VoiceJobError
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.store import Store
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics
from bot.watch.answers import Answers
from bot.watch.followed import FollowedRecords
from bot.watch.list_policy import LIST_SUSPENSION
from bot.watch.pauses import RARELY, Pauses, is_refusal, jittered
from bot.watch.policy import Policy
from bot.watch.questions import Answer

log = logging.getLogger(__name__)

IDLE: Final = 50.0
"""Seconds between two requests, which only show that MetaStudio answers, while no job is followed."""
REMEDY: Final = ": `voicejob check` says what to do, and a new setting needs a restart, but no secret's file"


class Watcher:
    """Checks the jobs of ``store`` every ``poll`` seconds, and records their changes there.

    ``rarely`` is the longest pause while MetaStudio refuses the bot, ``list_suspension`` for how many seconds
    a wrong list is not used. The policy decides what is asked, and what the answers mean.
    """

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        *,
        poll: float,
        rates: RateLimits = RATE_LIMITS,
        rarely: float = RARELY,
        list_suspension: float = LIST_SUSPENSION,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._metastudio = metastudio
        self._metrics = metrics or Metrics()
        self._clock = clock or Clock()
        self._wide_heard = asyncio.Event()
        self._records = FollowedRecords(store, self._wide_heard.set, self._metrics)
        self._answers = Answers(metastudio, self._records, self._clock)
        self._pauses = Pauses(poll=poll, rarely=rarely, rates=rates)
        most = max(1, int(poll / metastudio.throttle.pause))
        self._policy = Policy(poll=poll, most=most, rates=rates, list_suspension=list_suspension)
        self._log = LogOnce(log)
        self._woken = asyncio.Event()
        self._began_at = _now()
        self.idle = IDLE
        self.is_current = False
        """Whether the last check succeeded."""
        self.on_current: Callable[[], None] = lambda: None
        """Called when a check succeeds after the start, or after one that failed."""
        self.trouble: VoiceJobError | None = None
        """The error of the last check; None if it succeeded."""

    async def run(self) -> None:
        """Check every ``poll`` seconds until cancelled; less often while MetaStudio refuses the bot.

        When the wide subscriptions are others, the next check begins at once, unless the last one failed.
        """
        while True:
            self._woken.clear()  # before the check: what wakes it during one that fails must not get lost
            self._wide_heard.clear()
            pause = jittered(await self._check_safely(), random.random())  # noqa: S311  no secret
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wakes_early().wait()

    def _wakes_early(self) -> asyncio.Event:
        """Return what ends the pause after a check."""
        if self.is_refused:
            return self._woken
        return self._wide_heard if self.trouble is None else asyncio.Event()

    @property
    def silence(self) -> float:
        """Seconds since MetaStudio's last good answer, or since the start."""
        return _now() - max(self._began_at, self._policy.served_at)

    @property
    def was_served(self) -> bool:
        """Whether MetaStudio has given a good answer since the start."""
        return self._policy.served_at > -math.inf

    @property
    def is_refused(self) -> bool:
        """Whether MetaStudio refuses the bot itself."""
        return is_refusal(self.trouble)

    def retry_soon(self) -> None:
        """Start the next check at once if the last one was refused, after a person's request succeeded."""
        self._woken.set()

    def checked_at(self, job_id: str) -> int | None:
        """Return when a job was last checked, in epoch seconds; None if not since the start."""
        at = self._policy.checked_at(job_id)
        return None if at == -math.inf else int(self._clock() - _now() + at)

    async def check_now(self, job_id: str) -> None:
        """Check one job at a person's request. Raises MetaStudioError, StoreTrouble."""
        asked_at = self._metastudio.asked_at(job_id)
        await self.person_saw(job_id, await self._metastudio.stated_job(job_id), asked_at)

    async def person_saw(self, job_id: str, job: Job, asked_at: float) -> None:
        """Record a job as a person got it: answers to earlier requests are ignored. Raises StoreTrouble.

        ``asked_at`` is when the request was sent, in seconds of the event loop's clock.
        """
        await self._records.refresh(self._policy)
        answer = Answer(job, asked_at, _now(), self._clock())
        await self._answers.to(self._policy.jobs.person_saw(job_id, answer))

    async def check(self) -> bool:
        """Check all jobs, or as many as the rate of requests allows; return whether MetaStudio was asked.

        Raises MetaStudioError, StoreTrouble.
        """
        await self._records.refresh(self._policy)
        return await self._answers.to(self._policy.check(_now(), idle=0.0 if self.trouble else self.idle))

    async def _check_safely(self) -> float:
        """Check once; return the seconds until the next check."""
        started = _now()
        try:
            has_asked = await self.check()
        except (MetaStudioError, StoreTrouble) as error:
            self._metrics.check(_now() - started, type(error).__name__)
            return self._failed(error)
        if has_asked:
            self._metrics.check(_now() - started)
        self.trouble, was_current, self.is_current = None, self.is_current, True
        if not was_current:
            self.on_current()
        self._log.recovered("jobs can be checked again")
        return self._pauses.succeeded()

    def _failed(self, error: MetaStudioError | StoreTrouble) -> float:
        """Record why a check failed; return the seconds until the next check."""
        self.trouble, self.is_current = error, False
        pause = self._pauses.failed(error, self._metastudio.throttle.held)
        if isinstance(error, MetaStudioError):  # the store has logged its own
            line = f"jobs can't be checked ({type(error).__name__}); next try in %.0f seconds"
            self._log.failed(line + (REMEDY if self.is_refused else ""), pause, about=about(error=error))
        return pause


def _now() -> float:
    return asyncio.get_running_loop().time()
