"""PURE. Why a job failed or was sent back, in a form that is short enough to be kept with the job.

No page says in which state which of the answers is filled, so each source may be missing or old. What each of
them tells is read from the names of its fields, and from the page ListJobOperationLog.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.findings import AudioError, Findings, Operation, OperationLog
from bot.domain.jobs import Job

FAILURES: Final = frozenset({"AUDIT_FAILED", "SPLIT_FAILED", "FAILED"})
"""The states that have a cause."""
SUBMITTED: Final = "COMMIT_JOB"
"""The action with which recordings are submitted, also those that are uploaded again."""
REFUSED: Final = "AUDIT_NOT_PASS"
CLOSE: Final = 5 * 60
"""Seconds that a result may be older than the state that it led to."""
LONGEST_SAID: Final = 300
LONGEST_NAME: Final = 60
MOST_NAMES: Final = 5
MOST_KINDS: Final = 3
"""Bounds of what is kept, in characters and numbers."""


class Reviewer(StrEnum):
    """Who refused a job's recordings, or on whom it failed."""

    SYSTEM = "system"
    """The automatic review."""
    ADMIN = "admin"
    """A person at MetaStudio."""
    ALGORITHM = "algorithm"
    """The training itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Files that the automatic review found wrong in the same way."""

    code: str
    """MetaStudio's error code; empty if there was none."""
    count: int
    names: tuple[str, ...] = ()
    """The first of the files' names, without folders."""
    message: str = ""
    """What MetaStudio says of the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a job failed or was sent back."""

    by: Reviewer
    at: int | None = None
    """When, in epoch seconds."""
    said: str = ""
    """The words of the reviewer, or of the algorithm, as MetaStudio sent them."""
    faults: tuple[Fault, ...] = ()
    """The most frequent first."""

    @property
    def says_why(self) -> bool:
        """Whether there is more than that it was refused."""
        return bool(self.said or self.faults)


def cause_of(job: Job, findings: Findings) -> Cause | None:
    """Return why a job failed or was sent back, short enough to be kept; None if nothing says why."""
    found = current_causes(job, findings)
    return _bounded(found[0]) if found else None


def current_causes(job: Job, findings: Findings) -> Sequence[Cause]:
    """Return all that says why a job stands where it does, the best first; nothing if it did not fail.

    What came last is best, and for a job that failed the algorithm's own words before all others.
    """
    if job.state not in FAILURES:
        return ()

    def order(cause: Cause) -> tuple[bool, bool, int]:
        is_algorithms = cause.by is Reviewer.ALGORITHM and job.state != "AUDIT_FAILED"
        return is_algorithms, cause.says_why, cause.at or 0

    found = [cause for cause in causes_in(findings) if is_current(cause.at, job, findings.log)]
    ordered = sorted(found, key=order, reverse=True)
    return [*ordered[:1], *(cause for cause in ordered[1:] if cause.says_why)]


def earlier_causes(job: Job, findings: Findings) -> Sequence[Cause]:
    """Return what was said before the last submission, or of a job that goes on: the newest first."""
    said = [cause for cause in causes_in(findings) if cause.says_why]
    if job.state not in FAILURES:
        return said
    return [cause for cause in said if not is_current(cause.at, job, findings.log)]


def causes_in(findings: Findings) -> Sequence[Cause]:
    """Return all that anybody said of why the job did not go on, the newest first, and the same words once.

    Both answers may tell of the same review, with times that differ a little.
    """
    newest_first = sorted(_all_in(findings), key=lambda cause: cause.at or 0, reverse=True)
    same = {(cause.by, cause.said, cause.faults): cause for cause in reversed(newest_first)}
    return [cause for cause in newest_first if cause is same[cause.by, cause.said, cause.faults]]


def _all_in(findings: Findings) -> Iterator[Cause]:
    if findings.audit:
        system, admin = findings.audit.system, findings.audit.admin
        if system.errors:
            yield Cause(by=Reviewer.SYSTEM, at=system.audit_time, faults=faults_of(system.errors))
        if admin.message:
            yield Cause(by=Reviewer.ADMIN, at=admin.audit_time, said=admin.message)
    for operation in findings.log.operations if findings.log else ():
        yield from _of_operation(operation)


def _of_operation(operation: Operation) -> Iterator[Cause]:
    info, at = operation.external_info, operation.time
    if info.algorithm_failure_reason:
        yield Cause(by=Reviewer.ALGORITHM, at=at, said=info.algorithm_failure_reason)
    if info.admin_audit_failure_reason:
        yield Cause(by=Reviewer.ADMIN, at=at, said=info.admin_audit_failure_reason)
    elif operation.action == REFUSED:
        by = Reviewer.ADMIN if operation.operator == "ADMIN" else Reviewer.SYSTEM
        yield Cause(by=by, at=at)


def is_current(at: int | None, job: Job, log: OperationLog | None) -> bool:
    """Whether a result of this time says why the job stands where it does, and is no history.

    It is as new as the last submission. Where no log tells of that, or not of all, it belongs to the present
    state if the job is in it for the first time, or if it came shortly before the job came into it.
    """
    submitted = [each.time for each in log.operations if each.action == SUBMITTED] if log else []
    last = max((time for time in submitted if time), default=None)
    if last and at and at < last:
        return False
    if log and _has_newest(log, job) and ((last and at) or (len(submitted) == 1 and at is None)):
        return True
    if job.reject_times == 1 and job.state == "AUDIT_FAILED":
        return True
    return _is_as_new(at, job)


def _is_as_new(time: int | None, job: Job) -> bool:
    """Whether a moment is no older than the job's state, give or take what it takes to get there."""
    return bool(time and job.lastupdate_time and time >= job.lastupdate_time - CLOSE)


def _has_newest(log: OperationLog, job: Job) -> bool:
    """Whether a log has the newest operations: of several pages, the oldest one may have been read."""
    if (log.count or 0) <= len(log.operations) or not job.lastupdate_time:
        return True
    return bool(log.operations) and _is_as_new(log.operations[-1].time, job)


def faults_of(errors: Sequence[AudioError]) -> tuple[Fault, ...]:
    """Group files by what is wrong with them: by the code, or by the message where there is none."""
    groups: dict[tuple[str, str], list[AudioError]] = defaultdict(list)
    for each in errors:
        groups[each.error_code or "", "" if each.error_code else each.error_message or ""].append(each)
    faults = (
        Fault(
            code=code,
            count=len(group),
            names=tuple(name for each in group[:MOST_NAMES] if (name := _name(each))),
            message=group[0].error_message or "",
        )
        for (code, _), group in groups.items()
    )
    return tuple(sorted(faults, key=lambda fault: -fault.count))


def _name(error: AudioError) -> str:
    return (error.audio_name or error.text_name or "").replace("\\", "/").rpartition("/")[2]


def _bounded(cause: Cause) -> Cause:
    """Return a cause that is short enough to be kept."""
    faults = tuple(
        Fault(
            code=_cut(fault.code, LONGEST_NAME),
            count=fault.count,
            names=tuple(_cut(name, LONGEST_NAME) for name in fault.names),
            message=_cut(fault.message, LONGEST_SAID),
        )
        for fault in cause.faults[:MOST_KINDS]
    )
    return Cause(by=cause.by, at=cause.at, said=_cut(cause.said, LONGEST_SAID), faults=faults)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
