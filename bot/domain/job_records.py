"""PURE. Changes of a job's record: what is stored of what MetaStudio shows of a job."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from bot.domain.causes import Cause
from bot.domain.jobs import Job
from bot.domain.keys import JobRef
from bot.domain.records import Change, JobRecord, Records, Sight
from bot.domain.staleness import differs, with_count, with_labels, with_missing_fields

MOST_SIGHTS: Final = 64
"""Sights that are kept of a job: a message names far fewer, see ``messages.channel.LONGEST_PATH``."""


def new_record(ref: JobRef, job: Job, now: int, cause: Cause | None = None) -> JobRecord:
    """Return the record of a job that nobody followed before; ``cause`` is why it failed, if it did."""
    return JobRecord(ref=ref, job=job.remembered(), sights=(Sight(job.state or "", now, cause),))


def turn_began(record: JobRecord) -> int:
    """Return since when a job is in its present state: as MetaStudio tells, or else as we saw it."""
    return min(record.job.lastupdate_time or record.sights[-1].at, record.sights[-1].at)


def with_answer(record: JobRecord, job: Job | None, now: int) -> JobRecord:
    """Return the record after MetaStudio's answer, None where it has no such job any more; itself if equal.

    Another ``(state, reject_times)`` is another sight. Otherwise, only a missing ``reject_times`` is added,
    and other labels (``staleness.LABELS``) replace those that are known.
    """
    known = record.job
    if job is None:
        return record if known.is_gone else _with_sight(record, known.gone(), now)
    if differs(job, known):
        return _with_sight(record, with_missing_fields(job, known).remembered(), now)
    same = with_labels(with_count(known, job), job)
    return record if same is known else replace(record, job=same)


def _with_sight(record: JobRecord, job: Job, now: int) -> JobRecord:
    """Return the record with another sight: whatever people said of the one before is over with it."""
    sights = (*record.sights, Sight(job.state or "", now))
    dropped = max(0, len(sights) - MOST_SIGHTS)
    return replace(
        record,
        job=job,
        sights=sights[dropped:],
        first=record.first + dropped,
        claim=None,
        clock=None,
        later=None,
    )


def with_cause(record: JobRecord, cause: Cause | None) -> JobRecord:
    """Return the record with why the job came into its present state."""
    if cause is None:
        return record
    return replace(record, sights=(*record.sights[:-1], replace(record.sights[-1], cause=cause)))


def observed(changes: Collection[tuple[JobRecord, JobRecord]]) -> Change:
    """Return the change from known records to new ones; where one is another by now, that one stays."""

    def change(records: Records) -> Records:
        return Records.of(*(new for known, new in changes if records.job(known.ref) == known))

    return change
