"""PURE. Whether Slack accepts a message of an app, and how Slack writes one in answers and payloads."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bot.simulators.slack import blockkit
from bot.simulators.slack.records import APP_ID, BOT_ID, TEAM_ID, Message, View


@dataclass(frozen=True)
class Refusal:
    """Why a message is refused: Slack's error code, and every problem in it."""

    code: str
    problems: list[str]

    def __str__(self) -> str:
        return f"{self.code} {'; '.join(self.problems)}"


def refused(message: Mapping[str, Any]) -> Refusal | None:
    """Return why Slack refuses a message, whichever endpoint it was sent to; None when it is accepted."""
    text, blocks = message.get("text"), message.get("blocks")
    found = blockkit.problems(message)
    if not text and not blocks:
        return Refusal("no_text", found)
    if isinstance(text, str) and len(text) > blockkit.MAX_TEXT:
        return Refusal("msg_too_long", found)
    return Refusal("invalid_blocks", found) if found else None


def as_slack(message: Message) -> dict[str, Any]:
    """Return a message of the bot as the Web API and button payloads carry it."""
    return {
        "type": "message",
        "user": message.author,
        "bot_id": message.bot_id,
        "app_id": APP_ID,
        "team": TEAM_ID,
        "ts": message.ts,
        "text": message.text,
        "blocks": list(identified(message)),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **({"edited": {"user": BOT_ID, "ts": message.ts}} if message.edited else {}),
    }


def identified(surface: Message | View) -> Iterator[dict[str, Any]]:
    """Yield the blocks, with made-up ids for the blocks and buttons that have none."""
    for index, block in enumerate(deepcopy(surface.blocks)):
        for number, button in enumerate([*block.get("elements", ()), block.get("accessory", {})]):
            if button.get("type") == "button":
                button.setdefault("action_id", f"action-{index}-{number}")
        yield {"block_id": f"block-{index}", **block}
