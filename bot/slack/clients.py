"""slack_sdk's clients, on sessions of ours: these choose the proxy, and slack_sdk's choice is undone."""

from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.process.version import USER_AGENT


def web_client(session: aiohttp.ClientSession, base_url: str, **given: Any) -> AsyncWebClient:
    """Make a client of Slack's Web API; ``given`` is for slack_sdk."""
    client = AsyncWebClient(base_url=base_url, session=session, user_agent_prefix=USER_AGENT, **given)
    client.proxy = None
    return client


def webhook_client(session: aiohttp.ClientSession, url: str) -> AsyncWebhookClient:
    """Make a client that posts to one address of Slack's. It never sends again by itself."""
    client = AsyncWebhookClient(url, session=session, retry_handlers=[], user_agent_prefix=USER_AGENT)
    client.proxy = None
    return client
