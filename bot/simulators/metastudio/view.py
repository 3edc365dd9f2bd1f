"""What the MetaStudio simulator's list knows of the jobs: all of it, or what it was a while ago.

No page promises that the list is as fresh as ShowVoiceTrainingJob; here a test can make it stale.
"""

from collections import deque
from collections.abc import Mapping
from copy import deepcopy

from bot.simulators.metastudio.jobs import RawJob


class ListView:
    """The jobs as the list shows them; times are epoch seconds, ``lag`` is seconds."""

    def __init__(self, jobs: Mapping[str, RawJob]) -> None:
        self._jobs = jobs
        self._frozen: Mapping[str, RawJob] | None = None
        self._late: _Late | None = None

    @property
    def lag(self) -> float:
        """How many seconds late a change is shown."""
        return self._late.lag if self._late else 0

    def set_lag(self, lag: float) -> None:
        """Show changes from now on that many seconds late; 0 shows everything at once."""
        if not lag:
            self._late = None
        elif self._late:
            self._late.lag = lag
        else:
            self._late = _Late(self._jobs, lag)

    def note(self, job_id: str, now: float) -> None:
        """Note that a job has just been added, changed or deleted."""
        if self._late:
            self._late.note(job_id, now)

    def freeze(self, now: float) -> None:
        """Show from now on what is shown now."""
        self._frozen = deepcopy(dict(self.shown(now)))

    def thaw(self) -> None:
        """Show what is going on again."""
        self._frozen = None

    def shown(self, now: float) -> Mapping[str, RawJob]:
        """Return the jobs by id, in the order in which they were added."""
        late = self._late.shown(now) if self._late else self._jobs
        return late if self._frozen is None else self._frozen


class _Late:
    """Copies of the jobs, which follow the jobs at a distance."""

    def __init__(self, jobs: Mapping[str, RawJob], lag: float) -> None:
        self.lag = lag
        self._jobs = jobs
        self._noted = deepcopy(dict(jobs))
        self._shown = dict(self._noted)
        self._changes: deque[tuple[float, str, RawJob | None]] = deque()

    def note(self, job_id: str, now: float) -> None:
        """Remember what a job is now, or that it is gone."""
        job = deepcopy(self._jobs.get(job_id))
        self._changes.append((now, job_id, job))
        _put(self._noted, job_id, job)

    def shown(self, now: float) -> Mapping[str, RawJob]:
        """Return the jobs as they were ``lag`` seconds ago."""
        self._note_all(now)
        while self._changes and self._changes[0][0] <= now - self.lag:
            _, job_id, job = self._changes.popleft()
            _put(self._shown, job_id, job)
        return self._shown

    def _note_all(self, now: float) -> None:
        """Find what a test has changed in the jobs themselves, of which nobody told."""
        for job_id in [job_id for job_id, job in self._jobs.items() if self._noted.get(job_id) != job]:
            self.note(job_id, now)
        for job_id in [job_id for job_id in self._noted if job_id not in self._jobs]:
            self.note(job_id, now)


def _put(jobs: dict[str, RawJob], job_id: str, job: RawJob | None) -> None:
    if job is None:
        jobs.pop(job_id, None)
    else:
        jobs[job_id] = job
