"""Client of MetaStudio's voice training API: one method for each question that the bot asks."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Any, Final, Self, TypeVar

import httpx

from bot.domain.causes import Cause, cause_of
from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.jobs import Job, Page
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import BadJobId, MetaStudioError, UnreadableAnswer
from bot.metastudio.apis import Apis
from bot.metastudio.auth import SignIn
from bot.metastudio.newest import NewestJobs
from bot.metastudio.pages import pages
from bot.metastudio.requests import Requests
from bot.metastudio.throttle import Throttle
from bot.process.shared_calls import SharedCalls
from bot.telemetry.metrics import Metrics

T = TypeVar("T")

LOOK_UP_SECONDS: Final = 12.0
"""The deadline of a look-up, retries included."""
FINDINGS_SECONDS: Final = 3.0
"""For how long an answer waits for why a job failed."""
TIMEOUT: Final = httpx.Timeout(10, connect=5)
MOST_PAGES: Final = 20
"""Pages that are searched for one job: an account with more than 2,000 jobs on a server that filters none."""


class MetaStudio:
    """The voice training jobs of one project. Use as an async context manager: it keeps connections open.

    ``endpoint`` is an address without a slash at its end; ``timeout`` holds for one try, ``limit`` (seconds)
    for a whole look-up.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        project_id: str,
        auth: SignIn[Any],
        app_user_id: str | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        limit: float = LOOK_UP_SECONDS,
        rates: RateLimits = RATE_LIMITS,
        metrics: Metrics | None = None,
    ) -> None:
        self._apis = Apis(endpoint, project_id=project_id, app_user_id=app_user_id)
        self._requests = Requests(
            auth, timeout=timeout, limit=limit, rates=rates, metrics=metrics or Metrics()
        )
        self._look_ups = SharedCalls(self._fetch)
        self._newest = NewestJobs()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._look_ups.aclose()
        await self._requests.aclose()

    @property
    def throttle(self) -> Throttle:
        """When requests may be sent."""
        return self._requests.throttle

    @property
    def newest(self) -> tuple[Page, float] | None:
        """The newest first page of ``recent_jobs``, and when it was asked for, in epoch seconds.

        Its jobs lack what is never shown, and the fields ``allocated_resource`` and ``assess_result``.
        """
        return self._newest.page

    async def job(self, job_id: str) -> Job:
        """Look up one job. Concurrent calls for the same job share one request.

        Raises BadJobId before anything is sent, MetaStudioError otherwise.
        """
        return await self._look_ups.call(job_id)

    async def stated_job(self, job_id: str) -> Job:
        """Look up a job; also raises UnreadableAnswer if it has no state. Raises as ``job`` does."""
        job = await self.job(job_id)
        if not job.state:
            raise UnreadableAnswer(job_id=job_id)
        return job

    def asked_at(self, job_id: str) -> float:
        """Return when the request of a ``job`` call made now began, by the loop's clock: it may be shared.

        The answer is as of then at the earliest.
        """
        return self._look_ups.began_at(job_id)

    async def answer(self, job_id: str) -> dict[str, Any]:
        """Fetch one job as MetaStudio sends it (ShowVoiceTrainingJob). Raises as ``job`` does."""
        return await self._requests.send(self._apis.show(job_id))

    async def audit_result(self, job_id: str) -> AuditResult:
        """Fetch the results of a job's reviews (ShowJobAuditResult). Raises as ``job`` does."""
        return await self._requests.send(self._apis.audit_result(job_id))

    async def operation_log(self, job_id: str) -> OperationLog:
        """Fetch a job's history (ListJobOperationLog), its first MOST_OPERATIONS. Raises as ``job`` does."""
        return await self._requests.send(self._apis.operation_log(job_id))

    async def findings(self, job_id: str, *, seconds: float = FINDINGS_SECONDS) -> Findings:
        """Ask for both at the same time, once each, and wait for at most ``seconds`` in all.

        What MetaStudio refused or did not answer in time is None. Raises BadJobId before anything is sent.
        """
        audit_request, log_request = self._apis.audit_result(job_id), self._apis.operation_log(job_id)
        audit = self._requests.send(audit_request, tries=1, limit=seconds)
        log = self._requests.send(log_request, tries=1, limit=seconds)
        async with asyncio.TaskGroup() as both:
            audited = both.create_task(_unless_refused(audit))
            logged = both.create_task(_unless_refused(log))
        return Findings(audited.result(), logged.result())

    async def cause(self, job: Job) -> Cause | None:
        """Ask why a job failed or was sent back; None where nothing says why. Raises nothing.

        The list may have a job whose id nobody can ask for.
        """
        try:
            return cause_of(job, await self.findings(job.job_id or ""))
        except BadJobId:
            return None

    async def recent_jobs(self, *, offset: int = 0) -> Page:
        """List jobs, the one that changed last first: PAGE_SIZE from ``offset`` on.

        The order is what is asked for: check it in what comes back. Raises MetaStudioError.
        """
        asked_at = time.time()
        page = await self.listed({"sort_key": "update_time", "sort_dir": "desc"}, offset=offset)
        if not offset:
            self._newest.keep(page, asked_at)
        return page

    async def listed(self, filters: Mapping[str, str], *, offset: int = 0) -> Page:
        """List jobs (ListVoiceTrainingJob): PAGE_SIZE from ``offset`` on. Raises MetaStudioError.

        ``filters`` are its parameters: "state" (one or several with commas, 128 characters at most),
        "voice_name" (256), "sort_key" and so on. No server has to know or keep them: check what comes back.
        """
        return await self._requests.send(self._apis.list(filters, offset))

    async def listed_job(self, job_id: str) -> Job | None:
        """Look for one job in the list, which is asked for this job alone; None if the list has no such job.

        No server has to know that filter: whatever comes is searched, page by page. Raises MetaStudioError,
        and UnreadableAnswer where the pages come to no end.
        """
        seen: set[str | None] = set()

        async def ask(offset: int) -> Page:
            return await self._requests.send(self._apis.list({"job_id": job_id}, offset, job_id))

        async for page, is_last in pages(ask, MOST_PAGES):
            for job in page.jobs:
                if (job.job_id or "").lower() == job_id.lower():
                    return job
            if is_last:
                return None
            ids = {job.job_id for job in page.jobs}
            if ids <= seen:
                break
            seen |= ids
        raise UnreadableAnswer(job_id=job_id)

    async def _fetch(self, job_id: str) -> Job:
        # The id that was asked for is the one that can be asked for again, whatever the answer says.
        return Job.from_api(await self.answer(job_id) | {"job_id": job_id})


async def _unless_refused(answer: Awaitable[T]) -> T | None:
    try:
        return await answer
    except MetaStudioError:
        return None
