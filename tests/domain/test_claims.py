"""What people say of a job while it waits for the customer."""

from collections.abc import Callable

import pytest

from bot.domain import claims
from bot.domain.claims import Turn
from bot.domain.job_records import with_answer
from bot.domain.jobs import Job
from bot.domain.keys import Address
from bot.domain.records import Change, Claim, JobRecord, Records
from tests.records import ALICE, BOB, NOW, record

OURS = record("AUDITING", "AUDIT_FAILED")
REF, JOB = OURS.ref, OURS.job
TURN = Turn.of(JOB)
HERS, HIS = Address("T1", ALICE), Address("T1", BOB)


def take(person: Address, turn: Turn = TURN, *, over: bool = False, at: int = NOW) -> Change:
    return claims.claimed(REF, JOB, turn, person, at, takes_over=over)


TAKEN = Claim(person=HERS, at=NOW)
CLAIMS: dict[str, tuple[list[Change], Claim | None]] = {
    "taken": ([take(HERS)], TAKEN),
    "taken twice by the same person": ([take(HERS), take(HERS, over=True, at=NOW + 9)], TAKEN),
    "somebody has it": ([take(HERS), take(HIS)], TAKEN),
    "taken over": ([take(HERS), take(HIS, over=True, at=NOW + 9)], Claim(person=HIS, at=NOW + 9)),
    "given up": ([take(HERS), claims.released(REF, TURN, NOW)], None),
    "a message about another time": ([take(HERS, Turn("AUDIT_FAILED", 2))], None),
    "a message about another state": ([take(HERS, Turn("CREATING", 1))], None),
    "a count that is not known": ([take(HERS, Turn("AUDIT_FAILED"))], TAKEN),
    "an earlier turn is given up": ([take(HERS), claims.released(REF, Turn("CREATING"), NOW)], TAKEN),
}


@pytest.mark.parametrize(("changes", "expected"), CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize("known", [OURS, None], ids=["followed", "not followed"])
def test_claim(changes: list[Change], expected: Claim | None, known: JobRecord | None) -> None:
    """The first one has it, until it is taken over, given up, or the message was about another turn."""
    records = Records({REF: known})
    for change in changes:
        records = Records(records | change(records))

    found = records.job(REF)
    assert (found.claim if found else None) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (take(HERS, at=NOW + 9), (NOW + 9, None)),
        (claims.put_off(REF, TURN, NOW + 99), (None, NOW + 99)),
        (claims.put_off(REF, Turn("CREATING"), NOW + 99), (None, None)),
    ],
)
def test_clock(change: Change, expected: tuple[int | None, int | None]) -> None:
    """A claim counts anew; "later" waits until then; neither does where the message is an old one."""
    found = Records(Records.of(OURS) | change(Records.of(OURS))).job(REF)

    assert found
    assert (found.clock, found.later) == expected


def test_it_ends_when_the_state_moves() -> None:
    """With all that was said of that turn, also where the same state comes once more."""
    records = Records.of(OURS)
    for change in (take(HERS), claims.put_off(REF, TURN, NOW + 99)):
        records = Records(records | change(records))
    mine = records.job(REF)
    assert mine
    for state, times in (("SYSTEM_AUDITING", 1), ("AUDIT_FAILED", 2)):
        moved = with_answer(mine, Job(job_id="job-1", state=state, reject_times=times), NOW + 1)
        assert (moved.claim, moved.clock, moved.later) == (None, None, None)
    assert with_answer(mine, JOB, NOW + 1) == mine


@pytest.mark.parametrize("turn", [TURN, Turn("CREATING"), Turn("X", 12)])
def test_turn_in_a_button(turn: Turn) -> None:
    """What is read is what was written; anything else is a turn that no job is in."""
    assert Turn.parse(str(turn)) == turn
    wrong: list[Callable[[], Turn]] = [lambda: Turn.parse(""), lambda: Turn.parse("AUDIT_FAILED/99999999")]
    assert [each().is_over(JOB) for each in wrong] == [True, False]
