"""The simulator of MetaStudio keeps the documented protocol; the official SDK is the oracle.

The pages are ShowVoiceTrainingJob, ListVoiceTrainingJob, KeystoneCreateUserTokenByPassword, the error codes
of MetaStudio and of its gateway, and the API signing guide.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from httpx import AsyncClient, Headers
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from multidict import CIMultiDict

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_PASSWORD, PROJECT_ID, SECRET_KEY, Account
from bot.simulators.metastudio.errors import ApiError, IamError
from bot.simulators.metastudio.faults import FaultKind
from bot.simulators.metastudio.gateway import Call, authenticate
from bot.simulators.metastudio.iam import check_token_request, read_token_request
from bot.simulators.metastudio.jobs import USUAL_PATH, RawJob
from bot.simulators.metastudio.list import PARSERS, page, parse_query
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import NO_CERTIFICATES
from tests.support import Clock, eventually

NOW = 1_767_323_045
"""2026-01-02T03:04:05Z, the time of the documented signatures."""
OTHER_PROJECT = "fedcba9876543210fedcba9876543210"
JOBS = f"/v1/{PROJECT_ID}/voice-training-manage/user/jobs"
JOB_ID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
JOB = f"{JOBS}/{JOB_ID}"
IAM = "/v3/auth/tokens"
TOKEN = "FIXEDTOKEN"
AK, SK, SECURITY_TOKEN = "TEMPORARYAK", "TEMPORARYSK", "SECURITYTOKEN"


ACCOUNT: dict[str, Any] = {"tokens": {TOKEN}, "temporary_keys": {AK: (SK, SECURITY_TOKEN)}}


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = NOW
    return clock


@pytest.fixture
async def metastudio(clock: Clock) -> AsyncIterator[MetaStudioSimulator]:
    """Run a simulator with one job."""
    async with MetaStudioSimulator(clock=lambda: clock.now, **ACCOUNT) as running:
        running.add_job(job_id=JOB_ID, state="PROCESSING")
        yield running


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[AsyncClient]:
    """Open a client that sends the fixed token."""
    headers = {"X-Auth-Token": TOKEN}
    async with AsyncClient(base_url=metastudio.url, headers=headers, verify=NO_CERTIFICATES) as opened:
        yield opened


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


ELSEWHERE = f"/v1/{OTHER_PROJECT}/voice-training-manage/user/jobs"
STRANGER = {"X-Auth-Token": "other"}
CHINESE = {"X-App-UserId": "用户".encode()}


class TestErrors:
    @pytest.mark.parametrize(
        ("method", "path", "headers", "status", "code"),
        [
            ("GET", "/v1/none", STRANGER, 404, "APIGW.0101"),
            ("GET", f"{JOBS}/", STRANGER, 404, "APIGW.0101"),
            ("POST", JOBS, STRANGER, 401, "APIGW.0307"),
            ("POST", ELSEWHERE, CHINESE, 400, "MSS.00010004"),
            ("GET", f"{ELSEWHERE}?limit=0", CHINESE, 400, "MSS.00010009"),
            ("GET", f"{ELSEWHERE}/a.b", CHINESE, 400, "MSS.00010009"),
            ("GET", f"{JOBS}?limit=0", CHINESE, 400, "MSS.00000003"),
            ("GET", f"{JOBS}/a.b", CHINESE, 400, "MSS.00000003"),
            ("GET", f"{JOBS}/{'a' * 65}", {}, 400, "MSS.10000003"),
            ("GET", f"{JOBS}/a.b", {}, 400, "MSS.10000003"),
            ("GET", f"{JOBS}/a%2Fb", {}, 400, "MSS.10000003"),
            ("GET", f"{JOBS}/aB3-_{'a' * 59}", {}, 404, "MSS.41000003"),
            ("GET", f"{JOBS}?limit=101", {}, 400, "MSS.10000003"),
            ("GET", f"{JOBS}?create_since=2026-01-02T03:04:05+08:00", {}, 400, "MSS.10000003"),
        ],
    )
    async def test_refusals(
        self, client: AsyncClient, method: str, path: str, headers: dict[str, Any], status: int, code: str
    ) -> None:
        """Path, caller, method, project, app user, and id or parameters are checked in this order."""
        assert refusal(await client.request(method, path, headers=headers)) == (status, code)

    async def test_request_ids(self, client: AsyncClient) -> None:
        """Each response has its own id of 32 hex digits; only the gateway repeats it in an error's body."""
        gateways = await client.get("/")
        own = await client.get(f"{JOBS}/none")
        iams = await client.post(IAM)
        ids = {answer.headers["X-Request-Id"] for answer in (gateways, own, iams, await client.get(JOB))}

        assert len([found for found in ids if re.fullmatch("[0-9a-f]{32}", found)]) == 4
        assert gateways.json()["request_id"] == gateways.headers["X-Request-Id"]
        assert own.json().keys() == {"error_code", "error_msg"}
        assert iams.headers["X-IAM-Trace-Id"]


def sign(
    target: str, headers: dict[str, str], access: str = ACCESS_KEY, secret: str = SECRET_KEY, omit: str = ""
) -> dict[str, str]:
    """Add an Authorization header that signs all headers but one."""
    used = {name: value for name, value in headers.items() if name != omit}
    made = signature(secret, method="GET", target=target, headers=used, date=headers["X-Sdk-Date"])
    authorization = f"{ALGORITHM} Access={access}, SignedHeaders={signed_names(used)}, Signature={made}"
    return headers | {"Authorization": authorization}


def date(**ahead: float) -> dict[str, str]:
    moment = datetime.fromtimestamp(NOW, UTC) + timedelta(**ahead)
    return {"X-Sdk-Date": moment.strftime(DATE_FORMAT)}


HEADERS = {"Host": "metastudio.cn-north-4.myhuaweicloud.com", "X-Project-Id": PROJECT_ID, **date()}
NO_PROJECT = {name: value for name, value in HEADERS.items() if name != "X-Project-Id"}
EXTRA = HEADERS | {"X-Extra": "1"}
SECURED = HEADERS | {"X-Security-Token": SECURITY_TOKEN}


SORTED = "?state=FAILED,WAITING&sort_key=update_time&sort_dir=desc&offset=0&limit=100"
NAMED = "?limit=1&voice_name=%E5%A5%B3%E5%A3%B0%20a~b"
WITH_TOKEN = {"X-Security-Token": "TOKEN"}
DOCUMENTED = [
    (f"/{JOB_ID}", {}, "78096fc35f88393d7ba50f5e8508826a35c505860bde8855d6bc6b249f35697e"),
    (SORTED, {}, "d9bfb4dd4d7efadbdfb9634d3ced321cba18af9336329e4dcd1982b38263bb3f"),
    (NAMED, WITH_TOKEN, "318764e78d4b919fb0f2557e68f751ba475243ae5f1ddf0f5f69c869a906cb42"),
]


def code_for(headers: dict[str, str], target: str = JOBS) -> str | None:
    """Return the code of the gateway's refusal, ``None`` if the request is authenticated."""
    call = Call(method="GET", target=target, headers=CIMultiDict(headers), body=b"")
    try:
        authenticate(call, Account(clock=lambda: NOW, **ACCOUNT))
    except ApiError as refused:
        return refused.error_code
    return None


class TestAuthentication:
    @pytest.mark.parametrize(("query", "extra", "made"), DOCUMENTED)
    def test_documented_signatures(self, query: str, extra: dict[str, str], made: str) -> None:
        """A signature of the official signer is accepted, in whatever order a query is sent."""
        headers = HEADERS | extra
        names = signed_names(headers)
        headers["Authorization"] = f"{ALGORITHM} Access={ACCESS_KEY}, SignedHeaders={names}, Signature={made}"

        assert code_for(headers, f"{JOBS}{query}") is None
        assert code_for(headers, f"{JOBS}{query}&a=1") == "APIGW.0301"

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({}, "APIGW.0301"),
            ({"Authorization": ""}, "APIGW.0305"),
            ({"Authorization": "Basic YTpi"}, "APIGW.0305"),
            ({"Authorization": f"{ALGORITHM} Access=a"}, "APIGW.0305"),
            (sign(JOBS, HEADERS), None),
            (sign(JOBS, HEADERS) | {"Host": "metastudio.example"}, "APIGW.0301"),
            (sign(f"{JOBS}?limit=1", HEADERS), "APIGW.0301"),
            (sign(JOBS, HEADERS, secret="other"), "APIGW.0301"),
            (sign(JOBS, HEADERS, access="OTHER"), "APIGW.0301"),
            (sign(JOBS, HEADERS | date(minutes=-14)), None),
            (sign(JOBS, HEADERS | date(minutes=14)), None),
            (sign(JOBS, HEADERS | date(minutes=-16)), "APIGW.0301"),
            (sign(JOBS, HEADERS | date(minutes=16)), "APIGW.0301"),
            (sign(JOBS, HEADERS, omit="X-Sdk-Date"), "APIGW.0301"),
            (sign(JOBS, HEADERS | {"X-Sdk-Date": "2026-01-02T03:04:05Z"}), "APIGW.0301"),
            (sign(JOBS, EXTRA), None),
            ({name: value for name, value in sign(JOBS, EXTRA).items() if name != "X-Extra"}, "APIGW.0301"),
            (sign(JOBS, EXTRA) | {"X-Extra": "\udcff"}, "APIGW.0301"),
            (sign(JOBS, NO_PROJECT), "APIGW.0301"),
            (sign(JOBS, HEADERS | {"X-Project-Id": OTHER_PROJECT}), "MSS.00010009"),
            (sign(JOBS, SECURED, AK, SK), None),
            (sign(JOBS, SECURED, AK, SK, omit="X-Security-Token"), "APIGW.0301"),
            (sign(JOBS, SECURED | {"X-Security-Token": "other"}, AK, SK), "APIGW.0301"),
            (sign(JOBS, HEADERS, AK, SK), "APIGW.0301"),
            ({"X-Auth-Token": TOKEN}, None),
            ({"X-Auth-Token": "other"}, "APIGW.0307"),
        ],
    )
    def test_credentials(self, headers: dict[str, str], code: str | None) -> None:
        """The gateway accepts a right signature within 15 minutes, or a valid token, and nothing else."""
        assert code_for(headers) == code


def token_body(*, project: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    user = {"name": "voicejob", "password": IAM_PASSWORD, "domain": {"name": "example-domain"}} | changes
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": project or {"id": PROJECT_ID}}}}


class TestIam:
    async def test_a_password_gets_a_token(
        self, metastudio: MetaStudioSimulator, client: AsyncClient, clock: Clock
    ) -> None:
        """It comes in a header and is valid for 24 hours, also when a newer one is issued."""
        answer = await client.post(IAM, json=token_body())
        await client.post(IAM, json=token_body())
        token = answer.json()["token"]
        headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
        statuses = []
        for clock.now in (NOW + 24 * 3600 - 1, NOW + 24 * 3600):
            statuses.append((await client.get(JOBS, headers=headers)).status_code)

        assert (answer.status_code, statuses) == (201, [200, 401])
        assert token["expires_at"] == "2026-01-03T03:04:05.000000Z"
        assert (token["issued_at"], token["project"]["id"]) == ("2026-01-02T03:04:05.000000Z", PROJECT_ID)

        metastudio.revoke_tokens()
        assert refusal(await client.get(JOBS)) == (401, "APIGW.0307")

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (token_body(), None),
            (token_body(name="other"), 401),
            (token_body(password="other"), 401),
            (token_body(domain={"name": "other"}), 401),
            (token_body(project={"id": OTHER_PROJECT}), 404),
            (token_body(project={"other": ""}), 400),
            (token_body(name=1), 400),
            ([], 400),
            ("{", 400),
        ],
    )
    def test_bodies(self, body: Any, status: int | None) -> None:
        """A wrong name, password or domain, an unknown project, and another shape are refused."""
        sent = (body if isinstance(body, str) else json.dumps(body)).encode()
        refused = None
        try:
            check_token_request(read_token_request("application/json", sent), Account())
        except IamError as error:
            refused = error.status

        assert refused == status

    async def test_errors_are_in_iams_shape(self, client: AsyncClient) -> None:
        """Of a wrong password, another method, and a body that is not declared as JSON."""
        wrong = await client.post(IAM, json=token_body(password="other"))
        message = "The username or password is wrong."
        typed = {"Content-Type": "application/json;charset=utf8"}

        assert wrong.json() == {"error": {"code": 401, "message": message, "title": "Unauthorized"}}
        assert (await client.get(IAM)).json()["error"]["code"] == 405
        assert (await client.post(IAM, content=json.dumps(token_body()))).status_code == 400
        assert (await client.post(IAM, content=json.dumps(token_body()), headers=typed)).status_code == 201


BAD_TIMES = ["2026-01-02 03:04:05Z", "2026-01-02T03:04:05+99:00", "2026-01-02T03:04:05 08:00"]


def job_of(job_id: str, state: str, created: Any, updated: Any, **fields: Any) -> RawJob:
    return {"job_id": job_id, "state": state, "create_time": created, "lastupdate_time": updated} | fields


LISTED = [
    job_of("a", "FAILED", NOW - 1, NOW + 101, batch_name="b"),
    job_of("b", "FAILED", NOW - 1, NOW + 101, tag="NEWS"),
    job_of("c", "SUCCEED", NOW, NOW + 100, job_type="FLEXUS"),
    job_of("d", "NEW_ONE", NOW + 1, NOW + 99, voice_name="女声 ~+"),
    job_of("e", "CREATING", "no number", None, is_ondemand_resource=True),
]


class TestList:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", "dcbae"),
            ("sort_key=create_time&sort_dir=desc", "dcbae"),
            ("sort_key=ceate_time&sort_dir=asc", "eabcd"),
            ("sort_key=update_time", "bacde"),
            ("sort_key=update_time&sort_dir=asc", "edcab"),
            ("limit=2", "dc"),
            ("limit=2&offset=2", "ba"),
            ("offset=2147483647", ""),
            ("state=FAILED", "ba"),
            ("state=FAILED,SUCCEED", "cba"),
            ("job_id=c", "c"),
            ("voice_name=女声%20~%2B", "d"),
            ("voice_name=女声", ""),
            ("tag=NEWS", "b"),
            ("batch_name=b", "a"),
            ("job_type=FLEXUS", "c"),
            ("is_ondemand_resource=true", "e"),
            ("is_ondemand_resource=false", "dcba"),
            ("state=FAILED,SUCCEED&job_type=FLEXUS", "c"),
            ("unknown=parameter", "dcbae"),
            ("create_since=2026-01-02T03:04:05Z", "dc"),
            ("create_since=2026-01-02T03:04:05.1Z", "d"),
            ("create_until=2026-01-02T11:04:05%2B08:00", "cba"),
            ("create_until=2026-01-02T03:04:04Z", "ba"),
            ("update_since=2026-01-02T03:05:45Z", "cba"),
            ("update_until=2026-01-02T03:05:45Z", "dc"),
        ],
    )
    def test_query(self, query: str, expected: str) -> None:
        """Newest first, ties as added; texts match exactly, bounds are inclusive, parameters narrow down."""
        shown = {job["job_id"]: job for job in LISTED}
        found = page(shown, parse_query(dict(parse_qsl(query))), hidden=(), unsorted=False)

        assert [job["job_id"] for job in found["jobs"]] == list(expected)

    def test_pages(self) -> None:
        """A page has 10 jobs, or up to 100; the count is of all jobs that match."""
        jobs = {str(number): {"job_id": str(number), "tag": "AB"[number % 2]} for number in range(250)}
        found = [
            page(jobs, parse_query(query), hidden={"0"}, unsorted=False)
            for query in ({}, {"limit": "100"}, {"tag": "A", "limit": "1", "offset": "1"})
        ]

        assert [(each["count"], len(each["jobs"])) for each in found] == [(249, 10), (249, 100), (124, 1)]

    @pytest.mark.parametrize(
        ("names", "values"),
        [
            ("offset", ["-1", "2147483648", "", "1.0", "\uff11", "+1", "0x1", "99999999999"]),
            ("limit", ["0", "101", "", "ten"]),
            (
                "create_since create_until update_since update_until",
                ["", "1767323045", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", *BAD_TIMES],
            ),
            ("state", ["", "FAILED,", ","]),
            ("job_id", ["", "a.b", "a" * 65]),
            ("voice_name tag batch_name job_type", [""]),
            ("sort_key", ["", "voice_name", "lastupdate_time"]),
            ("sort_dir", ["", "DESC", "up"]),
            ("is_ondemand_resource", ["", "1", "yes"]),
        ],
    )
    def test_malformed_values(self, names: str, values: list[str]) -> None:
        """A value that is malformed or out of range is refused, and the parameter named."""
        for name in names.split():
            for value in values:
                with pytest.raises(ApiError, match=f": {name}\\.") as refused:
                    parse_query({name: value})

                assert (refused.value.status, refused.value.error_code) == (400, "MSS.10000003")

    async def test_jobs_are_those_of_show(self, metastudio: MetaStudioSimulator, client: AsyncClient) -> None:
        """An item is what Show returns, Chinese unescaped; the app user hides none; no job is no error."""
        answer = await client.get(JOBS, headers=Headers({"X-App-UserId": "nobody-é"}, "utf-8"))
        shown = await client.get(JOB)

        assert shown.json() == metastudio.jobs[JOB_ID]
        assert answer.json() == {"count": 1, "jobs": [shown.json()]}
        assert "女声" in answer.text
        assert "女声" in shown.text

        metastudio.delete(JOB_ID)
        assert (await client.get(JOBS)).json() == {"count": 0, "jobs": []}
        assert refusal(await client.get(JOB)) == (404, "MSS.41000003")

    async def test_lag(self, metastudio: MetaStudioSimulator, clock: Clock, client: AsyncClient) -> None:
        """With a lag, the list shows that jobs were added, changed and deleted as late; Show is current."""
        metastudio.add_job(job_id="b", state="WAITING")
        metastudio.list_lag = 30
        clock.now += 10
        metastudio.advance(JOB_ID)
        clock.now += 10
        metastudio.delete("b")
        metastudio.add_job(job_id="c")

        async def states() -> dict[str, str]:
            return {job["job_id"]: job["state"] for job in (await client.get(JOBS)).json()["jobs"]}

        seen = []
        for clock.now in (NOW + 39, NOW + 40, NOW + 49, NOW + 50):
            seen.append(await states())
        old, new = {JOB_ID: "PROCESSING", "b": "WAITING"}, {JOB_ID: "RESULT_REVIEW", "b": "WAITING"}
        assert seen == [old, new, new, {JOB_ID: "RESULT_REVIEW", "c": "CREATING"}]

        metastudio.freeze_list()
        metastudio.advance(JOB_ID)
        clock.now += 1_000_000
        assert (await states())[JOB_ID] == "RESULT_REVIEW"
        assert (await client.get(JOB)).json()["state"] == "UPLOADING"

        metastudio.thaw_list()
        assert (await states())[JOB_ID] == "UPLOADING"

    async def test_hidden_and_unsorted(self, metastudio: MetaStudioSimulator, client: AsyncClient) -> None:
        """The list can omit a job that Show has, and ignore the order that is asked for."""
        for job_id, created in (("b", 1), ("c", 9), ("d", 5)):
            metastudio.add_job(job_id=job_id, create_time=created)
        metastudio.hidden, metastudio.list_unsorted = {JOB_ID}, True

        assert [job["job_id"] for job in (await client.get(JOBS)).json()["jobs"]] == ["b", "c", "d"]
        assert (await client.get(JOB)).status_code == 200


class TestJobs:
    def test_the_usual_path(self) -> None:
        """A new job looks real, goes through the usual states once each, and ends with an asset."""
        metastudio = MetaStudioSimulator(clock=lambda: NOW + 0.5)
        job = metastudio.add_job(phone=None, job_type="NEW_ONE")
        new, states = dict(job), [job["state"]]
        while following := metastudio.next_state(job["job_id"]):
            assert metastudio.advance(job["job_id"])["state"] == following
            states.append(following)

        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", new["job_id"])
        assert (new["create_time"], new["lastupdate_time"], new["reject_times"]) == (NOW, NOW, 1)
        assert not {"phone", "asset_id", "job_failed_code", "job_failed_reason"} & set(new)
        assert (new["job_type"], tuple(states), len(job["asset_id"])) == ("NEW_ONE", USUAL_PATH, 32)
        with pytest.raises(ValueError, match="end of its path"):
            metastudio.advance(job["job_id"])

    @pytest.mark.parametrize(
        ("path", "states", "ahead"),
        [
            ("AUDITING WAITING AUDITING DONE", "AUDITING WAITING SPLIT_FAILED", "AUDITING DONE"),
            ("AUDITING WAITING DONE", "AUDITING WAITING DONE AUDITING", "WAITING DONE"),
            ("CREATING SYSTEM_AUDITING DONE", "SYSTEM_AUDITING AUDIT_FAILED", "SYSTEM_AUDITING DONE"),
            ("WAITING DONE", "AUDIT_FAILED", "SYSTEM_AUDITING WAITING DONE"),
            ("USER_RESULT_REVIEW DONE", "USER_REVIEW_REJECT", "USER_RESULT_REVIEW DONE"),
            ("WAITING DONE", "WAITING FAILED", ""),
        ],
    )
    def test_other_paths(self, path: str, states: str, ahead: str) -> None:
        """States may come again, a rejected job is done again, and a failed one goes nowhere."""
        metastudio = MetaStudioSimulator()
        first, *others = states.split()
        job_id = metastudio.add_job(path=path.split(), state=first)["job_id"]
        for state in others:
            metastudio.set_state(job_id, state)
        found = []
        while metastudio.next_state(job_id):
            found.append(metastudio.advance(job_id)["state"])

        assert found == ahead.split()

    def test_what_a_state_shows(self, clock: Clock) -> None:
        """Each occurrence counts from 1 to 10; a failure has code and reason and goes when it is redone."""
        metastudio = MetaStudioSimulator(clock=lambda: clock.now)
        job = metastudio.add_job(state="WAITING")
        clock.now += 60
        for times in (*range(1, 11), 10):
            failed = metastudio.set_state(job["job_id"], "FAILED", job_failed_reason="too short")

            assert failed["reject_times"] == times
            assert (failed["job_failed_code"], failed["job_failed_reason"]) == ("MSS.00000001", "too short")
        metastudio.set_state(job["job_id"], "PROCESSING")

        assert (job["create_time"], job["lastupdate_time"]) == (NOW, NOW + 60)
        assert not {"job_failed_code", "job_failed_reason"} & set(job)


class TestFaults:
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
            (Fault.slow(0.01), 200, "女声"),
        ],
    )
    async def test_wrong_answers(
        self, metastudio: MetaStudioSimulator, client: AsyncClient, fault: Fault, status: int, body: str
    ) -> None:
        """A fault is the response to the next request only, and is recorded with its status."""
        metastudio.fail(fault)
        answer = await client.get(JOB)

        assert (answer.status_code, metastudio.requests[0].status) == (status, status)
        assert body in answer.text
        assert (body == "") == (answer.text == "")
        assert "Retry-After" not in answer.headers
        assert (await client.get(JOB)).status_code == 200

    async def test_order(self, metastudio: MetaStudioSimulator, client: AsyncClient) -> None:
        """Each request meets the first fault that is for it; without one, ``chaos`` decides for jobs."""
        asked: list[str] = []

        def chaos(api: str) -> Fault | None:
            asked.append(api)
            return Fault.html() if api == "list" else None

        metastudio.chaos = chaos
        metastudio.fail(Fault.iam_error(503), on="iam")
        metastudio.fail(Fault.error(500, "APIGW.0601"), on="list")
        metastudio.fail(Fault.error(503, "APIGW.0613"), on="show", times=2)
        metastudio.fail(Fault.throttled(retry_after=7))
        answers = [await client.get(path) for path in (JOB, JOB, JOB, JOB, JOBS)]
        answers.append(await client.post(IAM))
        metastudio.fail(Fault.cut(), times=9)
        metastudio.heal()
        answers += [await client.get(JOBS), await client.get("/"), await client.post(IAM)]

        assert [each.status_code for each in answers] == [503, 503, 429, 200, 500, 503, 502, 404, 400]
        assert answers[2].headers["Retry-After"] == "7"
        assert asked == ["show", "list"]

    @pytest.mark.parametrize(("kind", "sent"), [("cut", "a response"), ("cut_midway", "complete")])
    async def test_cuts(
        self, metastudio: MetaStudioSimulator, client: AsyncClient, kind: str, sent: str
    ) -> None:
        """A connection is closed before the response, or in the middle of its body."""
        metastudio.fail(Fault(kind=FaultKind(kind)))

        with pytest.raises(httpx.RemoteProtocolError, match=f"without sending {sent}"):
            await client.get(JOB)

    @pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.SLOW, None])
    async def test_waiting(
        self, metastudio: MetaStudioSimulator, client: AsyncClient, kind: FaultKind | None
    ) -> None:
        """What hangs, is slow, or has latency holds up neither others, nor IAM, nor the stop."""
        if kind:
            metastudio.fail(Fault(kind=kind, seconds=60))
        else:
            metastudio.latency = 60
        waiting = asyncio.create_task(client.get(JOBS))
        await eventually(lambda: len(metastudio.requests) == 1)
        metastudio.latency = 0
        others = [(await client.get(JOBS)).status_code, (await client.post(IAM)).status_code]
        is_waiting = not waiting.done()
        async with asyncio.timeout(30):
            await metastudio.__aexit__()
            [ended] = await asyncio.gather(waiting, return_exceptions=True)

        assert (others, is_waiting) == ([200, 400], True)
        assert isinstance(ended, httpx.TransportError)
        assert [seen.status for seen in metastudio.requests] == [None, 200, 400]

    async def test_limit(self, metastudio: MetaStudioSimulator, clock: Clock, client: AsyncClient) -> None:
        """So many requests are admitted in any second; refused ones spend no fault, and IAM has no limit."""
        metastudio.requests_per_second = 2
        seen = []
        for clock.now in (NOW, NOW + 0.9, NOW + 1):
            seen.append([(await client.get(JOBS)).status_code, (await client.get(JOB)).status_code])
            metastudio.fail(Fault.error(500, "APIGW.0601"))

        assert seen == [[200, 200], [429, 429], [500, 500]]
        assert (await client.post(IAM)).status_code == 400
        assert refusal(await client.get(JOB)) == (429, "APIGW.0308")

    async def test_records(self, metastudio: MetaStudioSimulator, client: AsyncClient) -> None:
        """Requests are recorded as they were sent, and counted by the call that they are to."""
        await client.get(f"{JOBS}/no%20such?a=%2F&b", headers={"X-One": "1"})
        for request in (client.get(JOBS), client.get("/"), client.post(JOBS), client.get(IAM)):
            await request
        await client.post(IAM)
        first = metastudio.requests[0]

        assert (first.path, first.query) == (f"{JOBS}/no%20such", "a=%2F&b")
        assert (first.method, first.headers["x-ONE"], first.status) == ("GET", "1", 400)
        assert [seen.api for seen in metastudio.requests] == ["show", "list", None, None, None, "iam"]
        assert (metastudio.requests_to("list"), metastudio.token_requests) == (1, 1)


SHOW = "show_voice_training_job"
LIST = "list_voice_training_job"
Sdk = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
def sdk(metastudio: MetaStudioSimulator, clock: Clock) -> Sdk:
    """Call the simulator by the official SDK, which signs with the real time and blocks a thread."""
    clock.now = time.time()
    v1 = import_module("huaweicloudsdkmetastudio.v1")
    basic = import_module("huaweicloudsdkcore.auth.credentials").BasicCredentials

    async def call(method: str, access: str = ACCESS_KEY, secret: str = SECRET_KEY, **given: Any) -> Any:
        credentials = basic(access, secret, given.pop("project_id", PROJECT_ID))
        credentials.security_token = given.pop("security_token", None)
        built = v1.MetaStudioClient.new_builder().with_credentials(credentials).with_endpoint(metastudio.url)
        client = built.build()
        requests = {SHOW: v1.ShowVoiceTrainingJobRequest, LIST: v1.ListVoiceTrainingJobRequest}
        try:
            return await asyncio.to_thread(getattr(client, method), requests[method](**given))
        finally:
            client.close()

    return call


class TestOfficialSdk:
    async def test_reads_a_job(self, sdk: Sdk, metastudio: MetaStudioSimulator) -> None:
        """Its signatures are accepted, with an app user and a temporary key too; it reads every field."""
        usual = await sdk(SHOW, job_id=JOB_ID, x_app_user_id="user-1")
        temporary = await sdk(SHOW, AK, SK, job_id=JOB_ID, security_token=SECURITY_TOKEN)

        assert usual.to_json_object() == temporary.to_json_object() == metastudio.jobs[JOB_ID]
        assert (usual.voice_name, usual.state, usual.reject_times) == ("女声", "PROCESSING", 1)

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({}, "MSS.41000003"),
            ({"secret": "other"}, "APIGW.0301"),
            ({"access": AK, "secret": SK}, "APIGW.0301"),
            ({"project_id": OTHER_PROJECT}, "MSS.00010009"),
            ({"x_app_user_id": "用户"}, "MSS.00000003"),
        ],
    )
    async def test_understands_refusals(self, sdk: Sdk, given: dict[str, str], code: str) -> None:
        """It finds the code and the request id of an error."""
        with pytest.raises(ClientRequestException) as refused:
            await sdk(SHOW, job_id="unknown", **given)

        assert refused.value.error_code == code
        assert re.fullmatch("[0-9a-f]{32}", refused.value.request_id)

    async def test_reads_the_list(self, sdk: Sdk, metastudio: MetaStudioSimulator) -> None:
        """The simulator reads every parameter that the SDK has, and no other, as the SDK writes it."""
        job = metastudio.add_job(
            job_id="a", state="FAILED", voice_name="女声 a~b", batch_name="b,c", is_ondemand_resource=True
        )
        given: dict[str, Any] = {"offset": 0, "limit": 100, "sort_key": "update_time", "sort_dir": "desc"}
        given |= dict.fromkeys(("create_since", "update_since"), "2020-01-01T00:00:00+08:00")
        given |= dict.fromkeys(("create_until", "update_until"), "2038-01-01T00:00:00Z")
        given |= {name: job[name] for name in ("voice_name", "batch_name", "tag", "job_type", "job_id")}
        given |= {"state": "FAILED,WAITING", "is_ondemand_resource": True, "x_app_user_id": "user-1"}
        found = await sdk(LIST, **given)
        none = await sdk(LIST, **given | {"job_id": "none"})
        request = import_module("huaweicloudsdkmetastudio.v1").ListVoiceTrainingJobRequest

        assert given.keys() - {"x_app_user_id"} == PARSERS.keys()
        assert {*PARSERS, "X-App-UserId"} == {*request.attribute_map.values()}
        assert (found.count, found.to_json_object()["jobs"]) == (1, [job])
        assert (none.count, none.jobs) == (0, [])
