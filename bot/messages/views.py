"""PURE. A message for one person: as an ephemeral reply, in a modal, or in the App Home."""

from collections.abc import Mapping
from typing import Any, Final

from bot.messages.blocks import Block, Message, plain, section

TITLE: Final = "VoiceJob"
KEPT: Final = ("title", "close", "callback_id", "private_metadata", "external_id")
"""What a modal keeps when its blocks are replaced (page "Modals"): what is not sent again is gone."""


def ephemeral(message: Message) -> dict[str, Any]:
    """Return the body of a reply that only the person who asked sees."""
    return {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral"}


def modal_view(view: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Return the view that shows a message in a modal; ``view`` is the modal as a payload has it."""
    kept = {name: view[name] for name in KEPT if view.get(name)}
    return {"type": "modal", "title": plain(TITLE, len(TITLE))} | kept | {"blocks": _blocks(message)}


def home_view(message: Message) -> dict[str, Any]:
    """Return the view that shows a message in the App Home."""
    return {"type": "home", "blocks": _blocks(message)}


def _blocks(message: Message) -> list[Block]:
    return message.blocks or [section(message.text)]
