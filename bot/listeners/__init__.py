"""What Slack calls: short async functions whose arguments are what they need, wired up in one place."""

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot import cards
from bot.listeners import actions, commands
from bot.listeners.answers import Answers

COMMAND = "/voicejob"


def register(app: AsyncApp, answers: Answers) -> None:
    """Wire every listener to what it answers; ``answers`` is offered to them by name."""

    async def offer(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  Bolt's name
        context["answers"] = answers
        await next()

    app.middleware(offer)
    app.command(COMMAND)(commands.voicejob)
    app.action(cards.REFRESH)(actions.refresh)
    app.action(cards.TRY_AGAIN)(actions.try_again)
    app.action(cards.OPEN_CONSOLE)(actions.open_console)
