"""Looking up a job: time limits, retries, one request for all who ask, and every fault on the way."""

import asyncio
import gc
import gzip
import inspect
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise, product
from typing import Any

import httpx
import pytest

from bot.domain.rates import RATE_LIMITS
from bot.errors import (
    BadJobId,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.messages.errors import sentence
from bot.metastudio.auth import AccessKey, GivenToken, Key
from bot.metastudio.client import (
    LOOK_UP_SECONDS,
    TIMEOUT,
    TRIES,
    MetaStudio,
    pause_before_retry,
)
from bot.metastudio.transport import network_error
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import TOKEN, Proxy, Scripted, client_at, failure_of, listening, raw_answer


@pytest.fixture
async def hasty(metastudio: MetaStudioSimulator) -> AsyncIterator[MetaStudio]:
    """Give a client that does not wait long for an answer."""
    async with client_at(metastudio.url, timeout=httpx.Timeout(5, read=0.1)) as opened:
        yield opened


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(state="PROCESSING", voice_name="女声")["job_id"])


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  the simulator has no event for this
        await asyncio.sleep(0.01)


class TestRequest:
    """What is asked."""

    async def test_is_show_voice_training_job(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A look-up is one GET of the documented path, for JSON."""
        job = await client.job(job_id)
        (seen,) = metastudio.requests

        assert (job.voice_name, job.state, job.job_id) == ("女声", "PROCESSING", job_id)
        assert (seen.method, seen.query) == ("GET", "")
        assert seen.path == f"/v1/{metastudio.project_id}/voice-training-manage/user/jobs/{job_id}"
        assert seen.headers["Accept"] == "application/json"
        assert "X-App-UserId" not in seen.headers

    async def test_app_user_id_is_sent_when_set(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """X-App-UserId goes along if there is one."""
        async with client_at(metastudio.url, app_user_id="user-1") as client:
            await client.job(job_id)

        assert metastudio.requests[0].headers["X-App-UserId"] == "user-1"

    async def test_answer_is_as_sent(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """The raw answer is what MetaStudio sent, new fields and personal ones included."""
        metastudio.jobs[job_id]["brand_new"] = {"a": [1]}

        assert await client.answer(job_id) == metastudio.jobs[job_id]

    async def test_job_keeps_the_id_that_was_asked_for(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A Refresh button needs an id that can be asked for, however the answer writes it, or does not."""
        for given in (job_id.upper(), None):
            metastudio.jobs[job_id]["job_id"] = given

            assert (await client.job(job_id)).job_id == job_id

    async def test_an_answer_about_another_job_is_none(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """What is said of another job is not taken for this one's."""
        metastudio.jobs[job_id]["job_id"] = "<!channel>"

        assert type(await failure_of(client.job(job_id))) is UnreadableAnswer


class TestConnections:
    """One client, whose connections are used again."""

    async def test_look_ups_one_by_one_share_a_connection(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Five look-ups, one of them refused, need one connection."""
        proxy = Proxy(metastudio.url)
        async with proxy.running() as url, client_at(url) as client:
            for _ in range(4):
                await client.job(job_id)
            await failure_of(client.job("unknown"))

        assert (proxy.connections, len(metastudio.requests)) == (1, 5)

    async def test_connections_are_closed_at_the_end(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """After the client's end nothing can be asked any more."""
        async with client_at(metastudio.url) as client:
            await client.job(job_id)

        with pytest.raises(RuntimeError, match="closed"):
            await client.job(job_id)


class SeenTimeouts(GivenToken):
    """A sign-in that notes the time limits under which each request is sent."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.seen: list[dict[str, float]] = []

    def sign(self, request: httpx.Request) -> None:
        """Note the limits, and sign in with the token."""
        self.seen.append(request.extensions["timeout"])
        super().sign(request)


class TestTimeLimits:
    """5 s to connect, 10 s to read, 12 s for a whole look-up."""

    async def test_limits_of_one_try(self, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """Unless told otherwise, a request has 5 seconds to connect and 10 to be answered."""
        auth = SeenTimeouts()
        async with client_at(metastudio.url, auth=auth) as client:
            await client.job(job_id)

        assert (auth.seen[0]["connect"], auth.seen[0]["read"]) == (5, 10)

    def test_limit_of_a_look_up(self) -> None:
        """Unless told otherwise, a look-up has 12 seconds, which no single try exceeds."""
        given = inspect.signature(MetaStudio).parameters

        assert given["limit"].default == LOOK_UP_SECONDS == 12
        assert given["timeout"].default == TIMEOUT == httpx.Timeout(10, connect=5)

    async def test_look_up_ends_in_time_when_all_hangs(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A look-up that is never answered ends at its limit, with a clear error."""
        metastudio.fail(Fault.hang(), times=9)
        async with client_at(metastudio.url, limit=0.3) as client:
            started = time.monotonic()
            failed = await failure_of(client.job(job_id))

        assert type(failed) is TimedOut
        assert 0.25 < time.monotonic() - started < 5
        assert failed.values == {"job_id": job_id}

    async def test_limit_holds_for_all_tries_together(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Several slow tries and their pauses end together at the limit of the look-up."""
        metastudio.fail(Fault.hang(), times=9)
        async with client_at(
            metastudio.url, timeout=httpx.Timeout(0.2), limit=0.5, rates=RATE_LIMITS
        ) as client:
            started = time.monotonic()
            failed = await failure_of(client.job(job_id))

        assert type(failed) is TimedOut
        assert 0.45 < time.monotonic() - started < 5
        assert 1 <= len(metastudio.requests) < TRIES

    async def test_limit_holds_for_a_body_that_trickles(self) -> None:
        """An answer that comes a byte at a time, each in time, does not outlast the look-up."""

        async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)

        async with listening(trickle) as url, client_at(url, limit=0.4) as client:
            started = time.monotonic()
            failed = await failure_of(client.job("a-job"))

        assert type(failed) is TimedOut
        assert time.monotonic() - started < 5

    async def test_slow_answer_is_waited_for(
        self, hasty: MetaStudio, metastudio: MetaStudioSimulator
    ) -> None:
        """An answer that is slow but in time is an answer, on the first try."""
        job_id = metastudio.add_job()["job_id"]
        metastudio.fail(Fault.slow(0.05))

        assert (await hasty.job(job_id)).job_id == job_id
        assert len(metastudio.requests) == 1


RETRIED = {
    "429": (Fault.throttled(), Throttled),
    "403 MSS.41000012": (Fault.error(403, "MSS.41000012"), Throttled),
    "404 APIGW.0103": (Fault.error(404, "APIGW.0103"), ServiceDown),
    "408": (Fault.error(408, "NEW.1"), TimedOut),
    "500": (Fault.error(500, "APIGW.0601"), ServiceDown),
    "502 page": (Fault.html(), ServiceDown),
    "503": (Fault.error(503, "APIGW.0613"), ServiceDown),
    "504": (Fault.error(504, "APIGW.0610"), ServiceDown),
    "cut": (Fault.cut(), Unreachable),
    "cut midway": (Fault.cut_midway(), Unreachable),
}
FINAL = {
    "400": (Fault.error(400, "MSS.10000003"), RequestRefused),
    "403": (Fault.error(403, "APIGW.0302"), PermissionDenied),
    "404 job": (Fault.error(404, "MSS.41000003"), JobNotFound),
    "404 path": (Fault.error(404, "APIGW.0101"), WrongProject),
    "400 project": (Fault.error(400, "MSS.00010009"), WrongProject),
    "302": (Fault.raw(b"", status=302), UnreadableAnswer),
    "403 page": (Fault.raw(b"<html>", status=403, content_type="text/html"), UnreadableAnswer),
    "another's 404": (Fault.raw(b'{"message": "no Route matched"}', status=404), UnreadableAnswer),
    "204": (Fault.raw(b"", status=204), UnreadableAnswer),
    "broken JSON": (Fault.broken_json(), UnreadableAnswer),
    "a list": (Fault.not_an_object(), UnreadableAnswer),
    "a string": (Fault.raw(b'"job"'), UnreadableAnswer),
    "null": (Fault.raw(b"null"), UnreadableAnswer),
    "nothing": (Fault.empty(), UnreadableAnswer),
    "a page": (Fault.raw(b"<html>", content_type="text/html"), UnreadableAnswer),
    "no UTF-8": (Fault.raw(b'{"voice_name": "\xff"}'), UnreadableAnswer),
    "5000 digits": (Fault.raw(b'{"reject_times": ' + b"9" * 5000 + b"}"), UnreadableAnswer),
    "deep lists": (Fault.raw(b"[" * 100_000), UnreadableAnswer),
    "deep objects": (Fault.raw(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), UnreadableAnswer),
}


class TestRetries:
    """What is tried again, and what is not."""

    @pytest.mark.parametrize(("fault", "expected"), RETRIED.values(), ids=RETRIED.keys())
    async def test_what_may_pass_is_tried_three_times(
        self,
        client: MetaStudio,
        metastudio: MetaStudioSimulator,
        job_id: str,
        fault: Fault,
        expected: type[MetaStudioError],
    ) -> None:
        """A fault that stays is told as what it is, after three tries."""
        metastudio.fail(fault, times=9)
        failed = await failure_of(client.job(job_id))

        assert type(failed) is expected
        assert (len(metastudio.requests), TRIES) == (3, 3)

    @pytest.mark.parametrize("fault", [fault for fault, _ in RETRIED.values()], ids=RETRIED.keys())
    async def test_what_has_passed_is_not_noticed(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, fault: Fault
    ) -> None:
        """A fault that comes twice is passed over by the third try."""
        metastudio.fail(fault, times=2)

        assert (await client.job(job_id)).voice_name == "女声"
        assert len(metastudio.requests) == 3

    @pytest.mark.parametrize("fault", [Fault.hang(), Fault.slow(0.5)], ids=["hang", "slow"])
    async def test_late_answer_is_not_waited_for_and_asked_for_again(
        self, hasty: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, fault: Fault
    ) -> None:
        """An answer past the limit of a try is given up, and the look-up asks again, three times in all."""
        metastudio.fail(fault, times=5)

        assert type(await failure_of(hasty.job(job_id))) is TimedOut
        assert (await hasty.job(job_id)).voice_name == "女声"
        assert len(metastudio.requests) == 6

    @pytest.mark.parametrize(("fault", "expected"), FINAL.values(), ids=FINAL.keys())
    async def test_the_rest_is_told_at_once(
        self,
        client: MetaStudio,
        metastudio: MetaStudioSimulator,
        job_id: str,
        fault: Fault,
        expected: type[MetaStudioError],
    ) -> None:
        """A fault that would come again is told after one request."""
        metastudio.fail(fault, times=9)
        failed = await failure_of(client.job(job_id))

        assert type(failed) is expected
        assert len(metastudio.requests) == 1
        assert failed.values == {"job_id": job_id}

    async def test_refused_connection(self, unused_tcp_port: int) -> None:
        """An address where nobody listens is told as no connection."""
        async with client_at(f"http://127.0.0.1:{unused_tcp_port}") as client:
            assert type(await failure_of(client.job("a-job"))) is Unreachable

    @pytest.mark.parametrize("scheme", ["ftp", "no"])
    async def test_address_that_is_no_web_address(self, scheme: str) -> None:
        """An endpoint that httpx can't speak to is an error of our tree."""
        async with client_at(f"{scheme}://metastudio.example") as client:
            assert isinstance(await failure_of(client.job("a-job")), MetaStudioError)

    async def test_pauses_between_tries_grow(self) -> None:
        """Without a wish of MetaStudio there are two short pauses, of which the second is longer."""
        server = Scripted(raw_answer("503 Service Unavailable", b""))
        async with server.running() as url, client_at(url, rates=RATE_LIMITS) as client:
            await failure_of(client.job("a-job"))
        first, second = (after - before for before, after in pairwise(server.came))

        assert 0.19 < first < 0.8
        assert 0.39 < second < 1.2

    async def test_no_retry_is_logged_with_a_secret(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What the libraries log about retries at INFO holds no token."""
        caplog.set_level(logging.INFO)
        metastudio.fail(Fault.html(), times=3)
        await failure_of(client.job("a-job"))

        assert TOKEN not in caplog.text


class TestRetryAfter:
    """MetaStudio's own word on when to come back."""

    async def test_is_kept(self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str) -> None:
        """A time that MetaStudio names is waited for."""
        metastudio.fail(Fault.throttled(retry_after=1))
        started = time.monotonic()
        await client.job(job_id)

        assert 1 <= time.monotonic() - started < 6
        assert [seen.status for seen in metastudio.requests] == [429, 200]

    async def test_of_another_status_is_kept_too(self) -> None:
        """A 503 may name a time as well."""
        server = Scripted(raw_answer("503 Service Unavailable", b"", "Retry-After: 60"))
        async with server.running() as url, client_at(url) as client:
            failed = await failure_of(client.job("a-job"))

        assert (type(failed), failed.retry_after, len(server.came)) == (ServiceDown, 60, 1)

    @pytest.mark.parametrize("seconds", [12, 3600, 10**30])
    async def test_beyond_the_limit_is_not_waited_for(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, seconds: int
    ) -> None:
        """A time past the limit of the look-up is told at once, without another request."""
        metastudio.fail(Fault.throttled(retry_after=seconds), times=9)
        started = time.monotonic()
        failed = await failure_of(client.job(job_id))

        assert type(failed) is Throttled
        assert time.monotonic() - started < 5
        assert len(metastudio.requests) == 1

    @pytest.mark.parametrize(
        ("error", "seconds_left", "expected"),
        [
            (Throttled(retry_after=3), 10, 3.25),
            (Throttled(retry_after=3), 3.25, None),
            (Throttled(retry_after=3), 0, None),
            (Throttled(retry_after=0), 1, 0.25),
            (Throttled(), 10, 0.25),
            (ServiceDown(retry_after=2), 10, 2.25),
            (TimedOut(), 10, 0.25),
            (Unreachable(), 10, 0.25),
            (JobNotFound(retry_after=1), 10, None),
            (UnreadableAnswer(), 10, None),
            (ValueError(), 10, None),
        ],
        ids=lambda value: repr(value)[:30],
    )
    def test_decision(self, error: Exception, seconds_left: float, expected: float | None) -> None:
        """Whether to try again, and after how long, depends on the error and on the time left alone."""
        assert expected == pause_before_retry(error, usual=0.25, seconds_left=seconds_left)


def kinds_of(kind: type[httpx.RequestError]) -> Iterator[type[httpx.RequestError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from kinds_of(child)


REQUEST_ERRORS = sorted(set(kinds_of(httpx.RequestError)), key=lambda kind: kind.__name__)
NOT_UNREACHABLE = {
    "ConnectTimeout": TimedOut,
    "ReadTimeout": TimedOut,
    "WriteTimeout": TimedOut,
    "PoolTimeout": TimedOut,
    "TimeoutException": TimedOut,
    "DecodingError": UnreadableAnswer,
    "TooManyRedirects": UnreadableAnswer,
    "RequestError": UnreadableAnswer,
}


class TestTransportErrors:
    """Every error that httpx can raise for a request."""

    @pytest.mark.parametrize("kind", REQUEST_ERRORS, ids=lambda kind: kind.__name__)
    def test_each_is_mapped(self, kind: type[httpx.RequestError]) -> None:
        """No error of httpx leaves the folder: each is a time-out, no connection, or no readable answer."""
        told = network_error(kind("details"))

        assert type(told) is NOT_UNREACHABLE.get(kind.__name__, Unreachable)

    def test_table_is_not_out_of_date(self) -> None:
        """The names above are those of httpx."""
        assert set(NOT_UNREACHABLE) < {kind.__name__ for kind in REQUEST_ERRORS}


class TestRawAnswers:
    """Answers that no framework would send."""

    @pytest.mark.parametrize(
        ("answer", "expected", "tries"),
        [
            (b"", Unreachable, 3),
            (b"nonsense\r\n\r\n", Unreachable, 3),
            (b"HTTP/1.1 200", Unreachable, 3),
            (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", ServiceDown, 3),
            (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", Unreachable, 3),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", Unreachable, 3),
            (raw_answer("200 OK", b"no gzip", "Content-Encoding: gzip"), UnreadableAnswer, 1),
            (raw_answer("200 OK", gzip.compress(b"[]"), "Content-Encoding: gzip"), UnreadableAnswer, 1),
            (raw_answer("302 Found", b"", "Location: https://elsewhere.example/"), UnreadableAnswer, 1),
            (raw_answer("302 Found", b"", "Location: ///"), UnreadableAnswer, 1),
            (b"HTTP/1.1 100 Continue\r\n\r\n", Unreachable, 3),
        ],
        ids=[
            "nothing",
            "no HTTP",
            "half a line",
            "odd status",
            "bad length",
            "cut chunk",
            "no gzip",
            "gzip list",
            "redirect",
            "redirect to nowhere",
            "only continue",
        ],
    )
    async def test_each_is_an_error_of_our_tree(
        self, answer: bytes, expected: type[MetaStudioError], tries: int
    ) -> None:
        """Broken HTTP, broken compression and redirects are told as what they are; none is followed."""
        server = Scripted(answer)
        async with server.running() as url, client_at(url) as client:
            failed = await failure_of(client.job("a-job"))

        assert type(failed) is expected
        assert len(server.came) == tries

    @pytest.mark.parametrize(
        ("header", "body", "expected"),
        [
            ("X-Request-Id: 0123abcd", b"", "0123abcd"),
            ("x-request-id: 0123abcd", b"", "0123abcd"),
            ("X-IAM-Trace-Id: trace-1", b"", "trace-1"),
            ("X-Other: 1", b'{"request_id": "0123abcd"}', "0123abcd"),
            ("X-Other: 1", b"", ""),
            ("X-Request-Id: " + "f" * 10_000, b"", "f" * 64),
            ("X-Request-Id: <!channel>`\x1b[31m", b"", "channel31m"),
        ],
        ids=["header", "lower case", "IAM", "body", "none", "10,000 characters", "hostile"],
    )
    async def test_request_id_is_kept(self, header: str, body: bytes, expected: str) -> None:
        """The id that support asks for is found wherever it is, and harmless."""
        server = Scripted(raw_answer("404 Not Found", body, header))
        async with server.running() as url, client_at(url) as client:
            failed = await failure_of(client.job("a-job"))

        assert expected == failed.request_id

    async def test_request_id_of_an_unreadable_answer(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A 200 that is no job can be asked about too."""
        metastudio.fail(Fault.broken_json())
        failed = await failure_of(client.job(job_id))

        assert len(failed.request_id) == 32
        assert failed.status == 200

    async def test_an_error_with_status_200_is_an_error(
        self, client: MetaStudio, metastudio: MetaStudioSimulator
    ) -> None:
        """An error code without any field of a job is no job, whatever the status says."""
        metastudio.fail(Fault.raw(b'{"error_code": "MSS.41000003", "error_msg": "no such job"}'))
        metastudio.fail(Fault.raw(b'{"error_code": "MSS.00000001", "error_msg": "failure"}'))

        assert isinstance(await failure_of(client.job("a-job")), JobNotFound)
        assert isinstance(await failure_of(client.job("a-job")), UnreadableAnswer)

    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b'\xef\xbb\xbf{"state": "WAITING"}',
            b'{"state": NaN}',
            b'{"voice_name": "\\ud800", "\\ud800": 1}',
            b'{"reject_times": 1e999}',
            b'{"state": {"a": [1]}, "create_time": "x", "assess_result": 7}',
            b'{"allocated_resource": {"\\ud800": "\\udfff"}}',
        ],
        ids=["empty", "BOM", "NaN", "surrogates", "infinity", "wrong types", "surrogates inside"],
    )
    async def test_odd_objects_are_jobs(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, body: bytes
    ) -> None:
        """Whatever object comes with 200 is a job, with the id that was asked for."""
        metastudio.fail(Fault.raw(body))

        assert (await client.job("a-job")).job_id == "a-job"


NO_IDS = [
    "",
    "../x",
    "..",
    "a/b",
    "%2e%2e",
    "a%2Fb",
    "a?b=1",
    "a#b",
    "a b",
    "abc\n",
    "a\r\nX-Evil: 1",
    "a\x00",
    "x" * 65,
    "x" * 10_000,
    "👍",
    "女声",
    "١٢",
    "\ud800",
    "https://evil.example/",
    "@evil.example",
]


class TestJobIds:
    """Ids that could leave their place in the path."""

    async def test_nothing_is_sent_for_what_is_no_id(
        self, client: MetaStudio, metastudio: MetaStudioSimulator
    ) -> None:
        """What can't be an id is refused with a clear sentence before any request."""
        for job_id, ask in product(NO_IDS, (client.job, client.answer)):
            with pytest.raises(BadJobId) as refused:
                await ask(job_id)
            assert "can't be a job id" in sentence(refused.value)

        assert metastudio.requests == []


class TestSingleFlight:
    """All who ask for a job while it is being fetched share one request."""

    async def test_twenty_at_once_make_one_request(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """Twenty people who ask for the same job get the same answer from one request."""
        metastudio.fail(Fault.slow(0.1))
        jobs = await asyncio.gather(*(client.job(job_id) for _ in range(20)))

        assert len(metastudio.requests) == 1
        assert {job.voice_name for job in jobs} == {"女声"}

    async def test_other_jobs_are_not_mixed_up(
        self, client: MetaStudio, metastudio: MetaStudioSimulator
    ) -> None:
        """Those who ask for another job at the same time get that one."""
        ids = [metastudio.add_job()["job_id"] for _ in range(5)]
        jobs = await asyncio.gather(*map(client.job, ids * 4))

        assert [job.job_id for job in jobs] == ids * 4
        assert len(metastudio.requests) == 5

    async def test_next_asker_gets_what_is_true_then(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """An answer is shared and never kept: the next look-up asks again."""
        await client.job(job_id)
        metastudio.set_state(job_id, "SUCCEED")

        assert (await client.job(job_id)).state == "SUCCEED"
        assert len(metastudio.requests) == 2

    async def test_who_asks_when_it_was_answered_just_now_asks_anew(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """An answer is not shared with whoever comes after it, be it in the same turn of the loop."""
        before = asyncio.all_tasks()
        first = asyncio.create_task(client.job(job_id))
        await asyncio.sleep(0)
        (fetch,) = ours(asyncio.all_tasks() - before - {first})
        while not fetch.done():  # noqa: ASYNC110  the very turn in which it is
            await asyncio.sleep(0)
        assert not first.done()
        metastudio.set_state(job_id, "SUCCEED")

        assert (await client.job(job_id)).state == "SUCCEED"
        assert (await first).state == "PROCESSING"

    @pytest.mark.parametrize("who", [0, 1, 2], ids=["the first", "one between", "the last"])
    async def test_one_who_gives_up_takes_nothing_from_the_others(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str, who: int
    ) -> None:
        """Whoever is cancelled, the others get the answer of the same request."""
        metastudio.fail(Fault.slow(0.15))
        askers = [asyncio.create_task(client.job(job_id)) for _ in range(3)]
        await until(lambda: bool(metastudio.requests))
        askers[who].cancel()
        ends = await asyncio.gather(*askers, return_exceptions=True)

        assert isinstance(ends.pop(who), asyncio.CancelledError)
        assert [job.job_id for job in ends if not isinstance(job, BaseException)] == [job_id] * 2
        assert len(metastudio.requests) == 1

    async def test_error_is_shared_and_not_kept(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A failure is told to all who asked, and the next look-up makes a new request."""
        metastudio.fail(Fault.error(403, "APIGW.0302"))
        ends = await asyncio.gather(*(client.job(job_id) for _ in range(20)), return_exceptions=True)

        assert {type(end) for end in ends} == {PermissionDenied}
        assert len(metastudio.requests) == 1
        assert (await client.job(job_id)).job_id == job_id

    async def test_bad_id_is_not_kept_either(self, client: MetaStudio) -> None:
        """A refused id can be refused again and again."""
        ends = await asyncio.gather(*(client.job("../x") for _ in range(3)), return_exceptions=True)

        assert {type(end) for end in ends} == {BadJobId}
        with pytest.raises(BadJobId):
            await client.job("../x")

    async def test_nothing_is_left_behind(
        self, client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """After answers, errors and askers who are gone, no task is left, and nothing was left unsaid."""
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        before = asyncio.all_tasks()
        metastudio.fail(Fault.slow(0.05))
        await client.job(job_id)
        metastudio.fail(Fault.error(403, "APIGW.0302"))
        await failure_of(client.job(job_id))
        metastudio.fail(Fault.slow(0.1), times=2)
        await ask_and_give_up(client, metastudio, [job_id, "unknown"])
        await until(lambda: ours(asyncio.all_tasks() - before) == set())
        gc.collect()

        assert complaints == []
        assert (await client.job(job_id)).job_id == job_id

    async def test_end_of_the_client_ends_what_is_under_way(
        self, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """A client that is closed while it asks leaves no task behind, and its askers hear of it."""
        metastudio.fail(Fault.hang(), times=9)
        async with client_at(metastudio.url) as client:
            asker = asyncio.create_task(client.job(job_id))
            await until(lambda: bool(metastudio.requests))

        assert ours(asyncio.all_tasks() - {asker}) == set()
        (end,) = await asyncio.gather(asker, return_exceptions=True)
        assert isinstance(end, MetaStudioError | asyncio.CancelledError)


async def ask_and_give_up(client: MetaStudio, metastudio: MetaStudioSimulator, job_ids: list[str]) -> None:
    """Ask for jobs, and be gone as soon as the simulator has the requests."""
    asked = len(metastudio.requests) + len(job_ids)
    askers = [asyncio.create_task(client.job(job_id)) for job_id in job_ids]
    await until(lambda: len(metastudio.requests) == asked)
    for asker in askers:
        asker.cancel()
    await asyncio.wait(askers)


def ours(tasks: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Keep the tasks of the client; the simulator has its own for each connection."""
    return {task for task in tasks if "MetaStudio." in repr(task.get_coro())}


class TestRecentJobs:
    """The list of jobs."""

    async def test_pages_come_in_order(self, metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
        """The job whose state changed last comes first, a hundred on a page, with the number of all."""
        now = [1_700_000_000.0]
        metastudio.clock = lambda: now[0]
        ids = []
        for _ in range(103):
            ids.append(metastudio.add_job()["job_id"])
            now[0] += 1
        first = await client.recent_jobs()
        second = await client.recent_jobs(offset=100)

        assert [job.job_id for job in (*first.jobs, *second.jobs)] == ids[::-1]
        assert (len(first.jobs), first.count) == (100, 103)

    async def test_the_query_is_signed(self, metastudio: MetaStudioSimulator) -> None:
        """The access key's signature covers the parameters."""
        metastudio.add_job()
        key = AccessKey(Key(ACCESS_KEY, SECRET_KEY), project_id=PROJECT_ID)
        async with client_at(metastudio.url, auth=key) as client:
            page = await client.recent_jobs()

        assert len(page.jobs) == 1
        assert "sort_key=update_time" in metastudio.requests[-1].query

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault.throttled(), Throttled),
            (Fault.error(503, "APIGW.0613"), ServiceDown),
            (Fault.html(), ServiceDown),
            (Fault.cut(), Unreachable),
            (Fault.cut_midway(), Unreachable),
            (Fault.error(403, "APIGW.0302"), PermissionDenied),
            (Fault.error(404, "APIGW.0101"), WrongProject),
            (Fault.error(400, "MSS.10000003"), RequestRefused),
            (Fault.broken_json(), UnreadableAnswer),
            (Fault.not_an_object(), UnreadableAnswer),
            (Fault.empty(), UnreadableAnswer),
            (Fault.raw(b'{"count": 3}'), UnreadableAnswer),
            (Fault.raw(b'{"jobs": {}}'), UnreadableAnswer),
            (Fault.raw(b'{"count": 1, "jobs": {}}'), UnreadableAnswer),
            (Fault.raw(b'{"jobs": null, "error_code": "MSS.10000003"}'), UnreadableAnswer),
        ],
        ids=str,
    )
    async def test_each_fault_has_its_error(
        self,
        metastudio: MetaStudioSimulator,
        client: MetaStudio,
        fault: Fault,
        error: type[MetaStudioError],
    ) -> None:
        """What goes wrong is told as for one job."""
        metastudio.add_job()
        metastudio.fail(fault, times=200)

        assert type(await failure_of(client.recent_jobs())) is error

    @pytest.mark.parametrize(
        "body",
        [
            '{"jobs": []}',
            '{"jobs": null}',
            '{"count": 0}',
            '{"count": "0", "jobs": null}',
            '{"count": 0, "jobs": {}}',
            '{"count": 0, "jobs": ""}',
        ],
    )
    async def test_an_empty_list(
        self, metastudio: MetaStudioSimulator, client: MetaStudio, body: str
    ) -> None:
        """However it is written, it is a list."""
        metastudio.fail(Fault.raw(body.encode()))
        page = await client.recent_jobs()

        assert (page.jobs, page.rows) == ((), 0)

    async def test_one_job_in_the_list(self, metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
        """It is asked for alone."""
        ids = [metastudio.add_job()["job_id"] for _ in range(3)]
        found = await client.listed_job(ids[1])
        metastudio.delete(ids[1])

        assert [found and found.job_id] == [ids[1]]
        assert await client.listed_job(ids[1]) is None
        assert f"job_id={ids[1]}" in metastudio.requests[0].query

    async def test_one_job_in_a_list_that_holds_others(
        self, metastudio: MetaStudioSimulator, client: MetaStudio
    ) -> None:
        """Where the filter does not count, what comes is searched to its end, if it has one."""
        rows = [{"job_id": f"job-{number}", "state": "WAITING"} for number in range(250)]
        pages = [
            Fault.raw(json.dumps({"count": 250, "jobs": rows[at : at + 100]}).encode())
            for at in (0, 100, 200)
        ]
        asked: list[Fault] = []
        metastudio.chaos = lambda _: asked.pop(0) if len(asked) > 1 else asked[0]
        found = []
        for job_id in ("JOB-7", "job-240", "gone"):
            asked[:] = pages
            found.append(await client.listed_job(job_id))
        asked[:] = pages[:1]

        assert [job and job.job_id for job in found] == ["job-7", "job-240", None]
        assert isinstance(await failure_of(client.listed_job("gone")), UnreadableAnswer)

    async def test_rows_that_are_no_jobs_are_left_out(
        self, metastudio: MetaStudioSimulator, client: MetaStudio
    ) -> None:
        """One strange row does not cost the others."""
        metastudio.fail(Fault.raw(b'{"count": "2", "jobs": [7, {}, {"job_id": "a", "state": "WAITING"}]}'))
        page = await client.recent_jobs()

        assert [job.job_id for job in page.jobs] == ["a"]
        assert (page.count, page.rows) == (2, 3)
