"""Following a whole batch: its board, what is posted of its jobs, and who is named."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.config import Settings
from bot.domain.boards import EDIT_PAUSE
from bot.messages import board, listing
from bot.process.clock import Clock
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Message
from bot.simulators.world import running
from tests.services.room import Room, buttons
from tests.support import AT_ONCE

BOB, GROUP = "<@U0BOB>", "<!subteam^S0TEAM>"
BATCH = 'batch "Spring Line"'


def add(metastudio: MetaStudioSimulator, *states: str) -> list[str]:
    """Add a job of the batch in each of these states; return their ids."""
    jobs = [
        metastudio.add_job(voice_name=f"Spring {number}", state=state, batch_name="Spring Line")
        for number, state in enumerate(states)
    ]
    return [str(job["job_id"]) for job in jobs]


@pytest.fixture
def clock() -> Clock:
    """Give a clock that the test moves on."""
    return Clock()


@pytest.fixture
async def timed(quiet_room: Room, settings: Settings, clock: Clock) -> AsyncIterator[Room]:
    """Give a channel with a bot by that clock."""
    async with running(settings, rates=AT_ONCE, clock=clock):
        yield quiet_room


@pytest.fixture
async def spring(timed: Room) -> Room:
    """Give a channel that follows a batch: of its jobs, one is in work, one is done, one had failed."""
    add(timed.metastudio, "AUDITING", "SUCCEED", "FAILED")
    await timed.ask(f"subscribe {BATCH} {BOB} {GROUP}")
    return timed


async def shown(room: Room, text: str, clock: Clock) -> Message:
    """Wait until a board says this; it is edited twice a minute."""

    async def move_on() -> None:
        while True:
            await asyncio.sleep(0.05)
            clock.move_on(EDIT_PAUSE)

    moving = asyncio.create_task(move_on())
    try:
        return await room.slack.message_where(
            lambda seen: seen.text.startswith("Batch “Spring Line”") and text in seen.text
        )
    finally:
        moving.cancel()


async def test_a_board_stands_for_all(spring: Room, clock: Clock) -> None:
    """It counts, and is edited in place; what had ended, or goes on by itself, gets no message of its own."""
    first = await shown(spring, "1 in work · 1 done · 1 failed", clock)
    (late,) = add(spring.metastudio, "AUDITING")
    second = await shown(spring, "2 in work · 1 done · 1 failed", clock)
    assert (first.ts, len(spring.public())) == (second.ts, 1)

    spring.metastudio.set_state(late, "AUDIT_FAILED")
    card = await spring.posted(f"`{late}`: Recordings rejected")
    assert (BOB in card.text, GROUP in card.text, card.thread_ts) == (True, True, None)


async def test_many_at_once_share_a_message(spring: Room) -> None:
    """It names each, and those who were named; none of them gets a card."""
    add(spring.metastudio, *["AUDIT_FAILED"] * 9)
    told = await spring.posted("9 jobs need your team")

    assert told.text.count("Spring ") == 9
    assert BOB in told.text
    assert len(spring.public()) == 2


async def test_a_job_that_is_followed_by_itself_too_has_one_card(spring: Room) -> None:
    """It is told once, and stays on the board after that subscription was ended."""
    (job_id,) = add(spring.metastudio, "AUDIT_FAILED")
    card = await spring.posted(f"`{job_id}`: Recordings rejected")
    await spring.ask(f"subscribe {job_id} all")
    spring.metastudio.set_state(job_id, "SYSTEM_AUDITING")
    await spring.posted("→ In automatic review")
    await spring.ask(f"unsubscribe {job_id}")

    cards = [seen for seen in spring.public() if job_id in seen.text]
    assert [seen.ts for seen in cards] == [card.ts]
    assert "Updates stopped" not in cards[0].text


async def test_it_is_listed_and_ended_there(spring: Room, clock: Clock) -> None:
    """Under any spelling of its name; the board says who ended it, and nothing more is told."""
    seen = await spring.ask("list")
    assert ("Spring Line" in seen.text, BOB in str(seen.blocks)) == (True, True)
    every = await spring.press(seen, board.LISTED[None])
    assert "follows no job" in every.text
    await shown(spring, "Updates stopped by", clock)

    assert "not followed" in (await spring.ask("unsubscribe batch SPRING line")).text.lower()


async def test_a_person_has_a_board_of_their_own(timed: Room) -> None:
    """In their direct message with the bot, where they end it, too."""
    add(timed.metastudio, "AUDITING")
    said = await timed.ask(f"subscribe {BATCH} me")
    assert "Spring Line" in said.text
    mine = await timed.slack.message_where(
        lambda seen: seen.channel.startswith("D") and "1 in work" in seen.text
    )
    assert board.STOP_BOARD in buttons(mine)
    assert timed.public() == []

    listed = await timed.ask("list mine")
    assert board.OWN[None] in buttons(listed)
    assert listing.OWN_STOP not in buttons(listed)
    assert "Updates stopped" in (await timed.ask(f"unsubscribe {BATCH} me")).text
