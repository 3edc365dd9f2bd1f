"""PURE. The people, groups and channels that a command names, as Slack or people write them.

Slack writes ``<@U123|name>``, ``<!subteam^S123|@group>``, ``<!here>`` and ``<#C123|name>`` where the app's
manifest says ``should_escape``, and leaves ``@name`` and ``#name`` otherwise, or where it knows no such name
(pages "Slash commands", "Formatting message text").
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.listeners.quotes import HAN, QUOTED

MOST_MENTIONS: Final = 10

_AUTOMATIC_LINK: Final = re.compile(r"<((?:https?://|mailto:|tel:))([^<>|]*)\|([^<>|]*)>", re.IGNORECASE)
_NAME: Final = re.compile(r"<([@#!])(?:subteam\^)?(\w+)(?:\|[@#]?([^<>|]*))?>")
_BEHIND_BLANK: Final = rf"(?<![^\s,;:、，；：。(（{HAN}])"  # noqa: RUF001
LINKING: Final = (
    *("and", "for", "to", "with", "cc", "ping", "notify", "mention", "tell", "in", "into", "at", "on"),
    *("并", "和", "通知", "提醒", "给", "在", "到"),
)
"""What may stand before a mention and means nothing without it."""
_LINKED: Final = (
    rf"(?:(?<!\S)(?:(?:{'|'.join(filter(str.isascii, LINKING))})\s+){{1,3}}"
    rf"|(?:{'|'.join(word for word in LINKING if not word.isascii())}){{1,3}}\s*"
    r"|[,;、，；]\s*|(?<!\S)[&+]\s+)?"  # noqa: RUF001
)
_TYPED: Final = r"[^\s<>|,;:、，；：。)）@＠]*"  # noqa: RUF001
_ENDS: Final = r"(?:[.,;:!：、，；。]+(?=\s|\Z))?"  # noqa: RUF001
_NAMES: Final = re.compile(
    rf"(?P<kept><[a-z][a-z0-9+.-]*:[^<>]*>|{QUOTED.pattern})"
    rf"|{_LINKED}(?:<@(?P<person>(?-i:[UW][A-Z0-9]+))(?:\|[^<>]*)?>"
    r"|<!subteam\^(?P<group>(?-i:S[A-Z0-9]+))(?:\|[^<>]*)?>"
    rf"|(?P<everyone><!(?:here|channel|everyone)(?:\|[^<>]*)?>|{_BEHIND_BLANK}[@＠](?:here|channel|everyone)\b)"  # noqa: RUF001
    rf"|(?P<unknown><[@!][^<>]*>|{_BEHIND_BLANK}[@＠](?=\w){_TYPED})"  # noqa: RUF001
    rf"|(?P<channel><\#[^<>]*>|{_BEHIND_BLANK}\#(?=[^\s\#\d]){_TYPED}|(?<=\bin\s)\#(?=\w){_TYPED})){_ENDS}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """What a command names, and what else it says; names are as people read them, empty if there is none."""

    rest: str
    """The command without the names, but for those in quotes, which are part of a job's name."""
    ids: tuple[str, ...] = ()
    """The ids of the people and groups, each once."""
    person: str = ""
    """The first person or group."""
    unknown: str = ""
    """The first person for whom Slack gave no id."""
    everyone: str = ""
    """What means all who are in a channel."""
    channel: str = ""
    """The first channel."""


def named_in(text: str) -> Named:
    """Return the people, groups and channels that a command names."""
    text = _AUTOMATIC_LINK.sub(_as_typed, text)
    found = [match for match in _NAMES.finditer(text) if not match["kept"]]
    ids = [match["person"] or match["group"] for match in found]

    def first(*kinds: str) -> str:
        return next((_readable(match) for match in found if any(match[kind] for kind in kinds)), "")

    return Named(
        rest=_NAMES.sub(lambda match: _NAME.sub(_readable_name, match["kept"] or " "), text),
        ids=tuple(dict.fromkeys(filter(None, ids))),
        person=first("person", "group", "unknown"),
        unknown=first("unknown"),
        everyone=first("everyone"),
        channel=first("channel"),
    )


def mention(user_id: str) -> str:
    """Return the markup that mentions a person or, where the id begins with S, a user group."""
    return f"<!subteam^{user_id}>" if user_id.startswith("S") else f"<@{user_id}>"


def _as_typed(link: re.Match[str]) -> str:
    """Return what was typed where Slack made a link of it by itself: then the label is the address."""
    scheme, address, label = link.groups()
    is_own = scheme.lower() == "mailto:" or label.rstrip("/").lower() == address.rstrip("/").lower()
    return label if is_own else link[0]


def _readable(found: re.Match[str]) -> str:
    """Return a name as a person reads it, without what stands around it."""
    start = min(at for at in map(found[0].find, "<@＠#") if at >= 0)  # noqa: RUF001
    return _NAME.sub(_readable_name, found[0][start:]).rstrip(".,;!、，；。")  # noqa: RUF001


def _readable_name(name: re.Match[str]) -> str:
    sign, said, label = name.groups()
    return ("#" if sign == "#" else "@") + (label or said)
