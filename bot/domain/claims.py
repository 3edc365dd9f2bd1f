"""PURE. What people say of a job that waits for the customer: that they see to it, or that it can wait."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Self

from bot.domain.job_records import new_record
from bot.domain.jobs import Job
from bot.domain.keys import Address, JobRef
from bot.domain.records import Change, Claim, JobRecord, Records
from bot.domain.waiting import is_ours


class Turn(NamedTuple):
    """One time that a job waits for the customer: a message and its buttons are about this one."""

    state: str
    times: int | None = None
    """``Job.reject_times``."""

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the turn that a job is in."""
        return cls(job.state or "", job.reject_times)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what ``str`` made; anything else is a turn that no job is in."""
        state, _, times = text.partition("/")
        return cls(state, int(times) if times.isdecimal() and len(times) < len("100000") else None)

    def __str__(self) -> str:
        """Return it for the value of a button."""
        return self.state if self.times is None else f"{self.state}/{self.times}"

    def is_over(self, job: Job) -> bool:
        """Whether the job is not in this turn any more; a count that is not known tells nothing."""
        is_another = None not in {self.times, job.reject_times} and self.times != job.reject_times
        return not is_ours(job.state) or job.state != self.state or is_another


def claimed(ref: JobRef, job: Job, turn: Turn, person: Address, now: int, *, takes_over: bool) -> Change:
    """Return the change after a person said that they see to a job; ``job`` is as MetaStudio shows it.

    Nothing changes where the turn is over, or somebody else has it and is not asked to give it up. Reminders
    are counted anew.
    """

    def change(records: Records) -> Records:
        record = records.job(ref) or new_record(ref, job, now)
        has_it = record.claim is not None and (record.claim.person == person or not takes_over)
        if turn.is_over(record.job) or has_it:
            return Records()
        return Records.of(replace(record, claim=Claim(person=person, at=now), clock=now, later=None))

    return change


def released(ref: JobRef, turn: Turn, now: int) -> Change:
    """Return the change after somebody gave a job up; reminders are counted anew."""

    def changed(record: JobRecord) -> JobRecord:
        return replace(record, claim=None, clock=now, later=None) if record.claim else record

    return _changing(ref, turn, changed)


def put_off(ref: JobRef, turn: Turn, until: int) -> Change:
    """Return the change after somebody asked to be reminded ``until`` (epoch seconds), and not before."""
    return _changing(ref, turn, lambda record: replace(record, later=until))


def reminded(ref: JobRef, turn: Turn, person: Address, now: int) -> Change:
    """Return the change after Slack accepted a reminder to whoever has claimed the job."""
    return _of_claim(ref, turn, person, lambda claim: replace(claim, reminded_at=now))


def unreachable(ref: JobRef, turn: Turn, person: Address) -> Change:
    """Return the change after Slack refused a reminder to whoever has claimed the job."""
    return _of_claim(ref, turn, person, lambda claim: replace(claim, is_unreachable=True))


def _of_claim(ref: JobRef, turn: Turn, person: Address, how: Callable[[Claim], Claim]) -> Change:
    def changed(record: JobRecord) -> JobRecord:
        is_theirs = record.claim is not None and record.claim.person == person
        return replace(record, claim=how(record.claim)) if is_theirs and record.claim else record

    return _changing(ref, turn, changed)


def _changing(ref: JobRef, turn: Turn, how: Callable[[JobRecord], JobRecord]) -> Change:
    """Apply ``how`` to the job's record, if it is in that turn still."""

    def change(records: Records) -> Records:
        record = records.job(ref)
        return Records.of(how(record)) if record and not turn.is_over(record.job) else Records()

    return change
