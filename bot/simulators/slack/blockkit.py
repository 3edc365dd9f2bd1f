"""PURE. What Slack refuses in a message made of ``text`` and ``blocks``, and in a view.

The limits are those of Slack's Block Kit pages (``docs.slack.dev/reference/block-kit``, one page for each
block, element and composition object) and of ``chat.postMessage``. Only the blocks that the bot uses are
known; any other type, element or key is refused, as Slack refuses a misspelt one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.simulators.slack.block_elements import FIELDS, MENUS
from bot.simulators.slack.block_parts import (
    MAX_ID,
    Check,
    by_type,
    keys,
    list_of,
    members,
    string,
    text_in,
    text_object,
    unique,
)

MAX_TEXT = 4000
"""Characters of top-level text: the limit of ``chat.update``, so that a message can also be edited."""
MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_TEXT_OBJECT = 3000


def problems(message: Mapping[str, Any]) -> list[str]:
    """Return everything in ``text`` and ``blocks`` that Slack would refuse, each with its place.

    A message with blocks needs ``text`` too: it is all that notifications and screen readers show (page
    ``chat.postMessage``). Other keys of the message are not checked.
    """
    blocks = message.get("blocks")
    found = [*string(message.get("text"), "/text", MAX_TEXT)]
    if blocks is not None:
        found += _blocks(blocks, "/blocks", MAX_BLOCKS, BLOCKS)
    return found


def view_problems(view: Any, kind: str) -> list[str]:
    """Return everything in a view of this kind, ``modal`` or ``home``, that Slack would refuse.

    The rules are those of the pages "Modal views" and "Home tab views".
    """
    if not isinstance(view, Mapping) or view.get("type") != kind:
        return [f"/view: not a {kind}"]
    titles = {"title", "close", "submit"} if kind == "modal" else set()
    strings = {"private_metadata": 3000, "callback_id": MAX_ID, "external_id": MAX_ID}
    switches = {"clear_on_close", "notify_on_close"} if kind == "modal" else set()
    needed = {"blocks"} | (titles & {"title"})
    allowed = titles | switches | set(strings)
    found = [*keys(view, "/view", needed=needed, allowed=allowed, block=False)]
    found += [
        f"/view/{key}: not true or false"
        for key in sorted(switches)
        if view.get(key, True) not in (True, False)
    ]
    if kind == "modal" and "submit" not in view and _has_input(view.get("blocks")):
        found += ["/view: an input block needs submit"]
    for key in sorted(titles):
        found += text_in(view, key, "/view", 24, plain=True)
    for key, limit in strings.items():
        found += string(view.get(key) or "-", f"/view/{key}", limit)
    return [*found, *_blocks(view.get("blocks", []), "/view/blocks", MAX_VIEW_BLOCKS, VIEW_BLOCKS)]


def buttons(blocks: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the buttons of a message, each with its place."""
    for at, block in members(blocks, "/blocks"):
        yield from _buttons_of(block, at)


def _has_input(blocks: Any) -> bool:
    return any(block.get("type") == "input" for _, block in members(blocks, ""))


def _buttons_of(block: Mapping[str, Any], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return (found for found in _elements_of(block, at) if found[1].get("type") == "button")


def _elements_of(block: Mapping[str, Any], at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from members(block.get("elements"), f"{at}/elements")
    for key in ("accessory", "element"):
        if isinstance(block.get(key), Mapping):
            yield f"{at}/{key}", block[key]


def _blocks(blocks: Any, place: str, limit: int, known: Mapping[str, Check]) -> Iterator[str]:
    yield from list_of(blocks, place, limit, at_least=0)
    for at, block in members(blocks, place):
        yield from by_type(block, at, known, "block")
        yield from string(block.get("block_id", "-"), f"{at}/block_id", MAX_ID)
        # "Unique among all other action_ids in the containing block", says the page "Button element".
        yield from unique(_elements_of(block, at), "action_id")
    yield from unique(members(blocks, place), "block_id")


def _header(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(block, at, needed={"text"})
    yield from text_in(block, "text", at, 150, plain=True)


def _section(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(block, at, allowed={"text", "fields", "accessory"})
    if "text" not in block and "fields" not in block:
        yield f"{at}: needs text or fields"
    yield from text_in(block, "text", at, MAX_TEXT_OBJECT)
    if "fields" in block:
        yield from list_of(block["fields"], f"{at}/fields", 10)
    for place, field in members(block.get("fields"), f"{at}/fields"):
        yield from text_object(field, place, 2000)
    if "accessory" in block:
        yield from by_type(block["accessory"], f"{at}/accessory", MENUS, "element")


def _context(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(block, at, needed={"elements"})
    yield from list_of(block.get("elements"), f"{at}/elements", 10)
    for place, element in members(block.get("elements"), f"{at}/elements"):
        yield from text_object(element, place, MAX_TEXT_OBJECT)


def _actions(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(block, at, needed={"elements"})
    yield from list_of(block.get("elements"), f"{at}/elements", 25)
    for place, element in members(block.get("elements"), f"{at}/elements"):
        yield from by_type(element, place, MENUS, "element")


def _input(block: Mapping[str, Any], at: str) -> Iterator[str]:
    optional = {"hint", "optional", "dispatch_action"}
    yield from keys(block, at, needed={"label", "element"}, allowed=optional)
    yield from text_in(block, "label", at, 2000, plain=True)
    yield from text_in(block, "hint", at, 2000, plain=True)
    yield from by_type(block.get("element"), f"{at}/element", FIELDS, "element")


def _divider(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(block, at)


BLOCKS: Mapping[str, Check] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
}
VIEW_BLOCKS: Mapping[str, Check] = {**BLOCKS, "input": _input}
"""In a message of the bot, an input block would be a mistake."""
