"""PURE. Judges what a channel was told of a job against what the job really went through.

The states that nobody saw between two checks can't be told. But what is told has to be a chain: each message
begins where the one before ended, and all of it lies in the job's history in that order.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.domain.jobs import ENDED, GONE, STATES, Phase, meaning_of

ARROW: Final = " → "
AGAIN: Final = " again"
"""Stands after a state that follows itself."""
LEFT_OUT: Final = "…"
"""Stands in a message for states in the middle of a long path."""
BY_LABEL: Final[Mapping[str, str]] = {meaning.label: state for state, meaning in STATES.items()} | {
    meaning_of(GONE).label: GONE,
    LEFT_OUT: LEFT_OUT,
}
_SAID: Final = re.compile("`[^`]*`: (?P<path>[^.]*)[.]")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message as it was when it came: a card, which names one state, or a notice, which names a path."""

    at: float
    """Epoch seconds."""
    path: tuple[str, ...]
    is_card: bool = False
    is_broadcast: bool = False
    """Whether a notice shows in the channel too."""

    def __str__(self) -> str:
        return f"{'card' if self.is_card else '  told'}: {ARROW.join(self.path)}"


class Repeat(NamedTuple):
    """Two messages of which the second says what the first said: when they came, in epoch seconds."""

    first: float
    second: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of it: ``breach`` says what went wrong, empty if nothing did."""

    told: int = 0
    """Changes that were told, each counted once."""
    repeats: tuple["Repeat", ...] = ()
    """Each message that said again what had been said."""
    breach: str = ""
    is_order: bool = False
    """Whether the breach is one of order; otherwise something was lost."""


def path_in(text: str) -> tuple[str, ...]:
    """Read from a message's text which states it names. Raises ValueError for any other message."""
    found = _SAID.match(text)
    if not found:
        raise ValueError(f"names no state: {text!r}")
    labels = [label.removesuffix(AGAIN) for label in found["path"].split(ARROW)]
    unknown = [label for label in labels if label not in BY_LABEL]
    if unknown:
        raise ValueError(f"names unknown states {unknown}: {text!r}")
    return tuple(BY_LABEL[label] for label in labels)


def is_over(state: str) -> bool:
    """Say whether nothing comes after this state."""
    return meaning_of(state).phase in ENDED


def is_important(state: str) -> bool:
    """Say whether a channel that wants only what is important is shown a change to this state."""
    return meaning_of(state).phase is not Phase.IN_PROGRESS


class _Trail(NamedTuple):
    """One way to read what was said so far: places in the history where the last message began and ended."""

    begin: int
    end: int
    at: float
    """When the last message came."""
    repeats: tuple[Repeat, ...]
    told: int
    path: tuple[str, ...]
    has_notices: bool


def judge(history: Sequence[str], said: Sequence[Said]) -> Verdict:
    """Judge what one subscription was told, oldest first, against all states of its job."""
    trails: Collection[_Trail] = ()
    for number, message in enumerate(said):
        before, trails = trails, set(_read(history, trails, message, is_first=number == 0))
        if not trails:
            return _broken(before, message)
    if not trails:
        return Verdict(breach="nothing was said")
    best = min(trails, key=lambda trail: (trail.end != len(history) - 1, len(trail.repeats)))
    if best.end != len(history) - 1:
        return Verdict(breach=f"never told: {history[best.end]}{ARROW}{history[-1]}")
    return Verdict(told=best.told, repeats=best.repeats)


def _read(
    history: Sequence[str], trails: Collection[_Trail], message: Said, *, is_first: bool
) -> Iterator[_Trail]:
    if is_first:
        if message.is_card:
            for place, state in enumerate(history):
                if state == message.path[0]:
                    yield _Trail(place, place, message.at, (), 0, message.path, has_notices=False)
        return
    for trail in trails:
        yield from _again(history, trail, message) if message.is_card else _noticed(history, trail, message)


def _again(history: Sequence[str], trail: _Trail, card: Said) -> Iterator[_Trail]:
    """Read a second card: one that came twice may show a later state, and then it tells that as well."""
    if trail.has_notices:
        return
    repeats = (*trail.repeats, Repeat(trail.at, card.at))
    for place in range(trail.begin, len(history)):
        if history[place] == card.path[0]:
            yield _Trail(place, place, card.at, repeats, trail.told, card.path, has_notices=False)


def _noticed(history: Sequence[str], trail: _Trail, notice: Said) -> Iterator[_Trail]:
    """Read a notice: it goes on where the last one ended, or it says that one again, and perhaps more."""
    path, steps = notice.path, len(notice.path) - 1
    if history[trail.end] == path[0]:
        for end in _ends(history, trail.end, path):
            told = trail.told + steps
            yield _Trail(trail.end, end, notice.at, trail.repeats, told, path, has_notices=True)
    if trail.has_notices and (path[: len(trail.path)] == trail.path or LEFT_OUT in path):
        told = trail.told + max(0, len(path) - len(trail.path))
        repeats = (*trail.repeats, Repeat(trail.at, notice.at))
        for end in _ends(history, trail.begin, path):
            yield _Trail(trail.begin, end, notice.at, repeats, told, path, has_notices=True)


def _ends(history: Sequence[str], begin: int, path: Sequence[str]) -> Iterator[int]:
    """Find where a path that begins in one place of the history may end."""
    place = begin
    for state in path[1:-1]:
        if state == LEFT_OUT:
            continue
        place += 1
        while place < len(history) and history[place] != state:
            place += 1
    yield from (end for end in range(place + 1, len(history)) if history[end] == path[-1])


def _broken(before: Collection[_Trail], message: Said) -> Verdict:
    words = ARROW.join(message.path)
    ends = {trail.path[-1] for trail in before}
    if not before:
        return Verdict(
            breach=f"the first message is no card of a state that there was: {words}", is_order=True
        )
    if message.path[0] in ends:
        return Verdict(breach=f"after {' or '.join(ends)}, such a path never was: {words}", is_order=True)
    return Verdict(breach=f"a gap: after {' or '.join(ends)} came {words}")
