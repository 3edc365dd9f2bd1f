"""The bot on a machine whose name server is silent: it serves, and ends when it is told to."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.support import PATIENCE
from tests.test_cli import environment, read_until

SERVER = "127.53.53.53"
ASKS = "nameserver {}\noptions timeout:30 attempts:5\n"
"""Two and a half minutes for a name, far more than the bot may take for its end."""
INSTEAD = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@pytest.fixture
def without_names(tmp_path: Path) -> Iterator[list[str]]:
    """Give the beginning of a command that is to run where no name is answered."""
    config = tmp_path / "resolv.conf"
    config.write_text(ASKS.format(SERVER))
    begin = ["unshare", "--mount", "sh", "-c", INSTEAD, str(config)]
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as server:
        try:
            server.bind((SERVER, 53))
            subprocess.run([*begin, "true"], check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root of a Linux may put a name server in place")
        yield begin


@asynccontextmanager
async def voicejob(begin: list[str], *arguments: str, **settings: str) -> AsyncIterator[Process]:
    """Start the command where no name is answered; it is killed at the end of the context."""
    program = (*begin, sys.executable, "-m", "bot", *arguments)
    process = await asyncio.create_subprocess_exec(
        *program, env=os.environ | settings, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_name_that_hangs(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, without_names: list[str]
) -> None:
    """MetaStudio's look-up is told as a time-out; Slack, by a name too, is served; SIGTERM is obeyed."""
    by_name = {
        "SLACK_API_URL": slack.api_url.replace("127.0.0.1", "localhost"),
        "METASTUDIO_ENDPOINT": "http://hanging.example",
    }
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, **by_name)
    async with voicejob(without_names, "run", **settings) as bot:
        log = await read_until(bot.stderr, "ready:")
        asked = [await slack.command("/voicejob", f"job-{number}", channel=channel) for number in range(9)]
        help_card = await (await slack.command("/voicejob", "help", channel=channel)).message()
        late = [(await each.message()).text for each in asked]
        bot.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await bot.communicate()

    assert "voicejob" in help_card.text
    assert all("MetaStudio took too long" in text for text in late)
    assert (bot.returncode, "Traceback" in log) == (0, False)


async def test_a_check(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, without_names: list[str]
) -> None:
    """It tells which names hang, and ends with 1 while their look-ups still go on."""
    hanging = {
        "SLACK_API_URL": "http://slack.hanging.example/api",
        "METASTUDIO_ENDPOINT": "http://hanging.example",
        "VOICEJOB_HOST": "here.hanging.example",
    }
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN) | hanging
    async with voicejob(without_names, "check", "--json", **settings) as checking:
        async with asyncio.timeout(PATIENCE):
            out, err = await checking.communicate()

    failed = [item["name"] for item in json.loads(out)["items"] if item["ok"] is False]
    assert failed == ["Slack bot token", "Slack app token", "MetaStudio address", "listening"]
    assert (checking.returncode, err) == (1, b"")
