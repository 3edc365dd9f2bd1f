"""PURE. Judges the messages that a channel got about a job against the states that the job really had.

States that no check saw can't be in the messages. But these have to be a chain: each begins where the one
before ended, and all of it is in the job's history in that order.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from bot.domain.jobs import ENDED, GONE, STATES, meaning_of
from bot.domain.languages import Language
from bot.messages import job_card
from bot.messages.texts import words_in

WORDS: Final = words_in(Language.EN)
ARROW: Final = " → "
LEFT_OUT: Final = WORDS("path-rest")
"""Stands in a message for states in the middle of a long path."""
BY_LABEL: Final = {job_card.label(state, WORDS): state for state in (*STATES, GONE)} | {LEFT_OUT: LEFT_OUT}
_STEP: Final = rf"(?:{'|'.join(map(re.escape, BY_LABEL))})(?: again| \((?:\d+(?:st|nd|rd|th)|many) times?\))?"
"""A state that follows itself, and one that has occurred before, say so."""
_PATH: Final = re.compile(rf": (?P<path>{_STEP}(?:{ARROW}{_STEP})*)[.,]")


class Said(NamedTuple):
    """One message as it was when it came, in epoch seconds: a card names one state, a notice a path."""

    at: float
    path: tuple[str, ...]
    is_card: bool = False
    is_broadcast: bool = False


class Verdict(NamedTuple):
    """What went wrong, or how many changes were told, and when the messages came that were then repeated.

    ``is_order``: whether the breach is one of order; otherwise something was lost.
    """

    told: int = 0
    repeats: tuple[float, ...] = ()
    breach: str = ""
    is_order: bool = False


def path_in(text: str) -> tuple[str, ...]:
    """Return the states that a message's text names. Raises ValueError for any other message."""
    found = _PATH.search(text)
    if not found:
        raise ValueError(f"names unknown states: {text!r}")
    steps = found["path"].split(ARROW)
    return tuple(BY_LABEL[re.split(r" again$| \(", step)[0]] for step in steps)


def is_over(state: str) -> bool:
    """Whether nothing comes after this state."""
    return meaning_of(state).phase in ENDED


class _Reading(NamedTuple):
    """One way to read the messages so far: places in the history where the last one began and ended."""

    begin: int
    end: int
    last: Said
    told: int = 0
    repeats: tuple[float, ...] = ()

    def repeated(self, begin: int, end: int, message: Said) -> "_Reading":
        """Read a message as a repeat of the last one, which may go on to a later place."""
        more = max(0, len(message.path) - len(self.last.path))
        return _Reading(begin, end, message, self.told + more, (*self.repeats, self.last.at))


def judge(history: Sequence[str], said: Sequence[Said]) -> Verdict:
    """Judge the messages of one subscription, oldest first, against all states of its job."""
    if not said:
        return Verdict(breach="nothing was said")
    card = said[0]
    places = [place for place, state in enumerate(history) if card.is_card and (state,) == card.path]
    if not places:
        return Verdict(breach=f"the first message is no card of a state that was: {card}", is_order=True)
    readings: Collection[_Reading] = {_Reading(place, place, card) for place in places}
    for message in said[1:]:
        before, readings = readings, {new for old in readings for new in _read(history, old, message)}
        if not readings:
            ends = {reading.last.path[-1] for reading in before}
            kind = "there never was" if message.path[0] in ends else "a gap:"
            breach = f"{kind} {ARROW.join(message.path)} after {' or '.join(ends)}"
            return Verdict(breach=breach, is_order=message.path[0] in ends)
    best = min(readings, key=lambda reading: (reading.end != len(history) - 1, len(reading.repeats)))
    if best.end != len(history) - 1:
        return Verdict(breach=f"never told: {history[best.end]}{ARROW}{history[-1]}")
    return Verdict(told=best.told, repeats=best.repeats)


def _read(history: Sequence[str], before: _Reading, message: Said) -> Iterator[_Reading]:
    """Read the next message: it goes on where the last one ended, or repeats it, and perhaps has more."""
    path, last = message.path, before.last
    if message.is_card and last.is_card:
        later = range(before.begin, len(history))
        yield from (before.repeated(at, at, message) for at in later if history[at] == path[0])
    elif not message.is_card and history[before.end] == path[0]:
        for end in _ends(history, before.end, path):
            yield _Reading(before.end, end, message, before.told + len(path) - 1, before.repeats)
    if not (message.is_card or last.is_card) and (path[: len(last.path)] == last.path or LEFT_OUT in path):
        for end in _ends(history, before.begin, path):
            yield before.repeated(before.begin, end, message)


def _ends(history: Sequence[str], begin: int, path: Sequence[str]) -> Iterator[int]:
    """Yield the places where a path that begins in one place of the history may end."""
    place = begin
    for state in path[1:-1]:
        if state != LEFT_OUT:
            later = (at for at in range(place + 1, len(history)) if history[at] == state)
            place = next(later, len(history))
    yield from (end for end in range(place + 1, len(history)) if history[end] == path[-1])
