"""Socket Mode: whatever happens to the connection, commands are answered again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.errors import SlackRefused
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace
from bot.slack.socket_mode import Connection, next_pause, stay_connected
from tests.support import PATIENCE, eventually

MOST_TRIES = 30
"""Connections within a second or so of being sent away, with pauses that grow from 0.05 seconds: more than
there are, fewer than with pauses that don't grow, and far fewer than with none."""


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    """Give a workspace that is short of patience, since commands fail here on purpose."""
    async with SlackWorkspace(ack_timeout=0.3) as workspace:
        yield workspace
    assert workspace.violations == []


def app_of(slack: SlackWorkspace) -> AsyncApp:
    """Make a small Bolt app that answers at once."""
    app = AsyncApp(token=BOT_TOKEN, signing_secret="unused")
    app.client.base_url = slack.api_url

    async def answer(ack: AsyncAck) -> None:
        await ack("here")

    app.command("/voicejob")(answer)
    return app


@asynccontextmanager
async def connecting(
    slack: SlackWorkspace, ready: Callable[[], None] | None = None, **times: float
) -> AsyncIterator[Connection]:
    """Let a small Bolt app connect, and wait until it has, unless a test does so itself with ``ready``."""
    connection, say = Connection(), ready or (lambda: None)
    times = {"patience": 60, "check_every": 0.05, "ping_every": 0.2, "first_pause": 0.05} | times
    staying = stay_connected(app_of(slack), APP_TOKEN, ready=say, connection=connection, **times)
    task = asyncio.create_task(staying)
    try:
        if ready is None:
            await slack.connected()
        yield connection
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages about the connection."""
    return [record.getMessage() for record in caplog.records if record.name == "bot.slack.socket_mode"]


async def answers_again(slack: SlackWorkspace, channel: str) -> None:
    """Wait until a command is answered: Slack does not repeat one that came between two connections."""
    async with asyncio.timeout(PATIENCE):
        while not (await slack.command("/voicejob", channel=channel)).ack_message:  # noqa: ASYNC110  no event
            await asyncio.sleep(0.05)


async def renew(slack: SlackWorkspace, connection: Connection) -> None:
    """Have connections replaced, as Slack does after a while."""
    opened = connection.opened
    await slack.disconnect("refresh_requested")
    await eventually(lambda: connection.opened > opened)


async def test_a_used_up_address_is_given_up(
    slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After a while everything is built anew; a loss and a recovery are one line each, with no secret."""
    caplog.set_level(logging.INFO)
    async with connecting(slack, patience=0.5):
        slack.refuse_handshakes = 2
        slack.cut()
        await eventually(lambda: slack.refuse_handshakes == 0)
        slack.expire_tickets()
        await answers_again(slack, channel)

    assert logged(caplog) == [
        "the connection to Slack is lost: connecting again",
        "trouble with Socket Mode: WSServerHandshakeError",
        "trouble with Socket Mode: no connection for 0 seconds, so everything is built anew",
        "connected to Slack again",
    ]
    assert not [word for word in ("ticket", APP_TOKEN, "Traceback") if word in caplog.text]


async def test_a_token_that_slack_takes_back_ends_it(slack: SlackWorkspace) -> None:
    """When a connection does not come back, Slack is asked for the token once more."""
    slack.fail("apps.connections.open", error="invalid_auth", times=99)
    staying = stay_connected(app_of(slack), APP_TOKEN, ready=lambda: None, patience=0.2)

    with pytest.raises(SlackRefused, match="SLACK_APP_TOKEN"):
        await asyncio.wait_for(staying, PATIENCE)


async def test_copies_are_logged_once_and_again_after_they_were_gone(
    slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack counts the connections in each hello; only that they come is news."""
    async with connecting(slack) as connection:
        for warnings in (1, 2):
            async with connecting(slack):
                for _ in range(2):
                    await renew(slack, connection)
                    await eventually(lambda: slack.connections == 2)
            await eventually(lambda: slack.connections == 1)
            await renew(slack, connection)

            # Of each pair, the one or the other may have seen both: they are in one process here.
            assert warnings <= caplog.text.count("copies of this bot") <= 2 * warnings


async def test_a_connection_counts_only_with_slacks_hello(
    slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One that opens and answers pings is none, also after one with a hello, and it is built anew."""
    calls: list[str] = []
    slack.welcome(hello=False)
    async with connecting(slack, patience=0.3, ready=lambda: calls.append("ready")) as connection:
        for opened in (0, 1):
            await eventually(lambda: "no hello from Slack on an open connection" in caplog.text)
            caplog.clear()
            assert (connection.connected, connection.opened, len(calls)) == (False, opened, opened)
            slack.welcome()
            await answers_again(slack, channel)
            await eventually(lambda: connection.connected)
            slack.welcome(hello=False)
            await slack.disconnect("refresh_requested")
            await eventually(lambda: not connection.connected)

        assert (connection.opened, connection.reconnects, calls) == (2, 1, ["ready"])


@pytest.mark.parametrize(
    ("end", "hello", "trouble"),
    [
        ("close", False, "Slack ends each connection at once"),
        ("too_many_websockets", False, "too many connections are open"),
        ("close", True, ""),
    ],
)
async def test_sent_away_at_once_it_waits_longer_and_longer(
    slack: SlackWorkspace, channel: str, caplog: Any, *, end: str, hello: bool, trouble: str
) -> None:
    """It does not come back without a pause, and logs what is wrong once, until Slack says hello."""
    caplog.set_level(logging.INFO)
    async with connecting(slack) as connection:
        slack.welcome(hello=hello, end=end)
        await slack.disconnect("refresh_requested")
        await eventually(lambda: slack.tried >= 4)
        await asyncio.sleep(0.7)
        tried = slack.tried, [call.method for call in slack.calls].count("apps.connections.open")
        lines = logged(caplog)
        slack.welcome()
        await answers_again(slack, channel)

        assert connection.connected
    assert max(tried) <= MOST_TRIES
    assert lines[0] == "the connection to Slack is lost: connecting again"
    if trouble:
        assert [trouble in line for line in lines] == [False, True]


async def test_a_normal_end_is_followed_by_no_pause(slack: SlackWorkspace, channel: str) -> None:
    """Slack replaces each connection after a while; one that only looks alive is replaced as well."""
    async with connecting(slack, first_pause=3600) as connection:
        for times, reason in enumerate(["warning", "refresh_requested"] * 2, start=2):
            await slack.disconnect(reason)
            await slack.connected(times)
            await asyncio.sleep(0.1)  # one look finds it
        await answers_again(slack, channel)
        assert connection.reconnects == 4

        await asyncio.to_thread(slack.freeze)
        await answers_again(slack, channel)


@pytest.mark.parametrize("trouble", ["dead line", "refused handshakes"])
async def test_the_end_leaves_no_task_behind(slack: SlackWorkspace, trouble: str) -> None:
    """It ends all that it began, also while connecting, and where nobody answers the goodbye."""
    before = asyncio.all_tasks()
    slack.refuse_handshakes = 99 if trouble == "refused handshakes" else 0
    task = asyncio.create_task(stay_connected(app_of(slack), APP_TOKEN, ready=lambda: None))
    await eventually(lambda: slack.connections == 1 or slack.refuse_handshakes == 98)
    slack.freeze()
    task.cancel()
    await asyncio.wait([task], timeout=5)  # aiohttp alone would wait for ten

    assert task.cancelled()
    assert [each for each in asyncio.all_tasks() - before if "connect" in repr(each.get_coro())] == []


def test_the_pauses_grow_up_to_the_longest() -> None:
    """Each is twice the one before, until a connection held for as long as the longest."""
    pauses = [0.0]
    for after in (29, 29, 29, 29, 29, 29, 29.9, 30, 29, 3600):
        pauses.append(next_pause(pauses[-1], after=after, first=1, longest=30))

    assert pauses[1:] == [1, 2, 4, 8, 16, 30, 30, 1, 2, 1]
