"""Scans of the list of jobs: how far they go, and what they can be trusted for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.subscriptions import Level, Subscription
from bot.watch.list_scan import (
    ListScan,
    Strategy,
    cross_checks,
    is_doubtful,
    last_change,
    next_since,
    strategy,
)
from tests.profiles import examples

NOW = 1767323045


def job_of(name: str, time: int | None = NOW, state: str = "WAITING", times: int | None = None) -> Job:
    return Job(job_id=name, state=state, reject_times=times, lastupdate_time=time)


def page_of(*jobs: Job, count: int | None = None) -> Page:
    return Page(jobs, count, len(jobs))


def full_page(first: int, newest: int) -> list[Job]:
    """Make a full page of jobs nobody follows, one second apart."""
    return [job_of(f"other-{first + number}", newest - number) for number in range(PAGE_SIZE)]


def subscription_to(job: Job, **given: Any) -> Subscription:
    return Subscription(
        team_id="T1",
        channel_id="C1",
        job_id=job.job_id or "",
        level=Level.ALL,
        subscribed_by="U1",
        subscribed_at=NOW,
        job=job,
        **given,
    )


def scan_of(known: dict[str, int | None], since: int | None, *pages: Page) -> ListScan:
    scan = ListScan(known, since)
    for page in pages:
        scan.add(page)
    return scan


@pytest.mark.parametrize(
    ("followed", "pages", "is_suspended", "chosen"),
    [
        (1, 1, False, Strategy.ONE_BY_ONE),
        (4, 1, False, Strategy.ONE_BY_ONE),
        (5, 1, False, Strategy.LIST),
        (5, 2, False, Strategy.ONE_BY_ONE),
        (6, 2, False, Strategy.LIST),
        (1000, 1, False, Strategy.LIST),
        (1000, 1, True, Strategy.ONE_BY_ONE),
        (1000, 997, False, Strategy.ONE_BY_ONE),
    ],
)
def test_which_costs_fewer(followed: int, pages: int, is_suspended: bool, chosen: Strategy) -> None:  # noqa: FBT001
    """The list is read where its pages and the checks beside it are fewer than the jobs."""
    assert strategy(followed=followed, pages=pages, is_suspended=is_suspended) is chosen


class TestScan:
    """What pages make of a scan."""

    def test_keeps_what_is_followed(self) -> None:
        """Of a page, the followed jobs are kept, and the times of all."""
        jobs = [job_of("a", NOW), job_of("x", NOW - 1), job_of("b", NOW - 2), job_of("y", NOW - 9)]
        scan = scan_of({"a": 1, "b": None, "c": 1}, None, page_of(*jobs, count=77))

        assert scan.found == {"a": jobs[0], "b": jobs[2]}
        assert (scan.newest, scan.oldest, scan.count, scan.pages) == (NOW, NOW - 9, 77, 1)

    def test_pages_overlap(self) -> None:
        """The next page begins five jobs before the end of the last one, and always further on."""
        scan = scan_of({"a": 1}, None, page_of(*full_page(0, NOW)))
        assert scan.offset == 95

        scan.add(page_of(*full_page(95, NOW - 95)))
        assert scan.offset == 190
        assert scan.is_in_order

        scan.add(Page(tuple(full_page(190, NOW - 190)[:3]), None, PAGE_SIZE))
        assert scan.offset == 285

        scan.add(page_of(job_of("end", 1)))
        assert scan.offset == 286

    @pytest.mark.parametrize(
        ("first", "second", "state"),
        [
            ((NOW, "A"), (NOW - 5, "B"), "A"),
            ((NOW, "A"), (NOW, "A"), "A"),
            ((NOW, "A"), (NOW, "B"), None),
            ((None, "A"), (None, "B"), None),
            ((NOW, "A"), (None, "B"), None),
            ((None, "A"), (NOW, "B"), None),
            ((None, "A"), (NOW, "A"), "A"),
            ((NOW - 5, "A"), (NOW, "B"), "B"),
        ],
    )
    def test_the_newest_of_two_copies_counts(
        self, first: tuple[int | None, str], second: tuple[int | None, str], state: str | None
    ) -> None:
        """A job that is met twice is the newer one; where that is open, the job itself has to be asked."""
        copies = [job_of("a", *first), job_of("a", *second)]
        for pages in ([page_of(*copies)], [page_of(job) for job in copies]):
            assert scan_of({"a": 1, "b": 1}, None, *pages).found["a"].state == state

    @pytest.mark.parametrize(
        ("pages", "is_in_order"),
        [
            ([[9, 8, 8, 1]], True),
            ([[]], True),
            ([[8, 9]], False),
            ([[9, 8], [7, 6]], True),
            ([[9, 8], [8, 8]], True),
            ([[9, 7], [8, 6]], False),
            ([[9, 7], [10, 6]], False),
            ([[8, 9], [7, 6]], False),
            ([[9, None, 8]], True),
            ([[None]], True),
            ([[8, None, 9]], False),
        ],
    )
    def test_order(self, pages: list[list[int | None]], is_in_order: bool) -> None:  # noqa: FBT001  a column
        """The newest change comes first, across pages too; a job without a time leaves it open."""
        scan = ListScan({"followed": 1}, None)
        for number, times in enumerate(pages):
            scan.add(page_of(*(job_of(f"{number}-{at}", time) for at, time in enumerate(times))))

        assert scan.is_in_order is is_in_order

    @pytest.mark.parametrize(
        ("pages", "is_over"),
        [
            ([(100, 99, None)], False),
            ([(100, 0, None)], False),
            ([(99, 99, None)], True),
            ([(50, 50, 300)], False),
            ([(50, 50, 50)], True),
            ([(100, 100, 300), (50, 50, 300)], False),
            ([(100, 100, 145), (50, 50, 145)], True),
            ([(50, 50, 300), (5, 0, 300)], True),
            ([(50, 50, 300), (0, 0, 300)], True),
        ],
    )
    def test_end_of_the_list(self, pages: list[tuple[int, int, int | None]], is_over: bool) -> None:  # noqa: FBT001  a column
        """A page is short by its rows, be they jobs or not, and the count has to agree, if it is there."""
        scan = ListScan({"followed": 1}, None)
        for number, (rows, jobs, count) in enumerate(pages):
            shown = full_page(1000 * number, NOW - 1000 * number)[:jobs]
            scan.add(Page(tuple(shown), count, rows))

        assert scan.is_over is is_over

    @pytest.mark.parametrize(
        ("known", "since", "jobs", "is_over"),
        [
            (["a"], None, full_page(0, NOW), False),
            (["a"], None, full_page(0, NOW)[:-1], True),
            (["a"], None, [], True),
            (["a"], None, [*full_page(0, NOW)[:-1], job_of("a", 1)], True),
            (["a", "b"], None, [*full_page(0, NOW)[:-1], job_of("a", 1)], False),
            (["a"], NOW - 99, full_page(0, NOW), False),
            (["a"], NOW - 98, full_page(0, NOW), True),
            (["a"], NOW - 1000, full_page(0, NOW), False),
            (["a"], None, full_page(0, NOW)[::-1], True),
        ],
        ids=["full", "short", "empty", "met", "one unmet", "at since", "beyond", "not yet", "no order"],
    )
    def test_end(self, known: list[str], since: int | None, jobs: list[Job], is_over: bool) -> None:  # noqa: FBT001
        """It is over at the end, past the given time, with every job met, or when it makes no sense."""
        scan = scan_of(dict.fromkeys(known, 1), since, page_of(*jobs))

        assert scan.is_over is is_over
        assert scan.at_end is (len(jobs) < PAGE_SIZE)

    @pytest.mark.parametrize(
        ("known", "jobs", "missing"),
        [
            (NOW, full_page(0, NOW), ["a"]),
            (NOW - 98, full_page(0, NOW), ["a"]),
            (NOW - 99, full_page(0, NOW), []),
            (None, full_page(0, NOW), []),
            (None, full_page(0, NOW)[1:], ["a"]),
            (1, full_page(0, NOW)[1:], ["a"]),
            (1, [job_of("a")], []),
            (1, [], ["a"]),
        ],
    )
    def test_missing(self, known: int | None, jobs: list[Job], missing: list[str]) -> None:
        """Unmet is missing at the end of the list, or if it changed later than the oldest that was met."""
        assert scan_of({"a": known}, NOW - 50, page_of(*jobs)).missing == missing


class TestTrust:
    """What a list that lags behind, or hides jobs, is found out by."""

    @pytest.mark.parametrize(
        ("shown", "known", "itself", "hides"),
        [
            (job_of("a", 50), 50, job_of("a", 50), False),
            (job_of("a", 50), 50, job_of("a", 50, "PROCESSING"), True),
            (job_of("a", 50, times=1), 50, job_of("a", 50, times=2), True),
            (job_of("a", 50, "PROCESSING"), 50, job_of("a", 40), False),
            (job_of("a", 50, times=2), 50, job_of("a", None, times=1), False),
            (job_of("a", 50), 50, job_of("a", 101, "PROCESSING"), False),
            (job_of("a", 50), 50, job_of("a", 100, "PROCESSING"), True),
            (job_of("a", 50), 60, job_of("a", 101, "PROCESSING"), True),
            (job_of("a", None), 60, job_of("a", 101, "PROCESSING"), True),
            (job_of("a", 50), None, job_of("a", None, "PROCESSING"), True),
            (None, 50, job_of("a", 101), False),
            (None, 50, job_of("a", 100), True),
            (None, 50, job_of("a", None), True),
            (None, 101, job_of("a", 102), True),
            (None, None, job_of("a", 101), False),
        ],
    )
    def test_hides(self, shown: Job | None, known: int | None, itself: Job, hides: bool) -> None:  # noqa: FBT001
        """A job that is not as the list shows it was hidden, unless it changed after all that was read."""
        jobs = sorted(
            [job_of("x", 100), job_of("y", 1), *([shown] if shown else [])],
            key=lambda job: -(job.lastupdate_time or 0),
        )

        assert scan_of({"a": known, "b": 1}, None, page_of(*jobs)).hides(itself) is hides

    @pytest.mark.parametrize(
        ("shown", "known", "is_doubtful_"),
        [
            (job_of("a", 50), [job_of("a", 50)], False),
            (job_of("a", 40), [job_of("a", 50)], False),
            (job_of("a", 60, "PROCESSING"), [job_of("a", 50)], False),
            (job_of("a", 50, "PROCESSING"), [job_of("a", 50)], True),
            (job_of("a", 40, "PROCESSING"), [job_of("a", 50)], True),
            (job_of("a", 50, times=2), [job_of("a", 50, times=1)], True),
            (job_of("a", None, "PROCESSING"), [job_of("a", None)], True),
            (job_of("a", 60, ""), [job_of("a", 50)], True),
            (job_of("a", 50, "PROCESSING"), [job_of("a", None)], False),
            (job_of("a", 50), [job_of("a", 50).gone()], True),
            (job_of("a", 50), [job_of("a", 50), job_of("a", 60, "PROCESSING")], True),
            (job_of("a", 55, "CREATING"), [job_of("a", 50), job_of("a", 60, "PROCESSING")], True),
            (job_of("a", 50), [], False),
        ],
    )
    def test_doubtful(self, shown: Job, known: Sequence[Job], is_doubtful_: bool) -> None:  # noqa: FBT001
        """A change that is no newer than what is known may be an old tale; no change is no tale."""
        assert is_doubtful(shown, [subscription_to(job) for job in known]) is is_doubtful_

    @pytest.mark.parametrize(
        ("times", "last"),
        [([], None), ([None], None), ([5], 5), ([5, None, 7, 6], 7), ([None, 1], 1)],
    )
    def test_last_change(self, times: list[int | None], last: int | None) -> None:
        """The last change is the newest that any of the subscriptions knows."""
        assert last_change(subscription_to(job_of("a", time)) for time in times) == last

    def test_next_reading_goes_back_beyond_this_one(self) -> None:
        """A list may lag behind by five minutes; without any time, all is read."""
        assert next_since(NOW) == NOW - 300
        assert next_since(None) is None

    @pytest.mark.parametrize(
        ("followed", "poll", "number"),
        [(1, 60, 3), (2160, 60, 3), (2161, 60, 4), (7200, 60, 10), (7201, 60, 11), (10, 43200, 10)],
    )
    def test_cross_checks(self, followed: int, poll: float, number: int) -> None:
        """Some jobs are asked for beside the list: a few, and each within twelve hours."""
        assert cross_checks(followed, poll) == number


@dataclass
class MetaStudio:
    """A list of jobs, the newest change first, that goes on changing while it is read."""

    now: int
    jobs: dict[str, Job]
    changed: set[str] = field(default_factory=set)
    """The jobs that changed, or were deleted, since the scan began."""

    def page(self, offset: int) -> Page:
        """Give a page of the list."""
        newest_first = sorted(self.jobs.values(), key=lambda job: -(job.lastupdate_time or 0))
        shown = tuple(newest_first[offset : offset + PAGE_SIZE])
        return Page(shown, len(self.jobs), len(shown))

    def go_on(self, change: list[int], delete: list[int], create: int) -> None:
        """Move jobs to the top, take some away, and put new ones on top that nobody follows."""
        for name in (f"job-{number}" for number in change):
            self.now += 1
            if name in self.jobs:
                self.jobs[name] = job_of(name, self.now, "PROCESSING")
                self.changed.add(name)
        for name in (f"job-{number}" for number in delete):
            self.now += 1
            if self.jobs.pop(name, None):
                self.changed.add(name)
        for _ in range(create):
            self.now += 1
            self.jobs[f"new-{self.now}"] = job_of(f"new-{self.now}", self.now)


Meanwhile = tuple[list[int], list[int], int]
NUMBERS = st.integers(0, 349)
GAPS = st.lists(st.sampled_from([0, 0, 1, 1, 7, 300]), min_size=1, max_size=30)
MEANWHILE = st.tuples(st.lists(NUMBERS, max_size=8), st.lists(NUMBERS, max_size=5), st.integers(0, 8))


def read_list(
    known: dict[str, int | None], since: int | None, world: MetaStudio, meanwhile: list[Meanwhile]
) -> ListScan:
    """Scan the list as the watcher does, while the world goes on: a bit after each page."""
    scan = ListScan(known, since)
    for happens in meanwhile:
        if scan.is_over:
            break
        scan.add(world.page(scan.offset))
        world.go_on(*happens)
    return scan


@given(
    gaps=st.builds(lambda few, size: (few * size)[:size], GAPS, st.integers(1, 350)),
    numbers=st.sets(NUMBERS, min_size=1, max_size=40),
    fresh=st.integers(0, 350),
    meanwhile=st.lists(MEANWHILE, min_size=6, max_size=6),
    knows_since=st.booleans(),
)
@examples(75)
def test_no_change_is_overlooked(
    *, gaps: list[int], numbers: set[int], fresh: int, meanwhile: list[Meanwhile], knows_since: bool
) -> None:
    """A scan finds each change, or names the job as missing, or leaves it to the next scan to find.

    Of the jobs, whose changes are so many seconds apart, some are followed; of the ``fresh`` newest changes
    nothing is known yet.
    """
    times = [NOW + gap for gap in accumulate(gaps)]
    old = len(times) - min(fresh, len(times))
    world = MetaStudio(times[-1], {f"job-{at}": job_of(f"job-{at}", time) for at, time in enumerate(times)})
    followed = {f"job-{number}" for number in numbers if number < len(times)} or {"job-0"}
    known: dict[str, int | None] = {
        f"job-{at}": time if at < old else 1 for at, time in enumerate(times) if f"job-{at}" in followed
    }
    since = next_since(times[max(old - 1, 0)]) if knows_since else None
    changed = {name for name in followed if since is None or (world.jobs[name].lastupdate_time or 0) >= since}

    scan = read_list(known, since, world, meanwhile)

    assert scan.is_in_order
    assert scan.found.keys() <= followed
    if not scan.is_over:
        return  # asking one by one costs less then
    assert scan.newest is not None
    found_now = {name for name in scan.found if name not in world.changed}
    assert changed <= found_now | set(scan.missing) | world.changed
    assert all(scan.found[name] == world.jobs[name] for name in found_now)

    again = read_list(known, next_since(scan.newest), MetaStudio(world.now, world.jobs), [([], [], 0)] * 9)
    late = followed & world.changed & world.jobs.keys()
    assert late <= again.found.keys()
    assert all(again.found[name] == world.jobs[name] for name in late)
