"""Looking up a job: time limits, retries, one request for all who ask, and every fault on the way."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from bot.domain.rates import RateLimits
from bot.errors import (
    BadJobId,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    Throttled,
    TimedOut,
    UnreadableAnswer,
)
from bot.metastudio.client import MetaStudio
from bot.metastudio.requests import TRIES, pause_before_retry
from bot.process.shared_calls import SharedCalls
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS
from tests.servers import TOKEN, Proxy, Scripted, client_at, failure_of
from tests.support import eventually

Call = Callable[[MetaStudio], Awaitable[Any]]
CALLS: dict[str, Call] = {"show": lambda client: client.job("a-job"), "list": lambda it: it.recent_jobs()}


async def test_a_look_up_is_show_voice_training_job(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """It is one GET of the documented path, for JSON, and with an X-App-UserId where one is set."""
    for given in ({}, {"app_user_id": "user-1"}):
        async with client_at(metastudio.url, **given) as client:
            job = await client.job(job_id)
        assert (job.voice_name, job.state, job.job_id) == ("女声", "PROCESSING", job_id)
    seen, with_user = metastudio.requests

    assert (seen.method, seen.query) == ("GET", "")
    assert seen.path == f"/v1/{metastudio.project_id}/voice-training-manage/user/jobs/{job_id}"
    assert seen.headers["Accept"] == "application/json"
    assert "X-App-UserId" not in seen.headers
    assert with_user.headers["X-App-UserId"] == "user-1"


ODD_OBJECTS = [
    *(b"{}", b'\xef\xbb\xbf{"state": "WAITING"}', b'{"state": NaN}', b'{"reject_times": 1e999}'),
    b'{"voice_name": "\\ud800", "\\ud800": 1}',
]


async def test_what_is_made_of_an_answer(
    client: MetaStudio, metastudio: MetaStudioSimulator, job_id: str
) -> None:
    """Any object is a job, with the id that can be asked for, and given as sent; another job's is none."""
    metastudio.jobs[job_id]["brand_new"] = {"a": [1]}
    assert await client.answer(job_id) == metastudio.jobs[job_id]
    for given in (job_id.upper(), None):
        metastudio.jobs[job_id]["job_id"] = given
        assert (await client.job(job_id)).job_id == job_id
    for body in ODD_OBJECTS:
        metastudio.fail(Fault.raw(body))
        assert (await client.job(job_id)).job_id == job_id
    metastudio.jobs[job_id]["job_id"] = "<!channel>"

    assert type(await failure_of(client.job(job_id))) is UnreadableAnswer


async def test_connections_are_used_again_and_closed(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """Look-ups one by one, one of them refused, share a connection; after the end nothing can be asked."""
    proxy = Proxy(metastudio.url)
    async with proxy.running() as url:
        async with client_at(url) as client:
            for _ in range(4):
                await client.job(job_id)
            await failure_of(client.job("unknown"))
        with pytest.raises(RuntimeError, match="closed"):
            await client.job(job_id)

    assert (proxy.connections, len(metastudio.requests)) == (1, 5)


NO_IDS = ["", "..", "a/b", "%2e%2e", "a?b=1", "abc\n", "a\r\nX-Evil: 1", "x" * 65, "女声", "١٢", "\ud800"]


async def test_nothing_is_sent_for_what_is_no_id(client: MetaStudio, metastudio: MetaStudioSimulator) -> None:
    """What could leave its place in the path is refused before any request, each time anew."""
    for job_id, ask in product(NO_IDS, (client.job, client.answer, client.job)):
        with pytest.raises(BadJobId):
            await ask(job_id)

    assert metastudio.requests == []


async def test_time_outs(
    metastudio: MetaStudioSimulator, job_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that passes is not noticed, and a look-up ends at its limit; no library logs a secret meanwhile."""
    caplog.set_level(logging.INFO)
    metastudio.fail(Fault.hang())
    metastudio.fail(Fault.error(503, "APIGW.0613"))
    async with client_at(metastudio.url, timeout=httpx.Timeout(5, read=0.3)) as client:
        assert (await client.job(job_id)).voice_name == "女声"
    assert len(metastudio.requests) == TRIES
    metastudio.fail(Fault.hang(), times=9)
    timeout, rates = httpx.Timeout(0.2), RateLimits(retry=0.1, unanswered=0)
    async with client_at(metastudio.url, limit=0.4, timeout=timeout, rates=rates) as client:
        failed = await failure_of(client.job(job_id))

    assert (type(failed), failed.values) == (TimedOut, {"job_id": job_id})
    assert len(metastudio.requests) < 2 * TRIES
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("call", CALLS)
async def test_each_answer_is_its_error(metastudio: MetaStudioSimulator, call: str) -> None:
    """What may pass is tried three times, all else once; the log gets status, code and request id."""
    for name, answer in ANSWERS.items():
        metastudio.requests.clear()
        server = Scripted(answer.sent if isinstance(answer.sent, bytes) else b"")
        if isinstance(answer.sent, Fault):
            metastudio.fail(answer.sent, times=9)
        async with server.running() as raw_url:
            url = metastudio.url if isinstance(answer.sent, Fault) else raw_url
            async with client_at(url) as client:
                failed = await failure_of(CALLS[call](client))
        metastudio.heal()

        assert type(failed) is answer.error, name
        assert (failed.status, failed.code) == (answer.status, answer.code), name
        assert bool(failed.request_id) is bool(failed.status and metastudio.requests), name
        tries = 3 if answer.error.transient else 1
        assert len(server.came) + len(metastudio.requests) == tries, name
        assert failed.values == {"job_id": "a-job" if call == "show" else ""}, name


PAUSES: list[tuple[MetaStudioError, float, float | None]] = [
    *((Throttled(retry_after=3), 10, 3.25), (Throttled(retry_after=3), 3.25, None)),
    *((Throttled(retry_after=10.0**30), 12, None), (Throttled(retry_after=0), 1, 0.25)),
    *((TimedOut(), 10, 0.25), (JobNotFound(retry_after=1), 10, None)),
]


def test_pause_before_a_retry() -> None:
    """Whether to try again, and after how long, depends on the error and on the time left alone."""
    for error, left, pause in PAUSES:
        assert pause_before_retry(error, usual=0.25, seconds_left=left) == pause, error


async def test_many_at_once_share_requests(client: MetaStudio, metastudio: MetaStudioSimulator) -> None:
    """Twenty who ask for five jobs get their own from five requests, though one gives up; nothing is kept."""
    ids = [metastudio.add_job()["job_id"] for _ in range(5)]
    metastudio.fail(Fault.slow(0.1), times=5)
    given_up, *askers = [asyncio.create_task(client.job(each)) for each in ids * 4]
    await eventually(lambda: bool(metastudio.requests))
    given_up.cancel()
    assert [job.job_id for job in await asyncio.gather(*askers)] == (ids * 4)[1:]
    metastudio.set_state(ids[0], "SUCCEED")
    metastudio.fail(Fault.error(403, "APIGW.0302"))
    ends = await asyncio.gather(*map(client.job, ids[:1] * 20), return_exceptions=True)

    assert given_up.cancelled()
    assert {type(end) for end in ends} == {PermissionDenied}
    assert len(metastudio.requests) == 6
    assert (await client.job(ids[0])).state == "SUCCEED"


async def test_who_asks_when_it_was_answered_just_now_asks_anew() -> None:
    """A result is not shared with whoever comes after it, be it in the same turn of the loop."""
    results = iter("ab")

    async def call(_: str) -> str:
        return next(results)

    calls = SharedCalls(call)
    first = asyncio.create_task(calls.call("job"))
    for _ in range(2):
        await asyncio.sleep(0)
    assert not first.done()

    assert (await calls.call("job"), await first) == ("b", "a")


async def test_end_of_the_client_ends_what_is_under_way(metastudio: MetaStudioSimulator, job_id: str) -> None:
    """A client that is closed while it asks leaves no task behind, and its askers hear of it."""
    metastudio.fail(Fault.hang(), times=9)
    async with client_at(metastudio.url) as client:
        asker = asyncio.create_task(client.job(job_id))
        await eventually(lambda: bool(metastudio.requests))

    assert not [task for task in asyncio.all_tasks() - {asker} if "MetaStudio." in repr(task.get_coro())]
    (end,) = await asyncio.gather(asker, return_exceptions=True)
    assert isinstance(end, MetaStudioError | asyncio.CancelledError)


async def test_a_page_of_the_list(metastudio: MetaStudioSimulator, client: MetaStudio, job_id: str) -> None:
    """A hundred jobs are asked for, the one that changed last first, from an offset on."""
    first, second = await client.recent_jobs(), await client.recent_jobs(offset=100)
    asked = [dict(parse_qsl(seen.query)) for seen in metastudio.requests]
    usual = {"sort_key": "update_time", "sort_dir": "desc", "limit": "100"}

    assert ([job.job_id for job in first.jobs], second.jobs) == ([job_id], ())
    assert (first.count, first.rows, second.count) == (1, 1, 1)
    assert asked == [usual | {"offset": "0"}, usual | {"offset": "100"}]


LISTS: dict[bytes, int | None] = {
    b'{"jobs": null}': 0,
    b'{"count": 0}': 0,
    b'{"count": "2", "jobs": [7, {}, {"job_id": "a"}]}': 3,
    b'{"count": 3}': None,
    b'{"jobs": null, "error_code": "MSS.10000003"}': None,
}
"""The rows of what comes; None: it is no list."""


async def test_what_is_a_list(metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
    """However an empty one is written, it is a list; rows that are no jobs are left out."""
    for body, rows in LISTS.items():
        metastudio.fail(Fault.raw(body))
        if rows is None:
            assert type(await failure_of(client.recent_jobs())) is UnreadableAnswer, body
        else:
            page = await client.recent_jobs()
            assert (page.rows, [job.job_id for job in page.jobs]) == (rows, ["a"] if rows else []), body


async def test_one_job_in_the_list(metastudio: MetaStudioSimulator, client: MetaStudio) -> None:
    """It is asked for alone; where that filter does not count, what comes is searched to its end, if any."""
    listed, deleted = (metastudio.add_job()["job_id"] for _ in range(2))
    metastudio.delete(deleted)
    found = [await client.listed_job(job_id) for job_id in (listed, deleted)]
    rows = [{"job_id": f"job-{number}", "state": "WAITING"} for number in range(250)]
    parts = [{"count": 250, "jobs": rows[offset : offset + 100]} for offset in (0, 100, 200)]
    for job_id, asked in (("JOB-7", parts[:1]), ("job-240", parts), ("gone", parts)):
        for part in asked:
            metastudio.fail(Fault.raw(json.dumps(part).encode()))
        found.append(await client.listed_job(job_id))
    queries = [dict(parse_qsl(seen.query)) for seen in metastudio.requests]
    metastudio.requests.clear()
    metastudio.fail(Fault.raw(json.dumps(parts[0]).encode()), times=99)

    assert [job and job.job_id for job in found] == [listed, None, "job-7", "job-240", None]
    assert queries[0]["job_id"] == listed
    assert [query["offset"] for query in queries[2:]] == ["0", *("0", "100", "200") * 2]
    assert isinstance(await failure_of(client.listed_job("gone")), UnreadableAnswer)
    assert len(metastudio.requests) == 2
