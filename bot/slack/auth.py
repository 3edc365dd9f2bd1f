"""Verification of the bot's tokens, at the start and when a connection is lost for long."""

import re
from collections.abc import Awaitable
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.slack_errors import BUSY
from bot.errors import SlackRefused, SlackUnreachable, Unquoted
from bot.network.trust import certificate_fault

PAGES: Final = {
    "SLACK_BOT_TOKEN": "OAuth & Permissions",
    "SLACK_APP_TOKEN": "Basic Information, App-Level Tokens",
}
"""The page of an app at Slack, in Slack's own words, that shows the token of a setting."""
NO_JSON: Final = "no answer in JSON"
_CODE: Final = re.compile(r"\w{1,80}", re.ASCII)
"""The syntax of Slack's error codes; anything else may be text that must not be logged."""


async def signed_in(client: AsyncWebClient, token: str) -> AsyncSlackResponse:
    """Verify the bot token; return ``auth.test``'s response. Raises SlackRefused or SlackUnreachable."""
    return await _accepted(client, "SLACK_BOT_TOKEN", client.auth_test(token=token))


async def may_connect(client: AsyncWebClient, app_token: str) -> AsyncSlackResponse:
    """Verify the app-level token with ``apps.connections.open``. Raises like ``signed_in``."""
    return await _accepted(client, "SLACK_APP_TOKEN", client.apps_connections_open(app_token=app_token))


async def _accepted(
    client: AsyncWebClient, setting: str, call: Awaitable[AsyncSlackResponse]
) -> AsyncSlackResponse:
    """Return the response to a call with the token of a setting. Raises SlackRefused or SlackUnreachable."""
    try:
        return await call
    except SlackApiError as error:
        # Where the response was no object, slack_sdk keeps something else, or nothing.
        code = code_in(getattr(error.response, "data", None))
        if code in BUSY or code == NO_JSON:
            variant = "busy" if code in BUSY else "other"
            raise SlackUnreachable(variant, url=client.base_url, reason=code) from None
        raise SlackRefused(key=setting, error=code, page=PAGES[setting]) from None
    # Besides its own errors and aiohttp's, slack_sdk raises what it fails on in a malformed response.
    except Exception as error:
        fault, reason = Unquoted(certificate_fault(error)), type(error).__name__
        variant = "certificate" if fault else ""
        raise SlackUnreachable(variant, url=client.base_url, reason=reason, fault=fault) from error


def code_in(data: object) -> str:
    """Return the error code in the data of a response, or NO_JSON."""
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else NO_JSON
