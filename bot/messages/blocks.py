"""PURE. The parts that all messages are made of; the one place that knows escaping and Slack's limits.

Blocks are plain dicts, as Slack's "Block Kit reference" writes them: slack_sdk's models would look at each of
their attributes for each message. The tests hold every message against those models, and so Slack's limits.

Three rules keep text from outside harmless, whatever it holds: in a plain_text object it is just characters;
ids and codes stand in a code span, escaped; all else in mrkdwn is escaped, and what would format it becomes a
character that looks like it, since Slack has no escape for ``* _ ~``, the backtick and the colons of an emoji
("Formatting message text"). It is cut after escaping, and never inside an entity.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

HEADER_LIMIT: Final = 150
CONFIRM_TITLE_LIMIT: Final = 100
LABEL_LIMIT: Final = 75
SECTION_LIMIT: Final = 3000
"""Slack's limits: characters of a header, a dialog's title, an accessibility_label, a section (Block Kit)."""
VALUE_LIMIT: Final = 200
QUOTED_LIMIT: Final = 80
"""Our limits, far below Slack's: a card with longer values would be no card any more."""
LINES_LIMIT: Final = 3000
"""Characters of the lines in a text; Slack takes 4000 in all."""
PLAIN_LIMIT: Final = 3000
"""Characters of a message that goes as plain text; Slack takes 4000."""

DISTURBING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Controls (Unicode's Cc), lone surrogates (Cs), and what reorders the text after it, labels of ours too."""
USER_ID: Final = re.compile(r"[UW][A-Z0-9]{2,}")
GROUP_ID: Final = re.compile(r"S[A-Z0-9]{2,}")
_LOOK_ALIKES: Final = str.maketrans({"*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}", "`": "'"})
_ITALIC: Final = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""An underscore that may begin or end italics: inside a word it is one."""
_EMOJI: Final = re.compile(r":(?=[\w'+-]+(?::|$))")
"""A colon that begins the name of an emoji: one of ours may follow the text, and end that name."""
_QUOTE: Final = re.compile(r"\A>")
"""The text may begin a line, and this would make a quote of it, escaped or not."""
_OUR_EMOJI: Final = re.compile(r"^:[a-z_]+: ")
_BAR: Final = re.compile(r"^[▰▱]+ ")
_LINK: Final = re.compile(r"<https?://[^|<>]*\|([^<>]*)>")
_TOKENS: Final = re.compile(r"{.*}")
_PART_OF_ENTITY: Final = re.compile(r"&[a-z]*\Z")


Block = dict[str, Any]
"""A block, as Slack's API writes it."""
Element = dict[str, Any]
"""What stands in a block: a text, a button, a dialog."""


@dataclass(frozen=True)
class Message:
    """What Slack is told. ``text`` says it all by itself: phones and screen readers get nothing else."""

    text: str
    blocks: list[Block]


def without_blocks(message: Message) -> Message:
    """Return the message as plain text, cut between two words."""
    text = message.text
    return Message(text if len(text) <= PLAIN_LIMIT else text[:PLAIN_LIMIT].rpartition(" ")[0], [])


def clean(text: str) -> str:
    """Return one line without control and direction characters; empty if nothing of it can be seen."""
    one_line = " ".join(text.split())  # first, since some controls are white space
    line = " ".join(DISTURBING.sub("", one_line).split())
    return line if any(char.isprintable() and not char.isspace() for char in line) else ""


def escape(text: str) -> str:
    """Escape the three characters to which Slack gives a meaning in mrkdwn ("Formatting message text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str, limit: int = VALUE_LIMIT) -> str:
    """Format text from outside as a code span, the one form in which mrkdwn leaves it as it is."""
    inside = _cut_escaped(clean(text).replace("`", "'"), limit)
    return f"`{inside or ' '}`"


def literal(text: str, limit: int = QUOTED_LIMIT) -> str:
    """Format text from outside for running mrkdwn, in which nothing of it is formatted."""
    marked = _ITALIC.sub("\N{MODIFIER LETTER LOW MACRON}", clean(text).translate(_LOOK_ALIKES))
    unquoted = _QUOTE.sub("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", marked)
    return _cut_escaped(_EMOJI.sub("\N{RATIO}", unquoted), limit)


def spoken(line: str) -> str:
    """Return a line of our mrkdwn without emoji, bold, bars and links: what a screen reader needs of it."""
    pieces = _BAR.sub("", _OUR_EMOJI.sub("", _LINK.sub(r"\1", line))).split("`")
    pieces[::2] = [piece.replace("*", "") for piece in pieces[::2]]  # between them are code spans
    return "`".join(pieces)


def date(epoch: int, form: str) -> str:
    """Format epoch seconds as Slack's date token: each reader sees their own time zone, old clients UTC.

    ``form`` has words and Slack's tokens. A word before "today" belongs into it: Slack writes that in lower
    case then.
    """
    utc = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{epoch}^{form}|{_TOKENS.sub(utc, form)}>"


def quoted(text: str) -> str:
    """Format a value from outside, an id or what was typed, for a sentence."""
    return code(text, QUOTED_LIMIT)


def header(text: str) -> Block:
    """Return a header block, cut to Slack's limit."""
    return {"type": "header", "text": plain(text, HEADER_LIMIT)}


def section(text: str) -> Block:
    """Return a section block of mrkdwn."""
    return {"type": "section", "text": mrkdwn(text)}


def sections(lines: Iterable[str]) -> list[Block]:
    """Return section blocks of whole lines of mrkdwn, as few as hold them."""
    parts: list[list[str]] = []
    for line in lines:
        if not parts or sum(map(len, parts[-1])) + len(parts[-1]) + len(line) > SECTION_LIMIT:
            parts.append([])
        parts[-1].append(line)
    return [section("\n".join(part)) for part in parts]


def as_many(lines: Sequence[str], more: Callable[[int], str]) -> list[str]:
    """Return as many lines as a message's text can have, then ``more`` of the number of those left out."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(kept) + len(line) > LINES_LIMIT:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return [*kept, *([more(left)] if left else [])]


def actions(*elements: Element) -> Block:
    """Return an actions block."""
    return {"type": "actions", "elements": list(elements)}


def context_block(*parts: str) -> Block:
    """Return a context block of mrkdwn."""
    return {"type": "context", "elements": [mrkdwn(part) for part in parts]}


def row(*parts: str) -> str:
    """Join what stands side by side in a line, without the empty parts."""
    return " · ".join(filter(None, parts))


def divider() -> Block:
    """Return a divider block."""
    return {"type": "divider"}


def mrkdwn(text: str) -> Element:
    """Return a mrkdwn text object."""
    # Without verbatim=True, Slack would make links of addresses and names of channels in it.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str, limit: int) -> Element:
    """Return a plain_text object, cut to ``limit`` characters."""
    # Without emoji=False, Slack would draw a picture for a name like ":x:".
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def button(label: str, action_id: str, value: str = "", *, about: str = "", **more: Any) -> Element:
    """Return a button; ``more`` has other fields of Slack's, such as ``style``, ``confirm`` or ``url``.

    ``about`` is read to those who can't see which of several such buttons this is.
    """
    fields = {"value": value, "accessibility_label": cut(about, LABEL_LIMIT)}
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action_id,
        **{name: field for name, field in fields.items() if field},
        **more,
    }


def overflow(action_id: str, options: Mapping[str, str]) -> Element:
    """Return a menu behind three dots: the label of each option by its value, five at most."""
    choices = [{"text": plain(label, LABEL_LIMIT), "value": value} for value, label in options.items()]
    return {"type": "overflow", "action_id": action_id, "options": choices}


def confirm(title: str, text: str, *, yes: str, no: str) -> Element:
    """Return a confirmation dialog; its title is cut to Slack's limit."""
    texts = {"title": title, "text": text, "confirm": yes, "deny": no}
    return {name: plain(each, CONFIRM_TITLE_LIMIT) for name, each in texts.items()}


def mention(user_id: str) -> str:
    """Format the id of a person or a user group as a mention, which Slack shows as the name."""
    if GROUP_ID.fullmatch(user_id):
        return f"<!subteam^{user_id}>"
    return f"<@{user_id}>" if USER_ID.fullmatch(user_id) else code(user_id)


def cut(text: str, limit: int) -> str:
    """Cut a text that is not escaped."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _cut_escaped(text: str, limit: int) -> str:
    """Escape, and cut so that the escaped form keeps the limit and no entity is split."""
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    kept = _PART_OF_ENTITY.sub("", whole[: limit - 1])
    return f"{kept.rstrip('_')}…"  # at the end it could begin italics
