"""PURE. What Slack refuses in a message made of ``text`` and ``blocks``, and in a view.

The limits are those of Slack's Block Kit pages (``docs.slack.dev/reference/block-kit``, one page for each
block, element and composition object) and of ``chat.postMessage``. Only the blocks that the bot uses are
known; any other type, element or key is refused, as Slack refuses a misspelt one.

Lengths are counted in code points, as ``slack_sdk`` counts them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

MAX_TEXT = 4000
"""Characters of top-level text: the limit of ``chat.update``, so that a message can also be edited."""
MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_ID = 255
MAX_URL = 3000
MAX_TEXT_OBJECT = 3000

Check = Callable[[Mapping[str, Any], str], Iterator[str]]
"""Yields the problems of one object, whose place is like ``/blocks/0/text``."""


def problems(message: Mapping[str, Any]) -> list[str]:
    """Return everything in ``text`` and ``blocks`` that Slack would refuse, each with its place.

    A message with blocks needs ``text`` too: it is all that notifications and screen readers show (page
    ``chat.postMessage``). Other keys of the message are not checked.
    """
    blocks = message.get("blocks")
    found = [*_string(message.get("text"), "/text", MAX_TEXT)]
    if blocks is not None:
        found += _blocks(blocks, "/blocks", MAX_BLOCKS)
    return found


def view_problems(view: Any, kind: str) -> list[str]:
    """Return everything in a view of this kind, ``modal`` or ``home``, that Slack would refuse.

    The rules are those of the pages "Modal views" and "Home tab views"; options that need submissions or
    ``view_closed`` are unknown.
    """
    if not isinstance(view, Mapping) or view.get("type") != kind:
        return [f"/view: not a {kind}"]
    titles = {"title", "close", "submit"} if kind == "modal" else set()
    strings = {"private_metadata": 3000, "callback_id": MAX_ID, "external_id": MAX_ID}
    needed = {"blocks"} | (titles & {"title"})
    found = [*_keys(view, "/view", needed=needed, allowed=titles | set(strings), block=False)]
    for key in sorted(titles):
        found += _text_in(view, key, "/view", 24, plain=True)
    for key, limit in strings.items():
        found += _string(view.get(key) or "-", f"/view/{key}", limit)
    return [*found, *_blocks(view.get("blocks", []), "/view/blocks", MAX_VIEW_BLOCKS)]


def buttons(blocks: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the buttons of a message, each with its place."""
    for at, block in _members(blocks, "/blocks"):
        yield from _buttons_of(block, at)


def _buttons_of(block: Mapping[str, Any], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, element in _members(block.get("elements"), f"{at}/elements"):
        if element.get("type") == "button":
            yield place, element
    if isinstance(block.get("accessory"), Mapping):
        yield f"{at}/accessory", block["accessory"]


def _blocks(blocks: Any, place: str, limit: int) -> Iterator[str]:
    yield from _list(blocks, place, limit, at_least=0)
    for at, block in _members(blocks, place):
        yield from _by_type(block, at, BLOCKS, "block")
        yield from _string(block.get("block_id", "-"), f"{at}/block_id", MAX_ID)
        # "Unique among all other action_ids in the containing block", says the page "Button element".
        yield from _unique(_buttons_of(block, at), "action_id")
    yield from _unique(_members(blocks, place), "block_id")


def _header(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _keys(block, at, needed={"text"})
    yield from _text_in(block, "text", at, 150, plain=True)


def _section(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _keys(block, at, allowed={"text", "fields", "accessory"})
    if "text" not in block and "fields" not in block:
        yield f"{at}: needs text or fields"
    yield from _text_in(block, "text", at, MAX_TEXT_OBJECT)
    if "fields" in block:
        yield from _list(block["fields"], f"{at}/fields", 10)
    for place, field in _members(block.get("fields"), f"{at}/fields"):
        yield from _text(field, place, 2000)
    if "accessory" in block:
        yield from _by_type(block["accessory"], f"{at}/accessory", {"button": _button}, "element")


def _context(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _keys(block, at, needed={"elements"})
    yield from _list(block.get("elements"), f"{at}/elements", 10)
    for place, element in _members(block.get("elements"), f"{at}/elements"):
        yield from _text(element, place, MAX_TEXT_OBJECT)


def _actions(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _keys(block, at, needed={"elements"})
    yield from _list(block.get("elements"), f"{at}/elements", 25)
    for place, element in _members(block.get("elements"), f"{at}/elements"):
        yield from _by_type(element, place, {"button": _button}, "element")


def _divider(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _keys(block, at)


def _button(button: Mapping[str, Any], at: str) -> Iterator[str]:
    optional = {"action_id", "url", "value", "style", "confirm", "accessibility_label"}
    yield from _keys(button, at, needed={"text"}, allowed=optional, block=False)
    yield from _text_in(button, "text", at, 75, plain=True)
    yield from _url(button.get("url", "https://"), f"{at}/url")
    yield from _style(button, at)
    for key, limit in (("action_id", MAX_ID), ("value", 2000), ("accessibility_label", 75)):
        yield from _string(button.get(key, "-"), f"{at}/{key}", limit)
    if "confirm" in button:
        yield from _confirm(button["confirm"], f"{at}/confirm")


def _confirm(confirm: Any, at: str) -> Iterator[str]:
    """Check a confirmation dialog; its four texts are plain text only (page "Confirmation dialog object")."""
    if not isinstance(confirm, Mapping):
        yield f"{at}: not an object"
        return
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    yield from _keys(confirm, at, needed=limits, allowed={"style"}, block=False, typed=False)
    yield from _style(confirm, at)
    for key, limit in limits.items():
        yield from _text_in(confirm, key, at, limit, plain=True)


def _text_in(
    thing: Mapping[str, Any], key: str, at: str, limit: int, *, plain: bool = False
) -> Iterator[str]:
    if key in thing:
        yield from _text(thing[key], f"{at}/{key}", limit, plain=plain)


def _text(text: Any, at: str, limit: int, *, plain: bool = False) -> Iterator[str]:
    kinds = ("plain_text",) if plain else tuple(TEXT_KEYS)
    kind = text.get("type") if isinstance(text, Mapping) else None
    if kind not in kinds:
        yield f"{at}: not a {' or '.join(kinds)} object"
        return
    option = TEXT_KEYS[kind]
    yield from _keys(text, at, needed={"text"}, allowed={option}, block=False)
    yield from _string(text.get("text", "-"), at, limit)
    if not isinstance(text.get(option, True), bool):
        yield f"{at}/{option}: not true or false"


def _by_type(thing: Any, at: str, known: Mapping[str, Check], what: str) -> Iterator[str]:
    kind = thing.get("type") if isinstance(thing, Mapping) else None
    if not isinstance(kind, str) or kind not in known:
        yield f"{at}: unknown {what} type {kind!r}"
        return
    yield from known[kind](thing, at)


def _keys(
    thing: Mapping[str, Any],
    at: str,
    *,
    needed: Collection[str] = (),
    allowed: Collection[str] = (),
    block: bool = True,
    typed: bool = True,
) -> Iterator[str]:
    common = {"type"} if typed else set()
    if block:
        common.add("block_id")
    for key in sorted(set(needed) - set(thing)):
        yield f"{at}: {key} is missing"
    for key in sorted(set(thing) - common - set(needed) - set(allowed), key=str):
        yield f"{at}: unknown key {key!r}"


def _string(value: Any, at: str, limit: int) -> Iterator[str]:
    """Check one string: 1 to ``limit`` characters that can be written in UTF-8."""
    if value is None or value == "":
        yield f"{at}: empty"
    elif not isinstance(value, str):
        yield f"{at}: not a string"
    elif len(value) > limit:
        yield f"{at}: {len(value)} characters, at most {limit}"
    elif not _encodable(value):
        yield f"{at}: cannot be written in UTF-8"


def _encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _url(value: Any, at: str) -> Iterator[str]:
    yield from _string(value, at, MAX_URL)
    if not str(value).startswith(("https://", "http://")):
        yield f"{at}: not a web address"


def _style(thing: Mapping[str, Any], at: str) -> Iterator[str]:
    if thing.get("style", "primary") not in ("primary", "danger"):
        yield f"{at}/style: neither primary nor danger"


def _list(value: Any, at: str, limit: int, *, at_least: int = 1) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at}: not a list"
    elif len(value) < at_least:
        yield f"{at}: empty"
    elif len(value) > limit:
        yield f"{at}: {len(value)} {at.rpartition('/')[2]}, at most {limit}"


def _members(value: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the members of a list with their places; one that is no object as an empty one."""
    for index, member in enumerate(value if isinstance(value, list) else ()):
        yield f"{at}/{index}", member if isinstance(member, Mapping) else {}


def _unique(things: Iterator[tuple[str, Mapping[str, Any]]], key: str) -> Iterator[str]:
    counted: Counter[str] = Counter()
    for at, thing in things:
        name = thing.get(key)
        if isinstance(name, str):
            counted[name] += 1
            if counted[name] > 1:
                yield f"{at}/{key}: {name!r} is used twice"


TEXT_KEYS = {"plain_text": "emoji", "mrkdwn": "verbatim"}
"""The types of text object, each with the one key that only this type may have (page "Text object")."""

BLOCKS: Mapping[str, Check] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}
