"""The simulator of MetaStudio keeps the documented protocol; the official SDK is the oracle.

The pages are ShowVoiceTrainingJob, ListVoiceTrainingJob, KeystoneCreateUserTokenByPassword, the error codes
of MetaStudio and of its gateway, and the API signing guide.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import pytest
from httpx import AsyncClient
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from multidict import CIMultiDict

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_PASSWORD, PROJECT_ID, SECRET_KEY, Account
from bot.simulators.metastudio.errors import ApiError
from bot.simulators.metastudio.gateway import Call, authenticate
from bot.simulators.metastudio.jobs import USUAL_PATH, RawJob
from bot.simulators.metastudio.list import PARSERS, page, parse_query
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from tests.servers import NO_CERTIFICATES
from tests.support import Clock

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
async def metastudio(clock: Clock) -> AsyncIterator[MetaStudioSimulator]:
    """Run a simulator with one job."""
    clock.now = NOW
    async with MetaStudioSimulator(clock=lambda: clock.now, **ACCOUNT) as running:
        running.add_job(job_id=JOB_ID, state="PROCESSING")
        yield running


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[AsyncClient]:
    """Open a client that sends the fixed token."""
    headers = {"X-Auth-Token": TOKEN}
    async with AsyncClient(base_url=metastudio.url, headers=headers, verify=NO_CERTIFICATES) as opened:
        yield opened


ELSEWHERE = f"/v1/{OTHER_PROJECT}/voice-training-manage/user/jobs"
STRANGER = {"X-Auth-Token": "other"}
CHINESE = {"X-App-UserId": "用户".encode()}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/v1/none", STRANGER, 404, "APIGW.0101"),
        ("POST", JOBS, STRANGER, 401, "APIGW.0307"),
        ("POST", ELSEWHERE, CHINESE, 400, "MSS.00010004"),
        ("GET", f"{ELSEWHERE}?limit=0", CHINESE, 400, "MSS.00010009"),
        ("GET", f"{JOBS}?limit=0", CHINESE, 400, "MSS.00000003"),
        ("GET", f"{JOBS}/a.b", {}, 400, "MSS.10000003"),
        ("GET", f"{JOBS}/aB3-_{'a' * 59}", {}, 404, "MSS.41000003"),
        ("GET", f"{JOBS}?limit=101", {}, 400, "MSS.10000003"),
    ],
)
async def test_refusals(
    client: AsyncClient, *, method: str, path: str, headers: dict[str, Any], status: int, code: str
) -> None:
    """Path, caller, method, project, app user, and id or parameters are checked in this order."""
    answer = await client.request(method, path, headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert ("request_id" in answer.json()) == code.startswith("APIGW")


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


def code_for(headers: dict[str, str], target: str = JOBS) -> str | None:
    """Return the code of the gateway's refusal, ``None`` if the request is authenticated."""
    call = Call(method="GET", target=target, headers=CIMultiDict(headers), body=b"")
    try:
        authenticate(call, Account(clock=lambda: NOW, **ACCOUNT))
    except ApiError as refused:
        return refused.error_code
    return None


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "APIGW.0301"),
        ({"Authorization": "Basic YTpi"}, "APIGW.0305"),
        (sign(JOBS, HEADERS), None),
        (sign(f"{JOBS}?limit=1", HEADERS), "APIGW.0301"),
        (sign(JOBS, HEADERS, secret="other"), "APIGW.0301"),
        (sign(JOBS, HEADERS, access="OTHER"), "APIGW.0301"),
        (sign(JOBS, HEADERS | date(minutes=16)), "APIGW.0301"),
        (sign(JOBS, HEADERS, omit="X-Sdk-Date"), "APIGW.0301"),
        ({name: value for name, value in sign(JOBS, EXTRA).items() if name != "X-Extra"}, "APIGW.0301"),
        (sign(JOBS, NO_PROJECT), "APIGW.0301"),
        (sign(JOBS, HEADERS | {"X-Project-Id": OTHER_PROJECT}), "MSS.00010009"),
        (sign(JOBS, SECURED, AK, SK), None),
        (sign(JOBS, SECURED, AK, SK, omit="X-Security-Token"), "APIGW.0301"),
        (sign(JOBS, SECURED | {"X-Security-Token": "other"}, AK, SK), "APIGW.0301"),
        ({"X-Auth-Token": TOKEN}, None),
        ({"X-Auth-Token": "other"}, "APIGW.0307"),
    ],
)
def test_credentials(headers: dict[str, str], code: str | None) -> None:
    """The gateway accepts a right signature within 15 minutes, or a valid token, and nothing else."""
    assert code_for(headers) == code


async def test_a_password_gets_a_token(
    metastudio: MetaStudioSimulator, client: AsyncClient, clock: Clock
) -> None:
    """It comes in a header and is valid for 24 hours, also when a newer one is issued."""
    user = {"name": "voicejob", "password": IAM_PASSWORD, "domain": {"name": "example-domain"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    asked = {"auth": {"identity": identity, "scope": {"project": {"id": PROJECT_ID}}}}
    answer, _ = [await client.post(IAM, json=asked) for _ in range(2)]
    token = answer.json()["token"]
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
    statuses = []
    for clock.now in (NOW + 24 * 3600 - 1, NOW + 24 * 3600):
        statuses.append((await client.get(JOBS, headers=headers)).status_code)
    metastudio.revoke_tokens()
    refused = await client.post(IAM, json=asked | {"auth": asked["auth"] | {"identity": {}}})
    user["password"] = "other"
    wrong = await client.post(IAM, json=asked)

    assert (wrong.status_code, wrong.json()["error"]["code"], refused.status_code) == (401, 401, 400)
    assert (answer.status_code, statuses) == (201, [200, 401])
    assert token["expires_at"] == "2026-01-03T03:04:05.000000Z"
    assert (token["issued_at"], token["project"]["id"]) == ("2026-01-02T03:04:05.000000Z", PROJECT_ID)
    assert (await client.get(JOBS)).status_code == 401


BAD_TIMES = ["", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05 08:00"]


def job_of(job_id: str, state: str, created: Any, updated: Any, **fields: Any) -> RawJob:
    return {"job_id": job_id, "state": state, "create_time": created, "lastupdate_time": updated} | fields


LISTED = [
    job_of("a", "FAILED", NOW - 1, NOW + 101),
    job_of("b", "FAILED", NOW - 1, NOW + 101),
    job_of("c", "SUCCEED", NOW, NOW + 100, job_type="FLEXUS"),
    job_of("d", "NEW_ONE", NOW + 1, NOW + 99, voice_name="女声 ~+"),
    job_of("e", "CREATING", "no number", None, is_ondemand_resource=True),
]


class TestList:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", "dcbae"),
            ("sort_key=ceate_time&sort_dir=asc", "eabcd"),
            ("sort_key=update_time&sort_dir=asc", "edcab"),
            ("limit=2&offset=2", "ba"),
            ("state=FAILED,SUCCEED", "cba"),
            ("voice_name=女声%20~%2B", "d"),
            ("is_ondemand_resource=true", "e"),
            ("state=FAILED,SUCCEED&job_type=FLEXUS", "c"),
            ("create_since=2026-01-02T03:04:05Z", "dc"),
            ("create_until=2026-01-02T11:04:05%2B08:00", "cba"),
            ("update_until=2026-01-02T03:05:45Z", "dc"),
        ],
    )
    def test_query(self, query: str, expected: str) -> None:
        """Newest first, ties as added; texts match exactly, bounds are inclusive, parameters narrow down."""
        shown = {job["job_id"]: job for job in LISTED}
        found = page(shown, parse_query(dict(parse_qsl(query))), hidden=(), unsorted=False)

        assert [job["job_id"] for job in found["jobs"]] == list(expected)

    def test_pages(self) -> None:
        """A page has 10 jobs, or up to 100; the count is of all jobs that match and are not hidden."""
        jobs = {str(number): {"job_id": str(number), "tag": "AB"[number % 2]} for number in range(250)}
        found = [
            page(jobs, parse_query(query), hidden={"0"}, unsorted=True)
            for query in ({}, {"limit": "100"}, {"tag": "A", "limit": "1", "offset": "1"})
        ]

        assert [(each["count"], len(each["jobs"])) for each in found] == [(249, 10), (249, 100), (124, 1)]
        assert found[0]["jobs"][0] == jobs["1"]

    @pytest.mark.parametrize(
        ("names", "values"),
        [
            ("offset", ["-1", "2147483648", "", "1.0", "\uff11"]),
            ("limit", ["0", "101"]),
            ("create_since create_until update_since update_until", BAD_TIMES),
            ("state", ["", "FAILED,"]),
            ("job_id", ["", "a.b", "a" * 65]),
            ("voice_name tag batch_name job_type", [""]),
            ("sort_key", ["", "lastupdate_time"]),
            ("sort_dir", ["", "DESC"]),
            ("is_ondemand_resource", ["", "1"]),
        ],
    )
    def test_malformed_values(self, names: str, values: list[str]) -> None:
        """A value that is malformed or out of range is refused, and the parameter named."""
        for name in names.split():
            for value in values:
                with pytest.raises(ApiError, match=f": {name}\\.") as refused:
                    parse_query({name: value})

                assert (refused.value.status, refused.value.error_code) == (400, "MSS.10000003")


@pytest.mark.parametrize(
    ("path", "states", "ahead"),
    [
        (" ".join(USUAL_PATH), "PROCESSING", "RESULT_REVIEW UPLOADING SUCCEED"),
        ("AUDITING WAITING AUDITING DONE", "AUDITING WAITING SPLIT_FAILED", "AUDITING DONE"),
        ("CREATING SYSTEM_AUDITING DONE", "SYSTEM_AUDITING AUDIT_FAILED", "SYSTEM_AUDITING DONE"),
        ("WAITING DONE", "AUDIT_FAILED", "SYSTEM_AUDITING WAITING DONE"),
        ("WAITING DONE", "WAITING FAILED", ""),
    ],
)
def test_paths(path: str, states: str, ahead: str) -> None:
    """States may come again, a rejected job is done again, and one that is over goes nowhere."""
    metastudio = MetaStudioSimulator()
    first, *others = states.split()
    job_id = metastudio.add_job(path=path.split(), state=first)["job_id"]
    for state in others:
        metastudio.set_state(job_id, state)
    found = []
    while metastudio.next_state(job_id):
        found.append(metastudio.advance(job_id)["state"])
    with pytest.raises(ValueError, match="end of its path"):
        metastudio.advance(job_id)

    assert found == ahead.split()


SHOW = "show_voice_training_job"
LIST = "list_voice_training_job"
AUDIT = "show_job_audit_result"
LOG = "list_job_operation_log"
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
        requests = {
            SHOW: v1.ShowVoiceTrainingJobRequest,
            LIST: v1.ListVoiceTrainingJobRequest,
            AUDIT: v1.ShowJobAuditResultRequest,
            LOG: v1.ListJobOperationLogRequest,
        }
        try:
            return await asyncio.to_thread(getattr(client, method), requests[method](**given))
        finally:
            client.close()

    return call


class TestOfficialSdk:
    async def test_reads_a_job(self, sdk: Sdk, metastudio: MetaStudioSimulator) -> None:
        """Its signatures are accepted, with a temporary key too; it reads all fields and codes."""
        usual = await sdk(SHOW, job_id=JOB_ID, x_app_user_id="nobody-1")
        temporary = await sdk(SHOW, AK, SK, job_id=JOB_ID, security_token=SECURITY_TOKEN)
        with pytest.raises(ClientRequestException) as refused:
            await sdk(SHOW, job_id="unknown", x_app_user_id="用户")

        assert usual.to_json_object() == temporary.to_json_object() == metastudio.jobs[JOB_ID]
        assert (usual.voice_name, usual.state, usual.reject_times) == ("女声", "PROCESSING", 1)
        assert refused.value.error_code == "MSS.00000003"
        assert re.fullmatch("[0-9a-f]{32}", refused.value.request_id)

    async def test_reads_why(self, sdk: Sdk, metastudio: MetaStudioSimulator) -> None:
        """Its models have each field of the reviews and of the history that the simulator sends."""
        job_id = metastudio.add_job(state="AUDITING")["job_id"]
        for state in ("AUDIT_FAILED", "SYSTEM_AUDITING", "AUDIT_FAILED", "SYSTEM_AUDITING", "FAILED"):
            metastudio.set_state(job_id, state)
        audit, log = await sdk(AUDIT, job_id=job_id), await sdk(LOG, job_id=job_id, offset=0, limit=100)
        few = await sdk(LOG, job_id=job_id, offset=1, limit=2)

        assert audit.to_json_object() == metastudio.audits[job_id]
        every, read = (
            sorted(map(str, each))
            for each in (metastudio.operations[job_id], log.to_json_object()["operations"])
        )
        assert read == every
        assert log.count == few.count == len(every) == 8
        assert len(few.operations) == 2

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
