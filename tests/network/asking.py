"""Each kind of request that the bot sends, to a server that a test has."""

from collections.abc import Awaitable, Callable

from bot.metastudio.iam_user import IamUser
from bot.network.sessions import client_session
from bot.slack.auth import signed_in
from bot.slack.clients import web_client, webhook_client
from tests.servers import client_at

Ask = Callable[[str], Awaitable[object]]


async def job(url: str) -> None:
    async with client_at(url) as client:
        await client.job("a-job")


async def page(url: str) -> None:
    async with client_at(url) as client:
        await client.recent_jobs()


async def iam(url: str) -> None:
    user = IamUser("me", "hush", "us", project_id="p", iam_endpoint=url)
    async with client_at("http://127.0.0.1:9", auth=user) as client:
        await client.job("a-job")


async def web_api(url: str) -> None:
    async with client_session() as session:
        await signed_in(web_client(session, f"{url}/api"), "xoxb-1")


async def webhook(url: str) -> None:
    async with client_session() as session:
        await webhook_client(session, f"{url}/hook").send_dict({})


async def socket(url: str) -> None:
    async with client_session() as session:
        await session.ws_connect(f"{url}/link")
