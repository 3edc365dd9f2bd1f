"""The buttons. Each carries a job id, which is checked like a typed one before anything is sent."""

from typing import Any

from slack_bolt.async_app import AsyncAck

from bot.listeners.answers import Answers, Replace


async def refresh(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], answers: Answers) -> None:
    """Replace a card with a new one; if that fails, the card stays and the reason comes beside it."""
    await ack()
    answers.look_up(action.get("value", ""), body["response_url"], replace=Replace.IF_FOUND)


async def try_again(ack: AsyncAck, action: dict[str, Any], body: dict[str, Any], answers: Answers) -> None:
    """Replace a problem with a card, or with the problem that there is now."""
    await ack()
    answers.look_up(action.get("value", ""), body["response_url"], replace=Replace.ALWAYS)


async def open_console(ack: AsyncAck) -> None:
    """Acknowledge that a link was opened: without that, Slack shows a warning mark beside the button."""
    await ack()
