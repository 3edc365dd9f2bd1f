"""The bot is killed again and again, in bad weather: nothing is lost, nothing is told in the wrong order."""

import signal
from pathlib import Path

import pytest

from tests.delivery_judge import Said, judge, path_in
from tests.scenarios.kill_records import Plan
from tests.scenarios.killing import play

SEED = 20
HISTORY = ("CREATING", "AUDITING", "WAITING", "AUDITING", "FAILED")


@pytest.mark.timeout(120)
async def test_kills_lose_nothing_and_repeat_one_message_at_most(tmp_path: Path) -> None:
    """SIGKILL at moments that matter, while both services fail and some of Slack's answers get lost."""
    outcome = await play(Plan(seed=SEED, kills=6, longest_life=1.5), tmp_path)

    assert outcome.breaches == [], outcome.timeline
    assert outcome.kills == 6
    assert outcome.told > 0


@pytest.mark.timeout(120)
async def test_a_stop_repeats_nothing(tmp_path: Path) -> None:
    """SIGTERM in the middle of the same: what is under way is finished and written down."""
    plan = Plan(seed=SEED, kills=2, how=signal.SIGTERM, longest_life=1.5, lost_answers=False)

    outcome = await play(plan, tmp_path)

    assert outcome.breaches == [], outcome.timeline
    assert outcome.repeats == 0
    assert outcome.told > 0


class TestTheJudge:
    """What the judge of the two tests above sees, and what it lets pass."""

    @pytest.mark.parametrize(
        ("paths", "told", "repeats"),
        [
            (["CREATING", "CREATING AUDITING", "AUDITING WAITING AUDITING FAILED"], 4, 0),
            (["CREATING", "CREATING WAITING", "WAITING FAILED"], 2, 0),
            (["AUDITING", "AUDITING AUDITING", "AUDITING FAILED"], 2, 0),
            (["CREATING", "CREATING … FAILED"], 2, 0),
            (["CREATING", "CREATING FAILED", "CREATING FAILED"], 1, 1),
            (["CREATING", "CREATING AUDITING", "CREATING AUDITING FAILED"], 2, 1),
            (["CREATING", "FAILED"], 0, 1),
        ],
    )
    def test_it_counts(self, paths: list[str], told: int, repeats: int) -> None:
        """Each change once, and what came twice."""
        verdict = judge(HISTORY, _said(paths))

        assert (verdict.breach, verdict.told, len(verdict.repeats)) == ("", told, repeats)

    @pytest.mark.parametrize(
        ("paths", "is_order", "breach"),
        [
            ([], False, "nothing was said"),
            (["CREATING"], False, "never told: CREATING → FAILED"),
            (["CREATING", "CREATING AUDITING", "WAITING FAILED"], False, "a gap"),
            (["CREATING", "AUDITING FAILED"], False, "a gap"),
            (["AUDITING", "AUDITING CREATING"], True, "such a path never was"),
            (["CREATING", "CREATING WAITING", "WAITING AUDITING", "AUDITING WAITING"], True, "never was"),
            (["WAITING", "WAITING AUDITING", "FAILED"], False, "a gap"),
            (["UPLOADING"], True, "no card of a state that there was"),
        ],
    )
    def test_it_finds(self, paths: list[str], is_order: bool, breach: str) -> None:  # noqa: FBT001
        """What was lost, and what was told in another order."""
        verdict = judge(HISTORY, _said(paths))

        assert breach in verdict.breach
        assert verdict.is_order == is_order

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("`a: b.c`: In training. MetaStudio's turn", ("PROCESSING",)),
            ("`a`: In training → In training again → Deleted. Done", ("PROCESSING", "PROCESSING", "gone")),
        ],
    )
    def test_it_reads(self, text: str, path: tuple[str, ...]) -> None:
        """The states that a message names."""
        assert path_in(text) == path

    @pytest.mark.parametrize("text", ["", "Hello.", "`a`: On the moon."])
    def test_it_reads_nothing_else(self, text: str) -> None:
        """A message that names no state, or one that nobody knows, is an error of the test's."""
        with pytest.raises(ValueError, match="names"):
            path_in(text)


def _said(paths: list[str]) -> list[Said]:
    """Write what was said; one state alone is a card."""
    split = [tuple(path.split()) for path in paths]
    return [Said(at=at, path=path, is_card=len(path) == 1) for at, path in enumerate(split)]
