"""Who sees to a job that waits: claiming it, taking it over, giving it up, putting it off, being reminded."""

from collections.abc import AsyncIterator

import pytest

from bot.config import Settings
from bot.messages import claims
from bot.process.clock import Clock
from bot.simulators.slack.workspace import Message
from bot.simulators.world import running
from tests.services.room import Room, buttons
from tests.support import AT_ONCE

ALICE, BOB = "U0ALICE", "U0BOB"
DAY = 24 * 60 * 60


@pytest.fixture
def clock() -> Clock:
    """Give a clock that the test moves on."""
    return Clock()


@pytest.fixture
async def waiting(quiet_room: Room, settings: Settings, clock: Clock) -> AsyncIterator[Room]:
    """Give a channel that follows a job which waits for the customer; reminders come at any hour."""
    quiet_room.metastudio.set_state(quiet_room.job_id, "AUDITING")
    async with running(settings, rates=AT_ONCE, clock=clock):
        await quiet_room.subscribe()
        quiet_room.metastudio.set_state(quiet_room.job_id, "AUDIT_FAILED")
        await quiet_room.posted("→ Recordings rejected")
        yield quiet_room


async def shown(room: Room, text: str) -> Message:
    """Wait until the card says this."""
    return await room.slack.message_where(lambda seen: seen.ts == room.card.ts and text in seen.text)


async def test_one_person_has_it_until_another_takes_over(waiting: Room) -> None:
    """The card names who has it; the second one hears who, and may take over; Release ends it."""
    card = await shown(waiting, "Recordings rejected")
    mine = await waiting.press(card, claims.TAKE, user=ALICE)
    assert "is yours" in mine.text
    await shown(waiting, f"<@{ALICE}> is on it")

    asked = await waiting.press(card, claims.TAKE, user=BOB)
    assert f"<@{ALICE}> is on" in asked.text
    over = await waiting.press(asked, claims.TAKE_OVER, user=BOB)
    assert "is yours" in over.text
    card = await shown(waiting, f"<@{BOB}> is on it")
    assert claims.RELEASE in buttons(card)

    assert "Nobody is on" in (await waiting.press(card, claims.RELEASE, user=ALICE)).text
    is_free = lambda seen: seen.ts == card.ts and claims.RELEASE not in buttons(seen)  # noqa: E731
    await waiting.slack.message_where(is_free)
