"""The voice training jobs of the MetaStudio simulator, and the order of their states.

Fields are those of the page "ShowVoiceTrainingJob"; the order of the states is inferred: no page states it.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bot.simulators.metastudio.reviews import ASSESSED, Reviews

RawJob = dict[str, Any]
"""One job as the API writes it."""

USUAL_PATH = (
    "CREATING",
    "SYSTEM_AUDITING",
    "AUDITING",
    "WAITING_SPLIT",
    "SPLITTING",
    "ANNOTATING",
    "WAITING",
    "PROCESSING",
    "RESULT_REVIEW",
    "UPLOADING",
    "SUCCEED",
)
"""The states of a job that goes well."""

SENT_BACK = {
    "SYSTEM_AUDITING": "AUDIT_FAILED",
    "AUDITING": "AUDIT_FAILED",
    "USER_RESULT_REVIEW": "USER_REVIEW_REJECT",
}
"""The states in which a reviewer can reject a job, and the state that follows."""

DONE_AGAIN = {"AUDIT_FAILED": "SYSTEM_AUDITING", "USER_REVIEW_REJECT": "USER_RESULT_REVIEW"}
"""Where a job goes on after it was rejected."""

MOST_REJECT_TIMES = 10
"""``reject_times`` is documented as 1 to 10."""

DEFAULTS: RawJob = {
    "job_type": "BASIC",
    "app_user_id": "app-user-1",
    "voice_name": "女声",
    "sex": "FEMALE",
    "language": "CN",
    "voice_authorization_url": "https://bucket.example/authorization.pdf",
    "training_input_source_url": "https://bucket.example/recording.zip",
    "create_type": "PACKAGE",
    "tag": "ECOMMERCE",
    "phone": "13800000000",
}
"""Fields of a new job unless others are given; a field that is ``None`` is left out of the response."""

FAILURE: RawJob = {"job_failed_code": "MSS.00000001", "job_failed_reason": "a segment is longer than 15 s"}
"""Fields of a failed job unless others are given."""


@dataclass
class _Progress:
    """What the API does not show of a job: its path, the states still ahead, how often each occurred."""

    path: tuple[str, ...]
    ahead: tuple[str, ...]
    times: Counter[str] = field(default_factory=Counter)

    def enter(self, state: str) -> int:
        """Record that the job is now in a state; return how often that has happened."""
        self.times[state] += 1
        self.ahead = self._after(state)
        return self.times[state]

    def _after(self, state: str) -> tuple[str, ...]:
        """Return the states after this one; one that is neither on the path nor an end changes nothing."""
        for states in (self.ahead, self.path):
            if state in states:
                return states[states.index(state) + 1 :]
        if state in DONE_AGAIN:
            again = DONE_AGAIN[state]
            return again, *self._after(again)
        return () if state == "FAILED" else self.ahead


class Jobs:
    """All jobs of one project, in memory; ``now`` is epoch seconds."""

    def __init__(self) -> None:
        self.raw: dict[str, RawJob] = {}
        self._progress: dict[str, _Progress] = {}
        self.reviews = Reviews()

    def add(self, state: str | None, path: Sequence[str], fields: RawJob, now: float) -> RawJob:
        """Add a job in ``state``, or in the first state of ``path``, and return it."""
        job = DEFAULTS | {"job_id": str(uuid.uuid4()), "create_time": int(now)} | fields
        job.pop("state", None)
        self.raw[job["job_id"]] = job
        self._progress[job["job_id"]] = _Progress(tuple(path), tuple(path))
        return self.set_state(job["job_id"], state or path[0], fields, now)

    def set_state(self, job_id: str, state: str, fields: RawJob, now: float) -> RawJob:
        """Put a job in a state, with the fields that the API shows in it; ``fields`` override them."""
        job = self.raw[job_id]
        self.reviews.entered(job_id, job.get("state"), state, int(now))
        times = self._progress[job_id].enter(state)
        job |= {"state": state, "reject_times": min(times, MOST_REJECT_TIMES), "lastupdate_time": int(now)}
        job |= _state_fields(state, job) | fields
        for name in [name for name, value in job.items() if value is None]:
            del job[name]
        return job

    def advance(self, job_id: str, now: float) -> RawJob:
        """Put a job in the next state of its path; raise ``ValueError`` if there is none."""
        following = self.next_state(job_id)
        if not following:
            raise ValueError(f"job {job_id} is at the end of its path")
        return self.set_state(job_id, following, {}, now)

    def next_state(self, job_id: str) -> str | None:
        """Return the next state of a job's path, ``None`` at its end; raise ``KeyError`` if unknown."""
        ahead = self._progress[job_id].ahead
        return ahead[0] if ahead else None

    def delete(self, job_id: str) -> None:
        """Delete a job; raise ``KeyError`` if unknown."""
        del self.raw[job_id], self._progress[job_id]
        self.reviews.forget(job_id)


def _state_fields(state: str, job: RawJob) -> RawJob:
    """Return the fields that depend on the state; ``None`` for those that it does not show."""
    asset = job.get("asset_id") or uuid.uuid4().hex
    failure = FAILURE if state == "FAILED" else dict.fromkeys(FAILURE)
    assessed = {} if state == "CREATING" else {"assess_result": deepcopy(ASSESSED)}
    return {"asset_id": asset if state == "SUCCEED" else None} | failure | assessed
