"""What Slack refuses, fails at or answers late is handled where it is: all else goes on, nothing is lost."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bot.domain.rates import RateLimits
from bot.simulators.metastudio.jobs import USUAL_PATH
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.faults import Chaos, Fault
from bot.simulators.slack.records import Call, Interaction
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.delivery_judge import ARROW
from tests.support import AT_ONCE, HTTP_MODE, eventually, eventually_so

BOB: Final = "U0BOB"
POST, EDIT = "chat.postMessage", "chat.update"
STATES: Final = tuple(USUAL_PATH[:7])
ROUNDS: Final = len(STATES) - 1
"""How often each job changes: the pauses between tries at the same would become long."""
Sent = Mapping[str, Any]


@dataclass
class World:
    """The bot between the simulators."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    session: aiohttp.ClientSession
    address: str

    async def ask(self, text: str, channel: str, user: str = ALICE) -> Interaction:
        """Type the command, and wait for the answer."""
        asked = await self.slack.command("/voicejob", text, channel=channel, user=user)
        await asked.message()
        return asked

    async def follow(self, channel: str, voice: str, user: str = ALICE) -> str:
        """Subscribe a channel to a new job, and return the job's id once its card is there."""
        job_id = str(self.metastudio.add_job(state=STATES[0], voice_name=voice)["job_id"])
        await self.ask(f"subscribe {job_id} all", channel, user)
        return job_id

    async def channels(self, number: int = 5) -> dict[str, str]:
        """Make channels that follow a job each; return the jobs by the channels."""
        made = [self.slack.add_channel(f"voices-{place}") for place in range(number)]
        return {channel: await self.follow(channel, f"voice {place}") for place, channel in enumerate(made)}

    def go_on(self, *job_ids: str) -> None:
        """Let jobs come to their next state."""
        for job_id in job_ids:
            state = self.metastudio.jobs[job_id]["state"]
            self.metastudio.set_state(job_id, STATES[STATES.index(state) + 1])

    def notices(self, channel: str, words: str = "") -> list[str]:
        """Return the texts of all notices that came in a channel."""
        texts = [each.text for each in self.slack.history if each.channel == channel]
        return [text for text in texts if ARROW in text and words in text]

    async def told(self, *channels: str, times: int = 1, words: str = "") -> None:
        """Wait until each of these channels had so many notices."""
        await eventually(lambda: all(len(self.notices(each, words)) >= times for each in channels))

    def calls(self, method: str, channel: str) -> list[Call]:
        """Return all calls of a method for a channel."""
        made = [call for call in self.slack.calls if call.method == method]
        return [call for call in made if call.arguments["channel"] == channel]

    async def problems(self) -> dict[str, str]:
        """Return what ``/readyz`` says is wrong."""
        async with self.session.get(f"{self.address}/readyz") as answer:
            said = await answer.json()
            assert (answer.status == 200) == (not said["problems"])
            return dict(said["problems"])

    async def paused(self) -> int:
        """Return how many subscriptions are paused."""
        async with self.session.get(f"{self.address}/metrics") as answer:
            found = re.search(r"^voicejob_paused_subscriptions ([\d.]+)$", await answer.text(), re.MULTILINE)
        assert found
        return int(float(found[1]))

    async def is_well(self, *, paused: int) -> None:
        """Wait until the bot is ready, with so many subscriptions paused."""

        async def is_so() -> bool:
            return (await self.paused(), await self.problems()) == (paused, {})

        await eventually_so(is_so)


@pytest.fixture
def rates() -> RateLimits:
    """Return the bot's pace: a test may override it."""
    return AT_ONCE


@pytest.fixture
async def world(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, rates: RateLimits, tmp_path: Path
) -> AsyncIterator[World]:
    """Run the bot in HTTP mode, with the store ``store.sqlite``."""
    settings = settings_for(
        slack, metastudio, voicejob_store=tmp_path / "store.sqlite", voicejob_poll_seconds=0.05, **HTTP_MODE
    )
    async with running(settings, rates=rates) as slack.events_url, aiohttp.ClientSession() as session:
        yield World(slack, metastudio, session, slack.events_url.removesuffix("/slack/events"))


def refusing(error: str, is_so: Callable[[str, Sent], object]) -> Chaos:
    """Return what refuses with this code all messages of which a predicate says so."""

    def decide(method: str, sent: Sent) -> Fault | None:
        return {"error": error} if method.startswith("chat.") and is_so(method, sent) else None

    return decide


@pytest.mark.parametrize("code", ["access_denied", "team_access_not_granted", "nobody_knows_this"])
@pytest.mark.parametrize("where", ["channel", "direct message"])
async def test_one_conversation(world: World, code: str, where: str) -> None:
    """It alone is paused, whether it is a channel, or the person who is warned because of one."""
    jobs = await world.channels()
    shut, *others = jobs
    if where == "channel":
        world.slack.chaos(refusing(code, lambda _, sent: sent["channel"] == shut))
    else:
        direct = {ALICE, world.slack.direct_channel(ALICE)}
        world.slack.chaos(refusing(code, lambda _, sent: sent["channel"] in direct))
        world.slack.archive(shut)
    for times in (1, 2, 3):
        world.go_on(*jobs.values())
        await world.told(*others, times=times)

    await world.is_well(paused=1)
    assert [len(world.notices(each)) for each in jobs] == [0, 3, 3, 3, 3]


async def test_the_bot_itself(world: World) -> None:
    """It is not ready, pauses nothing for it, and goes on when Slack accepts it again; nothing is lost."""
    jobs = await world.channels()
    shut = world.slack.add_channel("shut")
    jobs[shut] = await world.follow(shut, "voice of Bob", BOB)
    world.slack.archive(shut)
    world.slack.chaos(refusing("team_is_restricted", lambda _, sent: sent["channel"] != shut))
    world.go_on(*jobs.values())

    async def is_noticed() -> bool:
        return await world.paused() == 1 and "team_is_restricted" in (await world.problems()).get("slack", "")

    tries = len(("card", "first try", "second try"))
    await eventually(lambda: all(len(world.calls(POST, each)) >= tries for each in jobs if each != shut))
    await eventually_so(is_noticed)
    assert world.slack.direct(BOB) == []
    world.slack.chaos(None)
    await world.told(*(each for each in jobs if each != shut))
    await eventually(lambda: bool(world.slack.direct(BOB)))

    await world.is_well(paused=1)
    assert [len(world.notices(each)) for each in jobs] == [1, 1, 1, 1, 1, 0]
    assert len(world.slack.direct(BOB)) == 1


async def test_a_late_answer(world: World) -> None:
    """Slack takes a post, and says so only after a while: it is not sent again."""
    jobs = await world.channels(2)
    late, other = jobs
    world.slack.fail(POST, channel=late, delay=1.4)
    world.go_on(*jobs.values())
    await world.told(other)
    assert world.notices(late) == []
    await world.told(late)
    world.go_on(jobs[late])
    await world.told(late, times=2)

    assert len(world.calls(POST, late)) == 3


@pytest.mark.parametrize("rates", [replace(AT_ONCE, answer=0.2, repeat=60)])
async def test_a_lost_answer(world: World) -> None:
    """It is no refusal: the message, which may have come, is not soon repeated, and all else goes on."""
    voices = world.slack.add_channel("voices")
    jobs = [await world.follow(voices, voice) for voice in ("first", "second")]
    world.slack.chaos(lambda _, sent: {"delay": 1.5} if "`first`" in sent["text"] else None)
    for times in (1, 2, 3):
        world.go_on(jobs[1])
        if times == 1:
            world.go_on(jobs[0])
        await world.told(voices, times=times, words="`second`")
    await world.told(voices, words="`first`")

    assert len([sent for sent in world.calls(POST, voices) if "`first`" in sent.arguments["text"]]) == 2
    await world.is_well(paused=0)


def in_thread(method: str, sent: Sent) -> bool:
    return method == POST and "thread_ts" in sent


def is_edit(method: str, _: Sent) -> bool:
    return method == EDIT


def has_blocks(_: str, sent: Sent) -> bool:
    return bool(sent.get("blocks"))


def is_first(_: str, sent: Sent) -> bool:
    return "`first`" in sent["text"]


@pytest.mark.parametrize(
    ("code", "is_refused", "first", "in_channel"),
    [
        ("thread_not_found", in_thread, ROUNDS, True),
        ("cannot_reply_to_message", in_thread, ROUNDS, True),
        ("restricted_action_non_threadable_channel", in_thread, ROUNDS, True),
        ("edit_window_closed", is_edit, ROUNDS, False),
        ("cant_update_message", is_edit, ROUNDS, False),
        ("attachment_payload_limit_exceeded", has_blocks, ROUNDS, False),
        ("invalid_something_new", has_blocks, ROUNDS, False),
        ("internal_error", is_first, 0, False),
    ],
)
async def test_one_message(
    world: World, code: str, is_refused: Callable[[str, Sent], bool], first: int, *, in_channel: bool
) -> None:
    """It is sent in another way, or left out, or tried later; other news of the channel is told at once."""
    voices = world.slack.add_channel("voices")
    jobs = [await world.follow(voices, voice) for voice in ("first", "second")]
    world.slack.chaos(refusing(code, is_refused))
    for times in range(1, ROUNDS + 1):
        world.go_on(*jobs)
        await world.told(voices, times=times, words="`second`")
        if first:
            await world.told(voices, times=times, words="`first`")

    assert len(world.notices(voices, "`first`")) == first
    assert all((not each.thread_ts) == in_channel for each in world.slack.history if ARROW in each.text)
    await world.is_well(paused=0)


async def test_an_answer_to_a_person(world: World) -> None:
    """Where Slack does not take its blocks, the person gets its words."""
    voices = world.slack.add_channel("voices")
    world.slack.fail("response_url", status=400, body="invalid_blocks")
    answer = (await world.ask("list", voices)).messages[0]

    assert (answer.text[:30], answer.blocks) == ("This channel has no subscripti", [])


async def test_no_flood_of_cards(world: World) -> None:
    """Where Slack takes no replies to forty cards, each gets one more card at most, and news goes on."""
    voices = world.slack.add_channel("voices")
    jobs = [await world.follow(voices, f"voice {number}") for number in range(40)]
    world.slack.chaos(refusing("message_not_found", in_thread))
    for times in (1, 2):
        world.go_on(*jobs)
        await world.told(voices, times=times * len(jobs))

    cards = Counter(
        call.arguments["text"].split(":")[0]
        for call in world.calls(POST, voices)
        if ARROW not in call.arguments["text"]
    )
    assert len(world.notices(voices)) == 80
    assert max(cards.values()) <= 2
    await world.is_well(paused=0)
