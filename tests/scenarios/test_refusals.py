"""What Slack refuses, fails at or answers late is handled where it is: all else goes on, nothing is lost."""

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
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.delivery_judge import ARROW
from tests.support import AT_ONCE, HTTP_MODE, eventually, eventually_so

BOB: Final = "U0BOB"
POST: Final = "chat.postMessage"
STATES: Final = tuple(USUAL_PATH[:7])
ROUNDS: Final = len(STATES) - 1
"""How often each job changes: the pauses between tries at the same would become long."""
IsRefused = Callable[[str, Mapping[str, Any]], bool]


@dataclass
class World:
    """The bot between the simulators."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    session: aiohttp.ClientSession
    address: str

    async def follow(self, channel: str, voice: str, user: str = ALICE) -> str:
        """Subscribe a channel to a new job, and return the job's id once its card is there."""
        job_id = str(self.metastudio.add_job(state=STATES[0], voice_name=voice)["job_id"])
        text = f"subscribe {job_id} all"
        await (await self.slack.command("/voicejob", text, channel=channel, user=user)).message()
        return job_id

    async def channels(self, number: int = 5) -> dict[str, str]:
        """Make channels that follow a job each; return the jobs by the channels."""
        made = [self.slack.add_channel(f"voices-{place}") for place in range(number)]
        return {channel: await self.follow(channel, f"voice {place}") for place, channel in enumerate(made)}

    async def two_jobs(self) -> tuple[str, list[str]]:
        """Make a channel that follows two jobs, whose voices are ``first`` and ``second``."""
        voices = self.slack.add_channel("voices")
        return voices, [await self.follow(voices, voice) for voice in ("first", "second")]

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

    def posts(self, channel: str) -> list[str]:
        """Return the texts of all posts that the bot tried in a channel."""
        made = [call.arguments for call in self.slack.calls if call.method == POST]
        return [str(sent["text"]) for sent in made if sent["channel"] == channel]

    async def is_so(self, *, paused: int, slack: str = "") -> None:
        """Wait until so many subscriptions are paused, and ``/readyz`` says that of Slack and no more."""

        async def is_it() -> bool:
            async with self.session.get(f"{self.address}/metrics") as answer:
                metrics = await answer.text()
            async with self.session.get(f"{self.address}/readyz") as answer:
                problems = dict((await answer.json())["problems"])
                assert (answer.status == 200) == (not problems)
            said = problems.pop("slack", "")
            is_said = slack in said if slack else not said
            return f"\nvoicejob_paused_subscriptions {paused:.1f}\n" in metrics and is_said and not problems

        await eventually_so(is_it)


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


def refusing(error: str, is_refused: IsRefused) -> Chaos:
    """Return what refuses with this code all messages of which a predicate says so."""

    def decide(method: str, sent: Mapping[str, Any]) -> Fault | None:
        return {"error": error} if method.startswith("chat.") and is_refused(method, sent) else None

    return decide


@pytest.mark.parametrize(("where", "code"), [("channel", "access_denied"), ("a person", "nobody_knows_this")])
async def test_one_conversation(world: World, where: str, code: str) -> None:
    """It alone is paused, whether it is a channel, or the person who is warned because of one."""
    jobs = await world.channels()
    shut, *others = jobs
    refused = {shut}
    if where == "a person":
        refused = {ALICE, world.slack.direct_channel(ALICE)}
        world.slack.archive(shut)
    world.slack.chaos(refusing(code, lambda _, sent: sent["channel"] in refused))
    for times in (1, 2, 3):
        world.go_on(*jobs.values())
        await world.told(*others, times=times)

    await world.is_so(paused=1)
    assert [len(world.notices(each)) for each in jobs] == [0, 3, 3, 3, 3]


async def test_the_bot_itself(world: World) -> None:
    """It is not ready, pauses nothing for it, and goes on when Slack accepts it again; nothing is lost."""
    jobs = await world.channels()
    shut = world.slack.add_channel("shut")
    job_of_bob = await world.follow(shut, "voice of Bob", BOB)
    world.slack.archive(shut)
    world.slack.chaos(refusing("team_is_restricted", lambda _, sent: sent["channel"] != shut))
    world.go_on(*jobs.values(), job_of_bob)
    tries = len(("card", "first try", "second try"))
    await eventually(lambda: all(len(world.posts(each)) >= tries for each in jobs))
    await world.is_so(paused=1, slack="team_is_restricted")
    assert world.slack.direct(BOB) == []
    world.slack.chaos(None)
    await world.told(*jobs)
    await eventually(lambda: bool(world.slack.direct(BOB)))

    await world.is_so(paused=1)
    assert [len(world.notices(each)) for each in (*jobs, shut)] == [1, 1, 1, 1, 1, 0]
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

    assert len(world.posts(late)) == 3


@pytest.mark.parametrize("rates", [replace(AT_ONCE, answer=0.2, repeat=60)])
async def test_a_lost_answer(world: World) -> None:
    """It is no refusal: the message, which may have come, is not soon repeated, and all else goes on."""
    voices, jobs = await world.two_jobs()
    world.slack.chaos(lambda _, sent: {"delay": 1.5} if "first" in sent["text"] else None)
    world.go_on(jobs[0])
    for times in (1, 2, 3):
        world.go_on(jobs[1])
        await world.told(voices, times=times, words="second")
    await world.told(voices, words="first")

    assert len([text for text in world.posts(voices) if "first" in text]) == 2
    await world.is_so(paused=0)


@pytest.mark.parametrize(
    ("code", "is_refused", "first", "in_channel"),
    [
        ("thread_not_found", lambda method, sent: method == POST and "thread_ts" in sent, ROUNDS, True),
        ("edit_window_closed", lambda method, _: method == "chat.update", ROUNDS, False),
        ("attachment_payload_limit_exceeded", lambda _, sent: bool(sent.get("blocks")), ROUNDS, False),
        ("internal_error", lambda _, sent: "first" in sent["text"], 0, False),
    ],
)
async def test_one_message(
    world: World, code: str, is_refused: IsRefused, first: int, *, in_channel: bool
) -> None:
    """It is sent in another way, or left out, or tried later; other news of the channel is told at once."""
    voices, jobs = await world.two_jobs()
    world.slack.chaos(refusing(code, is_refused))
    for times in range(1, ROUNDS + 1):
        world.go_on(*jobs)
        await world.told(voices, times=times, words="second")
        if first:
            await world.told(voices, times=times, words="first")

    assert len(world.notices(voices, "first")) == first
    assert all((not each.thread_ts) == in_channel for each in world.slack.history if ARROW in each.text)
    cards = Counter(text.split(":")[0] for text in world.posts(voices) if ARROW not in text)
    assert max(cards.values()) <= 2
    await world.is_so(paused=0)
