"""Trying Slack: the bot token, its scopes and App Home, the app-level token, a connection by Socket Mode."""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.checks.item import Item, fails, untried, works
from bot.config import Settings, revealed
from bot.errors import SlackError, SlackRefused
from bot.messages.blocks import Message
from bot.messages.operator import sentence
from bot.messages.views import home_view
from bot.network.sessions import client_session
from bot.network.trust import certificate_fault
from bot.slack.auth import code_in, may_connect, signed_in
from bot.slack.clients import web_client
from bot.slack.manifest import OPTIONAL_SCOPES, SCOPES

BOT_TOKEN: Final = "Slack bot token"  # noqa: S105  a name
GRANTED: Final = "Slack scopes"
APP_TOKEN: Final = "Slack app token"  # noqa: S105  a name
SOCKET_MODE: Final = "Socket Mode"
SIGNING_SECRET: Final = "Slack signing secret"  # noqa: S105  a name

USES: Final = {"users:read": "the bot can answer each person in their own Slack language"}
"""What an optional scope adds."""

TIMEOUT: Final = aiohttp.ClientTimeout(total=6)
HELLO_SECONDS: Final = 6.0
"""How long opening a WebSocket may take, up to Slack's hello."""
CLOSE_SECONDS: Final = 1.0
"""How long closing it may take."""
APP_PAGE: Final = "your app's page at api.slack.com/apps"
ADD_SCOPE: Final = f"under OAuth & Permissions on {APP_PAGE}, and install the app again"
OLD_MANIFEST: Final = (
    "the app was made of an earlier manifest, without the App Home and the message shortcut. To add them, "
    f"paste what `voicejob manifest` prints under App Manifest on {APP_PAGE}; no new permission is needed"
)
SMALL_HOME: Final = home_view(Message("VoiceJob", []))
NO_CONNECTIONS_WRITE: Final = (
    "SLACK_APP_TOKEN lacks the scope connections:write. Generate a token with it, under Basic Information, "
    f"App-Level Tokens on {APP_PAGE}."
)
NO_WEBSOCKET: Final = (
    "Try again in a minute. If it goes on, let the network and its proxy pass WebSockets (wss) to Slack, or "
    "use HTTP mode."
)
DISCONNECTED: Final = {
    "link_disabled": f"it is off for this app. Turn it on under Socket Mode on {APP_PAGE}.",
    "too_many_websockets": "ten copies of the bot are connected, and Slack allows no more. Stop all but one.",
}
"""What Slack's reasons for ending a connection at once mean (page "Using Socket Mode")."""
ONE_COPY: Final = (
    "connected. One copy of the bot is connected already. If it isn't the one you run, stop it: Slack sends "
    "each command to only one of them"
)
COPIES: Final = (
    "connected. {} copies of the bot are connected already. Stop all but one: Slack sends each command to "
    "only one of them"
)
HEX_DIGITS: Final = re.compile("[0-9a-f]{32}", re.IGNORECASE)
"""What every signing secret of Slack's looks like by now; no page promises it."""
UNSURE: Final = (
    "SLACK_SIGNING_SECRET is set. Only a request from Slack shows whether it is the right one: the bot's log "
    "says so if it isn't"
)
ODD: Final = (
    "SLACK_SIGNING_SECRET is set, but Slack's have 32 characters, 0 to 9 and a to f, and this one has not. "
    f"Compare it with App Credentials, under Basic Information on {APP_PAGE}"
)


async def try_bot_token(settings: Settings) -> AsyncGenerator[Item, None]:
    """Ask whose bot token this is, and what it is allowed."""
    async with client_session(timeout=TIMEOUT) as session:
        client = web_client(session, settings.slack_api_url)
        try:
            answer = await signed_in(client, revealed(settings.slack_bot_token))
        except SlackError as error:
            yield fails(BOT_TOKEN, sentence(error))
            yield untried(GRANTED, "until the bot token works")
            return
        found = f"workspace “{answer.get('team')}”, bot “{answer.get('user')}”"
        is_old = await _is_made_of_an_earlier_manifest(client, settings, answer.get("user_id"))
        yield works(BOT_TOKEN, f"{found}\n{OLD_MANIFEST}" if is_old else found)
        yield _scopes(answer)


async def _is_made_of_an_earlier_manifest(
    client: AsyncWebClient, settings: Settings, bot_user: object
) -> bool:
    """Whether Slack says that the app has no Home tab (``not_enabled``, page "views.publish").

    What is published is the bot's own home, which nobody sees. Whatever else goes wrong tells nothing.
    """
    if not isinstance(bot_user, str):
        return False
    token = revealed(settings.slack_bot_token)
    try:
        await client.views_publish(token=token, user_id=bot_user, view=SMALL_HOME)
    except SlackApiError as error:
        return code_in(getattr(error.response, "data", None)) == "not_enabled"
    except Exception:  # noqa: BLE001  aiohttp's errors, and what slack_sdk fails on in a malformed response
        return False
    return False


def _scopes(answer: AsyncSlackResponse) -> Item:
    """Compare the token's scopes, which are in a header of each answer (page "Using the Web API")."""
    scopes = answer.headers.get("x-oauth-scopes")
    if scopes is None:
        return untried(GRANTED, "because Slack's answer does not name them")
    granted = {scope.strip() for scope in scopes.split(",")} - {""}
    if missing := [scope for scope in SCOPES if scope not in granted]:
        them = "it" if len(missing) == 1 else "them"
        return fails(GRANTED, f"the bot token lacks {' and '.join(missing)}. Add {them} {ADD_SCOPE}.")
    hints = [
        f"optional: with {scope}, {USES[scope]}. Add it {ADD_SCOPE}"
        for scope in OPTIONAL_SCOPES
        if scope not in granted
    ]
    if extra := sorted(granted - {*SCOPES, *OPTIONAL_SCOPES}):
        hints.append(f"the bot has no use for {', '.join(extra)}")
    used = [scope for scope in (*SCOPES, *OPTIONAL_SCOPES) if scope in granted]
    return works(GRANTED, "\n".join([", ".join(used), *hints]))


async def try_socket_mode(settings: Settings) -> AsyncGenerator[Item, None]:
    """Ask whether the app-level token opens Socket Mode, and open it."""
    token = revealed(settings.slack_app_token)
    async with client_session(timeout=TIMEOUT) as session:
        client = web_client(session, settings.slack_api_url)
        try:
            opened = await may_connect(client, token)
        except SlackError as error:
            lacks_scope = isinstance(error, SlackRefused) and error.variant == "missing_scope"
            yield fails(APP_TOKEN, NO_CONNECTIONS_WRITE if lacks_scope else sentence(error))
            yield untried(SOCKET_MODE, "until the app token works")
            return
        yield works(APP_TOKEN, "Slack accepts it")
        yield await _connection(session, str(opened.get("url")))


async def _connection(session: aiohttp.ClientSession, url: str) -> Item:
    """Open a WebSocket as the bot does, up to Slack's hello, and close it at once.

    While it is open, Slack may give it a command that was meant for a running bot (page "Using Socket Mode").
    """
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            return first_frame_item(await _first_frame(session, url))
    except aiohttp.WSServerHandshakeError as error:
        return fails(SOCKET_MODE, f"the WebSocket was refused with HTTP {error.status}. {NO_WEBSOCKET}")
    except TimeoutError:
        return fails(SOCKET_MODE, f"Slack did not say hello within {HELLO_SECONDS:g} s. {NO_WEBSOCKET}")
    # Its text may hold the address, and with it the ticket.
    except Exception as error:  # noqa: BLE001  aiohttp's errors, and what an odd frame leads to
        if fault := certificate_fault(error):
            return fails(SOCKET_MODE, f"no connection to Slack's WebSocket: {fault}")
        return fails(SOCKET_MODE, f"no connection ({type(error).__name__}). {NO_WEBSOCKET}")


async def _first_frame(session: aiohttp.ClientSession, url: str) -> Any:
    timeout = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
    async with session.ws_connect(url, timeout=timeout) as connection:
        return await connection.receive_json()


def first_frame_item(frame: Any) -> Item:
    """Judge the first message on a WebSocket: Slack's hello, or why not."""
    if not isinstance(frame, dict) or frame.get("type") not in {"hello", "disconnect"}:
        return fails(SOCKET_MODE, f"something other than Slack answered. {NO_WEBSOCKET}")
    if frame["type"] == "disconnect":
        reason = str(frame.get("reason"))
        unknown = f"Slack ended the connection at once ({reason[:40]}). {NO_WEBSOCKET}"
        return fails(SOCKET_MODE, DISCONNECTED.get(reason, unknown))
    copies = frame.get("num_connections")
    others = copies - 1 if isinstance(copies, int) else 0
    says = COPIES.format(others) if others > 1 else ONE_COPY if others == 1 else "connected"
    return works(SOCKET_MODE, says)


async def try_signing_secret(settings: Settings) -> AsyncGenerator[Item, None]:
    """Yield that it is set: only a request of Slack's shows whether it is the right one."""
    yield works(
        SIGNING_SECRET, UNSURE if HEX_DIGITS.fullmatch(revealed(settings.slack_signing_secret)) else ODD
    )
