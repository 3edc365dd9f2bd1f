"""Posting and editing messages in Slack: at the pace that Slack allows, and each refusal by its meaning."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.mrkdwn import Message
from bot.refusals import Refusal, meaning_of

log = logging.getLogger(__name__)

NO_ANSWER: Final = "no_answer"
"""Stands for Slack's error code where Slack gave none: whether it took the message is not known."""
LONGEST_HOLD: Final = 15 * 60.0
"""Seconds: a longer Retry-After is asked about again."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds between two messages in one channel, between two messages at all, and between two edits.

    Slack allows about one message a second in a channel, several hundred a minute in a workspace, and 50
    edits a minute (pages "Rate limits", ``chat.postMessage`` and ``chat.update``).
    """

    channel: float = 1.0
    posts: float = 0.2
    edits: float = 1.5


class NotTaken(Exception):
    """Slack did not take a message; ``code`` is its own word for why, ``retry_after`` is in seconds."""

    def __init__(self, code: str, *, retry_after: float | None = None, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.retry_after = retry_after

    @property
    def refusal(self) -> Refusal:
        """What it asks for."""
        is_later = self.code == NO_ANSWER or self.retry_after is not None
        return Refusal.LATER if is_later else meaning_of(self.code)


class Slack:
    """Sends for the bot. ``client`` must not retry: a message whose answer got lost would come twice."""

    def __init__(self, client: AsyncWebClient, pace: Pace) -> None:
        self._client = client
        self._posts, self._edits = _Gate(pace.posts), _Gate(pace.edits)
        self._channel_pace = pace.channel
        self._channels: dict[str, _Gate] = {}

    async def may_post(self, channel: str) -> None:
        """Wait until a message may be posted in this channel."""
        await self._channels.setdefault(channel, _Gate(self._channel_pace)).passed()
        await self._posts.passed()

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False
    ) -> str:
        """Post in a channel, or to a person, and return the message's ts. Raises NotTaken."""
        thread: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts else {}
        sent = self._client.chat_postMessage(
            channel=channel, **_content(message), **thread, unfurl_links=False, unfurl_media=False
        )
        answer = await _taken(sent, self._posts)
        return str(answer.get("ts"))

    async def may_edit(self) -> None:
        """Wait until a message may be edited."""
        await self._edits.passed()

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Put a message in the place of an earlier one. Raises NotTaken."""
        # Without parse="none", Slack would make links and mentions of names again.
        sent = self._client.chat_update(channel=channel, ts=ts, **_content(message), parse="none")
        await _taken(sent, self._edits)


class _Gate:
    """Lets one pass every so many seconds, and nobody while it is held."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._free_at = 0.0
        self._held_until = 0.0

    async def passed(self) -> None:
        clock = asyncio.get_running_loop().time
        at = self._free_at = max(self._free_at, clock())
        self._free_at += self._seconds
        while (pause := max(at, self._held_until) - clock()) > 0:  # noqa: ASYNC110  held again meanwhile
            await asyncio.sleep(pause)

    def hold(self, seconds: float) -> None:
        self._held_until = asyncio.get_running_loop().time() + min(seconds, LONGEST_HOLD)


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text} | ({"blocks": message.blocks} if message.blocks else {})


async def _taken(sent: Awaitable[AsyncSlackResponse], gate: _Gate) -> AsyncSlackResponse:
    """Wait for Slack's answer. Raises NotTaken; a 429 also holds the method for all who come later."""
    try:
        return await sent
    except SlackApiError as error:
        told = _told(error)
    except Exception as error:
        # Besides its own errors and aiohttp's, slack_sdk lets out what it stumbles over in an odd answer.
        raise NotTaken(NO_ANSWER, reason=type(error).__name__) from error
    if told.retry_after is not None:
        gate.hold(told.retry_after)
    raise told


def _told(error: SlackApiError) -> NotTaken:
    """Read a refusal. Where Slack's answer was no object, slack_sdk keeps something else, or nothing."""
    data = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    status = getattr(error.response, "status_code", None)
    if not isinstance(code, str):
        return NotTaken(NO_ANSWER, reason=f"status {status}")
    headers = getattr(error.response, "headers", {})
    named = next((value for key, value in headers.items() if key.lower() == "retry-after"), "")
    return NotTaken(code, retry_after=float(named) if str(named).isdecimal() else None)
