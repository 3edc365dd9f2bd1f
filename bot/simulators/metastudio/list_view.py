"""What the MetaStudio simulator's list shows of the jobs: all of it, or what was so a while ago.

No page promises that the list is as fresh as ShowVoiceTrainingJob; here a test can make it stale.
"""

from collections import deque
from collections.abc import Mapping
from copy import deepcopy

from bot.simulators.metastudio.jobs import RawJob


class ListView:
    """The jobs by id as they were ``lag`` seconds ago, in the order in which they were added."""

    def __init__(self, jobs: Mapping[str, RawJob]) -> None:
        self._jobs = jobs
        self._lag = 0.0
        self._stale: dict[str, RawJob] = {}
        self._changes: deque[tuple[float, str, RawJob | None]] = deque()
        """Changes that are not shown yet: when, which job, and what it became; ``None`` is deleted."""

    @property
    def lag(self) -> float:
        """Seconds after which a change is shown; 0 shows every change at once, infinity shows none."""
        return self._lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        if not self._lag:
            self._stale = deepcopy(dict(self._jobs))
            self._changes.clear()
        self._lag = seconds

    def record(self, job_id: str, now: float) -> None:
        """Record that a job was added, changed or deleted, at ``now`` in epoch seconds."""
        if self._lag:
            self._changes.append((now, job_id, deepcopy(self._jobs.get(job_id))))

    def shown(self, now: float) -> Mapping[str, RawJob]:
        """Return the jobs that a request at ``now``, in epoch seconds, is answered with."""
        if not self._lag:
            return self._jobs
        while self._changes and self._changes[0][0] <= now - self._lag:
            _, job_id, job = self._changes.popleft()
            if job is None:
                self._stale.pop(job_id, None)
            else:
                self._stale[job_id] = job
        return self._stale
