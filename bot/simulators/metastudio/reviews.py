"""The reviews and the operation log of each job in the MetaStudio simulator.

Fields are those of the pages "ShowJobAuditResult" and "ListJobOperationLog". What stands in them in which
state is inferred, as no page says it; the result of an earlier review stays until the next one.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

Result = dict[str, Any]
"""A body as the API writes it."""

MOST_ERRORS = 4096
"""The most errors that an audit result has."""
FAULTY_FILES = 20
"""Sentences of the basic edition."""
REVIEWERS_WORDS = (
    "The authorization letter is not signed.\nPlease sign every page, and record sentences 3 and 7 again."
)
ALGORITHMS_WORDS = "Alignment of text and speech failed for 4 of 20 segments."

_FAULTS = (
    ("MSS.20020018", "The audio file cannot be parsed as WAV."),
    ("MSS.20020029", "The duration of the audio file is out of range."),
    ("MSS.20020027", "The sampling rate of the audio file is too low."),
)
"""Codes and messages; the last code is one of those whose meaning is not public."""
_ON_THE_WAY: Mapping[str, tuple[str, str]] = {
    "SYSTEM_AUDITING": ("COMMIT_JOB", "USER"),
    "AUDITING": ("SYSTEM_AUDIT_PASS", "SYSTEM"),
    "WAITING_SPLIT": ("ADMIN_AUDIT_PASS", "ADMIN"),
    "RESULT_REVIEW": ("TRAINING_FINISH", "SYSTEM"),
    "UPLOADING": ("UPLOADING_MODEL", "SYSTEM"),
    "SUCCEED": ("COMPLETE_JOB", "SYSTEM"),
}
"""The action and the operator that lead to a state."""


class Reviews:
    """Audit results and operations, by job id; what a test puts there takes effect at once."""

    def __init__(self) -> None:
        self.audits: dict[str, Result] = {}
        self.operations: dict[str, list[Result]] = {}

    def entered(self, job_id: str, before: str | None, state: str, now: int) -> None:
        """Record that a job came into a state, from the state ``before``, at ``now`` in epoch seconds."""
        log = self.operations.setdefault(job_id, [])
        if not log:
            log.append(_operation(now, "CREATE_JOB", "USER"))
            if state not in {"CREATING", "SYSTEM_AUDITING"}:
                log.append(_operation(now, "COMMIT_JOB", "USER"))
        if state in _ON_THE_WAY:
            log.append(_operation(now, *_ON_THE_WAY[state]))
        if state == "AUDITING":
            self._audit(job_id)["system_audit_result"] = {"audit_time": now, "errors": []}
        if state == "AUDIT_FAILED" and before == "AUDITING":
            log.append(_operation(now, "AUDIT_NOT_PASS", "ADMIN", admin_audit_failure_reason=REVIEWERS_WORDS))
            self._audit(job_id)["admin_audit_result"] = _admin_result(now)
        elif state == "AUDIT_FAILED":
            log.append(_operation(now, "AUDIT_NOT_PASS", "SYSTEM"))
            self._audit(job_id)["system_audit_result"] = {"audit_time": now, "errors": file_errors()}
        elif state in {"FAILED", "SPLIT_FAILED"}:
            log.append(
                _operation(now, "TRAINING_FINISH", "SYSTEM", algorithm_failure_reason=ALGORITHMS_WORDS)
            )

    def _audit(self, job_id: str) -> Result:
        return self.audits.setdefault(job_id, {})

    def audit_result(self, job_id: str) -> Result:
        """Return the body of ShowJobAuditResult, with as many errors as it may have."""
        result = dict(self.audits.get(job_id, {}))
        system = result.get("system_audit_result")
        if isinstance(system, Mapping) and isinstance(system.get("errors"), list):
            result["system_audit_result"] = {**system, "errors": system["errors"][:MOST_ERRORS]}
        return result

    def operation_log(self, job_id: str, offset: int, limit: int) -> Result:
        """Return the body of ListJobOperationLog, whose order no page promises: it is none here."""
        log = list(self.operations.get(job_id, []))
        random.Random(job_id).shuffle(log)  # noqa: S311  no secret
        return {"count": len(log), "operations": log[offset : offset + limit]}

    def forget(self, job_id: str) -> None:
        """Delete what there is of a job."""
        self.audits.pop(job_id, None)
        self.operations.pop(job_id, None)


def file_errors(count: int = FAULTY_FILES, faults: Sequence[tuple[str, str]] = _FAULTS) -> list[Result]:
    """Return errors of this many files, most of them of the first kind."""
    kinds = [faults[0]] * 3 + list(faults[1:])
    return [
        {
            "audio_name": f"corpus/wav/audio_{number}.wav",
            "text_name": f"corpus/txt/text_{number}.txt",
            "error_code": kinds[number % len(kinds)][0],
            "error_message": kinds[number % len(kinds)][1],
        }
        for number in range(count)
    ]


def _operation(now: int, action: str, operator: str, **reasons: str) -> Result:
    info = {"external_info": {"review_id_list": [uuid.uuid4().hex]} | reasons} if reasons else {}
    return {"time": now, "action": action, "operator": operator} | info


def _admin_result(now: int) -> Result:
    return {
        "message": REVIEWERS_WORDS,
        "attachment_name": "authorization-remarks.pdf",
        "attachment_url": "https://bucket.example/remarks.pdf?X-Signature=secret",
        "audit_time": now,
    }


ASSESSED: Result = {
    "speed": {"expected": "3.5-5.5", "actual": "4.1", "suggestion": "", "suggestion_en": "", "status": 0},
    "sound": {"expected": "-12--6", "actual": "-9.4", "suggestion": "", "suggestion_en": "", "status": 0},
    "snr": {
        "expected": ">=35",
        "actual": "24.7",
        "suggestion": "请在更安静的环境中录制。",
        "suggestion_en": "The background noise is loud. Record in a quieter place.",
        "status": 1,
    },
    "suggestion": "请在更安静的环境中录制。",
}
"""``assess_result`` of recordings in which one measure is out of range."""
