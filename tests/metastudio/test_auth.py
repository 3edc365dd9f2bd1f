"""The three ways to sign in, through the real client against the simulator."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import CredentialsRefused, MetaStudioError, ServiceDown, TimedOut, Unreachable, WrongProject
from bot.metastudio.auth import AccessKey, GivenToken, Key
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_PASSWORD, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import TOKEN, failure_of
from tests.sign_ins import EACH_WAY, client_of, sign_in


class Clock:
    """The present moment as the bot sees it, which a test moves on."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return it."""
        return self.moment


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(state="PROCESSING")["job_id"])


@EACH_WAY
async def test_good_credentials(metastudio: MetaStudioSimulator, job_id: str, way: str) -> None:
    """Requests are answered, one by one; a secret goes to nobody who need not have it."""
    clock = Clock()
    auth = sign_in(way, metastudio) if way == "token" else sign_in(way, metastudio, now=clock)
    async with client_of(metastudio, auth) as client:
        await client.job(job_id)
        clock.moment += timedelta(minutes=5)
        page = await client.recent_jobs()
    *before, first, second = (seen.headers for seen in metastudio.requests)

    assert [job.job_id for job in page.jobs] == [job_id]
    assert "sort_key=update_time" in metastudio.requests[-1].query  # with a key it is signed
    assert len(before) == metastudio.token_requests == (1 if way == "IAM user" else 0)
    assert not [headers for headers in before if "X-Auth-Token" in headers]
    if way == "access key":
        assert first["Authorization"].startswith("SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=")
        assert "X-Auth-Token" not in first
        assert first["X-Sdk-Date"] != second["X-Sdk-Date"]
    elif way == "token":
        assert first["X-Auth-Token"] == TOKEN
    else:
        assert first["X-Auth-Token"] == second["X-Auth-Token"]
        assert IAM_PASSWORD not in f"{first} {metastudio.requests[1].path}"


async def test_a_temporary_key_sends_its_token(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """It is accepted with its security token, which is signed; a permanent key after it sends none."""
    metastudio.temporary_keys = {"TAK": ("TSK", "STOKEN")}
    keys = iter([Key("TAK", "TSK", "STOKEN"), Key("TAK", "TSK", "ENDED"), Key(ACCESS_KEY, SECRET_KEY)])
    for _ in range(2):
        auth = AccessKey(Key("", ""), project_id=metastudio.project_id, read=lambda: next(keys))
        async with client_of(metastudio, auth) as client:
            await client.job(job_id)
    temporary, ended, permanent = metastudio.requests

    assert temporary.headers["X-Security-Token"] == "STOKEN"
    assert "x-security-token," in temporary.headers["Authorization"]
    assert (ended.status, permanent.status) == (401, 200)
    assert "X-Security-Token" not in permanent.headers


OFF = {"now": lambda: datetime.now(UTC) - timedelta(minutes=16)}


@pytest.mark.parametrize(
    ("way", "code", "given"),
    [
        ("access key", "APIGW.0301", {"secret": "OTHER"}),
        ("access key", "APIGW.0301", OFF),
        ("token", "APIGW.0307", {"secret": "ENDED"}),
        *(("IAM user", "401", {wrong: "other"}) for wrong in ("name", "secret", "domain")),
    ],
)
async def test_a_refusal_is_final(
    metastudio: MetaStudioSimulator, job_id: str, way: str, code: str, given: dict[str, Any]
) -> None:
    """Wrong credentials, or a wrong clock, are told as such after one request."""
    async with client_of(metastudio, sign_in(way, metastudio, **given)) as client:
        refused = await failure_of(client.job(job_id))

    assert (type(refused), refused.status, refused.code) == (CredentialsRefused, 401, code)
    assert len(refused.request_id) == 32
    assert [seen.status for seen in metastudio.requests] == [401]


@pytest.mark.parametrize("way", ["access key", "IAM user"])
async def test_wrong_project(metastudio: MetaStudioSimulator, way: str) -> None:
    """A project that is not the account's is a matter of settings, and told after one request."""
    auth = sign_in(way, metastudio, project_id="0" * 32)
    async with client_of(metastudio, auth, project_id="0" * 32) as client:
        assert type(await failure_of(client.job("a-job"))) is WrongProject

    assert len(metastudio.requests) == 1


@pytest.mark.parametrize("on", ["iam", "jobs"])
async def test_no_secret_in_an_error(metastudio: MetaStudioSimulator, on: Any) -> None:
    """An answer that quotes the password leaves no trace of it in the error."""
    quoting = json.dumps({"error_code": "APIGW.0301", "error_msg": IAM_PASSWORD}).encode()
    metastudio.fail(Fault.raw(quoting, status=403), times=9, on=on)
    async with client_of(metastudio, sign_in("IAM user", metastudio)) as client:
        failed = await failure_of(client.job("a-job"))

    assert IAM_PASSWORD not in f"{failed} {failed!r} {vars(failed)}"


def test_repr_of_a_sign_in_shows_nothing() -> None:
    """The repr of each way to sign in holds no secret."""
    ways = [
        AccessKey(Key("AK", "SECRETSECRET", "SECRETSECRET"), project_id="p"),
        Key("AK", "SECRETSECRET", "SECRETSECRET"),
        GivenToken("SECRETSECRET"),
        IamUser("u", "SECRETSECRET", "d", project_id="p", iam_endpoint="https://iam.example"),
    ]

    assert "SECRETSECRET" not in repr(ways)


async def test_a_wrong_key_id(metastudio: MetaStudioSimulator) -> None:
    """It is refused like a wrong secret."""
    auth = AccessKey(Key(f"{ACCESS_KEY}X", SECRET_KEY), project_id=metastudio.project_id)
    async with client_of(metastudio, auth) as client:
        assert type(await failure_of(client.job("a-job"))) is CredentialsRefused


async def test_iam_is_not_there(metastudio: MetaStudioSimulator, unused_tcp_port: int) -> None:
    """An IAM address where nobody listens is told as no connection, one that hangs as too slow."""
    auth = sign_in("IAM user", metastudio, iam_endpoint=f"http://127.0.0.1:{unused_tcp_port}")
    async with client_of(metastudio, auth) as client:
        assert type(await failure_of(client.job("a-job"))) is Unreachable
    metastudio.fail(Fault.hang(), times=3, on="iam")
    async with client_of(metastudio, sign_in("IAM user", metastudio), limit=0.2) as client:
        assert type(await failure_of(client.job("a-job"))) is TimedOut

    assert [seen.api for seen in metastudio.requests] == ["iam"]


async def test_a_broken_iam_is_no_refusal(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """Where MetaStudio refuses a token and IAM is broken, that is told, and nothing of credentials."""
    async with client_of(metastudio, sign_in("IAM user", metastudio)) as client:
        await client.job(job_id)
        metastudio.revoke_tokens()
        metastudio.fail(Fault.iam_error(503), times=3, on="iam")
        failed: MetaStudioError = await failure_of(client.job(job_id))

        assert type(failed) is ServiceDown
        assert (await client.job(job_id)).job_id == job_id
