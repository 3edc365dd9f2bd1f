"""The MetaStudio simulator, seen by httpx and by the official SDK."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY, Account
from bot.simulators.metastudio.faults import FaultKind
from bot.simulators.metastudio.jobs import DONE_AGAIN, SENT_BACK, USUAL_PATH
from bot.simulators.metastudio.simulator import SUPPORTED, Fault, MetaStudioSimulator
from tests.servers import NO_CERTIFICATES

OTHER_PROJECT = "fedcba9876543210fedcba9876543210"
TEMPORARY = ("TEMPORARYAK", "TEMPORARYSK", "SECURITYTOKEN")
TOKEN = "FIXEDTOKEN"
TOKEN_PATH = "/v3/auth/tokens?nocatalog=true"


class Clock:
    """The real clock, which a test can set wrong by some seconds."""

    ahead = 0.0

    def __call__(self) -> float:
        """Tell the time in epoch seconds."""
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def metastudio(clock: Clock) -> AsyncIterator[MetaStudioSimulator]:
    access, secret, security_token = TEMPORARY
    async with MetaStudioSimulator(
        temporary_keys={access: (secret, security_token)},
        tokens={TOKEN},
        other_projects={"cn-east-3": OTHER_PROJECT},
        clock=clock,
    ) as running:
        yield running


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=metastudio.url, verify=NO_CERTIFICATES) as opened:
        yield opened


@pytest.fixture
def job(metastudio: MetaStudioSimulator) -> dict[str, Any]:
    return metastudio.add_job(state="PROCESSING")


def as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


Show = Callable[..., Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def show(metastudio: MetaStudioSimulator, client: httpx.AsyncClient, job: dict[str, Any]) -> Show:
    """Ask for the job with the fixed token."""

    async def get(job_id: str = job["job_id"], **headers: str | bytes) -> httpx.Response:
        sent = httpx.Headers({"X-Auth-Token": TOKEN})
        sent.update([(name.replace("_", "-").encode(), as_bytes(value)) for name, value in headers.items()])
        return await client.get(path_of(metastudio, job_id), headers=sent)

    return get


@pytest.fixture
def path(metastudio: MetaStudioSimulator, job: dict[str, Any]) -> str:
    return path_of(metastudio, job["job_id"])


@pytest.fixture
def headers(metastudio: MetaStudioSimulator) -> dict[str, str]:
    host = metastudio.url.removeprefix("http://")
    return {"Host": host, "X-Project-Id": metastudio.project_id, "X-Sdk-Date": date()}


def path_of(metastudio: MetaStudioSimulator, job_id: str, project_id: str | None = None) -> str:
    return f"/v1/{project_id or metastudio.project_id}/voice-training-manage/user/jobs/{job_id}"


def date(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).strftime(DATE_FORMAT)


def signed(
    path: str,
    headers: dict[str, str],
    *,
    access: str = ACCESS_KEY,
    secret: str = SECRET_KEY,
    leave_out: str = "",
) -> dict[str, str]:
    """Add an Authorization header that signs all headers but one."""
    used = {name: value for name, value in headers.items() if name != leave_out}
    made = signature(secret, method="GET", target=path, headers=used, date=headers["X-Sdk-Date"])
    names = signed_names(used)
    return headers | {
        "Authorization": f"{ALGORITHM} Access={access}, SignedHeaders={names}, Signature={made}"
    }


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the simulator has no event for this
        await asyncio.sleep(0.01)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def token_body(**changes: Any) -> dict[str, Any]:
    asked = {
        "name": "voicejob",
        "password": "open-sesame",
        "domain": {"name": "example-domain"},
        "project": {"name": "cn-north-4"},
    } | changes
    scope = {"project": asked.pop("project")}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": asked}}, "scope": scope}}


class TestSupported:
    """What the simulator says it can do."""

    def test_list_is_true(self) -> None:
        """The list names every route, kind of fault and way to misbehave, and nothing else."""
        served = set(MetaStudioSimulator().routes)
        own = {each.name for each in fields(MetaStudioSimulator) if each.init}
        own -= {each.name for each in fields(Account)}
        own |= {name for name, each in vars(MetaStudioSimulator).items() if getattr(each, "fset", None)}
        said = served | {f"fault {kind}" for kind in FaultKind} | {f"set {name}" for name in own}

        assert said | {f"call {MetaStudioSimulator.freeze_list.__name__}"} == set(SUPPORTED)

    def test_every_kind_of_fault_can_be_made(self) -> None:
        """The ready-made faults cover every kind."""
        assert set(FaultKind) == {fault.kind for fault in READY_MADE}


READY_MADE = [
    Fault.slow(0.1),
    Fault.hang(),
    Fault.error(500, "APIGW.0601"),
    Fault.iam_error(503),
    Fault.throttled(),
    Fault.raw(b"x"),
    Fault.html(),
    Fault.broken_json(),
    Fault.not_an_object(),
    Fault.empty(),
    Fault.cut(),
    Fault.cut_midway(),
]


class TestJobs:
    """The jobs it keeps and how they go on."""

    async def test_shows_a_job_as_kept(self, show: Show, job: dict[str, Any]) -> None:
        """A job is answered exactly as the simulator keeps it, Chinese text unescaped."""
        answer = await show()

        assert answer.status_code == 200
        assert job == answer.json()
        assert "女声" in answer.text

    def test_new_job_looks_real(self, metastudio: MetaStudioSimulator) -> None:
        """A new job has a lower-case UUID, epoch seconds, the first state, no asset and no failure."""
        job = metastudio.add_job()

        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", job["job_id"])
        assert job["create_time"] == job["lastupdate_time"] == pytest.approx(time.time(), abs=2)
        assert (job["state"], job["reject_times"]) == ("CREATING", 1)
        assert not {"asset_id", "job_failed_code", "job_failed_reason", "batch_name"} & set(job)

    def test_fields_can_be_chosen_and_left_out(self, metastudio: MetaStudioSimulator) -> None:
        """A given field replaces the default, and None leaves it out of the answer."""
        job = metastudio.add_job(job_id="abcdefg", job_type="NEW_ONE", phone=None, reject_times=3)

        assert metastudio.jobs["abcdefg"] is job
        assert (job["job_type"], job["reject_times"]) == ("NEW_ONE", 3)
        assert "phone" not in job

    def test_usual_path_ends_with_an_asset(self, metastudio: MetaStudioSimulator) -> None:
        """Advancing goes through the usual states once each, up to SUCCEED with its asset, and no further."""
        job = metastudio.add_job()
        states = [job["state"], *(metastudio.advance(job["job_id"])["state"] for _ in USUAL_PATH[1:])]

        assert list(USUAL_PATH) == states
        assert job["asset_id"]
        with pytest.raises(ValueError, match="end of its path"):
            metastudio.advance(job["job_id"])

    def test_path_can_be_chosen_and_left(self, metastudio: MetaStudioSimulator) -> None:
        """A path may repeat states, is kept by a state beside it, and starts again from an early state."""
        path = ("AUDITING", "AUDIT_FAILED", "AUDITING", "WAITING")
        job = metastudio.add_job(path=path)
        job_id = job["job_id"]
        metastudio.advance(job_id)
        metastudio.set_state(job_id, "SPLIT_FAILED")

        assert (metastudio.advance(job_id)["state"], job["reject_times"]) == ("AUDITING", 2)
        assert metastudio.advance(job_id)["state"] == "WAITING"
        assert metastudio.set_state(job_id, "AUDIT_FAILED")["state"] == "AUDIT_FAILED"
        assert metastudio.advance(job_id)["state"] == "AUDITING"

    def test_next_state_is_where_advance_leads(self, metastudio: MetaStudioSimulator) -> None:
        """Asking changes nothing; at the end of the path, and for a job that failed, there is none."""
        job_id = metastudio.add_job()["job_id"]
        for state in USUAL_PATH[1:]:
            assert metastudio.next_state(job_id) == metastudio.next_state(job_id) == state
            assert metastudio.advance(job_id)["state"] == state

        assert metastudio.next_state(job_id) is None
        assert metastudio.next_state(metastudio.add_job(state="FAILED")["job_id"]) is None

    def test_next_state_of_no_job(self, metastudio: MetaStudioSimulator) -> None:
        """A job that was deleted has none to ask for."""
        job_id = metastudio.add_job()["job_id"]
        metastudio.delete(job_id)

        with pytest.raises(KeyError):
            metastudio.next_state(job_id)

    @pytest.mark.parametrize("state", SENT_BACK)
    def test_job_that_is_sent_back_is_done_again(self, metastudio: MetaStudioSimulator, state: str) -> None:
        """It goes on with the step that follows the refusal, twice if need be, and from there to the end."""
        path = (*USUAL_PATH[:-2], "USER_RESULT_REVIEW", *USUAL_PATH[-2:])
        again = DONE_AGAIN[SENT_BACK[state]]
        job = metastudio.add_job(path=path)
        for _ in range(2):
            metastudio.set_state(job["job_id"], state)
            metastudio.set_state(job["job_id"], SENT_BACK[state])

            assert metastudio.next_state(job["job_id"]) == again
        states = []
        while metastudio.next_state(job["job_id"]):
            states.append(metastudio.advance(job["job_id"])["state"])

        assert states == [*path[path.index(again) :]]

    def test_job_that_was_refused_from_the_start(self, metastudio: MetaStudioSimulator) -> None:
        """One that begins in such a state, or whose path lacks the step, goes on too."""
        refused = metastudio.add_job(state="AUDIT_FAILED")["job_id"]
        lacking = metastudio.add_job(path=("WAITING", "SUCCEED"), state="AUDIT_FAILED")["job_id"]

        assert metastudio.next_state(refused) == "SYSTEM_AUDITING"
        assert [metastudio.advance(lacking)["state"] for _ in range(2)] == ["SYSTEM_AUDITING", "WAITING"]

    def test_change_of_state_has_its_time(self, metastudio: MetaStudioSimulator, clock: Clock) -> None:
        """A change of state moves the time of the last update and not that of the creation."""
        job = metastudio.add_job()
        clock.ahead = 60
        metastudio.advance(job["job_id"])

        assert pytest.approx(job["lastupdate_time"] - job["create_time"], abs=1) == 60

    def test_reject_times_stays_in_its_range(self, metastudio: MetaStudioSimulator) -> None:
        """The count of a state goes from 1 to 10 and stays there."""
        job = metastudio.add_job(state="WAITING")
        counts = [metastudio.set_state(job["job_id"], "AUDIT_FAILED")["reject_times"] for _ in range(12)]

        assert [*range(1, 11), 10, 10] == counts

    def test_failure_comes_and_goes(self, metastudio: MetaStudioSimulator) -> None:
        """A failed job has a code and a reason, given or not, and loses them when it is redone."""
        job = metastudio.add_job(state="FAILED", job_failed_reason="too short")

        assert (job["job_failed_code"], job["job_failed_reason"]) == ("MSS.00000001", "too short")

        metastudio.set_state(job["job_id"], "PROCESSING")

        assert not {"job_failed_code", "job_failed_reason"} & set(job)

    async def test_deleted_job_is_not_found(
        self, metastudio: MetaStudioSimulator, show: Show, job: dict[str, Any]
    ) -> None:
        """A deleted job is answered like one that never was."""
        metastudio.delete(job["job_id"])

        assert refusal(await show()) == (404, "MSS.41000003")


class TestRequests:
    """What it records and stamps."""

    async def test_records_what_it_was_asked(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A request is recorded as it came, with headers of any case and the status it got."""
        await show("no%20such?a=%2F&b", x_one="1")
        seen = metastudio.requests[0]

        assert (path_of(metastudio, "no%20such"), "a=%2F&b") == (seen.path, seen.query)
        assert (seen.method, seen.headers["X-ONE"], seen.status) == ("GET", "1", 400)

    async def test_every_answer_has_a_request_id(self, show: Show, client: httpx.AsyncClient) -> None:
        """Each answer carries its own 32 hex digits, which a refusal of the gateway repeats."""
        answers = [await show(), await client.get("/"), await client.post(TOKEN_PATH)]
        ids = {answer.headers["X-Request-Id"] for answer in answers}

        assert len([found for found in ids if re.fullmatch("[0-9a-f]{32}", found)]) == 3
        assert answers[1].json()["request_id"] == answers[1].headers["X-Request-Id"]
        assert answers[2].headers["X-IAM-Trace-Id"]

    async def test_latency_holds_up_jobs(
        self, metastudio: MetaStudioSimulator, show: Show, client: httpx.AsyncClient
    ) -> None:
        """A latency is waited for by every jobs request, side by side, and not by IAM."""
        metastudio.latency = 0.5
        started = time.monotonic()
        jobs = asyncio.gather(*(show() for _ in range(5)))
        await client.post(TOKEN_PATH)
        is_before_them = not jobs.done()
        await jobs

        assert is_before_them
        assert 0.5 <= time.monotonic() - started < 5 * 0.5


class TestRefusals:
    """What it refuses once it knows the caller."""

    @pytest.mark.parametrize("job_id", ["a" * 65, "a.b", "a%2Fb", "a%20b", "%E5%A5%B3"])
    async def test_malformed_job_id(self, show: Show, job_id: str) -> None:
        """A job id of more than 64 characters, or of others than letters, digits, - and _, is refused."""
        assert refusal(await show(job_id)) == (400, "MSS.10000003")

    async def test_longest_job_id_is_looked_up(self, show: Show) -> None:
        """A job id of 64 permitted characters is well-formed, and unknown."""
        assert refusal(await show("aB3-_" + "a" * 59)) == (404, "MSS.41000003")

    async def test_unknown_path(self, show: Show, client: httpx.AsyncClient) -> None:
        """A path that is no API, or that lacks the job id, is refused before anyone asks who calls."""
        assert refusal(await client.get("/v1/none")) == (404, "APIGW.0101")
        assert refusal(await show("")) == (404, "APIGW.0101")

    async def test_wrong_method(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, job: dict[str, Any]
    ) -> None:
        """Another method on a known path is refused by MetaStudio; IAM has its own shape for it."""
        path = path_of(metastudio, job["job_id"])
        token = {"X-Auth-Token": TOKEN}

        assert refusal(await client.post(path, headers=token)) == (400, "MSS.00010004")
        assert (await client.head(path, headers=token)).status_code == 400
        assert (await client.get(TOKEN_PATH)).json()["error"]["code"] == 405

    async def test_chinese_app_user(self, show: Show) -> None:
        """A Chinese X-App-UserId is refused, any other is fine."""
        assert refusal(await show(X_App_UserId="用户".encode())) == (400, "MSS.00000003")
        assert (await show(X_App_UserId="user-é".encode())).status_code == 200


class TestAccessKey:
    """AK/SK: the gateway recomputes the signature from what came over the wire."""

    @pytest.mark.parametrize("query", ["", "?b=1&a=%E5%A5%B3%20a~b&a=%2C", "?flag"])
    async def test_signed_request_is_answered(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str], query: str
    ) -> None:
        """A request signed as documented is answered, whatever its query."""
        answer = await client.get(path + query, headers=signed(path + query, headers))

        assert answer.status_code == 200

    async def test_tampered_request_is_refused(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> None:
        """A signature for another query, another header value or another key is refused."""
        made = signed(path, headers)
        answers = [
            await client.get(path + "?a=1", headers=made),
            await client.get(path, headers=made | {"Host": "metastudio.example"}),
            await client.get(path, headers=signed(path, headers, secret="other")),
            await client.get(path, headers=signed(path, headers, access="OTHER")),
        ]

        assert [refusal(answer) for answer in answers] == [(401, "APIGW.0301")] * 4

    @pytest.mark.parametrize(("minutes", "status"), [(-16, 401), (-14, 200), (14, 200), (16, 401)])
    async def test_date_may_be_15_minutes_off(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str], minutes: int, status: int
    ) -> None:
        """A date up to 15 minutes before or after the gateway's clock is accepted."""
        headers["X-Sdk-Date"] = date(datetime.now(UTC) + timedelta(minutes=minutes))
        answer = await client.get(path, headers=signed(path, headers))

        assert status == answer.status_code

    async def test_date_must_be_signed_and_readable(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> None:
        """A date that is not signed, or not in the documented format, is refused."""
        unsigned = signed(path, headers, leave_out="X-Sdk-Date")
        iso = signed(path, headers | {"X-Sdk-Date": "2026-01-02T03:04:05Z"})

        assert refusal(await client.get(path, headers=unsigned)) == (401, "APIGW.0301")
        assert refusal(await client.get(path, headers=iso)) == (401, "APIGW.0301")

    @pytest.mark.parametrize("value", ["", "Basic YTpi", f"{ALGORITHM} Access=a", "SDK-HMAC-SM3 Access=a, b"])
    async def test_malformed_header(self, client: httpx.AsyncClient, path: str, value: str) -> None:
        """An Authorization header of another form is refused as such."""
        answer = await client.get(path, headers={"Authorization": value})

        assert refusal(answer) == (401, "APIGW.0305")

    async def test_signed_header_must_be_there(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> None:
        """A header that is named as signed and was not sent is refused."""
        made = signed(path, headers | {"X-Extra": "1"})
        del made["X-Extra"]

        assert refusal(await client.get(path, headers=made)) == (401, "APIGW.0301")

    async def test_header_that_is_no_utf8(
        self, client: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> None:
        """A signed header with bytes that are no UTF-8 is refused like a wrong signature."""
        made = signed(path, headers | {"X-Extra": "1"})
        raw = [(name.encode(), value.encode()) for name, value in made.items() if name != "X-Extra"]
        raw.append((b"X-Extra", b"\xff"))

        assert refusal(await client.get(path, headers=raw)) == (401, "APIGW.0301")

    async def test_project_header(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, path: str, headers: dict[str, str]
    ) -> None:
        """With AK/SK the project header is a must, and names the project of the path and of the account."""
        missing = {name: value for name, value in headers.items() if name != "X-Project-Id"}
        elsewhere = path_of(metastudio, "a", project_id="0" * 32)
        answers = [
            await client.get(path, headers=signed(path, missing)),
            await client.get(path, headers=signed(path, headers | {"X-Project-Id": OTHER_PROJECT})),
            await client.get(elsewhere, headers=signed(elsewhere, headers)),
            await client.get(elsewhere, headers=signed(elsewhere, headers | {"X-Project-Id": "0" * 32})),
        ]

        expected = [(401, "APIGW.0301"), *[(400, "MSS.00010009")] * 3]
        assert expected == [refusal(answer) for answer in answers]

    async def test_temporary_key(self, client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> None:
        """A temporary key needs its security token, equal and signed."""
        access, secret, token = TEMPORARY

        async def get(sent: dict[str, str], leave_out: str = "") -> int:
            made = signed(path, sent, access=access, secret=secret, leave_out=leave_out)
            return (await client.get(path, headers=made)).status_code

        assert await get(headers | {"X-Security-Token": token}) == 200
        assert await get(headers | {"X-Security-Token": "other"}) == 401
        assert await get(headers | {"X-Security-Token": token}, leave_out="X-Security-Token") == 401
        assert await get(headers) == 401

    async def test_nothing_at_all(self, client: httpx.AsyncClient, path: str) -> None:
        """A request without any credentials is refused."""
        assert refusal(await client.get(path)) == (401, "APIGW.0301")


class TestToken:
    """IAM's tokens: how they are given, used and lost."""

    async def test_password_buys_a_token(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, show: Show
    ) -> None:
        """The right password gets a token for 24 hours, in a header, and MetaStudio accepts it."""
        answer = await client.post(TOKEN_PATH, json=token_body())
        token = answer.json()["token"]
        issued, expires = (datetime.fromisoformat(token[name]) for name in ("issued_at", "expires_at"))

        assert (answer.status_code, metastudio.token_requests) == (201, 1)
        assert (timedelta(hours=24), metastudio.project_id) == (expires - issued, token["project"]["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", token["expires_at"])
        assert (await show(X_Auth_Token=answer.headers["X-Subject-Token"])).status_code == 200

    async def test_catalog_is_there_unless_declined(self, client: httpx.AsyncClient) -> None:
        """The list of services is in the answer unless nocatalog is asked."""
        without = await client.post(TOKEN_PATH, json=token_body())
        full = await client.post("/v3/auth/tokens", json=token_body())

        assert "catalog" not in without.json()["token"]
        assert str(full.url).startswith(full.json()["token"]["catalog"][0]["endpoints"][0]["url"])

    @pytest.mark.parametrize(
        "change", [{"name": "other"}, {"password": "other"}, {"domain": {"name": "other"}}]
    )
    async def test_wrong_password(self, client: httpx.AsyncClient, change: dict[str, Any]) -> None:
        """A wrong name, password or domain is refused in IAM's shape."""
        answer = await client.post(TOKEN_PATH, json=token_body(**change))

        message = "The username or password is wrong."
        assert answer.status_code == 401
        assert {"error": {"code": 401, "message": message, "title": "Unauthorized"}} == answer.json()
        assert "X-Subject-Token" not in answer.headers

    async def test_unknown_project(self, client: httpx.AsyncClient) -> None:
        """A scope with a project that the account has not is refused, by name and by id."""
        for project in ({"name": "none"}, {"id": "0" * 32}):
            answer = await client.post(TOKEN_PATH, json=token_body(project=project))

            assert 404 == answer.status_code == answer.json()["error"]["code"]

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"{}", json.dumps(token_body(project={})), json.dumps(token_body(name=1))]
    )
    async def test_bad_body(self, client: httpx.AsyncClient, body: bytes) -> None:
        """A body of another shape is refused."""
        answer = await client.post(TOKEN_PATH, content=body, headers={"Content-Type": "application/json"})

        assert 400 == answer.status_code == answer.json()["error"]["code"]

    async def test_content_type_must_be_json(self, client: httpx.AsyncClient) -> None:
        """A body that does not say it is JSON is refused, a charset beside it is fine."""
        body = json.dumps(token_body())
        plain = await client.post(TOKEN_PATH, content=body)
        utf8 = await client.post(
            TOKEN_PATH, content=body, headers={"Content-Type": "application/json;charset=utf8"}
        )

        assert (plain.status_code, utf8.status_code) == (400, 201)

    async def test_token_ends(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, show: Show, clock: Clock
    ) -> None:
        """A token is refused after its time, and a new one does not end an older one."""
        metastudio.token_seconds = 100
        old, _ = [
            (await client.post(TOKEN_PATH, json=token_body())).headers["X-Subject-Token"] for _ in range(2)
        ]
        clock.ahead = 95

        assert (await show(X_Auth_Token=old)).status_code == 200

        clock.ahead = 101

        assert refusal(await show(X_Auth_Token=old)) == (401, "APIGW.0307")

    async def test_revoked_and_unknown_tokens(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A token that was never issued, or was revoked, has to be renewed."""
        assert refusal(await show(X_Auth_Token="other")) == (401, "APIGW.0307")

        metastudio.revoke_tokens()

        assert refusal(await show()) == (401, "APIGW.0307")

    async def test_token_of_another_project(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, show: Show, job: dict[str, Any]
    ) -> None:
        """A token opens its own project only, where the jobs of the other one do not exist."""
        answer = await client.post(TOKEN_PATH, json=token_body(project={"id": OTHER_PROJECT}))
        token = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
        there = path_of(metastudio, job["job_id"], project_id=OTHER_PROJECT)

        assert refusal(await show(**token)) == (400, "MSS.00010009")
        assert refusal(await client.get(there, headers=token)) == (404, "MSS.41000003")
        assert refusal(await client.get(there, headers={"X-Auth-Token": TOKEN})) == (400, "MSS.00010009")


class TestFaults:
    """What goes wrong on request."""

    @pytest.mark.parametrize(
        ("fault", "status", "body"),
        [
            (Fault.error(503, "APIGW.0613"), 503, '"error_code": "APIGW.0613"'),
            (Fault.error(400, "MSS.00010008", "token invalid"), 400, "token invalid"),
            (Fault.iam_error(503), 503, '"title": "Service Unavailable"'),
            (Fault.throttled(), 429, '"error_code": "APIGW.0308"'),
            (Fault.html(), 502, "<html>"),
            (Fault.broken_json(), 200, '{"job_id": "26f06524'),
            (Fault.not_an_object(), 200, "[]"),
            (Fault.empty(), 200, ""),
            (Fault.raw(b'{"state": 1}'), 200, '{"state": 1}'),
        ],
    )
    async def test_wrong_answers(
        self, metastudio: MetaStudioSimulator, show: Show, fault: Fault, status: int, body: str
    ) -> None:
        """A fault is the answer to the next request only, and is recorded with its status."""
        metastudio.fail(fault)
        answer = await show()

        assert status == answer.status_code == metastudio.requests[0].status
        assert body in answer.text
        assert (body == "") == (answer.text == "")
        assert (await show()).status_code == 200

    async def test_queue(
        self, metastudio: MetaStudioSimulator, show: Show, client: httpx.AsyncClient
    ) -> None:
        """Faults come in the order asked for, so many times each, and IAM has a queue of its own."""
        metastudio.fail(Fault.throttled(retry_after=7), times=2)
        metastudio.fail(Fault.error(500, "APIGW.0601"))
        metastudio.fail(Fault.iam_error(503), on="iam")
        statuses = [(await show()).status_code for _ in range(4)]
        tokens = [(await client.post(TOKEN_PATH, json=token_body())).status_code for _ in range(2)]

        assert statuses == [429, 429, 500, 200]
        assert tokens == [503, 201]

    async def test_retry_after(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A throttled answer says when to come back only if asked to."""
        metastudio.fail(Fault.throttled(retry_after=7))
        metastudio.fail(Fault.throttled())

        assert (await show()).headers["Retry-After"] == "7"
        assert "Retry-After" not in (await show()).headers

    async def test_heal(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """Healing forgets the faults still to come."""
        metastudio.fail(Fault.cut(), times=100)
        metastudio.heal()

        assert (await show()).status_code == 200

    async def test_slow_does_not_delay_others(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A slow request gets its usual answer late, while others pass it."""
        metastudio.fail(Fault.slow(0.4))
        started = time.monotonic()
        slow = asyncio.create_task(show())
        await until(lambda: len(metastudio.requests) == 1)
        await show()
        is_passed = not slow.done()

        assert (await slow).status_code == 200
        assert is_passed
        assert time.monotonic() - started >= 0.4

    async def test_requests_may_be_cleared_meanwhile(
        self, metastudio: MetaStudioSimulator, show: Show
    ) -> None:
        """A request that is answered after the records were cleared is not recorded again."""
        metastudio.fail(Fault.slow(0.1))
        slow = asyncio.create_task(show())
        await until(lambda: len(metastudio.requests) == 1)
        metastudio.requests.clear()

        assert (await slow).status_code == 200
        assert metastudio.requests == []

    async def test_hang_ends_with_the_client(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient
    ) -> None:
        """A hanging request is never answered, and others are."""
        metastudio.fail(Fault.hang())
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/", timeout=0.1)

        assert (await client.get("/")).status_code == 404
        assert [seen.status for seen in metastudio.requests] == [None, 404]

    async def test_cut(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A cut connection gives no answer at all."""
        metastudio.fail(Fault.cut())

        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await show()

    async def test_cut_midway(self, metastudio: MetaStudioSimulator, show: Show) -> None:
        """A connection cut midway promises the whole body and delivers half of it."""
        metastudio.fail(Fault.cut_midway(), times=2)

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await show()
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await show("unknown")

    async def test_stops_at_once(self) -> None:
        """Requests that hang, or are slow, do not hold up the end."""
        async with (
            MetaStudioSimulator() as metastudio,
            httpx.AsyncClient(base_url=metastudio.url, verify=NO_CERTIFICATES) as client,
        ):
            metastudio.fail(Fault.hang())
            metastudio.fail(Fault.slow(60))
            waiting = [asyncio.create_task(client.get("/")) for _ in range(2)]
            await until(lambda: len(metastudio.requests) == 2)
            started = time.monotonic()
            await metastudio.__aexit__()

            assert time.monotonic() - started < 1
            assert all(
                isinstance(end, httpx.TransportError)
                for end in await asyncio.gather(*waiting, return_exceptions=True)
            )


class Sdk:
    """The official SDK as a client of the simulator. It blocks, so it runs beside the event loop.

    It is imported only here, since importing it stores an id in the home directory.
    """

    def __init__(self) -> None:
        self._credentials = import_module("huaweicloudsdkcore.auth.credentials")
        self._v1 = import_module("huaweicloudsdkmetastudio.v1")

    async def show(self, metastudio: MetaStudioSimulator, job_id: str, **given: str) -> Any:
        """Call ShowVoiceTrainingJob."""
        return await asyncio.to_thread(self._show, metastudio, job_id, **given)

    async def refusal(
        self, metastudio: MetaStudioSimulator, job_id: str, **given: str
    ) -> ClientRequestException:
        """Call ShowVoiceTrainingJob, which is to be refused."""
        with pytest.raises(ClientRequestException) as refused:
            await self.show(metastudio, job_id, **given)
        return refused.value

    def _show(
        self,
        metastudio: MetaStudioSimulator,
        job_id: str,
        *,
        access: str = ACCESS_KEY,
        secret: str = SECRET_KEY,
        security_token: str | None = None,
        project_id: str = PROJECT_ID,
        app_user: str | None = None,
    ) -> Any:
        credentials = self._credentials.BasicCredentials(access, secret, project_id)
        credentials.security_token = security_token
        builder = self._v1.MetaStudioClient.new_builder().with_credentials(credentials)
        client = builder.with_endpoint(metastudio.url).build()
        request = self._v1.ShowVoiceTrainingJobRequest(x_app_user_id=app_user, job_id=job_id)
        try:
            return client.show_voice_training_job(request)
        finally:
            client.close()


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield Sdk()


class TestOfficialSdk:
    """What the official SDK, with its own signature and its own reading, makes of the simulator."""

    async def test_reads_a_job(self, sdk: Sdk, metastudio: MetaStudioSimulator, job: dict[str, Any]) -> None:
        """The SDK reads the whole job, by the signature of its own signer."""
        answer = await sdk.show(metastudio, job["job_id"])

        assert answer.to_json_object() == job
        assert (answer.voice_name, answer.state, answer.reject_times) == ("女声", "PROCESSING", 1)
        assert metastudio.requests[0].headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AKEXAMPLE,")

    async def test_signs_an_app_user(
        self, sdk: Sdk, metastudio: MetaStudioSimulator, job: dict[str, Any]
    ) -> None:
        """The SDK's signature holds with an app user, and a Chinese one is refused for being Chinese."""
        answer = await sdk.show(metastudio, job["job_id"], app_user="user-1")
        refused = await sdk.refusal(metastudio, job["job_id"], app_user="用户")

        assert answer.job_id == job["job_id"]
        assert refused.error_code == "MSS.00000003"

    async def test_reads_with_a_temporary_key(
        self, sdk: Sdk, metastudio: MetaStudioSimulator, job: dict[str, Any]
    ) -> None:
        """The SDK reads a job with a temporary key and its security token, and not without the token."""
        access, secret, token = TEMPORARY
        answer = await sdk.show(metastudio, job["job_id"], access=access, secret=secret, security_token=token)
        refused = await sdk.refusal(metastudio, job["job_id"], access=access, secret=secret)

        assert answer.job_id == job["job_id"]
        assert refused.error_code == "APIGW.0301"

    @pytest.mark.parametrize(
        ("given", "status", "error_code"),
        [
            ({"secret": "other"}, 401, "APIGW.0301"),
            ({"access": "OTHER"}, 401, "APIGW.0301"),
            ({"project_id": "0" * 32}, 400, "MSS.00010009"),
            ({}, 404, "MSS.41000003"),
        ],
    )
    async def test_understands_refusals(
        self, sdk: Sdk, metastudio: MetaStudioSimulator, given: dict[str, str], status: int, error_code: str
    ) -> None:
        """The SDK finds status, code and request id of a wrong key, a wrong project and an unknown job."""
        refused = await sdk.refusal(metastudio, "unknown", **given)

        assert (refused.status_code, refused.error_code) == (status, error_code)
        assert re.fullmatch("[0-9a-f]{32}", refused.request_id)

    @pytest.mark.parametrize(("minutes", "error_code"), [(14, "MSS.41000003"), (16, "APIGW.0301")])
    async def test_clock_is_compared(
        self, sdk: Sdk, metastudio: MetaStudioSimulator, clock: Clock, minutes: int, error_code: str
    ) -> None:
        """A request of the SDK is refused for its date when the gateway's clock is 16 minutes on, not 14."""
        clock.ahead = minutes * 60
        refused = await sdk.refusal(metastudio, "unknown")

        assert refused.error_code == error_code
