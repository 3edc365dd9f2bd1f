"""The IAM user's tokens: how one is asked for, kept, renewed, and given up once it is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.errors import CredentialsRefused, ServiceDown, Unreachable, UnreadableAnswer
from bot.metastudio import iam_user
from bot.metastudio.client import MetaStudio
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.faults import FaultKind
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS, ONE_OF_EACH
from tests.metastudio.test_auth import Clock
from tests.servers import failure_of
from tests.sign_ins import client_of, sign_in
from tests.support import eventually

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def moment() -> Clock:
    return Clock()


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(state="PROCESSING")["job_id"])


@pytest.fixture
async def user(metastudio: MetaStudioSimulator, moment: Clock) -> AsyncIterator[MetaStudio]:
    """Give a client that signs in as the IAM user."""
    async with client_of(metastudio, sign_in("IAM user", metastudio, now=moment), limit=5) as opened:
        yield opened


@pytest.fixture
async def due(user: MetaStudio, moment: Clock, job_id: str) -> MetaStudio:
    """Give a client whose token has nine minutes to live."""
    await user.job(job_id)
    moment.moment += timedelta(hours=23, minutes=51)
    return user


def job_requests(metastudio: MetaStudioSimulator) -> list[Any]:
    return [seen for seen in metastudio.requests if seen.method == "GET"]


async def test_a_token_request_is_as_documented(
    user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """It is that of the page KeystoneCreateUserTokenByPassword, without a catalogue of all services."""
    await user.job(job_id)
    asked = metastudio.requests[0]

    assert (asked.method, asked.path, asked.query) == ("POST", "/v3/auth/tokens", "nocatalog=true")
    assert asked.headers["Content-Type"] == "application/json;charset=utf8"
    person = {"name": "u", "password": "p", "domain": {"name": "d"}}
    identity = {"methods": ["password"], "password": {"user": person}}
    assert json.loads(token_request("u", "p", "d", "id")) == {
        "auth": {"identity": identity, "scope": {"project": {"id": "id"}}}
    }


async def test_each_answer_of_iam_is_its_error(metastudio: MetaStudioSimulator) -> None:
    """IAM is asked three times where it may pass, and MetaStudio not at all."""
    no_token = Fault.raw(b'{"token": {}}')
    metastudio.fail(no_token, on="iam")
    async with client_of(metastudio, sign_in("IAM user", metastudio)) as client:
        assert type(await failure_of(client.job("a-job"))) is UnreadableAnswer
    for name, answer in ANSWERS.items():
        if isinstance(answer.sent, bytes) or answer.status == 200:
            continue
        metastudio.requests.clear()
        metastudio.fail(answer.sent, times=9, on="iam")
        async with client_of(metastudio, sign_in("IAM user", metastudio)) as client:
            failed = await failure_of(client.job("a-job"))
        metastudio.heal()

        assert type(failed) is answer.iam_error, name
        assert (failed.status, failed.code) == (answer.status, answer.code), name
        asked = 3 if answer.iam_error.transient else 1
        assert [seen.api for seen in metastudio.requests] == ["iam"] * asked, name


async def test_iam_recovers_within_a_look_up(
    metastudio: MetaStudioSimulator, moment: Clock, job_id: str
) -> None:
    """A short fault, or an answer that is not there in a request's time, is passed over."""
    metastudio.fail(Fault.iam_error(503), on="iam")
    metastudio.fail(Fault.hang(), on="iam")
    auth = sign_in("IAM user", metastudio, now=moment)
    async with client_of(metastudio, auth, timeout=httpx.Timeout(5, read=0.3)) as client:
        assert (await client.job(job_id)).job_id == job_id

    assert metastudio.token_requests == 3


async def test_ten_at_once_ask_once(user: MetaStudio, metastudio: MetaStudioSimulator) -> None:
    """Ten look-ups of different jobs make one token request, at first and once their token is refused."""
    ids = [metastudio.add_job()["job_id"] for _ in range(10)]
    metastudio.fail(Fault.slow(0.1), on="iam")
    jobs = await asyncio.gather(*map(user.job, ids))
    assert ids == [job.job_id for job in jobs]
    assert (metastudio.token_requests, len(job_requests(metastudio))) == (1, 10)
    metastudio.revoke_tokens()
    await asyncio.gather(*map(user.job, ids))

    assert metastudio.token_requests == 2


async def test_one_that_gives_up_does_not_hold_up_others(
    user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """A look-up that is cancelled while it gets the token leaves the way free for the next."""
    metastudio.fail(Fault.hang(), on="iam")
    first = asyncio.create_task(user.answer(job_id))
    await eventually(lambda: metastudio.token_requests == 1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    assert (await user.job(job_id)).job_id == job_id


def ends(end: str) -> bytes:
    return json.dumps({"token": {"expires_at": end}}).encode()


def in_seconds(seconds: float) -> bytes:
    return ends((START + timedelta(seconds=seconds)).isoformat())


UNREADABLE = [
    *(ends("soon"), ends(""), ends("2026-13-45T99:99:99Z"), b'{"token": {"expires_at": null}}'),
    *(b'{"token": {"expires_at": 1767323045}}', b'{"token": {"expires_at": ' + b"9" * 5000 + b"}}"),
    b'{"token": {"expires_at": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
    *(b'{"token": []}', b'{"token": "x"}', b"", b"{}", b"[]", b"<html>", b"null"),
]


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
        *((body, 50 * MINUTE, HOUR) for body in UNREADABLE),
    ],
    ids=lambda value: value[:50].decode() if isinstance(value, bytes) else "",
)
def test_life_of_a_token(body: bytes, due: float, end: float) -> None:
    """It is renewed ten minutes before its end, within a day, and kept for a minute at least."""
    token = Token.read("T", body, now=START, at=7)
    ages = (due - 1, due, end - 1, end)

    assert [token.is_due(START, 7 + age) for age in ages] == [False, True, True, True]
    assert [token.is_good(7 + age) for age in ages] == [True, True, True, False]


@pytest.mark.parametrize(
    ("jump", "is_due"), [(-40 * DAY, False), (0, False), (23 * HOUR, False), (40 * DAY, True)]
)
def test_a_clock_that_jumps(jump: float, *, is_due: bool) -> None:
    """It ends no token; the machine may have been asleep that long, so another one is asked for."""
    token = Token.read("T", in_seconds(DAY), now=START, at=0)

    assert token.is_due(START + timedelta(seconds=jump), 0) is is_due
    assert token.is_good(0)
    assert token.is_due(START + timedelta(seconds=jump), DAY)


async def test_a_token_is_renewed_before_it_ends(
    user: MetaStudio, metastudio: MetaStudioSimulator, moment: Clock, job_id: str
) -> None:
    """The look-up that finds it due is not held up, and a later one has the new token."""
    await user.job(job_id)
    moment.moment += timedelta(hours=23, minutes=49)
    await user.job(job_id)
    assert metastudio.token_requests == 1
    moment.moment += timedelta(minutes=2)
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
    "refuses": Fault.iam_error(401),
    "gives no token": Fault.raw(b"{}", status=201),
}


@pytest.mark.parametrize("fault", RENEWAL_FAULTS.values(), ids=RENEWAL_FAULTS)
async def test_nobody_notices_that_a_renewal_fails(
    due: MetaStudio,
    metastudio: MetaStudioSimulator,
    moment: Clock,
    job_id: str,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """People get their answers at once, whatever IAM and this machine's clock do; IAM is asked once."""
    metastudio.fail(fault, times=50, on="iam")
    await due.job(job_id)
    await eventually(lambda: metastudio.token_requests == 2)
    is_hanging = fault.kind is FaultKind.HANG
    await eventually(lambda: is_hanging or "can't be renewed" in caplog.text)
    for days in (0, -80, 160):
        moment.moment += timedelta(days=days)
        await due.job(job_id)

    assert metastudio.token_requests == 2
    assert {seen.status for seen in job_requests(metastudio)} == {200}


async def test_an_address_of_iam_that_is_none(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """It gets the sentence of an address that can't be reached, as MetaStudio's own does."""
    auth = IamUser("name", "password", "domain", project_id="p", iam_endpoint="https://\N{SNOWMAN}.example")
    async with client_of(metastudio, auth) as client:
        assert type(await failure_of(client.job(job_id))) is Unreachable


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault.hang(), "TimeoutError"),
        (Fault.cut(), "ReadError"),
        (Fault.iam_error(503), "ServiceDown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_log_names_why_a_renewal_fails(
    due: MetaStudio,
    metastudio: MetaStudioSimulator,
    job_id: str,
    fault: Fault,
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By the class of the error, be it the network's, IAM's or the end of the bot's patience."""
    monkeypatch.setattr(iam_user, "RENEWAL_SECONDS", 0.2)
    metastudio.fail(fault, times=50, on="iam")
    await due.job(job_id)
    await eventually(lambda: "can't be renewed" in caplog.text)

    assert f"can't be renewed ({named}), and is used on" in caplog.text


async def test_a_refused_token_is_not_used_on(
    due: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """Though its renewal hangs: another request is made, and it is told when that fails, too."""
    metastudio.fail(Fault.hang(), on="iam")
    metastudio.fail(Fault.iam_error(503), times=3, on="iam")
    await due.job(job_id)
    await eventually(lambda: metastudio.token_requests == 2)
    metastudio.revoke_tokens()
    assert type(await failure_of(due.job(job_id))) is ServiceDown
    refused = job_requests(metastudio)

    assert (await due.job(job_id)).job_id == job_id
    assert [seen.status for seen in refused] == [200, 200, 401]


async def test_a_client_that_is_closed_leaves_no_renewal(
    metastudio: MetaStudioSimulator, moment: Clock, job_id: str
) -> None:
    """Not one that hangs."""
    before = asyncio.all_tasks()
    metastudio.token_seconds = 1
    async with client_of(metastudio, sign_in("IAM user", metastudio, now=moment)) as client:
        await client.job(job_id)
        moment.moment += timedelta(minutes=2)
        metastudio.fail(Fault.hang(), on="iam")
        await client.job(job_id)
        await eventually(lambda: metastudio.token_requests == 2)

    assert not [task for task in asyncio.all_tasks() - before if "renew" in str(task.get_coro())]


async def test_a_renewal_that_is_cancelled_before_it_begins(
    metastudio: MetaStudioSimulator, moment: Clock, job_id: str
) -> None:
    """A later one is made all the same."""
    auth = sign_in("IAM user", metastudio, now=moment)
    assert isinstance(auth, IamUser)
    async with client_of(metastudio, auth) as client:
        await client.job(job_id)
        moment.moment += timedelta(hours=23, minutes=51)
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


@pytest.mark.parametrize("code", ["APIGW.0307", "MSS.00010008"])
async def test_a_refused_token_is_renewed_once(
    user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, code: str
) -> None:
    """The look-up goes on with the next one; a second refusal ends it; the next look-up tries again."""
    status = 401 if code.startswith("APIGW") else 400
    await user.job(job_id)
    metastudio.fail(Fault.error(status, code))
    await user.job(job_id)
    first, refused, answered = (seen.headers["X-Auth-Token"] for seen in job_requests(metastudio))
    assert first == refused != answered
    metastudio.fail(Fault.error(status, code), times=2)
    failed = await failure_of(user.job(job_id))

    assert (type(failed), failed.status, failed.code) == (CredentialsRefused, status, code)
    assert (metastudio.token_requests, len(job_requests(metastudio))) == (3, 5)
    assert (await user.job(job_id)).job_id == job_id


async def test_other_refusals_are_not_about_the_token(
    user: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """What MetaStudio refuses for another reason makes no new token."""
    for error, answer in ONE_OF_EACH.items():
        if error is not CredentialsRefused and isinstance(answer.sent, Fault):
            metastudio.fail(answer.sent, times=9)
            assert type(await failure_of(user.job(job_id))) is error
            metastudio.heal()

    assert metastudio.token_requests == 1
