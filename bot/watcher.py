"""The watcher: asks MetaStudio how the followed jobs are, compares, and writes down what is to be told.

Telling it is the outbox's work. While nobody follows a job, nothing is asked.
"""

import asyncio
import heapq
import logging
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bot.edges import Edge
from bot.errors import (
    BadJobId,
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    StoreTrouble,
    UnreadableAnswer,
    VoiceJobError,
    WrongProject,
)
from bot.jobs import Job
from bot.metastudio.client import REQUESTS_PER_SECOND, MetaStudio
from bot.store import Store
from bot.subscriptions import Key, Subscription, due, seen
from bot.sweep import Sweep, Way, cross_checks, is_doubtful, last_change, next_since, way

log = logging.getLogger(__name__)

RARELY: Final = 15 * 60
"""Seconds between two tries while MetaStudio refuses the bot itself: a few wrong signatures lock its key."""
LIST_RESTS: Final = 30 * 60
"""Seconds for which a list that proved wrong is not asked for again."""
GONE_AFTER: Final = 60
"""Seconds between the two checks, at least, that must both miss a job before it counts as gone."""
JITTER: Final = 0.1
"""The share by which the pause between two checks varies."""
FAILURES: Final = 3
"""After so many failures in a row, the rest of a check is left for the next one."""

REFUSED: Final = (CredentialsRefused, PermissionDenied, WrongProject)
"""It is the bot that is refused, whatever it asks: only a person can mend that."""
ODD: Final = (RequestRefused, UnreadableAnswer, BadJobId)
"""It is about this one job: the others may be well."""

Followed = Mapping[str, Sequence[Subscription]]
"""Subscriptions by the id of their job."""


class Watcher:
    """Checks the jobs of ``store`` every ``poll`` seconds; ``changed`` hears which subscriptions changed.

    A job is gone when two checks in a row miss it, ``gone_after`` seconds apart.
    """

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        *,
        poll: float,
        changed: Callable[[Key], None],
        gone_after: float = GONE_AFTER,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._poll = poll
        self._changed = changed
        self._gone_after = gone_after
        self._edge, self._list_edge = Edge(log), Edge(log)
        # All times here are the loop's, but for _since, which is MetaStudio's.
        self._asked: dict[str, float] = {}
        self._checked: dict[str, float] = {}
        self._missing: dict[str, float] = {}
        self._odd: set[str] = set()
        self._listed_at = -math.inf
        self._list_rests_until = -math.inf
        self._since: int | None = None
        self._pages = 1
        self._count = 0
        self.trouble: VoiceJobError | None = None
        """What keeps it from checking at present."""

    async def run(self) -> None:
        """Check again and again, until cancelled."""
        while True:
            pause = await self._check_safely()
            await asyncio.sleep(pause * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311  no secret

    def checked_at(self, job_id: str) -> int | None:
        """Say when a job was last checked, in epoch seconds; None before the first time since the start."""
        at = max(self._listed_at, self._checked.get(job_id, -math.inf))
        return None if at == -math.inf else int(time.time() - _now() + at)

    async def saw(self, job_id: str, job: Job) -> None:
        """Write down how a job is, and what is to be told of it. Raises StoreTrouble."""
        followed = await self._store.followed()
        await self._observe(job_id, job, followed.get(job_id, ()))

    async def _check_safely(self) -> float:
        """Check once, and say how many seconds to wait until the next time."""
        try:
            await self.check()
        except MetaStudioError as error:
            self.trouble = error
            self._edge.fails(f"jobs can't be checked ({type(error).__name__}): %s", error)
            return max(self._poll, RARELY) if isinstance(error, REFUSED) else self._poll
        except StoreTrouble as error:
            self.trouble = error  # which the store has logged
            return self._poll
        self.trouble = None
        self._edge.works("jobs can be checked again")
        return self._poll

    async def check(self) -> None:
        """Check all jobs, or as many as the requests allow. Raises MetaStudioError, StoreTrouble."""
        followed = await self._store.followed()
        self._forget_all_but(followed)
        if not followed:
            self._since = None
            return
        rests = _now() < self._list_rests_until
        chosen = way(followed=len(followed), pages=self._pages, rests=rests)
        sweep = await self._read_list(followed) if chosen is Way.LIST else None
        if sweep:
            await self._ask_some(followed, cross_checks(len(followed), self._poll), sweep)
        else:
            await self._ask_some(followed, max(1, int(self._poll * REQUESTS_PER_SECOND)))

    def _forget_all_but(self, followed: Followed) -> None:
        memories: tuple[dict[str, Any], ...] = (self._asked, self._checked, self._missing)
        for memory in memories:
            for job_id in memory.keys() - followed.keys():
                del memory[job_id]
        self._odd &= followed.keys()

    # The list.

    async def _read_list(self, followed: Followed) -> Sweep | None:
        """Read the list as far as needed, and write down what it shows; None if it can't be relied on."""
        sweep = Sweep({job_id: last_change(kept) for job_id, kept in followed.items()}, self._since)
        try:
            while not sweep.is_over and sweep.pages < len(followed):
                await self._metastudio.turn()
                sweep.take(await self._metastudio.recent_jobs(offset=sweep.offset))
        except (PermissionDenied, WrongProject, JobNotFound, *ODD) as error:
            self._rest_list("it is refused:", error)
            return None
        if not sweep.is_over:
            self._pages = sweep.pages  # asking one by one costs less
            return None
        if not sweep.is_in_order:
            self._rest_list("it is not in order")
            return None
        return await self._take_list(sweep, followed)

    async def _take_list(self, sweep: Sweep, followed: Followed) -> Sweep | None:
        at = _now()
        doubtful = {job_id for job_id, job in sweep.found.items() if is_doubtful(job, followed[job_id])}
        for job_id in sweep.found.keys() - doubtful:
            self._missing.pop(job_id, None)
            await self._observe(job_id, sweep.found[job_id], followed[job_id])
        for job_id in [*doubtful, *sweep.missing]:
            job = await self._ask(job_id, followed[job_id])
            if job and sweep.hides(job):
                self._rest_list("it does not show what a job itself shows:", job_id)
                return None
        self._remember(sweep, at)
        return sweep

    def _remember(self, sweep: Sweep, at: float) -> None:
        """Remember how far the list was read: only now, when all that it showed is on disk."""
        self._list_edge.works("the list of jobs is used again")
        self._listed_at = at
        self._pages = 1 if self._since is None else sweep.pages
        # Fewer jobs than before: some were deleted, and the next reading finds out which.
        self._since = None if sweep.count < self._count else next_since(sweep.newest)
        self._count = sweep.count

    def _rest_list(self, why: str, detail: object = "") -> None:
        self._list_rests_until = _now() + LIST_RESTS
        self._list_edge.fails(f"the list of jobs is not used for a while: {why} %.200s", detail)

    # One job after the other.

    async def _ask_some(self, followed: Followed, number: int, sweep: Sweep | None = None) -> None:
        """Ask for so many jobs, the one that was not asked for longest first. Raises MetaStudioError."""
        failures, has_worked = 0, False
        failed: MetaStudioError | None = None
        for job_id in self._longest_unasked(followed, number):
            try:
                job = await self._ask(job_id, followed[job_id])
            except REFUSED:
                raise
            except MetaStudioError as error:
                failed, failures = error, failures + 1
                if failures == FAILURES:
                    raise
                self._log_odd(job_id, error)
                continue
            failures, has_worked = 0, True
            if sweep and job and _is_news(job, followed[job_id]) and sweep.hides(job):
                self._rest_list("it does not show what a job itself shows:", job_id)
        if failed and not has_worked:
            raise failed

    def _longest_unasked(self, followed: Followed, number: int) -> list[str]:
        """Choose jobs; those that were not there come first, as that has to be settled soon."""

        def order(job_id: str) -> tuple[bool, float]:
            return job_id not in self._missing, self._asked.get(job_id, -math.inf)

        return heapq.nsmallest(number, followed, key=order)

    async def _ask(self, job_id: str, subscriptions: Sequence[Subscription]) -> Job | None:
        """Ask for a job, and write down how it is; None if it is not there, or can't be read."""
        await self._metastudio.turn()
        self._asked[job_id] = _now()
        try:
            job = await self._metastudio.job(job_id)
        except JobNotFound:
            await self._miss(job_id, subscriptions)
            return None
        except ODD as error:
            self._log_odd(job_id, error)
            return None
        self._missing.pop(job_id, None)
        self._odd.discard(job_id)
        self._checked[job_id] = _now()
        await self._observe(job_id, job, subscriptions)
        return job

    async def _miss(self, job_id: str, subscriptions: Sequence[Subscription]) -> None:
        """Note that a job is not there: it is gone when the next check, some time later, says the same."""
        self._checked[job_id] = now = _now()
        if now - self._missing.setdefault(job_id, now) >= self._gone_after:
            await self._observe(job_id, None, subscriptions)

    async def _observe(self, job_id: str, job: Job | None, subscriptions: Sequence[Subscription]) -> None:
        """Write down how a job is, where that is news; None is a job that is gone."""
        now = int(time.time())
        for kept in subscriptions:
            if due(kept, job, now):
                await self._store.change(kept.key, seen(job, now))
                state = job.state if job else "gone"
                log.info("change: job=%.66r channel=%s state=%.40r", job_id, kept.channel_id, state)
                self._changed(kept.key)

    def _log_odd(self, job_id: str, error: MetaStudioError | BadJobId) -> None:
        """Log what is wrong with one job, once."""
        if job_id not in self._odd:
            self._odd.add(job_id)
            log.warning("a job can't be checked: job=%.66r %s", job_id, error)


def _is_news(job: Job, subscriptions: Sequence[Subscription]) -> bool:
    return any(due(kept, job, 0) for kept in subscriptions)


def _now() -> float:
    return asyncio.get_running_loop().time()
