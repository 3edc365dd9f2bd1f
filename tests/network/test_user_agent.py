"""The name under which the bot asks, wherever it asks."""

import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version

import aiohttp
import pytest

from bot.errors import VoiceJobError
from bot.network.sessions import client_session
from bot.process import version as program_version
from tests.network import asking
from tests.servers import Scripted, Tunnel, raw_answer

OURS = f"voicejob/{version('voicejob')}"


async def test_it_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request, to a proxy too, has our name and version, and no library's."""
    server, tunnel = Scripted(raw_answer("400 Bad Request", b"{}")), Tunnel()
    async with server.running() as url, tunnel.running() as proxy, client_session() as session:
        for ask in (asking.job, asking.web_api, asking.webhook, asking.socket):
            with suppress(VoiceJobError, aiohttp.ClientError):
                await ask(url)
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with suppress(aiohttp.ClientError):
            await session.get("https://127.0.0.1:9/")

    assert f"User-Agent: {OURS}\r\n" in tunnel.heads[0]
    assert len(server.heads) == 4
    for head in map(str.lower, server.heads):
        assert f"\r\nuser-agent: {OURS}" in head
        assert head.count("user-agent:") == head.count("accept-encoding: gzip, deflate") == 1
        assert "httpx" not in head


def test_without_the_packages_metadata() -> None:
    """Run from its files alone, the bot has a name without a version."""
    program = f"import runpy; print(runpy.run_path({program_version.__file__!r})['USER_AGENT'])"
    printed = subprocess.check_output([sys.executable, "-ISc", program], text=True)  # noqa: S603

    assert printed == "voicejob/unknown\n"
