"""What Slack sends and nothing handles, and payloads that lack what they mostly have: both modes."""

import logging
from typing import Any

import pytest

from bot.listeners.unhandled import acknowledged, answer_to, kind_of, type_of
from bot.messages import channel as notices
from bot.messages import job_card, private
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.slack.replies import NO_DIRECT_MESSAGE
from bot.telemetry.metrics import OTHER, PRESSED, TYPED
from tests.support import BOTH_MODES, log_lines, log_text

JOB = "26f06524-4f75-4b3a-a853-b649a21aaf66"
TEAM = "T0VOICEJOB"
PERSON = {"user": {"id": "U0ALICE", "team_id": TEAM}, "team": {"id": TEAM}}
GUEST = {"user": {"id": "U0ALICE", "team_id": "T0OTHER"}}
FORM = {"type": "modal", "callback_id": "form"}
NEW_CARD = f"`/voicejob {JOB}` shows a new card"
ANY_CARD = "`/voicejob &lt;job_id&gt;` shows a new card"
HELP = "`/voicejob help` shows what I can do"


def press(action_id: str = "old_button", value: Any = JOB, **more: Any) -> dict[str, Any]:
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value}
    return {"type": "block_actions", "actions": [action], **PERSON, **more}


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": {"type": kind, **more}}


INTERACTIVE: dict[str, tuple[dict[str, Any], str]] = {
    "block_actions old_button": (press(), NEW_CARD),
    "block_actions old_list": (press("old_list", "16"), ANY_CARD),
    "block_actions old_menu": (press("", actions=[{"action_id": "old_menu"}]), ANY_CARD),
    "block_actions": (press("ANY words", "x"), ANY_CARD),
    "interactive_message old": ({"type": "interactive_message", "callback_id": "old"}, ANY_CARD),
    "message_action look": ({"type": "message_action", "callback_id": "look", **PERSON}, HELP),
    "shortcut look": ({"type": "shortcut", "callback_id": "look", **PERSON}, HELP),
    "view_submission form": ({"type": "view_submission", "view": FORM, **PERSON}, HELP),
    "view_submission bare": ({"type": "view_submission", "view": {"callback_id": "bare"}}, HELP),
    "dialog_submission": ({"type": "dialog_submission", "callback_id": "A 1", **PERSON}, HELP),
    "something_new": ({"type": "something_new"}, HELP),
    "unknown": ({"type": ["odd"], "actions": "odd", "view": "odd"}, HELP),
}
"""By what the log calls it, what Slack sends, and what the person is told."""


@pytest.mark.parametrize("kind", INTERACTIVE)
def test_what_it_is_called_and_what_is_said(kind: str) -> None:
    """The log names it in Slack's words and ours alone, and the person hears what to do."""
    body, said = INTERACTIVE[kind]

    assert kind_of(body) == kind
    assert said in answer_to(body, "/voicejob").text
    assert type_of(body) == (PRESSED if said.endswith("card") else OTHER)


NAMED: list[tuple[dict[str, Any], str]] = [
    (event("user_change"), "event_callback user_change"),
    (event("message", subtype="message_changed", text="typed"), "event_callback message message_changed"),
    ({"type": "block_suggestion", "action_id": "pick", "value": "typed"}, "block_suggestion pick"),
    ({"type": "view_closed", "view": FORM}, "view_closed form"),
    ({"command": "/other", "text": "typed"}, "command"),
    ({}, "unknown"),
]


@pytest.mark.parametrize(("body", "kind"), NAMED, ids=str)
def test_what_else_it_is_called(body: dict[str, Any], kind: str) -> None:
    """Nothing that a person typed is in it."""
    assert kind_of(body) == kind


def test_other_commands_are_named_and_menus_are_empty() -> None:
    """Another command of the same app is answered with ours, a menu with no options."""
    assert "`/other`. `/voicejob help`" in answer_to({"command": "/other"}, "/voicejob").text
    assert type_of({"command": "/other"}) == TYPED
    assert acknowledged({"type": "block_suggestion"}).body == '{"options": []}'
    assert acknowledged({"type": "shortcut"}).body == ""


EVENTS = [
    event("app_mention", user="U0ALICE", text="hello", channel="C1", ts="1.1", team=TEAM),
    event("message", user="U0ALICE", text=None, channel="D1", channel_type="im"),
    event("message", user="U0GUEST", team="T0OTHER", text="x", channel="C1"),
    event("function_executed", function={"callback_id": "f"}, inputs={}, function_execution_id="Fx1"),
    event("brand_new"),
]
"""Slack would send an event again that is not acknowledged, and switch events off in the end."""


@pytest.mark.usefixtures("bot")
class TestThroughTheBot:
    """As Slack sends it."""

    @BOTH_MODES
    async def test_interactions_are_acknowledged_and_answered(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each is acknowledged, the person is told where that can be, and each kind is logged once."""
        for body, said in INTERACTIVE.values():
            silent = await slack.send("interactive", body)
            told = await slack.send("interactive", body, channel=channel, can_answer=True)

            assert (silent.acked, told.acked, silent.reply, told.reply) == (True, True, None, None)
            assert said in (await told.message()).text
        unhandled = [line for line in log_lines(caplog) if "Unhandled" in line]
        assert len(unhandled) == len(INTERACTIVE)
        assert "code='block_actions old_button'" in unhandled[0]

    async def test_who_can_not_be_answered_is_written_to(self, slack: SlackWorkspace) -> None:
        """Slack gives no address for a global shortcut, a form, or a button in the App Home."""
        for number, kind in enumerate(("shortcut look", "view_submission form", "block_actions old_button")):
            (body, said), user = INTERACTIVE[kind], f"U{number}"
            person = {"user": {"id": user, "team_id": TEAM}}
            assert (await slack.send("interactive", body | person)).acked
            told = await slack.message_where(lambda seen, user=user: seen in slack.direct(user))  # type: ignore[misc]

            assert said in told.text

    async def test_nobody_is_written_to_for_less(self, slack: SlackWorkspace) -> None:
        """A menu gets no options; a closed form, an event, a guest and an odd person get nothing."""
        menu = {"type": "block_suggestion", "action_id": "pick", "value": "typed", **PERSON}
        closed = {"type": "view_closed", "view": FORM, **PERSON}
        odd = {"type": "shortcut", "user": {"id": ["U0ALICE"]}}
        for body in (closed, {"type": "shortcut", **GUEST}, odd):
            assert (await slack.send("interactive", body)).acked, body
        for body in EVENTS:
            assert (await slack.send("events_api", body)).acked, body
        for body in (menu, menu | GUEST):
            assert (await slack.send("interactive", body)).reply == {"options": []}
        await slack.send("interactive", closed, can_answer=True)
        last, _ = INTERACTIVE["shortcut look"]
        await slack.send("interactive", last)
        await slack.message_where(lambda seen: seen in slack.direct("U0ALICE"))

        methods = [call.method for call in slack.calls]
        assert (methods.count("chat.postMessage"), methods.count("response_url")) == (1, 0)

    async def test_who_can_not_be_written_to_either(
        self, slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is acknowledged as ever, and the log tells it once; the next person is told."""
        shortcut, said = INTERACTIVE["shortcut look"]
        slack.fail("chat.postMessage", error="messages_tab_disabled")
        slack.fail("chat.postMessage", body="<html>")
        for _ in range(3):
            assert (await slack.send("interactive", shortcut)).acked
        await slack.message_where(lambda seen: said in seen.text)

        assert log_text(caplog).count(NO_DIRECT_MESSAGE) == 1
        assert [record for record in caplog.records if record.exc_info] == []

    async def test_a_guest_and_another_command(self, slack: SlackWorkspace, channel: str) -> None:
        """Each is told why nothing happens."""
        pressed = await slack.send("interactive", press() | GUEST, channel=channel, can_answer=True)
        typed = await slack.command("/otherjob", "list", channel=channel)

        assert "Only members" in (await pressed.message()).text
        assert "I don't know the command `/otherjob`" in (await typed.message()).text

    async def test_what_has_no_channel(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """What is done for a channel is not done where none is named, and the person is told so."""
        job = metastudio.add_job()["job_id"]
        pressed = job_card.SUBSCRIBE, notices.STOP, notices.RETRY, private.LISTED_ALL, private.PAGE
        typed = {"command": "/voicejob", "text": f"subscribe {job}", "team_id": TEAM}
        sent = [("interactive", press(each, job)) for each in pressed]
        for kind, body in [*sent, ("slash_commands", typed)]:
            told = await slack.send(kind, body, channel=channel, can_answer=True)

            assert "can't tell which channel" in (await told.message()).text

    async def test_values_that_no_button_of_ours_has(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """What a button carries is read like what is typed; a list begins at its start."""
        caplog.set_level(logging.INFO)
        ids = [(job_card.REFRESH, value) for value in (None, "", "x" * 2000, "a\nforged line")]
        ids += (job_card.SUBSCRIBE, "x/y"), (notices.STOP, "女声"), (private.LISTED_ALL, None)
        pages = ((private.PAGE, value) for value in ("x", "9" * 5000, "-1", "８"))  # noqa: RUF001
        for action_id, value in (*ids, *pages):
            body = press(action_id, value, channel={"id": channel, "name": "voices"})
            told = await slack.send("interactive", body, channel=channel, can_answer=True)
            says = "no subscriptions" if action_id == private.PAGE else "can't be a job id"

            assert says in (await told.message()).text, (action_id, value)
        assert metastudio.requests == []
        assert not [line for line in log_text(caplog).splitlines() if line[:6] == "forged" or len(line) > 400]
