"""PURE. Changes of what concerns a conversation as a whole, or a person."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Change, Destination, Records


def changed_destination(address: Address, how: Callable[[Destination], Destination]) -> Change:
    """Return the change of a destination by ``how``; one that says nothing then is not kept."""

    def change(records: Records) -> Records:
        after = how(records.destination(address))
        return Records({address: None if after.is_default else after})

    return change


def with_language(address: Address, language: Language) -> Change:
    """Return the change after a language was chosen for a conversation, or by a person for themselves."""
    return changed_destination(address, lambda destination: replace(destination, language=language))
