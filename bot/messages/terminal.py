"""Slack messages drawn in a terminal: what a person would see, as well as text can show it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_MRKDWN: Final = re.compile(
    r"`(?P<code>[^`\n]+)`|\*(?P<bold>[^*\n]+)\*|<!date\^(?P<date>\d+)\^[^>]*>|:(?P<emoji>[a-z_]+):"
    r"|<(?P<name>[@#]\w+)>"
)
_EMOJI: Final[Mapping[str, str]] = {
    "hourglass_flowing_sand": "⏳",
    "point_right": "👉",
    "white_check_mark": "✅",
    "x": "❌",
    "warning": "⚠️",
}


WIDTH: Final = 88
"""Columns of a drawn message, frame included."""


def draw(blocks: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Draw a message from its blocks, in a frame."""
    return Panel(Group(*_lines(blocks)), width=WIDTH)


def plain(written: str) -> str:
    """Return mrkdwn as plain text."""
    return _text({"type": "mrkdwn", "text": written}).plain


def _lines(blocks: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    for block in blocks:
        yield from _DRAW[block["type"]](block)


def _header(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    header = _text(block["text"])
    header.stylize("bold underline")
    yield header


def _section(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    if "text" in block:
        yield _text(block["text"])
    if "fields" in block:
        yield _grid([_text(field) for field in block["fields"]])


def _context(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    parts = Text("  ").join(_text(element) for element in block["elements"])
    parts.stylize("dim")
    yield parts


def _actions(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    labels = [_text(button["text"]).plain for button in block["elements"]]
    yield Text("  ").join(Text(f"[ {label} ]", style="reverse") for label in labels)


def _divider(_: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield Rule(style="dim")


_DRAW: Final = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}


def _grid(fields: Sequence[Text]) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    for left in range(0, len(fields), 2):
        grid.add_row(*fields[left : left + 2])
    return grid


def _text(written: Mapping[str, Any]) -> Text:
    # A terminal obeys control characters, wherever they come from.
    visible = "".join(char for char in written["text"] if char == "\n" or unicodedata.category(char) != "Cc")
    return Text(visible) if written["type"] == "plain_text" else _mrkdwn(visible)


def _mrkdwn(written: str) -> Text:
    """Parse the part of mrkdwn that our messages use."""
    text, end = Text(), 0
    for match in _MRKDWN.finditer(written):
        text.append(unescape(written[end : match.start()]))
        text.append(*_styled(match))
        end = match.end()
    return text.append(unescape(written[end:]))


def _styled(match: re.Match[str]) -> tuple[str, str]:
    if code := match["code"]:
        return unescape(code), "cyan"
    if bold := match["bold"]:
        return unescape(bold), "bold"
    if name := match["name"]:
        return name, "blue"
    if epoch := match["date"]:
        return datetime.fromtimestamp(int(epoch)).astimezone().strftime("%Y-%m-%d %H:%M"), ""
    return _EMOJI.get(match["emoji"], match[0]), ""
