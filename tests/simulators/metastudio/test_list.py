"""The MetaStudio simulator's list of jobs, seen by httpx and by the official SDK."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import httpx
import pytest

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, encode_query, signature, signed_names
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.metastudio.list import READERS, Orders
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import NO_CERTIFICATES

NOW = 1_767_323_045
"""2026-01-02T03:04:05Z, the moment of the documented signatures."""
HOST = "metastudio.cn-north-4.myhuaweicloud.com"
JOBS = f"/v1/{PROJECT_ID}/voice-training-manage/user/jobs"
OTHER_PROJECT = "fedcba9876543210fedcba9876543210"
TOKEN = "FIXEDTOKEN"

List = Callable[..., Coroutine[Any, Any, httpx.Response]]


class Clock:
    """A clock that a test moves, in epoch seconds."""

    now: float = NOW

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def metastudio(clock: Clock) -> AsyncIterator[MetaStudioSimulator]:
    others = {"cn-east-3": OTHER_PROJECT}
    async with MetaStudioSimulator(tokens={TOKEN}, other_projects=others, clock=clock) as running:
        yield running


@pytest.fixture
async def client(metastudio: MetaStudioSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=metastudio.url, verify=NO_CERTIFICATES) as opened:
        yield opened


@pytest.fixture
def ask(client: httpx.AsyncClient) -> List:
    """Ask for the list with the fixed token."""

    async def get(path: str = JOBS, **params: str | int) -> httpx.Response:
        query = encode_query([(name, str(value)) for name, value in params.items()])
        return await client.get(f"{path}?{query}", headers={"X-Auth-Token": TOKEN})

    return get


Ids = Callable[..., Coroutine[Any, Any, list[str]]]


@pytest.fixture
def ids(ask: List) -> Ids:
    """Ask for the list and return the ids of its jobs."""

    async def get(**params: str | int) -> list[str]:
        answer = await ask(**params)
        assert answer.status_code == 200, answer.text
        return [job["job_id"] for job in answer.json()["jobs"]]

    return get


@pytest.fixture
def show(client: httpx.AsyncClient) -> List:
    """Ask for one job with the fixed token."""

    async def get(job_id: str) -> httpx.Response:
        return await client.get(f"{JOBS}/{job_id}", headers={"X-Auth-Token": TOKEN})

    return get


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def signed(target: str, query: str = "", **headers: str) -> dict[str, str]:
    """Sign a request for a target; what is sent may have another query."""
    moment = datetime.fromtimestamp(NOW, UTC).strftime(DATE_FORMAT)
    sent = {"Host": HOST, "X-Project-Id": PROJECT_ID, "X-Sdk-Date": moment} | headers
    made = signature(SECRET_KEY, method="GET", target=f"{target}{query}", headers=sent, date=moment)
    names = signed_names(sent)
    return sent | {
        "Authorization": f"{ALGORITHM} Access={ACCESS_KEY}, SignedHeaders={names}, Signature={made}"
    }


class TestPages:
    """Which jobs come, how many, and in which order."""

    async def test_jobs_are_those_of_show(
        self, metastudio: MetaStudioSimulator, ask: List, show: List
    ) -> None:
        """An item of the list is exactly what Show answers, Chinese unescaped, and no job is no error."""
        assert (await ask()).json() == {"count": 0, "jobs": []}

        job = metastudio.add_job(state="FAILED")
        answer = await ask()

        assert answer.json() == {"count": 1, "jobs": [job]}
        assert answer.json()["jobs"][0] == (await show(job["job_id"])).json()
        assert "女声" in answer.text

    async def test_page_is_10_at_first(self, metastudio: MetaStudioSimulator, ask: List) -> None:
        """Unasked there are 10 jobs from the newest on, and the count is of all that match."""
        for number in range(25):
            metastudio.add_job(job_id=f"job-{number}", create_time=NOW + number)
        answer = (await ask()).json()

        assert answer["count"] == 25
        assert [job["job_id"] for job in answer["jobs"]] == [f"job-{number}" for number in range(24, 14, -1)]

    async def test_pages_follow_each_other(self, metastudio: MetaStudioSimulator, ids: Ids) -> None:
        """Offset and limit cut the sorted list, and beyond its end there is nothing."""
        for number in range(7):
            metastudio.add_job(job_id=f"job-{number}", create_time=NOW + number)
        pages = [await ids(offset=offset, limit=3, sort_dir="asc") for offset in (0, 3, 6, 7, 2147483647)]

        assert [len(found) for found in pages] == [3, 3, 1, 0, 0]
        assert sum(pages, []) == list(metastudio.jobs)  # noqa: RUF017 - five pages

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, "cab"),
            ({"sort_key": "create_time"}, "cab"),
            ({"sort_key": "ceate_time"}, "cab"),
            ({"sort_dir": "asc"}, "bac"),
            ({"sort_key": "update_time"}, "bca"),
            ({"sort_key": "update_time", "sort_dir": "asc"}, "acb"),
        ],
    )
    async def test_order(
        self, metastudio: MetaStudioSimulator, ids: Ids, asked: dict[str, str], expected: str
    ) -> None:
        """Jobs are sorted by the time of creation, misspelt or not, or of the last update; newest first."""
        for job_id, created, updated in [("a", 20, 1), ("b", 10, 3), ("c", 30, 2)]:
            metastudio.add_job(job_id=job_id, create_time=created, lastupdate_time=updated)

        assert await ids(**asked) == list(expected)

    async def test_equal_times(self, metastudio: MetaStudioSimulator, ids: Ids) -> None:
        """Of jobs with equal times the newest added is the first when descending, the last when ascending."""
        for job_id in "abc":
            metastudio.add_job(job_id=job_id)

        assert await ids() == ["c", "b", "a"]
        assert await ids(sort_dir="asc", sort_key="update_time") == ["a", "b", "c"]

    async def test_order_follows_changes(self, metastudio: MetaStudioSimulator, ids: Ids) -> None:
        """The order is right after a job was changed by a call, by hand, put in by hand, or taken out."""
        for number, job_id in enumerate("abc"):
            metastudio.add_job(job_id=job_id, create_time=number, lastupdate_time=number)
        orders = [await ids(sort_key="update_time")]
        metastudio.set_state("a", "FAILED")
        orders.append(await ids(sort_key="update_time"))
        metastudio.jobs["b"]["lastupdate_time"] = NOW + 1
        orders.append(await ids(sort_key="update_time"))
        metastudio.jobs["d"] = {"job_id": "d", "state": "SUCCEED", "lastupdate_time": NOW + 2}
        orders.append(await ids(sort_key="update_time"))
        del metastudio.jobs["b"]
        orders.append(await ids(sort_key="update_time"))

        assert orders == [list(order) for order in ("cba", "acb", "bac", "dbac", "dac")]

    async def test_fields_follow_changes(self, metastudio: MetaStudioSimulator, ask: List) -> None:
        """What a test writes into a job is in the next answer."""
        job = metastudio.add_job()
        await ask()
        job["voice_name"] = "other"

        assert (await ask()).json()["jobs"] == [job]

    async def test_unreadable_times_are_the_oldest(self, metastudio: MetaStudioSimulator, ids: Ids) -> None:
        """A job without a time, or with one that is no number, does not spoil the list."""
        metastudio.add_job(job_id="a", create_time=None)
        metastudio.add_job(job_id="b")
        metastudio.add_job(job_id="c", create_time="yesterday")

        assert await ids() == ["b", "c", "a"]
        assert await ids(create_since="1970-01-01T00:00:00Z") == ["b"]
        assert await ids(create_until="2038-01-19T03:14:07Z") == ["b"]

    async def test_deleted_job_vanishes(self, metastudio: MetaStudioSimulator, ids: Ids, show: List) -> None:
        """A deleted job is in the list no more, and Show does not find it."""
        metastudio.add_job(job_id="a")
        metastudio.add_job(job_id="b")
        metastudio.delete("a")

        assert await ids() == ["b"]
        assert refusal(await show("a")) == (404, "MSS.41000003")

    async def test_thousands_cost_little(self, metastudio: MetaStudioSimulator, ask: List) -> None:
        """A page of 100 costs not much more with 6,000 jobs than with 100: most of it is HTTP."""
        chance = random.Random(1)  # noqa: S311 - reproducible

        async def seconds(jobs: int) -> float:
            while len(metastudio.jobs) < jobs:
                metastudio.add_job(lastupdate_time=chance.randrange(NOW))
            times = []
            for offset in range(0, min(2000, jobs), 100):
                started = time.perf_counter()
                await ask(offset=offset, limit=100, sort_key="update_time")
                times.append(time.perf_counter() - started)
            return min(times)

        few = min([await seconds(100) for _ in range(20)])
        many = min([await seconds(6000) for _ in range(5)])  # a busy moment may outlast one round

        assert many < 3 * few

    def test_orders_are_remembered(self) -> None:
        """Thousands of jobs whose times have not changed are not sorted again."""
        chance = random.Random(1)  # noqa: S311 - reproducible
        jobs = [{"create_time": chance.randrange(NOW)} for _ in range(6000)]
        orders = Orders()

        def seconds(used: Orders) -> float:
            started = time.perf_counter()
            used.sort(jobs, "create_time", descending=True)
            return time.perf_counter() - started

        anew = min(seconds(Orders()) for _ in range(20))
        again = [seconds(orders) for _ in range(21)][1:]

        assert min(again) < anew / 1.5


class TestFilters:
    """Which jobs a parameter lets through."""

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"state": "FAILED"}, ["a"]),
            ({"state": "FAILED,SUCCEED"}, ["a", "b"]),
            ({"state": "NEW_ONE"}, ["d"]),
            ({"job_id": "c"}, ["c"]),
            ({"job_id": "none"}, []),
            ({"voice_name": "女声 a~b+c"}, ["b"]),
            ({"voice_name": "女声 a"}, []),
            ({"tag": "NEWS"}, ["c"]),
            ({"batch_name": "batch"}, ["a"]),
            ({"job_type": "FLEXUS"}, ["b"]),
            ({"is_ondemand_resource": "true"}, ["c"]),
            ({"is_ondemand_resource": "false"}, ["a", "b", "d"]),
            ({"state": "FAILED,SUCCEED,CREATING", "tag": "ECOMMERCE", "job_type": "BASIC"}, ["a"]),
            ({"unknown": "parameter"}, ["a", "b", "c", "d"]),
        ],
    )
    async def test_texts(
        self, metastudio: MetaStudioSimulator, ids: Ids, asked: dict[str, str], expected: list[str]
    ) -> None:
        """Texts match exactly, several states are alternatives, parameters narrow each other."""
        metastudio.add_job(job_id="a", state="FAILED", batch_name="batch")
        metastudio.add_job(job_id="b", state="SUCCEED", voice_name="女声 a~b+c", job_type="FLEXUS")
        metastudio.add_job(job_id="c", state="CREATING", tag="NEWS", is_ondemand_resource=True)
        metastudio.add_job(job_id="d", state="NEW_ONE", is_ondemand_resource=False)

        assert await ids(sort_dir="asc", **asked) == expected

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"create_since": "2026-01-02T03:04:05Z"}, ["b", "c"]),
            ({"create_since": "2026-01-02T03:04:05.1Z"}, ["c"]),
            ({"create_until": "2026-01-02T11:04:05+08:00"}, ["a", "b"]),
            ({"create_until": "2026-01-02T03:04:04Z"}, ["a"]),
            ({"update_since": "2026-01-02T03:05:45Z"}, ["a", "b"]),
            ({"update_until": "2026-01-02T03:05:45Z"}, ["b", "c"]),
            ({"update_since": "2026-01-02T03:05:45Z", "update_until": "2026-01-02T03:05:45Z"}, ["b"]),
        ],
    )
    async def test_times(
        self, metastudio: MetaStudioSimulator, ids: Ids, asked: dict[str, str], expected: list[str]
    ) -> None:
        """Bounds are RFC 3339, inclusive, and of the creation or of the last change of state."""
        for job_id, after in [("a", -1), ("b", 0), ("c", 1)]:
            metastudio.add_job(job_id=job_id, create_time=NOW + after, lastupdate_time=NOW + 100 - after)

        assert await ids(sort_dir="asc", **asked) == expected

    async def test_count_is_of_the_matches(self, metastudio: MetaStudioSimulator, ask: List) -> None:
        """The count leaves out what does not match, and not what is on another page."""
        for state in ["FAILED", "WAITING"] * 5:
            metastudio.add_job(state=state)
        answer = (await ask(state="FAILED", limit=2, offset=1)).json()

        assert (answer["count"], len(answer["jobs"])) == (5, 2)

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("offset", ["-1", "2147483648", "", "1.0", "\uff11", "+1", "0x1", "99999999999"]),
            ("limit", ["0", "101", "", "ten"]),
            ("create_since", ["", "1767323045", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z"]),
            ("create_until", ["2026-01-02 03:04:05Z"]),
            ("update_since", ["2026-01-02T03:04:05+99:00"]),
            ("update_until", ["2026-01-02T03:04:05 08:00"]),
            ("state", ["", "FAILED,", ","]),
            ("job_id", ["", "a.b", "a" * 65]),
            ("voice_name", [""]),
            ("tag", [""]),
            ("batch_name", [""]),
            ("job_type", [""]),
            ("sort_key", ["", "voice_name", "lastupdate_time"]),
            ("sort_dir", ["", "DESC", "up"]),
            ("is_ondemand_resource", ["", "1", "yes"]),
        ],
    )
    async def test_unreadable_values(self, ask: List, name: str, values: list[str]) -> None:
        """A value that is out of its range, or no value at all, is refused and named."""
        answers = [await ask(**{name: value}) for value in values]

        assert [refusal(answer) for answer in answers] == [(400, "MSS.10000003")] * len(values)
        assert all(name in answer.json()["error_msg"] for answer in answers)

    async def test_outermost_values(self, ask: List) -> None:
        """The ends of the ranges are in them."""
        asked: list[dict[str, int]] = [{"offset": 0, "limit": 1}, {"offset": 2147483647, "limit": 100}]

        assert [(await ask(**each)).status_code for each in asked] == [200, 200]

    async def test_moment_with_a_bare_plus(self, client: httpx.AsyncClient) -> None:
        """A plus that is not encoded is a blank, so such a moment is refused."""
        path = f"{JOBS}?create_since=2026-01-02T03:04:05+08:00"

        assert refusal(await client.get(path, headers={"X-Auth-Token": TOKEN})) == (400, "MSS.10000003")


class TestCallers:
    """Who may ask, and how the query is part of the signature."""

    @pytest.mark.parametrize(
        "query",
        [
            "?limit=100&offset=0&sort_dir=desc&sort_key=update_time&state=FAILED%2CWAITING",
            "?state=FAILED,WAITING&sort_key=update_time&sort_dir=desc&offset=0&limit=100",
        ],
    )
    async def test_documented_signature(self, client: httpx.AsyncClient, query: str) -> None:
        """The signature that the official signer makes is accepted, in whatever order and form it is sent."""
        made = "d9bfb4dd4d7efadbdfb9634d3ced321cba18af9336329e4dcd1982b38263bb3f"
        headers = signed(JOBS)
        headers["Authorization"] = headers["Authorization"].rpartition("=")[0] + f"={made}"

        assert (await client.get(JOBS + query, headers=headers)).status_code == 200

    @pytest.mark.parametrize(
        ("made_for", "sent"),
        [("", "?limit=1"), ("?limit=1", ""), ("?limit=1", "?limit=2"), ("?limit=1", "?limit=1&offset=0")],
    )
    async def test_query_is_signed(self, client: httpx.AsyncClient, made_for: str, sent: str) -> None:
        """A signature that was made for another query is refused."""
        right = await client.get(JOBS + sent, headers=signed(JOBS, sent))
        wrong = await client.get(JOBS + sent, headers=signed(JOBS, made_for))

        assert right.status_code == 200
        assert refusal(wrong) == (401, "APIGW.0301")

    async def test_refusals_are_those_of_show(self, client: httpx.AsyncClient) -> None:
        """No credentials, a wrong project, a Chinese app user and another method are refused."""
        token = {"X-Auth-Token": TOKEN}
        elsewhere = JOBS.replace(PROJECT_ID, OTHER_PROJECT)
        chinese = [(b"X-Auth-Token", TOKEN.encode()), (b"X-App-UserId", "用户".encode())]
        answers = [
            await client.get(JOBS),
            await client.get(JOBS, headers={"X-Auth-Token": "other"}),
            await client.get(elsewhere, headers=token),
            await client.get(JOBS, headers=chinese),
            await client.post(JOBS, headers=token),
        ]
        codes = ["APIGW.0301", "APIGW.0307", "MSS.00010009", "MSS.00000003", "MSS.00010004"]

        assert [refusal(answer)[1] for answer in answers] == codes
        assert (await client.head(JOBS, headers=token)).status_code == 400

    async def test_other_project_has_no_jobs(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient
    ) -> None:
        """The list of another project of the account is empty."""
        metastudio.add_job()
        elsewhere = JOBS.replace(PROJECT_ID, OTHER_PROJECT)
        headers = signed(elsewhere, **{"X-Project-Id": OTHER_PROJECT})

        assert (await client.get(elsewhere, headers=headers)).json() == {"count": 0, "jobs": []}

    async def test_app_user_is_no_filter(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient
    ) -> None:
        """An app user gets every job, as no page says otherwise."""
        metastudio.add_job(app_user_id="somebody")
        headers = {"X-Auth-Token": TOKEN, "X-App-UserId": "nobody"}

        assert (await client.get(JOBS, headers=headers)).json()["count"] == 1


class TestStaleness:
    """The list beside the truth, on request."""

    async def test_unsorted(self, metastudio: MetaStudioSimulator, ids: Ids) -> None:
        """An unsorted list has the order of adding whatever is asked, and still filters and pages."""
        for number, job_id in enumerate("cab"):
            metastudio.add_job(job_id=job_id, create_time=100 - number, tag="NEWS" if job_id == "a" else None)
        metastudio.list_unsorted = True

        assert (
            await ids() == await ids(sort_dir="asc") == await ids(sort_key="update_time") == ["c", "a", "b"]
        )
        assert await ids(tag="NEWS") == ["a"]
        assert await ids(offset=2) == ["b"]

    async def test_frozen(self, metastudio: MetaStudioSimulator, ask: List, ids: Ids, show: List) -> None:
        """A frozen list knows of no change, inner ones included, until it is thawed; Show does."""
        metastudio.add_job(job_id="a", allocated_resource={"charge_mode": "PERIODIC"})
        metastudio.add_job(job_id="b")
        before = (await ask()).json()
        metastudio.freeze_list()
        metastudio.set_state("a", "FAILED")
        metastudio.jobs["a"]["allocated_resource"]["charge_mode"] = "ONE_TIME"
        metastudio.delete("b")
        metastudio.add_job(job_id="c")

        assert (await ask()).json() == before
        assert (await show("a")).json()["state"] == "FAILED"
        assert refusal(await show("b")) == (404, "MSS.41000003")

        metastudio.thaw_list()

        assert await ids() == ["c", "a"]
        assert (await ask(job_id="a")).json()["jobs"] == [metastudio.jobs["a"]]

    async def test_hidden(self, metastudio: MetaStudioSimulator, ask: List, ids: Ids, show: List) -> None:
        """A hidden job is not in the list, nor counted, and Show has it."""
        for job_id in "abc":
            metastudio.add_job(job_id=job_id)
        metastudio.hidden.add("b")

        assert await ids() == ["c", "a"]
        assert (await ask(job_id="b")).json() == {"count": 0, "jobs": []}
        assert (await show("b")).status_code == 200

        metastudio.hidden.clear()

        assert await ids() == ["c", "b", "a"]


class TestLag:
    """A list that is late."""

    async def test_every_change_is_late(
        self, metastudio: MetaStudioSimulator, clock: Clock, ask: List, show: List
    ) -> None:
        """A job that is added, changed or deleted is listed as such only so many seconds later."""
        metastudio.add_job(job_id="a", state="WAITING")
        metastudio.add_job(job_id="b", state="WAITING")
        metastudio.list_lag = 30
        clock.now += 10
        metastudio.set_state("a", "PROCESSING")
        clock.now += 10
        metastudio.delete("b")
        metastudio.add_job(job_id="c")
        seen = []
        for ahead in (1, 18, 1, 9, 1):
            clock.now += ahead
            jobs = (await ask(sort_dir="asc")).json()["jobs"]
            seen.append([(job["job_id"], job["state"]) for job in jobs])

        old, new = ("a", "WAITING"), ("a", "PROCESSING")
        gone, come = ("b", "WAITING"), ("c", "CREATING")
        assert seen == [[old, gone], [old, gone], [new, gone], [new, gone], [new, come]]
        assert (await show("a")).json()["state"] == "PROCESSING"
        assert metastudio.list_lag == 30

    async def test_changes_in_between_are_seen(
        self, metastudio: MetaStudioSimulator, clock: Clock, ask: List
    ) -> None:
        """A late list goes through the same states as the job did."""
        job = metastudio.add_job(job_id="a", state="WAITING")
        metastudio.list_lag = 30
        states = []
        for _ in range(6):
            clock.now += 10
            if job["state"] != "SUCCEED":
                metastudio.advance("a")
            states.append((await ask()).json()["jobs"][0]["state"])

        assert states == ["WAITING"] * 3 + ["PROCESSING", "RESULT_REVIEW", "UPLOADING"]

    async def test_change_by_hand(self, metastudio: MetaStudioSimulator, clock: Clock, ids: Ids) -> None:
        """What is changed in the jobs themselves is late from the next request for the list."""
        metastudio.add_job(job_id="a")
        metastudio.add_job(job_id="b")
        metastudio.list_lag = 30
        metastudio.jobs["a"]["tag"] = "NEWS"
        del metastudio.jobs["b"]

        assert (await ids(tag="NEWS"), await ids()) == ([], ["b", "a"])

        clock.now += 30

        assert (await ids(tag="NEWS"), await ids()) == (["a"], ["a"])

    async def test_lag_can_change(self, metastudio: MetaStudioSimulator, clock: Clock, ids: Ids) -> None:
        """A shorter lag brings changes forward, none shows everything, and all that was before it."""
        metastudio.list_lag = 30
        metastudio.add_job(job_id="a")
        clock.now += 10
        metastudio.add_job(job_id="b")

        assert await ids() == []

        metastudio.list_lag = 10

        assert await ids() == ["a"]

        metastudio.list_lag = 0

        assert await ids() == ["b", "a"]

        metastudio.add_job(job_id="c")
        metastudio.list_lag = 30

        assert await ids() == ["c", "b", "a"]

    async def test_frozen_meanwhile(self, metastudio: MetaStudioSimulator, clock: Clock, ids: Ids) -> None:
        """A late list that is frozen keeps what it shows, and is late again once it is thawed."""
        metastudio.list_lag = 30
        metastudio.add_job(job_id="a")
        metastudio.freeze_list()
        clock.now += 20
        metastudio.add_job(job_id="b")
        clock.now += 10

        assert await ids() == []

        metastudio.thaw_list()

        assert await ids() == ["a"]


class TestFaults:
    """Faults aimed at one call, and by chance."""

    async def test_aimed(self, metastudio: MetaStudioSimulator, ask: List, show: List) -> None:
        """A fault for one call waits for it, one for jobs takes whichever comes, in the order asked for."""
        metastudio.add_job(job_id="a")
        metastudio.fail(Fault.error(500, "APIGW.0601"), on="list")
        metastudio.fail(Fault.error(502, "APIGW.0201"), on="show", times=2)
        metastudio.fail(Fault.throttled())
        shown = [(await show("a")).status_code for _ in range(4)]
        listed = [(await ask()).status_code for _ in range(2)]

        assert (shown, listed) == ([502, 502, 429, 200], [500, 200])

    async def test_every_kind_meets_the_list(self, metastudio: MetaStudioSimulator, ask: List) -> None:
        """The list can be cut and be broken like Show, and healed."""
        metastudio.fail(Fault.cut_midway(), on="list")
        metastudio.fail(Fault.not_an_object(), on="list")
        metastudio.fail(Fault.hang(), on="list", times=9)

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await ask()
        assert (await ask()).json() == []

        metastudio.heal()

        assert (await ask()).status_code == 200

    async def test_chaos(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, ask: List, show: List
    ) -> None:
        """Chaos is asked for each jobs request for which no fault was asked, and for no other."""
        metastudio.add_job(job_id="a")
        asked: list[str] = []

        def chaos(api: str) -> Fault | None:
            asked.append(api)
            return Fault.error(500, "APIGW.0601") if api == "list" else None

        metastudio.chaos = chaos
        metastudio.fail(Fault.throttled(), on="show")
        statuses = [(await each).status_code for each in (show("a"), show("a"), ask(), client.get("/"))]
        await client.post("/v3/auth/tokens")

        assert (statuses, asked) == ([429, 200, 500, 404], ["show", "list"])


class TestThrottling:
    """The limit of requests per second."""

    async def test_sliding_second(
        self, metastudio: MetaStudioSimulator, clock: Clock, ask: List, show: List
    ) -> None:
        """Show and List together are admitted so often in any second; what is refused does not count."""
        metastudio.add_job(job_id="a")
        metastudio.requests_per_second = 2
        statuses = []
        for ahead in (0, 0.5, 0.4, 0.1, 0.1, 0.4):
            clock.now += ahead
            statuses.append([(await ask()).status_code, (await show("a")).status_code])

        assert statuses == [[200, 200], [429, 429], [429, 429], [200, 200], [429, 429], [429, 429]]
        assert metastudio.throttled == 8

    async def test_answer(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, ask: List
    ) -> None:
        """A throttled request is answered at once and spends no fault; IAM is not throttled."""
        metastudio.requests_per_second = 0
        metastudio.latency = 60
        metastudio.fail(Fault.error(500, "APIGW.0601"))
        answer = await ask()
        metastudio.requests_per_second, metastudio.latency = None, 0

        assert refusal(answer) == (429, "APIGW.0308")
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
        assert [(await ask()).status_code for _ in range(2)] == [500, 200]
        assert (await client.post("/v3/auth/tokens")).status_code == 400
        assert metastudio.throttled == 1

    async def test_clock_put_back(self, metastudio: MetaStudioSimulator, clock: Clock, ask: List) -> None:
        """Requests from a time that has not come yet hold up nobody."""
        metastudio.requests_per_second = 1
        first = await ask()
        clock.now -= 3600

        assert (first.status_code, (await ask()).status_code) == (200, 200)

    async def test_requests_are_counted(
        self, metastudio: MetaStudioSimulator, client: httpx.AsyncClient, ask: List, show: List
    ) -> None:
        """Each call has its count, whatever it was answered; other paths and methods have none."""
        metastudio.fail(Fault.throttled())
        for request in (ask(), show("none"), show("a.b"), client.get("/"), client.post(JOBS)):
            await request
        await client.get("/v3/auth/tokens")
        await client.post("/v3/auth/tokens")

        counts = (
            metastudio.requests_to("list"),
            metastudio.requests_to("show"),
            metastudio.requests_to("iam"),
        )
        assert counts == (1, 2, 1)
        assert metastudio.token_requests == 1
        assert [seen.api for seen in metastudio.requests][3:6] == [None, None, None]


class Sdk:
    """The official SDK as a client of the list. It blocks, so it runs beside the event loop."""

    def __init__(self) -> None:
        self._credentials = import_module("huaweicloudsdkcore.auth.credentials")
        self._v1 = import_module("huaweicloudsdkmetastudio.v1")

    @property
    def parameters(self) -> set[str]:
        """The parameters that the SDK knows."""
        return set(self._v1.ListVoiceTrainingJobRequest.attribute_map.values())

    async def list(self, metastudio: MetaStudioSimulator, **given: Any) -> Any:
        """Call ListVoiceTrainingJob."""
        return await asyncio.to_thread(
            self._list, metastudio.url, self._v1.ListVoiceTrainingJobRequest(**given)
        )

    def _list(self, url: str, request: Any) -> Any:
        credentials = self._credentials.BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT_ID)
        builder = self._v1.MetaStudioClient.new_builder().with_credentials(credentials)
        client = builder.with_endpoint(url).build()
        try:
            return client.list_voice_training_job(request)
        finally:
            client.close()


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield Sdk()


class TestOfficialSdk:
    """What the official SDK makes of the list."""

    def test_parameters(self, sdk: Sdk) -> None:
        """The simulator reads every parameter that the SDK knows, and no other."""
        assert sdk.parameters == {*READERS, "X-App-UserId"}

    async def test_reads_pages(self, sdk: Sdk, metastudio: MetaStudioSimulator, clock: Clock) -> None:
        """The SDK pages through the list and reads every job whole."""
        clock.now = time.time()
        jobs = [metastudio.add_job(voice_name=f"女声 {number}", create_time=number) for number in range(1, 6)]
        pages = [
            await sdk.list(metastudio, offset=offset, limit=2, sort_key="create_time", sort_dir="asc")
            for offset in (0, 2, 4)
        ]

        assert [answer.count for answer in pages] == [5, 5, 5]
        assert [job for answer in pages for job in answer.to_json_object()["jobs"]] == jobs
        assert [job.voice_name for job in pages[0].jobs] == ["女声 1", "女声 2"]

    async def test_asks_with_every_parameter(
        self, sdk: Sdk, metastudio: MetaStudioSimulator, clock: Clock
    ) -> None:
        """The SDK's way to write and to sign each parameter is understood, and unknown jobs are not found."""
        clock.now = time.time()
        job = metastudio.add_job(
            job_id="a", state="FAILED", voice_name="女声 a~b", batch_name="b,c", is_ondemand_resource=True
        )
        early, late = "2020-01-01T00:00:00+08:00", "2038-01-01T00:00:00Z"
        given = {
            "offset": 0,
            "limit": 100,
            "state": "FAILED,WAITING",
            "job_id": "a",
            "sort_key": "update_time",
            "sort_dir": "desc",
            "is_ondemand_resource": True,
            "x_app_user_id": "user-1",
            **{name: job[name] for name in ("voice_name", "batch_name", "tag", "job_type")},
            **dict.fromkeys(("create_since", "update_since"), early),
            **dict.fromkeys(("create_until", "update_until"), late),
        }
        found = await sdk.list(metastudio, **given)
        none = await sdk.list(metastudio, **given | {"job_id": "none"})

        assert found.to_json_object()["jobs"] == [job]
        assert (none.count, none.jobs) == (0, [])
