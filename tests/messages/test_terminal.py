"""Messages drawn in a terminal."""
# ruff: noqa: RUF001  Chinese punctuation

import io
import re
import time
from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given
from rich.cells import cell_len
from rich.console import Console

from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.messages import terminal
from bot.messages.facts import facts
from bot.messages.line_breaks import line_ends
from bot.messages.looked_up import looked_up
from bot.simulators.slack.blockkit import BLOCKS
from tests.messages.reading import CONTEXT, JOB_ID
from tests.profiles import examples
from tests.records import NOW
from tests.strategies import answers, texts

DAY = 24 * 60 * 60
STYLE = re.compile(r"\x1b\[[\d;]*m")
"""What rich itself writes: a change of style."""


def drawn(blocks: list[dict[str, Any]], language: Language = Language.EN, *, colour: bool = False) -> str:
    """Draw blocks as a terminal would get them, with or without colour."""
    system: Literal["truecolor"] | None = "truecolor" if colour else None
    console = Console(
        file=io.StringIO(), width=120, highlight=False, force_terminal=colour, color_system=system
    )
    with console.capture() as capture:
        console.print(terminal.draw(blocks, language, now=NOW + 6 * DAY))
    return capture.get()


def read(picture: str) -> str:
    """Take the frame and the line breaks away, so that only what is said remains."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", picture).split())


def card_of(**fields: Any) -> list[dict[str, Any]]:
    job = Job.from_api(fields | {"job_id": JOB_ID})
    return [*looked_up(job, CONTEXT, now=NOW).blocks, *facts(job, CONTEXT)]


def section(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


FULL = {"voice_name": "女声", "state": "FAILED", "job_type": "BASIC", "lastupdate_time": NOW}
FULL |= {"job_failed_code": "MSS.1", "job_failed_reason": "Too long."}
SEEN = ["女声", "❌ Failed, 6 days ago", "“Too long.” (MSS.1)", "Your turn: fix the cause", "[ Refresh ]"]
SEEN += ["FAILED · checked 2027-01-15", JOB_ID, "Edition: Basic", "Region: cn-north-4"]


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
    """Lines are as wide as the frame, with Chinese as two columns a character; none ends early at a blank."""
    picture = STYLE.sub("", drawn(card_of(**FULL | {"voice_name": "女" * 150}), colour=True))

    assert {cell_len(line) for line in picture.splitlines()} == {terminal.WIDTH}
    assert "一 二" in drawn(section("一 " + "二" * 60))


BROKEN = {
    "如需停止，请点击“取消订阅”。": ["如需停止，请点击", "“取消订阅”。"],
    "已订阅“Morning News”。需要您": ["已订阅“Morning ", "News”。需要您"],
    "任务（第 2 次）审核失败……": ["任务（第 2 次）", "审核失败……"],
    "one two three four five six": ["one two three ", "four five six"],
    "a-word-that-is-too-wide 女声": ["a-word-that-is-too-wide ", "女声"],
}


@pytest.mark.parametrize("line", BROKEN)
def test_lines_end_where_they_may(line: str) -> None:
    """Between words and Chinese characters, but not before a closing mark or after an opening one."""
    ends = [0, *line_ends(line, 16), len(line)]
    assert [line[start:end] for start, end in pairwise(ends)] == BROKEN[line]


MRKDWN = {
    "*bold `x`* plain": "bold x plain",
    "2*3*4 2*3* * a *": "2*3*4 2*3* * a *",
    "in <https://a.example/?x=1&amp;y|the *console*>": "in the *console* (https://a.example/?x=1&y)",
    "`a&lt;b&gt;&amp;c`": "a<b>&c",
    "`&amp;lt;`": "&lt;",
    "`*a* :x:`": "*a* :x:",
    ":warning: :unknown_picture:": "⚠️ :unknown_picture:",
}


def test_mrkdwn() -> None:
    """Bold, code, pictures and entities read as in Slack, entities once; in plain text they do too."""
    assert {written: read(drawn(section(written))) for written in MRKDWN} == MRKDWN
    mrkdwn, names = "`a &lt;b&gt;` *c* :x: <@U1> <@U2>", {"U2": "bob"}
    assert terminal.plain(mrkdwn, Language.EN, now=NOW, names=names) == "a <b> c ❌ @U1 @bob"


MOMENTS = {
    f"<!date^{NOW}^at {{date_short_pretty}} {{time}}, {{other}}|x>": "at 2027-01-15 16:00, {other}",
    f"<!date^{NOW}^{{ago}}|x>": "6 days ago",
    f"<!date^{NOW + 5 * DAY}^{{ago}}|x>": "1 day ago",
    f"<!date^{NOW + 6 * DAY - 7300}^({{ago}})|x>": "(2 hours ago)",
    f"<!date^{NOW + 7 * DAY}^{{ago}}|x>": "just now",
}


def test_moments_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates are in the time zone of whoever looks, the words between them kept, and ages in the language."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CST-8")
        time.tzset()
        said = {written: read(drawn(section(written))) for written in MOMENTS}
    time.tzset()

    assert said == MOMENTS
    assert read(drawn(section(f"<!date^{NOW}^查询于 {{ago}}|x>"), Language.ZH)) == "查询于 6 天前"
    assert read(drawn(section(f"<!date^{NOW + 7 * DAY}^{{ago}}|x>"), Language.ZH)) == "刚刚"


HOSTILE = "[red]x[/red] [link=//e.io]y[/link] \\[ <!date^1^x|x> &lt; \x1b[31m"


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
