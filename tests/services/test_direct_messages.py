"""Following a job for oneself: what a person is told in their direct message with the bot."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.listeners.commands import COMMAND
from bot.messages import channel as notices
from bot.messages import job_card, private
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, Message, SlackWorkspace
from tests.store.test_store_faults import largest_file

BOB = "U0BOB"


@dataclass(frozen=True)
class Desk:
    """A person at the bot, in a channel, and jobs that it does not know yet."""

    slack: SlackWorkspace
    channel: str
    jobs: Sequence[str]

    async def ask(self, text: str, **where_and_who: Any) -> str:
        """Type the command and return what it shows to the person alone."""
        return (await self.asked(text, **where_and_who)).text

    async def asked(self, text: str, *, channel: str = "", **who: Any) -> Message:
        """Type the command and return the message."""
        typed = await self.slack.command(COMMAND, text, channel=channel or self.channel, **who)
        return await typed.message()

    async def press(self, seen: Message, action_id: str, **who: Any) -> str:
        """Press a button and return what it shows."""
        return (await (await self.slack.press(seen, action_id, **who)).message()).text

    async def told(self, text: str) -> Message:
        """Wait for a direct message to Alice."""
        mine = self.slack.direct_channel(ALICE)
        return await self.slack.message_where(lambda seen: seen.channel == mine and text in seen.text)

    def cards(self, person: str = ALICE) -> list[Message]:
        """List the cards that a person has."""
        return [seen for seen in self.slack.direct(person) if not seen.thread_ts]

    def is_quiet(self) -> bool:
        """Whether the channel has heard of nothing."""
        return self.slack.messages(self.channel) == []


@pytest.fixture
def desk(slack: SlackWorkspace, metastudio: MetaStudioSimulator, bot: str) -> Desk:  # noqa: ARG001  it runs
    """Give a desk with a bot, beside a channel of which it is no member; one can type in direct messages."""
    slack.open_messages_tab()
    channel = slack.add_channel("voices", bot_is_member=False)
    return Desk(slack, channel, [str(metastudio.add_job(voice_name=f"女声 {n}")["job_id"]) for n in range(3)])


async def test_one_card_and_what_follows(desk: Desk, metastudio: MetaStudioSimulator) -> None:
    """The card comes to the person, and is edited and answered there; nothing is said in the channel."""
    job = desk.jobs[0]
    said = await desk.ask(f"subscribe {job} all me")
    metastudio.set_state(job, "AUDITING")
    await desk.told("→ In manual review")

    (card,) = desk.cards()
    assert "in our direct message. You get every update." in said
    assert "You already follow" in await desk.ask(f"subscribe {job} me")
    assert "→ In manual review" in desk.slack.thread(card.channel, card.ts)[0].text
    assert "女声 0" in await desk.ask("list", channel=card.channel)
    assert desk.is_quiet()
    assert len(desk.cards()) == 1


async def test_ending_it(desk: Desk) -> None:
    """From anywhere, or by the card's button; each person has their own."""
    for job in desk.jobs[:2]:
        await desk.ask(f"subscribe {job} me")
    await desk.ask(f"subscribe {desk.jobs[0]} me", user=BOB)
    stopped = await desk.ask(f"取消订阅{desk.jobs[0]} 我")
    card = await desk.told("女声 1")
    await desk.press(card, notices.STOP)

    assert f"`{COMMAND} subscribe {desk.jobs[0]} me`" in stopped
    assert "You don't follow" in await desk.ask(f"unsubscribe {desk.jobs[0]} me")
    assert "You follow no job" in await desk.ask("list", channel=card.channel)
    assert "follow one job" in await desk.ask("list", channel=desk.cards(BOB)[0].channel, user=BOB)


async def test_at_once(desk: Desk) -> None:
    """Whoever asks for it twice has one card, whoever asks for several jobs one of each."""
    typed = [f"subscribe {job} me" for job in desk.jobs for _ in range(2)]
    said = await asyncio.gather(*map(desk.ask, typed))

    assert sorted("already" in each for each in said) == [False] * 3 + [True] * 3
    assert len(desk.cards()) == 3
    assert "You follow 3 jobs" in await desk.ask("list", channel=desk.slack.direct_channel(ALICE))


async def test_the_same_as_typed_there(desk: Desk) -> None:
    """What was subscribed in the direct message itself is known elsewhere, too, as soon as that is known."""
    mine = desk.slack.direct_channel(ALICE)
    await desk.ask(f"subscribe {desk.jobs[0]}", channel=mine)
    await desk.ask(f"subscribe {desk.jobs[1]} me")
    already = await desk.asked(f"subscribe {desk.jobs[0]} me")
    changed = await desk.press(already, private.LEVEL_ALL)

    assert "You already follow" in already.text
    assert "You get every update" in changed
    assert len(desk.cards()) == 2
    assert desk.is_quiet()


@pytest.mark.parametrize("code", ["messages_tab_disabled", "channel_not_found", "user_disabled"])
async def test_slack_refuses(desk: Desk, code: str) -> None:
    """The person hears why and what to do, and one press later it is there; nothing is lost meanwhile."""
    desk.slack.fail("chat.postMessage", channel=ALICE, error=code, times=2)
    refused = await desk.asked(f"subscribe {desk.jobs[0]} me")
    again = await desk.asked(f"subscribe {desk.jobs[0]} me")
    said = await desk.press(again, notices.RETRY)

    assert "I can't write to you." in refused.text
    assert "channel." in refused.text
    assert "no longer" not in refused.text
    assert "/invite" not in refused.text
    assert again.text == refused.text
    assert "in our direct message" in said
    assert len(desk.cards()) == 1
    assert "(paused)" not in await desk.ask("list", channel=desk.cards()[0].channel)
    assert "You already follow" in await desk.ask(f"subscribe {desk.jobs[0]} me")


async def test_metastudio_is_down(desk: Desk, metastudio: MetaStudioSimulator) -> None:
    """The button of the problem subscribes the person, and not the channel."""
    metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
    problem = await desk.asked(f"subscribe {desk.jobs[0]} me")
    said = await desk.press(problem, job_card.SUBSCRIBE)

    assert "in our direct message" in said
    assert desk.is_quiet()


async def test_the_disk_is_full(desk: Desk) -> None:
    """The button of the problem does what was typed: it unsubscribes the person, in whatever channel."""
    await desk.ask(f"subscribe {desk.jobs[0]} me")
    with largest_file(1):
        problem = await desk.asked(f"unsubscribe {desk.jobs[0]} me")
    said = await desk.press(problem, notices.STOP)

    assert "Updates on “女声 0” stopped." in said
    await desk.told("Updates stopped by")
