"""PURE. The words of a command that select several jobs: those of the project, of a batch, or with a tag."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.characters import is_blank
from bot.domain.job_ids import SOME_NAME, unquoted
from bot.domain.job_names import LONGEST_NAME, folded
from bot.domain.keys import Selector, SelectorKind
from bot.domain.records import Level
from bot.errors import BadUsage
from bot.listeners.command_words import (
    KINDS,
    LEVELS,
    ME,
    NOISE,
    TAGS,
    is_slip_of_level,
    options_behind,
    plain,
)
from bot.listeners.job_words import by_name, ids_in
from bot.listeners.quotes import OPENING, QUOTED, without_quotes
from bot.listeners.request import BadName, NoName, Request, Verb

_FILLER: Final = r"(?:(?:to|from|for|of|the|this|whole|entire|our|my|please|请)\s+)*"
_LATIN: Final = "|".join(filter(str.isascii, KINDS))
_CHINESE: Final = "|".join(sorted((kind for kind in KINDS if not kind.isascii()), key=len, reverse=True))
_ENDS: Final = r"\s:：=,，、;.!。(（" + "".join(sign for sign in OPENING if sign not in "'’")  # noqa: RUF001
_HEAD: Final = re.compile(
    rf"{_FILLER}(?P<kind>(?:{_LATIN})(?=\Z|[{_ENDS}])|{_CHINESE})(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""A kind of selection, in Chinese without a blank behind it, too."""
_OPTION: Final = "|".join(sorted(map(re.escape, [*LEVELS, *ME]), key=len, reverse=True))
_BEFORE_OPTION: Final = re.compile(
    rf"\s*[,，、;；|(（]\s*(?=(?:{_OPTION})\s*(?:\Z|[,，、;；|)）]))",  # noqa: RUF001
    re.IGNORECASE,
)
"""A mark between a name and an option, or between two of those."""


_STRIPPED: Final = " :：=,，、"  # noqa: RUF001


def about_many(verb: Verb, typed: str) -> Request | None:
    """Parse what was typed behind a verb as a selection of several jobs, and who is told of what.

    Return None if it is none. Raises BadUsage.
    """
    head = _HEAD.match(typed)
    if not head:
        return None
    kind = KINDS[head["kind"].lower()]
    said, options = _apart(head["rest"].lstrip(_STRIPPED))
    levels = [LEVELS[word] for word in options if word in LEVELS]
    made = Request(
        verb,
        level=levels[0] if levels and verb is Verb.SUBSCRIBE else None,
        for_me=any(word in ME for word in options),
        selector=_selector(kind, said),
    )
    if kind is SelectorKind.PROJECT and any(plain(word) not in NOISE for word in said.split()):
        return _beside_project(made, head["kind"], said)
    if kind is not SelectorKind.PROJECT:
        _check(made, head["kind"], said)
    if len(set(levels)) > 1:
        raise BadUsage(" ".join(word for word in options if word in LEVELS), meant=str(made))
    return made


def guess_of_many(typed: str) -> BadUsage | None:
    """Return what may be meant by words that select several jobs in a command that takes one."""
    try:
        meant = about_many(Verb.SUBSCRIBE, typed)
    except BadUsage as error:
        return BadUsage(typed, meant=error.meant)
    return BadUsage(typed, meant=str(meant)) if meant and meant.selector else None


def _apart(rest: str) -> tuple[str, Sequence[str]]:
    """Split what stands behind the kind into the name, in its quotes, and the options."""
    rest = _BEFORE_OPTION.sub(" ", rest)
    quoted = QUOTED.match(rest)
    before = quoted[0] if quoted else ""
    behind, options = options_behind(f"- {rest[len(before) :]}")
    if before and behind != "-":
        before = ""
        behind, options = options_behind(f"- {rest}")
    return before or behind[2:], options


def _selector(kind: SelectorKind, said: str) -> Selector:
    value = "" if kind is SelectorKind.PROJECT else without_quotes(said)
    return Selector(kind, TAGS.get(folded(value), value) if kind is SelectorKind.TAG else value)


def _beside_project(made: Request, kind: str, left: str) -> Request | None:
    """Return the job whose name begins like a project, and what else may be meant; None where an id is."""
    words = [kind, *left.split()]
    if any(ids_in(word) for word in words):
        return None
    is_slip = is_slip_of_level(left) and made.verb is Verb.SUBSCRIBE
    guess = BadUsage(left, meant=str(replace(made, level=Level.IMPORTANT) if is_slip else made))
    return replace(made, selector=None, wanted=by_name(words, " ".join(words), guess))


def _check(made: Request, kind: str, said: str) -> None:
    """Raise BadUsage where a name is missing or too long, or seems to end with an option."""
    selector = made.selector or Selector(SelectorKind.PROJECT, "")
    if is_blank(selector.value) or not unquoted(selector.value):
        raise NoName(kind, meant=str(replace(made, selector=selector._replace(value=SOME_NAME))))
    if len(selector.value) > LONGEST_NAME:
        raise BadName(selector.value)
    name, _, last = said.rpartition(" ")
    if name and not QUOTED.fullmatch(said) and is_slip_of_level(last):
        level = Level.IMPORTANT if made.verb is Verb.SUBSCRIBE else None
        raise BadUsage(last, meant=str(replace(made, selector=_selector(selector.kind, name), level=level)))
