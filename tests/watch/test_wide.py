"""Wide subscriptions in the watch policy: how far the list is read for them, and which jobs are taken in."""

from collections.abc import Callable
from typing import Any

import pytest

from bot import errors
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.domain.keys import DeliveryKey, JobRef, Selector, SelectorKind
from bot.domain.rates import RATE_LIMITS
from bot.watch.job_checks import JobChecks
from bot.watch.list_policy import MOST_PAGES, ListPolicy
from bot.watch.questions import Answer, AskList, AskWhy, ListTrouble, Question, Record, TakeIn
from bot.watch.wide import MOST_AT_ONCE, Wide
from tests.watch.world import FIRST, World, policy

BATCH = Selector(SelectorKind.BATCH, "spring")
SPRING: dict[str, Any] = {"batch_name": "Spring", "create_time": 1}


def failing(error: Callable[[], errors.VoiceJobError], kind: type[Question]) -> Any:
    return lambda question: error() if isinstance(question, kind) else None


def world_of(number: int = 0, **fields: Any) -> World:
    """Make a world with so many jobs of one batch in progress, and one subscription to that."""
    world = World(**fields)
    for job_id in world.crowd(number, every=10):
        world.label(job_id, **SPRING)
    world.subscribe(BATCH)
    return world


def test_the_jobs_of_a_batch_are_followed() -> None:
    """They are taken in from the page that is read in each check, and what changes of them is recorded."""
    world = world_of(3)
    world.add("job-3", 10)
    assert world.check() == (0, 1)
    assert (world.taken(), world.are_boards_read) == ({"job-0": 0, "job-1": 0, "job-2": 0}, [True])
    world.add("job-4", 0, **SPRING)
    world.set("job-0", "PROCESSING")
    assert world.check() == (3, 1)
    world.set("job-4", "AUDITING")
    world.check()

    assert world.taken() == {"job-0": 0, "job-1": 0, "job-2": 0, "job-4": None}
    assert world.paths == {"job-0": ("WAITING", "PROCESSING"), "job-4": ("WAITING", "AUDITING")}


@pytest.mark.parametrize(("number", "first", "later"), [(0, (0, 3), (0, 1)), (2, (2, 3), (2, 1))])
def test_a_quiet_check_asks_for_one_page(number: int, first: tuple[int, int], later: tuple[int, int]) -> None:
    """However few jobs are followed; only the first reading goes to the end, and one in each hour."""
    world = world_of()
    world.some(number)
    world.crowd(250, every=10)

    assert [world.check() for _ in range(62)] == [first, *[later] * 59, first, later]
    assert world.count(TakeIn) == 0


def test_a_batch_that_is_set_later() -> None:
    """Neither the state nor the time of a job changes then: a reading shows it, of ended jobs too."""
    world = world_of(1)
    world.subscribe(channel="C2")
    ids = world.crowd(150, age=5000, every=10)
    world.add("old", 5000)
    world.check()
    world.set("old", "SUCCEED", age=4000)
    world.check()
    for job_id in ("old", ids[-1]):
        world.label(job_id, **SPRING)
    world.label("job-0", batch_name=None)
    for _ in range(58):
        world.check()
    assert world.taken() == {"job-0": 0, "old": 1}
    for _ in range(2):
        world.check()

    assert world.taken() == {"job-0": 0, "old": 1, ids[-1]: None}
    assert world.records[JobRef.of("job-0")].job.batch_name is None


def test_a_new_subscription_reads_the_whole_list() -> None:
    """Also one that is made while the list is read for another; the end of one does not."""
    world = world_of(150)
    world.check()
    wishes = [world.subscribe(channel="C2")]

    def subscribing(question: Question) -> None:
        if isinstance(question, AskList) and question.offset and len(wishes) == 1:
            wishes.append(world.subscribe(channel="C3"))

    world.fault = subscribing
    pages = [world.check()[1] for _ in range(2)]
    reads = world.are_boards_read
    world.policy.know_wide(wishes[1:])
    pages.append(world.check()[1])

    assert (pages, reads) == ([2, 2, 1], [True] * 3)
    assert [len(world.taken(channel)) for channel in ("C1", "C2", "C3")] == [150] * 3


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        ({"rows": lambda jobs: jobs[::-1]}, (3, 1)),
        ({"hidden": {"job-0"}}, (4, 1)),
        ({"fault": failing(errors.RequestRefused, AskList)}, (3, 1)),
    ],
    ids=["out of order", "hides a job", "refused"],
)
def test_wide_subscriptions_wait_for_a_right_list(fault: dict[str, Any], requests: tuple[int, int]) -> None:
    """Until then, followed jobs are asked for one by one, and that is told."""
    world = world_of(policy=policy(poll=1800), **fault)
    followed = world.some(3)
    world.add("new", 0, **SPRING)
    world.set(followed[0], "PROCESSING")
    assert world.check() == requests
    assert (world.count(ListTrouble), world.taken()) == (1, {})
    assert world.paths == {followed[0]: ("WAITING", "PROCESSING")}
    world.rows, world.hidden, world.fault = lambda jobs: jobs, set(), lambda _: None
    assert world.check(1200)[1] == 0
    world.check(1200)

    assert (world.taken(), world.are_boards_read) == ({"new": 0}, [True])


@pytest.mark.parametrize("error", [errors.ServiceDown, errors.RequestRefused, errors.CredentialsRefused])
def test_with_nothing_else_to_ask_for_the_lists_error_is_that_of_the_check(
    error: type[errors.MetaStudioError],
) -> None:
    """While an unusable list rests, a page shows that MetaStudio answers."""
    world = world_of(1, fault=failing(error, AskList))
    with pytest.raises(error):
        world.check()
    world.fault, world.rows = lambda _: None, lambda jobs: [*jobs, *jobs][::-1]
    world.add("job-1", 0)
    pages = [world.check(20)[1] for _ in range(6)]

    assert (pages, world.taken()) == ([1, 1, 0, 0, 1, 0], {})
    assert world.policy.served_at == world.now


@pytest.mark.parametrize("kind", [TakeIn, Record])
def test_store_trouble_loses_no_job(kind: type[Question]) -> None:
    """The next check takes in what this one could not."""
    world = world_of(1)
    world.check()
    world.crowd(120, age=0, every=0.1)
    world.add("new", 50, **SPRING)
    world.set("job-0", "PROCESSING")
    world.fault = failing(lambda: errors.StoreTrouble(path=""), kind)
    with pytest.raises(errors.StoreTrouble):
        world.check()
    world.fault = lambda _: None
    world.crowd(120, age=0, every=0.1)
    world.check(400)

    assert (world.taken(), world.path()) == ({"job-0": 0, "new": None}, ("WAITING", "PROCESSING"))


def test_many_jobs_are_taken_in_by_several_changes() -> None:
    """People's changes come in between; the last one knows that the list was read to its end."""
    world = world_of(MOST_AT_ONCE + 1)
    world.check()
    parts = [question for question in world.asked if isinstance(question, TakeIn)]

    assert [(len(part.jobs), part.is_complete) for part in parts] == [(MOST_AT_ONCE, False), (1, True)]
    assert set(world.taken().values()) == {0}


def test_a_job_without_a_state_waits() -> None:
    """It is taken in by the first page that shows one."""
    world = world_of()
    world.add("job-0", 10, state=None, **SPRING)
    world.check()
    assert world.taken() == {}
    world.set("job-0", "CREATING")
    world.check()

    assert world.taken() == {"job-0": None}


def test_a_job_that_is_over_is_not_asked_for() -> None:
    """But the list may show that one that was gone, or failed, goes on."""
    world = world_of(3)
    world.check()
    for job_id, state in (("job-0", None), ("job-1", "SUCCEED"), ("job-2", "FAILED")):
        world.set(job_id, state)
    for _ in range(2):
        world.check()
    assert world.check() == (0, 1)
    assert {path[-1] for path in world.paths.values()} == {"gone", "SUCCEED", "FAILED"}
    world.add("job-0", 0, state="AUDITING", **SPRING)
    world.set("job-2", "PROCESSING")
    world.check()

    assert world.path() == ("WAITING", "gone", "AUDITING")
    assert world.path("job-2") == ("WAITING", "FAILED", "PROCESSING")
    assert world.check() == (2, 1)


def test_a_job_that_lost_its_delivery_is_taken_in_anew() -> None:
    """With its record, if that was the last one, at once; else by the next reading of the whole list."""
    world = world_of(2)
    world.check()
    for key in [key for key in world.others if isinstance(key, DeliveryKey)]:
        del world.others[key]
    world.records.pop(JobRef.of("job-0"))
    world.heard.append(JobRef.of("job-0"))
    world.check()
    assert world.taken() == {"job-0": None}
    world.check(3600)

    assert world.taken() == {"job-0": None, "job-1": None}


@pytest.mark.parametrize(
    ("state", "age", "is_asked"),
    [("AUDIT_FAILED", 500, True), ("FAILED", 500, False), ("FAILED", 0, True), ("PROCESSING", 500, False)],
)
def test_why_is_asked_of_what_is_told(state: str, age: float, *, is_asked: bool) -> None:
    """A new job that failed is taken in with the reason; of what ended before, nobody is told."""
    world = world_of()
    world.now += 60
    world.add("job-0", age, state=state, **SPRING)
    world.check()

    assert world.count(AskWhy) == is_asked
    assert world.causes() == [f"why job-0 is {state}" if is_asked else ""]
    world.check(3600)
    assert world.count(AskWhy) == 0


def test_a_very_long_list_is_read_in_part() -> None:
    """As many pages as a check may ask for are all: else each check would ask for as many."""
    lists, wide = ListPolicy(poll=60, suspension=1800), Wide(JobChecks(RATE_LIMITS), [world_of().subscribe()])
    page = Page(tuple(Job(job_id=f"job-{each}") for each in range(PAGE_SIZE)), 10**6, PAGE_SIZE)
    flow, pages = lists.read({}, wide, FIRST), 0
    read = False
    try:
        next(flow)
        while True:
            pages += 1
            flow.send(Answer(page, FIRST, FIRST, FIRST))
    except StopIteration as end:
        read = end.value.is_whole

    assert (pages, read) == (MOST_PAGES, True)
