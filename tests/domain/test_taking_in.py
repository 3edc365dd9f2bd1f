"""Taking in the jobs of wide subscriptions: which, what of them is news, and what stays as it is."""

from dataclasses import replace

import pytest

from bot.domain.causes import Cause, Reviewer
from bot.domain.jobs import Job
from bot.domain.keys import Address, DeliveryKey, JobRef, Selector, SelectorKind
from bot.domain.records import Board, Delivery, Level, Record, Records, Subscription
from bot.domain.taking_in import keys_to_take_in, taken_in
from tests.records import ALICE, HERE, NOW, record, wish

PROJECT = Selector(SelectorKind.PROJECT, "")
BATCH, TAG = Selector(SelectorKind.BATCH, "Spring 春"), Selector(SelectorKind.TAG, "NEWS")
THERE = Address("T1", "C2")
JOB = Job(job_id="job-1", state="PROCESSING", batch_name="spring  春", lastupdate_time=NOW - 5)
DELIVERY = DeliveryKey(HERE, JobRef.of("job-1"))


def wide(selector: Selector = BATCH, address: Address = HERE) -> Subscription:
    return Subscription(
        address=address, selector=selector, level=Level.ALL, subscribed_by=ALICE, subscribed_at=NOW
    )


def board(of: Subscription, *, is_read: bool = True) -> Board:
    return Board(address=of.address, selector=of.selector, is_read=is_read)


def take_in(*stored: Record, job: Job = JOB, is_complete: bool = False) -> Records:
    """Take a job in, for all wide subscriptions that are stored; see that the keys were known before."""
    wishes = [each for each in stored if isinstance(each, Subscription) and each.selector.is_wide]
    keys = keys_to_take_in(wishes, [job])
    held = Records(Records.fromkeys(keys) | Records.of(*stored))
    made = taken_in(wishes, [job], NOW, is_complete=is_complete)(held)
    assert made.keys() <= set(keys)
    return made


@pytest.mark.parametrize(
    ("selector", "fields", "is_taken"),
    [
        (BATCH, {}, True),
        (BATCH, {"batch_name": "Autumn"}, False),
        (BATCH, {"batch_name": None}, False),
        (TAG, {}, False),
        (TAG, {"tag": "news"}, True),
        (PROJECT, {"batch_name": None}, True),
        (PROJECT, {"state": None}, False),
        (BATCH, {"state": "SUCCEED"}, True),
        (PROJECT, {"state": "SUCCEED"}, False),
        (PROJECT, {"state": "SUCCEED", "lastupdate_time": None}, False),
        (PROJECT, {"state": "FAILED", "lastupdate_time": NOW}, True),
    ],
)
def test_which_jobs_are_taken_in(selector: Selector, fields: dict[str, object], *, is_taken: bool) -> None:
    """All that are selected and show a state, but of the project not those that had ended before."""
    made = take_in(wide(selector), job=JOB.model_copy(update=fields))

    assert set(made) == ({DELIVERY, DELIVERY.job} if is_taken else set())


@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize(
    ("state", "time", "is_news_later", "is_news_at_first"),
    [
        ("PROCESSING", NOW - 5, True, False),
        ("SUCCEED", NOW - 1, False, False),
        ("FAILED", None, False, False),
        ("FAILED", NOW, True, False),
        ("AUDIT_FAILED", NOW - 99, True, True),
        ("CREATING", None, True, True),
    ],
)
def test_what_is_news(
    state: str, time: int | None, *, is_read: bool, is_news_later: bool, is_news_at_first: bool
) -> None:
    """What ended before never is, and at the first reading only that the customer has to act."""
    mine = wide()
    job = JOB.model_copy(update={"state": state, "lastupdate_time": time})
    delivery = take_in(mine, board(mine, is_read=is_read), job=job).delivery(DELIVERY)

    assert delivery
    assert (delivery.told is None) == (is_news_later if is_read else is_news_at_first)


@pytest.mark.parametrize("is_read", [True, False])
def test_a_record_stays_as_it_is(*, is_read: bool) -> None:
    """It counts, not what the list shows; nothing that was seen before is told if nothing is news."""
    mine, known = wide(), record("WAITING", "PROCESSING", batch_name="Spring 春")
    here = mine, board(mine, is_read=is_read)
    made = take_in(*here, known, job=Job(job_id="job-1", state="CREATING"))
    delivery = made.delivery(DELIVERY)

    assert made.job(known.ref) is known
    assert delivery
    assert delivery.told == (None if is_read else 1)
    assert take_in(*here, replace(known, job=known.job.model_copy(update={"batch_name": "Autumn"}))) == {}


def test_one_delivery_in_each_conversation() -> None:
    """What is news to one of its subscriptions is news; a delivery stays, unless somebody ended it."""
    old, new, other = wide(), wide(PROJECT), wide(address=THERE)
    stored = new, old, other, board(old, is_read=False), board(new), wish()
    told = {key: it.told for key, it in take_in(*stored).items() if isinstance(it, Delivery)}
    assert told == {DELIVERY: None, DeliveryKey(THERE, DELIVERY.job): 0}

    kept = Delivery(address=HERE, job=DELIVERY.job)
    assert {*take_in(*stored, kept)} == {*told} - {DELIVERY} | {DELIVERY.job}
    assert {*take_in(*stored, replace(kept, stopped_by="U1"))} == {*told} | {DELIVERY.job}


def test_a_subscription_that_ended_meanwhile_takes_nothing_in() -> None:
    """Nor does one that was made anew, whose board waits for a reading of its own."""
    mine = wide()
    change = taken_in([mine], [JOB], NOW, is_complete=True)
    for others in ([], [replace(mine, id="anew")]):
        assert change(Records.of(board(mine, is_read=False), *others)) == {}


def test_boards_know_of_a_complete_reading() -> None:
    """Those that exist then; jobs that come with the end of it are still of the first reading."""
    mine, other = wide(), wide(TAG)
    stored = mine, other, board(mine, is_read=False), wide(PROJECT, THERE)
    made = take_in(*stored, is_complete=True)
    boards = [each for each in made.values() if isinstance(each, Board)]

    assert boards == [replace(stored[2], is_read=True)]
    assert made[DELIVERY] == replace(made[DELIVERY], told=0)  # type: ignore[type-var]
    assert not any(isinstance(each, Board) for each in take_in(*stored).values())


def test_why_a_job_failed_is_kept_with_it() -> None:
    """The reason that was found for it is that of its first sight."""
    cause, mine = Cause(by=Reviewer.ADMIN, said="noise"), wide()
    job = JOB.model_copy(update={"state": "AUDIT_FAILED"})
    made = taken_in([mine], [job], NOW, causes={"job-1": cause})(Records.of(mine)).job(DELIVERY.job)

    assert made
    assert [sight.cause for sight in made.sights] == [cause]
