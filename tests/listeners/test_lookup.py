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


@pytest.mark.parametrize(
    "wrapped",
    [
        "`{}`",
        '"{}"',
        "“{}”",
        "  {}  ",
        "<https://console.example.com/jobs/{}?tab=1|the job>",
        "{}.",
        "({})",
        "*{}*",
        "job_id={}",
        "任务{}",
        "任务 {}",
        "{} please",
        "{0} {0}",
        "job id: {}",
        "voicejob {}",
    ],
)
async def test_the_id_may_come_wrapped(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, wrapped: str
) -> None:
    """What people paste around an id does no harm."""
    job = metastudio.add_job(state="WAITING")

    card = await ask(slack, channel, wrapped.format(job["job_id"]))

    assert job_card.REFRESH in buttons(card)


@BOTH_MODES
@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "help",
        "HELP",
        "Help!",
        "?",
        "-h",
        "--help",
        "—help",
        "help.",
        "/help",
        "??",
        "--",
        "帮助！",  # noqa: RUF001  from a Chinese keyboard
    ],
)
async def test_help_is_the_acknowledgement_itself(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, text: str
) -> None:
    """The bare command and help tell the usage in the ack, without asking MetaStudio."""
    asked = await slack.command(COMMAND, text, channel=channel)

    assert asked.ack_message is not None
    assert asked.ack_message.user == asked.user
    assert "`/voicejob &lt;job_id&gt;`" in asked.ack_message.text
    assert metastudio.requests == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("hepl", "`/voicejob help`"),
        ("Helpp", "`/voicejob help`"),
        ("hlep me", "`/voicejob help`"),
        (f"subscirbe {UNKNOWN}", f"`/voicejob subscribe {UNKNOWN}`"),
        ("subscribe", "`/voicejob subscribe &lt;job_id&gt;`"),
        (f"subscribe {UNKNOWN} importnt", f"`/voicejob subscribe {UNKNOWN} important`"),
        (f"show {UNKNOWN} please", f"`/voicejob {UNKNOWN}`"),
    ],
)
async def test_a_slip_gets_did_you_mean(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, text: str, meant: str
) -> None:
    """A mistyped word is answered in the ack, with what was probably meant and the usage."""
    asked = await slack.command(COMMAND, text, channel=channel)

    assert asked.ack_message is not None
    assert f"Did you mean {meant}?" in asked.ack_message.text
    assert "`/voicejob help`" in asked.ack_message.text
    assert metastudio.requests == []


async def test_a_word_for_which_there_is_no_job_gets_a_hint(slack: SlackWorkspace, channel: str) -> None:
    """Who typed a word that is no command of ours reads what an id looks like, and where help is."""
    assert "usually looks like" in (await ask(slack, channel, "status")).text
    assert "usually looks like" not in (await ask(slack, channel, UNKNOWN)).text


async def test_a_job_called_like_a_slip_is_found_in_quotes(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """An id that looks like a mistyped word, or like a word of the command, can be looked up in quotes."""
    for job_id in ("hepl", "help"):
        metastudio.add_job(job_id=job_id, voice_name=f"The voice {job_id}")

        assert f"The voice {job_id}" in (await ask(slack, channel, f'"{job_id}"')).text


@pytest.mark.parametrize(
    "text",
    [
        "../x",
        "a/b",
        "%2e%2e",
        "x" * 10_000,
        "two\nlines",
        "🎤",
        "a b",
        "<@U0ALICE>",
        "https://example.com/",
        f"{UNKNOWN} {UNKNOWN.replace('0', '1')}",
        f"{UNKNOWN},{UNKNOWN.replace('0', '1')}",
    ],
    ids=ascii,
)
async def test_what_is_no_id_gets_a_sentence_at_once(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, text: str
) -> None:
    """What can't be an id is told in the ack, with the usage, and nothing is sent to MetaStudio."""
    asked = await slack.command(COMMAND, text, channel=channel)

    assert asked.ack_message is not None
    assert "job id" in asked.ack_message.text
    assert metastudio.requests == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (None, "MetaStudio has no job"),
        (Fault.error(400, "MSS.10000003"), "it calls the request invalid"),
        (Fault.error(401, "APIGW.0301"), "refuses the bot's credentials"),
        (Fault.error(403, "APIGW.0302"), "does not allow the bot"),
        (Fault.error(404, "APIGW.0101"), "does not know the project or the address"),
        (Fault.error(400, "MSS.00010009"), "does not know the project or the address"),
        (Fault.throttled(retry_after=60), "is limiting requests"),
        (Fault.error(500, "APIGW.0601"), "has a fault on its side"),
        (Fault.html(), "has a fault on its side"),
        (Fault.error(408, ""), "took too long"),
        (Fault.cut(), "I can't reach MetaStudio"),
        (Fault.broken_json(), "an answer that I can't read"),
        (Fault.not_an_object(), "an answer that I can't read"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_each_failure_has_its_sentence(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, fault: Fault | None, says: str
) -> None:
    """What goes wrong at MetaStudio reaches the person as a sentence, and nothing raw comes with it."""
    if fault:
        metastudio.fail(fault, times=3)

    seen = await ask(slack, channel, UNKNOWN)

    assert says in seen.text
    assert seen.user is not None
    for raw in ("Traceback", "APIGW", "MSS.", "<html", "error_code"):
        assert raw not in str(seen.blocks)


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


async def test_many_presses_make_one_request(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """Ten presses of Refresh while MetaStudio is asked share its one answer."""
    job = metastudio.add_job(state="PROCESSING")
    card = await ask(slack, channel, job["job_id"])
    metastudio.requests.clear()
    metastudio.latency = 1

    await asyncio.gather(*(press(slack, card, job_card.REFRESH) for _ in range(10)))

    assert len(metastudio.requests) == 1


async def test_twenty_people_make_one_request(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """Twenty people who ask for the same job at once share one request, and each gets a card."""
    job = metastudio.add_job(state="PROCESSING")
    metastudio.latency = 1

    seen = await asyncio.gather(
        *(ask(slack, channel, job["job_id"], user=f"U0PERSON{number}") for number in range(20))
    )

    assert len({card.user for card in seen}) == 20
    assert len(metastudio.requests) == 1


async def test_a_look_up_that_hangs_holds_up_nobody(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """While one look-up hangs, another person's command is acknowledged and answered."""
    stuck, other = metastudio.add_job(), metastudio.add_job(voice_name="Not stuck")
    metastudio.fail(Fault.slow(2))
    first = await slack.command(COMMAND, stuck["job_id"], channel=channel)
    await eventually(lambda: bool(metastudio.requests))

    second = await ask(slack, channel, other["job_id"], user="U0BOB")

    assert first.acked
    assert first.messages == []
    assert "Not stuck" in second.text


async def test_an_answer_that_slack_does_not_take_is_sent_again(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A passing failure of response_url does not cost the person the answer."""
    job = metastudio.add_job(voice_name="Persistence")
    slack.fail("response_url", status=503)

    assert "Persistence" in (await ask(slack, channel, job["job_id"])).text


async def test_an_expired_response_url_is_logged_and_no_more(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    channel: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An answer that comes too late is logged in a line; the bot goes on."""
    job = metastudio.add_job(voice_name="Still here")
    slack.fail("response_url", status=404, body="expired_url")
    asked = await slack.command(COMMAND, job["job_id"], channel=channel)
    await eventually(lambda: "did not take an answer" in caplog.text)

    assert asked.messages == []
    assert "did not take an answer status=404 code=expired_url" in log_text(caplog)
    assert "Still here" in (await ask(slack, channel, job["job_id"])).text


async def test_text_from_outside_stays_text(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """A voice name full of Slack's own marks calls nobody and is drawn as it is."""
    job = metastudio.add_job(voice_name="<!channel> <@U1> *x* &lt;")

    card = await ask(slack, channel, job["job_id"])

    assert card.blocks[0]["text"] == {
        "type": "plain_text",
        "text": "<!channel> <@U1> *x* &lt;",
        "emoji": False,
    }
    assert "`&lt;!channel&gt; &lt;@U1&gt; *x* &amp;lt;`" in card.text


@pytest.mark.parametrize("value", ["../../secrets", "x" * 2000, "a\nforged line", ""])
async def test_a_strange_button_gets_a_sentence(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    channel: str,
    caplog: pytest.LogCaptureFixture,
    value: str,
) -> None:
    """A button whose value is no job id is answered like a typed one, and can't write into the log."""
    caplog.set_level(logging.INFO)
    job = metastudio.add_job()
    card = await ask(slack, channel, job["job_id"])
    metastudio.requests.clear()
    row = next(block for block in card.blocks if block["type"] == "actions")
    next(button for button in row["elements"] if button["action_id"] == job_card.REFRESH)["value"] = value

    problem = await press(slack, card, job_card.REFRESH)

    assert "can't be a job id" in problem.text
    assert buttons(problem) == []
    assert metastudio.requests == []
    assert not [
        line for line in log_text(caplog).splitlines() if line.startswith("forged") or len(line) > 400
    ]


async def test_the_log_has_a_line_for_each_look_up_and_no_line_twice(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    channel: str,
    caplog: pytest.LogCaptureFixture,
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
    metastudio.fail(Fault.slow(1.5))
    started = time.monotonic()

    asked = await slack.command(COMMAND, job["job_id"], channel=channel)

    assert asked.ack_seconds is not None
    assert asked.messages == []
    await asked.message()
    assert time.monotonic() - started >= 1.5 > asked.ack_seconds
