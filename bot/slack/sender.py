"""Posting and editing messages in Slack: at the pace that Slack allows, and each refusal by its meaning."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final
from weakref import WeakValueDictionary

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.rates import RateLimits
from bot.domain.slack_errors import Refusal, meaning_of
from bot.domain.subscriptions import Posted
from bot.messages.blocks import Message

NO_ANSWER: Final = "no_answer"
"""Stands for Slack's error code where Slack gave none: whether it took the message is not known."""
LONGEST_HOLD: Final = 15 * 60.0
"""Seconds: a longer Retry-After is asked about again."""
_CODE: Final = re.compile(r"\w{1,80}", re.ASCII)
"""What an error code of Slack's looks like; anything else is no word of Slack's."""


class NotTaken(Exception):
    """Slack did not take a message; ``code`` is its own word for why, ``retry_after`` is in seconds.

    Whatever the word, ``passes`` says that Slack can't just now.
    """

    def __init__(
        self, code: str, *, retry_after: float | None = None, passes: bool = False, reason: str = ""
    ) -> None:
        super().__init__(reason or code)
        self.code = code
        self.retry_after = retry_after
        self.refusal = Refusal.LATER if passes else meaning_of(code)
        """What it asks for."""


class Sender:
    """Sends for the bot. ``client`` must not retry: a message whose answer got lost would come twice."""

    def __init__(self, client: AsyncWebClient, rates: RateLimits) -> None:
        self._client = client
        self._posts, self._edits = _Gate(rates.posts), _Gate(rates.edits)
        self._channel_seconds = rates.channel
        self._channels: WeakValueDictionary[str, _Gate] = WeakValueDictionary()

    async def may_post(self, channel: str, *, first: bool = False) -> None:
        """Wait until a message may be posted in this channel; ``first`` goes before all that wait in line."""
        gate = self._gate(channel)
        await gate.passed(first=first)
        await self._posts.passed(first=first)
        gate.rest()  # it may have stood at the second gate for long

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False
    ) -> Posted:
        """Post in a channel, or to a person, and say where the message is. Raises NotTaken."""
        thread: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts else {}
        async with self._gate(channel).alone():
            sent = self._client.chat_postMessage(
                channel=channel, **_content(message), **thread, unfurl_links=False, unfurl_media=False
            )
            answer = await _taken(sent, self._posts)
            return Posted(channel_id=str(answer.get("channel") or channel), ts=str(answer["ts"]))

    def _gate(self, channel: str) -> "_Gate":
        return self._channels.setdefault(channel, _Gate(self._channel_seconds))

    def pause_of_edits(self) -> float:
        """Say how many seconds it is until a message may be edited, as far as is known."""
        return self._edits.pause()

    async def may_edit(self) -> None:
        """Wait until a message may be edited."""
        await self._edits.passed()

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Put a message in the place of an earlier one. Raises NotTaken."""
        # Without parse="none", Slack would make links and mentions of names again.
        sent = self._client.chat_update(channel=channel, ts=ts, **_content(message), parse="none")
        await _taken(sent, self._edits)


class _Gate:
    """Lets one pass every so many seconds, in the order in which they came, and nobody while it is held.

    Those who go first have a line of their own: while somebody stands there, the other one waits.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._free_at = 0.0
        self._held_until = 0.0
        self._line, self._first_line = asyncio.Lock(), asyncio.Lock()
        self._on_its_way = asyncio.Lock()

    def pause(self) -> float:
        return max(self._free_at, self._held_until) - _now()

    async def passed(self, *, first: bool = False) -> None:
        async with self._first_line if first else self._line:
            await self._opens()
            while not first and self._first_line.locked():
                async with self._first_line:
                    pass
                await self._opens()
            self.rest()

    async def _opens(self) -> None:
        while (pause := self.pause()) > 0:  # noqa: ASYNC110  held again meanwhile
            await asyncio.sleep(pause)

    def rest(self) -> None:
        self._free_at = _now() + self._seconds
        self._stay_until(self._free_at)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Let one at a time, which has passed; who passed meanwhile comes a whole pace after its end."""
        async with self._on_its_way:
            await asyncio.sleep(self._held_until - _now())
            try:
                yield
            finally:
                self.hold(self._seconds)

    def hold(self, seconds: float) -> None:
        self._held_until = max(self._held_until, _now() + seconds)
        self._stay_until(self._held_until)

    def _stay_until(self, at: float) -> None:
        """Let the loop keep hold of this gate while it is shut: nobody else might."""
        asyncio.get_running_loop().call_at(at, self.pause)


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text} | ({"blocks": message.blocks} if message.blocks else {})


async def _taken(sent: Awaitable[AsyncSlackResponse], gate: _Gate) -> dict[str, Any]:
    """Wait for Slack's answer. Raises NotTaken; a 429 also holds the method for all who come later."""
    try:
        answer = await sent
    except SlackApiError as error:
        told = _told(error.response)
    except Exception as error:
        # Besides its own errors and aiohttp's, slack_sdk lets out what it stumbles over in an odd answer.
        raise NotTaken(NO_ANSWER, passes=True, reason=type(error).__name__) from error
    else:
        if isinstance(answer.data, dict) and "ts" in answer.data:
            return answer.data
        told = NotTaken(NO_ANSWER, passes=True, reason="a yes without a ts")
    if told.retry_after is not None:
        gate.hold(told.retry_after)
    raise told


def _told(response: Any) -> NotTaken:
    """Read a refusal: slack_sdk's response, or aiohttp's own where the body was no JSON."""
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    named = next((value for key, value in response.headers.items() if key.lower() == "retry-after"), "")
    retry_after = min(float(named), LONGEST_HOLD) if named.isascii() and named.isdecimal() else None
    if not (isinstance(code, str) and _CODE.fullmatch(code)):
        return NotTaken(NO_ANSWER, retry_after=retry_after, passes=True, reason=f"status {status}")
    is_busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return NotTaken(code, retry_after=retry_after, passes=is_busy or retry_after is not None)


def _now() -> float:
    return asyncio.get_running_loop().time()
