"""When requests to MetaStudio begin: so many at once, people first, and none while it is busy."""

import asyncio
import math
import time
from contextlib import AsyncExitStack

import pytest

from bot.domain.rates import RATE_LIMITS
from bot.errors import (
    JobNotFound,
    MetaStudioError,
    ServiceDown,
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


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job()["job_id"])


class TestHold:
    """How long no request is sent, by what MetaStudio said at which second."""

    @pytest.mark.parametrize(
        ("said", "until", "is_on"),
        [
            ([], 0, False),
            ([(9, 10, 120.0)], 130, True),
            ([(9, 10, 120.0), (9, 11, 3.0)], 130, True),
            ([(9, 10, 3.0), (9, 11, 120.0)], 131, True),
            ([(9, 10, 0.0)], 10, True),
            ([(9, 10, 10.0**30)], 910, True),
            ([(9, 10, None)], 10.5, True),
            ([(9, 10, None), (9, 10.1, None), (9, 30, None)], 10.5, True),
            ([(9, 10, None), (11, 12, None), (13, 14, None)], 16, True),
            ([(9, 10, None), (11, 12, None), (13, 14, "ok"), (13, 14, None)], 14.5, True),
            ([(9, 10, 120.0), (9, 11, "ok")], 130, True),
            ([(9, 10, 120.0), (9, 140, "ok")], 130, True),
            ([(9, 10, 120.0), (130, 140, "ok")], 130, False),
            ([(9, 10, 3.0), (9, 10.1, None)], 13, True),
        ],
        ids=[
            "nothing",
            "a time",
            "a shorter one",
            "a longer one",
            "no time at all",
            "for ever",
            "no time named",
            "three that were on their way",
            "one after the other",
            "served between",
            "served meanwhile",
            "served late, but sent before",
            "served afterwards",
            "named by one of two",
        ],
    )
    def test_table(
        self,
        said: list[tuple[float, float, float | str | None]],
        until: float,
        is_on: bool,  # noqa: FBT001  a column
    ) -> None:
        """A time that was named is kept; otherwise it doubles from half a second on, until one is served.

        Each word was said to a request, sent at the first moment and answered at the second.
        """
        hold = Hold(RATE_LIMITS.hold)
        for sent, now, word in said:
            if isinstance(word, str):
                hold.answered(sent=sent)
            else:
                hold.refused(now, sent=sent, retry_after=word)

        assert (hold.until, hold.is_on) == (until, is_on)

    def test_it_does_not_grow_for_ever(self) -> None:
        """Where no time is named, a minute is the longest."""
        hold = Hold(RATE_LIMITS.hold)
        for _ in range(40):
            hold.refused(hold.until, sent=hold.until, retry_after=None)
        last = hold.until
        hold.refused(last, sent=last, retry_after=None)

        assert hold.until - last == 60


class TestPlaces:
    """So many requests at a time."""

    async def test_sixteen_at_a_time(self) -> None:
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

    async def test_a_crowd_during_an_outage_leaves_nothing_behind(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Five waves of 250 look-ups that are never answered, and those who gave up: the next one is."""
        metastudio.chaos = lambda _: Fault.hang()
        async with client_at(metastudio.url, limit=0.2) as client:
            for wave in range(5):
                asked = [client.job(f"job-{wave}-{number}") for number in range(250)]
                ends = await asyncio.gather(*asked, return_exceptions=True)
                assert {type(end) for end in ends} == {TimedOut}
            metastudio.chaos = None

            assert (await client.job(job_id)).job_id == job_id

    async def test_who_cannot_be_served_in_time_waits_no_longer(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """The limit of a look-up counts the wait for a place, too; nothing is sent for it."""
        async with client_at(metastudio.url, limit=0.2) as client, AsyncExitStack() as places:
            for _ in range(16):
                await places.enter_async_context(client.throttle.slot(FOR_EVER))

            assert type(await failure_of(client.job(job_id))) is TimedOut
        assert metastudio.requests == []


class TestBusy:
    """A 429 holds all requests: the limit is the whole tenant's."""

    async def test_a_time_that_was_named_holds_for_all(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Another look-up, the list, and the bot's own turn wait as long as the one that was refused."""
        metastudio.fail(Fault.throttled(retry_after=1))
        refused = asyncio.create_task(client.job(job_id))
        await eventually(lambda: client.throttle.held > 0)
        held = client.throttle.held
        started = time.monotonic()
        await asyncio.gather(client.job("other"), client.recent_jobs(), return_exceptions=True)
        await client.throttle.turn()

        assert time.monotonic() - started >= held - 0.01
        assert (await refused).job_id == job_id

    async def test_a_longer_time_that_is_named_meanwhile_counts(self) -> None:
        """One that waits for the end of a hold waits for the end that it has by then."""
        throttle = Throttle(pause=0, first_hold=RATE_LIMITS.hold)
        clock = asyncio.get_running_loop().time
        both_sent, first_refused = asyncio.Event(), asyncio.Event()

        async def refused_at_once() -> None:
            async with throttle.slot(FOR_EVER):
                await both_sent.wait()
                raise Throttled(retry_after=0.05)

        async def refused_later() -> None:
            async with throttle.slot(FOR_EVER):
                both_sent.set()
                await first_refused.wait()
                raise Throttled(retry_after=0.3)

        async def ask() -> float:
            async with throttle.slot(FOR_EVER):
                return clock()

        later = asyncio.create_task(refused_later())
        with pytest.raises(Throttled):
            await refused_at_once()
        asked = asyncio.create_task(ask())
        await asyncio.sleep(0)
        first_refused.set()
        with pytest.raises(Throttled):
            await later
        end = clock() + throttle.held

        assert await asked >= end - 0.01

    async def test_the_bots_own_do_not_wait_for_long(self) -> None:
        """They are refused at once, so that the bot can say what it waits for."""
        throttle = await _held(retry_after=600)
        with pytest.raises(Throttled) as refused:
            await throttle.turn()

        assert 590 < (refused.value.retry_after or 0) <= 600

    async def test_what_is_refused_takes_no_turn(self) -> None:
        """However many look-ups a hold refuses, afterwards the bot's own requests come as they did before."""
        throttle = Throttle(pause=1, first_hold=RATE_LIMITS.hold)
        await _refused(throttle, retry_after=0.2)
        for _ in range(50):
            with pytest.raises(Throttled):
                async with throttle.slot(_in(0.01)):
                    raise AssertionError("it was let through")
        started = asyncio.get_running_loop().time()
        await throttle.turn()

        assert asyncio.get_running_loop().time() - started < LONGEST_DELAY

    async def test_longer_than_anybody_waits(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A look-up that could not be served in time is refused at once, and nothing is sent for it."""
        metastudio.fail(Fault.throttled(retry_after=120))
        await failure_of(client.job(job_id))
        failed = await failure_of(client.job("other"))

        assert type(failed) is Throttled
        assert 110 < (failed.retry_after or 0) <= 120
        assert failed.values == {"job_id": "other"}
        assert len(metastudio.requests) == 1

    async def test_a_renewal_of_the_token_that_is_refused_holds_them_too(self) -> None:
        """It does not matter which request met the limit."""
        throttle = Throttle(pause=0, first_hold=RATE_LIMITS.hold)
        with pytest.raises(Throttled):
            async with throttle.slot(FOR_EVER):
                raise Throttled(retry_after=60)
        with pytest.raises(Throttled):
            async with throttle.slot(_in(5)):
                raise AssertionError("it was let through")

    async def test_one_tries_before_the_others_follow(self) -> None:
        """After the time, one request is sent; the others follow as soon as it is served."""
        throttle = await _held()
        may_end = asyncio.Event()
        begun = 0

        async def ask() -> None:
            nonlocal begun
            async with throttle.slot(FOR_EVER):
                begun += 1
                await may_end.wait()

        asked = [asyncio.create_task(ask()) for _ in range(5)]
        await eventually(lambda: begun == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        tried = begun
        may_end.set()
        await asyncio.gather(*asked)

        assert (tried, begun) == (1, 5)

    @pytest.mark.parametrize(
        ("error", "others_follow"),
        [
            (JobNotFound(status=404), True),
            (ServiceDown(status=503), True),
            (UnreadableAnswer(), True),
            (TimedOut(status=408), True),
            (TimedOut(), False),
            (Unreachable(), False),
            (Throttled(status=429), False),
        ],
        ids=str,
    )
    async def test_what_the_one_that_tries_meets(
        self,
        error: MetaStudioError,
        others_follow: bool,  # noqa: FBT001  a column
    ) -> None:
        """Any answer but a 429 shows that it is over; no answer shows nothing."""
        throttle = await _held()
        with pytest.raises(type(error)):
            async with throttle.slot(FOR_EVER):
                raise error
        begun = 0
        may_end = asyncio.Event()

        async def ask() -> None:
            nonlocal begun
            async with throttle.slot(FOR_EVER):
                begun += 1
                await may_end.wait()

        asked = [asyncio.create_task(ask()) for _ in range(3)]
        await eventually(lambda: begun == (3 if others_follow else 1))
        may_end.set()
        await asyncio.gather(*asked)


async def _held(retry_after: float | None = None) -> Throttle:
    """Give a throttle that met a 429 a moment ago."""
    throttle = Throttle(pause=0, first_hold=0.02)
    await _refused(throttle, retry_after)
    return throttle


async def _refused(throttle: Throttle, retry_after: float | None = None) -> None:
    with pytest.raises(Throttled):
        async with throttle.slot(FOR_EVER):
            raise Throttled(status=429, retry_after=retry_after)


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


class TestTurns:
    """The bot's own requests wait for their turn."""

    async def test_they_are_spread(self, client: MetaStudio, job_id: str) -> None:
        """Six requests, one after the other, take five times the pause at least."""
        clock = asyncio.get_running_loop().time
        started = clock()
        for _ in range(6):
            await client.throttle.turn()
            await client.job(job_id)

        assert clock() - started >= 5 * RATE_LIMITS.requests

    async def test_peoples_requests_go_first(
        self, metastudio: MetaStudioSimulator, client: MetaStudio
    ) -> None:
        """A person's request goes at once, and the bot's own waits so much longer."""
        ids = [metastudio.add_job()["job_id"] for _ in range(4)]
        clock = asyncio.get_running_loop().time
        started = clock()
        await asyncio.gather(*(client.job(job_id) for job_id in ids))
        people_waited = clock() - started
        await client.throttle.turn()

        assert clock() - started >= 4 * RATE_LIMITS.requests > people_waited

    async def test_a_crowd_does_not_hold_them_up_for_long(
        self, metastudio: MetaStudioSimulator, client: MetaStudio
    ) -> None:
        """However many people ask, the bot's own requests come after a few seconds."""
        clock = asyncio.get_running_loop().time
        await asyncio.gather(*(client.job(metastudio.add_job()["job_id"]) for _ in range(40)))
        started = clock()
        await client.throttle.turn()

        assert clock() - started <= 2 * LONGEST_DELAY < 40 * RATE_LIMITS.requests

    async def test_people_who_wait_for_a_place_go_first_too(self) -> None:
        """Those whose requests are not sent yet hold the bot's own back like those whose are."""
        throttle = Throttle(pause=0.05, first_hold=RATE_LIMITS.hold, concurrency=1)
        clock = asyncio.get_running_loop().time
        may_end = asyncio.Event()

        async def ask() -> None:
            async with throttle.slot(FOR_EVER):
                await may_end.wait()

        asked = [asyncio.create_task(ask()) for _ in range(6)]
        started = clock()
        await asyncio.sleep(0)
        await throttle.turn()
        waited = clock() - started
        may_end.set()
        await asyncio.gather(*asked)

        assert 6 * 0.05 <= waited < LONGEST_DELAY
