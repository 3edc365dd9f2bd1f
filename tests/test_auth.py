"""The three ways to sign in, through the real client against the simulator, and by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from support import AT_ONCE

from bot.demo.metastudio import Fault, MetaStudioSimulator
from bot.demo.metastudio_account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.errors import (
    CredentialsRefused,
    MetaStudioError,
    ServiceDown,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.metastudio.auth import AccessKey, GivenToken, IamUser
from bot.metastudio.client import MetaStudio

TOKEN_INVALID = Fault.error(400, "MSS.00010008", "The token in the header is invalid.")
STALE = Fault.error(401, "APIGW.0307", "The token must be updated.")


class Clock:
    """The present moment as the bot sees it, which a test moves on."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def client_of(
    simulator: MetaStudioSimulator, auth: httpx.Auth, **given: Any
) -> AsyncIterator[MetaStudio]:
    where: dict[str, Any] = {"project_id": simulator.project_id, "pace": AT_ONCE}
    async with MetaStudio(simulator.url, auth=auth, **where | given) as opened:
        yield opened


def iam_user(simulator: MetaStudioSimulator, clock: Clock, **given: str) -> IamUser:
    who = {"name": IAM_USER, "password": IAM_PASSWORD, "domain": IAM_DOMAIN} | given
    endpoint = who.pop("iam_endpoint", simulator.url)
    project_id = who.pop("project_id", simulator.project_id)
    return IamUser(**who, project_id=project_id, iam_endpoint=endpoint, now=clock)


def now() -> datetime:
    return datetime.now(UTC)


def job_requests(simulator: MetaStudioSimulator) -> list[Any]:
    return [seen for seen in simulator.requests if seen.method == "GET"]


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(state="PROCESSING")["job_id"])


@pytest.fixture
async def user(metastudio: MetaStudioSimulator, clock: Clock) -> AsyncIterator[MetaStudio]:
    """Give a client that signs in as the IAM user."""
    async with client_of(metastudio, iam_user(metastudio, clock)) as opened:
        yield opened


class TestAccessKey:
    """AK/SK, permanent and temporary. The signature itself is tested in test_signing."""

    async def test_signed_request_is_answered(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """The gateway accepts what is signed with the right key."""
        auth = AccessKey(ACCESS_KEY, SECRET_KEY, project_id=metastudio.project_id, now=now)
        async with client_of(metastudio, auth) as client:
            job = await client.job(job_id)

        (seen,) = metastudio.requests
        assert job.state == "PROCESSING"
        assert seen.headers["Authorization"].startswith("SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=")
        assert "X-Auth-Token" not in seen.headers

    async def test_temporary_key_sends_its_token(self) -> None:
        """A temporary key is accepted with its security token, which is signed."""
        async with MetaStudioSimulator(temporary_keys={"TAK": ("TSK", "STOKEN")}) as metastudio:
            job_id = metastudio.add_job()["job_id"]
            auth = AccessKey("TAK", "TSK", project_id=metastudio.project_id, security_token="STOKEN", now=now)
            async with client_of(metastudio, auth) as client:
                await client.job(job_id)

            (seen,) = metastudio.requests
            assert seen.headers["X-Security-Token"] == "STOKEN"
            assert "x-security-token," in seen.headers["Authorization"]

    @pytest.mark.parametrize(
        ("key", "secret", "off"),
        [("OTHER", SECRET_KEY, 0), (ACCESS_KEY, "OTHER", 0), (ACCESS_KEY, SECRET_KEY, 16)],
        ids=["wrong key", "wrong secret", "clock 16 minutes off"],
    )
    async def test_refusal_is_final(
        self, metastudio: MetaStudioSimulator, job_id: str, key: str, secret: str, off: int
    ) -> None:
        """A wrong key, secret or clock is told as such after one request."""
        auth = AccessKey(
            key, secret, project_id=metastudio.project_id, now=lambda: now() - timedelta(minutes=off)
        )
        async with client_of(metastudio, auth) as client:
            with pytest.raises(CredentialsRefused):
                await client.job(job_id)

        assert len(metastudio.requests) == 1

    async def test_each_request_has_its_own_date(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A later request is signed anew, with the time that it has then."""
        clock = Clock()
        auth = AccessKey(ACCESS_KEY, SECRET_KEY, project_id=metastudio.project_id, now=clock)
        async with client_of(metastudio, auth) as client:
            await client.job(job_id)
            clock.moment += timedelta(minutes=5)
            await client.job(job_id)

        first, second = (seen.headers["X-Sdk-Date"] for seen in metastudio.requests)
        assert first != second

    async def test_wrong_project(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A project that is not the account's is a matter of settings."""
        auth = AccessKey(ACCESS_KEY, SECRET_KEY, project_id="0" * 32, now=now)
        async with client_of(metastudio, auth, project_id="0" * 32) as client:
            with pytest.raises(WrongProject):
                await client.job(job_id)


class TestGivenToken:
    """A token from the settings."""

    async def test_is_sent_as_it_is(self) -> None:
        """The token goes along as it is, and nobody asks IAM."""
        async with MetaStudioSimulator(tokens={"GIVEN"}) as metastudio:
            job_id = metastudio.add_job()["job_id"]
            async with client_of(metastudio, GivenToken("GIVEN")) as client:
                await client.job(job_id)

            assert metastudio.requests[0].headers["X-Auth-Token"] == "GIVEN"
            assert metastudio.token_requests == 0

    async def test_refusal_is_final(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A token that has ended can't be renewed: one request, one clear error."""
        async with client_of(metastudio, GivenToken("ENDED")) as client:
            with pytest.raises(CredentialsRefused) as refused:
                await client.job(job_id)

        assert refused.value.code == "APIGW.0307"
        assert [seen.status for seen in metastudio.requests] == [401]


class TestTokenRequest:
    """How the IAM user asks for a token."""

    async def test_is_as_documented(self, metastudio: MetaStudioSimulator, clock: Clock) -> None:
        """Method, address, type and body are those of the page KeystoneCreateUserTokenByPassword."""
        flow = iam_user(metastudio, clock).async_auth_flow(httpx.Request("GET", "https://metastudio.example"))
        request = await anext(flow)
        await flow.aclose()

        assert (request.method, request.url.path) == ("POST", "/v3/auth/tokens")
        assert request.url.query == b"nocatalog=true"
        assert request.headers["Content-Type"] == "application/json;charset=utf8"
        assert json.loads(request.content) == {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": IAM_USER,
                            "password": IAM_PASSWORD,
                            "domain": {"name": IAM_DOMAIN},
                        }
                    },
                },
                "scope": {"project": {"id": metastudio.project_id}},
            }
        }

    async def test_password_goes_to_iam_alone(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """MetaStudio gets the token and never the password; IAM gets no old token."""
        await user.job(job_id)
        asked, looked_up = metastudio.requests

        assert (asked.path, asked.query) == ("/v3/auth/tokens", "nocatalog=true")
        assert "X-Auth-Token" not in asked.headers
        assert IAM_PASSWORD not in str([*looked_up.headers.values(), looked_up.path, looked_up.query])

    async def test_time_limits_hold_for_it_too(
        self, metastudio: MetaStudioSimulator, clock: Clock, job_id: str
    ) -> None:
        """A token request that hangs ends with the read limit of the look-up."""
        metastudio.fail(Fault.hang(), times=3, on="iam")
        auth = iam_user(metastudio, clock)
        async with client_of(metastudio, auth, timeout=httpx.Timeout(0.1)) as client:
            with pytest.raises(TimedOut):
                await client.job(job_id)

        assert metastudio.token_requests == 3


class TestTokenIsKept:
    """One token serves many look-ups."""

    async def test_second_look_up_uses_the_same_token(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """The token of the first look-up serves the second."""
        await user.job(job_id)
        await user.job(job_id)
        tokens = {seen.headers["X-Auth-Token"] for seen in job_requests(metastudio)}

        assert (metastudio.token_requests, len(tokens)) == (1, 1)

    async def test_ten_at_once_on_a_cold_start_ask_once(
        self, user: MetaStudio, metastudio: MetaStudioSimulator
    ) -> None:
        """Ten look-ups of different jobs that start together make one token request."""
        ids = [metastudio.add_job()["job_id"] for _ in range(10)]
        metastudio.fail(Fault.slow(0.1), on="iam")
        jobs = await asyncio.gather(*map(user.job, ids))

        assert ids == [job.job_id for job in jobs]
        assert (metastudio.token_requests, len(job_requests(metastudio))) == (1, 10)

    async def test_ten_at_once_renew_once(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Ten look-ups whose common token is refused make one new token request."""
        await user.job(job_id)
        metastudio.revoke_tokens()
        await asyncio.gather(*map(user.job, [metastudio.add_job()["job_id"] for _ in range(10)]))

        assert metastudio.token_requests == 2

    async def test_one_that_gives_up_does_not_hold_up_others(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A look-up that is cancelled while it gets the token leaves the way free for the next."""
        metastudio.fail(Fault.hang(), on="iam")
        first = asyncio.create_task(user.answer(job_id))
        while not metastudio.token_requests:  # noqa: ASYNC110  the simulator has no event for this
            await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

        assert (await asyncio.wait_for(user.job(job_id), 2)).job_id == job_id


class TestTokenEnds:
    """When a token is renewed."""

    @pytest.mark.parametrize(
        ("life", "age", "token_requests"),
        [
            (timedelta(hours=24), timedelta(hours=23, minutes=49), 1),
            (timedelta(hours=24), timedelta(hours=23, minutes=51), 2),
            (timedelta(hours=1), timedelta(minutes=49), 1),
            (timedelta(hours=1), timedelta(minutes=51), 2),
        ],
        ids=["kept for a day", "a day is over soon", "kept for an hour", "an hour is over soon"],
    )
    async def test_is_renewed_before_it_ends(
        self,
        user: MetaStudio,
        metastudio: MetaStudioSimulator,
        clock: Clock,
        job_id: str,
        life: timedelta,
        age: timedelta,
        token_requests: int,
    ) -> None:
        """Ten minutes before a token ends, the next look-up gets a new one; until then it is kept."""
        metastudio.token_seconds = life.total_seconds()
        await user.job(job_id)
        clock.moment += age
        await user.job(job_id)

        assert metastudio.token_requests == token_requests
        assert {seen.status for seen in job_requests(metastudio)} == {200}

    @pytest.mark.parametrize(
        "expires_at",
        [
            b'"soon"',
            b'""',
            b"null",
            b"1767323045",
            b"[]",
            b'"2026-13-45T99:99:99Z"',
            b'"0001-01-01T00:00:00Z"',
            b'"0001-01-01T00:00:00+14:00"',
            b'"9999-12-31T23:59:59.999999Z"',
            b'"9999-12-31T23:59:59-14:00"',
            b"9" * 5000,
            b"[" * 5000 + b"]" * 5000,
        ],
        ids=lambda value: value[:28].decode(),
    )
    async def test_end_that_can_not_be_read(self, clock: Clock, expires_at: bytes) -> None:
        """A token whose end is told in no sensible way is used, and kept for a minute at least."""
        body = b'{"token": {"expires_at": ' + expires_at + b"}}"

        assert await tokens_used(clock, body, [0, 30]) == ["T1", "T1"]

    @pytest.mark.parametrize(
        "body",
        [b"", b"{}", b"[]", b"<html>", b'{"token": []}', b'{"token": "x"}', b"null"],
        ids=lambda body: body.decode() or "nothing",
    )
    async def test_body_that_can_not_be_read(self, clock: Clock, body: bytes) -> None:
        """Only the header counts: without a readable body the token is kept for an hour, less the margin."""
        assert await tokens_used(clock, body, [0, 49 * 60, 51 * 60]) == ["T1", "T1", "T2"]

    @pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:00"])
    async def test_past_end_does_not_ask_for_each_look_up(self, clock: Clock, expires_at: str) -> None:
        """A token that seems to have ended already is kept for a minute: the bot's clock may be wrong."""
        body = json.dumps({"token": {"expires_at": expires_at}}).encode()

        assert await tokens_used(clock, body, [0, 30, 70]) == ["T1", "T1", "T2"]

    async def test_end_without_a_time_zone_is_utc(self, clock: Clock) -> None:
        """A time without a zone is read as UTC, as IAM means it."""
        end = (clock() + timedelta(hours=2)).replace(tzinfo=None).isoformat()
        body = json.dumps({"token": {"expires_at": end}}).encode()

        assert await tokens_used(clock, body, [0, 109 * 60, 111 * 60]) == ["T1", "T1", "T2"]


async def tokens_used(clock: Clock, body: bytes, seconds: list[int]) -> list[str]:
    """Drive the sign-in by hand: IAM answers with ``body``; return the token used at each moment."""
    auth = IamUser("u", "p", "d", project_id="p", iam_endpoint="https://iam.example", now=clock)
    start, used, given = clock.moment, [], 0
    for second in seconds:
        clock.moment = start + timedelta(seconds=second)
        flow = auth.async_auth_flow(httpx.Request("GET", "https://metastudio.example/"))
        request = await anext(flow)
        if request.method == "POST":
            given += 1
            headers = {"X-Subject-Token": f"T{given}"}
            request = await flow.asend(httpx.Response(201, headers=headers, content=body))
        used.append(request.headers["X-Auth-Token"])
        with pytest.raises(StopAsyncIteration):
            await flow.asend(httpx.Response(200))
    return used


class TestTokenIsRefused:
    """What happens when MetaStudio refuses a token."""

    @pytest.mark.parametrize("refusal", [STALE, TOKEN_INVALID], ids=["401", "400 MSS.00010008"])
    async def test_is_renewed_once(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, refusal: Fault
    ) -> None:
        """After one refusal a new token is got, and the look-up succeeds with it."""
        await user.job(job_id)
        metastudio.fail(refusal)
        await user.job(job_id)
        first, refused, answered = (seen.headers["X-Auth-Token"] for seen in job_requests(metastudio))

        assert first == refused != answered
        assert metastudio.token_requests == 2

    @pytest.mark.parametrize("refusal", [STALE, TOKEN_INVALID], ids=["401", "400 MSS.00010008"])
    async def test_second_refusal_is_an_error(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, refusal: Fault
    ) -> None:
        """A new token that is refused as well ends the look-up: no loop, and the right class."""
        metastudio.fail(refusal, times=50)
        with pytest.raises(CredentialsRefused) as refused:
            await user.job(job_id)

        assert (refused.value.code, refused.value.status) == (refusal.error_code, refusal.status)
        assert (metastudio.token_requests, len(job_requests(metastudio))) == (2, 2)

    async def test_next_look_up_tries_again(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """After two refusals nothing is stuck: the next look-up works."""
        metastudio.fail(STALE, times=2)
        with pytest.raises(CredentialsRefused):
            await user.job(job_id)

        assert (await user.job(job_id)).job_id == job_id

    @pytest.mark.parametrize(
        "refusal",
        [
            Fault.error(400, "MSS.10000003"),
            Fault.error(403, "APIGW.0302"),
            Fault.error(404, "MSS.41000003"),
            Fault.raw(b"<html>", status=401, content_type="text/html"),
        ],
        ids=["400", "403", "404", "a proxy's 401"],
    )
    async def test_other_refusals_are_not_about_the_token(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, refusal: Fault
    ) -> None:
        """What MetaStudio refuses for another reason makes no new token."""
        metastudio.fail(refusal)
        with pytest.raises(MetaStudioError):
            await user.job(job_id)

        assert (metastudio.token_requests, len(job_requests(metastudio))) == (1, 1)

    async def test_broken_iam_at_renewal(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """When the token is refused and IAM is broken, the person hears of the fault, not of credentials."""
        await user.job(job_id)
        metastudio.revoke_tokens()
        metastudio.fail(Fault.iam_error(503), times=50, on="iam")

        with pytest.raises(ServiceDown):
            await user.job(job_id)


class TestIamFails:
    """What the person hears when IAM gives no token."""

    @pytest.mark.parametrize("wrong", ["name", "password", "domain"])
    async def test_wrong_password(
        self, metastudio: MetaStudioSimulator, clock: Clock, job_id: str, wrong: str
    ) -> None:
        """A wrong name, password or domain is told after one request to IAM and none to MetaStudio."""
        async with client_of(metastudio, iam_user(metastudio, clock, **{wrong: "other"})) as client:
            with pytest.raises(CredentialsRefused) as refused:
                await client.job(job_id)

        assert (refused.value.status, refused.value.code) == (401, "401")
        assert len(refused.value.request_id) == 32
        assert [seen.status for seen in metastudio.requests] == [401]

    async def test_unknown_project(self, metastudio: MetaStudioSimulator, clock: Clock, job_id: str) -> None:
        """A project that IAM does not know is a matter of settings."""
        async with client_of(metastudio, iam_user(metastudio, clock, project_id="0" * 32)) as client:
            with pytest.raises(WrongProject):
                await client.job(job_id)

        assert len(metastudio.requests) == 1

    @pytest.mark.parametrize(
        ("fault", "expected", "token_requests"),
        [
            (Fault.iam_error(400), CredentialsRefused, 1),
            (Fault.iam_error(401), CredentialsRefused, 1),
            (Fault.iam_error(403), CredentialsRefused, 1),
            (Fault.iam_error(404), WrongProject, 1),
            (Fault.error(404, "APIGW.0101"), WrongProject, 1),
            (Fault.raw(b"", status=301), UnreadableAnswer, 1),
            (Fault.raw(b"<html>", status=401, content_type="text/html"), UnreadableAnswer, 1),
            (Fault.raw(b'{"token": {}}', status=201), UnreadableAnswer, 1),
            (Fault.raw(b'{"token": {}}', status=200), UnreadableAnswer, 1),
            (Fault.raw(b"<html>", status=200, content_type="text/html"), UnreadableAnswer, 1),
            (Fault.throttled(), Throttled, 3),
            (Fault.iam_error(500), ServiceDown, 3),
            (Fault.iam_error(503), ServiceDown, 3),
            (Fault.html(), ServiceDown, 3),
            (Fault.cut(), Unreachable, 3),
            (Fault.cut_midway(), Unreachable, 3),
        ],
        ids=[
            "400",
            "401",
            "403",
            "404",
            "no IAM there",
            "redirect",
            "a gateway's log-in page",
            "no token in the header",
            "200",
            "a web page",
            "429",
            "500",
            "503",
            "502 page",
            "cut",
            "cut midway",
        ],
    )
    async def test_failures(
        self,
        user: MetaStudio,
        metastudio: MetaStudioSimulator,
        job_id: str,
        fault: Fault,
        expected: type[MetaStudioError],
        token_requests: int,
    ) -> None:
        """Each failure of IAM is the right error, after as many tries as make sense."""
        metastudio.fail(fault, times=50, on="iam")
        with pytest.raises(MetaStudioError) as failed:
            await user.job(job_id)

        assert type(failed.value) is expected
        assert (metastudio.token_requests, job_requests(metastudio)) == (token_requests, [])

    async def test_iam_that_recovers(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A short fault of IAM is passed over within one look-up."""
        metastudio.fail(Fault.iam_error(503), times=2, on="iam")

        assert (await user.job(job_id)).job_id == job_id
        assert metastudio.token_requests == 3

    async def test_iam_that_is_not_there(
        self, metastudio: MetaStudioSimulator, clock: Clock, unused_tcp_port: int, job_id: str
    ) -> None:
        """An IAM address where nobody listens is told as no connection."""
        auth = iam_user(metastudio, clock, iam_endpoint=f"http://127.0.0.1:{unused_tcp_port}")
        async with client_of(metastudio, auth) as client:
            with pytest.raises(Unreachable):
                await client.job(job_id)

        assert metastudio.requests == []


class TestSecrets:
    """What must not be seen."""

    @pytest.mark.parametrize("on", ["iam", "jobs"])
    async def test_no_secret_in_an_error(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, on: Any
    ) -> None:
        """An answer that quotes the password or the token leaves no trace of them in the error."""
        quoting = json.dumps({"error_code": "APIGW.0301", "error_msg": IAM_PASSWORD}).encode()
        metastudio.fail(Fault.raw(quoting, status=403), times=9, on=on)
        with pytest.raises(MetaStudioError) as failed:
            await user.job(job_id)

        told = failed.value
        assert IAM_PASSWORD not in f"{told} {told!r} {told.sentence()} {vars(told)}"

    def test_repr_of_a_sign_in_shows_nothing(self, clock: Clock) -> None:
        """The repr of each way to sign in holds no secret."""
        ways = [
            AccessKey("AK", "SECRETSECRET", project_id="p", security_token="SECRETSECRET", now=clock),
            GivenToken("SECRETSECRET"),
            IamUser("u", "SECRETSECRET", "d", project_id="p", iam_endpoint="https://iam.example", now=clock),
        ]

        assert "SECRETSECRET" not in repr(ways)
