"""Client of MetaStudio's voice training API: timeouts, retries, and the exceptions of ``bot.errors``."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar

import httpx

from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.job_ids import JOB_ID
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import BadJobId, MetaStudioError, TimedOut, UnreadableAnswer
from bot.metastudio.auth import SignIn
from bot.metastudio.errors import refusal
from bot.metastudio.throttle import Throttle
from bot.metastudio.transport import MAX_BYTES, Transport, as_our_errors
from bot.network.retries import retried
from bot.process.shared_calls import SharedCalls
from bot.telemetry.metrics import OK, Metrics

Answer = TypeVar("Answer")

LOOK_UP_SECONDS: Final = 12.0
"""The deadline of a look-up, retries included."""
TIMEOUT: Final = httpx.Timeout(10, connect=5)
TRIES: Final = 3
MOST_PAGES: Final = 20
"""Pages that are searched for one job: an account with more than 2,000 jobs on a server that filters none."""
LONGEST_JOB: Final = 256 * 1024
"""Bytes of one job, which has a few KiB. Python makes up to twenty bytes of each one that it reads."""
LONGEST_FINDINGS: Final = 2 * 1024 * 1024
"""Bytes of an audit result, or of a page of an operation log: 4,096 faulty files of half a KiB each."""
FINDINGS_SECONDS: Final = 3.0
"""How long anybody waits for why a job failed: the rest is told without."""
LONGEST_PAGE: Final = 2 * 1024 * 1024
"""Bytes of a page of the list: a hundred jobs of twenty KiB."""
JOB_FIELDS: Final = frozenset({"job_id", "state", "voice_name"})
"""An answer that has an error code and none of these is no job, whatever its status."""


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
        self._jobs_url = f"{endpoint}/v1/{project_id}/voice-training-manage/user/jobs"
        headers = {"Accept": "application/json"} | ({"X-App-UserId": app_user_id} if app_user_id else {})
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, transport=Transport())
        self._auth = auth
        auth.attach(self._http, rates)
        self.throttle = Throttle(interval=rates.spacing, pause=rates.requests, first_hold=rates.hold)
        self._first_pause = rates.retry
        self._metrics = metrics or Metrics()
        self._limit = limit
        self._look_ups = SharedCalls(self._fetch)
        self.newest: tuple[Page, float] | None = None
        """The jobs that changed last, as they were listed last, and when: in epoch seconds."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._look_ups.aclose()
        await self._auth.aclose()
        await self._http.aclose()

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
        if not JOB_ID.fullmatch(job_id):
            raise BadJobId(job_id)
        url, read = f"{self._jobs_url}/{job_id}", partial(_job_in, job_id=job_id)
        return await self._in_time("show", partial(self._get, url, {}, LONGEST_JOB, read), job_id)

    async def audit_result(self, job_id: str, *, tries: int = TRIES) -> AuditResult:
        """Fetch the results of a job's reviews (ShowJobAuditResult). Raises as ``job`` does."""
        return AuditResult.from_api(await self._about(job_id, "audit-result", {}, tries))

    async def operation_log(self, job_id: str, *, tries: int = TRIES) -> OperationLog:
        """Fetch a page of a job's history (ListJobOperationLog). Raises as ``job`` does."""
        page = {"offset": 0, "limit": PAGE_SIZE}
        return OperationLog.from_api(await self._about(job_id, "op-logs", page, tries))

    async def findings(self, job_id: str, *, seconds: float = FINDINGS_SECONDS) -> Findings:
        """Fetch both side by side, with one attempt each, in ``seconds`` at most; what fails is left out."""
        audit = _if_in_time(self.audit_result(job_id, tries=1), seconds)
        log = _if_in_time(self.operation_log(job_id, tries=1), seconds)
        return Findings(*await asyncio.gather(audit, log))

    async def listed(self, filters: Mapping[str, str], *, offset: int = 0) -> Page:
        """List jobs by these filters (ListVoiceTrainingJob): PAGE_SIZE from ``offset`` on.

        No server has to know them: what comes may be any jobs in any order. Raises MetaStudioError.
        """
        return await self._list(offset, dict(filters))

    async def recent_jobs(self, *, offset: int = 0) -> Page:
        """List jobs, the one that changed last first (ListVoiceTrainingJob): PAGE_SIZE from ``offset`` on.

        The order is what is asked for: check it in what comes back. Raises MetaStudioError.
        """
        page = await self._list(offset, {"sort_key": "update_time", "sort_dir": "desc"})
        if not offset:
            self.newest = page, time.time()
        return page

    async def listed_job(self, job_id: str) -> Job | None:
        """Look for one job in the list, which is asked for this job alone; None if the list has no such job.

        No server has to know that filter: whatever comes is searched, page by page. Raises MetaStudioError,
        and UnreadableAnswer where the pages come to no end.
        """
        seen: set[str | None] = set()
        offset = 0
        for _ in range(MOST_PAGES):
            page = await self._list(offset, {"job_id": job_id}, job_id)
            for job in page.jobs:
                if (job.job_id or "").lower() == job_id.lower():
                    return job
            if page.is_last(offset):
                return None
            ids = {job.job_id for job in page.jobs}
            if ids <= seen:
                break
            seen |= ids
            offset += page.rows
        raise UnreadableAnswer(job_id=job_id)

    async def _fetch(self, job_id: str) -> Job:
        # The id that was asked for is the one that can be asked for again, whatever the answer says.
        return Job.from_api(await self.answer(job_id) | {"job_id": job_id})

    async def _about(self, job_id: str, call: str, query: dict[str, Any], tries: int) -> dict[str, Any]:
        if not JOB_ID.fullmatch(job_id):
            raise BadJobId(job_id)
        get = partial(self._get, f"{self._jobs_url}/{job_id}/{call}", query, LONGEST_FINDINGS, _object_in)
        return await self._in_time(call, get, job_id, tries=tries)

    async def _list(self, offset: int, query: dict[str, Any], job_id: str = "") -> Page:
        params = query | {"offset": offset, "limit": PAGE_SIZE}
        get = partial(self._get, self._jobs_url, params, LONGEST_PAGE, _page_in)
        return await self._in_time("list", get, job_id)

    async def _in_time(
        self, call: str, get: Callable[[], Awaitable[Answer]], job_id: str, *, tries: int = TRIES
    ) -> Answer:
        """Send a request, and again after errors that may pass, until the time of a look-up is over."""

        async def once() -> Answer:
            async with self.throttle.slot(deadline):
                with self._counted(call):
                    return await get()

        def pause(error: Exception, usual: float) -> float | None:
            left = deadline - asyncio.get_running_loop().time()
            return pause_before_retry(error, usual=usual, seconds_left=left)

        try:
            async with asyncio.timeout(self._limit) as limit:
                deadline = limit.when() or 0.0
                return await retried(once, tries=tries, first=self._first_pause, pause=pause)
        except TimeoutError:
            raise TimedOut(job_id=job_id) from None
        except MetaStudioError as error:
            error.values["job_id"] = job_id
            raise

    async def _get(
        self, url: str, query: dict[str, Any], max_bytes: int, read: Callable[[httpx.Response], Answer]
    ) -> Answer:
        with as_our_errors():  # an address may be none
            request = self._http.build_request("GET", url, params=query, extensions={MAX_BYTES: max_bytes})
        response = await self._auth.send(request)
        if response.status_code != HTTPStatus.OK:
            raise refusal(response.status_code, response.headers, response.content)
        return read(response)

    @contextmanager
    def _counted(self, call: str) -> Iterator[None]:
        """Count one request by its outcome; one that was cancelled is given up."""
        outcome = "given_up"
        try:
            yield
            outcome = OK
        except MetaStudioError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.request(call, outcome)


def pause_before_retry(error: Exception, *, usual: float, seconds_left: float) -> float | None:
    """Return the seconds to wait before a retry; None: do not retry.

    A time that MetaStudio named (Retry-After) is kept, or not waited for at all when it is past the limit.
    """
    if not isinstance(error, MetaStudioError) or not error.transient:
        return None
    if error.retry_after is None:
        return usual
    pause = error.retry_after + usual
    return pause if pause < seconds_left else None


async def _if_in_time(call: Awaitable[Answer], seconds: float) -> Answer | None:
    try:
        async with asyncio.timeout(seconds):
            return await call
    except (MetaStudioError, BadJobId, TimeoutError):
        return None


def _object_in(response: httpx.Response) -> dict[str, Any]:
    """Return the object in an answer, which may be empty. Raises the error that stands there instead."""
    answer = _json_in(response)
    error = refusal(response.status_code, response.headers, response.content)
    if not isinstance(answer, Mapping) or error.code:
        raise error
    return dict(answer)


def _page_in(response: httpx.Response) -> Page:
    # What is parsed, which may be large, is in no variable here: an error would keep it.
    page = Page.from_api(_json_in(response))
    if page is None or not page.rows:
        error = refusal(response.status_code, response.headers, response.content)
        if page is None or error.code:
            raise error
    return page


def _json_in(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _job_in(response: httpx.Response, job_id: str) -> dict[str, Any]:
    answer = _json_in(response)
    if isinstance(answer, Mapping) and JOB_FIELDS & answer.keys():
        if str(answer.get("job_id") or job_id).lower() != job_id.lower():
            raise UnreadableAnswer  # it is about another job
        return dict(answer)
    error = refusal(response.status_code, response.headers, response.content)
    if isinstance(answer, Mapping) and not error.code:
        return dict(answer)
    raise error
