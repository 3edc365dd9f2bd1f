"""PURE. The jobs of the samples, with facts as they are in a workspace."""

from itertools import pairwise
from typing import Any, Final

from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.keys import Address
from bot.simulators.metastudio.reviews import Reviews
from tests.messages.reading import JOB_ID, followed
from tests.records import NOW

DAY: Final = 24 * 60 * 60
HOURS_APART: Final = 7
NAME: Final = "女声 · Morning News"
WHY: Final = {"job_failed_code": "MSS.41000017", "job_failed_reason": "Segment 14.wav is longer than 15 s."}
JOB: Final = {"voice_name": NAME, "lastupdate_time": NOW - 6 * DAY}
DIRECT: Final = Address("T1", "D1")


def job_in(state: str | None, **fields: Any) -> Job:
    """Return a job in a state for six days."""
    why = WHY if state == "FAILED" else {}
    return Job.from_api(JOB | why | {"job_id": JOB_ID, "state": state} | fields)


def followed_job(*states: str, job: Any = None, **given: Any) -> Following:
    """Return a job that is followed, seen in these states."""
    why = WHY if states[-1:] == ("FAILED",) else {}
    return followed(*states, job=JOB | why | (job or {}), **given)


def reviewed(*states: str) -> Findings:
    """Return what MetaStudio answers on a job that came into these states, into the last one six days ago."""
    reviews, first = Reviews(), NOW - 6 * DAY - HOURS_APART * 3600 * (len(states) - 1)
    for number, (before, state) in enumerate(pairwise((None, *states))):
        reviews.entered(JOB_ID, before, str(state), first + HOURS_APART * 3600 * number)
    audit, log = reviews.audit_result(JOB_ID), reviews.operation_log(JOB_ID, 0, 100)
    return Findings(AuditResult.from_api(audit), OperationLog.from_api(log))
