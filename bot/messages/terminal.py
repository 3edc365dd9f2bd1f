"""Slack messages drawn in a terminal: what a person would see, as well as text can show it."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.domain.languages import Language
from bot.messages.line_breaks import line_ends

_MRKDWN: Final = re.compile(
    r"`(?P<code>[^`\n]+)`|(?<![^\W_])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![^\W_])"
    r"|<!date\^(?P<date>\d+)\^(?P<form>[^^|>]*)[^>]*>|<(?P<url>https?://[^|>]+)\|(?P<label>[^>]+)>"
    r"|:(?P<emoji>[a-z_]+):|<(?P<name>[@#]\w+|!subteam\^\w+)>"
)
_TOKEN: Final = re.compile(r"{(\w+)}")
_EMOJI: Final[Mapping[str, str]] = {
    "hourglass_flowing_sand": "⏳",
    "point_right": "👉",
    "white_check_mark": "✅",
    "x": "❌",
    "warning": "⚠️",
    "alarm_clock": "⏰",
    "raising_hand": "🙋",
    "card_index_dividers": "🗂️",
}


_SPANS: Final = (
    (24 * 60 * 60, "day", "天"),
    (60 * 60, "hour", "小时"),
    (60, "minute", "分钟"),
    (1, "second", "秒"),
)
"""Seconds of the units in which Slack counts a time that has passed, largest first."""
WIDTH: Final = 88
"""Columns of a drawn message, frame included."""
NOBODY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Lines:
    """A text in any language, drawn in lines of the width that there is."""

    text: Text

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield the lines."""
        for line in self.text.split(allow_blank=True):
            yield from line.divide(line_ends(line.plain, options.max_width))


def draw(
    blocks: Sequence[Mapping[str, Any]],
    language: Language,
    *,
    now: float,
    names: Mapping[str, str] = NOBODY,
) -> RenderableType:
    """Draw a message from its blocks, in a frame.

    ``now`` is epoch seconds; what Slack counts from it is in the ``language`` of the message. ``names`` are
    those of people and channels by id.
    """
    read = _Reader(language, now, names).read
    parts = [each for block in blocks for each in _DRAW[block["type"]](block, read)]
    return Panel(Group(*(Lines(each) if isinstance(each, Text) else each for each in parts)), width=WIDTH)


def plain(written: str, language: Language, *, now: float, names: Mapping[str, str] = NOBODY) -> str:
    """Return mrkdwn as plain text."""
    return _Reader(language, now, names).read({"type": "mrkdwn", "text": written}).plain


Read = Callable[[Mapping[str, Any]], Text]
"""Reads a text object."""


def _header(block: Mapping[str, Any], read: Read) -> Iterator[RenderableType]:
    header = read(block["text"])
    header.stylize("bold underline")
    yield header


def _section(block: Mapping[str, Any], read: Read) -> Iterator[RenderableType]:
    if "text" in block:
        yield read(block["text"])
    if "fields" in block:
        yield _grid([read(field) for field in block["fields"]])


def _context(block: Mapping[str, Any], read: Read) -> Iterator[RenderableType]:
    parts = Text("  ").join(read(element) for element in block["elements"])
    parts.stylize("dim")
    yield parts


def _actions(block: Mapping[str, Any], read: Read) -> Iterator[RenderableType]:
    labels = [label for element in block["elements"] for label in _labels(element, read)]
    yield Text("  ").join(Text(f"[ {label} ]", style="reverse") for label in labels)


def _labels(element: Mapping[str, Any], read: Read) -> list[str]:
    """Return the label of a button, or those of a menu's options."""
    menu = element.get("options")
    return [f"… {read(option['text']).plain}" for option in menu] if menu else [read(element["text"]).plain]


def _divider(_: Mapping[str, Any], __: Read) -> Iterator[RenderableType]:
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


@dataclass(frozen=True)
class _Reader:
    """Reads Slack's texts, in which moments are written as one who looks at ``now`` sees them."""

    language: Language
    now: float
    names: Mapping[str, str]

    def read(self, written: Mapping[str, Any]) -> Text:
        """Read a text object."""
        # A terminal obeys control characters, wherever they come from.
        text = written["text"]
        visible = "".join(char for char in text if char == "\n" or unicodedata.category(char) != "Cc")
        return Text(visible) if written["type"] == "plain_text" else self._mrkdwn(visible)

    def _mrkdwn(self, written: str) -> Text:
        """Parse the part of mrkdwn that our messages use."""
        text, end = Text(), 0
        for match in _MRKDWN.finditer(written):
            text.append(unescape(written[end : match.start()]))
            text.append_text(self._styled(match))
            end = match.end()
        return text.append(unescape(written[end:]))

    def _styled(self, match: re.Match[str]) -> Text:
        if code := match["code"]:
            return Text(unescape(code), "cyan")
        if bold := match["bold"]:
            inside = self._mrkdwn(bold)
            inside.stylize("bold")
            return inside
        if url := match["url"]:
            return Text(unescape(f"{match['label']} ({url})"))
        if name := match["name"]:
            sign, known = ("#" if name[0] == "#" else "@"), name.removeprefix("!subteam^").lstrip("@#")
            return Text(sign + self.names.get(known, known), "blue")
        if epoch := match["date"]:
            return Text(self._filled(unescape(match["form"]), int(epoch)))
        return Text(_EMOJI.get(match["emoji"], match[0]))

    def _filled(self, form: str, epoch: int) -> str:
        """Fill Slack's date tokens; a day is written so that it stays true in the output of a terminal."""
        local = datetime.fromtimestamp(epoch).astimezone()

        def fill(token: re.Match[str]) -> str:
            name = token[1]
            if name == "ago":
                return self._ago(epoch)
            if name.startswith("time"):
                return local.strftime("%H:%M")
            return local.strftime("%Y-%m-%d") if name.startswith("date") else token[0]

        return _TOKEN.sub(fill, form)

    def _ago(self, epoch: int) -> str:
        passed = int(self.now) - epoch
        if passed <= 0:
            return "刚刚" if self.language is Language.ZH else "just now"
        length, english, chinese = next(span for span in _SPANS if passed >= span[0])
        count = passed // length
        if self.language is Language.ZH:
            return f"{count} {chinese}前"
        return f"{count} {english}{'s' * (count != 1)} ago"
