"""Whatever MetaStudio does for a while, the policy records what lasts, and invents nothing."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import errors
from bot.domain.jobs import GONE, Job
from bot.domain.keys import JobRef
from bot.domain.rates import RATE_LIMITS
from bot.watch.questions import Answer, AskJob, AskList, FindListed, Question, Record
from tests.watch.world import World

STATES = ("WAITING", "PROCESSING", "RESULT_REVIEW", "UPLOADING", "FAILED", None)
REQUEST_ERRORS = (errors.Throttled(), errors.PermissionDenied(), errors.WrongProject(), errors.ServiceDown())
NODE_LAG = 55
"""Seconds that a node may lag behind: less than the policy waits where nothing orders two answers."""


class Story(World):
    """A world with followed jobs, some without any time, that judges each question and each record."""

    def __init__(self, number: int, untimed: int, others: int) -> None:
        super().__init__(took=0.1)
        self.crowd(others, every=40)
        self.ids = self.some(number)
        for job_id in self.ids[:untimed]:
            self.add(job_id, 100, reject_times=None, lastupdate_time=None)
        self.follow(*self.ids)
        self.untimed = self.ids[:untimed]
        self.turns = count()
        """Three nodes answer by turns, of which one lags."""
        self.meanwhile: dict[int, Callable[[], None]] = {}
        """What happens before the questions with these numbers of the next check."""
        self.begins = dict.fromkeys(self.ids, 0)
        """The number of the copy that each record began with."""
        self.missed: dict[str, list[float]] = {job_id: [] for job_id in self.ids}

    def answer(self, question: Question) -> Answer:
        """Answer; a job that counts as gone was missing twice in a row, and is not in the list."""
        self.meanwhile.pop(len(self.asked) + 1, lambda: None)()
        lags = self.lags
        if isinstance(question, AskJob) and next(self.turns) % 3:
            self.lags = {}
        answer = super().answer(question)
        self.lags = lags
        if isinstance(question, AskJob | FindListed) and isinstance(answer.got, Job):
            # What the list has may be missing still: then that was the first miss.
            kept = 1 if isinstance(question, FindListed) else 0
            del self.missed[question.job_id][: -kept or None]
        elif isinstance(question, AskJob) and isinstance(answer.got, errors.JobNotFound):
            self.missed[question.job_id].append(answer.asked_at)
        elif isinstance(question, Record) and question.changes[-1][1].job.is_gone:
            [(known, _)] = question.changes
            misses = self.missed[known.ref.job_id]
            assert misses[-1] - misses[0] >= RATE_LIMITS.gone
            assert FindListed(known.ref.job_id) in self.asked
        return answer

    def truth(self, job_id: str) -> Iterator[str]:
        """Yield each state that a job had since its record began."""
        copies = self.history[job_id][self.begins[job_id] :]
        return (job.state or "" if job else GONE for _, job in copies)

    def check_safely(self, after: float = 60) -> None:
        """Check as the watcher does: what fails is tried again later; what is over is not asked for."""
        over = [AskJob(ref.job_id) for ref, record in self.records.items() if record.job.is_over]
        with suppress(errors.MetaStudioError, errors.StoreTrouble):
            self.check(after)
        self.meanwhile.clear()
        assert not any(question in over for question in self.asked)
        shows, pages = self.requests
        assert shows <= 2 * len(self.ids)
        assert pages <= len(self.ids)
        for job_id in self.ids:
            states = self.truth(job_id)
            assert all(state in states for state in self.path(job_id))  # in this order


Step = Callable[[Story, str], None]
"""What happens in a story, perhaps to this job."""


def change(state: str | None, story: Story, job_id: str) -> None:
    """Change a job's state, but not twice within the clock skew of MetaStudio's nodes; None deletes it."""
    since, job = story.history[job_id][-1]
    if job and (state is None or (not job.is_over and job.state != state and story.now - since > 10)):
        is_untimed = job_id in story.untimed
        fields: dict[str, Any] = dict.fromkeys(("reject_times", "lastupdate_time") if is_untimed else ())
        story.set(job_id, state, **fields)


def renew(story: Story, job_id: str) -> None:
    """Let somebody end a subscription, look the job up, and subscribe anew."""
    job = story.job(job_id)
    if job and not job.is_over:
        meanwhile, story.meanwhile, story.fault = story.meanwhile, {}, lambda _: None
        story.person_asks(job_id)
        story.meanwhile = meanwhile
        story.begins[job_id] = len(story.history[job_id]) - 1
        story.missed[job_id].clear()
        story.follow(job_id)


def list_lags(seconds: float, story: Story, _: str) -> None:
    """Let the list show what was so a while ago."""
    story.lag = seconds


def node_lags(seconds: float, story: Story, job_id: str) -> None:
    """Let the answers about one job be from a while ago; where it has times to tell."""
    if job_id not in story.untimed:
        story.lags[job_id] = seconds


def hide(story: Story, job_id: str) -> None:
    """Leave a job out of the list, or show it again."""
    story.hidden ^= {job_id}


def fail(kinds: set[type[Question]], error: errors.VoiceJobError, every: int, story: Story, _: str) -> None:
    """Let every so manieth question of these kinds fail."""
    asked = count(1)
    story.fault = lambda question: error if type(question) in kinds and not next(asked) % every else None


def meanwhile(number: int, step: Step, story: Story, job_id: str) -> None:
    """Let something happen during the next check, before its question of this number."""
    story.meanwhile[number] = lambda: step(story, job_id)


def steps(step: Callable[..., None], *fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(partial, st.just(step), *fields)


CHANGES = steps(change, st.sampled_from(STATES)) | steps(renew)
KINDS = st.sampled_from([{AskList}, {AskJob}, {FindListed}, {AskList, AskJob, FindListed}])
STEPS = st.one_of(
    CHANGES,
    steps(meanwhile, st.integers(1, 6), CHANGES),
    steps(list_lags, st.sampled_from([0, 30, 200, 1000])),
    steps(node_lags, st.sampled_from([0, NODE_LAG])),
    steps(hide),
    steps(fail, KINDS, st.sampled_from(REQUEST_ERRORS), st.integers(1, 4)),
    steps(fail, st.just({Record}), st.just(errors.StoreTrouble()), st.integers(1, 3)),
)
HAPPENS = st.lists(st.tuples(STEPS, st.integers(0, 7)), max_size=3)
ROUNDS = st.lists(st.tuples(HAPPENS, st.sampled_from([15.0, 60.0, 900.0])), max_size=15)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([1, 2, 5, 8]), st.integers(0, 2), st.sampled_from([0, 120]), ROUNDS)
def test_what_lasts_is_recorded_and_nothing_is_invented(
    number: int, untimed: int, others: int, rounds: list[tuple[list[tuple[Step, int]], float]]
) -> None:
    """Once MetaStudio is well again, each record shows its job, at a bounded number of requests."""
    story = Story(number, untimed, others)
    for happens, after in rounds:
        for step, job in happens:
            step(story, story.ids[job % number])
        story.check_safely(after)
    story.lag, story.lags, story.hidden = 0, {}, set()
    story.fault = lambda _: None
    for _ in range(40):  # longer than a list is suspended
        story.check_safely()

    for job_id in story.ids:
        *_, last = story.truth(job_id)
        assert story.path(job_id)[-1] == last or story.records[JobRef.of(job_id)].job.is_over
    assert sum(story.requests) <= number + 3
