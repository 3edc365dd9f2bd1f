"""Scans of the list of jobs: how far they go, and what they can be trusted for."""

import pytest

from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.watch.list_scan import ListScan, may_be_stale, next_since

NOW = 1767323045


def job_of(name: str, time: int | None = NOW, state: str = "WAITING", times: int | None = None) -> Job:
    return Job(job_id=name, state=state, reject_times=times, lastupdate_time=time)


def page_of(*jobs: Job) -> Page:
    return Page(jobs, None, len(jobs))


def full_page(first: int, newest: int) -> list[Job]:
    """Make a full page of jobs nobody follows, one second apart."""
    return [job_of(f"other-{first + number}", newest - number) for number in range(PAGE_SIZE)]


def scan_of(*pages: Page, known: dict[str, int | None] | None = None, since: int | None = None) -> ListScan:
    scan = ListScan(known or {"a": 1, "b": 1}, since)
    for page in pages:
        scan.add(page)
    return scan


def test_pages_overlap() -> None:
    """The next page begins five jobs before the end of the last one, and always further on."""
    scan = ListScan({"a": 1}, None)
    pages = [full_page(0, NOW), full_page(95, NOW - 95), [job_of("x", 1)]]
    for page, offset in zip(pages, (95, 190, 191), strict=True):
        scan.add(page_of(*page))
        assert scan.offset == offset
    assert scan.is_in_order


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ((NOW, "A"), (NOW - 5, "B"), "A"),
        ((NOW, "A"), (NOW, "B"), None),
        ((None, "A"), (None, "B"), None),
        ((None, "A"), (NOW, "B"), None),
        ((None, "A"), (NOW, "A"), "A"),
        ((NOW - 5, "A"), (NOW, "B"), "B"),
    ],
)
def test_the_newest_of_two_copies_counts(
    first: tuple[int | None, str], second: tuple[int | None, str], state: str | None
) -> None:
    """A job that is met twice is the newer one; where that is open, the job itself has to be asked."""
    copies = [job_of("a", *first), job_of("a", *second)]
    for pages in ([page_of(*copies)], [page_of(job) for job in copies]):
        assert scan_of(*pages).found["a"].state == state


@pytest.mark.parametrize(
    ("pages", "is_in_order"),
    [
        ([[]], True),
        ([[9, 8], [8, 8]], True),
        ([[9, 7], [8, 6]], False),
        ([[8, 9], [7, 6]], False),
        ([[9, None, 8]], True),
        ([[8, None, 9]], False),
    ],
)
def test_order(pages: list[list[int | None]], *, is_in_order: bool) -> None:
    """The newest change comes first, across pages too; a job without a time leaves it open."""
    shown = [
        page_of(*(job_of(f"{number}-{at}", time) for at, time in enumerate(times)))
        for number, times in enumerate(pages)
    ]

    assert scan_of(*shown).is_in_order is is_in_order


@pytest.mark.parametrize(
    ("pages", "is_over"),
    [
        ([(100, 0, None)], False),
        ([(99, 99, None)], True),
        ([(50, 50, 300)], False),
        ([(100, 100, 145), (50, 50, 145)], True),
        ([(50, 50, 300), (5, 0, 300)], True),
    ],
)
def test_end_of_the_list(pages: list[tuple[int, int, int | None]], *, is_over: bool) -> None:
    """A page is short by its rows, be they jobs or not, and the count has to agree, if it is there."""
    shown = [
        Page(tuple(full_page(1000 * number, NOW - 1000 * number)[:jobs]), count, rows)
        for number, (rows, jobs, count) in enumerate(pages)
    ]

    assert scan_of(*shown).is_over is is_over


@pytest.mark.parametrize(
    ("known", "since", "jobs", "is_over", "missing"),
    [
        ({"a": 1}, None, full_page(0, NOW), False, []),
        ({"a": 1}, None, full_page(0, NOW)[:-1], True, ["a"]),
        ({"a": 1}, None, [*full_page(0, NOW)[:-1], job_of("a", 1)], True, []),
        ({"a": 1, "b": 1}, None, [*full_page(0, NOW)[:-1], job_of("a", 1)], False, []),
        ({"a": NOW - 99}, NOW - 99, full_page(0, NOW), False, []),
        ({"a": NOW - 98}, NOW - 98, full_page(0, NOW), True, ["a"]),
        ({"a": 1}, None, full_page(0, NOW)[::-1], True, []),
    ],
)
def test_end(
    known: dict[str, int | None], since: int, jobs: list[Job], *, is_over: bool, missing: list[str]
) -> None:
    """It is over at the end, past the given time, with every job met, or when it makes no sense.

    Unmet is missing at the end of the list, or if it changed later than the oldest that was met.
    """
    scan = scan_of(page_of(*jobs), known=known, since=since)

    assert (scan.is_over, scan.missing) == (is_over, missing)
    assert scan.at_end is (len(jobs) < PAGE_SIZE)


@pytest.mark.parametrize(
    ("shown", "known", "itself", "hides"),
    [
        (job_of("a", 50), 50, job_of("a", 50), False),
        (job_of("a", 50), 50, job_of("a", 50, "PROCESSING"), True),
        (job_of("a", 50, "PROCESSING"), 50, job_of("a", 40), False),
        (job_of("a", 50), 50, job_of("a", 101, "PROCESSING"), False),
        (job_of("a", 50), 50, job_of("a", 100, "PROCESSING"), True),
        (job_of("a", None), 60, job_of("a", 101, "PROCESSING"), True),
        (None, 50, job_of("a", 101), False),
        (None, 50, job_of("a", 100), True),
        (None, 101, job_of("a", 102), True),
        (None, None, job_of("a", 101), False),
    ],
)
def test_hides(shown: Job | None, known: int | None, itself: Job, *, hides: bool) -> None:
    """A job that is not as the list shows it was hidden, unless it changed after all that was read."""
    jobs = [job_of("x", 100), *([shown] if shown else []), job_of("y", 1)]

    assert scan_of(page_of(*jobs), known={"a": known, "b": 1}).hides(itself) is hides


@pytest.mark.parametrize(
    ("shown", "known", "expected"),
    [
        (job_of("a", 50), job_of("a", 50), False),
        (job_of("a", 60, "PROCESSING"), job_of("a", 50), False),
        (job_of("a", 50, "PROCESSING"), job_of("a", 50), True),
        (job_of("a", None, "PROCESSING"), job_of("a", None), True),
        (job_of("a", 60, ""), job_of("a", 50), True),
        (job_of("a", 50, "PROCESSING"), job_of("a", None), False),
        (job_of("a", 50), job_of("a", 50).gone(), True),
    ],
)
def test_may_be_stale(shown: Job, known: Job, *, expected: bool) -> None:
    """A change that is no newer than what is known may be stale."""
    assert may_be_stale(shown, known) is expected


def test_how_far_the_next_scan_goes_back() -> None:
    """To five minutes before the newest change of all that were met; without any time, all is read."""
    assert (next_since(NOW), next_since(None)) == (NOW - 300, None)
