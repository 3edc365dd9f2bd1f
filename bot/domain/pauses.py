"""PURE. The pause of a conversation in which Slack refuses the bot: how it begins, grows and ends."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from bot.domain.destinations import changed_destination
from bot.domain.keys import Address
from bot.domain.records import Change, Destination, Pause, Warned

FIRST_RETRY: Final = 5 * 60
RETRY_FACTOR: Final = 3
LONGEST_RETRY: Final = 24 * 60 * 60
"""Seconds between two tries in a conversation that refuses the bot: they grow up to a day."""


def retry_after(tries: int) -> int:
    """Return the seconds to wait after so many refusals in a row, from 1."""
    return int(min(FIRST_RETRY * RETRY_FACTOR ** min(tries - 1, 9), LONGEST_RETRY))


def wait_of(pause: Pause | None, now: int) -> int:
    """Return the seconds until the next try in a conversation; 0 if there is no pause.

    A time further ahead than the pause may last was stored while the clock was wrong, and is ignored.
    """
    wait = pause.next_try - now if pause else 0
    return max(0, wait) if pause and wait <= retry_after(pause.tries) else 0


def refused(address: Address, reason: str, now: int, *, knows: Collection[str] = ()) -> Change:
    """Return the change after Slack refused the bot in a conversation: a pause, longer with each refusal.

    ``reason`` is Slack's code, ``knows`` the user ids of people who are told in another way.
    """

    def changed(destination: Destination) -> Destination:
        before = destination.pause or Pause(reason=reason, since=now, tries=0, next_try=now)
        told = {*before.told, *(each.user_id for each in destination.warned), *knows}
        tries = before.tries + 1
        pause = replace(
            before, reason=reason, tries=tries, next_try=now + retry_after(tries), told=tuple(sorted(told))
        )
        return replace(destination, pause=pause)

    return changed_destination(address, changed)


def accepted(address: Address) -> Change:
    """Return the change after Slack accepted a message in a conversation: the pause is over."""
    return changed_destination(address, lambda destination: replace(destination, pause=None))


def withdrawn(address: Address, reason: str) -> Change:
    """Return the change after a first refusal turned out to be of the bot itself: no pause for it."""

    def changed(destination: Destination) -> Destination:
        pause = destination.pause
        is_new = pause is not None and pause.reason == reason and pause.tries == 1
        return replace(destination, pause=None) if is_new else destination

    return changed_destination(address, changed)


def tried_again(address: Address, now: int, *, knows: str) -> Change:
    """Return the change that makes a try due at once, as a person asked, whose user id is ``knows``."""

    def changed(destination: Destination) -> Destination:
        return _with_told(destination, knows, next_try=now)

    return changed_destination(address, changed)


def told(address: Address, user_id: str, warned: Warned | None) -> Change:
    """Return the change after a person was told of the pause, by ``warned``; None where they can't be."""

    def changed(destination: Destination) -> Destination:
        with_message = replace(destination, warned=(*destination.warned, *filter(None, [warned])))
        return _with_told(with_message, user_id)

    return changed_destination(address, changed)


def warning_over(address: Address, warned: Warned) -> Change:
    """Return the change after a warning was edited to say that it is over, or can't be edited."""

    def changed(destination: Destination) -> Destination:
        return replace(destination, warned=tuple(each for each in destination.warned if each != warned))

    return changed_destination(address, changed)


def _with_told(destination: Destination, user_id: str, *, next_try: int | None = None) -> Destination:
    pause = destination.pause
    if pause is None:
        return destination
    told = tuple(sorted({*pause.told, *filter(None, [user_id])}))
    return replace(
        destination,
        pause=replace(pause, told=told, next_try=pause.next_try if next_try is None else next_try),
    )
