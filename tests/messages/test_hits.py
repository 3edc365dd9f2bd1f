"""The list of the jobs that were found by a name."""
# ruff: noqa: RUF001  Chinese punctuation

import pytest

from bot.domain.job_names import Found
from bot.domain.jobs import Job
from bot.messages import hits, job_card
from bot.messages.channel import STOP
from tests.messages.reading import CHINESE, CONTEXT, JOB_ID, pressed, texts_of
from tests.records import NOW

ONE = Job(job_id=JOB_ID, voice_name="Morning <News>", state="AUDITING", reject_times=2)
TWO = Job(job_id="job-2", voice_name="Morning <News>", state="SUCCEED", lastupdate_time=NOW)
AGO = "<!date^1800000000^{ago}|2027-01-15 08:00 UTC>"


def test_several() -> None:
    """Each has its state and its id, as jobs may share a name; the text says the same."""
    message = hits.hits(Found((ONE, TWO)), "news", CONTEXT)

    assert texts_of(message) == [
        "2 jobs match `news`. Which one?",
        f":hourglass_flowing_sand: *Morning &lt;News&gt;* · In manual review (2nd time)\n`{JOB_ID}`",
        f":white_check_mark: *Morning &lt;News&gt;* · Succeeded, {AGO}\n`job-2`",
    ]
    assert message.text == (
        "2 jobs match `news`. Which one?\n"
        f"“Morning &lt;News&gt;”: In manual review. Job `{JOB_ID}`.\n"
        "“Morning &lt;News&gt;”: Succeeded. Job `job-2`."
    )


CHOICES = [
    (None, []),
    (hits.Choice("details", job_card.DETAILS), [("Details", job_card.DETAILS, JOB_ID)]),
    (hits.Choice("unsubscribe", STOP, "D1"), [("Unsubscribe", STOP, f"{JOB_ID} D1")]),
]


@pytest.mark.parametrize(("choice", "button"), CHOICES)
def test_buttons(choice: hits.Choice | None, button: list[tuple[str, str, str]]) -> None:
    """One does what was typed, for the conversation that was meant; another one shows the job."""
    message = hits.hits(Found((ONE,)), "news", CONTEXT, choice=choice)

    assert pressed(message) == [*button, ("Show", job_card.SHOW, JOB_ID)]


def test_very_many() -> None:
    """Ten are shown, and how many more there are."""
    message = hits.hits(Found((ONE,) * 12), "news", CHINESE)

    assert len(pressed(message)) == 10
    assert message.text.startswith("有 12 个任务与 `news` 匹配，请选择：\n")
    assert message.text.endswith("\n还有 2 个：请输入更完整的名称，或输入任务 ID。")
    assert texts_of(message)[-1] in message.text


HINT = f"A job id usually looks like `{JOB_ID}`; `/voicejob help` shows what I can do."


def test_not_all_were_searched() -> None:
    """That is said below those that were found, in the place of a number that may be wrong."""
    said = "Only the newest 300 jobs were searched. Not there? Type more of the name, or the job id."
    message = hits.hits(Found((ONE,) * 12, searched=300), "news", CONTEXT)

    assert (texts_of(message)[-1], message.text.splitlines()[-1]) == (said, said)


NOBODY = "No job `news`, and no voice with that in its name."
NONE = [
    (Found(), None, f"{NOBODY} {HINT}"),
    (Found(searched=300), None, f"{NOBODY} I looked at the newest 300 jobs. {HINT}"),
    (Found(nearest=(TWO,), searched=300), None, f"{NOBODY} I looked at the newest 300 jobs. Similar names:"),
    (Found(nearest=(TWO,)), None, f"{NOBODY} Similar names:"),
    (
        Found(nearest=(TWO,)),
        CHOICES[2][0],
        "Nothing called `news` is followed here. `/voicejob list` shows what is. Similar names:",
    ),
    (Found(), CHOICES[2][0], "Nothing called `news` is followed here. `/voicejob list` shows what is."),
]


@pytest.mark.parametrize(("found", "choice", "head"), NONE)
def test_none(found: Found, choice: hits.Choice | None, head: str) -> None:
    """It says how far was searched, and offers the nearest names, or else how an id looks."""
    message = hits.hits(found, "news", CONTEXT, choice=choice)

    assert message.text.splitlines()[0] == texts_of(message)[0] == head
    assert [action_id for _, action_id, _ in pressed(message)][-1:] == [job_card.SHOW] * len(found.nearest)
