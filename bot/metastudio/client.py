"""MetaStudio's API, as far as the bot uses it: time limits, retries, and errors of our tree."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from bot.domain.job_ids import JOB_ID
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import BadJobId, MetaStudioError, TimedOut, UnreadableAnswer
from bot.metastudio.auth import SignIn
from bot.metastudio.errors import refusal
from bot.metastudio.faults import transport_error
from bot.metastudio.throttle import Throttle
from bot.metastudio.transport import LONGEST, Transport
from bot.network.retries import retried
from bot.telemetry.metrics import OK, Metrics

Answer = TypeVar("Answer")

LOOK_UP_SECONDS: Final = 12.0
"""A look-up ends within this time, whatever happens."""
TIMEOUT: Final = httpx.Timeout(10, connect=5)
TRIES: Final = 3
MOST_PAGES: Final = 20
"""Pages that are searched for one job: an account with more than 2,000 jobs on a server that filters none."""
LONGEST_JOB: Final = 256 * 1024
"""Bytes of one job, which has a few KiB. Python makes up to twenty bytes of each one that it reads."""
LONGEST_PAGE: Final = 2 * 1024 * 1024
"""Bytes of a page of the list: a hundred jobs of twenty KiB."""
HTTPX_ERRORS: Final = (httpx.RequestError, httpx.InvalidURL, UnicodeError)
"""What httpx raises for a request; UnicodeError where a host's name has no form in Unicode."""
TELLING_FIELDS: Final = frozenset({"job_id", "state", "voice_name"})
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
        self._http = httpx.AsyncClient(auth=auth, headers=headers, timeout=timeout, transport=Transport())
        self._auth = auth
        auth.attach(self._http, pause=rates.refused, hold=rates.unheard)
        self.throttle = Throttle(pause=rates.requests, first_hold=rates.hold)
        self._first_pause = rates.retry
        self._metrics = metrics or Metrics()
        self._limit = limit
        self._under_way: dict[str, asyncio.Task[Job]] = {}
        self._asked_at: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in list(self._under_way.values()):
            task.cancel()
            await asyncio.wait([task])
        await self._auth.aclose()
        await self._http.aclose()

    async def job(self, job_id: str) -> Job:
        """Look up one job. All who ask for the same job while it is being fetched share one request.

        Raises BadJobId before anything is sent, MetaStudioError otherwise.
        """
        task = self._under_way.get(job_id)
        if task is None or task.done():  # in the turn of the loop in which it was answered it is still there
            self._asked_at[job_id] = asyncio.get_running_loop().time()
            task = self._under_way[job_id] = asyncio.create_task(self._fetch(job_id))
            task.add_done_callback(lambda done: self._forget(job_id, done))
        # The shield lets one asker give up without taking the answer from the others.
        return await asyncio.shield(task)

    async def stated_job(self, job_id: str) -> Job:
        """Look up a job to follow it: an answer that names no state is none. Raises as ``job`` does."""
        job = await self.job(job_id)
        if not job.state:
            raise UnreadableAnswer(job_id=job_id)
        return job

    def asked_at(self, job_id: str) -> float:
        """Say as of when an answer is that is asked for now, on the loop's clock: others may have asked."""
        task = self._under_way.get(job_id)
        return self._asked_at[job_id] if task and not task.done() else asyncio.get_running_loop().time()

    async def answer(self, job_id: str) -> dict[str, Any]:
        """Fetch one job as MetaStudio sends it (ShowVoiceTrainingJob). Raises as ``job`` does."""
        if not JOB_ID.fullmatch(job_id):
            raise BadJobId(job_id)
        return await self._in_time(lambda: self._job_once(job_id), job_id)

    async def recent_jobs(self, *, offset: int = 0) -> Page:
        """List jobs, the one that changed last first (ListVoiceTrainingJob): PAGE_SIZE from ``offset`` on.

        The order is what is asked for: check it in what comes back. Raises MetaStudioError.
        """
        return await self._in_time(lambda: self._page_once(offset), "")

    async def listed_job(self, job_id: str) -> Job | None:
        """Look for one job in the list, which is asked for this job alone; None if the list has no such job.

        No server has to know that filter: whatever comes is searched, page by page. Raises MetaStudioError,
        and UnreadableAnswer where the pages come to no end.
        """
        seen: set[str | None] = set()
        offset = 0
        for _ in range(MOST_PAGES):
            query = {"job_id": job_id, "offset": offset, "limit": PAGE_SIZE}
            page = await self._in_time(partial(self._listed_once, query), job_id)
            if found := [job for job in page.jobs if (job.job_id or "").lower() == job_id.lower()]:
                return found[0]
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

    def _forget(self, job_id: str, done: asyncio.Task[Job]) -> None:
        if self._under_way.get(job_id) is done:  # otherwise somebody has asked anew already
            del self._under_way[job_id], self._asked_at[job_id]
        if not done.cancelled():
            done.exception()  # all askers may be gone: then nobody else would look at it

    async def _in_time(self, ask: Callable[[], Awaitable[Answer]], job_id: str) -> Answer:
        try:
            async with asyncio.timeout(self._limit) as limit:
                return await self._with_retries(ask, job_id, limit)
        except TimeoutError:
            raise TimedOut(job_id=job_id) from None

    async def _with_retries(
        self, ask: Callable[[], Awaitable[Answer]], job_id: str, limit: asyncio.Timeout
    ) -> Answer:
        latest = limit.when() or 0.0

        async def once() -> Answer:
            async with self.throttle.place(latest, job_id):
                return await ask()

        def pause(error: Exception, usual: float) -> float | None:
            left = latest - asyncio.get_running_loop().time()
            return pause_before_retry(error, usual=usual, seconds_left=left)

        return await retried(once, tries=TRIES, first=self._first_pause, pause=pause)

    async def _job_once(self, job_id: str) -> dict[str, Any]:
        with self._counted("show"):
            response = await self._get(f"{self._jobs_url}/{job_id}", {}, job_id, LONGEST_JOB)
            return _job_in(response, job_id)

    async def _page_once(self, offset: int) -> Page:
        query = {"offset": offset, "limit": PAGE_SIZE, "sort_key": "update_time", "sort_dir": "desc"}
        return await self._listed_once(query)

    async def _listed_once(self, query: dict[str, Any]) -> Page:
        with self._counted("list"):
            return _page_in(await self._get(self._jobs_url, query, "", LONGEST_PAGE))

    @contextmanager
    def _counted(self, call: str) -> Iterator[None]:
        """Count one request, whatever comes of it; one that is given up was no answer."""
        outcome = "given_up"
        try:
            yield
            outcome = OK
        except MetaStudioError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.request(call, outcome)

    async def _get(self, url: str, query: dict[str, Any], job_id: str, longest: int) -> httpx.Response:
        try:
            response = await self._http.get(url, params=query or None, extensions={LONGEST: longest})
        except HTTPX_ERRORS as error:
            raise transport_error(error, job_id) from error
        if response.status_code != HTTPStatus.OK:
            raise refusal(response.status_code, response.headers, response.content, job_id=job_id)
        return response


def pause_before_retry(error: Exception, *, usual: float, seconds_left: float) -> float | None:
    """Say after how many seconds to try again; None: not at all.

    A time that MetaStudio named (Retry-After) is kept, or not waited for at all when it is past the limit.
    """
    if not isinstance(error, MetaStudioError) or not error.transient:
        return None
    if error.retry_after is None:
        return usual
    pause = error.retry_after + usual
    return pause if pause < seconds_left else None


def _page_in(response: httpx.Response) -> Page:
    # What is read, which may be large, is in no variable here: an error would keep it.
    page = Page.from_api(_json_in(response))
    if page is None or not page.rows:
        told = refusal(response.status_code, response.headers, response.content)
        if page is None or told.code:
            raise told
    return page


def _json_in(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _job_in(response: httpx.Response, job_id: str) -> dict[str, Any]:
    answer = _json_in(response)
    if isinstance(answer, Mapping) and TELLING_FIELDS & answer.keys():
        if str(answer.get("job_id") or job_id).lower() != job_id.lower():
            raise UnreadableAnswer(job_id=job_id)  # it is about another job
        return dict(answer)
    told = refusal(response.status_code, response.headers, response.content, job_id=job_id)
    if isinstance(answer, Mapping) and not told.code:
        return dict(answer)
    raise told
