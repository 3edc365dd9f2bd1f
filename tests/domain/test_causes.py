"""Why a job failed or was sent back: whose word counts, what is history, and what is kept of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.causes import (
    CLOSE,
    LONGEST_NAME,
    LONGEST_SAID,
    MOST_KINDS,
    MOST_NAMES,
    Cause,
    Fault,
    Reviewer,
    cause_of,
    current_causes,
    earlier_causes,
)
from bot.domain.findings import MOST_ERRORS, AuditResult, Findings, OperationLog
from bot.domain.jobs import Job
from tests.profiles import examples
from tests.strategies import json_values

SENT, SINCE = 1_800_000_000, 1_800_000_900
"""When the recordings were submitted last, and since when the job is in its state."""
BEFORE, AFTER = SENT - 500, SENT + 500
NOISE = {"error_code": "MSS.1", "audio_name": "corpus\\wav/a.wav", "error_message": "noisy"}
SUBMITTED = {"action": "COMMIT_JOB", "time": SENT}
FIRST = {"action": "COMMIT_JOB", "time": SENT - 1000}
NO_LOG: Any = None


def job(state: str = "AUDIT_FAILED", times: int = 2, **fields: Any) -> Job:
    return Job(job_id="j", state=state, reject_times=times, lastupdate_time=SINCE, **fields)


def findings(
    *operations: dict[str, Any], errors: Any = (), at: Any = AFTER, admin: Any = None, is_logged: bool = True
) -> Findings:
    """Return both answers as MetaStudio sends them; ``admin`` is the reviewer's words and their time."""
    system = {"audit_time": at, "errors": [*errors]}
    words = {"message": admin[0], "audit_time": admin[1]} if admin else {}
    audit = AuditResult.from_api({"system_audit_result": system, "admin_audit_result": words})
    return Findings(audit, OperationLog.from_api({"operations": [*operations]}) if is_logged else None)


def refused(time: int, operator: str = "ADMIN", **reasons: str) -> dict[str, Any]:
    return {"action": "AUDIT_NOT_PASS", "time": time, "operator": operator, "external_info": reasons}


def broke(time: int, said: str = "misaligned") -> dict[str, Any]:
    return {"action": "TRAINING_FINISH", "time": time, "external_info": {"algorithm_failure_reason": said}}


NOISY = Fault(code="MSS.1", count=1, names=("a.wav",), message="noisy")
SAID = {"admin_audit_failure_reason": "too fast"}


def unread(found: Findings) -> Findings:
    """Return the answers of a job with more operations than were read."""
    assert found.log
    return replace(found, log=found.log.model_copy(update={"count": 101}))


CAUSES: dict[str, tuple[Job, Findings, Any]] = {
    "nothing answered": (job(), Findings(), None),
    "nothing said": (job(), findings(SUBMITTED), None),
    "the machine": (
        job(),
        findings(SUBMITTED, errors=[NOISE]),
        Cause(by=Reviewer.SYSTEM, at=AFTER, faults=(NOISY,)),
    ),
    "a reviewer's result": (
        job(),
        findings(SUBMITTED, admin=("too fast", AFTER)),
        Cause(by=Reviewer.ADMIN, at=AFTER, said="too fast"),
    ),
    "a reviewer in the log": (
        job(),
        findings(SUBMITTED, refused(AFTER, **SAID)),
        Cause(by=Reviewer.ADMIN, at=AFTER, said="too fast"),
    ),
    "a silent reviewer": (job(), findings(SUBMITTED, refused(AFTER)), Cause(by=Reviewer.ADMIN, at=AFTER)),
    "a silent machine": (
        job(),
        findings(SUBMITTED, refused(AFTER, "SYSTEM")),
        Cause(by=Reviewer.SYSTEM, at=AFTER),
    ),
    "the newest says it": (
        job(),
        findings(SUBMITTED, errors=[NOISE], admin=("too fast", AFTER + 1)),
        Cause(by=Reviewer.ADMIN, at=AFTER + 1, said="too fast"),
    ),
    "whoever says something": (
        job(),
        findings(SUBMITTED, refused(AFTER + 1, "SYSTEM"), errors=[NOISE]),
        Cause(by=Reviewer.SYSTEM, at=AFTER, faults=(NOISY,)),
    ),
    "the algorithm of a failure": (
        job("FAILED"),
        findings(SUBMITTED, broke(AFTER), admin=("fine", AFTER + 1)),
        Cause(by=Reviewer.ALGORITHM, at=AFTER, said="misaligned"),
    ),
    "the review of what was sent back": (
        job(),
        findings(SUBMITTED, broke(AFTER), refused(AFTER + 1, **SAID)),
        Cause(by=Reviewer.ADMIN, at=AFTER + 1, said="too fast"),
    ),
    "old results": (
        job(),
        findings(FIRST, SUBMITTED, refused(BEFORE, **SAID), broke(BEFORE), errors=[NOISE], at=BEFORE),
        None,
    ),
    "old results of a failure": (job("FAILED"), findings(SUBMITTED, admin=("too fast", BEFORE)), None),
    "the same words once more": (
        job(),
        findings(FIRST, refused(BEFORE, **SAID), SUBMITTED, refused(AFTER, **SAID)),
        Cause(by=Reviewer.ADMIN, at=AFTER, said="too fast"),
    ),
    "no log, the first refusal": (
        job(times=1),
        findings(admin=("too fast", BEFORE), is_logged=False),
        Cause(by=Reviewer.ADMIN, at=BEFORE, said="too fast"),
    ),
    "no log, of just before": (
        job(),
        findings(admin=("too fast", SINCE - CLOSE), is_logged=False),
        Cause(by=Reviewer.ADMIN, at=SINCE - CLOSE, said="too fast"),
    ),
    "no log, older": (job(), findings(admin=("too fast", SINCE - CLOSE - 1), is_logged=False), None),
    "no log, a first failure": (
        job("FAILED", 1),
        findings(admin=("too fast", BEFORE), is_logged=False),
        None,
    ),
    "the last submission may be unread": (
        job(),
        unread(findings(FIRST, refused(BEFORE, **SAID))),
        None,
    ),
    "not all is read, of just before": (
        job(),
        unread(findings(FIRST, refused(SINCE, **SAID))),
        Cause(by=Reviewer.ADMIN, at=SINCE, said="too fast"),
    ),
    "not all is read, older than a submission": (
        job(times=1),
        unread(findings(SUBMITTED, admin=("too fast", BEFORE))),
        None,
    ),
    "no time, submitted once": (
        job(),
        findings(SUBMITTED, errors=[NOISE], at=None),
        Cause(by=Reviewer.SYSTEM, faults=(NOISY,)),
    ),
    "no time, submitted twice": (job(), findings(FIRST, SUBMITTED, errors=[NOISE], at=None), None),
    "a submission without a time": (
        job(),
        findings({"action": "COMMIT_JOB"}, {"action": "COMMIT_JOB"}, admin=("too fast", BEFORE)),
        None,
    ),
    **{
        state: (job(state), findings(SUBMITTED, refused(AFTER, **SAID), errors=[NOISE]), None)
        for state in ("CREATING", "AUDITING", "USER_RESULT_REVIEW", "SUCCEED", "gone", "BRAND_NEW")
    },
}


@pytest.mark.parametrize(("shown", "found", "cause"), CAUSES.values(), ids=CAUSES)
def test_cause(shown: Job, found: Findings, cause: Cause | None) -> None:
    """What came last says why, unless it is about an earlier submission; an error is no cause of success."""
    assert cause_of(shown, found) == cause


def test_each_thing_said_stands_once() -> None:
    """Both answers tell of the same review; all that is current is there, and all that is not is history."""
    old, new = {"admin_audit_failure_reason": "old words"}, {"admin_audit_failure_reason": "new words"}
    found = findings(
        *(FIRST, refused(BEFORE, **old), SUBMITTED, refused(AFTER + 2, **new)),
        errors=[NOISE],
        admin=("new words", AFTER + 1),
    )

    assert [(cause.said, cause.at) for cause in current_causes(job(), found)] == [
        ("new words", AFTER + 2),
        ("", AFTER),
    ]
    assert [cause.said for cause in earlier_causes(job(), found)] == ["old words"]
    assert [cause.said for cause in earlier_causes(job("AUDITING"), found)] == ["new words", "", "old words"]


def error(code: str | None, number: int, message: str | None = "m") -> dict[str, Any]:
    return {"error_code": code, "error_message": message, "text_name": f"dir/{number}.txt"}


FAULTS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, int, tuple[str, ...]]]]] = {
    "most frequent first": (
        [error("A", 1), error("B", 2), error("B", 3)],
        [("B", 2, ("2.txt", "3.txt")), ("A", 1, ("1.txt",))],
    ),
    "no codes": (
        [error(None, 1, "x"), error(None, 2, "y"), error(None, 3, "x")],
        [("", 2, ("1.txt", "3.txt")), ("", 1, ("2.txt",))],
    ),
    "no names": ([{"error_code": "A"}, {"error_code": "A", "audio_name": "dir/"}], [("A", 2, ())]),
    "many": (
        [error("A", number) for number in range(9)],
        [("A", 9, tuple(f"{number}.txt" for number in range(5)))],
    ),
    "many kinds": (
        [error(f"C{number}", number) for number in range(MOST_ERRORS + 9)],
        [(f"C{number}", 1, (f"{number}.txt",)) for number in range(MOST_KINDS)],
    ),
}


@pytest.mark.parametrize(("errors", "faults"), FAULTS.values(), ids=FAULTS)
def test_files_with_the_same_fault_are_one(
    errors: list[dict[str, Any]], faults: list[tuple[str, int, tuple[str, ...]]]
) -> None:
    """They are counted and grouped by code, else by what is said of them; names have no folders."""
    cause = cause_of(job(), findings(SUBMITTED, errors=errors))

    assert cause
    assert [(fault.code, fault.count, fault.names) for fault in cause.faults] == faults


def test_what_is_kept_is_short() -> None:
    """Whatever MetaStudio says, a job's record stays small, and what was cut ends in an ellipsis."""
    long = "x" * 5000
    fault = {"error_code": long, "error_message": long, "audio_name": long}
    (by_machine, by_person) = (
        cause_of(job(), findings(SUBMITTED, errors=[fault] * 9)),
        cause_of(job(), findings(SUBMITTED, admin=(long, AFTER))),
    )

    assert by_person
    assert by_machine
    (kept,) = by_machine.faults
    assert (len(by_person.said), by_person.said[-2:]) == (LONGEST_SAID, "x…")
    assert (len(kept.code), len(kept.message)) == (LONGEST_NAME, LONGEST_SAID)
    assert [len(name) for name in kept.names] == [LONGEST_NAME] * MOST_NAMES


@given(json_values(), json_values(), st.sampled_from(["AUDIT_FAILED", "FAILED", "SPLIT_FAILED"]))
@examples(60)
def test_odd_answers_are_no_trouble(audit: Any, log: Any, state: str) -> None:
    """Whatever stands where the results and the operations should be, there is a cause or none."""
    answers = {"system_audit_result": audit, "admin_audit_result": audit}
    found = Findings(
        AuditResult.from_api(answers | {"system_audit_result": {"errors": audit}}),
        OperationLog.from_api({"operations": log, "count": log}),
    )

    for each in (found, Findings(AuditResult.from_api(answers), None)):
        cause = cause_of(Job(state=state), each)
        assert cause is None or (len(cause.said) <= LONGEST_SAID and len(cause.faults) <= MOST_KINDS)
