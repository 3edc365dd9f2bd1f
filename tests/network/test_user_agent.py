"""The name under which the bot asks, wherever it asks."""

import asyncio
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
from tests.network.asking import Ask
from tests.servers import Tunnel, listening, raw_answer

OURS = f"voicejob/{version('voicejob')}"


@pytest.mark.parametrize(
    "ask", [asking.job, asking.iam, asking.probe, asking.web_api, asking.webhook, asking.socket]
)
async def test_it_is_ours(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request, to a proxy too, has our name and version, and no library's."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(raw_answer("400 Bad Request", b"{}"))

    tunnel = Tunnel()
    async with listening(serve) as url, tunnel.running() as proxy, client_session() as session:
        with suppress(VoiceJobError, aiohttp.ClientError):
            await ask(url, 10)
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with suppress(aiohttp.ClientError):
            await session.get("https://127.0.0.1:9/")

    assert f"User-Agent: {OURS}\r\n" in tunnel.heads[0]
    assert heads
    for head in heads:
        assert f"\r\nuser-agent: {OURS}" in head
        assert head.count("user-agent:") == head.count("accept-encoding: gzip, deflate") == 1
        assert "httpx" not in head


def test_without_the_packages_metadata() -> None:
    """Run from its files alone, the bot has a name without a version."""
    program = f"import runpy; print(runpy.run_path({program_version.__file__!r})['USER_AGENT'])"
    printed = subprocess.check_output([sys.executable, "-ISc", program], text=True)  # noqa: S603

    assert printed == "voicejob/unknown\n"
