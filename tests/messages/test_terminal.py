"""Messages drawn in a terminal."""

import io
import re
import time
from typing import Any, Literal

import pytest
from hypothesis import given
from rich.cells import cell_len
from rich.console import Console

from bot.domain.jobs import Job
from bot.messages import blocks, job_card, terminal
from bot.simulators.slack.blockkit import BLOCKS
from tests.messages.reading import JOB_ID
from tests.profiles import examples
from tests.records import NOW
from tests.strategies import answers, texts

STYLE = re.compile(r"\x1b\[[\d;]*m")
"""What rich itself writes: a change of style."""


def drawn(blocks: list[dict[str, Any]], *, colour: bool = False) -> str:
    """Draw blocks as a terminal would get them, with or without colour."""
    system: Literal["truecolor"] | None = "truecolor" if colour else None
    console = Console(
        file=io.StringIO(), width=120, highlight=False, force_terminal=colour, color_system=system
    )
    with console.capture() as capture:
        console.print(terminal.draw(blocks, now=NOW))
    return capture.get()


def read(picture: str) -> str:
    """Take the frame and the line breaks away, so that only what is said remains."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", picture).split())


def card_of(**fields: Any) -> list[dict[str, Any]]:
    job = Job.from_api(fields | {"job_id": JOB_ID})
    return job_card.job(job, region="cn-north-4", now=NOW, console_url="https://console.example/").blocks


def section(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


FULL = {"voice_name": "女声", "state": "FAILED", "job_type": "BASIC", "lastupdate_time": NOW}
FULL |= {"job_failed_code": "MSS.1", "job_failed_reason": "Too long."}
SEEN = ["女声", "❌ Failed, 2027-01-15", "Your turn: Fix the cause", "Error MSS.1: Too long."]
SEEN += ["State: FAILED · Edition: Basic", "Region cn-north-4", JOB_ID, "[ Refresh ] [ Open console ]"]


def test_every_block_of_our_messages_is_drawn() -> None:
    """Every text of a card is in the picture, its buttons too, and nothing of its markup."""
    picture = read(drawn(card_of(**FULL)))
    listed = [*section("by <@U0ALICE> in <#C0123>"), {"type": "divider"}, *section("next")]

    assert [said for said in SEEN if said not in picture] == []
    assert not re.search(r"[*`]|<!date|:x:|&amp;", picture)
    assert {block["type"] for block in [*card_of(**FULL), *listed]} == BLOCKS.keys() - {"image"}
    assert read(drawn(listed)) == "by @U0ALICE in #C0123 next"
    assert len([line for line in drawn(listed).splitlines() if "───" in line]) == 3


def test_fits_its_width() -> None:
    """No line is wider than the frame, Chinese characters counted as two columns."""
    picture = STYLE.sub("", drawn(card_of(**FULL | {"voice_name": "女" * 150}), colour=True))

    assert {cell_len(line) for line in picture.splitlines()} == {terminal.WIDTH}


MRKDWN = {
    "*bold* plain": "bold plain",
    "`a&lt;b&gt;&amp;c`": "a<b>&c",
    "`&amp;lt;`": "&lt;",
    "`*a* :x:`": "*a* :x:",
    ":warning: :unknown_picture:": "⚠️ :unknown_picture:",
}


def test_mrkdwn() -> None:
    """Bold, code, pictures and entities read as in Slack, entities once; in plain text they do too."""
    assert {written: read(drawn(section(written))) for written in MRKDWN} == MRKDWN
    assert terminal.plain("`a &lt;b&gt;` *c* :x: <@U1>", now=NOW) == "a <b> c ❌ @U1"


def test_date_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """A date token is drawn in the time zone of whoever looks."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CST-8")
        time.tzset()
        said = read(drawn(section(blocks.date(NOW))))
    time.tzset()

    assert said == "2027-01-15 16:00"


HOSTILE = "[red]x[/red] [link=https://evil.example]y[/link] [/] \\[ :x: <!date^1^{date}|x> &lt; \x1b[31m"


@pytest.mark.parametrize("name", ["voice_name", "state", "job_type", "job_failed_reason"])
def test_markup_in_a_card_is_just_drawn(name: str) -> None:
    """Rich's markup, links, pictures and mrkdwn in a field are shown as they are."""
    picture = drawn(card_of(**{"state": "BRAND_NEW", name: HOSTILE}), colour=True)

    said = re.sub(r"\s", "", read(STYLE.sub("", picture)))
    assert re.sub(r"\s", "", HOSTILE.replace("\x1b", "")) in said
    assert "\x1b]8" not in picture


@given(answers(), texts())
@examples(40)
def test_nothing_reaches_the_terminal_itself(answer: dict[str, Any], text: str) -> None:
    """The terminal gets lines and styles, and no other control character, whatever a message holds."""
    steering = "\x1b[2J\x1b]8;;https://evil.example\x07\x9b31m\r\x08"
    hostile = [{"type": kind, "text": steering + text} for kind in ("plain_text", "mrkdwn")]
    blocks = [*card_of(**answer), *({"type": "section", "text": each} for each in hostile)]
    picture = STYLE.sub("", drawn(blocks, colour=True))

    assert not [char for char in picture if char != "\n" and (char < " " or "\x7f" <= char <= "\x9f")]
