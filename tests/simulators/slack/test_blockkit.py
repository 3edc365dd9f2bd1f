"""The stand-in's Block Kit rules: good messages pass, and each breach is named with its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.simulators.slack.blockkit import problems

KEYS = st.sampled_from(["type", "text", "blocks", "elements", "fields", "confirm", "accessory", "url", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(categories=["L", "N", "P", "Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(
    ["header", "section", "context", "actions", "image", "button", "mrkdwn", "plain_text"]
)


def plain(text: str = "words", **more: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "words", **more: Any) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(), **more}


def section(**more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def context(*elements: Any) -> dict[str, Any]:
    return {"type": "context", "elements": list(elements)}


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **more}


def confirm(**more: Any) -> dict[str, Any]:
    return {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain(), **more}


def found(*blocks: Any) -> list[str]:
    return problems({"text": "what phones show", "blocks": list(blocks)})


def test_a_card_made_with_the_sdk_models_is_good() -> None:
    """Every kind of block that is known passes as the SDK writes it."""
    dialog = ConfirmObject(title="Sure?", text=PlainTextObject(text="It stops."), confirm="Yes", deny="No")
    blocks = [
        HeaderBlock(text="Voice", block_id="head"),
        SectionBlock(
            text=MarkdownTextObject(text="*state*", verbatim=True),
            fields=[MarkdownTextObject(text="a"), PlainTextObject(text="b", emoji=True)],
            accessory=ButtonElement(text="End", action_id="end", style="danger", confirm=dialog),
        ),
        ContextBlock(elements=[PlainTextObject(text="id"), MarkdownTextObject(text="`id`")]),
        ActionsBlock(elements=[ButtonElement(text="Open", action_id="open", url="https://example.com")]),
        DividerBlock(),
        ImageBlock(image_url="https://example.com/a.png", alt_text="a", title="A"),
    ]

    assert found(*(block.to_dict() for block in blocks), context(image())) == []


def test_text_alone_is_good() -> None:
    """A message needs no blocks."""
    assert problems({"text": "x" * 4000}) == []
    assert problems({"text": "x", "blocks": []}) == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({}, "/text: empty"),
        ({"text": ""}, "/text: empty"),
        ({"text": None, "blocks": [section()]}, "/text: empty"),
        ({"text": 5}, "/text: not a string"),
        ({"text": "x" * 4001}, "/text: 4001 characters, at most 4000"),
        ({"text": "a\ud800"}, "/text: cannot be written in UTF-8"),
        ({"text": "x", "blocks": {"type": "divider"}}, "/blocks: not a list"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "/blocks: 51 blocks, at most 50"),
    ],
)
def test_the_message_itself(message: dict[str, Any], problem: str) -> None:
    """Complete text, and at most fifty blocks."""
    assert [problem] == problems(message)


LIMITS = [
    (150, "/blocks/0/text", lambda text: {"type": "header", "text": plain(text)}),
    (3000, "/blocks/0/text", lambda text: section(text=mrkdwn(text))),
    (2000, "/blocks/0/fields/0", lambda text: section(fields=[mrkdwn(text)])),
    (255, "/blocks/0/block_id", lambda text: section(block_id=text)),
    (3000, "/blocks/0/elements/0", lambda text: context(mrkdwn(text))),
    (75, "/blocks/0/elements/0/text", lambda text: actions(button(text=plain(text)))),
    (255, "/blocks/0/elements/0/action_id", lambda text: actions(button(action_id=text))),
    (2000, "/blocks/0/elements/0/value", lambda text: actions(button(value=text))),
    (100, "/blocks/0/accessory/confirm/title", lambda text: with_confirm(title=plain(text))),
    (300, "/blocks/0/accessory/confirm/text", lambda text: with_confirm(text=plain(text))),
    (30, "/blocks/0/accessory/confirm/confirm", lambda text: with_confirm(confirm=plain(text))),
    (30, "/blocks/0/accessory/confirm/deny", lambda text: with_confirm(deny=plain(text))),
    (2000, "/blocks/0/alt_text", lambda text: image(alt_text=text)),
    (2000, "/blocks/0/title", lambda text: image(title=plain(text))),
]


def with_confirm(**more: Any) -> dict[str, Any]:
    return section(accessory=button(confirm=confirm(**more)))


@pytest.mark.parametrize(("limit", "place", "block"), LIMITS)
def test_lengths(limit: int, place: str, block: Any) -> None:
    """A string may be as long as the page says, not longer and not empty."""
    assert found(block("x" * limit)) == []
    assert [f"{place}: {limit + 1} characters, at most {limit}"] == found(block("x" * (limit + 1)))
    assert [f"{place}: empty"] == found(block(""))
    assert [f"{place}: cannot be written in UTF-8"] == found(block("\udfff"))


@pytest.mark.parametrize("block", [lambda url: actions(button(url=url)), lambda url: image(image_url=url)])
def test_addresses(block: Any) -> None:
    """An address is a web address of at most 3000 characters."""
    good = "https://example.com/".ljust(3000, "x")

    assert found(block(good)) == []
    assert "3001 characters, at most 3000" in found(block(f"{good}x"))[0]
    assert "not a web address" in found(block("javascript:alert(1)"))[0]


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([{"type": "video"}], "/blocks/0: unknown block type 'video'"),
        (["header"], "/blocks/0: unknown block type None"),
        ([{"type": ["header"]}], "/blocks/0: unknown block type ['header']"),
        ([{"type": "header"}], "/blocks/0: text is missing"),
        ([{"type": "header", "text": mrkdwn()}], "/blocks/0/text: not a plain_text object"),
        ([{"type": "header", "text": plain(), "size": 1}], "/blocks/0: unknown key 'size'"),
        ([{"type": "divider", "text": plain()}], "/blocks/0: unknown key 'text'"),
        ([{"type": "section"}], "/blocks/0: needs text or fields"),
        ([section(text="words")], "/blocks/0/text: not a plain_text or mrkdwn object"),
        ([section(text=None)], "/blocks/0/text: not a plain_text or mrkdwn object"),
        ([section(text={"type": "mrkdwn"})], "/blocks/0/text: text is missing"),
        ([section(text=mrkdwn(emoji=True))], "/blocks/0/text: unknown key 'emoji'"),
        ([section(text=plain(verbatim=True))], "/blocks/0/text: unknown key 'verbatim'"),
        ([section(text=plain(emoji="yes"))], "/blocks/0/text/emoji: not true or false"),
        ([section(fields=[])], "/blocks/0/fields: empty"),
        ([section(fields=[mrkdwn()] * 11)], "/blocks/0/fields: 11 fields, at most 10"),
        ([section(accessory={"type": "overflow"})], "/blocks/0/accessory: unknown element type 'overflow'"),
        ([section(block_id=None)], "/blocks/0/block_id: empty"),
        ([section(block_id="a"), section(block_id="a")], "/blocks/1/block_id: 'a' is used twice"),
        ([context()], "/blocks/0/elements: empty"),
        ([context(*[plain()] * 11)], "/blocks/0/elements: 11 elements, at most 10"),
        ([context(button())], "/blocks/0/elements/0: unknown element type 'button'"),
        ([context(image(block_id="a"))], "/blocks/0/elements/0: unknown key 'block_id'"),
        ([actions()], "/blocks/0/elements: empty"),
        ([actions(*[button()] * 26)], "/blocks/0/elements: 26 elements, at most 25"),
        ([actions({"type": "static_select"})], "/blocks/0/elements/0: unknown element type 'static_select'"),
        ([actions(button(text=mrkdwn()))], "/blocks/0/elements/0/text: not a plain_text object"),
        ([actions(button(style="default"))], "/blocks/0/elements/0/style: neither primary nor danger"),
        ([actions(button(confirm="Sure?"))], "/blocks/0/elements/0/confirm: not an object"),
        ([with_confirm(text=mrkdwn())], "/blocks/0/accessory/confirm/text: not a plain_text object"),
        ([with_confirm(type="confirm")], "/blocks/0/accessory/confirm: unknown key 'type'"),
        ([image(title=mrkdwn())], "/blocks/0/title: not a plain_text object"),
        ([{"type": "image", "image_url": "https://example.com"}], "/blocks/0: alt_text is missing"),
        (
            [actions(button(action_id="a"), button(action_id="b"), button(action_id="a"))],
            "/blocks/0/elements/2/action_id: 'a' is used twice",
        ),
    ],
)
def test_a_breach_is_named_with_its_place(blocks: list[Any], problem: str) -> None:
    """One mistake gives one sentence."""
    assert [problem] == found(*blocks)


def test_all_problems_are_named_at_once() -> None:
    """A message with several mistakes tells them all."""
    assert len(problems({"text": "", "blocks": [{"type": "header"}, actions()]})) == 3


@given(JSON, st.lists(st.dictionaries(KEYS, JSON | TYPES, max_size=5), max_size=3))
def test_no_message_is_too_strange(text: Any, blocks: list[Any]) -> None:
    """Whatever JSON comes, the answer is sentences that can be sent back, never an exception."""
    assert all(problem.encode() for problem in problems({"text": text, "blocks": blocks}))


def test_an_action_id_is_unique_within_its_block() -> None:
    """Rows of a list may have the same buttons: each row is a block of its own."""
    assert found(actions(button(action_id="a")), section(accessory=button(action_id="a"))) == []
