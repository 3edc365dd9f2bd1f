"""PURE. Whether Slack accepts a message of an app, and how Slack writes one in answers and payloads."""

import html
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from bot.simulators.slack import blockkit
from bot.simulators.slack.records import APP_ID, BOT_ID, TEAM_ID, Message, View

_LINK = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
"""A link in the text of a message (page "Formatting message text")."""


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
    """Return a message as the Web API and payloads carry it; a person's words are also rich text."""
    return {
        "type": "message",
        "user": message.author,
        **({"bot_id": message.bot_id, "app_id": APP_ID} if message.bot_id else {}),
        "team": TEAM_ID,
        "ts": message.ts,
        "text": message.text,
        "blocks": list(identified(message)) or ([] if message.bot_id else [_rich_text(message.text)]),
        **({"attachments": deepcopy(message.attachments)} if message.attachments else {}),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **({"edited": {"user": BOT_ID, "ts": message.ts}} if message.edited else {}),
    }


def _rich_text(text: str) -> dict[str, Any]:
    """Return the block that Slack makes of a text without blocks (page "Rich text block")."""
    elements, end = [], 0
    for link in _LINK.finditer(text):
        elements += [_text_element(text[end : link.start()])]
        elements += [{"type": "link", "url": link[1]} | ({"text": link[2]} if link[2] else {})]
        end = link.end()
    elements += [_text_element(text[end:])]
    section = {"type": "rich_text_section", "elements": [each for each in elements if each.get("text", "-")]}
    return {"type": "rich_text", "block_id": "rich-text", "elements": [section]}


def _text_element(text: str) -> dict[str, Any]:
    return {"type": "text", "text": html.unescape(text)}


def identified(surface: Message | View) -> Iterator[dict[str, Any]]:
    """Yield the blocks, with made-up ids for the blocks, buttons and menus that have none."""
    for index, block in enumerate(deepcopy(surface.blocks)):
        for number, button in enumerate([*block.get("elements", ()), block.get("accessory", {})]):
            if button.get("type") in {"button", "overflow", "static_select"}:
                button.setdefault("action_id", f"action-{index}-{number}")
        yield {"block_id": f"block-{index}", **block}
