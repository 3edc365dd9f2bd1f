"""Socket Mode: whatever happens to the connection, commands are answered again."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.errors import SlackRefused
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, Fault, SlackWorkspace
from bot.slack import socket_mode
from bot.slack.socket_mode import Connection, next_pause
from tests.support import PATIENCE, eventually

SOME_TRIES = 4
MOST_TRIES = 30
"""Connections within a second or so of being sent away, with pauses that grow from 0.05 seconds: more than
there are, fewer than with pauses that don't grow, and far fewer than with none."""


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
    slack: SlackWorkspace,
    *,
    patience: float = 60,
    first_pause: float = 0.05,
    ready: Callable[[], None] = lambda: None,
) -> AsyncIterator[Connection]:
    """Let a small Bolt app connect, with an eye on the connection that is quick enough for a test."""
    connection = Connection()
    task = asyncio.create_task(
        socket_mode.stay_connected(
            app_of(slack),
            APP_TOKEN,
            ready=ready,
            connection=connection,
            patience=patience,
            check_every=0.05,
            ping_every=0.2,
            first_pause=first_pause,
        )
    )
    try:
        yield connection
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


@asynccontextmanager
async def connected(
    slack: SlackWorkspace, *, patience: float = 60, first_pause: float = 0.05
) -> AsyncIterator[Connection]:
    """Keep a small Bolt app connected."""
    async with connecting(slack, patience=patience, first_pause=first_pause) as connection:
        await slack.connected()
        yield connection


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what the log says of the connection."""
    return [record.getMessage() for record in caplog.records if record.name == "bot.slack.socket_mode"]


def opens(slack: SlackWorkspace) -> int:
    """Count how often the bot asked for an address."""
    return [call.method for call in slack.calls].count("apps.connections.open")


async def answers_again(slack: SlackWorkspace, channel: str) -> None:
    """Wait until a command is answered: Slack does not repeat one that came between two connections."""
    async with asyncio.timeout(PATIENCE):
        while not (await slack.command("/voicejob", channel=channel)).ack_message:  # noqa: ASYNC110  no event
            await asyncio.sleep(0.05)


class TestSocketMode:
    """Whatever happens to a connection, commands are answered again without a restart."""

    @pytest.fixture
    async def slack(self) -> AsyncIterator[SlackWorkspace]:
        """Give a workspace that is short of patience, since commands fail here on purpose."""
        async with SlackWorkspace(ack_timeout=0.3) as workspace:
            yield workspace
        assert workspace.violations == []

    @pytest.mark.parametrize(
        "end",
        [
            lambda slack: slack.disconnect("warning"),
            lambda slack: slack.disconnect("refresh_requested"),
            lambda slack: slack.disconnect("too_many_websockets"),
            lambda slack: slack.disconnect("link_disabled"),
            lambda slack: asyncio.to_thread(slack.cut),
            lambda slack: asyncio.to_thread(slack.freeze),
        ],
        ids=["warning", "refresh", "too many", "link disabled", "cut", "frozen"],
    )
    async def test_a_connection_that_ends_is_replaced(
        self, slack: SlackWorkspace, channel: str, end: Callable[[SlackWorkspace], asyncio.Future[None]]
    ) -> None:
        """Slack's own ends, a cut line, and a line that only looks alive are all mended."""
        async with connected(slack):
            await end(slack)
            await answers_again(slack, channel)

    async def test_a_used_up_address_is_given_up(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """slack_sdk would try one address for ever: after a while everything is built anew."""
        async with connected(slack, patience=0.5):
            slack.refuse_handshakes = 2
            slack.cut()
            await eventually(lambda: slack.refuse_handshakes == 0)
            slack.expire_tickets()
            await answers_again(slack, channel)

        assert "so everything is built anew" in caplog.text

    async def test_the_edges_are_logged_once_and_no_secret_with_them(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A loss and a recovery are one line each, without tracebacks, tickets and tokens."""
        caplog.set_level(logging.INFO)
        async with connected(slack):
            slack.refuse_handshakes = 5
            slack.cut()
            await answers_again(slack, channel)

        assert told(caplog) == [
            "the connection to Slack is lost: connecting again",
            "trouble with Socket Mode: WSServerHandshakeError",
            "connected to Slack again",
        ]
        for secret in ("ticket", APP_TOKEN, "Traceback"):
            assert secret not in caplog.text

    async def test_another_copy_is_noticed(
        self, slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Two copies with one token are an accident, and the log says so."""
        async with connected(slack), connected(slack):
            await slack.connected(2)
            await eventually(lambda: "2 copies of this bot are connected to Slack" in caplog.text)

    async def test_a_start_that_gets_no_connection_says_why(
        self, slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Handshakes that are refused from the beginning are told once, by their kind."""
        slack.refuse_handshakes = 4
        async with connected(slack):
            pass

        assert caplog.text.count("trouble with Socket Mode: WSServerHandshakeError") == 1

    async def test_a_token_that_slack_takes_back_ends_it(self, slack: SlackWorkspace) -> None:
        """When a connection does not come back, Slack is asked for the token once more."""
        slack.fail("apps.connections.open", error="invalid_auth", times=99)

        with pytest.raises(SlackRefused, match="SLACK_APP_TOKEN"):
            async with asyncio.timeout(PATIENCE):
                await socket_mode.stay_connected(
                    app_of(slack), APP_TOKEN, ready=lambda: None, patience=0.2, check_every=0.05
                )

    async def test_a_dead_line_does_not_hold_up_the_end(self, slack: SlackWorkspace) -> None:
        """Where nobody answers the goodbye, the bot ends without it."""
        task = asyncio.create_task(socket_mode.stay_connected(app_of(slack), APP_TOKEN, ready=lambda: None))
        await slack.connected()
        slack.freeze()
        task.cancel()

        async with asyncio.timeout(5):
            await asyncio.wait([task])
        assert task.cancelled()

    async def test_it_leaves_no_task_behind(self, slack: SlackWorkspace) -> None:
        """Cancelled in the middle of connecting, it ends everything that it began."""
        slack.refuse_handshakes = 99
        before = asyncio.all_tasks()
        task = asyncio.create_task(socket_mode.stay_connected(app_of(slack), APP_TOKEN, ready=lambda: None))
        await eventually(lambda: slack.refuse_handshakes < 99)
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([task])

        mine = [each for each in asyncio.all_tasks() - before if "connect" in repr(each.get_coro())]
        assert mine == []

    async def test_copies_are_told_once_and_again_after_they_were_gone(
        self, slack: SlackWorkspace, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each connection counts the copies; only that they come is news."""
        async with connected(slack) as connection:
            async with connected(slack):
                for _ in range(2):
                    await slack.disconnect("refresh_requested")
                    await eventually(lambda: slack.connections == 2)
            warnings = caplog.text.count("copies of this bot")
            await eventually(lambda: slack.connections == 1)
            opened = connection.opened
            await slack.disconnect("refresh_requested")
            await eventually(lambda: connection.opened > opened)
            async with connected(slack):
                await slack.disconnect("refresh_requested")
                await eventually(lambda: slack.connections == 2)

        assert 1 <= warnings <= 2  # one of each copy: they are in one process here
        assert warnings < caplog.text.count("copies of this bot") <= warnings + 2

    async def test_whoever_asks_is_told_how_the_connection_is(
        self, slack: SlackWorkspace, channel: str
    ) -> None:
        """Whether there is one now, and how many there were."""
        async with connected(slack) as connection:
            await eventually(lambda: connection.connected)
            assert (connection.opened, connection.reconnects) == (1, 0)
            slack.refuse_handshakes = 99
            slack.cut()
            await eventually(lambda: not connection.connected)
            slack.refuse_handshakes = 0
            await answers_again(slack, channel)
            await eventually(lambda: connection.connected)

            assert (connection.opened, connection.reconnects) == (2, 1)

    async def test_socket_mode_that_was_switched_off_is_told(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The log says what a person can do."""
        async with connected(slack):
            await slack.disconnect("link_disabled")
            await answers_again(slack, channel)

        assert caplog.text.count("Socket Mode was switched off at Slack") == 1

    async def test_a_connection_counts_only_with_slacks_hello(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One that opens and answers pings is none: it is not told as one, and it is built anew."""
        caplog.set_level(logging.INFO)
        slack.welcome(hello=False)
        calls: list[str] = []
        async with connecting(slack, patience=0.5, ready=lambda: calls.append("ready")) as connection:
            await eventually(lambda: slack.tried >= 3)
            assert (connection.connected, connection.opened, calls) == (False, 0, [])
            slack.welcome()
            await answers_again(slack, channel)
            await eventually(lambda: connection.connected)

            assert (connection.opened, connection.reconnects, calls) == (1, 0, ["ready"])
        assert caplog.text.count("no hello from Slack on an open connection") == 1

    async def test_a_replaced_connection_needs_a_hello_too(self, slack: SlackWorkspace, channel: str) -> None:
        """The hello of the connection before does not count for the next one."""
        async with connected(slack, patience=0.5) as connection:
            await eventually(lambda: connection.connected)
            slack.welcome(hello=False)
            await slack.disconnect("refresh_requested")
            await eventually(lambda: not connection.connected)
            tried = slack.tried
            await eventually(lambda: slack.tried > tried)
            slack.welcome()
            await answers_again(slack, channel)

            assert (connection.opened, connection.reconnects) == (2, 1)

    @pytest.mark.parametrize(
        ("end", "trouble"),
        [
            ("close", "Slack ends each connection at once"),
            ("refresh_requested", "Slack ends each connection at once"),
            ("too_many_websockets", "too many connections are open"),
            ("link_disabled", "Socket Mode was switched off"),
        ],
    )
    async def test_sent_away_before_the_hello_it_waits_longer_and_longer(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture, end: str, trouble: str
    ) -> None:
        """It does not knock without a pause, and says what is wrong once, until Slack says hello."""
        caplog.set_level(logging.INFO)
        async with connected(slack) as connection:
            slack.welcome(hello=False, end=end)
            await slack.disconnect("refresh_requested")
            await eventually(lambda: slack.tried >= SOME_TRIES)
            await asyncio.sleep(0.7)
            tried, asked = slack.tried, opens(slack)
            assert not connection.connected
            slack.welcome()
            await answers_again(slack, channel)

            assert (connection.opened, connection.reconnects) == (2, 1)
        assert max(tried, asked) <= MOST_TRIES
        lines = told(caplog)
        assert len(lines) == 3
        assert "is lost" in lines[0]
        assert trouble in lines[1]
        assert lines[2] == "connected to Slack again"

    @pytest.mark.parametrize("end", ["close", "warning", "refresh_requested", "too_many_websockets"])
    async def test_sent_away_right_after_the_hello_it_waits_too(
        self, slack: SlackWorkspace, channel: str, end: str
    ) -> None:
        """A hello alone is no reason to come back at once, again and again."""
        async with connected(slack):
            slack.welcome(end=end)
            await slack.disconnect("refresh_requested")
            await eventually(lambda: slack.tried >= SOME_TRIES)
            await asyncio.sleep(0.7)
            tried = slack.tried
            slack.welcome()
            await answers_again(slack, channel)

        assert tried <= MOST_TRIES

    @pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
    async def test_a_normal_end_is_followed_by_no_pause(
        self, slack: SlackWorkspace, channel: str, reason: str
    ) -> None:
        """Slack wants each connection replaced after a while, and that is done at once each time."""
        async with connected(slack, first_pause=3600) as connection:
            for times in (2, 3, 4, 5):
                await slack.disconnect(reason)
                await slack.connected(times)
                await asyncio.sleep(0.1)  # one look finds it
            await answers_again(slack, channel)

            assert connection.reconnects == 4

    @pytest.mark.parametrize("seed", [1, 2])
    async def test_after_a_storm_commands_are_answered_again(
        self, slack: SlackWorkspace, channel: str, caplog: pytest.LogCaptureFixture, seed: int
    ) -> None:
        """Whatever happened to the connection for a while, the same process serves again, and says little."""
        async with connected(slack, patience=1) as connection:
            await Storm(slack, seed).rage(7)
            await answers_again(slack, channel)
            await eventually(lambda: connection.connected and slack.connections == 1)

        assert connection.reconnects > 0
        lines = told(caplog)
        losses = sum("is lost" in line for line in lines)
        assert all(lines.count(line) <= losses + 1 for line in lines)
        assert "Traceback" not in caplog.text


def test_the_pauses_grow_up_to_the_longest() -> None:
    """Each is twice the one before."""
    pauses = [0.0]
    for _ in range(7):
        pauses.append(next_pause(pauses[-1], after=29, first=1, longest=30))

    assert pauses[1:] == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(("after", "pause"), [(29.9, 16), (30, 1), (3600, 1)])
def test_the_pauses_begin_again_after_a_good_while(after: float, pause: float) -> None:
    """A connection that held for a while makes the next trouble a new one."""
    assert next_pause(8, after=after, first=1, longest=30) == pause


class Storm:
    """All that can happen to a connection, at random, and as often as a seed says."""

    def __init__(self, slack: SlackWorkspace, seed: int) -> None:
        self._slack = slack
        self._chance = random.Random(seed)  # noqa: S311  no secret: a seed

    async def rage(self, seconds: float) -> None:
        """Let one thing after the other happen, for so long."""
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            await self._something()
            await asyncio.sleep(self._chance.uniform(0, 0.3))
        self._slack.refuse_handshakes = 0
        self._slack.welcome()
        self._slack.heal("apps.connections.open")

    async def _something(self) -> None:
        slack, chance = self._slack, self._chance
        faults: list[Fault] = [
            {"status": 503},
            {"drop": True},
            {"error": "internal_error"},
            {"delay": 0.2},
            {"body": "<html>"},
        ]
        reasons = ["warning", "refresh_requested", "too_many_websockets", "link_disabled"]
        slack.welcome()
        match chance.choice(
            ["cut", "freeze", "expire", "refuse", "open", "welcome", "disconnect", "disconnect"]
        ):
            case "cut":
                slack.cut()
            case "freeze":
                slack.freeze()
            case "expire":
                slack.expire_tickets()
            case "refuse":
                slack.refuse_handshakes += chance.randint(1, 4)
            case "open":
                slack.fail("apps.connections.open", times=chance.randint(1, 4), **chance.choice(faults))
            case "welcome":
                slack.welcome(hello=chance.random() < 0.7, end=chance.choice([None, None, "close", *reasons]))
            case _:
                await slack.disconnect(chance.choice(reasons))
