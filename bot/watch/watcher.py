"""The watcher: asks MetaStudio for the followed jobs, and records what changed for the outbox to deliver."""

import asyncio
import heapq
import logging
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from bot.domain.jobs import Job
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.domain.staleness import differs
from bot.domain.subscriptions import Key, Subscription, has_news, seen, unfinished
from bot.errors import (
    BadJobId,
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    RequestRefused,
    StoreTrouble,
    VoiceJobError,
)
from bot.metastudio.client import MetaStudio
from bot.metastudio.errors import FOR_ALL, MAY_NOT_LIST, REFUSED
from bot.network.retries import Backoff
from bot.store import Store
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics
from bot.watch import list_scan
from bot.watch.list_scan import ListScan, Strategy, strategy
from bot.watch.memory import Memory

log = logging.getLogger(__name__)

RARELY: Final = 15 * 60
"""The longest pause between two checks, in seconds, while MetaStudio refuses the bot itself."""
LIST_SUSPENSION: Final = 30 * 60
"""Seconds for which a wrong list is not used; also the longest pause after the list was refused."""
IDLE: Final = 50.0
"""Seconds between two requests, which only show that MetaStudio answers, while no job is followed."""
JITTER: Final = 0.1
"""The share by which the pause between two checks varies."""
FAILURES: Final = 3
"""A check ends early after this many failures in a row."""
REMEDY: Final = ": `voicejob check` says what to do, and a new setting needs a restart, but no secret's file"

Subscribed = Sequence[Subscription]
Followed = Mapping[str, Subscribed]
"""Subscriptions by the id of their job."""


class Watcher:
    """Checks the jobs of ``store`` every ``poll`` seconds; calls ``changed`` for changed subscriptions.

    A job is gone when two checks miss it, ``rates.gone`` seconds apart, and so does the list; where that may
    not be asked, ``rates.gone_unlisted`` apart. See RARELY, LIST_SUSPENSION and IDLE.
    """

    def __init__(
        self,
        metastudio: MetaStudio,
        store: Store,
        *,
        poll: float,
        changed: Callable[[Key], None],
        rates: RateLimits = RATE_LIMITS,
        rarely: float = RARELY,
        list_suspension: float = LIST_SUSPENSION,
        metrics: Metrics | None = None,
    ) -> None:
        self._metastudio = metastudio
        self._store = store
        self._poll = poll
        self._changed = changed
        self._rates = rates
        self._refusals = Backoff(first=poll, longest=max(poll, rarely))
        self._list_suspension = list_suspension
        self._list_refusals = Backoff(first=min(poll, list_suspension), longest=list_suspension)
        self._metrics = metrics or Metrics()
        self._log, self._list_log = LogOnce(log), LogOnce(log)
        self._memories: defaultdict[str, Memory] = defaultdict(Memory)
        self._recheck: set[str] = set()
        """Ids of jobs whose single request failed after a scan could not settle their state."""
        # All times are the event loop's, but for _since, which is MetaStudio's.
        self._listed_at = -math.inf
        self._list_suspended_until = -math.inf
        self._since: int | None = None
        self._count = 0
        self._woken = asyncio.Event()
        self._began_at = _now()
        self._served_at = -math.inf
        """When MetaStudio last answered properly, be it with a 4xx for a job id, or no request was due."""
        self._idle_check_at = -math.inf
        self.idle = IDLE
        self.trouble: VoiceJobError | None = None
        """The error of the last check; None if it succeeded."""

    async def run(self) -> None:
        """Check every ``poll`` seconds until cancelled; less often while MetaStudio refuses the bot."""
        while True:
            self._woken.clear()  # before the check: what wakes it during one that fails must not get lost
            pause = await self._check_safely()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * random.uniform(1 - JITTER, 1 + JITTER)):  # noqa: S311  no secret
                    await (self._woken if self.is_refused else asyncio.Event()).wait()

    @property
    def silence(self) -> float:
        """Seconds since MetaStudio's last good answer, or since the start."""
        return _now() - max(self._began_at, self._served_at)

    @property
    def was_served(self) -> bool:
        """Whether MetaStudio has given a good answer since the start."""
        return self._served_at > -math.inf

    @property
    def is_refused(self) -> bool:
        """Whether MetaStudio refuses the bot itself (credentials, permissions, project): see REFUSED."""
        return isinstance(self.trouble, REFUSED)

    def retry_soon(self) -> None:
        """Start the next check at once if the last one was refused, after a person's request succeeded."""
        self._woken.set()

    def person_saw(self, job_id: str, at: float) -> None:
        """Record that a person got the state of time ``at``: answers to earlier requests are ignored."""
        memory = self._memories[job_id]
        memory.checked_at = max(at, memory.checked_at)

    def checked_at(self, job_id: str) -> int | None:
        """Return when a job was last checked, in epoch seconds; None if not since the start."""
        at = max(self._listed_at, self._memories[job_id].checked_at)
        return None if at == -math.inf else int(time.time() - _now() + at)

    async def check_now(self, job_id: str) -> None:
        """Check one job at a person's request. Raises MetaStudioError, StoreTrouble."""
        at = self._metastudio.asked_at(job_id)
        job = await self._metastudio.stated_job(job_id)
        followed = await self._store.followed()
        await self._apply_answer(job_id, job, followed.get(job_id, ()), at)

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
        self.trouble = None
        self._refusals.worked()
        self._log.recovered("jobs can be checked again")
        return self._poll

    def _failed(self, error: MetaStudioError | StoreTrouble) -> float:
        """Record why a check failed; return the seconds until the next check."""
        self.trouble = error
        if isinstance(error, StoreTrouble):
            return self._poll  # the store has logged it
        is_known = isinstance(error, CredentialsRefused)  # nothing would be sent before that is forgotten
        held = self._rates.refused / (1 - JITTER) if is_known else self._metastudio.throttle.held
        pause = max(held, self._refusals.failed() if self.is_refused else self._poll)
        line = f"jobs can't be checked ({type(error).__name__}); next try in %.0f seconds"
        self._log.failed(line + (REMEDY if self.is_refused else ""), pause, about=about(error=error))
        return pause

    async def check(self) -> bool:
        """Check all jobs, or as many as the rate of requests allows; return whether MetaStudio was asked.

        Raises MetaStudioError, StoreTrouble.
        """
        all_followed = await self._store.followed()
        for job_id in self._memories.keys() - all_followed.keys():
            del self._memories[job_id]
        followed = {job_id: each for job_id, every in all_followed.items() if (each := unfinished(every))}
        if not followed:
            self._since = None
            return await self._check_idle()
        at = _now()
        is_suspended = at < self._list_suspended_until
        chosen = strategy(followed=len(followed), pages=1, is_suspended=is_suspended)
        scan = await self._read_list(followed) if chosen is Strategy.LIST else None
        number = max(1, int(self._poll / self._metastudio.throttle.pause))
        if scan and await self._apply_list(scan, followed, at):
            self._list_applied(scan, at, len(followed))
            number = list_scan.cross_checks(len(followed), self._poll)
        else:
            scan = None
        await self._ask_some(followed, self._most_due(followed, number), scan)
        return True

    async def _check_idle(self) -> bool:
        """Request the list if ``idle`` seconds have passed; return whether it did. Raises MetaStudioError."""
        is_due = self.trouble is not None or _now() - self._idle_check_at >= self.idle
        if is_due:
            await self._metastudio.throttle.turn()
            await self._metastudio.recent_jobs()
            self._idle_check_at = _now()
        self._served_at = _now()
        return is_due

    async def _read_list(self, followed: Followed) -> ListScan | None:
        """Read the list as far as needed; None if it is unusable or single requests are cheaper."""
        known = {job_id: list_scan.last_change(subscribed) for job_id, subscribed in followed.items()}
        scan = ListScan(known, self._since)
        try:
            while not scan.is_over and scan.pages < len(followed):
                await self._metastudio.throttle.turn()
                scan.add(await self._metastudio.recent_jobs(offset=scan.offset))
                self._served_at = _now()
        except FOR_ALL:
            raise
        except MetaStudioError as error:
            if not error.transient:
                self._list_suspended_until = _now() + self._list_refusals.failed()
            kind = type(error).__name__
            self._list_log.failed(f"the list of jobs can't be used ({kind})", about=about(error=error))
            return None
        if not scan.is_over:
            self._list_suspended_until = _now() + self._list_suspension
            return None
        if not scan.is_in_order:
            self._distrust_list("it is not in order")
            return None
        return scan

    async def _apply_list(self, scan: ListScan, followed: Followed, at: float) -> bool:
        """Apply a scan, and request stale and missing jobs one by one; return False if the list is wrong."""
        may_be_stale = list_scan.may_be_stale
        stale = {job_id for job_id, job in scan.found.items() if may_be_stale(job, followed[job_id])}
        for job_id in scan.found.keys() - stale:
            self._memories[job_id].missing_since = None
            await self._observe(job_id, scan.found[job_id], followed[job_id], at)
        suspects = stale.union(scan.missing)
        left_open = suspects | (self._recheck & followed.keys())
        oldest_first = sorted(left_open, key=lambda job_id: self._memories[job_id].asked_at)
        self._recheck = await self._ask_some(followed, oldest_first, scan, suspects)
        return _now() >= self._list_suspended_until

    def _list_applied(self, scan: ListScan, at: float, followed: int) -> None:
        """Record how far the list was read, after all changes in it are on disk."""
        self._list_log.recovered("the list of jobs is used again")
        self._list_refusals.worked()
        self._listed_at = at
        cheaper = strategy(followed=followed, pages=scan.pages, is_suspended=False)
        if self._since is not None and cheaper is Strategy.ONE_BY_ONE:
            self._list_suspended_until = at + self._list_suspension
        # Fewer jobs than before: some were deleted, and the next reading finds out which.
        self._since = None if scan.count < self._count else list_scan.next_since(scan.newest)
        self._count = scan.count

    def _distrust_list(self, why: str, job_id: str = "") -> None:
        self._list_suspended_until = _now() + self._list_suspension
        self._list_log.failed(f"the list of jobs is not used for a while: {why}", about=about(job=job_id))

    async def _ask_some(
        self,
        followed: Followed,
        job_ids: Iterable[str],
        scan: ListScan | None = None,
        suspects: Collection[str] = (),
    ) -> set[str]:
        """Request jobs one by one; return the ids of failed requests, if others succeeded.

        The answers also verify ``scan``, which should have shown ``suspects`` in the same state.
        Raises MetaStudioError when all failed, or when it seems that all further ones will.
        """
        failed: dict[str, MetaStudioError] = {}
        in_a_row, has_worked = 0, scan is not None
        for job_id in job_ids:
            try:
                job = await self._ask(job_id, followed[job_id])
            except FOR_ALL:
                raise
            except MetaStudioError as error:
                failed[job_id] = error
                in_a_row += 1
                if in_a_row >= FAILURES and (error.transient or not has_worked):
                    raise
                continue
            in_a_row, has_worked = 0, True
            relevant = job_id in suspects or any(differs(job, each.job) for each in followed[job_id] if job)
            if scan and job and relevant and scan.hides(job):
                self._distrust_list("it does not show what a job itself shows", job_id)
                if suspects:
                    break
        for job_id, why in failed.items():
            # That a few ids are refused, and there are no others, says nothing about MetaStudio.
            if not has_worked and not isinstance(why, RequestRefused):
                raise why
            self._log_unreadable(job_id, why)
        return set(failed)

    def _most_due(self, followed: Followed, number: int) -> list[str]:
        """Return ``number`` job ids: missing jobs first, then those checked longest ago."""
        of = self._memories
        return heapq.nsmallest(
            number, followed, key=lambda it: (of[it].missing_since is None, of[it].asked_at)
        )

    async def _ask(self, job_id: str, followed: Subscribed) -> Job | None:
        """Request a job, and record its state; return None if it is missing. Raises MetaStudioError."""
        await self._metastudio.throttle.turn()
        memory, at = self._memories[job_id], self._metastudio.asked_at(job_id)
        memory.asked_at = at
        try:
            job = await self._metastudio.stated_job(job_id)
        except JobNotFound:
            job = None
        except RequestRefused:
            self._served_at = _now()
            raise
        except BadJobId as error:
            self._served_at = _now()
            self._log_unreadable(job_id, error)
            return None
        self._served_at = _now()
        try:
            await self._apply_answer(job_id, job, followed, at)
        except StoreTrouble:
            memory.asked_at = -math.inf  # what could not be recorded is asked for again first
            raise
        return job

    async def _apply_answer(self, job_id: str, job: Job | None, followed: Subscribed, at: float) -> None:
        """Record a job's state, or that it is missing (None). Raises MetaStudioError, StoreTrouble."""
        if job is None:
            await self._missed(job_id, followed, at)
            return
        memory = self._memories[job_id]
        memory.missing_since = None
        if memory.is_unreadable:
            memory.is_unreadable = False
            log.info("a job can be checked again", extra=about(job=job_id))
        await self._observe(job_id, job, followed, at)

    async def _missed(self, job_id: str, followed: Subscribed, at: float) -> None:
        """Record a missing job; check the list if it stays so. Raises MetaStudioError, StoreTrouble."""
        memory = self._memories[job_id]
        missing_for = memory.missed(at)
        if missing_for < self._rates.gone:
            memory.checked_at = max(at, memory.checked_at)
            return
        await self._metastudio.throttle.turn()
        try:
            listed = await self._metastudio.listed_job(job_id)
        except FOR_ALL:
            raise
        except MetaStudioError as error:
            if not isinstance(error, MAY_NOT_LIST) or missing_for < self._rates.gone_unlisted:
                return  # that the list fails is no evidence
            listed = None
        memory.missing_since = at if listed else None
        if listed:
            self._log_unreadable(job_id, JobNotFound(job_id=job_id))
        await self._observe(job_id, listed, followed, at)

    async def _observe(self, job_id: str, job: Job | None, followed: Subscribed, at: float) -> None:
        """Record news of a job asked for at ``at`` (None: it is gone), unless a later answer was applied."""
        memory, now, unordered = self._memories[job_id], time.time(), self._rates.gone
        if at < memory.checked_at:
            return
        memory.checked_at = at
        known = (each.job for each in followed)
        waited = memory.unconfirmed(job, known, at, unordered=unordered) if job else 0.0
        change = seen(job, int(now), history=memory.history, waited=waited, unordered=unordered)
        for each in followed:
            # The subscription may have changed since the check began.
            if has_news(job, each.job) and (subscription := await self._store.get(each.key)):
                changed = await self._store.change(subscription.key, change)
                if changed and changed is not subscription:
                    self._changed(subscription.key)
                    self._log_change(subscription, changed)
        if job and memory.unconfirmed_since is None:
            memory.history.record_answer(job, now)

    def _log_change(self, before: Subscription, after: Subscription) -> None:
        if before.notice != after.notice:
            self._memories[before.job_id].changed(before.job)
            log.info("change", extra=about(job=before.job_id, channel=before.channel_id, state=after.state))

    def _log_unreadable(self, job_id: str, error: MetaStudioError | BadJobId) -> None:
        """Log once why a job can't be checked."""
        memory = self._memories[job_id]
        if not memory.is_unreadable:
            memory.is_unreadable = True
            log.warning("a job can't be checked", extra=about(job=job_id, error=error))


def _now() -> float:
    return asyncio.get_running_loop().time()
