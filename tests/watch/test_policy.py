"""The watch policy: what it asks, how far it trusts the list, and what ends a check."""

import math
from collections.abc import Callable

import pytest

from bot import errors
from bot.domain.jobs import Job, Page
from bot.domain.records import JobRef
from bot.watch.questions import (
    AskJob,
    AskList,
    FindListed,
    JobTrouble,
    ListTrouble,
    ListWorks,
    Question,
    Record,
)
from tests.watch.world import EPOCH, FIRST, Fault, World, policy

FOR_ALL = [errors.CredentialsRefused, errors.Throttled]
OF_THE_LIST = [
    errors.PermissionDenied,
    errors.RequestRefused,
    errors.WrongProject,
    errors.ServiceDown,
    errors.UnreadableAnswer,
]


def failing(error: Callable[[], errors.VoiceJobError], *kinds: type[Question], job_id: str = "") -> Fault:
    """Let questions of these kinds fail, all of them or those about one job."""
    return lambda question: (
        error() if isinstance(question, kinds) and job_id in {"", getattr(question, "job_id", "")} else None
    )


class TestCost:
    """Whichever costs fewer requests is taken, and some jobs are asked for beside the list."""

    @pytest.mark.parametrize(("number", "requests"), [(0, (0, 1)), (1, (1, 0)), (4, (4, 0)), (5, (3, 1))])
    def test_few_one_by_one_and_many_by_the_list(self, number: int, requests: tuple[int, int]) -> None:
        """Up to four jobs are asked for one by one; more are a page, and three to see if that is true."""
        world = World()
        ids = world.some(number)

        for _ in range(2):
            assert world.check() == requests
            assert all(world.policy.checked_at(job_id) == world.now for job_id in ids)

    def test_with_nothing_followed_a_page_shows_that_metastudio_answers(self) -> None:
        """It is asked for once in a while; in between, no silence counts."""
        world = World()

        assert [world.check(20, idle=50)[1] for _ in range(5)] == [1, 0, 0, 1, 0]
        assert world.policy.served_at == world.now

    def test_what_is_over_is_not_asked_for(self) -> None:
        """A job that has ended, or that nobody follows any more, costs no request for itself."""
        world = World()
        over, gone, left, _ = world.some(4)
        world.set(over, "FAILED")
        world.set(gone, None)
        for _ in range(2):
            world.check()
        del world.records[JobRef.of(left)]
        world.heard.append(JobRef.of(left))

        assert (world.path(over)[-1], world.path(gone)[-1]) == ("FAILED", "gone")
        assert world.check() == (1, 0)

    def test_a_census_first_and_then_a_page(self) -> None:
        """The first check reads until it met every job, later ones as far as something can be new."""
        world = World()
        changing, *_ = world.some(6)
        world.crowd(250, every=10)

        assert world.check() == (3, 3)
        world.set(changing, "PROCESSING")
        assert world.check() == (3, 1)
        assert world.paths == {changing: ("WAITING", "PROCESSING")}

    @pytest.mark.parametrize(
        ("number", "others", "requests"), [(5, 700, [(5, 5), (5, 0)]), (6, 150, [(3, 2), (3, 3), (6, 0)])]
    )
    def test_a_list_that_costs_too_much_rests(
        self, number: int, others: int, requests: list[tuple[int, int]]
    ) -> None:
        """A census that costs more than asking one by one is given up; so is a list whose readings do."""
        world, checks = World(), []
        world.some(number, age=50_000)
        world.crowd(others, every=60)
        for _ in requests:
            checks.append(world.check())
            world.crowd(250, age=0, every=0.1)

        assert checks == requests

    def test_after_nobody_followed_there_is_a_census(self) -> None:
        """What was read before a time without followers does not count any more."""
        world = World()
        ids = world.some(6, age=20_000)
        world.crowd(120, every=60)
        world.check()
        kept, world.records = world.records, {}
        world.heard = list(kept)
        world.check()
        world.follow(*ids)

        assert world.check()[1] == 2

    def test_each_job_within_twelve_hours(self) -> None:
        """With long pauses, more than three are asked for beside the list each time."""
        world, asked = World(policy(poll=6 * 60 * 60)), set()
        ids = world.some(13)

        for _ in range(2):
            assert world.check() == (7, 1)
            asked |= {question.job_id for question in world.asked if isinstance(question, AskJob)}
        assert asked == set(ids)

    def test_as_many_as_the_rate_allows(self) -> None:
        """The job that was asked for longest ago comes first, and one that was missing before all."""
        world, asked = World(policy(most=2)), []
        ids = world.some(4)
        world.set(ids[0], None)
        for _ in range(3):
            world.check(30)
            asked.append([question.job_id for question in world.asked if isinstance(question, AskJob)])

        assert asked == [ids[:2], [ids[0], ids[2]], [ids[0], ids[3]]]
        assert world.path(ids[0])[-1] == "gone"


class TestList:
    """How far the list is trusted, and what it must not miss."""

    def rests(self, world: World) -> None:
        """See that the list is not read for half an hour, and that all changes are found all the same."""
        for job_id in world.records:
            world.set(job_id.job_id, "UPLOADING")
        assert world.check() == (len(world.records), 0)
        assert all(path[-1] == "UPLOADING" for path in world.paths.values())
        assert len(world.paths) == len(world.records)
        assert world.check(1200) == (len(world.records), 0)
        assert world.check(1200)[1] == 1

    @pytest.mark.parametrize(
        ("fault", "requests"),
        [
            ({"rows": lambda jobs: jobs[::-1]}, (6, 1)),
            ({"hidden": {"job-3", "job-4"}}, (7, 1)),
            ({"fault": failing(errors.RequestRefused, AskList)}, (6, 1)),
        ],
        ids=["out of order", "hides a job", "refused"],
    )
    def test_a_wrong_list_rests(self, fault: dict[str, object], requests: tuple[int, int]) -> None:
        """Jobs are asked for one by one, at once and for a while, and that is told."""
        world = World(policy(poll=1800), **fault)  # type: ignore[arg-type]
        world.some(6)

        assert world.check() == requests
        assert (world.count(ListTrouble), world.count(ListWorks)) == (1, 0)
        self.rests(world)

    def test_a_list_that_stands_still(self) -> None:
        """When a job itself shows a change that the list hides, the list is not used for a while."""
        world = World()
        world.add("newer", 0, lastupdate_time=EPOCH + FIRST + 1000)
        world.some(6)
        world.check()
        frozen = world.answer(AskList(0)).got
        assert isinstance(frozen, Page)
        world.rows = lambda _: frozen.jobs
        for job_id in world.records:
            world.set(job_id.job_id, "PROCESSING")

        assert world.check() == (3, 1)
        assert world.count(ListTrouble)
        self.rests(world)

    @pytest.mark.parametrize("error", OF_THE_LIST)
    def test_a_fault_of_the_list_alone(self, error: type[errors.MetaStudioError]) -> None:
        """Jobs are checked one by one meanwhile; the list is used again as soon as it works."""
        world = World(policy(list_suspension=0), fault=failing(error, AskList))
        for job_id in world.some(6):
            world.set(job_id, "PROCESSING")
        for _ in range(2):
            assert world.check() == (6, 1)
        assert len(world.paths) == 6
        assert (
            ListTrouble(f"the list of jobs can't be used ({error.__name__})", error=None) not in world.asked
        )
        world.fault = lambda _: None

        assert world.check() == (3, 1)
        assert ListWorks() in world.asked

    def test_refusals_in_a_row_make_the_pauses_longer(self) -> None:
        """They double from one interval to half an hour, and begin anew once the list works."""
        world, tried = World(), []
        world.some(6)
        for refused in (True,) * 40 + (False,) * 31 + (True,) * 3:
            world.fault = failing(errors.PermissionDenied, AskList) if refused else lambda _: None
            tried.append(world.check()[1])

        assert [at for at, pages in enumerate(tried[:40]) if pages] == [0, 1, 3, 7, 15, 31]
        assert tried[-3:] == [1, 1, 0]

    def test_a_job_that_is_deleted_while_pages_are_read(self) -> None:
        """All later rows move up by one then, and the first job of the next page must not fall between."""
        world = World()
        world.some(6, age=101)
        world.crowd(99, age=1)
        world.crowd(30, age=1000)
        world.before = lambda question: (
            world.hidden.add("other-10") if question == AskList(95) or len(world.asked) == 2 else None
        )

        world.check()
        assert not world.count(ListTrouble)
        assert world.requests == (3, 2)

    def test_a_change_that_the_list_shows_late(self) -> None:
        """Newer changes of a page and more were shown before it; it is found by the next reading."""
        world = World()
        late, *_ = world.some(12)
        world.crowd(200, age=20_000)
        world.check()  # the job is asked for by itself, and not too soon again
        shown = world.answer(AskList(0)).got
        assert isinstance(shown, Page)
        world.now += 300
        world.crowd(150, age=1)
        world.set(late, "PROCESSING", age=250)
        world.rows = lambda jobs: [*jobs[:150], *shown.jobs]
        assert world.check(0) == (3, 2)
        world.rows = lambda jobs: jobs
        world.check(1)

        assert world.paths == {late: ("WAITING", "PROCESSING")}

    def test_a_full_page_with_a_row_that_is_no_job(self) -> None:
        """It is no end of the list: the jobs on the pages after it are not missing."""
        world = World()
        world.crowd(100, age=1)
        world.nameless = {"other-50"}
        world.some(6)

        assert world.check() == (3, 2)
        assert not world.count(ListTrouble)

    def test_old_jobs_that_are_deleted_are_found_soon(self) -> None:
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


class TestGone:
    """A job that is not there."""

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
            (errors.WrongProject, 86_400, False),
        ],
    )
    def test_missing_twice_and_not_in_the_list(self, listed: object, after: float, *, is_gone: bool) -> None:
        """If the list has the job, it is there; if it may not be asked, misses have to go on for longer."""
        world = World()
        world.some(1)
        fault = failing(errors.JobNotFound, AskJob)
        if isinstance(listed, type):
            of_list = failing(listed, FindListed)
            world.fault = lambda question: fault(question) or of_list(question)
        else:
            world.fault = fault
            world.hidden = set() if listed else {"job-0"}
        world.check()
        world.check(after)

        assert world.path("job-0") == (("WAITING", "gone") if is_gone else ("WAITING",))

    @pytest.mark.parametrize("error", FOR_ALL)
    def test_a_search_that_fails_as_all_requests_do(self, error: type[errors.MetaStudioError]) -> None:
        """It ends the check."""
        world = World()
        world.some(2)
        world.set("job-0", None)
        world.check()
        world.fault = failing(error, FindListed)
        with pytest.raises(error):
            world.check()

        assert world.requests == (1, 0)

    @pytest.mark.parametrize("seen", ["check", "person", "list", "made anew"])
    def test_any_sign_of_life_begins_the_count_anew(self, seen: str) -> None:
        """Also a person's look-up, a row of the list, and a record that was made anew."""
        world = World()
        world.some(6 if seen == "list" else 1)
        missing = failing(errors.JobNotFound, AskJob, job_id="job-0")
        world.fault, world.hidden = missing, {"job-0"}
        world.check()
        if seen == "check":
            world.fault = lambda _: None
            world.check()
        elif seen == "person":
            world.fault = lambda _: None
            world.person_asks("job-0")
        elif seen == "list":
            world.hidden = set()
            world.check(2000)
            world.hidden = {"job-0"}
        else:
            world.follow("job-0")
        world.fault = missing
        world.check()

        assert world.path("job-0") == ("WAITING",)

    def test_a_job_that_only_the_list_has_is_watched_on(self) -> None:
        """What the list says of it is recorded, and that it can't be looked up is told once."""
        world, told = World(fault=failing(errors.JobNotFound, AskJob)), []
        world.some(1)
        world.before = lambda question: told.append(question) if isinstance(question, JobTrouble) else None
        world.check()
        world.set("job-0", "PROCESSING")
        searches = []
        for after in (60, 20, 20, 20):
            world.check(after)
            searches.append(world.count(FindListed))
        world.fault = lambda _: None
        world.check()

        assert searches == [1, 0, 0, 1]
        assert world.path("job-0") == ("WAITING", "PROCESSING")
        assert [type(each.error) for each in told] == [errors.JobNotFound, type(None)]


class TestAnswers:
    """What an answer means, for one job and for the check."""

    @pytest.mark.parametrize(
        ("error", "is_good"),
        [
            (errors.JobNotFound, True),
            (errors.RequestRefused, True),
            (lambda: errors.BadJobId("x"), True),
            (errors.PermissionDenied, False),
            (errors.UnreadableAnswer, False),
            (errors.Unreachable, False),
        ],
    )
    def test_a_no_to_an_id_is_a_good_answer_too(
        self, error: Callable[[], errors.VoiceJobError], *, is_good: bool
    ) -> None:
        """A MetaStudio that says no to one id serves the bot well, and so does one that is not asked."""
        world = World()
        world.some(1)
        world.fault = lambda question: error() if isinstance(question, AskJob) else None
        try:
            world.check()
        except errors.MetaStudioError:
            assert not is_good

        assert world.policy.served_at == (world.now if is_good else -math.inf)

    @pytest.mark.parametrize("error", [*FOR_ALL, *OF_THE_LIST])
    @pytest.mark.parametrize("number", [4, 10])
    def test_an_outage_costs_few_requests(self, error: type[errors.MetaStudioError], number: int) -> None:
        """When several jobs in a row can't be looked up, the rest waits for the next check."""
        world = World(fault=failing(error, AskJob, AskList))
        world.some(number)
        with pytest.raises(error):
            world.check()

        assert sum(world.requests) == (1 if error in FOR_ALL else 3 + (number > 4))

    @pytest.mark.parametrize("error", [errors.RequestRefused, errors.ServiceDown, errors.PermissionDenied])
    @pytest.mark.parametrize("number", [2, 6])
    def test_one_odd_job_stops_no_other(self, error: type[errors.MetaStudioError], number: int) -> None:
        """A job whose answer is always odd is told once; others go on."""
        world, told = World(fault=failing(error, AskJob, job_id="job-0")), []
        _, *others = world.some(number)
        world.before = lambda question: told.append(question) if isinstance(question, JobTrouble) else None
        for state in ("PROCESSING", "RESULT_REVIEW"):
            for job_id in others:
                world.set(job_id, state)
            for _ in range(3):
                world.check()

        assert world.paths == dict.fromkeys(others, ("WAITING", "PROCESSING", "RESULT_REVIEW"))
        assert [(each.job_id, type(each.error)) for each in told] == [("job-0", error)]

    def test_several_odd_jobs_stop_no_other(self) -> None:
        """Jobs that the bot may not see, however many, keep it from no other one."""
        world = World()
        *odd, last = world.some(4)
        world.fault = lambda question: (
            errors.PermissionDenied() if isinstance(question, AskJob) and question.job_id in odd else None
        )
        world.set(last, "PROCESSING")
        with pytest.raises(errors.PermissionDenied):
            world.check()
        world.check()

        assert world.path(last) == ("WAITING", "PROCESSING")

    @pytest.mark.parametrize(("number", "pages"), [(1, 0), (8, 1)])
    def test_store_trouble_loses_nothing(self, number: int, pages: int) -> None:
        """What could not be recorded is asked for again first, or read from the list again."""
        world = World()
        ids = world.some(number)
        world.check()
        for job_id in ids:
            world.set(job_id, "PROCESSING", age=30)
        world.fault = failing(lambda: errors.StoreTrouble(path=""), Record)
        with pytest.raises(errors.StoreTrouble):
            world.check()
        assert world.paths == {}
        world.fault = lambda _: None
        later = [f"later-{each}" for each in range(2)]
        for job_id in later:
            world.add(job_id, 10)
        world.follow(*later)
        world.crowd(120, age=1, every=0.1)
        world.policy._most = 1  # noqa: SLF001
        world.check(40)

        assert world.paths == dict.fromkeys(ids, ("WAITING", "PROCESSING"))
        assert world.requests[1] == 2 * pages

    def test_what_one_scan_shows_is_one_change_of_the_store(self) -> None:
        """However many jobs changed."""
        world = World()
        for job_id in world.some(50):
            world.set(job_id, "PROCESSING")
        world.check()

        assert len(world.paths) == 50
        assert world.count(Record) == 1

    @pytest.mark.parametrize("is_told", [True, False], ids=["the policy knows", "only the store knows"])
    def test_a_record_that_is_made_anew_while_the_list_is_read(self, *, is_told: bool) -> None:
        """Who ends a subscription and renews it by a look-up is told of no change that was before that."""
        world = World()
        ids = world.some(6)
        world.check()
        world.set(ids[0], "PROCESSING", age=10)
        old = world.answer(AskList(0)).got
        assert isinstance(old, Page)
        world.set(ids[0], "RESULT_REVIEW")

        def renews(question: Question) -> None:
            if isinstance(question, AskList):
                if is_told:
                    world.person_asks(ids[0], asked_at=world.now + 1)
                world.follow(ids[0])
                world.rows = lambda _: old.jobs

        world.before = renews
        world.check()

        assert world.path(ids[0]) == ("RESULT_REVIEW",)
        world.before = lambda _: None
        for _ in range(3):
            world.check()
        assert world.path(ids[0]) == ("RESULT_REVIEW",)

    @pytest.mark.parametrize("is_followed", [True, False])
    def test_an_answer_to_an_earlier_request_than_a_person_saw(self, *, is_followed: bool) -> None:
        """It is ignored, also where that person was the first to follow the job."""
        world = World()
        world.add("job-0", 5000)
        if is_followed:
            world.follow("job-0")
            world.check()
        world.person_asks("job-0", asked_at=world.now + 100)
        if not is_followed:
            world.follow("job-0")
        world.set("job-0", "PROCESSING")
        world.check()
        assert world.paths == {}
        world.check()

        assert world.path("job-0") == ("WAITING", "PROCESSING")

    def test_what_is_not_checked_has_no_time_of_it(self) -> None:
        """A job counts as checked where it was found or missing, not where that failed."""
        world = World(fault=failing(errors.RequestRefused, AskJob, job_id="job-2"))
        there, missing, refused = world.some(3)
        world.hidden, world.history[missing] = {missing}, []
        world.check()

        assert world.policy.checked_at(there) == world.policy.checked_at(missing) == world.now
        assert world.policy.checked_at(refused) == world.policy.checked_at("unknown") == -math.inf

    @pytest.mark.parametrize("number", [1, 6], ids=["one by one", "by the list"])
    @pytest.mark.parametrize(
        ("age", "old"), [(0, {}), (0, {"lastupdate_time": None, "reject_times": None}), (5059, {})]
    )
    def test_an_older_answer_that_comes_again_and_again(
        self, number: int, age: float, old: dict[str, None]
    ) -> None:
        """A change is recorded once, however often a node that lags behind answers in between."""
        world = World()
        job_id, *_ = world.some(number)
        before = world.job(job_id)
        world.now += 60
        world.set(job_id, "PROCESSING", age=age)
        now_is = world.history[job_id][-1]
        assert before
        stale = (now_is[0], before.model_copy(update=old))
        for copy in (now_is, stale) * 3:
            world.history[job_id] = [copy]
            world.check(10)

        assert world.path(job_id) == ("WAITING", "PROCESSING")


def test_a_job_without_a_state_is_never_a_change() -> None:
    """What the list has of a job that can't be looked up may have no state, whatever it counts."""
    world = World(fault=failing(errors.JobNotFound, AskJob))
    world.add("job-0", 100, state="")
    world.history["job-0"] = [(0, Job(job_id="job-0", reject_times=1))]
    world.follow("job-0")
    world.check()
    world.history["job-0"] = [(0, Job(job_id="job-0", reject_times=2))]
    world.check()

    assert world.paths == {}
