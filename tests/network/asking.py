"""Each kind of request that the bot sends, to a server that a test has: it may take ``limit`` seconds."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp

from bot.metastudio.iam_user import IamUser
from bot.metastudio.probe import clock_difference
from bot.network.sessions import client_session
from bot.slack.auth import signed_in
from bot.slack.clients import web_client, webhook_client
from tests.servers import client_at

Ask = Callable[[str, float], Awaitable[object]]


async def job(url: str, limit: float = 10) -> None:
    async with client_at(url, limit=limit) as client:
        await client.job("a-job")


async def page(url: str, limit: float = 10) -> None:
    async with client_at(url, limit=limit) as client:
        await client.recent_jobs()


async def iam(url: str, limit: float = 10) -> None:
    user = IamUser("me", "hush", "us", project_id="p", iam_endpoint=url, now=lambda: datetime.now(UTC))
    async with client_at("http://127.0.0.1:9", auth=user, limit=limit) as client:
        await client.job("a-job")


async def probe(url: str, limit: float = 10) -> None:
    await clock_difference(url, limit=limit)


def _session(limit: float) -> aiohttp.ClientSession:
    return client_session(timeout=aiohttp.ClientTimeout(total=limit))


async def web_api(url: str, limit: float = 10) -> None:
    async with _session(limit) as session:
        await signed_in(web_client(session, f"{url}/api"), "xoxb-1")


async def webhook(url: str, limit: float = 10) -> None:
    async with _session(limit) as session:
        await webhook_client(session, f"{url}/hook").send_dict({})


async def socket(url: str, limit: float = 10) -> None:
    async with _session(limit) as session:
        await session.ws_connect(f"{url}/link")
