"""Refused credentials: one request tries them, and what it was told holds for the others for a while."""

import asyncio
from typing import Any

import pytest
from support import eventually
from test_auth import Clock, client_of, iam_user, now

from bot.demo.metastudio import Fault, MetaStudioSimulator
from bot.demo.metastudio_account import ACCESS_KEY, SECRET_KEY
from bot.errors import CredentialsRefused, MetaStudioError
from bot.metastudio.attempts import Attempt, Attempts, Turn
from bot.metastudio.auth import AccessKey, GivenToken, SignIn
from bot.pace import PACE, Pace

WRONG = CredentialsRefused(status=401, code="APIGW.0301", request_id="r")
PAUSE = 60.0

STORIES: dict[str, list[tuple[float, str, Any]]] = {
    "one at a time at first": [(0, "turn", Turn.SEND), (0, "begin", "a"), (0, "turn", Turn.WAIT)],
    "side by side once they are good": [
        (0, "begin", "a"),
        (1, "accepted", "a"),
        (1, "end", "a"),
        (1, "begin", "b"),
        (1, "turn", Turn.SEND),
    ],
    "nothing came of it: the next one tries": [
        (0, "begin", "a"),
        (1, "end", "a"),
        (1, "turn", Turn.SEND),
        (1, "begin", "b"),
        (1, "turn", Turn.WAIT),
    ],
    "a refusal holds for a minute": [
        (0, "begin", "a"),
        (1, "refused", "a"),
        (1, "end", "a"),
        (1, "turn", Turn.REFUSED),
        (60.9, "turn", Turn.REFUSED),
        (61, "turn", Turn.SEND),
    ],
    "then one tries, and nobody waits for it": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (61, "turn", Turn.REFUSED),
        (62, "refused", "b"),
        (62, "end", "b"),
        (121, "turn", Turn.REFUSED),
        (122, "turn", Turn.SEND),
    ],
    "a try of which nothing came lets the next one": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (70, "end", "b"),
        (70, "turn", Turn.SEND),
    ],
    "a success forgets it": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (60, "begin", "b"),
        (61, "accepted", "b"),
        (61, "end", "b"),
        (61, "begin", "c"),
        (61, "turn", Turn.SEND),
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
        (62, "turn", Turn.REFUSED),
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
        (2, "turn", Turn.REFUSED),
    ],
    "other credentials begin anew": [
        (0, "begin", "a"),
        (0, "refused", "a"),
        (0, "end", "a"),
        (1, "other", "new"),
        (1, "turn", Turn.SEND),
        (1, "begin", "b"),
        (1, "turn", Turn.WAIT),
    ],
    "what came of the old ones says nothing of others": [
        (0, "begin", "a"),
        (0, "other", "new"),
        (1, "refused", "a"),
        (1, "turn", Turn.SEND),
        (1, "accepted", "a"),
        (1, "begin", "b"),
        (1, "turn", Turn.WAIT),
        (1, "end", "a"),
        (1, "turn", Turn.WAIT),
    ],
}
"""What happens at each moment, and what a further request does then."""


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_stories(story: list[tuple[float, str, Any]]) -> None:
    """Each is told to its end."""
    attempts, credentials = Attempts(PAUSE), "old"
    made: dict[str, Attempt] = {}
    for at, what, about in story:
        if what == "other":
            credentials = about
            attempts.turn(credentials, at)
        elif what == "turn":
            assert attempts.turn(credentials, at) is about, (at, story)
        elif what == "begin":
            assert attempts.turn(credentials, at) is Turn.SEND
            made[about] = attempts.begin()
        elif what == "refused":
            attempts.refused(made[about], WRONG, at)
        else:
            getattr(attempts, what)(made[about])


def test_the_refusal_is_told_again() -> None:
    """As another error of the same content."""
    attempts = Attempts(PAUSE)
    attempts.turn("x", 0)
    attempts.refused(attempts.begin(), WRONG, 0)
    told = attempts.refusal()

    assert told is not WRONG
    assert (told.status, told.code, told.request_id) == (401, "APIGW.0301", "r")


def test_a_refusal_is_remembered_for_a_minute() -> None:
    """Unless told otherwise."""
    assert PACE.refused == 60


@pytest.fixture(params=["access key", "token", "user"])
def wrong(request: pytest.FixtureRequest, metastudio: MetaStudioSimulator) -> SignIn[Any]:
    """Sign in with what is wrong."""
    if request.param == "access key":
        return AccessKey(ACCESS_KEY, "OTHER", project_id=metastudio.project_id, now=now)
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
    async with client_of(metastudio, wrong, pace=PACE) as client:
        ends = await ends_of(client, ids) + await ends_of(client, ids)

    assert [seen.status for seen in metastudio.requests] == [401]
    assert {(type(end), end.status, end.request_id) for end in ends} == {
        (CredentialsRefused, 401, ends[0].request_id)
    }


async def test_once_the_minute_is_over_one_tries(
    metastudio: MetaStudioSimulator, wrong: SignIn[Any], ids: list[str]
) -> None:
    """And no more than one."""
    async with client_of(metastudio, wrong, pace=Pace(refused=0.3)) as client:
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
    key = AccessKey(ACCESS_KEY, SECRET_KEY, project_id=metastudio.project_id, now=now)
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
    key = AccessKey(ACCESS_KEY, SECRET_KEY, project_id=metastudio.project_id, now=now)
    async with client_of(metastudio, key, pace=Pace(retry=0.001)) as client:
        metastudio.fail(fault, times=3)
        with pytest.raises(MetaStudioError):
            await client.job(ids[0])
        metastudio.heal()
        assert (await client.job(ids[0])).job_id == ids[0]


async def test_who_gives_up_lets_the_next_one_try(metastudio: MetaStudioSimulator, ids: list[str]) -> None:
    """Nobody waits for one that nobody waits for."""
    key = AccessKey(ACCESS_KEY, SECRET_KEY, project_id=metastudio.project_id, now=now)
    async with client_of(metastudio, key) as client:
        metastudio.fail(Fault.hang())
        first = asyncio.create_task(client.answer(ids[0]))
        await eventually(lambda: bool(metastudio.requests))
        second = asyncio.create_task(client.answer(ids[1]))
        first.cancel()

        assert (await second)["job_id"] == ids[1]
