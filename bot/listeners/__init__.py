"""Bolt listeners: parse the payload, acknowledge, start a service. No business rules, no HTTP calls."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.domain.workspace import Workspace
from bot.listeners import actions, commands, events, shortcuts, unhandled
from bot.listeners.homes import HomePages
from bot.listeners.replies import Replies
from bot.messages import private
from bot.services import Services
from bot.slack.replies import ResponseUrl
from bot.telemetry.metrics import Metrics

OUTSIDER: Final = "request from another workspace"


def register(
    app: AsyncApp,
    replies: Replies,
    services: Services,
    metrics: Metrics,
    workspace: Workspace,
    *,
    recheck: Callable[[], None],
) -> None:
    """Register all listeners; Bolt passes them, by argument name, the objects put in the context here.

    A request from outside the workspace reaches no listener; it gets a reply if it has a response_url, and
    ``recheck`` is called: the workspace may have another id by now.
    """
    homes = replies.homes = HomePages(replies, services.home)

    async def admit(
        body: dict[str, Any],
        context: AsyncBoltContext,
        next: Callable[[], Awaitable[None]],  # noqa: A002  Bolt's name
    ) -> BoltResponse | None:
        if workspace.serves(body) or actions.is_link(body):
            context["replies"] = replies
            context["services"] = services
            context["homes"] = homes
            context["metrics"] = metrics
            await next()
            return None
        recheck()
        if context.response_url:
            target = ResponseUrl(context.response_url)
            unhandled.tell(replies, body, context, target, OUTSIDER, private.outsider)
        return unhandled.acknowledged(body)

    app.middleware(admit)
    app.command(commands.COMMAND)(commands.voicejob)
    actions.register(app)
    shortcuts.register(app)
    events.register(app)
    unhandled.register(app, replies)
