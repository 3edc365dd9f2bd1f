"""The watcher: jobs that are missing, and answers that are older than what is known."""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.errors import UnreadableAnswer, WrongProject
from bot.simulators.metastudio.simulator import Fault
from tests.support import eventually
from tests.watch.test_watcher import NOT_THERE, REFUSED, logged
from tests.watch.watching import Watch, watching

LISTED = Fault.raw(b'{"count": 1, "jobs": [{"job_id": "JOB-0", "state": "WAITING"}]}')


class TestGone:
    """A job that is not there."""

    @pytest.mark.parametrize(
        ("shown", "listed", "unlisted", "is_gone"),
        [
            (NOT_THERE, None, 600, False),
            (NOT_THERE, Fault.raw(b'{"jobs": null}'), 600, True),
            (NOT_THERE, Fault.raw(b'{"count": 1, "jobs": [{"job_id": "x", "state": "WAITING"}]}'), 600, True),
            (NOT_THERE, Fault.raw(b'{"count": 9, "jobs": [{"job_id": "x", "state": "WAITING"}]}'), 0, False),
            (NOT_THERE, LISTED, 0, False),
            (NOT_THERE, Fault.error(403, "APIGW.0302"), 600, False),
            (NOT_THERE, Fault.error(403, "APIGW.0302"), 0, True),
            (NOT_THERE, REFUSED, 0, True),
            (NOT_THERE, Fault.error(500, "APIGW.0601"), 0, False),
            (Fault.error(404, "APIGW.0101"), Fault.raw(b'{"count": 0}'), 0, False),
        ],
    )
    async def test_an_end_is_told_only_when_the_list_agrees(
        self, path: Path, shown: Fault, listed: Fault | None, unlisted: float, *, is_gone: bool
    ) -> None:
        """If the list has the job, it is there; if it may not be asked, misses have to go on for longer."""
        async with watching(path, gone=0, gone_unlisted=unlisted) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda api: shown if api == "show" else listed
            for _ in range(3):
                if not await watch.path(key):
                    with suppress(WrongProject, UnreadableAnswer):
                        await watch.check()

            assert await watch.path(key) == (("WAITING", "gone") if is_gone else ())

    async def test_a_job_that_only_the_list_has_is_watched_on(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What the list says of it is told, and that it can't be looked up is logged once."""
        caplog.set_level(logging.INFO)
        async with watching(path, gone=0) as watch:
            (key,) = await watch.some(1)
            watch.metastudio.chaos = lambda api: NOT_THERE if api == "show" else None
            await watch.check()
            watch.change(key.job_id)
            await watch.check()
            assert await watch.path(key) == ("WAITING", "PROCESSING")
            watch.metastudio.chaos = None
            await watch.check()

        assert logged(caplog, "a job can't be checked job=job-0 error=JobNotFound") == 1
        assert logged(caplog, "a job can be checked again") == 1

    async def test_two_misses_some_time_apart(self, path: Path) -> None:
        """A job is gone when it is missed twice in a row, the second time a while after the first.

        Any success begins the count anew: of a check, and of a person's look-up.
        """
        async with watching(path, gone=0.1) as watch:
            (key,) = await watch.some(1)
            for succeeds in (watch.check, partial(watch.watcher.check_now, key.job_id)):
                watch.metastudio.fail(NOT_THERE)
                await watch.check()
                await asyncio.sleep(0.11)
                await succeeds()
            watch.metastudio.delete(key.job_id)
            started = time.monotonic()
            await watch.check()
            await watch.check()
            assert await watch.path(key) == () or time.monotonic() - started > 0.1
            await asyncio.sleep(0.11)
            await watch.check()

            assert await watch.path(key) == ("WAITING", "gone")
            assert (await watch.check())[0] == 0

    async def test_a_miss_is_forgotten_with_the_last_subscription(self, path: Path) -> None:
        """Who follows the job again later starts anew: no check of it is known, and no miss."""
        async with watching(path, gone=1e-6) as watch:
            (raw,) = watch.add(1)
            for _ in range(2):
                key = await watch.follow(raw)
                assert watch.watcher.checked_at(key.job_id) is None
                watch.metastudio.fail(NOT_THERE, on="show")
                await watch.check()
                assert await watch.path(key) == ()
                await watch.store.change(key, lambda _: None)
                await watch.check()

    async def test_who_was_missed_comes_first(self, path: Path) -> None:
        """A job that was not there is asked for again before those that were not asked for longer."""
        async with watching(path, poll=0.001, gone=1e-6) as watch:
            keys = await watch.some(3)
            watch.metastudio.delete(keys[0].job_id)
            for _ in range(2):
                assert (await watch.check())[0] == 1

            assert await watch.path(keys[0]) == ("WAITING", "gone")


class TestStrangeAnswers:
    """What is no word about the job."""

    @pytest.mark.parametrize("number", [1, 6], ids=["one by one", "by the list"])
    @pytest.mark.parametrize(
        ("after", "old"), [(60, {}), (60, {"lastupdate_time": None, "reject_times": None}), (0, {})]
    )
    async def test_an_older_answer_that_comes_again_and_again(
        self, watch: Watch, after: int, old: dict[str, Any], number: int
    ) -> None:
        """A change is told once, however often a node that lags behind answers in between."""
        key, *_ = await watch.some(number)
        raw = watch.metastudio.jobs[key.job_id]
        before = {**raw, **old}
        watch.change(key.job_id, after=after)
        now_is = dict(raw)
        for answer in (now_is, before) * 3:
            raw.clear()
            raw.update({name: value for name, value in answer.items() if value is not None})
            await watch.check()
            await watch.watcher.check_now(key.job_id)

        assert await watch.paths() == {key.job_id: ("WAITING", "PROCESSING")}
        watch.change(key.job_id, "RESULT_REVIEW")
        await watch.check()
        assert (await watch.path(key))[-1] == "RESULT_REVIEW"

    async def test_an_answer_without_a_state_changes_nothing(self, watch: Watch) -> None:
        """A proxy's hiccup is a failed check, and no state that anybody is told of."""
        (key,) = await watch.some(1)
        watch.metastudio.chaos = lambda _: Fault.raw(b"{}")
        for checking in (watch.check(), watch.watcher.check_now(key.job_id)):
            with pytest.raises(UnreadableAnswer):
                await checking

        assert await watch.path(key) == ()

    async def test_a_scan_from_before_a_person_asked(self, watch: Watch) -> None:
        """Who subscribes anew while the list is read is told nothing that their own look-up has overtaken."""
        key, *_ = await watch.some(6)
        await watch.check()  # the first three are not asked for by themselves next

        def person_asks(api: str) -> None:
            if api == "list":
                watch.watcher.person_saw(key.job_id, asyncio.get_running_loop().time())

        watch.metastudio.chaos = person_asks
        watch.change(key.job_id)
        await watch.check()

        assert await watch.paths() == {}

    async def test_a_look_up_that_joins_an_older_request(self, watch: Watch) -> None:
        """What a shared request answers is as old as the request, and what a person saw since is newer."""
        (key,) = await watch.some(1)
        watch.metastudio.latency = 0.3
        look_up = asyncio.create_task(watch.client.job(key.job_id))
        await eventually(lambda: bool(watch.metastudio.requests))
        watch.watcher.person_saw(key.job_id, asyncio.get_running_loop().time())
        watch.change(key.job_id)
        await watch.watcher.check_now(key.job_id)

        assert (await look_up).state == "PROCESSING"
        assert await watch.path(key) == ()
