"""What waits, what changed last, one's own subscriptions, and the bot itself: commands and buttons."""

import pytest

from bot.messages import job_card, listing, overviews
from bot.process.version import VERSION
from bot.simulators.metastudio.simulator import Fault
from bot.simulators.slack.workspace import ALICE
from tests.services.room import Room, buttons
from tests.support import eventually_so

BOB = "U0BOB"
PERSONAL = "13800000000"
REFUSED = Fault.error(403, "APIGW.0302")


def add(room: Room, *states: str) -> None:
    """Add a job in each of these states, a day after the one before; what the room has goes first."""
    room.metastudio.delete(room.job_id)
    for day, state in enumerate(states):
        at = 1_700_000_000 + 86_400 * day
        room.metastudio.add_job(
            job_id=f"job-{day}", voice_name=f"voice {day}", state=state, phone=PERSONAL, lastupdate_time=at
        )


async def test_waiting(room: Room) -> None:
    """It has what waits, longest first, with what to do; each can be looked at; Refresh asks anew."""
    add(room, "AUDIT_FAILED", "PROCESSING", "SUCCEED", "SPLIT_FAILED", "CREATING")
    seen = await room.ask("waiting")
    shown = await room.press(seen, job_card.SHOW)
    room.metastudio.set_state("job-0", "AUDITING")
    fresh = await room.press(seen, overviews.WAITING_REFRESH)

    assert "3 jobs wait for your team" in seen.text
    places = [seen.text.index(f"voice {number}") for number in (0, 3, 4)]
    assert places == sorted(places)
    assert "voice 1" not in seen.text
    assert "Upload new recordings and resubmit" in seen.text
    assert "May need you" in seen.text
    assert PERSONAL not in str(seen.blocks)
    assert "Recordings rejected" in shown.text
    assert "2 jobs wait for your team" in fresh.text
    assert fresh.ts == seen.ts


async def test_pages(room: Room) -> None:
    """Ten a page, from the first to the last and back to the start."""
    add(room, *["CREATING"] * 12)
    first = await room.ask("waiting")
    assert "12 jobs wait for your team: 1 to 10" in first.text
    assert overviews.WAITING_FIRST not in buttons(first)
    second = await room.press(first, overviews.WAITING_PAGE)
    assert "11 to 12" in second.text
    assert overviews.WAITING_PAGE not in buttons(second)
    assert "1 to 10" in (await room.press(second, overviews.WAITING_FIRST)).text


async def test_recent(room: Room) -> None:
    """It has every job, the one that changed last first, whoever's turn it is."""
    add(room, "AUDIT_FAILED", "PROCESSING", "SUCCEED")
    seen = await room.ask("recent")
    room.metastudio.set_state("job-0", "SYSTEM_AUDITING")
    fresh = await room.press(seen, overviews.RECENT_REFRESH)

    for message, order in ((seen, (2, 1, 0)), (fresh, (0, 2, 1))):
        places = [message.text.index(f"voice {number}") for number in order]
        assert places == sorted(places)


async def test_nothing_there(room: Room) -> None:
    """Where nothing waits, or there is nothing, that is said in a few words."""
    add(room)

    assert "Nothing waits for your team" in (await room.ask("waiting")).text
    assert "There are no jobs in this project" in (await room.ask("recent")).text


async def test_start(room: Room) -> None:
    """The bare command has three of each, how to see the rest, and three lines of help."""
    add(room, *["CREATING"] * 5)
    text = (await room.ask("")).text

    assert "5 jobs wait for your team" in text
    assert "2 more: `/voicejob waiting`" in text
    assert "2 more: `/voicejob recent`" in text
    assert "`/voicejob help`" in text
    assert buttons(await room.ask("")).count(job_card.SHOW) == 6


async def test_start_without_metastudio(room: Room) -> None:
    """What MetaStudio does not tell is said once, and the help comes all the same."""
    room.metastudio.fail(REFUSED, times=1000)
    text = (await room.ask("")).text

    assert text.count("doesn't let me do this") == 1
    assert "`/voicejob help`" in text


@pytest.mark.parametrize("command", ["waiting", "recent"])
async def test_metastudio_fails(room: Room, command: str) -> None:
    """Whoever asks reads why, and whose fault it is not."""
    room.metastudio.fail(REFUSED, times=1000)

    assert "not your fault" in (await room.ask(command)).text


async def test_own_subscriptions(room: Room) -> None:
    """One's own are listed with where they are, and nobody else's, nor where; each can be changed there."""
    add(room, *["PROCESSING"] * 4)
    private = room.slack.add_channel("private", private=True)
    await room.ask("subscribe job-0")
    await room.ask("subscribe job-1 me")
    await room.ask("subscribe job-2", channel=private, user=BOB)
    await room.ask("subscribe job-3", user=BOB)
    elsewhere = room.slack.add_channel("elsewhere")
    seen = await room.ask("list mine", channel=elsewhere)
    changed = await room.press(seen, listing.OWN_TO_ALL)
    stopped = await room.press(changed, listing.OWN_STOP)

    assert "You follow 2 jobs" in seen.text
    shown = seen.text + str(seen.blocks)
    assert ("voice 0" in shown, "voice 1" in shown, f"in <#{room.channel}>" in shown) == (True, True, True)
    assert "in our direct message" in shown
    assert [each for each in ("voice 2", "voice 3", private) if each in shown] == []
    assert "every update" in str(changed.blocks)
    assert "voice 0" not in stopped.text
    assert "You follow one job" in stopped.text
    assert (seen.ts, seen.user) == (stopped.ts, ALICE)
    assert "You follow 2 jobs" in (await room.ask("list mine", user=BOB)).text


async def test_own_that_somebody_else_made_anew(room: Room) -> None:
    """A button in an old list changes nothing that is not one's own any more."""
    await room.subscribe()
    seen = await room.ask("list mine")
    await room.ask(f"unsubscribe {room.job_id}")
    await room.subscribe(user=BOB)
    answer = await room.press(seen, listing.OWN_STOP)

    assert "You follow no job" in answer.text
    assert "follows one job" in (await room.ask("list")).text


async def test_own_in_a_channel_that_refuses(room: Room) -> None:
    """The reason stands beside it, and Try again works from anywhere."""
    await room.subscribe()
    room.slack.remove(room.channel)
    room.metastudio.set_state(room.job_id, "AUDITING")
    elsewhere = room.slack.add_channel("elsewhere")

    async def is_paused() -> bool:
        return "(paused)" in (await room.ask("list mine", channel=elsewhere)).text

    await eventually_so(is_paused)
    seen = await room.ask("list mine", channel=elsewhere)
    room.slack.invite(room.channel)
    again = await room.press(seen, listing.OWN_RETRY)

    assert "I'm no longer in the channel" in str(seen.blocks)
    assert "(paused)" not in again.text


async def test_own_pages(room: Room) -> None:
    """Ten a page; a change leads back to the page on which it was made."""
    add(room, *["PROCESSING"] * 11)
    for number in range(11):
        await room.ask(f"subscribe job-{number}")
    first = await room.ask("list mine")
    more = await room.press(first, listing.OWN_PAGE)
    changed = await room.press(more, listing.OWN_TO_ALL)
    back = await room.press(changed, listing.OWN_FIRST_PAGE)

    assert "You follow 11 jobs: 1 to 10" in first.text
    assert "11 to 11" in more.text
    assert "11 to 11" in changed.text
    assert "1 to 10" in back.text


async def test_status(room: Room) -> None:
    """It has the version, whether MetaStudio answers, and what the last delivery in the channel showed."""

    async def says(text: str) -> bool:
        return text in (await room.ask("status")).text

    assert VERSION in (await room.ask("status")).text
    await eventually_so(lambda: says("MetaStudio answers"))
    assert await says("Nothing is followed here")
    await room.subscribe()
    assert await says("One job is followed here")
    assert await says("Last posted")
    room.slack.remove(room.channel)
    room.metastudio.set_state(room.job_id, "AUDITING")
    await eventually_so(lambda: says("I can't post here"))
    assert await says("`/voicejob list` says what to do.\nOne job is followed here")
    room.metastudio.fail(REFUSED, times=1000)
    await eventually_so(lambda: says("doesn't let me do this"))
    assert await says("Last good answer")


async def test_status_asks_nobody(room: Room) -> None:
    """It is told from what the bot knows, even while MetaStudio does not answer at all."""
    await room.subscribe()
    room.metastudio.fail(Fault.hang(), times=1000)
    calls = len(room.slack.calls)
    await room.ask("status")

    assert [call.method for call in room.slack.calls[calls:]] == ["response_url"]
