"""The words that people read."""

import re

import pytest

from bot.domain.jobs import ENDED_STATES, GONE, STATES
from bot.messages.job_card import state_text
from bot.messages.texts import en


@pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", None])
def test_text_of_a_state_is_complete(state: str | None) -> None:
    """A state has words of its own, what comes next unless it is an end, and what to do, as sentences."""
    text = state_text(state)
    every = [*en.STATES.values(), en.UNKNOWN_STATE, en.NO_STATE]

    assert [each for each in every if each.label == text.label] == [text]
    assert re.fullmatch(r"[A-Z].*[^.]", text.label)
    assert re.fullmatch(r"[A-Z].*\." if state not in ENDED_STATES else "", text.next)
    assert re.fullmatch(r"[A-Z].*\.", text.to_do)


def test_every_documented_value_has_words() -> None:
    """Each state and step has words, and no two values of a field share them."""
    assert en.STATES.keys() == {*STATES, GONE}
    assert len(en.STEPS) == max(meaning.step or 0 for meaning in STATES.values())
    assert all(
        len(set(words.values())) == len(words) for words in (en.EDITIONS, en.SEXES, en.USES, en.SUPPLIES)
    )
