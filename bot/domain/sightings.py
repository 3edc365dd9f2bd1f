"""PURE. What an answer about a job is worth beside what is known: older, undated, incomplete, or news.

Several nodes answer for MetaStudio, and one may lag behind another; any field may be absent. An older answer
is no news, and what is absent is not known.
"""

from dataclasses import dataclass, field
from typing import Final

from bot.domain.jobs import Job

STALE_SECONDS: Final = 60 * 60.0
"""For so long, nothing but older answers must come before they are believed: a clock or a backup of
MetaStudio's may have been set back, and then no newer one would ever come."""
SKEW: Final = 5
"""Seconds by which the clocks of MetaStudio's nodes may differ: so close together, times decide nothing."""

_LASTING: Final = (
    "voice_name",
    "job_type",
    "sex",
    "language",
    "output_language",
    "tag",
    "create_type",
    "batch_name",
    "dhtms_job_id",
    "create_time",
    "is_remake",
    "is_ondemand_resource",
)
"""The fields that don't change with the state."""


@dataclass
class Past:
    """What was seen of a job since the start, besides what is known of it now."""

    newest: int | None = None
    """The latest time of a change in any answer, in epoch seconds."""
    left: dict[str, int | None] = field(default_factory=dict)
    """The states that it was in before, each with its count (``reject_times``) then."""

    def met(self, job: Job, now: float) -> None:
        """Record the time of an answer that was believed; one that is far ahead of ``now`` is a mistake."""
        time = job.lastupdate_time
        if time is not None and time <= now + STALE_SECONDS:
            self.newest = max(time, self.newest or time)

    def leaves(self, known: Job) -> None:
        """Record a state that the job is not in any more."""
        if known.state:
            self.left[known.state] = known.reject_times


def differs(job: Job, known: Job) -> bool:
    """Whether it is another state, or the same one once more: ``reject_times`` counts that."""
    if job.state != known.state:
        return job.state is not None
    return None not in {job.reject_times, known.reject_times} and job.reject_times != known.reject_times


def is_older(job: Job, known: Job) -> bool:
    """Whether an answer is from before another one, by the time of the change, or by the count."""
    time, known_time = job.lastupdate_time, known.lastupdate_time
    if time is not None and known_time is not None and time != known_time:
        return time < known_time
    count, known_count = job.reject_times, known.reject_times
    return job.state == known.state and count is not None and known_count is not None and count < known_count


def proof_needed(job: Job, known: Job, past: Past, *, undated: float) -> float:
    """Return for how many seconds such answers must come, and no other, before the change is believed.

    ``undated`` counts where neither a time nor a count tells whether it is newer, though it may be older.
    """
    if not differs(job, known):
        return 0.0
    time, newest = job.lastupdate_time, _latest(known.lastupdate_time, past.newest)
    if time is not None and newest is not None and abs(time - newest) > SKEW:
        return 0.0 if time > newest else STALE_SECONDS
    if job.state in past.left or job.state == known.state:
        return _proof_by_count(job, known, past, undated)
    return undated if time is None and newest is not None else 0.0


def _proof_by_count(job: Job, known: Job, past: Past, undated: float) -> float:
    """Return it for a state that the job was in before: it is in it again only if the count has grown."""
    before = known.reject_times if job.state == known.state else past.left[job.state or ""]
    if job.reject_times is None or before is None:
        return undated
    return 0.0 if job.reject_times > before else STALE_SECONDS


def _latest(first: int | None, second: int | None) -> int | None:
    return max(filter(None, (first, second)), default=None)


def completed(job: Job, known: Job) -> Job:
    """Return a copy with what the answer left out, as far as it can't have changed."""
    was = {name: getattr(known, name) for name in _LASTING if getattr(job, name) is None}
    lost = {name: value for name, value in was.items() if value is not None}
    return job.model_copy(update=lost) if lost else job  # for thousands of jobs, each copy counts


def learned(known: Job, job: Job) -> Job:
    """Return what is known, with the count that an answer in the same state has for the first time.

    Returns ``known`` itself where it adds nothing.
    """
    if job.state != known.state or known.reject_times is not None or job.reject_times is None:
        return known
    return known.model_copy(update={"reject_times": job.reject_times})
