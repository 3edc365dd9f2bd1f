"""Looking up a job, from a person's command to the card; what depends on the mode, in both modes."""

import asyncio
import logging
import re
import time
from typing import Any

import pytest

from bot.messages import job_card
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from tests.faults import ONE_OF_EACH, Answer
from tests.support import BOTH_MODES, eventually, log_lines, log_text

pytestmark = pytest.mark.usefixtures("bot")

COMMAND = "/voicejob"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def ask(slack: SlackWorkspace, channel: str, text: str, **who: Any) -> Message:
    """Type the command and wait for what it shows."""
    asked = await slack.command(COMMAND, text, channel=channel, **who)
    assert asked.acked
    return await asked.message()


async def press(slack: SlackWorkspace, seen: Message, action_id: str) -> Message:
    """Press a button and wait for what it shows."""
    pressed = await slack.press(seen, action_id)
    assert pressed.acked
    return await pressed.message()


def buttons(seen: Message) -> list[str]:
    """List the action ids of a message's buttons."""
    rows = [block["elements"] for block in seen.blocks if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]


@BOTH_MODES
async def test_a_command_shows_the_job_to_the_one_who_asked(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A look-up works where the bot is no member, and only the person who asked sees the card."""
    job = metastudio.add_job(voice_name="女声", state="PROCESSING")

    card = await ask(slack, channel, job["job_id"], user="U0BOB")

    assert card.user == "U0BOB"
    assert card.blocks[0]["text"]["text"] == "女声"
    assert "In training" in card.text
    assert job["job_id"] in card.text
    assert slack.messages(channel) == []
    assert [call.method for call in slack.calls if call.method == "chat.postMessage"] == []


@pytest.mark.parametrize("text", ["<https://console.example.com/jobs/{}?tab=1|the job>", '"{}"', "{} please"])
async def test_the_id_may_come_wrapped(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, text: str
) -> None:
    """What people paste around an id does no harm; in quotes, one like a mistyped word is an id, too."""
    job_id = "hepl" if text == '"{}"' else UNKNOWN
    metastudio.add_job(job_id=job_id, voice_name="The voice")

    assert "The voice" in (await ask(slack, channel, text.format(job_id))).text


@BOTH_MODES
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "`/voicejob &lt;job_id&gt;`"),
        ("Help!", "`/voicejob &lt;job_id&gt;`"),
        (f"subscirbe {UNKNOWN}", f"Did you mean `/voicejob subscribe {UNKNOWN}`?"),
        ("subscribe", "Did you mean `/voicejob subscribe &lt;job_id&gt;`?"),
        ("x" * 10_000, "can't be a job id"),
        (f"{UNKNOWN} {UNKNOWN.replace('0', '1')}", "more than one job id"),
    ],
    ids=lambda value: ascii(value)[:20],
)
async def test_what_needs_no_job_is_answered_in_the_acknowledgement(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, text: str, says: str
) -> None:
    """Help, slips, and what can't be an id are told in the ack with the usage, without asking MetaStudio."""
    asked = await slack.command(COMMAND, text, channel=channel)

    assert asked.ack_message is not None
    assert asked.ack_message.user == asked.user
    assert says in asked.ack_message.text
    assert "`/voicejob help`" in asked.ack_message.text or "&lt;job_id&gt;" in asked.ack_message.text
    assert metastudio.requests == []


async def test_a_word_for_which_there_is_no_job_gets_a_hint(slack: SlackWorkspace, channel: str) -> None:
    """Who typed a word that is no command of ours reads what an id looks like, and where help is."""
    assert "usually looks like" in (await ask(slack, channel, "status")).text
    assert "usually looks like" not in (await ask(slack, channel, UNKNOWN)).text


SAYS = {
    "JobNotFound": "MetaStudio has no job",
    "RequestRefused": "it calls the request invalid",
    "CredentialsRefused": "refuses the bot's credentials",
    "PermissionDenied": "does not allow the bot",
    "WrongProject": "does not know the project or the address",
    "Throttled": "is limiting requests",
    "ServiceDown": "has a fault on its side",
    "TimedOut": "took too long",
    "Unreachable": "I can't reach MetaStudio",
    "UnreadableAnswer": "an answer that I can't read",
}


@pytest.mark.parametrize("answer", ONE_OF_EACH.values(), ids=[each.__name__ for each in ONE_OF_EACH])
async def test_each_failure_has_its_sentence(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, answer: Answer
) -> None:
    """What goes wrong at MetaStudio reaches the person as a sentence, and nothing raw comes with it."""
    assert isinstance(answer.sent, Fault)
    metastudio.fail(answer.sent, times=3)

    seen = await ask(slack, channel, UNKNOWN)

    assert SAYS[answer.error.__name__] in seen.text
    assert seen.user is not None
    for raw in ("Traceback", "APIGW", "MSS.", "<html", "error_code"):
        assert raw not in str(seen.blocks)
    assert (buttons(seen) == [job_card.TRY_AGAIN]) is answer.error.may_pass


@BOTH_MODES
async def test_refresh_replaces_the_card(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """Pressing Refresh shows the job as it is now, in the place of the old card."""
    job = metastudio.add_job(state="PROCESSING")
    card = await ask(slack, channel, job["job_id"])
    metastudio.set_state(job["job_id"], "SUCCEED")

    fresh = await press(slack, card, job_card.REFRESH)

    assert "Succeeded" in fresh.text
    assert [seen.ts for seen in slack.ephemeral(card.user or "", channel)] == [card.ts]


async def test_refresh_that_fails_leaves_the_card(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """When Refresh can't look the job up, the old card stays and the reason comes beside it."""
    job = metastudio.add_job(state="PROCESSING")
    card = await ask(slack, channel, job["job_id"])
    metastudio.delete(job["job_id"])

    problem = await press(slack, card, job_card.REFRESH)

    assert "has no job" in problem.text
    assert [seen.text for seen in slack.ephemeral(card.user or "", channel)] == [card.text, problem.text]


async def test_try_again_replaces_the_problem(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A problem that may pass has a button, which puts the card, or the problem of now, in its place."""
    job = metastudio.add_job(state="PROCESSING", voice_name="Patience")
    metastudio.fail(Fault.broken_json(), times=2)
    problem = await ask(slack, channel, job["job_id"])

    again = await press(slack, problem, job_card.TRY_AGAIN)
    card = await press(slack, again, job_card.TRY_AGAIN)

    assert "an answer that I can't read" in again.text
    assert "Patience" in card.text
    assert [seen.ts for seen in slack.ephemeral(problem.user or "", channel)] == [problem.ts]


async def test_many_who_ask_make_one_request(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """Ten people and ten presses of Refresh while MetaStudio is asked share one request; each is answered."""
    job = metastudio.add_job(state="PROCESSING")
    card = await ask(slack, channel, job["job_id"])
    metastudio.requests.clear()
    metastudio.latency = 0.7

    presses = [press(slack, card, job_card.REFRESH) for _ in range(10)]
    people = [ask(slack, channel, job["job_id"], user=f"U0PERSON{number}") for number in range(10)]
    seen = await asyncio.gather(*people, *presses)

    assert len({card.user for card in seen}) == 11
    assert len(metastudio.requests) == 1


async def test_a_look_up_that_hangs_holds_up_nobody(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """While one look-up hangs, another person's command is acknowledged and answered."""
    metastudio.fail(Fault.slow(1.5))
    first = await slack.command(COMMAND, UNKNOWN, channel=channel)
    await eventually(lambda: bool(metastudio.requests))
    job = metastudio.add_job(voice_name="Not stuck")

    second = await ask(slack, channel, job["job_id"], user="U0BOB")

    assert first.acked
    assert first.messages == []
    assert "Not stuck" in second.text
    assert "has no job" in (await first.message()).text


async def test_answers_that_slack_does_not_take(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After a passing failure one is sent again; an expired response_url is logged, and the bot goes on."""
    job = metastudio.add_job(voice_name="Persistence")
    slack.fail("response_url", status=503)
    assert "Persistence" in (await ask(slack, channel, job["job_id"])).text
    slack.fail("response_url", status=404, body="expired_url")
    asked = await slack.command(COMMAND, job["job_id"], channel=channel)
    await eventually(lambda: "did not take an answer" in caplog.text)

    assert asked.messages == []
    assert "did not take an answer status=404 code=expired_url" in log_text(caplog)
    assert "Persistence" in (await ask(slack, channel, job["job_id"])).text


async def test_text_from_outside_stays_text(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A voice name full of Slack's own marks calls nobody and is drawn as it is."""
    name = "<!channel> <@U1> *x* &lt;"
    job = metastudio.add_job(voice_name=name)

    card = await ask(slack, channel, job["job_id"])

    assert card.blocks[0]["text"] == {"type": "plain_text", "text": name, "emoji": False}
    assert "`&lt;!channel&gt; &lt;@U1&gt; *x* &amp;lt;`" in card.text


async def test_a_strange_button_gets_a_sentence(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A button whose value is no job id is answered like a typed one, and can't write into the log."""
    caplog.set_level(logging.INFO)
    card = await ask(slack, channel, metastudio.add_job()["job_id"])
    metastudio.requests.clear()
    row = next(block for block in card.blocks if block["type"] == "actions")
    button = next(each for each in row["elements"] if each["action_id"] == job_card.REFRESH)
    for value in ("../../secrets", "x" * 2000, "a\nforged line", ""):
        button["value"] = value
        problem = await press(slack, card, job_card.REFRESH)

        assert "can't be a job id" in problem.text
        assert buttons(problem) == []
    assert metastudio.requests == []
    assert not [line for line in log_text(caplog).splitlines() if line[:6] == "forged" or len(line) > 400]


async def test_the_log_has_a_line_for_each_look_up_and_no_line_twice(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each look-up is one line: the job and the outcome, without names of voices or people's text."""
    caplog.set_level(logging.INFO)
    job = metastudio.add_job(voice_name="Nobody's business", state="PROCESSING")
    await ask(slack, channel, job["job_id"])
    await ask(slack, channel, UNKNOWN)

    lines = [line for line in log_lines(caplog) if "bot.listeners" in line]
    assert len(lines) == 2
    assert f": look-up job={job['job_id']} channel={channel} seconds=" in lines[0]
    assert lines[0].endswith(" outcome=done")
    assert re.search(
        r" request=\S+ .*outcome=refused error=JobNotFound status=404 code=MSS.41000003$", lines[1]
    )
    assert "Nobody's business" not in log_text(caplog)
    assert "response_url" not in log_text(caplog)


@BOTH_MODES
async def test_the_command_is_acknowledged_within_slacks_patience(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """The acknowledgement does not wait for MetaStudio."""
    job = metastudio.add_job()
    metastudio.fail(Fault.slow(1))
    started = time.monotonic()

    asked = await slack.command(COMMAND, job["job_id"], channel=channel)

    assert asked.ack_seconds is not None
    assert asked.messages == []
    await asked.message()
    assert time.monotonic() - started >= 1 > asked.ack_seconds
