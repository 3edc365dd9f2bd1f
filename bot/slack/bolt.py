"""Bolt's app, which hands Slack's requests to the listeners."""

import logging
import os

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.timed_app import TimedApp
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


def bolt_app(token: str, client: AsyncWebClient, auth: AsyncSlackResponse, metrics: Metrics) -> AsyncApp:
    """Build Bolt's app for the one workspace that the bot token is of."""
    authorized = AuthorizeResult.from_auth_test_response(bot_token=token, auth_test_response=auth)

    async def authorize() -> AuthorizeResult:
        """Return what is known since the start: Bolt would ask Slack during the first command."""
        return authorized

    _remove_bolts_variables()
    return TimedApp(
        metrics,
        name="voicejob",
        client=client,
        authorize=authorize,
        raise_error_for_unhandled_request=True,  # so that the listeners' error handler gets it
        request_verification_enabled=False,  # the door of HTTP mode does it, before a body is even parsed
        ssl_check_enabled=False,  # it would answer without a signature
    )


def _remove_bolts_variables() -> None:
    """Remove from the environment what Bolt reads there by itself: it would warn, or switch to OAuth."""
    os.environ.pop("SLACK_BOT_TOKEN", None)
    for key in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"):
        if os.environ.pop(key, None) is not None:
            log.warning("%s is set but not used: the bot serves one workspace, by its token", key)
