"""The three ways to sign in, through the real client against the simulator, and by hand."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.messages.errors import sentence
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
from bot.metastudio.auth import AccessKey, GivenToken, Key, SignIn
from bot.metastudio.client import MetaStudio
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.simulators.metastudio.faults import FaultKind
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.support import AT_ONCE, eventually

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
    simulator: MetaStudioSimulator, auth: SignIn[Any], **given: Any
) -> AsyncIterator[MetaStudio]:
    where: dict[str, Any] = {"project_id": simulator.project_id, "rates": AT_ONCE}
    async with MetaStudio(simulator.url, auth=auth, **where | given) as opened:
        yield opened


def iam_user(simulator: MetaStudioSimulator, clock: Clock, **given: Any) -> IamUser:
    who: dict[str, Any] = {"name": IAM_USER, "password": IAM_PASSWORD, "domain": IAM_DOMAIN} | given
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
        auth = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
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
            auth = AccessKey(Key("TAK", "TSK", "STOKEN"), project_id=metastudio.project_id)
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
            Key(key, secret), project_id=metastudio.project_id, now=lambda: now() - timedelta(minutes=off)
        )
        async with client_of(metastudio, auth) as client:
            with pytest.raises(CredentialsRefused):
                await client.job(job_id)

        assert len(metastudio.requests) == 1

    async def test_each_request_has_its_own_date(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A later request is signed anew, with the time that it has then."""
        clock = Clock()
        auth = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id, now=clock)
        async with client_of(metastudio, auth) as client:
            await client.job(job_id)
            clock.moment += timedelta(minutes=5)
            await client.job(job_id)

        first, second = (seen.headers["X-Sdk-Date"] for seen in metastudio.requests)
        assert first != second

    async def test_wrong_project(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A project that is not the account's is a matter of settings."""
        auth = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id="0" * 32)
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

    def test_body_is_as_documented(self) -> None:
        """It is that of the page KeystoneCreateUserTokenByPassword."""
        assert json.loads(token_request("u", "p", "d", "id")) == {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"name": "u", "password": "p", "domain": {"name": "d"}}},
                },
                "scope": {"project": {"id": "id"}},
            }
        }

    async def test_request_is_as_documented(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Method, address and type, and no catalogue of all services."""
        await user.job(job_id)
        asked = metastudio.requests[0]

        assert (asked.method, asked.path, asked.query) == ("POST", "/v3/auth/tokens", "nocatalog=true")
        assert asked.headers["Content-Type"] == "application/json;charset=utf8"

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


MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def ends(end: str) -> bytes:
    return json.dumps({"token": {"expires_at": end}}).encode()


def in_seconds(seconds: float) -> bytes:
    return ends((START + timedelta(seconds=seconds)).isoformat())


class TestTokenEnds:
    """When a token is renewed, and when it is not used any more."""

    @pytest.mark.parametrize(
        ("body", "due", "end"),
        [
            (in_seconds(DAY), DAY - 10 * MINUTE, DAY),
            (in_seconds(HOUR), 50 * MINUTE, HOUR),
            (in_seconds(40 * DAY), DAY - 10 * MINUTE, DAY),  # this machine's clock is behind
            (in_seconds(-40 * DAY), MINUTE, 11 * MINUTE),  # or ahead
            (in_seconds(5), MINUTE, 11 * MINUTE),
            (ends("2026-01-02T05:04:05"), 110 * MINUTE, 2 * HOUR),  # without a zone it is UTC
            (ends("0001-01-01T00:00:00Z"), MINUTE, 11 * MINUTE),
            (ends("0001-01-01T00:00:00+14:00"), MINUTE, 11 * MINUTE),
            (ends("9999-12-31T23:59:59.999999Z"), DAY - 10 * MINUTE, DAY),
            (ends("9999-12-31T23:59:59-14:00"), DAY - 10 * MINUTE, DAY),
            *(
                (body, 50 * MINUTE, HOUR)
                for body in (
                    ends("soon"),
                    ends(""),
                    ends("2026-13-45T99:99:99Z"),
                    b'{"token": {"expires_at": null}}',
                    b'{"token": {"expires_at": 1767323045}}',
                    b'{"token": {"expires_at": ' + b"9" * 5000 + b"}}",
                    b'{"token": {"expires_at": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
                    b'{"token": []}',
                    b'{"token": "x"}',
                    b"",
                    b"{}",
                    b"[]",
                    b"<html>",
                    b"null",
                )
            ),
        ],
        ids=lambda value: value[:50].decode() if isinstance(value, bytes) else "",
    )
    def test_life(self, body: bytes, due: float, end: float) -> None:
        """It is renewed ten minutes before its end, within a day, and kept for a minute at least."""
        token = Token.read("T", body, now=START, at=7)

        def judged(age: float) -> tuple[bool, bool]:
            return token.is_due(START, 7 + age), token.is_good(7 + age)

        assert [judged(age) for age in (due - 1, due, end - 1, end)] == [
            (False, True),
            (True, True),
            (True, True),
            (True, False),
        ]

    @pytest.mark.parametrize(
        ("jump", "is_due"), [(-40 * DAY, False), (0, False), (23 * HOUR, False), (40 * DAY, True)]
    )
    def test_a_clock_that_jumps(self, jump: float, *, is_due: bool) -> None:
        """It ends no token; it may have been asleep that long, so another one is asked for."""
        token = Token.read("T", in_seconds(DAY), now=START, at=0)

        assert token.is_due(START + timedelta(seconds=jump), 0) is is_due
        assert token.is_good(0)
        assert token.is_due(START + timedelta(seconds=jump), DAY)

    async def test_is_renewed_before_it_ends(
        self, user: MetaStudio, metastudio: MetaStudioSimulator, clock: Clock, job_id: str
    ) -> None:
        """The look-up that finds it due is not held up, and a later one has the new token."""
        await user.job(job_id)
        clock.moment += timedelta(hours=23, minutes=49)
        await user.job(job_id)
        assert metastudio.token_requests == 1
        clock.moment += timedelta(minutes=2)
        metastudio.fail(Fault.slow(0.1), on="iam")
        await user.job(job_id)
        await eventually(lambda: metastudio.requests[-1].status == 201)
        await user.job(job_id)
        first, second, third, fourth = (seen.headers["X-Auth-Token"] for seen in job_requests(metastudio))

        assert first == second == third != fourth
        assert metastudio.token_requests == 2


RENEWAL_FAULTS = {
    "hangs": Fault.hang(),
    "is down": Fault.iam_error(503),
    "is cut off": Fault.cut(),
    "is busy": Fault.throttled(),
    "refuses": Fault.iam_error(401),
    "is a web page": Fault.raw(b"<html>", status=403, content_type="text/html"),
    "gives no token": Fault.raw(b"{}", status=201),
}


class TestRenewalFails:
    """A token that is good is used on."""

    @pytest.fixture
    async def due(self, user: MetaStudio, clock: Clock, job_id: str) -> MetaStudio:
        """Give a client whose token has nine minutes to live."""
        await user.job(job_id)
        clock.moment += timedelta(hours=23, minutes=51)
        return user

    @pytest.mark.parametrize("fault", RENEWAL_FAULTS.values(), ids=RENEWAL_FAULTS)
    async def test_nobody_notices(
        self,
        due: MetaStudio,
        metastudio: MetaStudioSimulator,
        job_id: str,
        fault: Fault,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """People get their answers at once, whatever IAM does; it is asked once in a minute."""
        metastudio.fail(fault, times=50, on="iam")
        await due.job(job_id)
        await eventually(lambda: metastudio.token_requests == 2)
        is_hanging = fault.kind is FaultKind.HANG
        await eventually(lambda: is_hanging or "can't be renewed" in caplog.text)
        for _ in range(3):
            await due.job(job_id)

        assert metastudio.token_requests == 2
        assert {seen.status for seen in job_requests(metastudio)} == {200}

    async def test_a_clock_that_jumped_back_holds_up_nothing(
        self, due: MetaStudio, metastudio: MetaStudioSimulator, clock: Clock, job_id: str
    ) -> None:
        """Nor does one that jumped on: what is waited for is measured by another one."""
        metastudio.fail(Fault.iam_error(503), on="iam")
        await due.job(job_id)
        await eventually(lambda: metastudio.token_requests == 2)
        for days in (-80, 160):
            clock.moment += timedelta(days=days)
            await due.job(job_id)

        assert {seen.status for seen in job_requests(metastudio)} == {200}

    async def test_a_refused_token_is_not_used_on(
        self, due: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Though its renewal hangs: another request is made, and it is told when that fails, too."""
        metastudio.fail(Fault.hang(), on="iam")
        metastudio.fail(Fault.iam_error(503), times=3, on="iam")
        await due.job(job_id)
        await eventually(lambda: metastudio.token_requests == 2)
        metastudio.revoke_tokens()
        with pytest.raises(ServiceDown):
            await due.job(job_id)
        refused = job_requests(metastudio)

        assert (await due.job(job_id)).job_id == job_id
        assert [seen.status for seen in refused] == [200, 200, 401]

    async def test_a_client_that_is_closed_leaves_no_renewal(
        self, metastudio: MetaStudioSimulator, clock: Clock, job_id: str
    ) -> None:
        """Not one that hangs."""
        before = asyncio.all_tasks()
        metastudio.token_seconds = 1
        async with client_of(metastudio, iam_user(metastudio, clock)) as client:
            await client.job(job_id)
            clock.moment += timedelta(minutes=2)
            metastudio.fail(Fault.hang(), on="iam")
            await client.job(job_id)
            await eventually(lambda: metastudio.token_requests == 2)

        assert not [task for task in asyncio.all_tasks() - before if "renew" in str(task.get_coro())]

    async def test_one_that_is_cancelled_before_it_begins(
        self, metastudio: MetaStudioSimulator, clock: Clock, job_id: str
    ) -> None:
        """A later one is made all the same."""
        auth = iam_user(metastudio, clock)
        async with client_of(metastudio, auth) as client:
            await client.job(job_id)
            clock.moment += timedelta(hours=23, minutes=51)
            asked = asyncio.create_task(client.answer(job_id))
            while auth._renewal is None:  # noqa: ASYNC110, SLF001  the very turn of the loop in which it is made
                await asyncio.sleep(0)
            await auth.aclose()
            await asked
            before = metastudio.token_requests
            metastudio.revoke_tokens()
            for _ in range(2):  # the end of a renewal that was cancelled would cancel these
                assert (await client.job(job_id)).job_id == job_id

        assert (before, metastudio.token_requests) == (1, 2)
        assert auth._renewal is None  # noqa: SLF001  what would keep it from another one, a minute later


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

    async def test_the_next_look_up_tries_again(
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
        assert IAM_PASSWORD not in f"{told} {told!r} {sentence(told)} {vars(told)}"

    def test_repr_of_a_sign_in_shows_nothing(self, clock: Clock) -> None:
        """The repr of each way to sign in holds no secret."""
        ways = [
            AccessKey(Key("AK", "SECRETSECRET", "SECRETSECRET"), project_id="p", now=clock),
            GivenToken("SECRETSECRET"),
            IamUser("u", "SECRETSECRET", "d", project_id="p", iam_endpoint="https://iam.example", now=clock),
        ]

        assert "SECRETSECRET" not in repr(ways)
