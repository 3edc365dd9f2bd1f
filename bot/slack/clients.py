"""slack_sdk's clients, on sessions of ours, which choose the proxy in place of slack_sdk."""

from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.process.version import USER_AGENT


def web_client(session: aiohttp.ClientSession, base_url: str, **given: Any) -> AsyncWebClient:
    """Return a client of Slack's Web API; ``given`` is passed on to slack_sdk."""
    client = AsyncWebClient(base_url=base_url, session=session, user_agent_prefix=USER_AGENT, **given)
    client.proxy = None
    return client


def webhook_client(session: aiohttp.ClientSession, url: str) -> AsyncWebhookClient:
    """Return a client that posts to one URL of Slack's. It never retries by itself."""
    client = AsyncWebhookClient(url, session=session, retry_handlers=[], user_agent_prefix=USER_AGENT)
    client.proxy = None
    return client
