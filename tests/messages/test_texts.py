"""The words that people read."""

import re

import pytest

from bot.domain.jobs import ENDED_STATES, GONE, STATES
from bot.messages.job_card import state_text
from bot.messages.texts import en

DOCUMENTED = """
    BASIC MIDDLE ADVANCE THIRD_PARTY THIRD_PARTY_LJZN FLEXUS LLM_MAJOR LLM_MINOR FEMALE MALE
    ECOMMERCE NEWS MARKETING LIVE EDUCATION CUSTOMER STORYTELLING PACKAGE SEGMENT
"""


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
    """Each state, step and value of the pages has words, and no two values of a field share them."""
    tables = (en.EDITIONS, en.SEXES, en.USES, en.SUPPLIES)

    assert en.STATES.keys() == {*STATES, GONE}
    assert len(en.STEPS) == max(meaning.step or 0 for meaning in STATES.values())
    assert [value for words in tables for value in words] == DOCUMENTED.split()
    assert all(len(set(words.values())) == len(words) for words in tables)
    assert (en.LANGUAGES["CN"], en.LANGUAGES["EN"]) == (en.LANGUAGES["zh_CN"], en.LANGUAGES["en_US"])
    # English pages call MIDDLE the advanced edition and ADVANCE the premium one.
    assert [en.EDITIONS[name].split()[0] for name in ("MIDDLE", "ADVANCE")] == ["Advanced", "Premium"]
