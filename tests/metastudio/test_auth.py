"""The three ways to sign in, through the real client against the simulator."""

from datetime import UTC, datetime, timedelta

from bot.metastudio.auth import AccessKey, GivenToken, Key
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_PASSWORD, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from tests.servers import TOKEN
from tests.sign_ins import EACH_WAY, client_of, sign_in


class Clock:
    """The present moment as the bot sees it, which a test moves on."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return it."""
        return self.moment


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
    assert len(before) == metastudio.token_requests == (1 if way == "IAM user" else 0)
    assert not [headers for headers in before if "X-Auth-Token" in headers]
    if way == "access key":
        assert first["Authorization"].startswith("SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=")
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


def test_repr_of_a_sign_in_shows_nothing() -> None:
    """The repr of each way to sign in holds no secret."""
    ways = [
        AccessKey(Key("AK", "SECRETSECRET", "SECRETSECRET"), project_id="p"),
        Key("AK", "SECRETSECRET", "SECRETSECRET"),
        GivenToken("SECRETSECRET"),
        IamUser("u", "SECRETSECRET", "d", project_id="p", iam_endpoint="https://iam.example"),
    ]

    assert "SECRETSECRET" not in repr(ways)
