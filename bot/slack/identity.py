"""Which workspace the bot token is of, checked again when an outsider is refused.

A workspace gets another id when it moves to Enterprise Grid (page "Developing apps for Enterprise
organizations"). Its own people look like outsiders then.
"""

import asyncio
import logging
from typing import Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.workspace import Workspace
from bot.errors import PartBroken, SlackError
from bot.slack.auth import signed_in
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import about

log = logging.getLogger(__name__)

NO_IDENTITY: Final = "Slack does not say whether the workspace has another id by now; nothing changes"
MOVED: Final = "its id or its organization is another than at the start"


class Identity:
    """Compares the workspace of the token with ``workspace``, which is from the start.

    ``pause`` seconds at least are between two checks, however many people are refused meanwhile.
    """

    def __init__(self, client: AsyncWebClient, token: str, workspace: Workspace, *, pause: float) -> None:
        self._client = client
        self._token = token
        self._workspace = workspace
        self._pause = pause
        self._requested = asyncio.Event()
        self._once = LogOnce(log)

    def check_soon(self) -> None:
        """Request a check of the workspace; returns at once."""
        self._requested.set()

    async def run(self) -> None:
        """Check after each ``check_soon``. Raises PartBroken when the workspace is another by now."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            await self._check()
            await asyncio.sleep(self._pause)

    async def _check(self) -> None:
        try:
            found = Workspace.of(await signed_in(self._client, self._token))
        except SlackError as error:
            self._once.failed(NO_IDENTITY, about=about(error=error))
            return
        if not found.team_id:
            self._once.failed(NO_IDENTITY)
            return
        self._once.recovered()
        if found != self._workspace:
            log.error(
                "the bot ends to be started again: it belongs to %r now, not %r", found, self._workspace
            )
            raise PartBroken(part="workspace", reason=MOVED)
