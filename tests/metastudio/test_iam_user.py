"""The IAM user's tokens: how one is asked for, kept, renewed, and given up once it is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.errors import CredentialsRefused, ServiceDown
from bot.metastudio.client import MetaStudio
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.iam_user import IamUser
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS
from tests.servers import failure_of
from tests.sign_ins import client_of, sign_in
from tests.support import eventually

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class User:
    """An IAM user who asks for one job, by a clock that a test moves on."""

    client: MetaStudio

    def __init__(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        self.metastudio, self.job_id = metastudio, job_id
        self.moment = datetime.now(UTC)
        self.auth = cast(IamUser, sign_in("IAM user", metastudio, now=lambda: self.moment))

    async def ask(self) -> None:
        """Look up the job."""
        assert (await self.client.job(self.job_id)).job_id == self.job_id

    def sent(self) -> list[tuple[int | None, str]]:
        """List the requests for jobs: the status of each answer, and the token."""
        asked = [seen for seen in self.metastudio.requests if seen.method == "GET"]
        return [(seen.status, seen.headers["X-Auth-Token"]) for seen in asked]


@pytest.fixture
async def user(metastudio: MetaStudioSimulator, job_id: str) -> AsyncIterator[User]:
    user = User(metastudio, job_id)
    async with client_of(metastudio, user.auth, limit=5) as user.client:
        yield user


@pytest.fixture
async def due(user: User) -> User:
    """Return a user whose token has nine minutes to live."""
    await user.ask()
    user.moment += timedelta(hours=23, minutes=51)
    return user


async def test_a_token_request_is_as_documented(user: User) -> None:
    """It is that of the page KeystoneCreateUserTokenByPassword, without a catalogue of all services."""
    await user.ask()
    asked = user.metastudio.requests[0]

    assert (asked.method, asked.path, asked.query) == ("POST", "/v3/auth/tokens", "nocatalog=true")
    assert asked.headers["Content-Type"] == "application/json;charset=utf8"
    person = {"name": "u", "password": "p", "domain": {"name": "d"}}
    identity = {"methods": ["password"], "password": {"user": person}}
    assert json.loads(token_request("u", "p", "d", "id")) == {
        "auth": {"identity": identity, "scope": {"project": {"id": "id"}}}
    }


async def test_each_answer_of_iam_is_its_error(metastudio: MetaStudioSimulator) -> None:
    """IAM is asked three times where it may pass, and MetaStudio not at all."""
    for name, answer in ANSWERS.items():
        if isinstance(answer.sent, bytes) or answer.status == 200:
            continue
        metastudio.requests.clear()
        metastudio.fail(answer.sent, times=9, on="iam")
        async with client_of(metastudio, "IAM user") as client:
            failed = await failure_of(client.job("a-job"))
        metastudio.heal()

        assert type(failed) is answer.iam_error, name
        assert (failed.status, failed.code) == (answer.status, answer.code), name
        asked = 3 if answer.iam_error.transient else 1
        assert [seen.api for seen in metastudio.requests] == ["iam"] * asked, name


async def test_twelve_at_once_ask_once(user: User, job_ids: list[str]) -> None:
    """Look-ups of different jobs make one token request, at first and once their token is refused."""
    user.metastudio.fail(Fault.slow(0.1), on="iam")
    jobs = await asyncio.gather(*map(user.client.job, job_ids))
    assert job_ids == [job.job_id for job in jobs]
    assert (user.metastudio.token_requests, len(user.sent())) == (1, 12)
    user.metastudio.revoke_tokens()
    await asyncio.gather(*map(user.client.job, job_ids))

    assert user.metastudio.token_requests == 2


def ends(end: str) -> bytes:
    return json.dumps({"token": {"expires_at": end}}).encode()


def in_seconds(seconds: float) -> bytes:
    return ends((START + timedelta(seconds=seconds)).isoformat())


UNREADABLE = [
    *(ends("soon"), b'{"token": {"expires_at": null}}', b'{"token": []}', b"", b"{}", b"null"),
    *(b'{"token": {"expires_at": ' + b"9" * 5000 + b"}}", b"[" * 5000 + b"]" * 5000),
]
LIVES = {
    in_seconds(DAY): (DAY - 10 * MINUTE, DAY),
    in_seconds(HOUR): (50 * MINUTE, HOUR),
    in_seconds(40 * DAY): (DAY - 10 * MINUTE, DAY),  # this machine's clock is behind
    in_seconds(-40 * DAY): (MINUTE, 11 * MINUTE),  # or ahead
    ends("2026-01-02T05:04:05"): (110 * MINUTE, 2 * HOUR),  # without a zone it is UTC
    ends("0001-01-01T00:00:00+14:00"): (MINUTE, 11 * MINUTE),
    **dict.fromkeys(UNREADABLE, (50 * MINUTE, HOUR)),
}
"""By the body of IAM's answer: when its token is to be renewed, and when it ends."""


def test_life_of_a_token() -> None:
    """It is renewed ten minutes before its end, within a day, and kept for a minute at least."""
    for body, (due, end) in LIVES.items():
        token = Token.read("T", body, now=START, at=7)
        ages = (due - 1, due, end - 1, end)

        assert [token.is_due(START, 7 + age) for age in ages] == [False, True, True, True], body
        assert [token.is_good(7 + age) for age in ages] == [True, True, True, False], body


def test_a_clock_that_jumps() -> None:
    """It ends no token; the machine may have been asleep that long, so another one is asked for."""
    token = Token.read("T", in_seconds(DAY), now=START, at=0)
    moments = [START + timedelta(seconds=jump) for jump in (-40 * DAY, 0, 23 * HOUR, 40 * DAY)]

    assert [token.is_due(moment, 0) for moment in moments] == [False, False, False, True]
    assert [token.is_due(moment, DAY) for moment in moments] == [True] * 4


async def test_a_token_is_renewed_before_it_ends(due: User) -> None:
    """The look-up that finds it due is not held up, and a later one has the new token."""
    due.metastudio.fail(Fault.slow(0.1), on="iam")
    await due.ask()
    await eventually(lambda: due.metastudio.requests[-1].status == 201)
    await due.ask()
    first, second, third = (token for _, token in due.sent())

    assert first == second != third
    assert due.metastudio.token_requests == 2


RENEWAL_FAULTS = {
    "": Fault.hang(),
    "CredentialsRefused": Fault.iam_error(401),
    "ReadError": Fault.cut(),
}
"""By the class that the log names; nothing is logged while IAM's answer may still come."""


@pytest.mark.parametrize("named", RENEWAL_FAULTS)
async def test_nobody_notices_that_a_renewal_fails(
    due: User, named: str, caplog: pytest.LogCaptureFixture
) -> None:
    """People get their answers at once, whatever IAM and this machine's clock do; IAM is asked once."""
    due.metastudio.fail(RENEWAL_FAULTS[named], times=50, on="iam")
    await due.ask()
    await eventually(lambda: due.metastudio.token_requests >= 2)
    await eventually(lambda: not named or f"can't be renewed ({named})" in caplog.text)
    asked = due.metastudio.token_requests
    for days in (0, -80, 160):
        due.moment += timedelta(days=days)
        await due.ask()

    assert due.metastudio.token_requests == asked
    assert {status for status, _ in due.sent()} == {200}


async def test_a_refused_token_is_not_used_on(due: User) -> None:
    """Though its renewal hangs: another request is made, and it is told when that fails, too."""
    due.metastudio.fail(Fault.hang(), on="iam")
    due.metastudio.fail(Fault.iam_error(503), times=3, on="iam")
    await due.ask()
    await eventually(lambda: due.metastudio.token_requests == 2)
    due.metastudio.revoke_tokens()
    assert type(await failure_of(due.client.job(due.job_id))) is ServiceDown
    statuses = [status for status, _ in due.sent()]
    await due.ask()

    assert statuses == [200, 200, 401]


async def test_a_sign_in_that_is_closed_leaves_no_renewal(due: User) -> None:
    """Not one that hangs."""
    due.metastudio.fail(Fault.hang(), on="iam")
    await due.ask()
    await eventually(lambda: due.metastudio.token_requests == 2)
    await due.auth.aclose()

    assert not [task for task in asyncio.all_tasks() if "IamUser._renew" in str(task.get_coro())]


async def test_a_renewal_that_is_cancelled_before_it_begins(due: User) -> None:
    """A later one is made all the same."""
    asked = asyncio.create_task(due.client.answer(due.job_id))
    while due.auth._renewal is None:  # noqa: ASYNC110, SLF001  the very turn of the loop in which it is made
        await asyncio.sleep(0)
    await due.auth.aclose()
    await asked
    before = due.metastudio.token_requests
    due.metastudio.revoke_tokens()
    await due.ask()
    await due.ask()  # the end of a renewal that was cancelled would cancel these

    assert (before, due.metastudio.token_requests) == (1, 2)
    assert due.auth._renewal is None  # noqa: SLF001  what would keep it from another one, a minute later


async def test_a_refused_token_is_renewed_once(user: User) -> None:
    """The look-up goes on with the next one; a second refusal ends it; the next look-up tries again."""
    await user.ask()
    user.metastudio.fail(Fault.error(400, "MSS.00010008"))
    await user.ask()
    first, refused, answered = (token for _, token in user.sent())
    assert first == refused != answered
    user.metastudio.fail(Fault.error(400, "MSS.00010008"), times=2)
    failed = await failure_of(user.client.job(user.job_id))

    assert (type(failed), failed.code) == (CredentialsRefused, "MSS.00010008")
    assert (user.metastudio.token_requests, len(user.sent())) == (3, 5)
    await user.ask()
