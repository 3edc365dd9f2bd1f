"""Requests of Slack without a listener: buttons of earlier versions, shortcuts, events, other commands.

All of it is acknowledged: Slack sends an event again that is not, and shows people a failure of the app.
"""

import logging
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.domain.job_ids import UUID
from bot.listeners.payloads import part, text
from bot.listeners.replies import PendingReply, Replies
from bot.messages import private
from bot.messages.context import Answer
from bot.services.caller import Caller
from bot.slack.replies import DirectMessage, ReplyTarget, ResponseUrl
from bot.telemetry.logs import about
from bot.telemetry.metrics import OTHER, PRESSED, TYPED

log = logging.getLogger(__name__)

UNHANDLED: Final = "request that nothing handles"
MOST_KINDS: Final = 100
"""The most kinds that are logged, once each."""
OPTIONS: Final = frozenset({"block_suggestion", "dialog_suggestion"})
"""Types of payloads that ask for the options of a menu, in the acknowledgement itself."""
BUTTONS: Final = frozenset({"block_actions", "interactive_message"})
ACTS: Final = BUTTONS | {"shortcut", "message_action", "view_submission", "dialog_submission"}
"""Types of payloads whose sender expects a reply."""
_NAME: Final = re.compile(r"[a-z_]{1,40}")
"""How Slack, and the versions of this bot, name types and actions."""


def acknowledged(body: Mapping[str, Any]) -> BoltResponse:
    """Return the acknowledgement of an unhandled request: empty, or a menu without options."""
    return BoltResponse(status=200, body={"options": []} if text(body, "type") in OPTIONS else "")


def type_of(body: Mapping[str, Any]) -> str:
    """Return the type of an interaction, as the metrics have it."""
    if "command" in body:
        return TYPED
    return PRESSED if text(body, "type") in BUTTONS else OTHER


def kind_of(body: Mapping[str, Any]) -> str:
    """Return type, action_id and callback_id for the log, as far as they match _NAME, else ``unknown``."""
    first = _first(body.get("actions"))
    event, view = part(body, "event"), part(body, "view")
    kind = "command" if "command" in body else text(body, "type")
    named = first.get("action_id") or body.get("action_id") or event.get("type")
    words = [kind, named, body.get("callback_id") or view.get("callback_id"), event.get("subtype")]
    return " ".join(word for word in words if isinstance(word, str) and _NAME.fullmatch(word)) or "unknown"


def answer_to(body: Mapping[str, Any]) -> Answer:
    """Return the answer to an unhandled request."""
    if "command" in body:
        return partial(private.unknown_command, str(body["command"]))
    if text(body, "type") in BUTTONS:
        job = UUID.search(str(_first(body.get("actions")).get("value")))
        return partial(private.outdated_button, job[0] if job else "")
    return private.unknown_request


def register(app: AsyncApp, replies: Replies) -> None:
    """Handle what reaches no listener, and what a listener or Bolt itself fails on.

    Each kind is logged once. The person is told what to do: where Slack gave no address for that, as for a
    global shortcut or a form, in the direct message with the bot.
    """
    kinds: set[str] = set()

    async def handle(
        error: Exception, body: dict[str, Any], context: AsyncBoltContext
    ) -> BoltResponse | None:
        if not isinstance(error, BoltUnhandledRequestError):
            log.error("a listener failed", exc_info=error)
            return None
        kind = kind_of(body)
        if kind not in kinds and len(kinds) < MOST_KINDS:
            kinds.add(kind)
            log.warning(
                "Unhandled request from Slack: acknowledged, and nothing done", extra=about(code=kind)
            )
        if target := _target(body, context):
            tell(replies, body, context, target, UNHANDLED, answer_to(body))
        return acknowledged(body)

    app.error(handle)


def tell(
    replies: Replies,
    body: Mapping[str, Any],
    context: AsyncBoltContext,
    target: ReplyTarget,
    what: str,
    answer: Answer,
) -> None:
    """Reply to a request for which nothing is done; ``what`` is its name in the log."""

    async def reply() -> Answer:
        return answer

    channel, user = context.channel_id or "", context.user_id or ""
    caller = Caller(channel_id=channel, channel_name="", user_id=user)
    replies.start(PendingReply(kind=type_of(body), about=what, caller=caller, target=target), reply)


def _target(body: Mapping[str, Any], context: AsyncBoltContext) -> ReplyTarget | None:
    """Return where the reply goes; None if the sender expects none."""
    if context.response_url and text(body, "type") != "view_closed":
        return ResponseUrl(context.response_url)
    user, acts = context.user_id, text(body, "type") in ACTS
    return DirectMessage(user) if acts and isinstance(user, str) else None


def _first(several: object) -> Mapping[str, Any]:
    first = several[0] if isinstance(several, list) and several else {}
    return first if isinstance(first, Mapping) else {}
