"""Refused credentials: one request tries them, and its result holds for the others for a while."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import CredentialsRefused, TimedOut, Unreachable
from bot.metastudio.attempts import Attempt, Attempts, Decision
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS
from tests.servers import client_at, failure_of
from tests.sign_ins import EACH_WAY, WRONG, client_of, sign_in
from tests.support import eventually

REFUSAL = CredentialsRefused(status=401, code="APIGW.0301", request_id="r")
PAUSE, HOLD = 60.0, 3.0
REFUSED = "0 begin a, 0 refused a, 0 end a"

STORIES = {
    "one at a time at first": "0 SEND, 0 begin a, 0 WAIT",
    "side by side once they are accepted": "0 begin a, 1 accepted a, 1 end a, 1 begin b, 1 SEND",
    "nothing came of it: the next one tries": "0 begin a, 1 end a, 1 SEND, 1 begin b, 1 WAIT",
    "a refusal holds for a minute": f"{REFUSED}, 0 FAIL, 59.9 FAIL, 60 SEND",
    "then one tries, and nobody waits for it": f"{REFUSED}, 60 begin b, 61 FAIL, 62 refused b, 62 end b, "
    "121 FAIL, 122 SEND",
    "a try of which nothing came lets the next one": f"{REFUSED}, 60 begin b, 70 end b, 70 SEND",
    "one that was not answered holds the next one": "0 begin a, 10 unanswered a, 10 end a, 12.9 FAIL, "
    "13 begin b, 13 WAIT, 14 accepted b, 14 SEND",
    "and one after a refusal": f"{REFUSED}, 60 begin b, 70 unanswered b, 70 end b, 72.9 FAIL, 73 SEND",
    "but none with others, nor with good ones": "0 begin a, 1 unanswered a, 1 end a, 1 new credentials, "
    "1 begin b, 1 accepted b, 2 begin c, 3 unanswered c, 3 SEND",
    "a success ends a refusal": f"{REFUSED}, 60 begin b, 61 accepted b, 61 end b, 61 begin c, 61 SEND",
    "the end of another request is not the end of the try": "0 begin a, 0 accepted a, 0 end a, 0 begin b, "
    "0 begin c, 1 refused b, 1 end b, 61 begin d, 61 end c, 62 FAIL",
    "a success that was sent before the refusal is old": "0 begin a, 0 accepted a, 0 end a, 0 begin b, "
    "0 begin c, 1 refused b, 1 end b, 2 accepted c, 2 FAIL",
    "new credentials begin anew": f"{REFUSED}, 1 new credentials, 1 SEND, 1 begin b, 1 WAIT",
    "what came of the old ones says nothing of new ones": "0 begin a, 0 new credentials, 1 refused a, "
    "1 SEND, 1 accepted a, 1 begin b, 1 WAIT, 1 end a, 1 WAIT",
}
"""What happens at each second, and in capitals what a further request does then."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_stories(story: str) -> None:
    """Each is true to its end."""
    attempts, credentials = Attempts(PAUSE, HOLD), "old"
    made: dict[str, Attempt] = {}
    for step in story.split(", "):
        second, what, *name = step.split()
        now = float(second)
        if what == "new":
            credentials = "new"
            attempts.decide(credentials, now)
        elif what == "begin":
            assert attempts.decide(credentials, now) is Decision.SEND, step
            made[name[0]] = attempts.begin()
        elif what == "refused":
            attempts.refused(made[name[0]], REFUSAL, now)
        elif what == "unanswered":
            attempts.unanswered(made[name[0]], TimedOut(), now)
        elif what == "accepted":
            attempts.accepted(made[name[0]])
        elif what == "end":
            attempts.end(made[name[0]])
        else:
            assert attempts.decide(credentials, now) is Decision[what], step


def test_a_refusal_is_told_again() -> None:
    """As another error with the same values; for a minute, unless told otherwise."""
    attempts = Attempts(PAUSE)
    attempts.decide("x", 0)
    attempts.refused(attempts.begin(), REFUSAL, 0)
    error = attempts.error()

    assert error is not REFUSAL
    assert (error.status, error.code, error.request_id) == (401, "APIGW.0301", "r")
    assert RATE_LIMITS.refused == 60


@pytest.fixture
async def ids(metastudio: MetaStudioSimulator) -> list[str]:
    return [str(metastudio.add_job()["job_id"]) for _ in range(12)]


async def ends_of(client: MetaStudio, ids: list[str]) -> list[Any]:
    return await asyncio.gather(*map(client.job, ids), return_exceptions=True)


@EACH_WAY
async def test_twelve_at_once_sign_in_once(metastudio: MetaStudioSimulator, ids: list[str], way: str) -> None:
    """All hear the same, and those who ask in the next minute; after the time that is set, one tries."""
    async with client_of(metastudio, sign_in(way, metastudio, WRONG), rates=RATE_LIMITS) as client:
        ends = await ends_of(client, ids) + await ends_of(client, ids)
    async with client_of(metastudio, sign_in(way, metastudio, WRONG), rates=RateLimits(refused=0)) as client:
        again = [await failure_of(client.job(ids[0])) for _ in range(2)]

    assert [seen.status for seen in metastudio.requests] == [401, 401, 401]
    assert {(type(end), end.status) for end in ends} == {(CredentialsRefused, 401)}
    assert len({end.request_id for end in (*ends, *again)}) == 3


@EACH_WAY
async def test_an_answer_that_comes_too_late(
    metastudio: MetaStudioSimulator, ids: list[str], way: str
) -> None:
    """It may have been a wrong try: nobody makes another at once."""
    for place in ("iam", "jobs"):
        metastudio.fail(Fault.hang(), times=99, on=place)
    rates = RateLimits(unheard=60, retry=0.001)
    auth = sign_in(way, metastudio, WRONG)
    async with client_of(metastudio, auth, rates=rates, timeout=httpx.Timeout(0.1)) as client:
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert ({type(end) for end in ends}, len(metastudio.requests)) == ({TimedOut}, 1)


async def test_good_ones_go_side_by_side(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """Once the first is accepted, the others wait for no answer."""
    async with client_of(metastudio, sign_in("access key", metastudio)) as client:
        await client.job(ids[0])
        metastudio.chaos = lambda _: Fault.hang()
        asked = [asyncio.create_task(client.job(job_id)) for job_id in ids[1:]]
        await eventually(lambda: len(metastudio.requests) == len(ids))
    await asyncio.wait(asked)

    assert all(task.cancelled() for task in asked)


async def test_only_huawei_clouds_own_refusal_counts(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """What else fails is over with the next request, and so is one that is cancelled."""
    rates = RateLimits(retry=0.001, hold=0.001, unheard=0)
    async with client_of(metastudio, sign_in("access key", metastudio), rates=rates) as client:
        for name in ("a log-in page", "401 1101", "503 APIGW.0613", "cut"):
            fault = ANSWERS[name].sent
            assert isinstance(fault, Fault)
            metastudio.fail(fault, times=3)
            assert type(await failure_of(client.job(ids[0]))) is ANSWERS[name].error
            metastudio.heal()
            assert (await client.job(ids[0])).job_id == ids[0]


async def test_who_gives_up_lets_the_next_one_try(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """A request that waits for the one that tries is sent once that is cancelled."""
    async with client_of(metastudio, sign_in("access key", metastudio), rates=RATE_LIMITS) as client:
        metastudio.fail(Fault.hang())
        first = asyncio.create_task(client.answer(ids[0]))
        await eventually(lambda: bool(metastudio.requests))
        second = asyncio.create_task(client.answer(ids[1]))
        await asyncio.sleep(0)
        first.cancel()

        assert (await second)["job_id"] == ids[1]


@pytest.mark.parametrize("fault", [Fault.error(401, "APIGW.0301"), Fault.error(400, "MSS.00010008")], ids=str)
async def test_tokens_that_metastudio_refuses(
    metastudio: MetaStudioSimulator, ids: list[str], fault: Fault
) -> None:
    """After a second token nothing is sent for the time that is set, however many ask."""
    async with client_of(metastudio, sign_in("IAM user", metastudio), rates=RATE_LIMITS) as client:
        await client.job(ids[0])
        metastudio.fail(fault, times=99)
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert {(type(end), end.code) for end in ends} == {(CredentialsRefused, fault.error_code)}
    assert metastudio.token_requests == 2


async def test_tokens_that_metastudio_accepts_again(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """Once the time is over, one look-up tries one token; with one that is accepted, all is as before."""
    async with client_of(metastudio, sign_in("IAM user", metastudio)) as client:
        metastudio.fail(Fault.error(401, "APIGW.0301"), times=3)
        await failure_of(client.job(ids[0]))
        assert (metastudio.token_requests, len(metastudio.requests)) == (2, 4)
        await failure_of(client.job(ids[0]))
        assert (metastudio.token_requests, len(metastudio.requests)) == (3, 6)
        await client.job(ids[0])

        assert [job.job_id for job in await ends_of(client, ids)] == ids
    assert metastudio.token_requests == 4


async def test_a_connection_that_breaks_holds_them_for_a_moment(
    metastudio: MetaStudioSimulator, ids: list[str]
) -> None:
    """Nobody tries them meanwhile; then good ones are used."""
    metastudio.fail(Fault.cut())
    rates = RateLimits(unheard=60, retry=0.001)
    auth = sign_in("access key", metastudio)
    async with client_of(metastudio, auth, rates=rates) as client:
        assert {type(end) for end in await ends_of(client, ids)} == {Unreachable}
    assert len(metastudio.requests) == 1
    async with client_of(
        metastudio, sign_in("access key", metastudio), rates=RateLimits(unheard=0)
    ) as client:
        metastudio.fail(Fault.cut())

        assert [job.job_id for job in await ends_of(client, ids)] == ids


async def test_what_was_not_sent_holds_nothing(
    metastudio: MetaStudioSimulator, unused_tcp_port: int, ids: list[str]
) -> None:
    """While there is no connection, no credentials are tried."""
    auth = sign_in("access key", metastudio)
    nobody = f"http://127.0.0.1:{unused_tcp_port}"
    async with client_at(nobody, auth=auth, rates=RateLimits(unheard=60, retry=0.001)) as nowhere:
        assert type(await failure_of(nowhere.job(ids[0]))) is Unreachable
    async with client_of(metastudio, auth, rates=RATE_LIMITS) as client:
        assert (await client.job(ids[0])).job_id == ids[0]
