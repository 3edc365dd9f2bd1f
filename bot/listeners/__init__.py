"""What Slack calls: short async functions whose arguments are what they need, wired up in one place."""

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.listeners import actions, commands
from bot.listeners.answers import Answers
from bot.listeners.desk import Desk
from bot.metrics import Metrics


def register(app: AsyncApp, answers: Answers, desk: Desk, metrics: Metrics) -> None:
    """Wire every listener to what it needs: what is in the context is offered to them by name."""

    async def offer(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  Bolt's name
        context["answers"] = answers
        context["desk"] = desk
        context["metrics"] = metrics
        await next()

    app.middleware(offer)
    app.command(commands.COMMAND)(commands.voicejob)
    actions.register(app)
