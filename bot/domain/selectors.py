"""PURE. Which jobs a subscription is to."""

from functools import lru_cache

from bot.domain.job_names import folded
from bot.domain.jobs import Job
from bot.domain.keys import Selector, SelectorKind

_folded = lru_cache(maxsize=1024)(folded)
"""The names of batches and tags are few, and compared for each job of a long list."""


def selects(selector: Selector, job: Job) -> bool:
    """Whether a job is one of those that a subscription is to, as far as the job's fields tell."""
    match selector.kind:
        case SelectorKind.PROJECT:
            return True
        case SelectorKind.BATCH:
            return _folded(job.batch_name or "") == _folded(selector.value)
        case SelectorKind.TAG:
            return _folded(job.tag or "") == _folded(selector.value)
        case _:
            return job.job_id == selector.value
