"""The jobs of the whole project: how often MetaStudio is asked, and what is told of what it answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import MetaStudioError
from bot.metastudio.client import MetaStudio
from bot.services.caller import NOBODY
from bot.services.overviews import OverviewService
from bot.services.project_jobs import ProjectJobs
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.store import Store, open_store
from tests.store.processes import followed, keep

LONG = 1000.0
"""Seconds for which an answer is fresh in a test: as good as for ever."""
REFUSED = Fault.error(403, "APIGW.0302")
"""A fault that no retry mends."""


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """Give an empty store."""
    async with open_store(path) as opened:
        yield opened


@pytest.fixture
def jobs(client: MetaStudio, store: Store) -> ProjectJobs:
    """Give what asks MetaStudio."""
    return ProjectJobs(client, store, fresh=LONG)


def fill(metastudio: MetaStudioSimulator, *, ours: int, others: int = 0) -> None:
    """Add jobs: first those that wait for the customer, then others, which changed later."""
    for number in range(ours + others):
        state = "AUDIT_FAILED" if number < ours else "PROCESSING"
        metastudio.add_job(job_id=f"job-{number}", state=state, lastupdate_time=1_700_000_000 + number)


def ids(found: Any) -> list[str]:
    return [each.job_id for each in found.jobs]


async def test_asked_once(jobs: ProjectJobs, metastudio: MetaStudioSimulator, store: Store) -> None:
    """Who asks at the same time, or a while later, shares one request; Refresh makes another."""
    fill(metastudio, ours=2, others=1)
    await asyncio.gather(*(jobs.waiting() for _ in range(5)))
    found = await jobs.waiting()
    assert (ids(found), found.is_complete, len(metastudio.requests)) == (["job-0", "job-1"], True, 1)

    await asyncio.gather(*(jobs.recent() for _ in range(5)))
    assert ids(await jobs.recent()) == ["job-2", "job-1", "job-0"]
    assert len(metastudio.requests) == 2

    people = OverviewService(jobs, store)
    for ask in (people.waiting, people.recent):
        before = len(metastudio.requests)
        await ask(NOBODY, fresh=True)
        assert len(metastudio.requests) == before + 1


@pytest.mark.parametrize(("others", "requests"), [(1, 0), (99, 1)])
async def test_what_the_watcher_has_read(
    jobs: ProjectJobs, client: MetaStudio, metastudio: MetaStudioSimulator, others: int, requests: int
) -> None:
    """Its page of the list is enough where it holds the whole project; what changed last is in it anyway."""
    fill(metastudio, ours=1, others=others)
    await client.recent_jobs()
    metastudio.requests.clear()

    assert ids(await jobs.waiting()) == ["job-0"]
    await jobs.recent()
    assert len(metastudio.requests) == requests


async def test_an_earlier_answer_while_checks_fail(
    client: MetaStudio, store: Store, metastudio: MetaStudioSimulator
) -> None:
    """It says so; what MetaStudio answers now does not."""
    fill(metastudio, ours=1)
    jobs = ProjectJobs(client, store, fresh=LONG, checks_fail=lambda: True)

    for fresh, is_told in ((True, False), (False, True)):
        both = await jobs.waiting(fresh=fresh), await jobs.recent(fresh=fresh)
        assert [found.checks_fail for found in both] == [is_told, is_told]


async def test_not_from_before_a_change(
    jobs: ProjectJobs, store: Store, metastudio: MetaStudioSimulator
) -> None:
    """Once a change of a job was stored, which people may know of, no earlier answer is shown."""
    fill(metastudio, ours=1)
    await jobs.waiting()
    await keep(store, followed())
    metastudio.set_state("job-0", "AUDITING")

    assert ids(await jobs.waiting()) == []


@pytest.mark.parametrize(
    ("mode", "ours", "others", "requests", "found", "searched"),
    [
        ("exact", 3, 150, 1, 3, 0),
        ("exact", 150, 1, 2, 150, 0),
        ("exact", 350, 0, 3, 300, 300),
        ("ignored", 3, 150, 2, 3, 0),
        ("ignored", 3, 350, 3, 0, 300),
        ("refused", 3, 50, 2, 3, 0),
        ("refused", 3, 350, 4, 0, 300),
    ],
)
async def test_the_filter_is_never_trusted(
    jobs: ProjectJobs,
    metastudio: MetaStudioSimulator,
    mode: Any,
    ours: int,
    others: int,
    requests: int,
    found: int,
    searched: int,
) -> None:
    """Ignored or refused, the jobs that changed last are searched, three pages at most; that is told then."""
    metastudio.filter_modes["state"] = mode
    fill(metastudio, ours=ours, others=others)
    told = await jobs.waiting()

    assert (len(told.jobs), len(metastudio.requests)) == (found, requests)
    assert (told.is_complete, told.searched) == (searched == 0, searched)


async def test_short_pages(jobs: ProjectJobs, metastudio: MetaStudioSimulator) -> None:
    """A server may give less than was asked for: the next page begins where that one ended."""
    fill(metastudio, ours=120)
    rows = [metastudio.jobs[f"job-{number}"] for number in range(119, 69, -1)]
    metastudio.fail(Fault.raw(json.dumps({"count": 120, "jobs": rows}).encode()))
    found = await jobs.waiting()

    assert (len(found.jobs), found.is_complete) == (120, True)


async def test_a_page_that_comes_again(jobs: ProjectJobs, metastudio: MetaStudioSimulator) -> None:
    """Where the list does not go on, it is read no further, and no more is promised."""
    fill(metastudio, ours=100)
    page = json.dumps({"count": 500, "jobs": [*metastudio.jobs.values()]}).encode()
    metastudio.fail(Fault.raw(page), times=3)
    found = await jobs.waiting()

    assert (len(found.jobs), found.is_complete, len(metastudio.requests)) == (100, False, 2)


@pytest.mark.parametrize("mode", ["exact", "ignored", "refused"])
async def test_both_at_once(jobs: ProjectJobs, metastudio: MetaStudioSimulator, mode: Any) -> None:
    """Two requests are enough at the start, whatever the server does with the filter."""
    metastudio.filter_modes["state"] = mode
    fill(metastudio, ours=1, others=250)
    waiting, recent = await jobs.both()

    assert not isinstance(waiting, MetaStudioError)
    assert not isinstance(recent, MetaStudioError)
    assert waiting.is_complete is (mode == "exact")
    assert (ids(recent)[0], len(metastudio.requests)) == ("job-250", 2)

    await jobs.waiting()
    assert len(metastudio.requests) == {"exact": 2, "ignored": 5, "refused": 6}[mode], "not kept: searched on"


async def test_both_where_the_watcher_has_read(
    jobs: ProjectJobs, client: MetaStudio, metastudio: MetaStudioSimulator
) -> None:
    """Its page is what is searched at the start, where the filter is refused."""
    metastudio.filter_modes["state"] = "refused"
    fill(metastudio, ours=1, others=99)
    await client.recent_jobs()
    metastudio.requests.clear()
    await jobs.both()

    assert len(metastudio.requests) == 1


async def test_one_of_both_fails(jobs: ProjectJobs, metastudio: MetaStudioSimulator) -> None:
    """The other is told."""
    fill(metastudio, ours=1)
    metastudio.fail(REFUSED)
    both = await jobs.both()

    assert sorted(isinstance(each, MetaStudioError) for each in both) == [False, True]


@pytest.mark.parametrize(
    "fault",
    [
        REFUSED,
        Fault.error(401, "APIGW.0301"),
        Fault.error(400, "MSS.10000003"),
        Fault.error(500, "MSS.00000001"),
        Fault.error(503, "APIGW.0613"),
        Fault.throttled(),
        Fault.html(),
        Fault.broken_json(),
        Fault.not_an_object(),
        Fault.empty(),
        Fault.cut(),
        Fault.cut_midway(),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status} {fault.error_code}",
)
async def test_faults(jobs: ProjectJobs, metastudio: MetaStudioSimulator, fault: Fault) -> None:
    """Each is raised, and nothing of it is kept: the next one who asks gets an answer."""
    fill(metastudio, ours=1)
    metastudio.fail(fault, times=20)
    for ask in (jobs.waiting, jobs.recent):
        with pytest.raises(MetaStudioError):
            await ask()
    metastudio.heal()

    assert ids(await jobs.waiting()) == ids(await jobs.recent()) == ["job-0"]


async def test_nothing_personal_is_kept(jobs: ProjectJobs, metastudio: MetaStudioSimulator) -> None:
    """What is kept in memory has no field that is never shown."""
    metastudio.add_job(state="CREATING", phone="13800000000")

    assert "13800000000" not in repr(await jobs.waiting())
