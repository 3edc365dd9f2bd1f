"""Slack's verdict on the bot's tokens: asked at the start, and again when a connection does not come back."""

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
"""What an error code of Slack's looks like."""


async def signed_in(client: AsyncWebClient, token: str) -> AsyncSlackResponse:
    """Ask whose bot token this is (``auth.test``). Raises SlackRefused or SlackUnreachable."""
    return await _verdict(client, "SLACK_BOT_TOKEN", client.auth_test(token=token))


async def may_connect(client: AsyncWebClient, app_token: str) -> AsyncSlackResponse:
    """Ask for an address to connect to by Socket Mode. Raises SlackRefused or SlackUnreachable."""
    return await _verdict(client, "SLACK_APP_TOKEN", client.apps_connections_open(app_token=app_token))


async def _verdict(
    client: AsyncWebClient, key: str, answer: Awaitable[AsyncSlackResponse]
) -> AsyncSlackResponse:
    try:
        return await answer
    except SlackApiError as error:
        code = _error_code(error)
        if code in BUSY or code == NO_JSON:
            variant = "busy" if code in BUSY else "other"
            raise SlackUnreachable(variant, url=client.base_url, reason=code) from None
        raise SlackRefused(key=key, error=code, page=PAGES[key]) from None
    # Besides its own errors and aiohttp's, slack_sdk lets out what it stumbles over in an odd answer.
    except Exception as error:
        fault, reason = Unquoted(certificate_fault(error)), type(error).__name__
        variant = "certificate" if fault else ""
        raise SlackUnreachable(variant, url=client.base_url, reason=reason, fault=fault) from error


def _error_code(error: SlackApiError) -> str:
    """Find Slack's error code. Where the answer was no object, slack_sdk keeps something else, or nothing."""
    return code_in(getattr(error.response, "data", None))


def code_in(answer: object) -> str:
    """Find the error code in an answer, or NO_JSON: what looks like no code is another's text, or worse."""
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else NO_JSON
