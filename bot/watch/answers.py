"""Answers to the questions of a watch policy: by requests to MetaStudio, by the store, and by the log."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import closing
from typing import TypeVar

from bot.domain.jobs import Job, Page
from bot.domain.records import Records
from bot.errors import BadJobId, MetaStudioError, StoreTrouble
from bot.metastudio.client import MetaStudio
from bot.process.clock import Clock
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about
from bot.watch.followed import FollowedRecords
from bot.watch.questions import (
    Answer,
    AskJob,
    AskList,
    AskWhy,
    Causes,
    FindListed,
    Flow,
    JobTrouble,
    ListTrouble,
    ListWorks,
    Question,
    Record,
    TakeIn,
)

log = logging.getLogger(__name__)
T = TypeVar("T")


class Answers:
    """Answers a policy's questions, one after the other. Requests wait for their turn at the throttle."""

    def __init__(self, metastudio: MetaStudio, records: FollowedRecords, clock: Clock) -> None:
        self._metastudio = metastudio
        self._records = records
        self._clock = clock
        self._list_log = LogOnce(log)

    async def to(self, flow: Flow[T]) -> T:
        """Answer all that a policy asks; return its result. Raises what it raises."""
        with closing(flow):
            try:
                question = next(flow)
                while True:
                    question = flow.send(await self._answer(question))
            except StopIteration as end:
                result: T = end.value
                return result

    async def _answer(self, question: Question) -> Answer:
        if isinstance(question, AskList | AskJob | FindListed):
            return await self._request(question)
        asked_at = _now()
        got: Causes | Records | StoreTrouble | None = None
        match question:
            case AskWhy(jobs):
                got = await self._causes(jobs)
            case Record() | TakeIn():
                got = await self._stored(question)
            case _:
                self._note(question)
        return Answer(got, asked_at, _now(), self._clock())

    async def _request(self, question: AskList | AskJob | FindListed) -> Answer:
        asked_at = _now()
        got: Page | Job | MetaStudioError | BadJobId | None
        try:
            await self._metastudio.throttle.turn()
            asked_at = self._metastudio.asked_at(question.job_id) if isinstance(question, AskJob) else _now()
            got = await self._sent(question)
        except (MetaStudioError, BadJobId) as error:
            got = error
        return Answer(got, asked_at, _now(), self._clock())

    async def _sent(self, question: AskList | AskJob | FindListed) -> Page | Job | None:
        """Send a request to MetaStudio. Raises MetaStudioError, BadJobId."""
        match question:
            case AskList(offset):
                return await self._metastudio.recent_jobs(offset=offset)
            case AskJob(job_id):
                return await self._metastudio.stated_job(job_id)
            case FindListed(job_id):
                return await self._metastudio.listed_job(job_id)

    async def _causes(self, jobs: Sequence[Job]) -> Causes:
        """Ask why jobs failed, all at the same time: so it takes no longer than one answer may take."""
        found = zip(jobs, await asyncio.gather(*map(self._metastudio.cause, jobs)), strict=True)
        return Causes({job.job_id or "": cause for job, cause in found if cause})

    async def _stored(self, change: Record | TakeIn) -> Records | StoreTrouble:
        try:
            if isinstance(change, Record):
                return await self._records.record(change.changes)
            return await self._records.take_in(change, int(self._clock()))
        except StoreTrouble as error:
            return error

    def _note(self, note: ListTrouble | ListWorks | JobTrouble) -> None:
        match note:
            case ListTrouble(what, job_id, error):
                self._list_log.failed(what, about=about(job=job_id, error=error))
            case ListWorks():
                self._list_log.recovered("the list of jobs is used again")
            case JobTrouble(job_id, None):
                log.info("a job can be checked again", extra=about(job=job_id))
            case JobTrouble(job_id, why):
                log.warning("a job can't be checked", extra=about(job=job_id, error=why))


def _now() -> float:
    return asyncio.get_running_loop().time()
