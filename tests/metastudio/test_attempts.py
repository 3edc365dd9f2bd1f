"""Refused credentials: one request tries them, and its result holds for the others for a while."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import CredentialsRefused, TimedOut, Unreachable
from bot.metastudio.attempts import Attempt, Attempts, Decision
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS
from tests.servers import failure_of
from tests.sign_ins import EACH_WAY, WRONG, client_of
from tests.support import AT_ONCE, eventually

REFUSAL = CredentialsRefused(status=401, code="APIGW.0301", request_id="r")
PAUSE, HOLD = 60.0, 3.0
REMEMBERING = replace(AT_ONCE, refused=PAUSE, unanswered=HOLD)
REFUSED = "0 begin a, 0 refused a, 0 end a"

STORIES = {
    "side by side once they are accepted": "0 begin a, 1 accepted a, 1 end a, 1 begin b, 1 SEND",
    "a refusal holds for a minute; then one tries, and nobody waits for it": f"{REFUSED}, 0 FAIL, 59.9 FAIL, "
    "60 begin b, 61 FAIL, 62 refused b, 62 end b, 121 FAIL, 122 SEND",
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


async def answers(client: MetaStudio, job_ids: list[str]) -> list[Any]:
    """Return what all get who ask at once, and those who ask after them."""
    rounds = [await asyncio.gather(*map(client.job, job_ids), return_exceptions=True) for _ in range(2)]
    return [end for ends in rounds for end in ends]


CODES = {"access key": "APIGW.0301", "IAM user": "401", "token": "APIGW.0307"}


@EACH_WAY
async def test_twelve_at_once_sign_in_once(
    metastudio: MetaStudioSimulator, job_ids: list[str], way: str
) -> None:
    """All get the same refusal, also in the next minute; after the time that is set, one tries."""
    async with client_of(metastudio, way, WRONG, rates=REMEMBERING) as client:
        ends = await answers(client, job_ids)
    async with client_of(metastudio, way, WRONG, rates=AT_ONCE) as client:
        again = [await failure_of(client.job(job_ids[0])) for _ in range(2)]

    assert [seen.status for seen in metastudio.requests] == [401, 401, 401]
    assert {(type(end), end.status, end.code) for end in ends} == {(CredentialsRefused, 401, CODES[way])}
    assert [end.values["job_id"] for end in ends] == job_ids * 2
    assert len({end.request_id for end in (*ends, *again)}) == 3


@EACH_WAY
async def test_a_request_that_is_not_answered(
    metastudio: MetaStudioSimulator, job_ids: list[str], way: str
) -> None:
    """It may have been a wrong try: nobody makes another at once."""
    for place in ("iam", "jobs"):
        metastudio.fail(Fault.cut(), times=99, on=place)
    async with client_of(metastudio, way, WRONG, rates=replace(AT_ONCE, unanswered=60)) as client:
        ends = await answers(client, job_ids)

    assert ({type(end) for end in ends}, len(metastudio.requests)) == ({Unreachable}, 1)


async def test_only_huawei_clouds_own_refusal_counts(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """What else fails is over with the next request."""
    async with client_of(metastudio, "access key") as client:
        for name in ("a log-in page", "401 1101", "503 APIGW.0613", "cut"):
            fault = ANSWERS[name].sent
            assert isinstance(fault, Fault)
            metastudio.fail(fault, times=3)
            assert type(await failure_of(client.job(job_id))) is ANSWERS[name].error
            metastudio.heal()
            assert (await client.job(job_id)).job_id == job_id


async def test_who_gives_up_lets_the_next_one_try(
    metastudio: MetaStudioSimulator, job_ids: list[str]
) -> None:
    """A request that waits for the one that tries is sent once that is cancelled."""
    async with client_of(metastudio, "IAM user", rates=REMEMBERING) as client:
        metastudio.fail(Fault.hang(), on="iam")
        first = asyncio.create_task(client.answer(job_ids[0]))
        await eventually(lambda: bool(metastudio.requests))
        second = asyncio.create_task(client.answer(job_ids[1]))
        await asyncio.sleep(0)
        first.cancel()

        assert (await second)["job_id"] == job_ids[1]


async def test_tokens_that_metastudio_refuses(metastudio: MetaStudioSimulator, job_ids: list[str]) -> None:
    """After a second token nothing is sent for a while; then one look-up tries one, till one is accepted."""
    refused = Fault.error(401, "APIGW.0301")
    async with client_of(metastudio, "IAM user", rates=REMEMBERING) as client:
        await client.job(job_ids[0])
        metastudio.fail(refused, times=99)
        ends = await answers(client, job_ids)
        assert {(type(end), end.code) for end in ends} == {(CredentialsRefused, "APIGW.0301")}
        assert metastudio.token_requests == 2
    metastudio.heal()
    async with client_of(metastudio, "IAM user") as client:
        metastudio.fail(refused, times=3)
        for tokens in (4, 5):
            await failure_of(client.job(job_ids[0]))
            assert metastudio.token_requests == tokens
        await client.job(job_ids[0])

        assert [job.job_id for job in await answers(client, job_ids)] == job_ids * 2
    assert metastudio.token_requests == 6
