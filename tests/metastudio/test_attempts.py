"""Refused credentials: one request tries them, and what it was told holds for the others for a while."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import CredentialsRefused, MetaStudioError, TimedOut, Unreachable
from bot.metastudio.attempts import Attempt, Attempts, Decision
from bot.metastudio.auth import AccessKey, GivenToken, Key, SignIn
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.account import ACCESS_KEY, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.metastudio.test_auth import Clock, client_of, iam_user
from tests.support import eventually

WRONG = CredentialsRefused(status=401, code="APIGW.0301", request_id="r")
PAUSE, HOLD = 60.0, 3.0

STORIES: dict[str, list[tuple[float, str, Any]]] = {
    "one at a time at first": [(0, "turn", Decision.SEND), (0, "begin", "a"), (0, "turn", Decision.WAIT)],
    "side by side once they are good": [
        (0, "begin", "a"),
        (1, "accepted", "a"),
        (1, "end", "a"),
        (1, "begin", "b"),
        (1, "turn", Decision.SEND),
    ],
    "nothing came of it: the next one tries": [
        (0, "begin", "a"),
        (1, "end", "a"),
        (1, "turn", Decision.SEND),
        (1, "begin", "b"),
        (1, "turn", Decision.WAIT),
    ],
    "a refusal holds for a minute": [
        (0, "begin", "a"),
        (1, "refused", "a"),
        (1, "end", "a"),
        (1, "turn", Decision.FAIL),
        (60.9, "turn", Decision.FAIL),
        (61, "turn", Decision.SEND),
    ],
    "then one tries, and nobody waits for it": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (61, "turn", Decision.FAIL),
        (62, "refused", "b"),
        (62, "end", "b"),
        (121, "turn", Decision.FAIL),
        (122, "turn", Decision.SEND),
    ],
    "a try of which nothing came lets the next one": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (70, "end", "b"),
        (70, "turn", Decision.SEND),
    ],
    "one that was not answered holds the next one": [
        (0, "begin", "a"),
        (10, "unheard", "a"),
        (10, "end", "a"),
        (12.9, "turn", Decision.FAIL),
        (13, "begin", "b"),
        (13, "turn", Decision.WAIT),
        (14, "accepted", "b"),
        (14, "turn", Decision.SEND),
    ],
    "and one after a refusal": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (70, "unheard", "b"),
        (70, "end", "b"),
        (72.9, "turn", Decision.FAIL),
        (73, "turn", Decision.SEND),
    ],
    "but none of others, nor of good ones": [
        (0, "begin", "a"),
        (1, "unheard", "a"),
        (1, "end", "a"),
        (1, "other", "new"),
        (1, "begin", "b"),
        (1, "accepted", "b"),
        (2, "begin", "c"),
        (3, "unheard", "c"),
        (3, "turn", Decision.SEND),
    ],
    "a success forgets it": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (61, "accepted", "b"),
        (61, "end", "b"),
        (61, "begin", "c"),
        (61, "turn", Decision.SEND),
    ],
    "the end of another request is not the end of the try": [
        (0, "begin", "a"),
        (0, "accepted", "a"),
        (0, "end", "a"),
        (0, "begin", "b"),
        (0, "begin", "c"),
        (1, "refused", "b"),
        (1, "end", "b"),
        (61, "begin", "d"),
        (61, "end", "c"),
        (62, "turn", Decision.FAIL),
    ],
    "a success that was sent before the refusal is old": [
        (0, "begin", "a"),
        (0, "accepted", "a"),
        (0, "end", "a"),
        (0, "begin", "b"),
        (0, "begin", "c"),
        (1, "refused", "b"),
        (1, "end", "b"),
        (2, "accepted", "c"),
        (2, "turn", Decision.FAIL),
    ],
    "other credentials begin anew": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (1, "other", "new"),
        (1, "turn", Decision.SEND),
        (1, "begin", "b"),
        (1, "turn", Decision.WAIT),
    ],
    "what came of the old ones says nothing of others": [
        (0, "begin", "a"),
        (0, "other", "new"),
        (1, "refused", "a"),
        (1, "turn", Decision.SEND),
        (1, "accepted", "a"),
        (1, "begin", "b"),
        (1, "turn", Decision.WAIT),
        (1, "end", "a"),
        (1, "turn", Decision.WAIT),
    ],
}
"""What happens at each moment, and what a further request does then."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_stories(story: list[tuple[float, str, Any]]) -> None:
    """Each is told to its end."""
    attempts, credentials = Attempts(PAUSE, HOLD), "old"
    made: dict[str, Attempt] = {}
    for at, what, about in story:
        if what == "other":
            credentials = about
            attempts.decide(credentials, at)
        elif what == "turn":
            assert attempts.decide(credentials, at) is about, (at, story)
        elif what == "begin":
            assert attempts.decide(credentials, at) is Decision.SEND
            made[about] = attempts.begin()
        elif what == "refused":
            attempts.refused(made[about], WRONG, at)
        elif what == "unheard":
            attempts.unanswered(made[about], TimedOut(), at)
        else:
            getattr(attempts, what)(made[about])


def test_the_refusal_is_told_again() -> None:
    """As another error of the same content."""
    attempts = Attempts(PAUSE)
    attempts.decide("x", 0)
    attempts.refused(attempts.begin(), WRONG, 0)
    told = attempts.error()

    assert told is not WRONG
    assert (told.status, told.code, told.request_id) == (401, "APIGW.0301", "r")


def test_a_refusal_is_remembered_for_a_minute() -> None:
    """Unless told otherwise."""
    assert RATE_LIMITS.refused == 60


@pytest.fixture(params=["access key", "token", "user"])
def wrong(request: pytest.FixtureRequest, metastudio: MetaStudioSimulator) -> SignIn[Any]:
    """Sign in with what is wrong."""
    if request.param == "access key":
        return AccessKey(Key(ACCESS_KEY, "OTHER"), project_id=metastudio.project_id)
    return (
        GivenToken("ENDED") if request.param == "token" else iam_user(metastudio, Clock(), password="OTHER")
    )


@pytest.fixture
async def ids(metastudio: MetaStudioSimulator) -> list[str]:
    return [str(metastudio.add_job()["job_id"]) for _ in range(12)]


async def ends_of(client: Any, ids: list[str]) -> list[Any]:
    return await asyncio.gather(*map(client.job, ids), return_exceptions=True)


async def test_twelve_at_once_sign_in_once(
    metastudio: MetaStudioSimulator, wrong: SignIn[Any], ids: list[str]
) -> None:
    """All hear the same, and those who ask in the next minute."""
    async with client_of(metastudio, wrong, rates=RATE_LIMITS) as client:
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert [seen.status for seen in metastudio.requests] == [401]
    assert {(type(end), end.status, end.request_id) for end in ends} == {
        (CredentialsRefused, 401, ends[0].request_id)
    }


async def test_once_the_minute_is_over_one_tries(
    metastudio: MetaStudioSimulator, wrong: SignIn[Any], ids: list[str]
) -> None:
    """And no more than one."""
    async with client_of(metastudio, wrong, rates=RateLimits(refused=0.3)) as client:
        await ends_of(client, ids)
        await asyncio.sleep(0.3)
        metastudio.fail(Fault.slow(0.1), on="jobs")
        await ends_of(client, ids)

    assert len(metastudio.requests) == 2


async def test_good_ones_go_side_by_side_after_the_first(
    metastudio: MetaStudioSimulator, ids: list[str]
) -> None:
    """The first one is alone, the others are not."""
    metastudio.latency = 0.05
    key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
    async with client_of(metastudio, key) as client:
        asked = [asyncio.create_task(client.job(job_id)) for job_id in ids]
        await eventually(lambda: bool(metastudio.requests))
        alone = len(metastudio.requests)
        await eventually(lambda: len(metastudio.requests) == 12)
        open_then = sum(seen.status is None for seen in metastudio.requests)
        await asyncio.gather(*asked)

    assert (alone, open_then) == (1, 11)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.raw(b"<html>", status=401, content_type="text/html"),
        Fault.raw(b'{"code": 401}', status=401),
        Fault.error(503, "APIGW.0613"),
        Fault.cut(),
    ],
    ids=str,
)
async def test_only_huawei_clouds_own_word_counts(
    metastudio: MetaStudioSimulator, ids: list[str], fault: Fault
) -> None:
    """What else fails is over with the next request."""
    key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
    async with client_of(metastudio, key, rates=RateLimits(retry=0.001, unheard=0)) as client:
        metastudio.fail(fault, times=3)
        with pytest.raises(MetaStudioError):
            await client.job(ids[0])
        metastudio.heal()
        assert (await client.job(ids[0])).job_id == ids[0]


async def test_who_gives_up_lets_the_next_one_try(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """Nobody waits for one that nobody waits for."""
    key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
    async with client_of(metastudio, key) as client:
        metastudio.fail(Fault.hang())
        first = asyncio.create_task(client.answer(ids[0]))
        await eventually(lambda: bool(metastudio.requests))
        second = asyncio.create_task(client.answer(ids[1]))
        first.cancel()

        assert (await second)["job_id"] == ids[1]


@pytest.mark.parametrize(
    "refusal", [Fault.error(401, "APIGW.0301"), Fault.error(400, "MSS.00010008")], ids=str
)
async def test_tokens_that_metastudio_refuses(
    metastudio: MetaStudioSimulator, ids: list[str], refusal: Fault
) -> None:
    """After a second token nothing is sent, then one try; with one that it takes all is as before."""
    async with client_of(metastudio, iam_user(metastudio, Clock()), rates=RateLimits(refused=0.5)) as client:
        metastudio.fail(refusal, times=99)
        for _ in range(2):
            ends = await ends_of(client, ids)
            assert {(type(end), end.code) for end in ends} == {(CredentialsRefused, refusal.error_code)}
        assert (metastudio.token_requests, len(metastudio.requests)) == (2, 4)
        await asyncio.sleep(0.5)
        await ends_of(client, ids)
        assert (metastudio.token_requests, len(metastudio.requests)) == (3, 6)
        metastudio.heal()
        await asyncio.sleep(0.5)
        await client.job(ids[0])

        assert [job.job_id for job in await ends_of(client, ids)] == ids
    assert metastudio.token_requests == 4


async def test_tokens_refused_while_all_was_good(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """Those that were under way hear it, too: no third token."""
    async with client_of(metastudio, iam_user(metastudio, Clock()), rates=RATE_LIMITS) as client:
        await client.job(ids[0])
        metastudio.fail(Fault.error(401, "APIGW.0301"), times=99)
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert {type(end) for end in ends} == {CredentialsRefused}
    assert metastudio.token_requests == 2


@pytest.mark.parametrize(
    "body",
    [{"error": {"code": 401, "message": "no"}}, {"error_code": "1101"}, {"error_code": "PAP5.0050"}],
    ids=str,
)
async def test_iam_says_no_in_another_form(
    metastudio: MetaStudioSimulator, ids: list[str], body: dict[str, Any]
) -> None:
    """It is remembered all the same."""
    metastudio.fail(Fault.raw(json.dumps(body).encode(), status=401), times=99, on="iam")
    async with client_of(metastudio, iam_user(metastudio, Clock()), rates=RATE_LIMITS) as client:
        ends = await ends_of(client, ids)

    assert ({type(end) for end in ends}, metastudio.token_requests) == ({CredentialsRefused}, 1)


async def test_an_answer_that_comes_too_late(
    metastudio: MetaStudioSimulator, wrong: SignIn[Any], ids: list[str]
) -> None:
    """It may have been a wrong try: nobody makes another at once."""
    for place in ("iam", "jobs"):
        metastudio.fail(Fault.hang(), times=99, on=place)
    async with client_of(
        metastudio, wrong, rates=RateLimits(unheard=60), timeout=httpx.Timeout(0.1)
    ) as client:
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert ({type(end) for end in ends}, len(metastudio.requests)) == ({TimedOut}, 1)


async def test_a_connection_that_breaks_holds_them_for_a_moment(
    metastudio: MetaStudioSimulator, ids: list[str]
) -> None:
    """Then good ones are used."""
    key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
    metastudio.fail(Fault.cut())
    async with client_of(metastudio, key, rates=RateLimits(unheard=1, retry=0.001)) as client:
        assert {type(end) for end in await ends_of(client, ids)} == {Unreachable}
        assert len(metastudio.requests) == 1
        await asyncio.sleep(1)

        assert [job.job_id for job in await ends_of(client, ids)] == ids


async def test_what_was_not_sent_holds_nothing(
    metastudio: MetaStudioSimulator, unused_tcp_port: int, ids: list[str]
) -> None:
    """While there is no connection, no credentials are tried."""
    key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=metastudio.project_id)
    async with MetaStudio(f"http://127.0.0.1:{unused_tcp_port}", project_id="p", auth=key) as nowhere:
        with pytest.raises(Unreachable):
            await nowhere.job(ids[0])
    async with client_of(metastudio, key, rates=RATE_LIMITS) as client:
        assert (await client.job(ids[0])).job_id == ids[0]
