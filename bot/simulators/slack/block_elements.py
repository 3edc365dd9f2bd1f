"""PURE. What Slack refuses in the interactive elements of blocks: buttons, menus, and fields to type in.

The limits are those of the page of each element ("Button element", "Overflow menu element", "Select menu
element", "Plain-text input element") and of the composition objects "Option" and "Confirmation dialog".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.simulators.slack.block_parts import (
    MAX_ID,
    Check,
    keys,
    list_of,
    members,
    string,
    style_problems,
    text_in,
    url_problems,
)

MAX_OVERFLOW = 5
MAX_OPTIONS = 100


def _button(button: Mapping[str, Any], at: str) -> Iterator[str]:
    optional = {"action_id", "url", "value", "style", "confirm", "accessibility_label"}
    yield from keys(button, at, needed={"text"}, allowed=optional, block=False)
    yield from text_in(button, "text", at, 75, plain=True)
    yield from url_problems(button.get("url", "https://"), f"{at}/url")
    yield from style_problems(button, at)
    for key, limit in (("action_id", MAX_ID), ("value", 2000), ("accessibility_label", 75)):
        yield from string(button.get(key, "-"), f"{at}/{key}", limit)
    if "confirm" in button:
        yield from _confirm(button["confirm"], f"{at}/confirm")


def _confirm(confirm: Any, at: str) -> Iterator[str]:
    """Check a confirmation dialog; its four texts are plain text only (page "Confirmation dialog object")."""
    if not isinstance(confirm, Mapping):
        yield f"{at}: not an object"
        return
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    yield from keys(confirm, at, needed=limits, allowed={"style"}, block=False, typed=False)
    yield from style_problems(confirm, at)
    for key, limit in limits.items():
        yield from text_in(confirm, key, at, limit, plain=True)


def _overflow(menu: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from keys(menu, at, needed={"options"}, allowed={"action_id", "confirm"}, block=False)
    yield from _identified(menu, at)
    yield from _options(menu, at, MAX_OVERFLOW, links=True)


def _static_select(menu: Mapping[str, Any], at: str) -> Iterator[str]:
    optional = {"action_id", "confirm", "placeholder", "initial_option", "focus_on_load"}
    yield from keys(menu, at, needed={"options"}, allowed=optional, block=False)
    yield from _identified(menu, at)
    yield from text_in(menu, "placeholder", at, 150, plain=True)
    yield from _options(menu, at, MAX_OPTIONS)
    if "initial_option" in menu and menu["initial_option"] not in menu.get("options", ()):
        yield f"{at}/initial_option: none of the options"


def _plain_text_input(field: Mapping[str, Any], at: str) -> Iterator[str]:
    lengths = {"min_length", "max_length"}
    optional = {"action_id", "placeholder", "initial_value", "multiline", "focus_on_load"} | lengths
    yield from keys(field, at, allowed=optional, block=False)
    yield from _identified(field, at)
    yield from text_in(field, "placeholder", at, 150, plain=True)
    yield from string(field.get("initial_value", "-"), f"{at}/initial_value", 3000)


def _identified(element: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from string(element.get("action_id", "-"), f"{at}/action_id", MAX_ID)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}/confirm")


def _options(menu: Mapping[str, Any], at: str, limit: int, *, links: bool = False) -> Iterator[str]:
    """Check the options of a menu; in an overflow menu they may be links."""
    yield from list_of(menu.get("options"), f"{at}/options", limit)
    for place, option in members(menu.get("options"), f"{at}/options"):
        optional = {"description", "url"} if links else {"description"}
        yield from keys(option, place, needed={"text", "value"}, allowed=optional, block=False, typed=False)
        yield from text_in(option, "text", place, 75, plain=True)
        yield from text_in(option, "description", place, 75, plain=True)
        yield from string(option.get("value", "-"), f"{place}/value", 150)
        yield from url_problems(option.get("url", "https://"), f"{place}/url")


MENUS: Mapping[str, Check] = {"button": _button, "overflow": _overflow, "static_select": _static_select}
"""What may stand in an actions block, and beside the text of a section."""
FIELDS: Mapping[str, Check] = {"plain_text_input": _plain_text_input, "static_select": _static_select}
"""What may stand in an input block."""
