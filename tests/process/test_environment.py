"""What stands in the environment for other programs: which of it goes before a command begins."""

import re
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.process.environment import harmful
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.support import started
from tests.test_cli import ended_by, environment, read_until


@pytest.mark.parametrize(
    ("name", "value", "command", "goes"),
    [
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere", "run", True),
        ("prometheus_multiproc_dir", "/nowhere", "check", True),
        ("_VOICEJOB_COMPLETE", "x", "manifest", True),
        ("TERMINAL_WIDTH", "wide", "--help", True),
        ("COLUMNS", "-3", "show", True),
        ("COLUMNS", "120", "check", False),
        ("https_proxy", "http://proxy:1", "demo", True),
        ("SLACK_BOT_TOKEN", "x", "demo", True),
        ("SSLKEYLOGFILE", "/nowhere/keys", "demo", True),
        ("SSL_CERT_FILE", "/nowhere", "check", False),
        ("HOME", "/home/me", "demo", False),
        ("COLUMNS", "", "", True),
    ],
)
def test_what_goes(name: str, value: str, command: str, goes: bool) -> None:  # noqa: FBT001
    """What no command can use; in the demo, also what leads away from this machine."""
    arguments = [command, "--once"] if command else []
    assert harmful({name: value, "PATH": "/bin"}, arguments) == ([name] if goes else [])


async def test_a_bot_beside_other_programs_of_prometheus(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
) -> None:
    """It starts, has its own metrics, leaves no file in their folder, and needs no size of a terminal."""
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, VOICEJOB_STORE="kept")
    settings |= {"PROMETHEUS_MULTIPROC_DIR": ".", "TERMINAL_WIDTH": "x", "COLUMNS": "0"}
    async with started("run", settings=settings) as process:
        found = re.search(r"metrics at (http\S+)", await read_until(process.stderr, "ready:"))
        assert found is not None
        async with aiohttp.ClientSession() as session, session.get(f"{found[1]}/metrics") as answer:
            text = await answer.text()
        await ended_by(process, signal.SIGTERM)

    assert "voicejob_ready 1.0" in text
    assert "process_resident_memory_bytes" in text
    assert list(tmp_path.glob("*.db")) == []  # noqa: ASYNC240  nothing else waits meanwhile
