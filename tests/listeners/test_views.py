"""Presses in a modal and in the App Home, which have neither a channel nor a response_url."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.messages import job_card
from bot.messages.blocks import Message, actions, button
from bot.messages.views import home_view, modal_view
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.records import View
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN, SlackWorkspace
from tests.support import HTTP_MODE, eventually, log_text


@pytest.fixture
def mode() -> dict[str, str | None]:
    """Give the bot in HTTP mode, so that another app can take its place for a moment."""
    return HTTP_MODE


def offer(job_id: str) -> Message:
    """Return a message with buttons for a job."""
    buttons = button("Refresh", job_card.REFRESH, job_id), button("Subscribe", job_card.SUBSCRIBE, job_id)
    return Message("A job", [actions(*buttons)])


def api_of(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(BOT_TOKEN, base_url=slack.api_url)


async def publish_home(slack: SlackWorkspace, message: Message) -> None:
    await api_of(slack).views_publish(user_id=ALICE, view=home_view(message))


async def open_modal(slack: SlackWorkspace, message: Message) -> None:
    """Open a modal with the trigger_id of a command that goes to another app."""
    triggers: list[Any] = []
    events_url = slack.events_url

    async def take(request: web.Request) -> web.Response:
        triggers.append((await request.post())["trigger_id"])
        return web.Response()

    other = web.Application()
    other.router.add_post("/", take)
    async with TestServer(other) as server:
        slack.events_url = str(server.make_url("/"))
        await slack.command("/other", channel=slack.direct_channel(ALICE))
        slack.events_url = events_url
    view = modal_view({"title": {"type": "plain_text", "text": "A job"}, "private_metadata": "C1"}, message)
    await api_of(slack).views_open(trigger_id=triggers[0], view=view)


def shown(slack: SlackWorkspace, kind: str) -> View:
    return (slack.homes if kind == "home" else slack.modals)[ALICE]


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("kind", ["home", "modal"])
async def test_the_reply_is_shown_in_the_view(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, kind: str
) -> None:
    """A look-up shows its card there, a problem has Try again; what Slack fails to take is sent again."""
    job_id = metastudio.add_job(voice_name="女声")["job_id"]
    await (publish_home if kind == "home" else open_modal)(slack, offer(job_id))

    async def press(action_id: str, says: str) -> None:
        pressed = await slack.press(shown(slack, kind), action_id)
        await eventually(lambda: says in str(shown(slack, kind).blocks))
        assert pressed.acked

    await press(job_card.REFRESH, "女声")
    metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
    await press(job_card.REFRESH, "has a fault")
    slack.fail("views.publish" if kind == "home" else "views.update", status=500)
    await press(job_card.REFRESH, "女声")
    await press(job_card.SUBSCRIBE, "can't tell which channel")
    view = shown(slack, kind)

    assert view.content.get("private_metadata") == ("C1" if kind == "modal" else None)
    assert slack.direct(ALICE) == []


@pytest.mark.usefixtures("bot")
async def test_a_modal_that_was_closed_meanwhile(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for the reply any more; the log has Slack's word for it, once."""
    job_id = metastudio.add_job()["job_id"]
    await open_modal(slack, offer(job_id))
    metastudio.fail(Fault.slow(0.3))
    await slack.press(slack.modals[ALICE], job_card.REFRESH)
    slack.close_modal(ALICE)
    await eventually(lambda: "not_found" in log_text(caplog))

    assert log_text(caplog).count("Slack did not take an answer") == 1
