"""Posting and editing messages within Slack's rate limits; a refusal is classified by its error code."""

import asyncio
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.rates import RateLimits
from bot.domain.records import Posted
from bot.domain.slack_errors import Refusal, meaning_of
from bot.messages.blocks import Message
from bot.slack.auth import NO_JSON, code_in
from bot.slack.throttle import Throttle

NO_ANSWER: Final = "no_answer"
"""The error code where Slack sent none."""
LONGEST_HOLD: Final = 15 * 60.0
"""The most seconds of a Retry-After that are honoured."""
TIMEOUT: Final = 10.0
"""Seconds for which a call may take that can be repeated: all but a post."""
TRIGGER_TIMEOUT: Final = 4.0
"""The same for opening a modal: afterwards, its trigger is of no use any more."""
NOT_CONNECTED: Final = (
    aiohttp.ClientConnectorError,  # a refused connection; also its subclasses for DNS, TLS and a proxy
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,  # the proxy refused to connect
)
"""aiohttp's errors before anything of a request is sent."""


class SendError(Exception):
    """Slack did not accept a message, or did not answer. ``code`` is Slack's error code, or NO_ANSWER.

    ``status`` is HTTP's, 0 without a response; ``retry_after`` is in seconds. ``transient``: retry later.
    ``unanswered``: the request was sent without an answer of Slack's, who may have accepted it.
    """

    def __init__(
        self,
        code: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        transient: bool = False,
        unanswered: bool = False,
        reason: str = "",
    ) -> None:
        super().__init__(reason or code)
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.transient = transient
        self.unanswered = unanswered
        self.refusal = Refusal.LATER if transient else meaning_of(code)


class Sender:
    """Sends messages. ``client`` must not retry: a message whose response was lost would be posted twice.

    Its session must end the attempt to connect early, and let a post take ``rates.answer`` seconds; all other
    calls are given up after TIMEOUT.
    """

    def __init__(self, client: AsyncWebClient, rates: RateLimits) -> None:
        self._client = client
        self._answer = rates.answer
        self._posts = Throttle(rates.posts, each=rates.channel)
        self._edits = Throttle(rates.edits)
        self._homes = Throttle(rates.homes)

    async def auth_test(self) -> str:
        """Return "" if Slack accepts the bot's token, else Slack's error code.

        Raises SendError if Slack can't be asked.
        """
        try:
            await accepted(self._client.auth_test(), None, "user_id")
        except SendError as error:
            if error.refusal is Refusal.LATER:
                raise
            return error.code
        return ""

    async def wait_to_post(self, channel: str, *, urgent: bool = False) -> None:
        """Wait until a message may be posted in this channel; ``urgent`` callers overtake the others."""
        await self._posts.wait(channel, urgent=urgent)

    async def post(
        self, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False
    ) -> Posted:
        """Post in a channel, or to a person; return where the message is. Raises SendError."""
        thread: dict[str, Any] = {"thread_ts": thread_ts, "reply_broadcast": broadcast} if thread_ts else {}
        # Without parse="none", Slack would make links of addresses in a message without blocks.
        call = self._client.chat_postMessage(
            channel=channel,
            **_content(message),
            **thread,
            parse="none",
            unfurl_links=False,
            unfurl_media=False,
        )
        with self._posts.sending(channel):
            response = await accepted(call, self._posts, timeout=self._answer)
        return Posted(channel_id=str(response.get("channel") or channel), ts=str(response["ts"]))

    def edit_delay(self) -> float:
        """Return for how many seconds no message may be edited, by the throttle."""
        return self._edits.delay()

    async def wait_to_edit(self) -> None:
        """Wait until a message may be edited."""
        await self._edits.wait()

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Replace an earlier message. Raises SendError."""
        # Without parse="none", Slack would make links and mentions of names again.
        call = self._client.chat_update(channel=channel, ts=ts, **_content(message), parse="none")
        await accepted(call, self._edits)

    async def open_view(self, trigger_id: str, view: dict[str, Any]) -> dict[str, str]:
        """Open a modal, once; return its id and hash. Raises SendError: a trigger lives for three seconds."""
        call = self._client.views_open(trigger_id=trigger_id, view=view)
        response = await accepted(call, None, "view", timeout=TRIGGER_TIMEOUT)
        return {name: _field(response, name) for name in ("id", "hash")}

    async def update_view(self, view_id: str, view: dict[str, Any], *, replaced: str = "") -> str:
        """Replace an open modal, and return the new one's hash. Raises SendError.

        ``replaced`` is the hash of the one that it takes the place of, if that matters.
        """
        call = self._client.views_update(view_id=view_id, view=view, **_guard(replaced))
        return _field(await accepted(call, None, "view"), "hash")

    async def wait_to_publish(self) -> None:
        """Wait until an App Home may be replaced of which nobody waits for the new one."""
        await self._homes.wait()

    async def publish_view(self, user_id: str, view: dict[str, Any], *, replaced: str = "") -> str:
        """Replace a person's App Home, and return the new one's hash. Raises SendError.

        ``replaced`` is the hash of the one that it takes the place of, if that matters.
        """
        call = self._client.views_publish(user_id=user_id, view=view, **_guard(replaced))
        return _field(await accepted(call, self._homes, "view"), "hash")


def _guard(replaced: str) -> dict[str, str]:
    return {"hash": replaced} if replaced else {}


def _field(response: Mapping[str, Any], name: str) -> str:
    """Return a field of the view in a response; empty if it is not there."""
    view = response["view"]
    return str(view.get(name) or "") if isinstance(view, dict) else ""


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text} | ({"blocks": message.blocks} if message.blocks else {})


async def accepted(
    call: Awaitable[AsyncSlackResponse],
    throttle: Throttle | None,
    field: str = "ts",
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109  one for all of the calls
) -> dict[str, Any]:
    """Return Slack's response, which must have ``field``.

    Raises SendError; a Retry-After also holds the method's throttle, if it has one, for all later calls.
    """
    try:
        async with asyncio.timeout(timeout):
            response = await call
    except SlackApiError as error:
        refusal = _refusal(error.response)
    except Exception as error:
        # Besides its own errors and aiohttp's, slack_sdk raises what it fails on in a malformed response.
        was_sent, reason = not isinstance(error, NOT_CONNECTED), type(error).__name__
        raise SendError(NO_ANSWER, transient=True, unanswered=was_sent, reason=reason) from error
    else:
        if isinstance(response.data, dict) and field in response.data:
            return response.data
        refusal = SendError(NO_ANSWER, transient=True, unanswered=True, reason=f"a yes without a {field}")
    if throttle and refusal.retry_after is not None:
        throttle.hold(refusal.retry_after)
    raise refusal


def _refusal(response: Any) -> SendError:
    """Parse a refusal: slack_sdk's response, or aiohttp's own where the body was no JSON."""
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    return refusal_of(status, code_in(getattr(response, "data", None)), response.headers)


def refusal_of(status: int, code: str, headers: Mapping[str, str]) -> SendError:
    """Return the error for a response without success; ``code`` is NO_JSON where it has no Slack code."""
    named = headers.get("Retry-After", "")
    retry_after = min(float(named), LONGEST_HOLD) if named.isascii() and named.isdecimal() else None
    is_busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    is_client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_refused = is_client_error or status == HTTPStatus.SERVICE_UNAVAILABLE
    return SendError(
        NO_ANSWER if code == NO_JSON else code,
        status=status,
        retry_after=retry_after,
        transient=is_busy or retry_after is not None or code == NO_JSON,
        unanswered=code == NO_JSON and not is_refused,
        reason=f"status {status}" if code == NO_JSON else "",
    )
