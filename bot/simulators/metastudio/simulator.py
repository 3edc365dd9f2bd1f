"""A stand-in of MetaStudio's voice training API, and of IAM's token endpoint, on loopback.

It is strict where the documents are: signatures, dates, tokens, projects and ids are checked, and
refused with the documented bodies. The demo and the tests run the bot against it.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import partial
from typing import Any, Self

from aiohttp import web

from bot.network.servers import Site
from bot.simulators.metastudio import errors, iam
from bot.simulators.metastudio.account import Account
from bot.simulators.metastudio.faults import Api, Chaos, CutError, Fault, FaultQueue, Target, pause, play
from bot.simulators.metastudio.gate import Call, authenticate
from bot.simulators.metastudio.jobs import USUAL_PATH, Jobs, RawJob
from bot.simulators.metastudio.list import JOB_ID, Orders, page, read_query
from bot.simulators.metastudio.throttle import Throttle
from bot.simulators.metastudio.view import ListView

__all__ = ["SUPPORTED", "Fault", "MetaStudioSimulator", "RecordedRequest"]

LIST_PATH = "/v1/{project_id}/voice-training-manage/user/jobs"
JOB_PATH = f"{LIST_PATH}/{{job_id}}"
TOKEN_PATH = "/v3/auth/tokens"  # noqa: S105 - a path
STOP_SECONDS = 0.5
"""How long a stop waits for requests that are being answered."""

SUPPORTED: Mapping[str, str] = {
    f"GET {JOB_PATH}": "ShowVoiceTrainingJob, by AK/SK, temporary AK/SK or IAM token",
    f"GET {LIST_PATH}": "ListVoiceTrainingJob, with every documented parameter; authentication as for Show",
    f"POST {TOKEN_PATH}": "KeystoneCreateUserTokenByPassword, with a project as scope",
    "fault slow": "the usual answer, late; other requests are not held up",
    "fault hang": "no answer until the client goes away",
    "fault error": "a documented status and error code; 429 with or without Retry-After",
    "fault raw": "any status and bytes: a web page, broken JSON, a list, nothing",
    "fault cut": "the connection is cut before any answer",
    "fault cut_midway": "the connection is cut in the middle of the body",
    "set latency": "every jobs request takes that many seconds longer",
    "set list_unsorted": "the list ignores how it is to be sorted",
    "set list_lag": "the list shows each change that many seconds late",
    "call freeze_list": "the list stays as it is, until thaw_list, while Show goes on",
    "set hidden": "the list leaves out jobs that Show has",
    "set requests_per_second": "more jobs requests than that are throttled",
    "set chaos": "a function decides for each jobs request whether it goes wrong",
}
"""Everything that the simulator can do, a line each."""

_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PROJECT_ID = web.RequestKey("project_id", str)

_APIS: Mapping[tuple[str, str], Api] = {
    ("GET", JOB_PATH): "show",
    ("GET", LIST_PATH): "list",
    ("POST", TOKEN_PATH): "iam",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordedRequest:
    """One request that the simulator received; ``path`` and ``query`` are as they came over the wire.

    ``headers`` look up without regard to case. ``status`` is what was answered, ``None`` while nothing is.
    ``api`` is ``None`` for a path or a method that is no API.
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

    ``url`` is the address of both while it runs. ``latency`` holds up every jobs request, in seconds.
    ``list_unsorted`` makes the list keep the order in which the jobs were added, however it is asked to sort;
    ``hidden`` are ids of jobs that the list leaves out though Show has them.
    ``requests_per_second`` is how many jobs requests are admitted in any one second by ``clock``, Show and
    List together; further ones get 429 ``APIGW.0308``, do not count, and are counted in ``throttled``.
    ``chaos`` is asked for a fault for each request, with ``show`` or ``list``, when none of ``fail`` is due.
    """

    latency: float = 0
    list_unsorted: bool = False
    hidden: set[str] = field(default_factory=set)
    requests_per_second: int | None = None
    chaos: Chaos | None = None
    throttled: int = field(default=0, init=False)
    url: str = field(init=False)
    requests: list[RecordedRequest] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._jobs = Jobs()
        self._view = ListView(self._jobs.raw)
        self._orders = Orders()
        self._throttle = Throttle()
        self._faults = FaultQueue()
        self._stopping = asyncio.Event()
        self._app = web.Application(middlewares=[self._front_door])
        self._app.router.add_get(JOB_PATH, self._show_job, allow_head=False)
        self._app.router.add_get(LIST_PATH, self._list_jobs, allow_head=False)
        self._app.router.add_post(TOKEN_PATH, self._create_token)
        self._app.on_response_prepare.append(self._stamp)
        self._runner = web.AppRunner(
            self._app, access_log=None, handler_cancellation=True, shutdown_timeout=STOP_SECONDS
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
        """Every job by its id, as the API would write it; changes to them are answered from then on."""
        return self._jobs.raw

    @property
    def token_requests(self) -> int:
        """How many of ``requests`` asked IAM for a token."""
        return self.requests_to("iam")

    def requests_to(self, api: Api) -> int:
        """Count which of ``requests`` were to ``show``, ``list`` or ``iam``, whatever they were answered."""
        return sum(seen.api == api for seen in self.requests)

    @property
    def routes(self) -> list[str]:
        """What is served, as ``METHOD path``."""
        routes = self._app.router.routes()
        return [f"{route.method} {route.resource.canonical}" for route in routes if route.resource]

    def add_job(self, *, state: str | None = None, path: Sequence[str] = USUAL_PATH, **fields: Any) -> RawJob:
        """Add a job and return it as the API would write it.

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
        """Name the state to which ``advance`` leads; None at the end; raise ``KeyError`` if unknown."""
        return self._jobs.next_state(job_id)

    def delete(self, job_id: str) -> None:
        """Delete a job: it is not found from then on; raise ``KeyError`` if unknown."""
        self._jobs.delete(job_id)
        self._view.note(job_id, self.clock())

    def _changed(self, job: RawJob) -> RawJob:
        self._view.note(job["job_id"], self.clock())
        return job

    @property
    def list_lag(self) -> float:
        """How many seconds late, by ``clock``, the list shows what changes after this was set; 0 is usual.

        A change that is made in ``jobs`` itself counts from the next request for the list.
        """
        return self._view.lag

    @list_lag.setter
    def list_lag(self, seconds: float) -> None:
        self._view.set_lag(seconds)

    def freeze_list(self) -> None:
        """Let the list be answered from what it shows now, whatever happens, while Show is current."""
        self._view.freeze(self.clock())

    def thaw_list(self) -> None:
        """Let the list follow the jobs again."""
        self._view.thaw()

    def fail(self, fault: Fault, *, times: int = 1, on: Target = "jobs") -> None:
        """Let the next requests fail, after those already asked to.

        ``on`` is ``show`` or ``list`` for that call only, ``iam``, or ``jobs`` for all but IAM.
        """
        self._faults.add(fault, times, on)

    def heal(self) -> None:
        """Forget the faults that no request has met yet; ``chaos`` stays."""
        self._faults.clear()

    @web.middleware
    async def _front_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record every request and what it was answered; cut the connection where nothing is."""
        seen = self._record(request)
        request[errors.REQUEST_ID] = uuid.uuid4().hex
        try:
            response = await self._answer(request, handler)
        except CutError:
            return _cut(request)
        self._note_status(seen, response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Give the usual answer, or the next fault in its stead."""
        usual = partial(self._usual, request, handler)
        if request.path == TOKEN_PATH:
            fault = self._faults.take("iam")
        else:
            if not self._admits():
                return Fault.throttled().refusal().response(request)
            if self.latency:
                await pause(self.latency, self._stopping)
            fault = self._fault(_api(request))
        return await play(fault, request, usual, self._stopping) if fault else await usual()

    def _admits(self) -> bool:
        limit = self.requests_per_second
        admitted = limit is None or self._throttle.admits(limit, self.clock())
        self.throttled += not admitted
        return admitted

    def _fault(self, api: Api | None) -> Fault | None:
        """Return what goes wrong with a request: what was asked for, else what chaos wants."""
        fault = self._faults.take(api)
        if fault or not self.chaos or api not in {"show", "list"}:
            return fault
        return self.chaos(api)

    async def _usual(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await self._serve(request, handler)
        except errors.RefusedError as refused:
            return refused.response(request)

    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check in the gateway's order: is there such an API, who calls, and is it this method."""
        no_route = request.match_info.http_exception
        if isinstance(no_route, web.HTTPNotFound):
            raise errors.no_such_api()
        if request.path != TOKEN_PATH:
            request[_PROJECT_ID] = authenticate(await _call(request), self)
        if no_route:
            raise errors.method_not_allowed(iam=request.path == TOKEN_PATH)
        return await handler(request)

    async def _show_job(self, request: web.Request) -> web.Response:
        """Answer ShowVoiceTrainingJob."""
        self._check(request)
        job_id = request.match_info["job_id"]
        if not JOB_ID.fullmatch(job_id):
            raise errors.failed_check("job_id")
        if request[_PROJECT_ID] != self.project_id or job_id not in self.jobs:
            raise errors.no_such_job()
        return _json(self.jobs[job_id])

    async def _list_jobs(self, request: web.Request) -> web.Response:
        """Answer ListVoiceTrainingJob; the app user is not a filter, as no page says that it is."""
        self._check(request)
        query = read_query(request.query)
        own = request[_PROJECT_ID] == self.project_id
        shown = self._view.shown(self.clock()) if own else {}
        return _json(page(shown, query, self.hidden, None if self.list_unsorted else self._orders))

    def _check(self, request: web.Request) -> None:
        """Check what every jobs request has; raise ``ApiError`` for another project or app user."""
        if request.match_info["project_id"] != request[_PROJECT_ID]:
            raise errors.wrong_project()
        if _CHINESE.search(request.headers.get("X-App-UserId", "")):
            raise errors.invalid_parameter("X-App-UserId")

    async def _create_token(self, request: web.Request) -> web.Response:
        """Answer KeystoneCreateUserTokenByPassword; the token is in a header."""
        project_id = iam.check(iam.read_token_request(request.content_type, await request.read()), self)
        token, end = self.issue_token(project_id)
        body = iam.token_body(self, project_id, end)
        if "nocatalog" not in request.query:
            body["catalog"] = iam.catalog(self.url, self.project_name)
        return web.json_response({"token": body}, status=201, headers={"X-Subject-Token": token})

    async def _stamp(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the time and the request id on every answer, and IAM's trace id on those of IAM."""
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)
        response.headers["X-Request-Id"] = request[errors.REQUEST_ID]
        if request.path == TOKEN_PATH:
            response.headers["X-IAM-Trace-Id"] = request[errors.REQUEST_ID]

    def _record(self, request: web.Request) -> RecordedRequest:
        path, _, query = request.raw_path.partition("?")
        seen = RecordedRequest(
            method=request.method, path=path, query=query, headers=request.headers, api=_api(request)
        )
        self.requests.append(seen)
        return seen

    def _note_status(self, seen: RecordedRequest, status: int) -> None:
        """Replace a record by one with its status, unless a test has cleared the list meanwhile."""
        for index in reversed(range(len(self.requests))):
            if self.requests[index] is seen:
                self.requests[index] = replace(seen, status=status)
                return


def _api(request: web.Request) -> Api | None:
    resource = request.match_info.route.resource
    return _APIS.get((request.method, resource.canonical)) if resource else None


def _json(answer: dict[str, Any]) -> web.Response:
    return web.json_response(answer, dumps=partial(json.dumps, ensure_ascii=False))


async def _call(request: web.Request) -> Call:
    return Call(
        method=request.method, target=request.raw_path, headers=request.headers, body=await request.read()
    )


def _cut(request: web.Request) -> web.Response:
    """Close the connection; what is returned can't be sent any more."""
    if request.transport:
        request.transport.close()
    return web.Response()
