"""PURE. How Slack judges a message that an app sends, and how it writes one that it kept."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bot.simulators.slack import blockkit
from bot.simulators.slack.records import APP_ID, BOT_ID, TEAM_ID, Message, View


@dataclass(frozen=True)
class Refusal:
    """Why a message is not taken: Slack's error code, and every problem in it."""

    code: str
    problems: list[str]

    def __str__(self) -> str:
        return f"{self.code} {'; '.join(self.problems)}"


def refused(message: Mapping[str, Any]) -> Refusal | None:
    """Judge a message that was sent to any endpoint; None when it is good."""
    text, blocks = message.get("text"), message.get("blocks")
    found = blockkit.problems(message)
    if not text and not blocks:
        return Refusal("no_text", found)
    if isinstance(text, str) and len(text) > blockkit.MAX_TEXT:
        return Refusal("msg_too_long", found)
    if found:
        return Refusal("invalid_blocks", found)
    return _bad_metadata(message.get("metadata"))


def _bad_metadata(metadata: Any) -> Refusal | None:
    """Judge ``metadata``; an empty object is how ``chat.update`` removes it."""
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, Mapping):
        return Refusal("invalid_metadata_format", ["/metadata: not an object"])
    typed = isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), Mapping)
    return None if typed else Refusal("invalid_metadata_schema", ["/metadata: event_type, event_payload"])


def as_slack(message: Message) -> dict[str, Any]:
    """Write a message of the bot as the Web API and button payloads carry it."""
    written: dict[str, Any] = {
        "type": "message",
        "user": message.author,
        "bot_id": message.bot_id,
        "app_id": APP_ID,
        "team": TEAM_ID,
        "ts": message.ts,
        "text": message.text,
        "blocks": list(identified(message)),
    }
    if message.thread_ts:
        written["thread_ts"] = message.thread_ts
    if message.metadata:
        written["metadata"] = deepcopy(message.metadata)
    if message.edited:
        written["edited"] = {"user": BOT_ID, "ts": message.ts}
    return written


def identified(surface: Message | View) -> Iterator[dict[str, Any]]:
    """Yield the blocks with the ids that Slack makes up for blocks and buttons that have none."""
    for index, block in enumerate(deepcopy(surface.blocks)):
        for number, button in enumerate([*block.get("elements", ()), block.get("accessory", {})]):
            if button.get("type") == "button":
                button.setdefault("action_id", f"action-{index}-{number}")
        yield {"block_id": f"block-{index}", **block}
