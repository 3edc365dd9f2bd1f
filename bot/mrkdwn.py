"""PURE. The parts that all messages are made of; the one place that knows escaping and Slack's limits.

Two rules keep text from outside harmless, whatever it holds: in a plain_text object it is just characters; in
mrkdwn it stands in a code span, escaped, since Slack has no escape for ``* _ ~`` and the backtick
("Formatting message text"). It is cut after escaping, and never inside an entity.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

HEADER_LIMIT: Final = 150
SECTION_LIMIT: Final = 3000
"""Slack's limits: characters in a header and in a section (Block Kit reference)."""
VALUE_LIMIT: Final = 200
QUOTED_LIMIT: Final = 80
"""Our limits, far below Slack's: a card with longer values would be no card any more."""

DISTURBING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Controls (Unicode's Cc), lone surrogates (Cs), and what reorders the text after it, labels of ours too."""
USER_ID: Final = re.compile(r"[UW][A-Z0-9]{2,}")


@dataclass(frozen=True)
class Message:
    """What Slack is told. ``text`` says it all by itself: phones and screen readers get nothing else."""

    text: str
    blocks: list[dict[str, Any]]


def clean(text: str) -> str:
    """Make one line of it, without what can't be seen and would disturb; empty if nothing can be seen."""
    one_line = " ".join(text.split())  # first, since some controls are white space
    line = " ".join(DISTURBING.sub("", one_line).split())
    return line if any(char.isprintable() and not char.isspace() for char in line) else ""


def escape(text: str) -> str:
    """Escape the three characters to which Slack gives a meaning in mrkdwn ("Formatting message text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, limit: int = VALUE_LIMIT) -> str:
    """Put text from outside into a code span, the one form in which mrkdwn leaves it as it is."""
    inside = _cut_escaped(clean(text).replace("`", "'"), limit)
    return f"`{inside or ' '}`"


def joined(*sentences: str) -> str:
    """Put sentences one after the other; an empty one takes no room."""
    return " ".join(filter(None, sentences))


def date(epoch: int) -> str:
    """Write a moment as Slack's date token: each reader sees their own time zone, old clients UTC."""
    utc = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{epoch}^{{date_short_pretty}} {{time}}|{utc}>"


def quoted(text: str) -> str:
    """Put a value from outside into one of our sentences."""
    return code(text, QUOTED_LIMIT)


def message(text: str, blocks: Iterable[Block]) -> Message:
    """Make a message; slack_sdk's models check what they know of Slack's limits."""
    return Message(text, [block.to_dict() for block in blocks])


def section(text: str) -> SectionBlock:
    """Make a block of mrkdwn."""
    return SectionBlock(text=MarkdownTextObject(text=text))


def plain(text: str, limit: int) -> PlainTextObject:
    """Make a plain text of it, in which nothing has a meaning to Slack."""
    # Without emoji=False, Slack would draw a picture for a name like ":x:".
    return PlainTextObject(text=cut(text, limit), emoji=False)


def button(label: str, action_id: str, value: str, *, style: str | None = None) -> ButtonElement:
    """Make a button; ``style`` is Slack's ``primary`` or ``danger``."""
    return ButtonElement(text=label, action_id=action_id, value=value, style=style)


def context(*parts: str) -> ContextBlock:
    """Make the small line below a message."""
    return ContextBlock(elements=[MarkdownTextObject(text=part) for part in parts])


def mention(user_id: str) -> str:
    """Name a person by the id that Slack gave; Slack shows their name instead."""
    return f"<@{user_id}>" if USER_ID.fullmatch(user_id) else code(user_id)


def cut(text: str, limit: int) -> str:
    """Cut a text that is not escaped."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cut_escaped(text: str, limit: int) -> str:
    """Escape, and cut so that the escaped form keeps the limit and no entity is split."""
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    kept = ""
    for char in map(escape, text):
        if len(kept) + len(char) >= limit:
            break
        kept += char
    return f"{kept}…"
