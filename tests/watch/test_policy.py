"""The watch policy: what it asks, how far it trusts the list, what ends a check, and the pause after it."""

import math
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from bot import errors
from bot.domain.rates import RateLimits
from bot.watch.job_checks import MOST_ASKED_WHY
from bot.watch.pauses import Pauses, jittered
from bot.watch.questions import AskJob, AskList, AskWhy, FindListed, ListTrouble, ListWorks, Question, Record
from tests.watch.world import EPOCH, FIRST, Fault, World, policy

REFUSED = errors.PermissionDenied()
FOR_ALL = [errors.CredentialsRefused, errors.Throttled]
OF_THE_LIST = [errors.PermissionDenied, errors.RequestRefused, errors.ServiceDown, errors.UnreadableAnswer]


def failing(error: Callable[[], errors.VoiceJobError], *kinds: type[Question], job_id: str = "") -> Fault:
    """Let questions of these kinds fail, all of them or those about one job."""
    return lambda question: (
        error() if isinstance(question, kinds) and job_id in {"", getattr(question, "job_id", "")} else None
    )


@pytest.mark.parametrize(
    ("number", "poll", "requests"),
    [(0, 60, (0, 1)), (1, 60, (1, 0)), (4, 60, (4, 0)), (5, 60, (3, 1)), (13, 21_600, (7, 1))],
)
def test_few_one_by_one_and_many_by_the_list(number: int, poll: float, requests: tuple[int, int]) -> None:
    """More than four are a page, and as many to verify it as show each job within twelve hours."""
    world = World(policy(poll=poll))
    ids = world.some(number)

    for _ in range(2):
        assert world.check() == requests
        assert all(world.policy.checked_at(job_id) == world.now for job_id in ids)


def test_with_nothing_followed_a_page_shows_that_metastudio_answers() -> None:
    """It is asked for once in a while; in between, no silence counts."""
    world = World()

    assert [world.check(20, idle=50)[1] for _ in range(5)] == [1, 0, 0, 1, 0]
    assert world.policy.served_at == world.now


def test_a_census_first_and_then_a_page() -> None:
    """At first, and after nobody followed a job, all is read; what a reading shows is one change."""
    world = World()
    ids = world.some(6)
    world.crowd(250, every=10)
    assert world.check() == (3, 3)
    world.heard, world.records = list(world.records), {}
    world.check()
    world.follow(*ids)
    assert world.check() == (3, 3)
    for job_id in ids:
        world.set(job_id, "PROCESSING")

    assert world.check() == (3, 1)
    assert world.count(Record) == 1
    assert world.paths == dict.fromkeys(ids, ("WAITING", "PROCESSING"))


@pytest.mark.parametrize(
    ("number", "others", "requests"), [(5, 700, [(5, 5), (5, 0)]), (6, 150, [(3, 2), (3, 3), (6, 0)])]
)
def test_a_list_that_costs_too_much_rests(number: int, others: int, requests: list[tuple[int, int]]) -> None:
    """A census that costs more than asking one by one is given up; so is a list whose readings do."""
    world, checks = World(), []
    world.some(number, age=50_000)
    world.crowd(others, every=60)
    for _ in requests:
        checks.append(world.check())
        world.crowd(250, age=0, every=0.1)

    assert checks == requests


def test_as_many_as_the_rate_allows() -> None:
    """The job that was asked for longest ago comes first, and one that was missing before all."""
    world, asked = World(policy(most=2)), []
    ids = world.some(4)
    world.set(ids[0], None)
    for _ in range(3):
        world.check(30)
        asked.append([question.job_id for question in world.asked if isinstance(question, AskJob)])

    assert asked == [ids[:2], [ids[0], ids[2]], [ids[0], ids[3]]]
    assert world.path(ids[0])[-1] == "gone"


@pytest.mark.parametrize(
    ("fault", "requests", "was_used"),
    [
        ({"rows": lambda jobs: jobs[::-1]}, (6, 1), False),
        ({"hidden": {"job-3", "job-4"}}, (7, 1), False),
        ({"fault": failing(errors.RequestRefused, AskList)}, (6, 1), False),
        ({"lag": 100}, (3, 1), True),
    ],
    ids=["out of order", "hides a job", "refused", "stands still"],
)
def test_a_wrong_list_rests(fault: dict[str, Any], requests: tuple[int, int], *, was_used: bool) -> None:
    """Jobs are asked for one by one for half an hour, and that is told; no change is missed."""
    world = World(policy(poll=1800), **fault)
    ids = world.some(6)
    world.add("newer", 200, lastupdate_time=EPOCH + FIRST + 1000)
    for job_id in ids[:3]:
        world.set(job_id, "PROCESSING")
    assert world.check() == requests
    assert (world.count(ListTrouble) > 0, world.count(ListWorks)) == (True, was_used)
    for job_id in ids:
        world.set(job_id, "UPLOADING")

    assert world.check() == (6, 0)
    assert [path[-1] for path in world.paths.values()] == ["UPLOADING"] * 6
    assert world.check(1200) == (6, 0)
    assert world.check(1200)[1] == 1


@pytest.mark.parametrize("error", OF_THE_LIST)
def test_an_error_of_the_list_alone(error: type[errors.MetaStudioError]) -> None:
    """After refusals it rests for one interval, up to half an hour, and less once it works again."""
    world, tried = World(), []
    for job_id in world.some(6):
        world.set(job_id, "PROCESSING")
    for is_failing in (True,) * 40 + (False,) * 31 + (True,) * 3:
        world.fault = failing(error, AskList) if is_failing else lambda _: None
        tried.append(world.check()[1])
        assert len(world.paths) == 6

    if error is errors.ServiceDown:
        assert tried == [1] * 74
    else:
        assert [at for at, pages in enumerate(tried[:40]) if pages] == [0, 1, 3, 7, 15, 31]
        assert tried[-3:] == [1, 1, 0]


def test_old_jobs_that_are_deleted_are_found_soon() -> None:
    """When the list gets shorter, all of it is read next; what can't be asked for then is repeated."""
    world = World()
    world.crowd(150, every=60)
    lost = world.some(12, age=20_000)[-1]
    world.check()
    world.set(lost, None)
    assert world.check() == (3, 1)
    world.fault = failing(errors.ServiceDown, AskJob, job_id=lost)
    assert world.check()[1] == 2
    world.fault = lambda _: None
    for _ in range(2):
        world.check()

    assert world.paths == {lost: ("WAITING", "gone")}


@pytest.mark.parametrize(
    ("listed", "after", "is_gone"),
    [
        (None, 59, False),
        (None, 60, True),
        ("there", 90_000, False),
        (errors.PermissionDenied, 86_399, False),
        (errors.PermissionDenied, 86_400, True),
        (errors.RequestRefused, 86_400, True),
        (errors.ServiceDown, 86_400, False),
        (errors.Throttled, 86_400, False),
    ],
)
def test_missing_twice_and_not_in_the_list(listed: object, after: float, *, is_gone: bool) -> None:
    """If the list has the job, it is there; if it may not be asked, misses have to go on for longer."""
    world = World(hidden=set() if listed else {"job-0"})
    world.some(1)
    missing = failing(errors.JobNotFound, AskJob)
    of_list = failing(listed, FindListed) if isinstance(listed, type) else lambda _: None
    world.fault = lambda question: missing(question) or of_list(question)
    world.check()
    with pytest.raises(errors.Throttled) if listed is errors.Throttled else nullcontext():
        world.check(after)

    assert world.path() == (("WAITING", "gone") if is_gone else ("WAITING",))


@pytest.mark.parametrize(
    ("is_there", "sign"),
    [
        (True, lambda world: world.check()),
        (True, lambda world: world.person_asks("job-0")),
        (False, lambda world: world.hidden.clear() or world.check()),
        (False, lambda world: world.follow("job-0")),
    ],
    ids=["check", "person", "list", "made anew"],
)
def test_any_sign_of_life_begins_the_count_anew(*, is_there: bool, sign: Callable[[World], object]) -> None:
    """Also a person's look-up, a row of the list, and a record that was made anew."""
    missing = failing(errors.JobNotFound, AskJob, job_id="job-0")
    world = World(fault=missing, hidden={"job-0"})
    world.some(6)
    world.check()
    world.fault = (lambda _: None) if is_there else missing
    sign(world)
    world.fault, world.hidden = missing, {"job-0"}
    world.check()

    assert world.path() == ("WAITING",)


def test_a_job_that_only_the_list_has_is_watched_on() -> None:
    """What the list says of it is recorded, and that it can't be looked up is told once."""
    world, searches = World(fault=failing(errors.JobNotFound, AskJob)), []
    world.some(1)
    world.check()
    world.set("job-0", "PROCESSING")
    for after in (60, 20, 20, 20):
        world.check(after)
        searches.append(world.count(FindListed))
    world.fault = lambda _: None
    world.check()

    assert searches == [1, 0, 0, 1]
    assert world.path() == ("WAITING", "PROCESSING")
    assert [type(each.error) for each in world.told] == [errors.JobNotFound, type(None)]


@pytest.mark.parametrize(
    ("error", "is_served", "is_checked"),
    [
        (errors.JobNotFound, True, True),
        (errors.RequestRefused, True, False),
        (lambda: errors.BadJobId("x"), True, False),
        (errors.PermissionDenied, False, False),
    ],
)
def test_a_no_to_an_id_is_a_good_answer_too(
    error: Callable[[], errors.VoiceJobError], *, is_served: bool, is_checked: bool
) -> None:
    """A MetaStudio that says no to one id serves the bot well; that the job can't be checked is told."""
    world = World(fault=failing(error, AskJob))
    world.some(1)
    with suppress(errors.PermissionDenied):
        world.check()

    assert world.policy.served_at == (world.now if is_served else -math.inf)
    assert world.policy.checked_at("job-0") == (world.now if is_checked else -math.inf)
    assert len(world.told) == (is_served and not is_checked)
    assert world.policy.checked_at("unknown") == -math.inf


@pytest.mark.parametrize("error", [*FOR_ALL, *OF_THE_LIST])
@pytest.mark.parametrize("number", [4, 10])
def test_an_outage_costs_few_requests(error: type[errors.MetaStudioError], number: int) -> None:
    """When several jobs in a row can't be looked up, the rest waits for the next check."""
    world = World(fault=failing(error, AskJob, AskList))
    world.some(number)
    with pytest.raises(error):
        world.check()

    assert sum(world.requests) == (1 if error in FOR_ALL else 3 + (number > 4))


@pytest.mark.parametrize(
    ("odd", "number", "error"),
    [
        (1, 2, errors.RequestRefused),
        (1, 2, errors.PermissionDenied),
        (1, 6, errors.ServiceDown),
        (3, 4, errors.PermissionDenied),
    ],
)
def test_odd_jobs_stop_no_other(odd: int, number: int, error: type[errors.MetaStudioError]) -> None:
    """A job whose answer is always odd is told once; others go on, if only at the next check."""
    world = World()
    ids = world.some(number)
    faults = [failing(error, AskJob, job_id=job_id) for job_id in ids[:odd]]
    world.fault = lambda question: next(filter(None, (fault(question) for fault in faults)), None)
    for job_id in ids[odd:]:
        world.set(job_id, "PROCESSING")
    for _ in range(3):
        with suppress(errors.PermissionDenied):
            world.check()

    assert world.paths == dict.fromkeys(ids[odd:], ("WAITING", "PROCESSING"))
    assert [(each.job_id, type(each.error)) for each in world.told] == [
        (job_id, error) for job_id in ids[:odd]
    ]


@pytest.mark.parametrize(("number", "changed"), [(2, 1), (8, 8)])
def test_store_trouble_loses_nothing(number: int, changed: int) -> None:
    """What could not be recorded is asked for again first, or read from the list again."""
    world = World(policy(most=1))
    ids = world.some(number)
    for _ in ids:
        world.check()
    for job_id in ids:
        world.set(job_id, "PROCESSING")
    world.fault = failing(lambda: errors.StoreTrouble(path=""), Record)
    with pytest.raises(errors.StoreTrouble):
        world.check(1)
    assert world.paths == {}
    world.fault = lambda _: None
    world.crowd(120, age=-400, every=0.1)
    world.check(400)

    assert world.path(ids[0]) == ("WAITING", "PROCESSING")
    assert len(world.paths) == changed


def test_an_answer_to_an_earlier_request_than_a_person_saw() -> None:
    """It is ignored, also where that person was the first to follow the job."""
    world = World()
    world.add("job-0", 5000)
    world.person_asks("job-0", later=100)
    world.follow("job-0")
    world.set("job-0", "PROCESSING")
    world.check()
    assert world.paths == {}
    world.check()

    assert world.path() == ("WAITING", "PROCESSING")


@pytest.mark.parametrize(
    ("age", "old"), [(0, {}), (0, {"lastupdate_time": None, "reject_times": None}), (5059, {})]
)
def test_an_older_answer_that_comes_again_and_again(age: float, old: dict[str, None]) -> None:
    """A change is recorded once, however often a node that lags behind answers in between."""
    world = World()
    world.some(1)
    before = world.job("job-0")
    assert before
    world.now += 60
    world.set("job-0", "PROCESSING", age=age)
    now_is = world.history["job-0"][-1]
    for copy in (now_is, (now_is[0], before.model_copy(update=old))) * 3:
        world.history["job-0"] = [copy]
        world.check(10)

    assert world.path() == ("WAITING", "PROCESSING")


@pytest.mark.parametrize(
    ("failures", "held", "pauses"),
    [
        ([REFUSED] * 6, 0, [60, 120, 240, 480, 900, 900]),
        ([REFUSED, REFUSED, None, REFUSED], 0, [60, 120, 60, 60]),
        ([REFUSED, errors.ServiceDown(), errors.StoreTrouble(path=""), REFUSED], 0, [60, 60, 60, 120]),
        ([errors.Throttled(), errors.ServiceDown()], 300, [300, 300]),
        ([errors.CredentialsRefused()], 0, [100]),
    ],
)
def test_pauses(failures: list[errors.VoiceJobError | None], held: float, pauses: list[float]) -> None:
    """They grow up to a quarter of an hour while the bot is refused; what MetaStudio asks for is kept."""
    made = Pauses(poll=60, rarely=900, rates=RateLimits(refused=90))

    assert [made.failed(each, held) if each else made.succeeded() for each in failures] == pauses  # type: ignore[arg-type]


def test_bots_do_not_ask_in_step() -> None:
    """The pauses are up to a tenth shorter or longer."""
    assert [jittered(60, chance) for chance in (0, 0.5, 1)] == pytest.approx([54, 60, 66])


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize(
    ("state", "is_asked"),
    [("AUDIT_FAILED", True), ("SPLIT_FAILED", True), ("FAILED", True), ("SUCCEED", False), (None, False)],
)
def test_why_is_asked_when_a_job_fails(number: int, state: str | None, *, is_asked: bool) -> None:
    """Once for each failure, by the list or one by one; the reason belongs to that state alone."""
    world = World()
    world.some(number)
    world.check()
    world.set("job-0", state)
    questions = []
    for _ in range(3):
        world.check()
        questions.append(world.count(AskWhy))
    if is_asked:
        world.set("job-0", "AUDITING")
        world.set("job-0", "AUDIT_FAILED")
        world.check()

    assert sum(questions) == is_asked
    if is_asked and state != "FAILED":
        assert world.causes()[:2] == ["", f"why job-0 is {state}"]
        assert world.causes()[-1] == "why job-0 is AUDIT_FAILED"


def test_nobody_waits_for_the_reasons_of_others() -> None:
    """What else changed is recorded first; of very many failures only some are asked about, none is lost."""
    world = World()
    ids = world.some(MOST_ASKED_WHY + 3)
    world.check()
    for job_id in ids[1:]:
        world.set(job_id, "AUDIT_FAILED")
    world.set(ids[0], "PROCESSING")
    world.check()
    order = [
        {new.job.job_id for _, new in question.changes}
        if isinstance(question, Record)
        else len(question.jobs)
        for question in world.asked
        if isinstance(question, Record | AskWhy)
    ]

    assert order == [{ids[0]}, MOST_ASKED_WHY, {*ids[1:]}]
    assert {path[-1] for job_id, path in world.paths.items() if job_id != ids[0]} == {"AUDIT_FAILED"}
    assert sum(bool(world.causes(job_id)[-1]) for job_id in ids) == MOST_ASKED_WHY


def test_a_person_who_looks_is_told_why_as_well() -> None:
    """A failure that a look-up shows first is recorded with its reason."""
    world = World()
    world.some(1)
    world.check()
    world.set("job-0", "AUDIT_FAILED")
    world.asked.clear()
    world.person_asks("job-0")

    assert (world.path()[-1], world.causes()[-1]) == ("AUDIT_FAILED", "why job-0 is AUDIT_FAILED")
