"""When requests to MetaStudio begin: so many at a time, people first, and none while it is busy."""

import asyncio
import math

import pytest

from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import JobNotFound, MetaStudioError, Throttled, TimedOut, Unreachable, UnreadableAnswer
from bot.metastudio.client import MetaStudio
from bot.metastudio.throttle import LONGEST_DELAY, Hold, Throttle
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import client_at, failure_of
from tests.support import eventually

FOR_EVER = math.inf


def clock() -> float:
    return asyncio.get_running_loop().time()


HOLDS: dict[str, tuple[list[tuple[float, float, float | str | None]], float, bool]] = {
    "a shorter one": ([(9, 10, 120.0), (9, 11, 3.0)], 130, True),
    "no time at all": ([(9, 10, 0.0)], 10, True),
    "for ever": ([(9, 10, 10.0**30)], 910, True),
    "one after the other": ([(9, 10, None), (11, 12, None), (13, 14, None)], 16, True),
    "served between": ([(9, 10, None), (11, 12, None), (13, 14, "ok"), (13, 14, None)], 14.5, True),
    "served late, but sent before": ([(9, 10, 120.0), (9, 140, "ok")], 130, True),
    "served afterwards": ([(9, 10, 120.0), (130, 140, "ok")], 130, False),
    "named by one of two": ([(9, 10, 3.0), (9, 10.1, None)], 13, True),
    "forty in a row": ([(60 * n, 60 * n, None) for n in range(40)], 39 * 60 + 60, True),
}
"""When each request was sent and answered, and the 429's Retry-After; then the hold's end."""


def test_hold() -> None:
    """A time that was named is kept; otherwise it doubles, from half a second to a minute."""
    for case, (answers, until, is_on) in HOLDS.items():
        hold = Hold(RATE_LIMITS.hold)
        for sent, now, answer in answers:
            if isinstance(answer, str):
                hold.answered(sent=sent)
            else:
                hold.refused(now, sent=sent, retry_after=answer)
        assert (hold.until, hold.is_on) == (until, is_on), case


class Requests:
    """Requests that begin when a throttle lets them, and end when a test does."""

    def __init__(self, throttle: Throttle) -> None:
        self.throttle = throttle
        self.begun = 0
        self.may_end = asyncio.Event()

    def send(self, *errors: MetaStudioError | None) -> list[asyncio.Task[None]]:
        """Send some, each of which is answered with an error or without."""
        return [asyncio.create_task(self._send(error)) for error in errors]

    async def _send(self, error: MetaStudioError | None) -> None:
        async with self.throttle.slot(FOR_EVER):
            self.begun += 1
            await self.may_end.wait()
            if error:
                raise error


async def turns_of_the_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_sixteen_at_a_time(client: MetaStudio) -> None:
    """However many requests there are, sixteen are under way at once, and all are sent."""
    requests = Requests(client.throttle)
    asked = requests.send(*[None] * 60)
    await eventually(lambda: requests.begun >= 16)
    await turns_of_the_loop()
    most = requests.begun
    requests.may_end.set()
    await asyncio.gather(*asked)

    assert (most, requests.begun) == (16, 60)


async def test_no_more_than_a_tenant_may_send(metastudio: MetaStudioSimulator) -> None:
    """Ten requests a second, however many people ask at once, and whatever they get."""
    rates = RateLimits(spacing=0.03)
    async with client_at(metastudio.url, rates=rates) as client:
        started = clock()
        await asyncio.gather(*(failure_of(client.job(f"job-{number}")) for number in range(20)))

        assert clock() - started >= 19 * rates.spacing
    assert len(metastudio.requests) == 20
    assert RATE_LIMITS.spacing * 10 == 1


async def test_longer_than_anybody_waits(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """What could not be served in time is refused at once: a look-up, and what nobody waits for."""
    metastudio.fail(Fault.throttled(retry_after=60))
    async with client_at(metastudio.url, limit=5) as client:
        first = await failure_of(client.job(job_id))
        failed = await failure_of(client.job("other"))
        turn = await failure_of(client.throttle.turn())

    assert [type(error) for error in (first, failed, turn)] == [Throttled] * 3
    assert 0 < (turn.retry_after or 0) <= (failed.retry_after or 0) <= 60
    assert failed.values == {"job_id": "other"}
    assert len(metastudio.requests) == 1


def throttle_with(*, interval: float = 0, pause: float = 0, concurrency: int = 16) -> Throttle:
    return Throttle(interval=interval, pause=pause, first_hold=0.02, concurrency=concurrency)


async def sent(throttle: Throttle, *, held: float | None = None) -> float:
    """Send a request that is answered at once, perhaps with a 429; return when it was sent."""
    async with throttle.slot(FOR_EVER):
        if held is not None:
            raise Throttled(status=429, retry_after=held)
        return clock()


async def test_a_longer_time_that_is_named_meanwhile_counts() -> None:
    """One that waits for its interval, or the end of a hold, waits for the end that it has by then."""
    throttle = throttle_with(interval=0.1)
    late = throttle.slot(FOR_EVER)
    await late.__aenter__()
    asked = [asyncio.create_task(sent(throttle)) for _ in range(2)]
    await asyncio.sleep(0)
    await late.__aexit__(Throttled, Throttled(status=429, retry_after=0.3), None)
    end = clock() + throttle.held

    assert min(await asyncio.gather(*asked)) >= end - 0.01


async def test_what_is_refused_takes_no_turn() -> None:
    """However many look-ups a hold refuses, the bot's own requests come at its end, as they did before."""
    throttle = throttle_with(pause=0.1)
    await failure_of(sent(throttle, held=0.2))
    for _ in range(50):
        await failure_of(throttle.slot(clock() + 0.01).__aenter__())
    end = clock() + throttle.held
    await throttle.turn()

    assert end - 0.01 <= clock() < end + LONGEST_DELAY - 0.3


TRIALS: dict[MetaStudioError | None, int] = {
    **dict.fromkeys((None, JobNotFound(status=404), UnreadableAnswer(), TimedOut(status=408)), 3),
    **dict.fromkeys((TimedOut(), Unreachable(), Throttled(status=429)), 1),
}
"""By the answer to the first request after a hold: how many of three others have begun then."""


@pytest.mark.parametrize("error", TRIALS, ids=str)
async def test_one_tries_before_the_others_follow(error: MetaStudioError | None) -> None:
    """After a hold one request is sent; any answer to it but a 429 shows that it is over."""
    throttle = throttle_with()
    await failure_of(sent(throttle, held=0.02))
    trial, others = Requests(throttle), Requests(throttle)
    asked = trial.send(error)
    await eventually(lambda: trial.begun == 1)
    asked += others.send(None, None, None)
    await turns_of_the_loop()
    meanwhile = others.begun
    trial.may_end.set()
    await eventually(lambda: others.begun == TRIALS[error])
    others.may_end.set()

    assert meanwhile == 0
    assert await asyncio.gather(*asked, return_exceptions=True) == [error, None, None, None]


async def test_the_bots_own_requests_are_spread_and_let_people_go_first(client: MetaStudio) -> None:
    """Each turn is a pause after the last request, people's included, whether sent or waiting for a slot."""
    throttle = throttle_with(pause=0.05, concurrency=1)
    started, requests = clock(), Requests(throttle)
    for _ in range(2):
        await throttle.turn()
        await sent(throttle)
    asked = requests.send(*[None] * 4)
    await asyncio.sleep(0)
    await throttle.turn()
    waited = clock() - started
    requests.may_end.set()
    await asyncio.gather(*asked)

    assert 6 * 0.05 <= waited < LONGEST_DELAY
    assert client.throttle.pause == RATE_LIMITS.requests == 0.25
