"""PURE. Judges the messages that a channel got about a job against the states that the job really had.

States that no check saw can't be in the messages. But these have to be a chain: each begins where the one
before ended, and all of it is in the job's history in that order.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.domain.jobs import ENDED, Phase, meaning_of
from bot.messages.texts import en

ARROW: Final = " → "
AGAIN: Final = " again"
"""Follows the label of a state that comes right after itself."""
LEFT_OUT: Final = "…"
"""Stands in a message for states in the middle of a long path."""
BY_LABEL: Final[Mapping[str, str]] = {text.label: state for state, text in en.STATES.items()} | {
    LEFT_OUT: LEFT_OUT
}
_PATH: Final = re.compile("`[^`]*`: (?P<path>[^.]*)[.]")


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message as it was when it came: a card, which names one state, or a notice, which names a path."""

    at: float
    """Epoch seconds."""
    path: tuple[str, ...]
    is_card: bool = False
    is_broadcast: bool = False
    """Whether a notice shows in the channel too."""


class Repeat(NamedTuple):
    """Two messages of which the second repeats the first: when they came, in epoch seconds."""

    first: float
    second: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result: ``breach`` says what went wrong, empty if nothing did."""

    told: int = 0
    """Changes in the messages, each counted once."""
    repeats: tuple[Repeat, ...] = ()
    breach: str = ""
    is_order: bool = False
    """Whether the breach is one of order; otherwise something was lost."""


def path_in(text: str) -> tuple[str, ...]:
    """Return the states that a message's text names. Raises ValueError for any other message."""
    found = _PATH.match(text)
    if not found:
        raise ValueError(f"names no state: {text!r}")
    labels = [label.removesuffix(AGAIN) for label in found["path"].split(ARROW)]
    if unknown := [label for label in labels if label not in BY_LABEL]:
        raise ValueError(f"names unknown states {unknown}: {text!r}")
    return tuple(BY_LABEL[label] for label in labels)


def is_over(state: str) -> bool:
    """Whether nothing comes after this state."""
    return meaning_of(state).phase in ENDED


def is_important(state: str) -> bool:
    """Whether a change to this state shows in a channel that wants important ones only."""
    return meaning_of(state).phase is not Phase.IN_PROGRESS


class _Reading(NamedTuple):
    """One way to read the messages so far: places in the history where the last one began and ended."""

    begin: int
    end: int
    last: Said
    told: int = 0
    repeats: tuple[Repeat, ...] = ()

    def repeated(self, end: int, message: Said) -> "_Reading":
        """Read a message as a repeat of the last one, which may go on to a later place."""
        told = self.told + max(0, len(message.path) - len(self.last.path))
        return _Reading(self.begin, end, message, told, (*self.repeats, Repeat(self.last.at, message.at)))


def judge(history: Sequence[str], said: Sequence[Said]) -> Verdict:
    """Judge the messages of one subscription, oldest first, against all states of its job."""
    if not said:
        return Verdict(breach="nothing was said")
    card = said[0]
    readings: Collection[_Reading] = {
        _Reading(place, place, card)
        for place, state in enumerate(history)
        if card.is_card and state == card.path[0]
    }
    if not readings:
        return Verdict(
            breach=f"the first message is no card of a state that there was: {card}", is_order=True
        )
    for message in said[1:]:
        before, readings = readings, {new for old in readings for new in _read(history, old, message)}
        if not readings:
            return _broken(before, message)
    best = min(readings, key=lambda reading: (reading.end != len(history) - 1, len(reading.repeats)))
    if best.end != len(history) - 1:
        return Verdict(breach=f"never told: {history[best.end]}{ARROW}{history[-1]}")
    return Verdict(told=best.told, repeats=best.repeats)


def _read(history: Sequence[str], before: _Reading, message: Said) -> Iterator[_Reading]:
    """Read the next message: it goes on where the last one ended, or repeats it, and perhaps has more."""
    path, last = message.path, before.last
    if message.is_card:
        if last.is_card:
            for place in range(before.begin, len(history)):
                if history[place] == path[0]:
                    yield before.repeated(place, message)._replace(begin=place)
        return
    if history[before.end] == path[0]:
        for end in _ends(history, before.end, path):
            yield _Reading(before.end, end, message, before.told + len(path) - 1, before.repeats)
    if not last.is_card and (path[: len(last.path)] == last.path or LEFT_OUT in path):
        for end in _ends(history, before.begin, path):
            yield before.repeated(end, message)


def _ends(history: Sequence[str], begin: int, path: Sequence[str]) -> Iterator[int]:
    """Yield the places where a path that begins in one place of the history may end."""
    place = begin
    for state in path[1:-1]:
        if state == LEFT_OUT:
            continue
        place += 1
        while place < len(history) and history[place] != state:
            place += 1
    yield from (end for end in range(place + 1, len(history)) if history[end] == path[-1])


def _broken(before: Collection[_Reading], message: Said) -> Verdict:
    words = ARROW.join(message.path)
    ends = {reading.last.path[-1] for reading in before}
    if message.path[0] in ends:
        return Verdict(breach=f"after {' or '.join(ends)}, such a path never was: {words}", is_order=True)
    return Verdict(breach=f"a gap: after {' or '.join(ends)} came {words}")
