"""Events that Slack sends, and the buttons of the App Home itself. Bolt acknowledges events by itself."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.domain.languages import Language
from bot.listeners.homes import OPENED, HomePages
from bot.listeners.payloads import part, pressed_by, reply_target, text
from bot.listeners.replies import DONE, PendingReply, Replies
from bot.messages import home
from bot.services import Services
from bot.telemetry.metrics import OTHER, PRESSED, Metrics


def register(app: AsyncApp) -> None:
    """Register the listeners of the App Home."""
    app.event(OPENED)(opened)
    app.action(home.REFRESH)(refresh)
    for language, action_id in home.LANGUAGES.items():
        app.action(action_id)(_choosing(language))


async def opened(event: dict[str, Any], homes: HomePages, metrics: Metrics) -> None:
    """Publish the Home of a person who opened it; the Messages tab is nothing to do with it."""
    if text(event, "tab") == "home" and text(event, "user"):
        homes.open(text(event, "user"), text(part(event, "view"), "hash"))
        metrics.interaction(OTHER, OPENED, DONE)


async def refresh(ack: AsyncAck, body: dict[str, Any], homes: HomePages, metrics: Metrics) -> None:
    """Publish the Home anew, with what waits now."""
    await ack()
    homes.open(pressed_by(body, "").user_id, text(part(body, "view"), "hash"), fresh=True)
    metrics.interaction(PRESSED, home.REFRESH, DONE)


def _choosing(language: Language) -> Callable[..., Awaitable[None]]:
    async def choose(ack: AsyncAck, body: dict[str, Any], replies: Replies, services: Services) -> None:
        """Set the language of the person, whose Home is published anew in it."""
        await ack()
        caller, about = pressed_by(body, ""), home.LANGUAGES[language]
        pending = PendingReply(kind=PRESSED, about=about, caller=caller, target=reply_target(body, None))
        replies.start(pending, partial(services.home.choose, caller, language))

    return choose
