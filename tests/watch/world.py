"""A model of MetaStudio and of the store that answers a watch policy's questions: no server, no clock."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

from bot.domain.causes import Cause, Reviewer
from bot.domain.job_records import new_record, observed
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.keys import Address, JobRef, Selector, SelectorKind
from bot.domain.rates import RATE_LIMITS
from bot.domain.records import Board, Delivery, JobRecord, Level, Records, Subscription
from bot.domain.taking_in import keys_to_take_in, taken_in
from bot.errors import JobNotFound, VoiceJobError
from bot.watch.policy import Policy
from bot.watch.questions import (
    Answer,
    AskJob,
    AskList,
    AskWhy,
    Causes,
    Error,
    FindListed,
    Flow,
    JobTrouble,
    Question,
    Record,
    TakeIn,
)

Fault = Callable[[Question], VoiceJobError | None]

EPOCH = 1_700_000_000
"""The epoch seconds of the model's time 0."""
FIRST = 100_000
"""The model's time at the start, so that jobs can be older."""

PROJECT = Selector(SelectorKind.PROJECT, "")


def policy(**fields: Any) -> Policy:
    """Make a policy with the usual times."""
    usual: dict[str, Any] = {"poll": 60.0, "most": 240, "rates": RATE_LIMITS, "list_suspension": 1800.0}
    return Policy(**usual | fields)


@dataclass
class World:
    policy: Policy = field(default_factory=policy)
    now: float = FIRST
    """The event loop's time."""
    took: float = 0.0
    """Seconds that each answer takes."""
    lag: float = 0.0
    """By how many seconds the list is behind."""
    lags: dict[str, float] = field(default_factory=dict)
    """By how many seconds the answers about a job itself are behind."""
    hidden: set[str] = field(default_factory=set)
    """Jobs that no list shows."""
    rows: Callable[[Sequence[Job]], Sequence[Job]] = lambda jobs: jobs
    """What becomes of the list's order."""
    fault: Fault = lambda _: None
    """The error that a question gets for an answer, if any."""
    history: dict[str, list[tuple[float, Job | None]]] = field(default_factory=dict)
    """Each job's copies, with the time from which on it is so; None is deleted."""
    records: dict[JobRef, JobRecord] = field(default_factory=dict)
    """What the store holds of jobs."""
    others: Records = field(default_factory=Records)
    """What else it holds: for wide subscriptions alone."""
    heard: list[JobRef] = field(default_factory=list)
    """Whose records the policy has to be told of before the next check."""
    asked: list[Question] = field(default_factory=list)
    """The questions of the last check."""
    told: list[JobTrouble] = field(default_factory=list)
    """What was to be logged of jobs, from the first check on."""

    def add(self, job_id: str, age: float, **fields: Any) -> None:
        """Add a job that has waited for training for so many seconds."""
        at = self.now - age
        made = {"state": "WAITING", "reject_times": 1, "lastupdate_time": int(EPOCH + at)} | fields
        self.history[job_id] = [(at, Job(job_id=job_id, **made))]

    def follow(self, *job_ids: str) -> None:
        """Let the store have a new record of each job, as it is now."""
        for job_id in job_ids:
            ref = JobRef.of(job_id)
            self.records[ref] = new_record(ref, self.job(job_id) or Job(), int(EPOCH + self.now))
            self.heard.append(ref)

    def crowd(self, number: int, *, age: float = 100, every: float = 1) -> list[str]:
        """Add so many jobs that nobody follows, each ``every`` seconds older than the one before."""
        made = [f"job-{len(self.history) + each}" for each in range(number)]
        for each, job_id in enumerate(made):
            self.add(job_id, age + every * each)
        return made

    def some(self, number: int, *, age: float = 5000) -> list[str]:
        """Add so many jobs, and follow them."""
        made = self.crowd(number, age=age, every=60)
        self.follow(*made)
        return made

    def subscribe(self, selector: Selector = PROJECT, channel: str = "C1") -> Subscription:
        """Let a conversation have a wide subscription, and its board, from now on."""
        now, address = int(EPOCH + self.now), Address("T1", channel)
        wish = Subscription(
            address=address, selector=selector, level=Level.ALL, subscribed_by="U1", subscribed_at=now
        )
        self.others.update(Records.of(wish, Board(address=address, selector=selector)))
        self.policy.know_wide([each for each in self.others.values() if isinstance(each, Subscription)])
        return wish

    def set(self, job_id: str, state: str | None, *, age: float = 0, **fields: Any) -> None:
        """Let a job be in another state since ``age`` seconds ago; None deletes it."""
        at, before = self.now - age, self.job(job_id)
        times = sum(job is not None and job.state == state for _, job in self.history[job_id]) + 1
        new = {"state": state, "reject_times": times, "lastupdate_time": int(EPOCH + at)} | fields
        self.history[job_id].append((at, before.model_copy(update=new) if state and before else None))

    def label(self, job_id: str, **labels: str | None) -> None:
        """Give a job other labels, which changes nothing else."""
        job = self.job(job_id)
        self.history[job_id].append((self.now, job and job.model_copy(update=labels)))

    def job(self, job_id: str, lag: float = 0) -> Job | None:
        """Return a job as it was so many seconds ago."""
        copies = [job for since, job in self.history.get(job_id, []) if since <= self.now - lag]
        return copies[-1] if copies else None

    def person_asks(self, job_id: str, *, later: float = 0) -> None:
        """Let a person look a job up, by a request that was sent so many seconds later."""
        answer = self.answer(AskJob(job_id))
        self.run(self.policy.jobs.person_saw(job_id, replace(answer, asked_at=self.now + later)))

    def path(self, job_id: str = "job-0") -> tuple[str, ...]:
        """Return the states that are recorded of a job."""
        return tuple(sight.state for sight in self.records[JobRef.of(job_id)].sights)

    def causes(self, job_id: str = "job-0") -> list[str]:
        """Return why the job came into each of its recorded states; empty where nothing says so."""
        sights = self.records[JobRef.of(job_id)].sights
        return [sight.cause.said if sight.cause else "" for sight in sights]

    def taken(self, channel: str = "C1") -> dict[str, int | None]:
        """Return the jobs that were taken in for a conversation, with the number of the sight it was told."""
        found = [it for it in self.others.values() if isinstance(it, Delivery)]
        return {it.job.job_id: it.told for it in found if it.address.channel_id == channel}

    @property
    def are_boards_read(self) -> list[bool]:
        """Whether the whole list was read, for each of the boards."""
        return [each.is_read for each in self.others.values() if isinstance(each, Board)]

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """The recorded states of each job that changed."""
        return {ref.job_id: self.path(ref.job_id) for ref, record in self.records.items() if record.number}

    def check(self, after: float = 60, *, idle: float = 50) -> tuple[int, int]:
        """Check ``after`` seconds later; return how many requests that took, as ``requests``."""
        self.now += after
        self.asked.clear()
        while self.heard:
            self.policy.jobs.know(ref := self.heard.pop(0), self.records.get(ref))
        self.run(self.policy.check(self.now, idle=idle))
        return self.requests

    @property
    def requests(self) -> tuple[int, int]:
        """How many requests the last check took: for single jobs, and for pages of the list."""
        return self.count(AskJob), self.count(AskList)

    def count(self, kind: type[Question]) -> int:
        """Return how many questions of this kind the last check had."""
        return sum(isinstance(question, kind) for question in self.asked)

    def run(self, flow: Flow[Any]) -> None:
        """Answer all that a policy asks."""
        with suppress(StopIteration):
            question = next(flow)
            while True:
                question = flow.send(self.answer(question))

    def answer(self, question: Question) -> Answer:
        """Answer a question."""
        self.asked.append(question)
        self.told += [question] if isinstance(question, JobTrouble) else []
        asked_at = self.now
        got = cast(Error | None, self.fault(question)) or self._got(question)
        self.now += self.took
        return Answer(got, asked_at, self.now, EPOCH + self.now)

    def _got(self, question: Question) -> Page | Job | Records | Causes | Error | None:
        match question:
            case AskList(offset):
                jobs = self.rows(self._listed())
                page = tuple(jobs[offset : offset + PAGE_SIZE])
                return Page(page, len(jobs), len(page))
            case AskJob(job_id):
                return self.job(job_id, self.lags.get(job_id, 0)) or JobNotFound(job_id=job_id)
            case AskWhy(jobs):
                said = {job.job_id or "": f"why {job.job_id} is {job.state}" for job in jobs}
                return Causes({key: Cause(by=Reviewer.ADMIN, said=text) for key, text in said.items()})
            case FindListed(job_id):
                return next((job for job in self._listed() if job.job_id == job_id), None)
        return self._stored(question)

    def _stored(self, question: Question) -> Records | None:
        """Answer a question to the store."""
        match question:
            case Record(changes):
                refs = [known.ref for known, _ in changes]
                made = observed(changes)(Records({ref: self.records.get(ref) for ref in refs}))
                self.records |= {ref: record for ref in refs if (record := made.job(ref))}
                return Records({ref: self.records.get(ref) for ref in refs})
            case TakeIn(wishes, jobs, causes, is_complete):
                keys, now = keys_to_take_in(wishes, jobs), int(EPOCH + self.now)
                change = taken_in(wishes, jobs, now, is_complete=is_complete, causes=causes)
                held = Records((key, self.others.get(key)) for key in keys)
                held.update({ref: it for ref, it in self.records.items()})  # noqa: C416  another type of keys
                after = Records({**held, **change(held)})
                self.records |= {each.ref: each for each in after.values() if isinstance(each, JobRecord)}
                self.others.update({key: it for key, it in after.items() if not isinstance(it, JobRecord)})
                return after
        return None

    def _listed(self) -> list[Job]:
        """Return the list's rows, the latest change first."""
        shown = [self.job(job_id, self.lag) for job_id in self.history.keys() - self.hidden]
        return sorted(filter(None, shown), key=lambda job: (-(job.lastupdate_time or 0), job.job_id))
