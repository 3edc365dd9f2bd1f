"""Subscribing a channel, from a command or press to what the channel shows; one test in both modes."""

import asyncio
from dataclasses import replace

import pytest

from bot.config import Settings
from bot.messages import channel as notices
from bot.messages import claims, job_card, listing, pages, private
from bot.simulators.metastudio.simulator import Fault
from bot.simulators.world import running
from tests.services.room import Room, buttons
from tests.support import AT_ONCE, BOTH_MODES

SUBSCRIBED = "To stop, use the button on its card"
BOB = "U0BOB"


async def test_the_card_is_posted_before_the_yes(room: Room) -> None:
    """The channel has the card before the person hears yes; their look-up counts as a check."""
    said = await room.ask(f"Subscribe important `{room.job_id}`")

    card = room.card
    assert SUBSCRIBED in said.text
    assert "only when it needs you" in said.text
    assert "女声" in card.text
    first = [claims.TAKE, claims.LATER, job_card.TELL_ME, job_card.DETAILS]
    assert buttons(card) == [*first, notices.REFRESH_CARD, notices.STOP]
    assert card.ts < said.ts
    assert "not checked since" not in str((await room.ask("list")).blocks)


@BOTH_MODES
async def test_the_button_on_a_card_does_the_same(room: Room) -> None:
    """A look-up offers to subscribe, and one press is enough; the yes takes the offer's place."""
    card = await room.ask(room.job_id)
    said = await room.press(card, job_card.SUBSCRIBE)

    assert SUBSCRIBED in said.text
    assert (said.user, said.ts) == (card.user, card.ts)
    assert len(room.public()) == 1


async def test_only_what_is_important_reaches_the_channel(room: Room) -> None:
    """The thread has every change; the channel has each with "all", else those that ask for somebody."""
    told = []
    for level, state, label in (
        ("", "AUDITING", "In manual review"),
        ("all", "PROCESSING", "Training"),
        ("important", "RESULT_REVIEW", "Result in review"),
        ("", "USER_RESULT_REVIEW", "Result ready"),
    ):
        await room.subscribe(level)
        room.metastudio.set_state(room.job_id, state)
        told.append(await room.posted(f"→ {label}"))

    assert [seen.reply_broadcast for seen in told] == [False, True, False, True]
    assert {seen.thread_ts for seen in told} == {room.card.ts}


async def test_a_job_that_ends(room: Room) -> None:
    """The last message and the last edit come, and the list is empty; who subscribes again hears why not."""
    await room.subscribe()
    room.metastudio.set_state(room.job_id, "SUCCEED")
    assert (await room.posted("→ Succeeded")).reply_broadcast
    assert buttons(await room.posted("Job finished; updates stopped")) == [job_card.DETAILS]
    await room.listed("follows no job")

    said = await room.subscribe()
    assert "has finished" in said.text
    assert "女声" in said.text
    assert len(room.public()) == 1
    assert "follows no job" in (await room.ask("list")).text


async def test_twice(room: Room) -> None:
    """Who subscribes again hears that it is, and can change the level there or by the command."""
    await room.subscribe()
    said = await room.subscribe(user=BOB)
    every = await room.press(said, private.LEVEL_ALL)
    both = await room.subscribe(user=BOB)
    less = await room.press(both, private.LEVEL_IMPORTANT)
    again = await room.subscribe("all", user=BOB)

    assert f"<#{room.channel}> already follows “女声”. Posting only when" in said.text
    assert buttons(said) == [private.LEVEL_ALL, notices.STOP]
    assert "Posting every update" in every.text
    assert buttons(both) == [private.LEVEL_IMPORTANT, notices.STOP]
    assert "Posting only when" in less.text
    assert "Posting every update" in again.text
    assert [every.ts, less.ts] == [said.ts, both.ts]
    assert not room.card.edited


async def test_metastudio_down(room: Room) -> None:
    """The problem has a button that subscribes, not one that only looks."""
    room.metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
    problem = await room.subscribe()

    assert buttons(problem) == [job_card.SUBSCRIBE]
    assert SUBSCRIBED in (await room.press(problem, job_card.SUBSCRIBE)).text


async def test_direct_messages(room: Room) -> None:
    """In the bot's own, a person can follow a job; in others it can't post, says so, and keeps nothing."""
    mine = room.slack.direct_channel("U0ALICE")
    room.slack.open_messages_tab()
    said = await room.subscribe(channel=mine)
    room.metastudio.set_state(room.job_id, "AUDITING")
    assert SUBSCRIBED in said.text
    assert "You hear only when" in said.text
    await room.posted("→ In manual review", channel=mine)

    for people in (["U0ALICE", BOB], ["U0ALICE", BOB, "U0CAROL"]):
        between = room.slack.add_direct(*people)
        said = await room.subscribe(channel=between)
        assert "direct message between people" in said.text
        await room.listed("no job", channel=between)


async def test_the_remedy_and_the_command_again(room: Room) -> None:
    """The person gets reason and remedy; once the bot is invited, the command posts the card."""
    closed = room.slack.add_channel("closed", private=True, bot_is_member=False)
    refused = await room.subscribe(channel=closed)
    again = await room.press(refused, notices.RETRY)
    shown = await room.ask("list", channel=closed)
    room.slack.invite(closed)
    said = await room.subscribe("all", channel=closed)

    assert "I'm not in this channel yet" in refused.text
    assert "`/invite @voicejob`" in again.text
    assert buttons(again) == [notices.RETRY]
    assert again.ts == refused.ts
    assert "(paused)" in shown.text
    assert SUBSCRIBED in said.text
    assert "Posting every update" in said.text
    assert len(room.public(closed)) == 1
    assert room.slack.direct("U0ALICE") == []


async def test_a_channel_that_closes_later(room: Room) -> None:
    """One direct message is enough, and one Try again there brings what all its jobs had to tell."""
    jobs = [room.metastudio.add_job(voice_name=f"voice {number}")["job_id"] for number in range(4)]
    for each in jobs:
        await room.ask(f"subscribe {each}", user=BOB)
    room.slack.remove(room.channel)
    for each in jobs:
        room.metastudio.set_state(each, "AUDITING")
    direct = await room.slack.message_where(lambda seen: "are paused" in seen.text)
    assert (await room.ask("list")).text.count("(paused)") == 4
    refused = await room.press(direct, notices.RETRY, user=BOB)
    room.slack.invite(room.channel)
    said = await room.press(refused, notices.RETRY, user=BOB)
    for number in range(4):
        await room.posted(f"voice {number}: Waiting for recordings → In manual review")

    assert [message.ts for message in room.slack.direct(BOB)] == [direct.ts]
    assert f"<#{room.channel}>" in direct.text
    assert "`/invite @voicejob`" in direct.text
    assert f"<#{room.channel}>: I'm no longer in the channel" in refused.text
    assert SUBSCRIBED in said.text
    assert "(paused)" not in (await room.ask("list")).text


async def test_unsubscribing_from_the_direct_message(room: Room) -> None:
    """Who does not need a closed channel any more can end it where they were told of it."""
    await room.subscribe(user=BOB)
    room.slack.archive(room.channel)
    room.metastudio.set_state(room.job_id, "AUDITING")
    direct = await room.slack.message_where(lambda seen: "are paused" in seen.text)
    said = await room.press(direct, notices.STOP, user=BOB)

    assert "The channel is archived" in direct.text
    assert "Updates on “女声” stopped" in said.text
    assert "follows no job" in (await room.ask("list")).text


@pytest.mark.parametrize("way", ["command", "button", "list"])
async def test_the_card_says_who_stopped_it(room: Room, way: str) -> None:
    """The subscription is gone, and the card says who did it; its button subscribes again, anew."""
    await room.subscribe()
    card = room.card
    if way == "command":
        said = await room.ask(f"unsubscribe {room.job_id}", user=BOB)
    elif way == "button":
        said = await room.press(card, notices.STOP, user=BOB)
    else:
        shown = await room.ask("list", user=BOB)
        said = await room.press(shown, listing.STOP)
        assert said.ts == shown.ts
    stopped = await room.posted(f"stopped by <@{BOB}>")

    assert "Updates on “女声” stopped" in said.text or "follows no job" in said.text
    assert said.user == BOB
    assert stopped.ts == card.ts
    assert buttons(stopped) == [job_card.SUBSCRIBE, job_card.DETAILS]
    assert room.slack.thread(room.channel, card.ts) == []
    assert "follows no job" in (await room.ask("list")).text
    assert "not followed" in (await room.ask(f"unsubscribe {room.job_id}")).text
    assert SUBSCRIBED in (await room.press(stopped, job_card.SUBSCRIBE)).text
    assert len(room.public()) == 2


async def test_starting_again_at_once(room: Room) -> None:
    """While the first card could not be edited yet, it is, before a second one comes."""
    await room.subscribe()
    room.slack.fail("chat.update", status=503)
    await room.ask(f"unsubscribe {room.job_id}")
    looked_up = await room.ask(room.job_id)
    said = await room.subscribe()

    assert job_card.SUBSCRIBE in buttons(looked_up)
    assert SUBSCRIBED in said.text
    assert ["Updates stopped by" in card.text for card in room.public()] == [True, False]


async def test_two_press_at_once(room: Room) -> None:
    """There is one subscription and one card; the second person hears who was first."""
    ours, theirs = await asyncio.gather(room.ask(room.job_id), room.ask(room.job_id, user=BOB))
    presses = [room.press(card, job_card.SUBSCRIBE) for card in (ours, theirs, ours, theirs)]
    said = await asyncio.gather(*presses)

    assert len(room.public()) == 1
    assert sorted("already" in each.text for each in said) == [False, True, True, True]
    assert "follows one job" in (await room.ask("list")).text


async def test_an_organization_is_served_and_others_are_not(quiet_room: Room, settings: Settings) -> None:
    """Typed or pressed, it is one rule: colleagues on Enterprise Grid are at home, guests are not."""
    quiet_room.slack.move("T0VOICEJOB", "E0ORG")
    async with running(settings, rates=AT_ONCE):
        card = await quiet_room.ask(quiet_room.job_id, user=BOB)
        for team, organization, is_served in (("T0TEAM", "E0ORG", True), ("T0OTHER", "E0OTHER", False)):
            listed = await quiet_room.ask("list", user=BOB, team=team, enterprise=organization)
            pressed = await quiet_room.press(card, job_card.REFRESH, team=team, enterprise=organization)
            refused = ["Only members of my own workspace" in said.text for said in (listed, pressed)]
            assert refused == [not is_served] * 2


async def test_it_checks_now(room: Room) -> None:
    """A press edits the card; the person is told why that failed, or shown the job if it is not followed."""
    await room.subscribe()
    card = room.card
    room.metastudio.requests.clear()
    pressed = await room.slack.press(card, notices.REFRESH_CARD)
    await room.slack.message_where(lambda seen: seen.ts == card.ts and seen.edited)

    assert pressed.messages == []
    assert room.metastudio.requests_to("show") > 0
    room.metastudio.chaos = lambda _: Fault.error(403, "APIGW.0302")
    said = await room.press(card, notices.REFRESH_CARD, user=BOB)
    assert "doesn't let me" in said.text
    assert said.user == BOB
    assert len(room.public()) == 1

    room.metastudio.chaos = None
    room.slack.fail("chat.update", error="edit_window_closed")
    await room.ask(f"unsubscribe {room.job_id}")
    await room.listed("follows no job")
    assert "女声" in (await room.press(card, notices.REFRESH_CARD, user=BOB)).text
    assert [seen.ts for seen in room.public()] == [card.ts]


async def test_levels_and_pages(room: Room) -> None:
    """A channel's long list has pages, in its own place; each entry can change its level there."""
    for number in range(pages.PAGE_SIZE + 1):
        job = room.metastudio.add_job(voice_name=f"voice {number}")
        await room.ask(f"subscribe {job['job_id']}")
    first = await room.ask("list")
    more = await room.press(first, listing.PAGE)
    changed = await room.press(more, listing.TO_ALL)
    back = await room.press(changed, listing.TO_IMPORTANT)

    assert "follows 11 jobs: 1 to 10" in first.text
    assert "follows 11 jobs: 11 to 11" in more.text
    assert "follows no job" in (await room.ask("list", channel=room.slack.add_channel("other"))).text
    assert {more.ts, changed.ts} == {first.ts}
    assert listing.TO_IMPORTANT in buttons(changed)
    assert listing.TO_ALL in buttons(back)


async def test_a_blind_bot_says_so(room: Room) -> None:
    """While MetaStudio refuses the bot, the list says so; a look-up that works ends the long wait."""
    await room.subscribe()
    room.metastudio.chaos = lambda _: Fault.error(403, "APIGW.0302")
    await room.listed("can't reach MetaStudio right now")
    room.metastudio.chaos = None
    room.metastudio.set_state(room.job_id, "AUDITING")
    await room.ask(room.job_id)

    await room.posted("→ In manual review")


async def test_who_subscribes_sees_the_state_of_now_and_so_does_everybody(
    quiet_room: Room, settings: Settings
) -> None:
    """A job that another channel follows may have changed since its last check: it is told at once."""
    other = quiet_room.slack.add_channel("others")
    async with running(settings.model_copy(update={"voicejob_poll_seconds": 3600}), rates=AT_ONCE):
        await quiet_room.subscribe()
        quiet_room.metastudio.set_state(quiet_room.job_id, "AUDITING")
        await quiet_room.subscribe(channel=other)
        await quiet_room.posted("→ In manual review")

    (card,) = quiet_room.public(other)
    assert "`: In manual review," in card.text


async def test_a_card_whose_answer_is_lost_comes_once(quiet_room: Room, settings: Settings) -> None:
    """Slack's client must not send it again by itself; the person hears that it may come later."""
    quiet_room.slack.fail("chat.postMessage", drop=True, after=True)
    async with running(settings, rates=replace(AT_ONCE, repeat=600)):
        said = await quiet_room.subscribe()

    assert "could not be posted yet" in said.text
    assert len(quiet_room.public()) == 1


async def test_buttons_on_old_cards_work(quiet_room: Room, settings: Settings) -> None:
    """After a restart the card of before can be stopped."""
    async with running(settings, rates=AT_ONCE):
        await quiet_room.subscribe()
    async with running(settings, rates=AT_ONCE):
        await quiet_room.press(quiet_room.card, notices.STOP)
        await quiet_room.posted("stopped by")
