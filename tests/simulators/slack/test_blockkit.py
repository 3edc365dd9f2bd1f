"""The Block Kit rules: each breach is named with its place.

That good blocks pass, is seen in every message of the bot.
"""

from typing import Any

import pytest

from bot.simulators.slack.blockkit import problems, view_problems

PLAIN: dict[str, Any] = {"type": "plain_text", "text": "words"}
MRKDWN: dict[str, Any] = {"type": "mrkdwn", "text": "words"}
BUTTON: dict[str, Any] = {"type": "button", "text": PLAIN}
SECTION: dict[str, Any] = {"type": "section", "text": MRKDWN}
CONFIRM = dict.fromkeys(("title", "text", "confirm", "deny"), PLAIN)
OPTION: dict[str, Any] = {"text": PLAIN, "value": "1"}
DIVIDER = {"type": "divider"}
HOME: dict[str, Any] = {"type": "home", "blocks": [SECTION]}
MODAL: dict[str, Any] = {"type": "modal", "title": PLAIN, "blocks": [SECTION]}


def section(**more: Any) -> dict[str, Any]:
    return {**SECTION, **more}


def context(*elements: Any) -> dict[str, Any]:
    return {"type": "context", "elements": list(elements)}


def actions(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": [{**BUTTON, **more} for more in buttons]}


def confirm(**more: Any) -> dict[str, Any]:
    return section(accessory={**BUTTON, "confirm": {**CONFIRM, **more}})


def plain(text: str) -> dict[str, Any]:
    return {**PLAIN, "text": text}


def overflow(number: int, **more: Any) -> dict[str, Any]:
    return {"type": "overflow", "options": [{**OPTION, **more}] * number}


def select(number: int, **more: Any) -> dict[str, Any]:
    return overflow(number, **more) | {"type": "static_select"}


def typed(**more: Any) -> dict[str, Any]:
    return {"type": "input", "label": PLAIN, "element": {"type": "plain_text_input", **more}}


def found(*blocks: Any) -> list[str]:
    return [each.removeprefix("/view") for each in view_problems({**HOME, "blocks": list(blocks)}, "home")]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({"text": "x", "blocks": [DIVIDER, {**SECTION, "text": {**MRKDWN, "verbatim": True}}]}, None),
        ({}, "/text: empty"),
        ({"text": "x" * 4001}, "/text: 4001 characters, at most 4000"),
        ({"text": "x", "blocks": DIVIDER}, "/blocks: not a list"),
        ({"text": "x", "blocks": [DIVIDER] * 51}, "/blocks: 51 blocks, at most 50"),
    ],
)
def test_the_message_itself(message: dict[str, Any], problem: str | None) -> None:
    """It has complete text, and at most fifty blocks."""
    assert problems(message) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("limit", "place", "block"),
    [
        (150, "/text", lambda text: {"type": "header", "text": {**PLAIN, "text": text}}),
        (2000, "/fields/0", lambda text: section(fields=[{**MRKDWN, "text": text}])),
        (255, "/block_id", lambda text: section(block_id=text)),
        (2000, "/elements/0/value", lambda text: actions({"value": text})),
        (75, "/accessory/options/0/text", lambda text: section(accessory=overflow(1, text=plain(text)))),
        (
            75,
            "/accessory/options/0/description",
            lambda text: section(accessory=select(1, description=plain(text))),
        ),
        (150, "/accessory/options/0/value", lambda text: section(accessory=select(1, value=text))),
        (150, "/element/placeholder", lambda text: typed(placeholder=plain(text))),
        (30, "/accessory/confirm/confirm", lambda text: confirm(confirm={**PLAIN, "text": text})),
    ],
)
def test_lengths(limit: int, place: str, block: Any) -> None:
    """A string may be as long as the page says, not longer and not empty."""
    assert found(block("x" * limit)) == []
    assert found(block("x" * (limit + 1))) == [f"/blocks/0{place}: {limit + 1} characters, at most {limit}"]
    assert found(block("")) == [f"/blocks/0{place}: empty"]
    assert found(block("\udfff")) == [f"/blocks/0{place}: cannot be written in UTF-8"]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "video"}, ": unknown block type 'video'"),
        ({"type": "header"}, ": text is missing"),
        ({"type": "header", "text": MRKDWN}, "/text: not a plain_text object"),
        ({**DIVIDER, "text": PLAIN}, ": unknown key 'text'"),
        ({"type": "section"}, ": needs text or fields"),
        (section(text={**MRKDWN, "emoji": True}), "/text: unknown key 'emoji'"),
        (section(fields=[MRKDWN] * 11), "/fields: 11 fields, at most 10"),
        (section(accessory={"type": "datepicker"}), "/accessory: unknown element type 'datepicker'"),
        (section(accessory=overflow(6)), "/accessory/options: 6 options, at most 5"),
        (section(accessory=overflow(1, url="x")), "/accessory/options/0/url: not a web address"),
        (section(accessory=select(101)), "/accessory/options: 101 options, at most 100"),
        (section(accessory=select(1, url="https://x")), "/accessory/options/0: unknown key 'url'"),
        (
            section(accessory=select(1) | {"initial_option": OPTION | {"value": "9"}}),
            "/accessory/initial_option: none of the options",
        ),
        ({"type": "input", "label": MRKDWN, "element": select(1)}, "/label: not a plain_text object"),
        ({"type": "input", "label": PLAIN, "element": BUTTON}, "/element: unknown element type 'button'"),
        (context(), "/elements: empty"),
        (context(BUTTON), "/elements/0: not a plain_text or mrkdwn object"),
        (actions(*[BUTTON] * 26), "/elements: 26 elements, at most 25"),
        (actions({"type": "datepicker"}), "/elements/0: unknown element type 'datepicker'"),
        (actions({"style": "default"}), "/elements/0/style: neither primary nor danger"),
        (actions({"url": "javascript:alert(1)"}), "/elements/0/url: not a web address"),
        (actions({"url": "https://x".ljust(3001, "x")}), "/elements/0/url: 3001 characters, at most 3000"),
        (actions({"confirm": "Sure?"}), "/elements/0/confirm: not an object"),
        (actions({"action_id": "a"}, {"action_id": "a"}), "/elements/1/action_id: 'a' is used twice"),
        (confirm(type="confirm"), "/accessory/confirm: unknown key 'type'"),
    ],
)
def test_a_breach_is_named_with_its_place(block: Any, problem: str) -> None:
    """One mistake gives one sentence."""
    assert found(block) == [f"/blocks/0{problem}"]


def test_ids_are_unique() -> None:
    """A ``block_id`` in the message, an ``action_id`` in its block; several mistakes are all named."""
    rows = [{**actions({"action_id": "a"}), "block_id": "same"}] * 2

    assert found(*rows) == ["/blocks/1/block_id: 'same' is used twice"]
    assert problems({"text": "x", "blocks": [typed()]}) == ["/blocks/0: unknown block type 'input'"]
    assert len(problems({"text": "", "blocks": [{"type": "header"}, actions()]})) == 3


@pytest.mark.parametrize(
    ("view", "problems"),
    [
        ({**HOME, "blocks": [DIVIDER] * 101}, ["/blocks: 101 blocks, at most 100"]),
        ({**HOME, "title": PLAIN}, [": unknown key 'title'"]),
        ({**HOME, "private_metadata": "x" * 3001}, ["/private_metadata: 3001 characters, at most 3000"]),
        ({"type": "home"}, [": blocks is missing"]),
        ({**MODAL, "close": PLAIN, "submit": PLAIN, "callback_id": "job", "notify_on_close": True}, []),
        ({**MODAL, "submit": PLAIN, "blocks": [typed()]}, []),
        ({**MODAL, "blocks": [typed()]}, [": an input block needs submit"]),
        ({**MODAL, "close": MRKDWN}, ["/close: not a plain_text object"]),
        ({**MODAL, "notify_on_close": "yes"}, ["/notify_on_close: not true or false"]),
        ({**MODAL, "callback_id": "x" * 256}, ["/callback_id: 256 characters, at most 255"]),
        ({**HOME, "blocks": [{**DIVIDER, "block_id": "b"}] * 2}, ["/blocks/1/block_id: 'b' is used twice"]),
        ({**HOME, "notify_on_close": True}, [": unknown key 'notify_on_close'"]),
        ({"type": "modal", "blocks": []}, [": title is missing"]),
        ({**MODAL, "title": {**PLAIN, "text": "x" * 25}}, ["/title: 25 characters, at most 24"]),
    ],
)
def test_how_a_view_is_made(view: dict[str, Any], problems: list[str]) -> None:
    """It keeps the limits of the pages "Modal views" and "Home tab views"."""
    assert view_problems(view, view["type"]) == [f"/view{problem}" for problem in problems]
