"""The name under which the bot asks, wherever it asks."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackClientError

from bot.errors import MetaStudioError
from bot.metastudio.iam_user import IamUser
from bot.metastudio.probe import clock_difference
from bot.network.sessions import client_session
from bot.process import version as program_version
from bot.slack.clients import web_client, webhook_client
from tests.servers import Tunnel, client_at, listening, raw_answer

OURS = f"voicejob/{version('voicejob')}"


async def metastudio(url: str) -> None:
    async with client_at(url) as client:
        await client.job("a-job")


async def iam(url: str) -> None:
    user = IamUser("me", "hush", "us", project_id="p", iam_endpoint=url, now=lambda: datetime.now(UTC))
    async with client_at("http://127.0.0.1:9", auth=user) as client:
        await client.job("a-job")


async def probe(url: str) -> None:
    await clock_difference(url)


async def web_api(url: str) -> None:
    async with client_session() as session:
        await web_client(session, url).auth_test(token="xoxb-1")


async def answers(url: str) -> None:
    async with client_session() as session:
        await webhook_client(session, url).send_dict({})


async def socket_mode(url: str) -> None:
    async with client_session() as session:
        await session.ws_connect(url)


@pytest.mark.parametrize("ask", [metastudio, iam, probe, web_api, answers, socket_mode])
async def test_it_is_ours(ask: Callable[[str], Awaitable[None]]) -> None:
    """Every request begins with our name and version; no library's name stands alone."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(raw_answer("400 Bad Request", b"{}"))

    async with listening(serve) as url:
        with suppress(MetaStudioError, SlackClientError, aiohttp.ClientError):
            await ask(url)

    assert heads
    for head in heads:
        assert f"\r\nuser-agent: {OURS}" in head
        assert head.count("user-agent:") == head.count("accept-encoding: gzip, deflate") == 1
        assert "httpx" not in head


async def test_a_proxy_hears_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the request for a tunnel."""
    tunnel = Tunnel()
    async with tunnel.running() as proxy, client_session() as session:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with suppress(aiohttp.ClientError):
            await session.get("https://127.0.0.1:9/")

    assert f"User-Agent: {OURS}\r\n" in tunnel.heads[0]


def test_without_the_packages_metadata() -> None:
    """Run from its files alone, the bot has a name without a version."""
    file = Path(program_version.__file__)
    program = f"import runpy; print(runpy.run_path({str(file)!r})['USER_AGENT'])"
    printed = subprocess.run([sys.executable, "-ISc", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert printed.stdout == "voicejob/unknown\n"
