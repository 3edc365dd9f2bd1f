"""Looking up a job, from a person's command to the card; what depends on the mode, in both modes."""

import logging
import re
from dataclasses import dataclass
from typing import Any

import pytest

from bot.messages import job_card
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from tests.support import BOTH_MODES, eventually, log_lines, log_text

pytestmark = pytest.mark.usefixtures("bot")

COMMAND = "/voicejob"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass
class Person:
    """Somebody in a channel of Slack, with a bot that asks MetaStudio."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    channel: str

    def has_job(self, **fields: Any) -> str:
        """Add a job to MetaStudio, and return its id."""
        return str(self.metastudio.add_job(**{"state": "PROCESSING"} | fields)["job_id"])

    async def asks(self, text: str, **who: Any) -> Message:
        """Type the command and wait for what it shows."""
        asked = await self.slack.command(COMMAND, text, channel=self.channel, **who)
        assert asked.acked
        return await asked.message()

    async def presses(self, action_id: str, seen: Message) -> Message:
        """Press a button and wait for what it shows."""
        return await (await self.slack.press(seen, action_id)).message()

    def sees(self, who: str | None) -> list[tuple[str, str]]:
        """List the messages that only this person sees, each with its text."""
        return [(seen.ts, seen.text) for seen in self.slack.ephemeral(who or "", self.channel)]


@pytest.fixture
def person(slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str) -> Person:
    return Person(slack, metastudio, channel)


def buttons(seen: Message) -> list[dict[str, Any]]:
    """List a message's buttons."""
    return [each for block in seen.blocks if block["type"] == "actions" for each in block["elements"]]


@BOTH_MODES
async def test_a_command_shows_the_job_to_the_one_who_asked(person: Person) -> None:
    """It works where the bot is no member, for the link of a job, too; only who asked sees the card."""
    job_id = person.has_job(voice_name="女声 <!channel>")

    card = await person.asks(f"<https://console.example.com/jobs/{job_id}?tab=1|the job>", user="U0BOB")

    assert card.user == "U0BOB"
    assert card.blocks[0]["text"] == {"type": "plain_text", "text": "女声 <!channel>", "emoji": False}
    assert "Training" in card.text
    assert job_id in card.text
    assert person.slack.messages(person.channel) == []
    assert "chat.postMessage" not in [call.method for call in person.slack.calls]


@BOTH_MODES
async def test_what_needs_no_job_is_answered_without_metastudio(person: Person) -> None:
    """Help, slips, and what can't be an id are told after an empty acknowledgement, to who typed alone."""
    for text, says in (
        ("help", "`/voicejob &lt;job id or name&gt;`"),
        (f"subscirbe {UNKNOWN}", f"Did you mean `/voicejob subscribe {UNKNOWN}`?"),
        ("x" * 10_000, "is too long"),
    ):
        asked = await person.slack.command(COMMAND, text, channel=person.channel)
        seen = await asked.message()

        assert (asked.acked, asked.ack_message) == (True, None)
        assert seen.user == asked.user
        assert says in seen.text
    assert person.metastudio.requests == []


@BOTH_MODES
async def test_refresh_replaces_the_card(person: Person) -> None:
    """Refresh shows the job as it is now in the place of the old card, which stays if that fails."""
    job_id = person.has_job()
    card = await person.asks(job_id)
    person.metastudio.set_state(job_id, "SUCCEED")
    fresh = await person.presses(job_card.REFRESH, card)
    person.metastudio.delete(job_id)
    problem = await person.presses(job_card.REFRESH, fresh)

    assert ("Succeeded" in fresh.text, "No job" in problem.text) == (True, True)
    assert person.sees(card.user) == [(card.ts, fresh.text), (problem.ts, problem.text)]


async def test_try_again_replaces_the_problem(person: Person) -> None:
    """One that may pass has a button, which puts the card, or the problem of now, in its place."""
    job_id = person.has_job(voice_name="Patience")
    person.metastudio.fail(Fault.error(401, "APIGW.0301"))
    person.metastudio.fail(Fault.broken_json(), times=2)
    for_good, problem = [await person.asks(job_id) for _ in range(2)]
    again = await person.presses(job_card.TRY_AGAIN, problem)
    card = await person.presses(job_card.TRY_AGAIN, again)

    assert "refuses my credentials" in for_good.text
    assert "I can't read the answer" in again.text
    assert [buttons(for_good), len(buttons(again))] == [[], 1]
    assert not re.search("Traceback|APIGW|error_code", f"{for_good.blocks} {again.blocks}")
    assert "Patience" in card.text
    assert person.sees(problem.user)[-1] == (problem.ts, card.text)


@BOTH_MODES
async def test_a_look_up_that_hangs_holds_up_nobody(person: Person) -> None:
    """Neither its own acknowledgement, nor another person's command."""
    person.metastudio.fail(Fault.slow(1.5))
    first = await person.slack.command(COMMAND, UNKNOWN, channel=person.channel)
    assert (first.acked, first.messages) == (True, [])
    await eventually(lambda: bool(person.metastudio.requests))

    second = await person.asks(person.has_job(voice_name="Not stuck"), user="U0BOB")

    assert first.messages == []
    assert "Not stuck" in second.text
    assert "No job" in (await first.message()).text
    assert (first.ack_seconds or 0) < 1.5


async def test_answers_that_slack_does_not_take(person: Person, caplog: pytest.LogCaptureFixture) -> None:
    """After a passing failure one is sent again, three times at most; each is logged without its address."""
    job_id = person.has_job(voice_name="Persistence")
    person.slack.fail("response_url", times=2, status=503)
    assert "Persistence" in (await person.asks(job_id)).text
    assert [call.method for call in person.slack.calls].count("response_url") == 3
    for fault, says in (
        ({"status": 404, "body": "expired_url"}, "did not take an answer status=404 code=expired_url"),
        ({"drop": True, "times": 3}, "can't be reached with an answer"),
    ):
        person.slack.fail("response_url", **fault)
        asked = await person.slack.command(COMMAND, job_id, channel=person.channel)
        await eventually(lambda says=says: says in log_text(caplog))  # type: ignore[misc]
        assert asked.messages == []
    assert "/commands/" not in log_text(caplog)
    assert "Persistence" in (await person.asks(job_id)).text


async def test_the_log_has_one_line_for_each_look_up(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """The job and the outcome, without names of voices; a word that is no id gets a hint."""
    caplog.set_level(logging.INFO)
    job_id = person.has_job(voice_name="Nobody's business")
    asked = [await person.asks(text) for text in (job_id, UNKNOWN, "nothing-like-it")]
    found, refused, _ = [line for line in log_lines(caplog) if "bot.listeners" in line]

    assert ["usually looks like" in each.text for each in asked] == [False, False, True]
    assert f": look-up job={job_id} channel={person.channel} seconds=" in found
    assert found.endswith(" outcome=done")
    assert re.search(r" request=\S+ .*=refused error=JobNotFound status=404 code=MSS.41000003$", refused)
    assert not re.search("Nobody's business|response_url", log_text(caplog))
