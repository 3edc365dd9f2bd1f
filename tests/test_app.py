"""Starting and stopping the whole bot: what Slack says to its tokens, what is in the environment, the end."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from bot import app
from bot.config import Settings
from bot.errors import PartBroken, SlackRefused, SlackUnreachable
from bot.messages.operator import sentence
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import BOT_TOKEN, Message, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE, eventually


@dataclass(frozen=True)
class World:
    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    channel: str

    def settings(self, **changes: Any) -> Settings:
        """Return the bot's settings, but for ``changes``."""
        return settings_for(self.slack, self.metastudio, **changes)

    async def ask(self, text: str) -> Message:
        """Type a command in the channel, and return the answer."""
        return await (await self.slack.command("/voicejob", text, channel=self.channel)).message()

    def calls(self, method: str) -> int:
        """Return how many requests of the bot Slack got."""
        return [call.method for call in self.slack.calls].count(method)


@pytest.fixture
def world(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> World:
    return World(slack, metastudio, slack.add_channel("voices"))


async def start(settings: Settings) -> None:
    async with running(settings):
        pass


@pytest.mark.parametrize("key", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_refused_token_ends_it(world: World, key: str) -> None:
    """The sentence names the key and Slack's reason, not the token; slack_sdk would retry for ever."""
    wrong = "xoxb-unknown" if key == "SLACK_BOT_TOKEN" else "xapp-unknown"
    with pytest.raises(SlackRefused) as refused:
        await start(world.settings(**{key.lower(): wrong}))

    says = sentence(refused.value)
    assert (key in says, "invalid_auth" in says) == (True, True)
    assert "-unknown" not in repr(refused.value) + says


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("apps.connections.open", {"error": "internal_error"}),
        *(("auth.test", {"error": "ratelimited", "retry_after": 1}), ("auth.test", {"status": 503})),
        *(
            ("auth.test", {"body": "[]"}),
            ("auth.test", {"body": "[" * 99_999}),
            ("auth.test", {"drop": True}),
        ),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_slack_in_trouble_ends_it(world: World, method: str, fault: dict[str, Any]) -> None:
    """Whatever Slack answers that is no verdict on a token, the sentence names it, and no token."""
    world.slack.fail(method, times=5, **fault)

    with pytest.raises(SlackUnreachable) as unreachable:
        await start(world.settings())

    said = sentence(unreachable.value)
    assert (world.slack.api_url in said, "_TOKEN" in said) == (True, False)


async def test_bolt_finds_nothing_in_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It would warn of a token, and drop it for OAuth's settings; no command verifies the token again."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "oauth-secret")
    async with running(world.settings()):
        world.slack.fail("auth.test", error="internal_error", times=9)
        assert "job id" in (await world.ask("help")).text

    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert ["SLACK_CLIENT_" in warning and "not used" in warning for warning in warnings] == [True, True]
    assert "oauth-secret" not in caplog.text
    assert world.calls("auth.test") == 1


@asynccontextmanager
async def stopped(settings: Settings, *, drain: float) -> AsyncIterator[None]:
    """Run the bot, and stop it at the end, with so many seconds for what is under way."""
    stop, ready = asyncio.Event(), asyncio.Event()
    run = app.run(settings, stop=stop, ready=lambda _: ready.set(), drain=drain, rates=AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run)
        await ready.wait()
        yield
        stop.set()


@pytest.mark.parametrize(
    ("fault", "drain", "text"),
    [(Fault.slow(0.7), 60, "Last words"), (Fault.hang(), 0.2, "I'm being restarted")],
    ids=["slow", "hangs"],
)
async def test_answer_under_way(world: World, fault: Fault, drain: float, text: str) -> None:
    """A person who asked just before the end gets the card, or is told why not."""
    job = world.metastudio.add_job(voice_name="Last words")
    world.metastudio.chaos = lambda api: fault if api == "show" else None
    async with stopped(world.settings(), drain=drain):
        asked = await world.slack.command("/voicejob", job["job_id"], channel=world.channel)

    assert [text in seen.text for seen in asked.messages] == [True]


async def test_message_under_way(world: World) -> None:
    """What Slack takes meanwhile is not sent again after the next start."""
    job_id = world.metastudio.add_job()["job_id"]
    async with stopped(world.settings(), drain=60):
        await world.ask(f"subscribe {job_id}")
        world.slack.fail("chat.postMessage", delay=1)
        world.metastudio.set_state(job_id, "AUDITING")
        await eventually(lambda: world.calls("chat.postMessage") == 2)
    async with running(world.settings(), rates=AT_ONCE):
        await world.slack.message_where(lambda seen: seen.edited and "In manual review" in seen.text)

    assert world.calls("chat.postMessage") == 2


async def test_message_is_not_repeated_by_slack_sdk(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Its own retries would send again what Slack took, and nobody would know of it."""
    world.slack.fail("chat.postMessage", drop=True, after=True)
    async with running(world.settings(), rates=replace(AT_ONCE, repeat=60)):
        await world.ask(f"subscribe {world.metastudio.add_job()['job_id']}")

    assert world.calls("chat.postMessage") == 1
    assert "Slack does not take a message; trying again" in caplog.text


async def test_link_app_user_and_a_late_answer(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The app's user is sent, a link's press acknowledged, an answer too late for the end is in the log."""
    job_id, template = world.metastudio.add_job()["job_id"], "https://console.example.com/jobs/{job_id}"
    settings = world.settings(voicejob_console_url=template, metastudio_app_user_id="user-7")
    async with stopped(settings, drain=0.2):
        card = await world.ask(job_id)
        pressed = await world.slack.press(card, "job_open_console")
        world.slack.fail("response_url", error="ratelimited", retry_after=30)
        sent = world.calls("response_url")
        await world.slack.command("/voicejob", job_id, channel=world.channel)
        await eventually(lambda: world.calls("response_url") > sent)

    *_, row = (block["elements"] for block in card.blocks if block["type"] == "actions")
    assert row[-1]["url"] == template.format(job_id=job_id)
    assert (pressed.acked, pressed.messages) == (True, [])
    assert world.metastudio.requests[-1].headers["X-App-UserId"] == "user-7"
    assert "answers that could not be sent: 1" in caplog.text


async def broken() -> None:
    raise ZeroDivisionError


async def broken_in_a_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(broken())


async def refused() -> None:
    raise SlackRefused(key="SLACK_APP_TOKEN", error="token_revoked", page="Basic Information")


@pytest.mark.parametrize(
    ("part", "error", "text"),
    [
        (broken, PartBroken, "watcher.*ZeroDivisionError"),
        (broken_in_a_group, PartBroken, "watcher.*ZeroDivisionError"),
        (partial(asyncio.sleep, 0), PartBroken, "watcher.*it ended"),
        (refused, SlackRefused, "token_revoked"),
    ],
    ids=["raises", "raises in a group", "returns", "has a sentence"],
)
async def test_part_that_ends(
    part: Any, error: type[Exception], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are cancelled; the error names the part and its cause, and the log has the traceback."""
    others: list[str] = []

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            others.append("cancelled")

    parts = {"outbox": other(), "watcher": part()}
    with pytest.raises(error, match=text):
        await app.run_parts(parts, asyncio.Event())

    assert others == ["cancelled"]
    assert ("Traceback" in caplog.text) == text.endswith("Error")
