"""The unchanged bot, run in this process between the two simulators."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot import app
from bot.config import Settings
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.process.clock import Clock
from bot.process.environment import OF_THE_NETWORK
from bot.simulators.metastudio.account import ACCESS_KEY, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace


class GivenSettings(Settings):
    """The bot's settings, in which ``voicejob_poll_seconds`` has no lower limit."""

    voicejob_poll_seconds: float = 0.2


def settings_for(slack: SlackWorkspace, metastudio: MetaStudioSimulator, **changes: Any) -> Settings:
    """Return the settings of a bot between the two simulators, in Socket Mode, with these ``changes``."""
    settings: dict[str, Any] = {
        "slack_bot_token": BOT_TOKEN,
        "slack_app_token": APP_TOKEN,
        "slack_api_url": slack.api_url,
        "metastudio_endpoint": metastudio.url,
        "huaweicloud_sdk_iam_endpoint": metastudio.url,
        "huaweicloud_sdk_project_id": metastudio.project_id,
        "huaweicloud_sdk_ak": ACCESS_KEY,
        "huaweicloud_sdk_sk": SECRET_KEY,
        "voicejob_host": "127.0.0.1",
        "port": 0,
    }
    return GivenSettings(**(settings | changes))


@asynccontextmanager
async def running(
    settings: Settings, *, rates: RateLimits = RATE_LIMITS, clock: Clock | None = None
) -> AsyncIterator[str]:
    """Run the bot inside the context, which gives what it reports once it is ready. Raises what it raises."""
    go_without_proxy()
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    bot = asyncio.create_task(app.run(settings, stop=stop, ready=ready.set_result, rates=rates, clock=clock))
    ready_or_ended: list[asyncio.Future[Any]] = [bot, ready]
    await asyncio.wait(ready_or_ended, return_when=asyncio.FIRST_COMPLETED)
    try:
        if ready.done():
            yield ready.result()
    finally:
        stop.set()
        await bot


def go_without_proxy() -> None:
    """Unset the variables for proxies and certificates: loopback is reached directly."""
    for name in filter(OF_THE_NETWORK.fullmatch, list(os.environ)):
        del os.environ[name]
