"""PURE. What an answer about a job is worth beside what is known: older, undated, incomplete, or news.

Several nodes answer for MetaStudio, and one may lag behind another; any field may be absent. An older answer
is no news, and what is absent is not known.
"""

from typing import Final

from bot.jobs import Job

STALE_SECONDS: Final = 60 * 60.0
"""For so long, nothing but older answers must come before they are believed: a clock or a backup of
MetaStudio's may have been set back, and then no newer one would ever come."""

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


def differs(job: Job, known: Job) -> bool:
    """Whether it is another state, or the same one once more: ``reject_times`` counts that."""
    if job.state != known.state:
        return job.state is not None
    return None not in {job.reject_times, known.reject_times} and job.reject_times != known.reject_times


def is_older(job: Job, known: Job) -> bool:
    """Whether an answer is from before what is known: by the time of the last change, else by the count."""
    time, known_time = job.lastupdate_time, known.lastupdate_time
    if time is not None and known_time is not None and time != known_time:
        return time < known_time
    count, known_count = job.reject_times, known.reject_times
    return job.state == known.state and count is not None and known_count is not None and count < known_count


def proof_needed(job: Job, known: Job, *, undated: float) -> float:
    """Say for how many seconds such answers must come, and no other, before the change is believed.

    ``undated`` counts for one without the time of its change, where that of an earlier one is known.
    """
    if not differs(job, known):
        return 0.0
    if is_older(job, known):
        return STALE_SECONDS
    return undated if job.lastupdate_time is None and known.lastupdate_time is not None else 0.0


def completed(job: Job, known: Job) -> Job:
    """Copy the job with what the answer left out, as far as it can't have changed."""
    was = {name: getattr(known, name) for name in _LASTING if getattr(job, name) is None}
    lost = {name: value for name, value in was.items() if value is not None}
    return job.model_copy(update=lost) if lost else job  # for thousands of jobs, each copy counts


def learned(known: Job, job: Job) -> Job:
    """Copy what is known with what an answer that is no change adds: a later time, a count at last.

    Returns ``known`` itself where it adds nothing.
    """
    if job.state != known.state or differs(job, known):
        return known
    added = {
        "lastupdate_time": max(filter(None, (job.lastupdate_time, known.lastupdate_time)), default=None),
        "reject_times": known.reject_times if known.reject_times is not None else job.reject_times,
    }
    if all(getattr(known, name) == value for name, value in added.items()):
        return known
    return known.model_copy(update=added)
