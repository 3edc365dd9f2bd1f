"""The three ways to sign in, through the real client against the simulator."""

from bot.metastudio.auth import AccessKey, GivenToken, Key
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_PASSWORD, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from tests.sign_ins import EACH_WAY, client_of


@EACH_WAY
async def test_no_secret_goes_to_who_need_not_have_it(
    metastudio: MetaStudioSimulator, job_id: str, way: str
) -> None:
    """A token goes to MetaStudio alone, which never gets the password or the secret key."""
    async with client_of(metastudio, way) as client:
        await client.job(job_id)
    *before, asked = (seen.headers for seen in metastudio.requests)

    assert not [headers for headers in before if "X-Auth-Token" in headers]
    assert asked["X-Auth-Token" if way != "access key" else "X-Sdk-Date"]
    sent = f"{asked} {metastudio.requests[-1].path}"
    assert [secret for secret in (IAM_PASSWORD, SECRET_KEY) if secret in sent] == []


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
