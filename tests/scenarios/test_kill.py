"""The bot is killed again and again, while much goes wrong: nothing is lost, and nothing is out of order."""

import signal
from pathlib import Path

import pytest

from tests.delivery_judge import Said, judge, path_in
from tests.scenarios.killing import Plan, play

SEED = 20
HISTORY = ("CREATING", "AUDITING", "WAITING", "AUDITING", "FAILED")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_nothing_is_lost(tmp_path: Path, how: signal.Signals) -> None:
    """A kill may repeat one message, as an answer of Slack's that is lost may; a stop repeats none."""
    is_kill = how is signal.SIGKILL
    plan = Plan(seed=SEED, kills=6 if is_kill else 2, how=how, lost_answers=is_kill)

    outcome = await play(plan, tmp_path)

    assert outcome.breaches == [], outcome.timeline
    assert is_kill or outcome.repeats == 0
    assert outcome.told > 0


@pytest.mark.parametrize(
    ("paths", "verdict"),
    [
        (["CREATING", "CREATING AUDITING", "AUDITING WAITING AUDITING FAILED"], "4 told, 0 repeated"),
        (["CREATING", "CREATING … FAILED"], "2 told, 0 repeated"),
        (["CREATING", "CREATING AUDITING", "CREATING AUDITING FAILED"], "2 told, 1 repeated"),
        (["CREATING", "FAILED"], "0 told, 1 repeated"),
        ([], "lost: nothing was said"),
        (["CREATING"], "lost: never told: CREATING → FAILED"),
        (["CREATING", "CREATING AUDITING", "WAITING FAILED"], "lost: a gap"),
        (["CREATING", "CREATING WAITING", "WAITING AUDITING WAITING"], "disorder: there never was"),
        (["UPLOADING"], "disorder: the first message"),
    ],
)
def test_judge(paths: list[str], verdict: str) -> None:
    """What the judge of the test above counts, and what it finds; here, one state alone is a card."""
    split = [tuple(path.split()) for path in paths]
    found = judge(HISTORY, [Said(at=at, path=path, is_card=len(path) == 1) for at, path in enumerate(split)])

    kind = "disorder" if found.is_order else "lost"
    counts = f"{found.told} told, {len(found.repeats)} repeated"
    assert (f"{kind}: {found.breach}" if found.breach else counts).startswith(verdict)


def test_judge_reads_states() -> None:
    """The states that a message names; one that names none is an error of the test's."""
    assert path_in("a: b.c: Training, <!date^1>. With MetaStudio") == ("PROCESSING",)
    deleted = "a: Training → Training again → Deleted (2nd time). Done"
    assert path_in(deleted) == ("PROCESSING", "PROCESSING", "gone")
    for text in ("Hello.", "a: On the moon."):
        with pytest.raises(ValueError, match="names"):
            path_in(text)
