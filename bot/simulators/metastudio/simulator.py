"""A simulator of MetaStudio's voice training API, and of IAM's token endpoint, on loopback.

It is strict where the documents are: signatures, dates, tokens, projects and ids are checked, and
refused with the documented errors. The demo and the tests run the bot against it.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from math import inf
from typing import Any, Self

from aiohttp import web

from bot.network.servers import Site
from bot.simulators.metastudio import iam
from bot.simulators.metastudio.account import Account
from bot.simulators.metastudio.errors import (
    REQUEST_ID,
    ApiError,
    IamError,
    RefusedError,
    failed_check,
    wrong_project,
)
from bot.simulators.metastudio.faults import Api, Chaos, CutError, Fault, FaultQueue, Target, pause, play
from bot.simulators.metastudio.gateway import Call, authenticate
from bot.simulators.metastudio.jobs import USUAL_PATH, Jobs, RawJob
from bot.simulators.metastudio.list import JOB_ID, FilterMode, page, parse_query
from bot.simulators.metastudio.list_view import ListView
from bot.simulators.metastudio.paths import AUDIT_PATH, JOB_PATH, LIST_PATH, LOG_PATH, TOKEN_PATH, api_of

__all__ = ["Fault", "MetaStudioSimulator", "RecordedRequest"]

STOP_SECONDS = 0.5
"""How long a stop waits for requests that are being answered."""

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(kw_only=True, eq=False)
class RecordedRequest:
    """One request that the simulator received; ``path`` and ``query`` are as they were sent.

    ``headers`` ignore case. ``status`` is that of the response, ``None`` until there is one. ``api`` is
    ``None`` for a path or a method that is no API.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    api: Api | None = None
    status: int | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class MetaStudioSimulator(Account):
    """MetaStudio and IAM for one account, in memory: ``async with MetaStudioSimulator(…) as metastudio``.

    It serves ShowVoiceTrainingJob, ListVoiceTrainingJob, ShowJobAuditResult, ListJobOperationLog and
    KeystoneCreateUserTokenByPassword; ``url`` is the
    address of both services while it runs. What a test, or the demo, can set at any time:

    - ``latency`` delays every jobs request by this many seconds.
    - ``list_unsorted`` lists the jobs in the order of adding, whatever order is asked for.
    - ``hidden`` are ids of jobs that the list omits though Show has them.
    - ``list_lag`` delays what the list shows.
    - ``chaos`` returns the fault, or ``None``, of each request to the jobs that ``fail`` spares.
    - ``filter_modes`` has what the list does with the parameters ``voice_name`` and ``state``.
    """

    latency: float = 0
    list_unsorted: bool = False
    hidden: set[str] = field(default_factory=set)
    chaos: Chaos | None = None
    filter_modes: dict[str, FilterMode] = field(default_factory=dict)
    url: str = field(init=False)
    requests: list[RecordedRequest] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._jobs = Jobs()
        self._view = ListView(self._jobs.raw)
        self._faults = FaultQueue()
        self._stopping = asyncio.Event()
        app = web.Application(middlewares=[self._record])
        app.router.add_get(JOB_PATH, self._show_job, allow_head=False)
        app.router.add_get(AUDIT_PATH, self._show_audit_result, allow_head=False)
        app.router.add_get(LOG_PATH, self._list_operations, allow_head=False)
        app.router.add_get(LIST_PATH, self._list_jobs, allow_head=False)
        app.router.add_post(TOKEN_PATH, self._create_token)
        app.on_response_prepare.append(self._add_headers)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_SECONDS
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await Site(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await self._runner.cleanup()

    @property
    def jobs(self) -> dict[str, RawJob]:
        """Every job by its id, as the API returns it; changes made here take effect at once."""
        return self._jobs.raw

    @property
    def audits(self) -> dict[str, dict[str, Any]]:
        """The audit result of each job by its id, as the API returns it; changes take effect at once."""
        return self._jobs.reviews.audits

    @property
    def operations(self) -> dict[str, list[dict[str, Any]]]:
        """The operation log of each job by its id, oldest first; changes take effect at once."""
        return self._jobs.reviews.operations

    @property
    def token_requests(self) -> int:
        """The number of ``requests`` to IAM."""
        return self.requests_to("iam")

    def requests_to(self, api: Api) -> int:
        """Return the number of ``requests`` to an API, whatever the response was."""
        return sum(seen.api == api for seen in self.requests)

    def add_job(self, *, state: str | None = None, path: Sequence[str] = USUAL_PATH, **fields: Any) -> RawJob:
        """Add a job and return it as the API returns it.

        ``fields`` replace the defaults, ``None`` leaves a field out; ``path`` is the states that ``advance``
        goes through, and its first one is the default of ``state``.
        """
        return self._changed(self._jobs.add(state, path, fields, self.clock()))

    def set_state(self, job_id: str, state: str, **fields: Any) -> RawJob:
        """Put a job in any state, with the fields that the API shows in it; raise ``KeyError`` if unknown."""
        return self._changed(self._jobs.set_state(job_id, state, fields, self.clock()))

    def advance(self, job_id: str) -> RawJob:
        """Put a job in the next state of its path; raise ``ValueError`` if there is none."""
        return self._changed(self._jobs.advance(job_id, self.clock()))

    def next_state(self, job_id: str) -> str | None:
        """Return the state to which ``advance`` leads, ``None`` at the end; raise ``KeyError`` if unknown."""
        return self._jobs.next_state(job_id)

    def delete(self, job_id: str) -> None:
        """Delete a job: it is not found from then on; raise ``KeyError`` if unknown."""
        self._jobs.delete(job_id)
        self._view.record(job_id, self.clock())

    def _changed(self, job: RawJob) -> RawJob:
        self._view.record(job["job_id"], self.clock())
        return job

    @property
    def list_lag(self) -> float:
        """Seconds by ``clock`` after which the list shows a change made by a method; 0 is at once."""
        return self._view.lag

    @list_lag.setter
    def list_lag(self, seconds: float) -> None:
        self._view.lag = seconds

    def freeze_list(self) -> None:
        """Keep the list as it is now, whatever changes, while Show is current."""
        self.list_lag = inf

    def thaw_list(self) -> None:
        """Let the list show the jobs as they are."""
        self.list_lag = 0

    def fail(self, fault: Fault, *, times: int = 1, on: Target = "jobs") -> None:
        """Add a fault for the next requests, after the faults added before."""
        self._faults.add(fault, times, on)

    def heal(self) -> None:
        """Remove the faults that no request has met yet; ``chaos`` stays."""
        self._faults.clear()

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record every request and the status of its response; close the connection where there is none."""
        path, _, query = request.raw_path.partition("?")
        seen = RecordedRequest(
            method=request.method, path=path, query=query, headers=request.headers, api=api_of(request)
        )
        self.requests.append(seen)
        request[REQUEST_ID] = uuid.uuid4().hex
        try:
            response = await self._respond(request, handler, seen.api)
        except CutError:
            if request.transport:
                request.transport.close()
            return web.Response()  # which can't be sent any more
        seen.status = response.status
        return response

    async def _respond(self, request: web.Request, handler: Handler, api: Api | None) -> web.StreamResponse:
        """Respond as usual, or with the next fault."""
        if request.path == TOKEN_PATH:
            fault = self._faults.take("iam")
        else:
            if self.latency:
                await pause(self.latency, self._stopping)
            fault = self._faults.take(api)
            if not fault and self.chaos and api:
                fault = self.chaos(api)
        usual = partial(self._respond_as_usual, request, handler)
        return await play(fault, request, usual, self._stopping) if fault else await usual()

    async def _respond_as_usual(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            await self._check(request)
            return await handler(request)
        except RefusedError as refused:
            return refused.response(request)

    async def _check(self, request: web.Request) -> None:
        """Check in the gateway's order: is there such an API, who calls, and does it have this method."""
        not_routed = request.match_info.http_exception
        if isinstance(not_routed, web.HTTPNotFound):
            raise ApiError(
                404, "APIGW.0101", "The API does not exist or has not been published in the environment."
            )
        if request.path == TOKEN_PATH:
            if not_routed:
                raise IamError(405, "The request method is not allowed.")
            return
        body = await request.read()
        call = Call(method=request.method, target=request.raw_path, headers=request.headers, body=body)
        authenticate(call, self)
        if not_routed:
            raise ApiError(400, "MSS.00010004", "The request method is not allowed.")
        if request.match_info["project_id"] != self.project_id:
            raise wrong_project()
        if _CHINESE.search(request.headers.get("X-App-UserId", "")):
            raise ApiError(400, "MSS.00000003", "Invalid parameter: X-App-UserId.")

    async def _show_job(self, request: web.Request) -> web.Response:
        """Respond to ShowVoiceTrainingJob."""
        return _json_response(self.jobs[self._known(request)])

    async def _show_audit_result(self, request: web.Request) -> web.Response:
        """Respond to ShowJobAuditResult."""
        return _json_response(self._jobs.reviews.audit_result(self._known(request)))

    async def _list_operations(self, request: web.Request) -> web.Response:
        """Respond to ListJobOperationLog."""
        job_id, query = self._known(request), parse_query(request.query)
        return _json_response(self._jobs.reviews.operation_log(job_id, query.offset, query.limit))

    def _known(self, request: web.Request) -> str:
        """Return the id of the job that a request is about; raise ``ApiError`` if there is none."""
        job_id = request.match_info["job_id"]
        if not JOB_ID.fullmatch(job_id):
            raise failed_check("job_id")
        if job_id not in self.jobs:
            raise ApiError(404, "MSS.41000003", "The training job does not exist.")
        return job_id

    async def _list_jobs(self, request: web.Request) -> web.Response:
        """Respond to ListVoiceTrainingJob; the app user is not a filter, as no page says that it is."""
        query = parse_query(request.query, self.filter_modes)
        shown = self._view.shown(self.clock())
        return _json_response(page(shown, query, hidden=self.hidden, unsorted=self.list_unsorted))

    async def _create_token(self, request: web.Request) -> web.Response:
        """Respond to KeystoneCreateUserTokenByPassword; the token is in a header."""
        asked = iam.read_token_request(request.content_type, await request.read())
        iam.check_token_request(asked, self)
        token, expiry = self.issue_token()
        body = {"token": iam.token_body(self, expiry)}
        return web.json_response(body, status=201, headers={"X-Subject-Token": token})

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the time and the request id to every response, and the trace id to those of IAM."""
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)
        response.headers["X-Request-Id"] = request[REQUEST_ID]
        if request.path == TOKEN_PATH:
            response.headers["X-IAM-Trace-Id"] = request[REQUEST_ID]


def _json_response(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, dumps=partial(json.dumps, ensure_ascii=False))
