"""PURE. The parts that all of Block Kit is made of: texts, strings, lists, keys, and what is wrong with them.

The limits are those of Slack's Block Kit pages (``docs.slack.dev/reference/block-kit``). Lengths are counted
in code points, as ``slack_sdk`` counts them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

MAX_ID = 255
MAX_URL = 3000

Check = Callable[[Mapping[str, Any], str], Iterator[str]]
"""Yields the problems of one object, whose place is like ``/blocks/0/text``."""


TEXT_KEYS = {"plain_text": "emoji", "mrkdwn": "verbatim"}
"""The types of text object, each with the one key that only this type may have (page "Text object")."""


def text_in(thing: Mapping[str, Any], key: str, at: str, limit: int, *, plain: bool = False) -> Iterator[str]:
    """Check the text object under a key, if it is there."""
    if key in thing:
        yield from text_object(thing[key], f"{at}/{key}", limit, plain=plain)


def text_object(text: Any, at: str, limit: int, *, plain: bool = False) -> Iterator[str]:
    """Check a text object of at most ``limit`` characters."""
    kinds = ("plain_text",) if plain else tuple(TEXT_KEYS)
    kind = text.get("type") if isinstance(text, Mapping) else None
    if kind not in kinds:
        yield f"{at}: not a {' or '.join(kinds)} object"
        return
    option = TEXT_KEYS[kind]
    yield from keys(text, at, needed={"text"}, allowed={option}, block=False)
    yield from string(text.get("text", "-"), at, limit)
    if not isinstance(text.get(option, True), bool):
        yield f"{at}/{option}: not true or false"


def by_type(thing: Any, at: str, known: Mapping[str, Check], what: str) -> Iterator[str]:
    """Check a block or an element by the rules of its type, which must be one of those that are known."""
    kind = thing.get("type") if isinstance(thing, Mapping) else None
    if not isinstance(kind, str) or kind not in known:
        yield f"{at}: unknown {what} type {kind!r}"
        return
    yield from known[kind](thing, at)


def keys(
    thing: Mapping[str, Any],
    at: str,
    *,
    needed: Collection[str] = (),
    allowed: Collection[str] = (),
    block: bool = True,
    typed: bool = True,
) -> Iterator[str]:
    """Check that an object has all keys that are needed, and none that is unknown."""
    common = {"type"} if typed else set()
    if block:
        common.add("block_id")
    for key in sorted(set(needed) - set(thing)):
        yield f"{at}: {key} is missing"
    for key in sorted(set(thing) - common - set(needed) - set(allowed), key=str):
        yield f"{at}: unknown key {key!r}"


def string(value: Any, at: str, limit: int) -> Iterator[str]:
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


def url_problems(value: Any, at: str) -> Iterator[str]:
    """Check a web address."""
    yield from string(value, at, MAX_URL)
    if not str(value).startswith(("https://", "http://")):
        yield f"{at}: not a web address"


def style_problems(thing: Mapping[str, Any], at: str) -> Iterator[str]:
    """Check the style of a button or a dialog, if there is one."""
    if thing.get("style", "primary") not in ("primary", "danger"):
        yield f"{at}/style: neither primary nor danger"


def list_of(value: Any, at: str, limit: int, *, at_least: int = 1) -> Iterator[str]:
    """Check the length of a list."""
    if not isinstance(value, list):
        yield f"{at}: not a list"
    elif len(value) < at_least:
        yield f"{at}: empty"
    elif len(value) > limit:
        yield f"{at}: {len(value)} {at.rpartition('/')[2]}, at most {limit}"


def members(value: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the members of a list with their places; one that is no object as an empty one."""
    for index, member in enumerate(value if isinstance(value, list) else ()):
        yield f"{at}/{index}", member if isinstance(member, Mapping) else {}


def unique(things: Iterator[tuple[str, Mapping[str, Any]]], key: str) -> Iterator[str]:
    """Check that no two things have the same value under a key."""
    counted: Counter[str] = Counter()
    for at, thing in things:
        name = thing.get(key)
        if isinstance(name, str):
            counted[name] += 1
            if counted[name] > 1:
                yield f"{at}/{key}: {name!r} is used twice"
