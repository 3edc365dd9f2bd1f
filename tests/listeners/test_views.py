"""Presses in a modal and in the App Home, which have neither a channel nor a response_url."""

import pytest

from bot.messages import job_card
from bot.messages.blocks import Message, actions, button
from bot.messages.views import home_view, modal_view
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.records import View
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from tests.support import eventually, log_text

pytestmark = pytest.mark.usefixtures("bot")
TITLE = {"title": {"type": "plain_text", "text": "A job"}, "private_metadata": "C1"}


def show(slack: SlackWorkspace, kind: str, job_id: str) -> dict[str, View]:
    """Show Alice a view with buttons for a job; return all views of its kind."""
    buttons = button("Refresh", job_card.REFRESH, job_id), button("Subscribe", job_card.SUBSCRIBE, job_id)
    offer = Message("A job", [actions(*buttons) | {"block_id": "offer"}])
    content = home_view(offer) if kind == "home" else modal_view(TITLE, offer)
    shown = slack.homes if kind == "home" else slack.modals
    shown[ALICE] = View(id="V1", user=ALICE, content=content, hash="1")
    return shown


@pytest.mark.parametrize("kind", ["home", "modal"])
async def test_the_reply_is_shown_in_the_view(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, kind: str
) -> None:
    """A look-up shows its card there, a problem has Try again; what Slack fails to take is sent again."""
    job_id = metastudio.add_job(voice_name="女声", state="PROCESSING")["job_id"]
    shown = show(slack, kind, job_id)

    async def press(action_id: str, says: str) -> None:
        pressed = await slack.press(shown[ALICE], action_id)
        await eventually(lambda: says in str(shown[ALICE].blocks))
        assert pressed.acked

    await press(job_card.REFRESH, "女声")
    metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
    await press(job_card.REFRESH, "has a fault")
    slack.fail("views.publish" if kind == "home" else "views.update", status=500)
    await press(job_card.REFRESH, "女声")
    await press(job_card.SUBSCRIBE, "can't tell which channel")
    view = shown[ALICE]

    assert view.content.get("private_metadata") == ("C1" if kind == "modal" else None)
    assert slack.direct(ALICE) == []


async def test_a_modal_that_was_closed_meanwhile(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for the reply any more: nothing is said about it."""
    job_id = metastudio.add_job()["job_id"]
    metastudio.fail(Fault.slow(0.3))
    await slack.press(show(slack, "modal", job_id)[ALICE], job_card.REFRESH)
    slack.close_modal(ALICE)
    await eventually(lambda: any(call.method == "views.update" for call in slack.calls))
    await slack.press(show(slack, "modal", job_id)[ALICE], job_card.REFRESH)
    await eventually(lambda: len(slack.modals[ALICE].blocks) > 1)

    assert "not_found" not in log_text(caplog)
