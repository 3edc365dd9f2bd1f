"""What Slack sends and nothing handles, and payloads that lack what they mostly have: both modes."""

import logging
from typing import Any

import pytest

from bot.listeners.unhandled import acknowledged, answer_to, kind_of, type_of
from bot.messages import channel as notices
from bot.messages import job_card, listing
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.slack.replies import NO_DIRECT_MESSAGE
from bot.telemetry.metrics import OTHER, PRESSED, TYPED
from tests.messages.reading import CONTEXT
from tests.support import BOTH_MODES, log_lines, log_text

JOB = "26f06524-4f75-4b3a-a853-b649a21aaf66"
TEAM = "T0VOICEJOB"
PERSON = {"user": {"id": "U0ALICE", "team_id": TEAM}, "team": {"id": TEAM}}
GUEST = {"user": {"id": "U0ALICE", "team_id": "T0OTHER"}}
FORM = {"type": "modal", "callback_id": "form"}
NEW_CARD = f"`/voicejob {JOB}` shows a new card"
ANY_CARD = "`/voicejob &lt;job id or name&gt;` shows a new card"
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


NAMED: dict[str, dict[str, Any]] = {
    "event_callback user_change": event("user_change"),
    "event_callback message message_changed": event("message", subtype="message_changed", text="typed"),
    "block_suggestion pick": {"type": "block_suggestion", "action_id": "pick", "value": "typed"},
    "view_closed form": {"type": "view_closed", "view": FORM},
    "command": {"command": "/other", "text": "typed"},
}


def test_what_it_is_called_and_what_is_said() -> None:
    """The log names it in Slack's words and ours alone, and the person hears what to do; menus are empty."""
    for kind, (body, said) in INTERACTIVE.items():
        assert kind_of(body) == kind
        assert said in answer_to(body)(CONTEXT).text, kind
        assert type_of(body) == (PRESSED if said.endswith("card") else OTHER), kind
    assert [kind_of(body) for body in NAMED.values()] == [*NAMED]
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

    async def test_who_can_not_be_answered_is_written_to(
        self, slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Slack has no address for a shortcut, a form, or the App Home; the log has it if that fails, too."""
        slack.fail("chat.postMessage", error="messages_tab_disabled")
        slack.fail("chat.postMessage", body="<html>")
        times = {"shortcut look": 3, "view_submission form": 1, "block_actions old_button": 1}
        for number, kind in enumerate(times):
            (body, said), user = INTERACTIVE[kind], f"U{number}"
            for _ in range(times[kind]):
                assert (await slack.send("interactive", body | {"user": {"id": user, "team_id": TEAM}})).acked
            told = await slack.message_where(lambda seen, user=user: seen in slack.direct(user))  # type: ignore[misc]
            assert said in told.text

        assert log_text(caplog).count(NO_DIRECT_MESSAGE) == 1
        assert [record for record in caplog.records if record.exc_info] == []

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

    async def test_what_is_not_done(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """A guest, who typed another command, and who named no channel are told why nothing happens."""
        job = metastudio.add_job()["job_id"]
        pressed = job_card.SUBSCRIBE, notices.STOP, notices.RETRY, listing.TO_ALL, listing.PAGE
        typed = {"command": "/voicejob", "text": f"subscribe {job}", "team_id": TEAM}
        no_channel = [("slash_commands", typed), *(("interactive", press(each, job)) for each in pressed)]
        for kind, body, says in (
            ("interactive", press() | GUEST, "Only members"),
            ("slash_commands", typed | {"command": "/otherjob"}, "I don't know the command `/otherjob`"),
            *((kind, body, "can't tell which channel") for kind, body in no_channel),
        ):
            told = await slack.send(kind, body, channel=channel, can_answer=True)
            assert says in (await told.message()).text

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
        ids += (job_card.SUBSCRIBE, "x/y"), (notices.STOP, "女声"), (listing.TO_ALL, None)
        pages = ((listing.PAGE, value) for value in ("x", "9" * 5000, "-1", "８"))  # noqa: RUF001
        for action_id, value in (*ids, *pages):
            body = press(action_id, value, channel={"id": channel, "name": "voices"})
            told = await slack.send("interactive", body, channel=channel, can_answer=True)
            says = "follows no job" if action_id == listing.PAGE else "can't be a job id"

            assert says in (await told.message()).text, (action_id, value)
        assert metastudio.requests == []
        assert not [line for line in log_text(caplog).splitlines() if line[:6] == "forged" or len(line) > 400]
