"""The bot on a machine whose name server is silent: it serves, and ends when it is told to."""

import asyncio
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.support import PATIENCE, started
from tests.test_cli import ended_by, environment, read_until

SERVER = "127.53.53.53"
ASKS = f"nameserver {SERVER}\noptions timeout:30 attempts:5\n"
"""Two and a half minutes for a name, far more than the bot may take for its end."""
INSTEAD = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@pytest.fixture
def without_names(tmp_path: Path) -> Iterator[list[str]]:
    """Yield the beginning of a command that is to run where no name is answered."""
    (config := tmp_path / "resolv.conf").write_text(ASKS)
    begin = ["unshare", "--mount", "sh", "-c", INSTEAD, str(config)]
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as server:
        try:
            server.bind((SERVER, 53))
            subprocess.run([*begin, "true"], check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root of a Linux may put a name server in place")
        yield begin


async def test_names_that_hang(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, without_names: list[str]
) -> None:
    """A bot serves Slack and obeys SIGTERM, and a check names them and ends while look-ups still go on."""
    usual = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)
    usual |= {"METASTUDIO_ENDPOINT": "http://hanging.example"}
    by_name = {"SLACK_API_URL": slack.api_url.replace("127.0.0.1", "localhost")}
    nowhere = {"SLACK_API_URL": "http://slack.hanging.example/api", "VOICEJOB_HOST": "here.hanging.example"}
    async with (
        started("check", "--json", settings=usual | nowhere, before=without_names) as checking,
        started("run", settings=usual | by_name, before=without_names) as bot,
    ):
        log = await read_until(bot.stderr, "ready:")
        asked = [await slack.command("/voicejob", f"job-{number}", channel=channel) for number in range(9)]
        assert (
            "voicejob" in (await (await slack.command("/voicejob", "help", channel=channel)).message()).text
        )
        late = [(await each.message()).text for each in asked]
        await ended_by(bot, signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            out, err = await checking.communicate()

    assert all("MetaStudio took too long" in text for text in late)
    assert (bot.returncode, "Traceback" in log) == (0, False)
    failed = [item["name"] for item in json.loads(out)["items"] if item["ok"] is False]
    assert failed == ["Slack bot token", "Slack app token", "MetaStudio address", "listening"]
    assert (checking.returncode, err) == (1, b"")
