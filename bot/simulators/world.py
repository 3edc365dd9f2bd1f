"""A Slack workspace, a MetaStudio, and the unchanged bot between them, all in this process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot import app
from bot.config import Settings
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.process.environment import OF_THE_NETWORK
from bot.simulators.metastudio.account import ACCESS_KEY, SECRET_KEY
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace


class GivenSettings(Settings):
    """The bot's settings, from what is passed in and from nothing else: no environment, no ``.env``.

    The pause between two checks may be any.
    """

    voicejob_poll_seconds: float = 0.2

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic-settings calls with all of these
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave one source: the arguments."""
        return (init_settings,)


def settings_for(slack: SlackWorkspace, metastudio: MetaStudioSimulator, **changes: Any) -> Settings:
    """Make the settings with which the bot meets the two stand-ins, in Socket Mode, but for ``changes``."""
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
async def running(settings: Settings, *, rates: RateLimits = RATE_LIMITS) -> AsyncIterator[str]:
    """Run the bot while the context lasts; gives what it said once it was ready. Raises what it raises."""
    go_without_proxy()
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    bot = asyncio.create_task(app.run(settings, stop=stop, ready=ready.set_result, rates=rates))
    first: list[asyncio.Future[Any]] = [bot, ready]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    try:
        if ready.done():
            yield ready.result()
    finally:
        stop.set()
        await bot


def go_without_proxy() -> None:
    """Keep the way to loopback direct, and read no certificates but the system's."""
    for name in filter(OF_THE_NETWORK.fullmatch, list(os.environ)):
        del os.environ[name]
