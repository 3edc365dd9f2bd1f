"""The move of what a person follows alone, from the person's id to that of the direct message."""

from dataclasses import replace

import pytest

from bot.domain.deliveries import Step, next_step
from bot.domain.direct_messages import direct_message, keys_of_both, opened
from bot.domain.following import Following
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Destination, Records
from bot.domain.subscriptions import following as read
from bot.domain.subscriptions import stopped
from tests.records import ALICE, BOB, HERE, NOW, applied, following, fresh, stored, with_delivery

ME, DIRECT = Address("T1", ALICE), Address("T1", "DALICE")
MINE = fresh(address=ME)
THERE = MINE.key._replace(address=DIRECT)
OPENED = opened(MINE, DIRECT, "5.5", NOW)


@pytest.mark.parametrize(
    ("asked", "known", "found"),
    [(ME, None, ME), (ME, "DALICE", DIRECT), (HERE, "DALICE", HERE)],
)
def test_address(asked: Address, known: str | None, found: Address) -> None:
    """A person's is that of the direct message, once it is known; a conversation has its own."""
    assert direct_message(Records.of(Destination(address=asked, direct=known)), asked) == found


def moved(*before: Following, language: Language | None = None) -> tuple[Records, Following | None]:
    """Return what is stored once Slack took the first card, and what is followed in the direct message."""
    records = Records(stored(*before) | Records.of(Destination(address=DIRECT, language=language)))
    changed = OPENED(records)
    assert changed.keys() <= set(keys_of_both(MINE.key, DIRECT))
    after = Records(records | changed)
    assert read(after, MINE.key) is None
    assert after.destination(ME).direct == "DALICE"
    return after, read(after, THERE)


@pytest.mark.parametrize("language", [None, Language.ZH])
def test_the_first_card(language: Language | None) -> None:
    """With it, wish and delivery move, and nothing is due there."""
    _, there = moved(MINE, language=language)

    assert there
    assert there.subscription == replace(MINE.subscription, address=DIRECT)  # type: ignore[type-var]
    assert there.delivery.card
    assert (there.delivery.card.ts, there.delivery.told, there.delivery.id) == ("5.5", 0, MINE.delivery.id)
    assert next_step(there, NOW) is None


@pytest.mark.parametrize("chosen", [Language.EN, Language.ZH])
def test_a_language_that_was_chosen_meanwhile(chosen: Language) -> None:
    """The first card is edited, if it was made in another one."""
    mine = replace(MINE, destination=Destination(address=ME, language=Language.EN))
    records = Records(stored(mine) | Records.of(Destination(address=ME, language=chosen)))
    there = read(Records(records | opened(mine, DIRECT, "5.5", NOW)(records)), THERE)

    assert there
    assert there.destination.language is chosen
    assert next_step(there, NOW) is (Step.EDIT_CARD if chosen is Language.ZH else None)


def test_what_happened_meanwhile() -> None:
    """What was ended while the card was on its way is ended there; what is followed there stays as it is."""
    _, there = moved(read(applied(stored(MINE), stopped(MINE.key, BOB)), MINE.key) or MINE)
    assert there
    assert (there.subscription, there.delivery.stopped_by) == (None, BOB)

    _, there = moved(MINE, known := with_delivery(following(address=DIRECT), id="known"))
    assert there == known
