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


def test_every_state_and_step_has_words() -> None:
    """The table has no other ones."""
    assert en.STATES.keys() == {*STATES, GONE}
    assert len(en.STEPS) == max(meaning.step or 0 for meaning in STATES.values())


def test_every_documented_value_has_words() -> None:
    """Each value of the pages has words, and no two share them but an old and a new name of a language."""
    documented = "BASIC MIDDLE ADVANCE THIRD_PARTY THIRD_PARTY_LJZN FLEXUS LLM_MAJOR LLM_MINOR FEMALE MALE"
    uses = "ECOMMERCE NEWS MARKETING LIVE EDUCATION CUSTOMER STORYTELLING PACKAGE SEGMENT"

    assert [*en.EDITIONS, *en.SEXES] == documented.split()
    assert [*en.USES, *en.SUPPLIES] == uses.split()
    assert all(
        len(set(words.values())) == len(words) for words in (en.EDITIONS, en.SEXES, en.SUPPLIES, en.USES)
    )
    assert en.LANGUAGES["CN"] == en.LANGUAGES["zh_CN"] == "Chinese"
    assert en.LANGUAGES["EN"] == en.LANGUAGES["en_US"] == "English"
    # English pages call MIDDLE the advanced edition and ADVANCE the premium one.
    assert en.EDITIONS["MIDDLE"].startswith("Advanced")
    assert en.EDITIONS["ADVANCE"].startswith("Premium")
