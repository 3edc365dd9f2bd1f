"""PURE. Staleness of MetaStudio's answers: whether an answer is newer than the stored job.

Several nodes answer for MetaStudio, and one may lag behind another; any field may be absent. A stale answer
is ignored, and an absent field keeps its stored value, but for the labels: see LABELS.
"""

from dataclasses import dataclass, field
from typing import Final

from bot.domain.jobs import Job

STALE_SECONDS: Final = 60 * 60.0
"""Seconds for which only stale answers must come before they are accepted: MetaStudio's clock may have been
set back, or a backup restored, and then no newer answer would ever come."""
SKEW: Final = 5
"""Seconds of clock skew between MetaStudio's nodes: times that differ by no more do not order two answers."""

_IMMUTABLE: Final = (
    "voice_name",
    "job_type",
    "sex",
    "language",
    "output_language",
    "create_type",
    "dhtms_job_id",
    "create_time",
    "is_remake",
    "is_ondemand_resource",
)
"""The fields that do not change when the state does."""
LABELS: Final = ("batch_name", "tag")
"""The fields that people set while the state, and ``lastupdate_time``, stay as they are (SetJobBatchName).

A job that was taken out of its batch may show none, so an absent label means that there is none; but only in
an answer that has ``create_time``, which every job has: in one without it, any other field may be lost, too.
"""


@dataclass
class JobHistory:
    """What was observed of a job since the start of the process, besides its stored state."""

    last_update: int | None = None
    """The latest ``lastupdate_time`` in any accepted answer, in epoch seconds."""
    past_states: dict[str, int | None] = field(default_factory=dict)
    """Earlier states of the job, each with the last ``reject_times`` in it."""

    def record_answer(self, job: Job, now: float) -> None:
        """Record an accepted answer's time; one more than STALE_SECONDS after ``now`` (epoch) is ignored."""
        time = job.lastupdate_time
        if time is not None and time <= now + STALE_SECONDS:
            self.last_update = max(time, self.last_update or time)

    def record_state(self, known: Job) -> None:
        """Record a state that the job has left."""
        if known.state:
            self.past_states[known.state] = known.reject_times


def differs(job: Job, known: Job) -> bool:
    """Whether the state differs, or was entered again, which ``reject_times`` counts.

    An answer without a state says nothing of it.
    """
    if job.state is None or job.state != known.state:
        return job.state is not None
    return None not in {job.reject_times, known.reject_times} and job.reject_times != known.reject_times


def is_older(job: Job, known: Job) -> bool:
    """Whether ``job`` is older than ``known``, by ``lastupdate_time``, or else by ``reject_times``."""
    time, known_time = job.lastupdate_time, known.lastupdate_time
    if time is not None and known_time is not None and time != known_time:
        return time < known_time
    count, known_count = job.reject_times, known.reject_times
    return job.state == known.state and count is not None and known_count is not None and count < known_count


def confirmation_needed(job: Job, known: Job, history: JobHistory, *, unordered: float) -> float:
    """Return the confirmation period: the seconds of only such answers after which the change is accepted.

    It is 0 for a newer answer, STALE_SECONDS for an older one, ``unordered`` where fields can't order them.
    """
    if not differs(job, known):
        return 0.0
    time, newest = job.lastupdate_time, _latest(known.lastupdate_time, history.last_update)
    if time is not None and newest is not None and abs(time - newest) > SKEW:
        return 0.0 if time > newest else STALE_SECONDS
    if job.state in history.past_states or job.state == known.state:
        return _confirmation_by_count(job, known, history, unordered)
    return unordered if time is None and newest is not None else 0.0


def _confirmation_by_count(job: Job, known: Job, history: JobHistory, unordered: float) -> float:
    """Return the confirmation period for an earlier state: entered again only if ``reject_times`` grew."""
    before = known.reject_times if job.state == known.state else history.past_states[job.state or ""]
    if job.reject_times is None or before is None:
        return unordered
    return 0.0 if job.reject_times > before else STALE_SECONDS


def _latest(first: int | None, second: int | None) -> int | None:
    return max(filter(None, (first, second)), default=None)


def with_missing_fields(job: Job, known: Job) -> Job:
    """Return ``job`` with the fields that it lacks, but does not deny, taken from ``known``."""
    names = _IMMUTABLE if _is_whole(job) else _IMMUTABLE + LABELS
    was = {name: getattr(known, name) for name in names if getattr(job, name) is None}
    lost = {name: value for name, value in was.items() if value is not None}
    return job.model_copy(update=lost) if lost else job  # for thousands of jobs, each copy counts


def with_count(known: Job, job: Job) -> Job:
    """Return ``known`` itself, or with ``reject_times`` of an answer in its state where it had none."""
    if job.state != known.state or known.reject_times is not None or job.reject_times is None:
        return known
    return known.model_copy(update={"reject_times": job.reject_times})


def with_labels(known: Job, job: Job) -> Job:
    """Return ``known`` itself, or with the labels of an answer in its state that is not older."""
    if job.state != known.state or is_older(job, known):
        return known
    names = LABELS if _is_whole(job) else [name for name in LABELS if getattr(job, name) is not None]
    labels = {name: value for name in names if (value := getattr(job, name)) != getattr(known, name)}
    return known.model_copy(update=labels) if labels else known


def _is_whole(job: Job) -> bool:
    return job.create_time is not None
