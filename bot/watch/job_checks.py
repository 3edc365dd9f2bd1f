"""PURE. What an answer about a followed job means: what is recorded, and when the job counts as gone."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from bot.domain.causes import FAILURES
from bot.domain.job_records import with_answer, with_cause
from bot.domain.jobs import Job
from bot.domain.keys import JobRef
from bot.domain.rates import RateLimits
from bot.domain.records import JobRecord, Records
from bot.errors import BadJobId, JobNotFound, MetaStudioError, RequestRefused
from bot.metastudio.errors import FOR_ALL, MAY_NOT_LIST
from bot.watch.memory import JobMemory
from bot.watch.questions import Answer, AskJob, AskWhy, Causes, FindListed, Flow, JobTrouble, Record

Followed = Mapping[str, JobRecord]
"""Records of jobs that are not over, by job id."""
Changes = tuple[tuple[JobRecord, JobRecord], ...]
"""Each record that changes, and what it becomes."""
MOST_ASKED_WHY: Final = 10
"""Failed jobs of which a check asks why, two requests for each: people's requests wait behind them."""


class JobChecks:
    """The records of the followed jobs, as the store was last seen to have them, and their memories.

    A job is gone when two checks miss it, ``rates.gone`` seconds apart, and so does the list; where that may
    not be asked, ``rates.gone_unlisted`` apart.
    """

    def __init__(self, rates: RateLimits) -> None:
        self._rates = rates
        self.records: dict[str, JobRecord] = {}
        """By job id, also of jobs that are over."""
        self.memories: defaultdict[str, JobMemory] = defaultdict(JobMemory)
        self.served_at = -math.inf
        """When MetaStudio last answered properly about a job, be it with a 4xx."""

    def know(self, ref: JobRef, record: JobRecord | None) -> None:
        """Take over a record from the store; None if nobody follows the job any more.

        Of one that was made anew, no miss is remembered, but what answers may be older.
        """
        before = self.records.pop(ref.job_id, None)
        if record is None:
            self.memories.pop(ref.job_id, None)
            return
        self.records[ref.job_id] = record
        if before and before.id != record.id:
            self.memories[ref.job_id] = self.memories[ref.job_id].renewed(before.job, record.job)

    def followed(self) -> Followed:
        """Return the records of all jobs that are not over; forget jobs that nobody follows."""
        for job_id in self.memories.keys() - self.records.keys():
            del self.memories[job_id]
        return {job_id: record for job_id, record in self.records.items() if not record.job.is_over}

    def ask(self, job_id: str) -> Flow[Job | None]:
        """Request a job and record its state; None if it is missing. Raises MetaStudioError, StoreTrouble."""
        answer = yield AskJob(job_id)
        self.memories[job_id].asked_at = answer.asked_at
        if isinstance(answer.got, Job | JobNotFound | RequestRefused | BadJobId):
            self.served_at = answer.at
        if isinstance(answer.got, JobNotFound):
            yield from self._missed(job_id, answer)
            return None
        if isinstance(answer.got, BadJobId):
            yield from self.unreadable(job_id, answer.got)
            return None
        job = answer.value(Job)
        yield from self._answered(job_id, answer)
        return job

    def person_saw(self, job_id: str, answer: Answer) -> Flow[None]:
        """Record a job as a person got it: answers to earlier requests are ignored. Raises StoreTrouble.

        If nobody follows the job yet, that person may do so next.
        """
        if job_id in self.records:
            yield from self._answered(job_id, answer)
        memory = self.memories[job_id]
        memory.checked_at = max(answer.asked_at, memory.checked_at)

    def _answered(self, job_id: str, answer: Answer) -> Flow[None]:
        """Record a job's state. Raises StoreTrouble."""
        memory = self.memories[job_id]
        memory.missing_since = None
        if memory.is_unreadable:
            memory.is_unreadable = False
            yield JobTrouble(job_id, None)
        yield from self._observe({job_id: answer.value(Job)}, answer.asked_at, answer.now)

    def listed(self, shown: Mapping[str, Job], at: float, now: float) -> Flow[None]:
        """Record what the list shows of jobs. Raises StoreTrouble."""
        for job_id in shown:
            self.memories[job_id].missing_since = None
        yield from self._observe(shown, at, now)

    def _missed(self, job_id: str, answer: Answer) -> Flow[None]:
        """Record a missing job; if it stays so, look in the list. Raises MetaStudioError, StoreTrouble."""
        memory, at = self.memories[job_id], answer.asked_at
        missing_for = memory.missed(at)
        if missing_for < self._rates.gone:
            memory.checked_at = max(at, memory.checked_at)
            return
        found = yield FindListed(job_id)
        if isinstance(found.got, FOR_ALL):
            raise found.got
        if isinstance(found.got, MetaStudioError) and not self._may_not_list(found.got, missing_for):
            return  # that the list fails is no evidence
        listed = found.got if isinstance(found.got, Job) else None
        if listed:
            memory.missing_since = at
            yield from self.unreadable(job_id, JobNotFound(job_id=job_id))
        yield from self._observe({job_id: listed}, at, found.now)

    def _may_not_list(self, error: MetaStudioError, missing_for: float) -> bool:
        """Whether a job is gone where the bot has no permission to ask the list for it."""
        return isinstance(error, MAY_NOT_LIST) and missing_for >= self._rates.gone_unlisted

    def unreadable(self, job_id: str, why: MetaStudioError | BadJobId) -> Flow[None]:
        """Log once why a job can't be checked."""
        memory = self.memories[job_id]
        if not memory.is_unreadable:
            memory.is_unreadable = True
            yield JobTrouble(job_id, why)

    def _observe(self, shown: Mapping[str, Job | None], at: float, now: float) -> Flow[None]:
        """Record news of jobs that were asked for at ``at``, None for one that is gone. Raises StoreTrouble.

        An answer is ignored if one of a later request was applied. ``now`` is in epoch seconds.
        """
        timely = {job_id: job for job_id, job in shown.items() if self._is_timely(job_id, at)}
        changes = tuple(self._changes(timely, at, now))
        failed = tuple(change for change in changes if _has_failed(*change))
        if others := tuple(change for change in changes if not _has_failed(*change)):
            yield from self._record(others)
        if failed:
            yield from self._record((yield from _with_causes(failed)))
        for job_id, job in timely.items():
            if job:
                self.memories[job_id].accepted(job, now)

    def _is_timely(self, job_id: str, at: float) -> bool:
        return job_id in self.records and at >= self.memories[job_id].checked_at

    def _changes(
        self, shown: Mapping[str, Job | None], at: float, now: float
    ) -> Iterator[tuple[JobRecord, JobRecord]]:
        """Yield each record that changes, and what it becomes."""
        unordered = self._rates.gone
        for job_id, job in shown.items():
            known, memory = self.records[job_id], self.memories[job_id]
            memory.checked_at = at
            if job and not memory.is_confirmed(job, known.job, at, unordered=unordered):
                continue
            new = with_answer(known, job, int(now))
            if new is not known:
                yield known, new

    def _record(self, changes: Changes) -> Flow[None]:
        """Record changes; a job of which one is not stored is asked for again first. Raises StoreTrouble."""
        answer = yield Record(changes)
        if isinstance(answer.got, Records):
            for known, _ in changes:
                self.know(known.ref, answer.got.job(known.ref))
        for known, new in changes:
            memory = self.memories[known.ref.job_id]
            if self.records.get(known.ref.job_id) != new:
                memory.asked_at = -math.inf
            elif new.number != known.number:
                memory.changed(known.job)
        answer.value(Records)


def _has_failed(known: JobRecord, new: JobRecord) -> bool:
    """Whether a job came into a state that has a cause."""
    return new.number != known.number and new.job.state in FAILURES


def _with_causes(failed: Changes) -> Flow[Changes]:
    """Ask why jobs failed, of so many at once only of some; return the changes with what was found."""
    asked = yield AskWhy(tuple(new.job for _, new in failed[:MOST_ASKED_WHY]))
    causes = asked.value(Causes).of
    return tuple((known, with_cause(new, causes.get(new.ref.job_id))) for known, new in failed)
