"""The composition root: builds everything from the settings, and runs it."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Final

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot import http_mode, socket_mode
from bot.config import MetaStudioSettings, Settings, revealed
from bot.errors import VoiceJobError
from bot.listeners import register
from bot.listeners.answers import Answers
from bot.metastudio.auth import AccessKey, GivenToken, IamUser
from bot.metastudio.client import MetaStudio
from bot.tokens import may_connect, signed_in

log = logging.getLogger(__name__)

SLACK_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
DRAIN_SECONDS: Final = 6.0
"""How long the end waits for the answers under way; all in all, it comes within 10 seconds."""

Ready = Callable[[str], None]
"""Called once Slack can reach the bot, with a word on how."""


async def run(settings: Settings, *, stop: asyncio.Event, ready: Ready, drain: float = DRAIN_SECONDS) -> None:
    """Run the bot until ``stop`` is set; at the end, wait ``drain`` seconds at most for answers under way.

    Raises SlackError when Slack does not let it start, AddressTaken when it can't listen in HTTP mode.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=SLACK_TIMEOUT))
        metastudio = await stack.enter_async_context(metastudio_from(settings))
        answers = Answers(
            metastudio, session, region=settings.metastudio_region, console_url=settings.console_url
        )
        stack.push_async_callback(answers.drain, drain)
        app = await _bolt_app(settings, session)
        register(app, answers)
        if app_token := revealed(settings.slack_app_token):
            await _run_socket_mode(app, app_token, stop, ready)
        else:
            await _run_http_mode(app, settings, stop, ready)


def metastudio_from(settings: MetaStudioSettings) -> MetaStudio:
    """Build the client of MetaStudio."""
    return MetaStudio(
        settings.endpoint,
        project_id=settings.huaweicloud_sdk_project_id,
        auth=_auth_from(settings),
        app_user_id=settings.metastudio_app_user_id,
    )


def _auth_from(settings: MetaStudioSettings) -> AccessKey | IamUser | GivenToken:
    """Choose the one way to authenticate that is set."""
    now = partial(datetime.now, UTC)
    project_id = settings.huaweicloud_sdk_project_id
    if key := revealed(settings.huaweicloud_sdk_ak):
        return AccessKey(
            key,
            revealed(settings.huaweicloud_sdk_sk),
            project_id=project_id,
            security_token=revealed(settings.huaweicloud_sdk_security_token),
            now=now,
        )
    if user := settings.huaweicloud_iam_user:
        return IamUser(
            user,
            revealed(settings.huaweicloud_iam_password),
            settings.huaweicloud_iam_domain or "",
            project_id=project_id,
            iam_endpoint=settings.iam_endpoint,
            now=now,
        )
    return GivenToken(revealed(settings.metastudio_auth_token))


async def _run_http_mode(app: AsyncApp, settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    secret = revealed(settings.slack_signing_secret)
    async with http_mode.serve(app, secret, settings.voicejob_host, settings.port) as address:
        ready(address)
        await stop.wait()


async def _run_socket_mode(app: AsyncApp, app_token: str, stop: asyncio.Event, ready: Ready) -> None:
    """Stay connected until ``stop`` is set; a connection's task that dies takes the bot with it."""
    # slack_sdk would try a token that Slack refuses for ever, so it is tried here first.
    await may_connect(app.client, app_token)
    try:
        async with asyncio.TaskGroup() as tasks:
            connection = tasks.create_task(
                socket_mode.stay_connected(app, app_token, ready=partial(ready, "Socket Mode"))
            )
            await stop.wait()
            connection.cancel()
    except ExceptionGroup as group:
        raise _first_told(group) from None


def _first_told(group: ExceptionGroup[Exception]) -> Exception:
    """Take the error with a sentence out of a group, if there is one."""
    return next((error for error in group.exceptions if isinstance(error, VoiceJobError)), group)


async def _bolt_app(settings: Settings, session: aiohttp.ClientSession) -> AsyncApp:
    """Build Bolt's app for the one workspace that the bot token is of. Raises SlackError."""
    token = revealed(settings.slack_bot_token)
    client = AsyncWebClient(base_url=settings.slack_api_url, session=session)
    auth = await signed_in(client, token)
    log.info("signed in to the Slack workspace %r as %r", auth.get("team"), auth.get("user"))
    authorized = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=auth)

    async def authorize() -> AuthorizeResult:
        """Give each request what is known since the start; Bolt would ask during the first command."""
        return authorized

    _hide_from_bolt()
    return AsyncApp(
        name="voicejob",
        client=client,
        authorize=authorize,
        request_verification_enabled=False,  # the door of HTTP mode does it, before a body is even parsed
        ssl_check_enabled=False,  # it would answer without a signature
    )


def _hide_from_bolt() -> None:
    """Take from the environment what Bolt reads there by itself: it would warn, or turn to OAuth."""
    os.environ.pop("SLACK_BOT_TOKEN", None)
    for key in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        if os.environ.pop(key, None) is not None:
            log.warning("%s is set but not used: the bot serves one workspace, by its token", key)
