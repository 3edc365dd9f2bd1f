"""Subscribing a channel, from a command or press to what the channel shows; one test in both modes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.config import Settings
from bot.errors import StoreLocked
from bot.messages import channel as notices
from bot.messages import job_card, private
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE, BOTH_MODES, PATIENCE, eventually

COMMAND = "/voicejob"
SUBSCRIBED = ":white_check_mark: Subscribed to"
BOB = "U0BOB"


@pytest.fixture
def channel(slack: SlackWorkspace) -> str:
    """Give a public channel in which the bot is a member."""
    return slack.add_channel("voices")


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(voice_name="女声")["job_id"])


async def ask(slack: SlackWorkspace, channel: str, text: str, **who: Any) -> Message:
    """Type the command and wait for what it shows to the person alone."""
    asked = await slack.command(COMMAND, text, channel=channel, **who)
    assert asked.acked
    seen = await asked.message()
    assert seen.user == asked.user
    return seen


async def press(slack: SlackWorkspace, seen: Message, action_id: str, **who: Any) -> Message:
    """Press a button and wait for what it shows."""
    pressed = await slack.press(seen, action_id, **who)
    assert pressed.acked
    return await pressed.message()


async def told(slack: SlackWorkspace, channel: str, text: str) -> Message:
    """Wait for a public message in a channel."""
    return await slack.message_where(
        lambda seen: seen.channel == channel and not seen.user and text in seen.text
    )


async def listed(slack: SlackWorkspace, channel: str, text: str) -> Message:
    """Ask for the list until it says this: a subscription retires a moment after its last message."""
    async with asyncio.timeout(PATIENCE):
        while text not in (seen := await ask(slack, channel, "list")).text:
            pass
    return seen


def public(slack: SlackWorkspace, channel: str) -> list[Message]:
    """List the messages of a channel that are no replies."""
    return [message for message in slack.messages(channel) if not message.thread_ts]


def buttons(seen: Message) -> list[str]:
    """List the action ids of a message's buttons."""
    rows = [block["elements"] for block in seen.blocks if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]


@pytest.mark.usefixtures("bot")
class TestSubscribing:
    """The command, and the button on a card."""

    @pytest.mark.parametrize(
        ("text", "level"),
        [
            ("subscribe {}", "every change"),
            ("Subscribe important `{}`", "important"),
        ],
    )
    async def test_the_card_is_posted_before_the_yes(
        self, slack: SlackWorkspace, channel: str, job_id: str, text: str, level: str
    ) -> None:
        """The person hears yes when the channel has the card, which says of what it is told."""
        said = await ask(slack, channel, text.format(job_id))

        (card,) = public(slack, channel)
        assert SUBSCRIBED in said.text
        assert level in said.text
        assert level in card.text
        assert "女声" in card.text
        assert buttons(card) == [notices.REFRESH_CARD, notices.STOP]
        assert card.ts < said.ts

    @BOTH_MODES
    async def test_the_button_on_a_card_does_the_same(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """A look-up offers to subscribe, and one press is enough; the yes takes the offer's place."""
        card = await ask(slack, channel, job_id)
        said = await press(slack, card, job_card.SUBSCRIBE)

        assert SUBSCRIBED in said.text
        assert (said.user, said.ts) == (card.user, card.ts)
        assert len(public(slack, channel)) == 1

    async def test_the_look_up_of_who_subscribes_is_a_check(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """What was asked for before it is older than what the person saw."""
        await ask(slack, channel, f"subscribe {job_id}")

        assert "Not checked since I was started" not in str((await ask(slack, channel, "list")).blocks)

    async def test_every_change_is_told(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """A change is a reply in the card's thread, shown in the channel too, and the card is edited."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        metastudio.set_state(job_id, "AUDIT_FAILED")
        reply = await told(slack, channel, "Waiting for the recordings → Review failed")

        assert reply.thread_ts == card.ts
        assert reply.reply_broadcast
        assert "Upload new recordings" in reply.text
        edited = await slack.message_where(lambda seen: seen.ts == card.ts and "Review failed" in seen.text)
        assert edited.edited

    async def test_only_what_is_important_reaches_the_channel(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """With "important" the thread has every change, and the channel those that ask for somebody."""
        await ask(slack, channel, f"subscribe {job_id} important")
        metastudio.set_state(job_id, "AUDITING")
        quiet = await told(slack, channel, "→ In manual review")
        metastudio.set_state(job_id, "USER_RESULT_REVIEW")
        loud = await told(slack, channel, "→ Waiting for you to judge the result")
        metastudio.set_state(job_id, "SUCCEED")
        last = await told(slack, channel, "→ Succeeded")

        assert not quiet.reply_broadcast
        assert loud.reply_broadcast
        assert last.reply_broadcast

    async def test_an_ended_job_retires_its_subscription(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """The last message and the last edit come, and the list is empty."""
        await ask(slack, channel, f"subscribe {job_id}")
        metastudio.set_state(job_id, "FAILED")
        last = await told(slack, channel, "The job is over, and the subscription with it")

        assert buttons(last) == []
        await listed(slack, channel, "no subscriptions")

    async def test_a_deleted_job_is_told_as_gone(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """A job that is not there any more ends its subscription, with a word on it."""
        await ask(slack, channel, f"subscribe {job_id}")
        metastudio.delete(job_id)

        assert (await told(slack, channel, "→ Deleted")).reply_broadcast
        await told(slack, channel, "The job is over, and the subscription with it")


@pytest.mark.usefixtures("bot")
class TestOtherAnswers:
    """Each case has its own right answer."""

    async def test_twice(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """Who subscribes again hears who did it first, and how to change the level; one card is enough."""
        await ask(slack, channel, f"subscribe {job_id}")
        said = await ask(slack, channel, f"subscribe {job_id}", user=BOB)

        assert "<@U0ALICE> has subscribed" in said.text
        assert f"`/voicejob subscribe {job_id} important` changes that" in said.text
        assert len(public(slack, channel)) == 1

    async def test_another_level(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """Subscribing with another level changes it, and the card says so."""
        await ask(slack, channel, f"subscribe {job_id}")
        said = await ask(slack, channel, f"subscribe {job_id} important", user=BOB)

        assert "important" in said.text
        edited = await told(slack, channel, "important")
        assert edited.edited
        assert len(public(slack, channel)) == 1

    async def test_a_job_that_ended(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """Its card is shown to the person, with the reason why there is nothing to subscribe to."""
        metastudio.set_state(job_id, "SUCCEED")
        said = await ask(slack, channel, f"subscribe {job_id}")

        assert "This job is over" in said.text
        assert "女声" in said.text
        assert slack.messages(channel) == []
        assert "no subscriptions" in (await ask(slack, channel, "list")).text

    async def test_a_word_that_is_left_over(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """Nothing is done while a word of the command is not understood: the acknowledgement says why."""
        asked = await slack.command(COMMAND, f"subscribe {job_id} weekly", channel=channel)
        assert (public(slack, channel), metastudio.requests) == ([], [])
        await ask(slack, channel, f"subscribe {job_id}")
        ended = await slack.command(COMMAND, f"unsubscribe {job_id} weekly", channel=channel)

        assert asked.ack_message
        assert f"Did you mean `/voicejob subscribe {job_id}" in asked.ack_message.text
        assert ended.ack_message
        assert f"Did you mean `/voicejob unsubscribe {job_id}`" in ended.ack_message.text
        assert "1 subscription in" in (await ask(slack, channel, "list")).text

    async def test_metastudio_down(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """The problem has a button that subscribes, not one that only looks."""
        metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
        problem = await ask(slack, channel, f"subscribe {job_id}")
        assert buttons(problem) == [job_card.SUBSCRIBE]
        said = await press(slack, problem, job_card.SUBSCRIBE)

        assert SUBSCRIBED in said.text

    async def test_the_bots_own_direct_messages(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """There a person can follow a job for themselves."""
        mine = slack.direct_channel("U0ALICE")
        said = await ask(slack, mine, f"subscribe {job_id}")
        metastudio.set_state(job_id, "AUDITING")

        assert SUBSCRIBED in said.text
        assert "You are told of every change." in said.text
        await told(slack, mine, "→ In manual review")

    @pytest.mark.parametrize("people", [("U0ALICE", BOB), ("U0ALICE", BOB, "U0CAROL")])
    async def test_a_direct_message_between_people(
        self, slack: SlackWorkspace, job_id: str, people: tuple[str, ...]
    ) -> None:
        """The bot can't post there and can't be invited, so it says where to go and keeps nothing."""
        between = slack.add_direct(*people)
        said = await ask(slack, between, f"subscribe {job_id}")

        assert "/invite" not in said.text
        assert "direct message between people" in said.text
        await listed(slack, between, "no subscriptions")


@pytest.mark.usefixtures("bot")
class TestRefusedChannels:
    """Where Slack does not let the bot post."""

    @pytest.fixture(params=["private", "public"])
    def closed(self, request: pytest.FixtureRequest, slack: SlackWorkspace) -> str:
        """Give a channel in which the bot is no member."""
        return slack.add_channel("closed", private=request.param == "private", bot_is_member=False)

    async def test_the_remedy_and_try_again(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, closed: str, job_id: str
    ) -> None:
        """The person gets reason and remedy, the subscription is kept, and Try again posts the card."""
        refused = await ask(slack, closed, f"subscribe {job_id}")
        metastudio.set_state(job_id, "AUDITING")
        shown = await ask(slack, closed, "list")
        slack.invite(closed)
        said = await press(slack, refused, notices.RETRY)

        assert "I am not in this channel yet" in refused.text
        assert "`/invite @voicejob`" in refused.text
        assert "(paused)" in shown.text
        assert "`/invite @voicejob`" in str(shown.blocks)
        assert SUBSCRIBED in said.text
        assert said.ts == refused.ts
        await told(slack, closed, "In manual review")
        assert slack.direct("U0ALICE") == []

    async def test_subscribing_again_tries_again(
        self, slack: SlackWorkspace, closed: str, job_id: str
    ) -> None:
        """Without an invitation the same reason comes again; after it the command works, with its level."""
        refused = await ask(slack, closed, f"subscribe {job_id}")
        again = await press(slack, refused, notices.RETRY)
        slack.invite(closed)
        said = await ask(slack, closed, f"subscribe {job_id} important")

        assert "`/invite @voicejob`" in again.text
        assert buttons(again) == [notices.RETRY]
        assert SUBSCRIBED in said.text
        assert "important" in said.text
        assert len(public(slack, closed)) == 1

    async def test_a_channel_that_opens_again_opens_for_all(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """One direct message is enough, and one Try again brings what all its jobs had to tell."""
        jobs = [metastudio.add_job(voice_name=f"voice {number}")["job_id"] for number in range(4)]
        for each in jobs:
            await ask(slack, channel, f"subscribe {each}", user=BOB)
        slack.remove(channel)
        for each in jobs:
            metastudio.set_state(each, "AUDITING")
        direct = await slack.message_where(lambda seen: "I can't post in" in seen.text)
        async with asyncio.timeout(PATIENCE):
            while (await ask(slack, channel, "list")).text.count("(paused)") < 4:
                pass
        slack.invite(channel)
        await press(slack, direct, notices.RETRY, user=BOB)
        for number in range(4):
            await told(slack, channel, f"`voice {number}`: Waiting for the recordings → In manual review")

        assert [message.ts for message in slack.direct(BOB)] == [direct.ts]
        async with asyncio.timeout(PATIENCE):
            while "(paused)" in (await ask(slack, channel, "list")).text:
                pass

    async def test_one_direct_message_when_a_channel_closes_later(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """The person who subscribed is told once; the button there brings all that was missed."""
        await ask(slack, channel, f"subscribe {job_id}", user=BOB)
        slack.remove(channel)
        metastudio.set_state(job_id, "AUDITING")
        direct = await slack.message_where(lambda seen: "I can't post in" in seen.text)
        metastudio.set_state(job_id, "WAITING")
        shown = await ask(slack, channel, "list")
        refused = await press(slack, direct, notices.RETRY, user=BOB)
        slack.invite(channel)
        said = await press(slack, refused, notices.RETRY, user=BOB)

        assert [message.ts for message in slack.direct(BOB)] == [direct.ts]
        assert f"<#{channel}>" in direct.text
        assert f"<#{channel}>: I am not a member" in refused.text
        assert "`/invite @voicejob`" in direct.text
        assert "(paused)" in shown.text
        assert SUBSCRIBED in said.text
        await told(slack, channel, "→ In manual review")
        await told(slack, channel, "→ Waiting for training")

    async def test_unsubscribing_from_the_direct_message(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """Who does not need a closed channel any more can end it where they were told of it."""
        await ask(slack, channel, f"subscribe {job_id}", user=BOB)
        slack.archive(channel)
        metastudio.set_state(job_id, "AUDITING")
        direct = await slack.message_where(lambda seen: "I can't post in" in seen.text)
        said = await press(slack, direct, notices.STOP, user=BOB)

        assert "The channel is archived" in direct.text
        assert "not told of" in said.text
        assert "no subscriptions" in (await ask(slack, channel, "list")).text

    async def test_slack_down_while_subscribing(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """The subscription is kept, the person hears that the card comes later, and it does."""
        slack.fail("chat.postMessage", times=2, status=503)
        said = await ask(slack, channel, f"subscribe {job_id}")

        assert "is kept" in said.text
        await told(slack, channel, "This channel is told of every change")


@pytest.mark.usefixtures("bot")
class TestUnsubscribing:
    """The end that people choose."""

    @pytest.mark.parametrize("way", ["command", "button", "list"])
    async def test_the_card_says_who_stopped_it(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str, way: str
    ) -> None:
        """It stops, the card tells the channel who did it, and no change is told any more."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        if way == "command":
            said = await ask(slack, channel, f"unsubscribe {job_id}", user=BOB)
        elif way == "button":
            said = await press(slack, card, notices.STOP, user=BOB)
        else:
            shown = await ask(slack, channel, "list", user=BOB)
            said = await press(slack, shown, private.LISTED_STOP)
            assert said.ts == shown.ts
        stopped = await told(slack, channel, f"Stopped by <@{BOB}>")
        metastudio.set_state(job_id, "AUDITING")
        await asyncio.sleep(0.6)

        assert "not told of" in said.text or "no subscriptions" in said.text
        assert said.user == BOB
        assert stopped.ts == card.ts
        assert buttons(stopped) == [job_card.SUBSCRIBE]
        assert slack.thread(channel, card.ts) == []
        assert "no subscriptions" in (await ask(slack, channel, "list")).text

    async def test_while_the_card_is_on_its_way(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """A card that arrives after the end says that it was stopped: it does not claim to go on."""
        slack.fail("chat.postMessage", delay=0.5)
        asked = await slack.command(COMMAND, f"subscribe {job_id}", channel=channel)
        await eventually(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
        said = await ask(slack, channel, f"unsubscribe {job_id}", user=BOB)
        await asked.message()

        assert "not told of" in said.text
        await told(slack, channel, f"Stopped by <@{BOB}>")

    async def test_what_is_not_subscribed(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """The answer names the list."""
        said = await ask(slack, channel, f"unsubscribe {job_id}")

        assert "not subscribed" in said.text
        assert "`/voicejob list`" in said.text

    async def test_starting_again(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """The button on the stopped card subscribes again, with a new card."""
        await ask(slack, channel, f"subscribe {job_id}")
        await ask(slack, channel, f"unsubscribe {job_id}")
        stopped = await told(slack, channel, "Stopped by")
        said = await press(slack, stopped, job_card.SUBSCRIBE, user=BOB)

        assert SUBSCRIBED in said.text
        assert len(public(slack, channel)) == 2

    async def test_starting_again_at_once(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """However fast it is, the first card says that it was stopped, and the second that it goes on."""
        await ask(slack, channel, f"subscribe {job_id}")
        _, said = await asyncio.gather(
            ask(slack, channel, f"unsubscribe {job_id}"), ask(slack, channel, f"subscribe {job_id}")
        )

        assert "subscribed" in said.text
        alive = [card for card in public(slack, channel) if notices.STOP in buttons(card)]
        assert len(alive) < 2


@pytest.mark.usefixtures("bot")
class TestTogether:
    """People who act at the same time, and people from elsewhere."""

    async def test_two_press_at_once(self, slack: SlackWorkspace, channel: str, job_id: str) -> None:
        """There is one subscription and one card; the second person hears who was first."""
        ours, theirs = await asyncio.gather(
            ask(slack, channel, job_id), ask(slack, channel, job_id, user=BOB)
        )
        said = await asyncio.gather(
            *(press(slack, card, job_card.SUBSCRIBE) for card in (ours, theirs, ours, theirs))
        )

        assert len(public(slack, channel)) == 1
        assert sorted("already" in each.text for each in said) == [False, True, True, True]
        assert "1 subscription in" in (await ask(slack, channel, "list")).text

    @pytest.mark.parametrize("action_id", [notices.STOP, notices.REFRESH_CARD])
    async def test_a_press_from_another_workspace(
        self, slack: SlackWorkspace, channel: str, job_id: str, action_id: str
    ) -> None:
        """A guest by Slack Connect is refused politely, and nothing changes."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        said = await press(slack, card, action_id, user="U0GUEST", team="T0OTHER")

        assert "Only members of the workspace" in said.text
        assert said.user == "U0GUEST"
        assert public(slack, channel) == [card]
        assert "1 subscription in" in (await ask(slack, channel, "list")).text


@pytest.mark.parametrize(
    ("who", "is_served"),
    [
        ({"team": "T0COLLEAGUES", "enterprise": "E0ORG"}, True),
        ({"team": "T0OTHER", "enterprise": "E0OTHER"}, False),
    ],
    ids=str,
)
async def test_an_organization_is_served_and_others_are_not(
    slack: SlackWorkspace,
    settings: Settings,
    channel: str,
    job_id: str,
    who: dict[str, str],
    *,
    is_served: bool,
) -> None:
    """Typed or pressed, it is one rule: colleagues on Enterprise Grid are at home, guests are not."""
    slack.move("T0VOICEJOB", "E0ORG")
    async with running(settings, rates=AT_ONCE):
        listed = await ask(slack, channel, "list", user=BOB, **who)
        card = await ask(slack, channel, job_id, user=BOB)
        pressed = await press(slack, card, job_card.REFRESH, **who)

    refused = ["Only members of the workspace" in said.text for said in (listed, pressed)]
    assert refused == [not is_served] * 2


@pytest.mark.usefixtures("bot")
class TestRefresh:
    """The button of a subscription's card."""

    async def test_it_checks_now(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """A press asks MetaStudio at once, edits the card, and stays silent otherwise."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        metastudio.requests.clear()
        pressed = await slack.press(card, notices.REFRESH_CARD)
        await slack.message_where(lambda seen: seen.ts == card.ts and seen.edited)

        assert pressed.messages == []
        assert metastudio.requests_to("show") > 0

    async def test_the_card_of_a_subscription_that_ended(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """A card that could not be edited any more still has the button, which then shows the job."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        slack.fail("chat.update", error="edit_window_closed")
        await ask(slack, channel, f"unsubscribe {job_id}")
        await listed(slack, channel, "no subscriptions")
        seen = await press(slack, card, notices.REFRESH_CARD, user=BOB)

        assert "女声" in seen.text
        assert seen.user == BOB
        assert public(slack, channel) == [card]

    async def test_a_problem_is_told_to_the_person(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """When MetaStudio does not answer, the card stays and the person hears why."""
        await ask(slack, channel, f"subscribe {job_id}")
        (card,) = public(slack, channel)
        metastudio.chaos = lambda _: Fault.error(403, "APIGW.0302")
        said = await press(slack, card, notices.REFRESH_CARD, user=BOB)

        assert "does not allow the bot" in said.text
        assert said.user == BOB
        assert public(slack, channel) == [card]


@pytest.mark.usefixtures("bot")
class TestList:
    """A channel's subscriptions."""

    async def test_levels_and_pages(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """A long list has pages, in its own place; each entry can change its level there."""
        for number in range(private.PAGE_SIZE + 1):
            job = metastudio.add_job(voice_name=f"voice {number}")
            await ask(slack, channel, f"subscribe {job['job_id']}")
        first = await ask(slack, channel, "list")
        more = await press(slack, first, private.PAGE)
        changed = await press(slack, more, private.LISTED_IMPORTANT)

        assert "9 subscriptions in this channel: 1 to 8" in first.text
        voices = [re.findall(r"voice \d", page.text) for page in (first, more)]
        assert [len(page) for page in voices] == [8, 1]
        assert len({*voices[0], *voices[1]}) == 9
        assert {more.ts, changed.ts} == {first.ts}
        assert private.LISTED_ALL in buttons(changed)

    async def test_a_blind_bot_says_so(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, job_id: str
    ) -> None:
        """While MetaStudio refuses the bot, the list says so; a look-up that works ends the long wait."""
        await ask(slack, channel, f"subscribe {job_id}")
        metastudio.chaos = lambda _: Fault.error(403, "APIGW.0302")
        async with asyncio.timeout(PATIENCE):
            while private.NOT_CHECKED not in (await ask(slack, channel, "list")).text:
                pass
        metastudio.chaos = None
        metastudio.set_state(job_id, "AUDITING")
        await ask(slack, channel, job_id)

        await told(slack, channel, "→ In manual review")

    async def test_another_channel_has_its_own(
        self, slack: SlackWorkspace, channel: str, job_id: str
    ) -> None:
        """What one channel follows is not shown in another."""
        other = slack.add_channel("other")
        await ask(slack, channel, f"subscribe {job_id}")

        assert "no subscriptions" in (await ask(slack, other, "list")).text
        assert SUBSCRIBED in (await ask(slack, other, f"subscribe {job_id}")).text


class TestRestart:
    """What lasts longer than a process."""

    async def test_buttons_on_old_cards_work(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        job_id: str,
        settings: Settings,
    ) -> None:
        """After a restart the card of before can be stopped, and the look-up card subscribes."""
        other = metastudio.add_job(voice_name="other")["job_id"]
        async with bot_with(slack, settings):
            await ask(slack, channel, f"subscribe {job_id}")
            looked_up = await ask(slack, channel, other)
        (card,) = public(slack, channel)
        async with bot_with(slack, settings):
            assert SUBSCRIBED in (await press(slack, looked_up, job_card.SUBSCRIBE)).text
            await press(slack, card, notices.STOP)
            await told(slack, channel, "Stopped by")

    async def test_what_changed_meanwhile_is_one_message(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        job_id: str,
        settings: Settings,
    ) -> None:
        """Several changes while the bot was down are told once it runs, as one."""
        async with bot_with(slack, settings):
            await ask(slack, channel, f"subscribe {job_id}")
        for state in ("SYSTEM_AUDITING", "AUDITING", "WAITING"):
            metastudio.set_state(job_id, state)
        (card,) = public(slack, channel)
        async with bot_with(slack, settings):
            await told(slack, channel, "Waiting for the recordings → Waiting for training")

        assert len(slack.thread(channel, card.ts)) == 1


@asynccontextmanager
async def bot_with(slack: SlackWorkspace, settings: Settings) -> AsyncIterator[None]:
    """Run the bot, and let Slack find it."""
    async with running(settings, rates=AT_ONCE) as way:
        slack.events_url = way if way.startswith("http://") else None
        yield


async def test_a_store_in_use_keeps_a_second_bot_from_starting(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """Two bots on one store would tell everything twice."""
    settings = settings_for(slack, metastudio)
    async with running(settings):
        with pytest.raises(StoreLocked):
            async with running(settings):
                pass
