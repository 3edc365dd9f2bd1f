"""When requests to MetaStudio begin: so many at once, people first, and none while it is busy."""

import asyncio
import math

import pytest

from bot.domain.rates import RATE_LIMITS
from bot.errors import (
    JobNotFound,
    MetaStudioError,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from bot.metastudio.client import MetaStudio
from bot.metastudio.throttle import LONGEST_DELAY, Hold, Throttle
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import client_at, failure_of, listening, raw_answer
from tests.support import eventually

FOR_EVER = math.inf


def clock() -> float:
    return asyncio.get_running_loop().time()


HOLDS: dict[str, tuple[list[tuple[float, float, float | str | None]], float, bool]] = {
    "a shorter one": ([(9, 10, 120.0), (9, 11, 3.0)], 130, True),
    "no time at all": ([(9, 10, 0.0)], 10, True),
    "for ever": ([(9, 10, 10.0**30)], 910, True),
    "no time named": ([(9, 10, None)], 10.5, True),
    "one after the other": ([(9, 10, None), (11, 12, None), (13, 14, None)], 16, True),
    "served between": ([(9, 10, None), (11, 12, None), (13, 14, "ok"), (13, 14, None)], 14.5, True),
    "served late, but sent before": ([(9, 10, 120.0), (9, 140, "ok")], 130, True),
    "served afterwards": ([(9, 10, 120.0), (130, 140, "ok")], 130, False),
    "named by one of two": ([(9, 10, 3.0), (9, 10.1, None)], 13, True),
    "forty in a row": ([(60 * n, 60 * n, None) for n in range(40)], 39 * 60 + 60, True),
}


@pytest.mark.parametrize(("answers", "until", "is_on"), HOLDS.values(), ids=HOLDS)
def test_hold(
    answers: list[tuple[float, float, float | str | None]],
    until: float,
    is_on: bool,  # noqa: FBT001  a column
) -> None:
    """A time that was named is kept; otherwise it doubles, from half a second to a minute.

    Each answer is for a request that was sent at the first second and answered at the second one.
    """
    hold = Hold(RATE_LIMITS.hold)
    for sent, now, answer in answers:
        if isinstance(answer, str):
            hold.answered(sent=sent)
        else:
            hold.refused(now, sent=sent, retry_after=answer)

    assert (hold.until, hold.is_on) == (until, is_on)


async def test_sixteen_at_a_time() -> None:
    """However many look-ups there are, MetaStudio sees sixteen at once, and serves them all."""
    now, most, may_go = 0, 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        await reader.readuntil(b"\r\n\r\n")
        now += 1
        most = max(most, now)
        await may_go.wait()
        now -= 1
        writer.write(raw_answer("200 OK", b'{"state": "WAITING"}'))

    async with listening(serve) as url, client_at(url) as client:
        may_go.set()
        await client.job("job-0")  # until one is answered, they go one by one
        may_go.clear()
        asked = [asyncio.create_task(client.job(f"job-{number}")) for number in range(60)]
        await eventually(lambda: now == 16)
        may_go.set()
        jobs = await asyncio.gather(*asked)

    assert most == 16
    assert [job.job_id for job in jobs] == [f"job-{number}" for number in range(60)]


async def test_longer_than_anybody_waits(
    client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """What could not be served in time is refused at once: a look-up, and what nobody waits for."""
    metastudio.fail(Fault.throttled(retry_after=120))
    await failure_of(client.job(job_id))
    failed = await failure_of(client.job("other"))
    turn = await failure_of(client.throttle.turn())

    assert [type(error) for error in (failed, turn)] == [Throttled, Throttled]
    assert 110 < (turn.retry_after or 0) <= (failed.retry_after or 0) <= 120
    assert failed.values == {"job_id": "other"}
    assert len(metastudio.requests) == 1


def throttle_with(*, pause: float = 0, concurrency: int = 16) -> Throttle:
    return Throttle(pause=pause, first_hold=0.02, concurrency=concurrency)


async def refused(throttle: Throttle, retry_after: float | None = None) -> None:
    """Let a request be answered with a 429."""
    with pytest.raises(Throttled):
        async with throttle.slot(FOR_EVER):
            raise Throttled(status=429, retry_after=retry_after)


async def test_a_longer_time_that_is_named_meanwhile_counts() -> None:
    """One that waits for the end of a hold waits for the end that it has by then."""
    throttle = throttle_with()

    async def ask() -> float:
        async with throttle.slot(FOR_EVER):
            return clock()

    first, second = throttle.slot(FOR_EVER), throttle.slot(FOR_EVER)
    await first.__aenter__()
    await second.__aenter__()
    await first.__aexit__(Throttled, Throttled(status=429, retry_after=0.05), None)
    asked = asyncio.create_task(ask())
    await asyncio.sleep(0)
    await second.__aexit__(Throttled, Throttled(status=429, retry_after=0.3), None)
    end = clock() + throttle.held

    assert await asked >= end - 0.01


async def test_what_is_refused_takes_no_turn() -> None:
    """However many look-ups a hold refuses, the bot's own requests come at its end, as they did before."""
    throttle = throttle_with(pause=0.1)
    await refused(throttle, retry_after=0.2)
    for _ in range(50):
        with pytest.raises(Throttled):
            await throttle.slot(clock() + 0.01).__aenter__()
    end = clock() + throttle.held
    await throttle.turn()

    assert end - 0.01 <= clock() < end + LONGEST_DELAY - 0.3


@pytest.mark.parametrize(
    ("error", "others_follow"),
    [
        (JobNotFound(status=404), True),
        (UnreadableAnswer(), True),
        (TimedOut(status=408), True),
        (TimedOut(), False),
        (Unreachable(), False),
        (Throttled(status=429), False),
        (None, True),
    ],
    ids=str,
)
async def test_one_tries_before_the_others_follow(
    error: MetaStudioError | None,
    others_follow: bool,  # noqa: FBT001  a column
) -> None:
    """After a hold one request is sent; any answer to it but a 429 shows that it is over."""
    throttle = throttle_with()
    await refused(throttle)
    begun, first_may_end, may_end = 0, asyncio.Event(), asyncio.Event()

    async def ask(may_end: asyncio.Event, error: MetaStudioError | None = None) -> None:
        nonlocal begun
        async with throttle.slot(FOR_EVER):
            begun += 1
            await may_end.wait()
            if error:
                raise error

    asked = [asyncio.create_task(ask(first_may_end, error))]
    await eventually(lambda: begun == 1)
    asked += [asyncio.create_task(ask(may_end)) for _ in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    alone = begun
    first_may_end.set()
    await eventually(lambda: begun == (4 if others_follow else 2))
    may_end.set()

    assert alone == 1
    assert await asyncio.gather(*asked, return_exceptions=True) == [error, None, None, None]


async def test_the_bots_own_requests_are_spread_and_let_people_go_first(client: MetaStudio) -> None:
    """Each turn is a pause after the last request, people's included, whether sent or waiting for a slot."""
    throttle, may_end = throttle_with(pause=0.05, concurrency=1), asyncio.Event()

    async def ask() -> None:
        async with throttle.slot(FOR_EVER):
            await may_end.wait()

    started = clock()
    for _ in range(2):
        await throttle.turn()
        async with throttle.slot(FOR_EVER):
            pass
    asked = [asyncio.create_task(ask()) for _ in range(4)]
    await asyncio.sleep(0)
    await throttle.turn()
    waited = clock() - started
    may_end.set()
    await asyncio.gather(*asked)

    assert 6 * 0.05 <= waited < LONGEST_DELAY
    assert client.throttle.pause == RATE_LIMITS.requests == 0.25
