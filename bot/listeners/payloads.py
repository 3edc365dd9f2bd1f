"""PURE. Parsing Slack's payloads: the caller, the channel, and the target of the reply.

Field names are those of Slack's pages "Implementing slash commands" and "Interaction payloads". Whatever is
missing, or of another type, counts as absent.
"""

from collections.abc import Mapping
from typing import Any

from bot.messages.modals import named_in
from bot.services.caller import Caller
from bot.slack.replies import DirectMessage, Home, Modal, ReplyTarget, ResponseUrl

Payload = Mapping[str, Any]


def reply_target(body: Payload, response_url: str | None) -> ReplyTarget | None:
    """Return where a reply goes; None if there is nobody to reply to.

    A press in a modal or in the App Home has neither a channel nor a ``response_url``.
    """
    view, user_id = part(body, "view"), text(part(body, "user"), "id")
    if response_url:
        return ResponseUrl(response_url)
    if view.get("type") == "modal" and text(view, "id"):
        return Modal(view)
    if view.get("type") == "home" and user_id:
        return Home(user_id)
    return DirectMessage(user_id) if user_id else None


def typed_by(command: Payload) -> Caller:
    """Return who typed a command, and where."""
    return Caller(
        channel_id=text(command, "channel_id"),
        channel_name=text(command, "channel_name"),
        user_id=text(command, "user_id"),
    )


def pressed_by(body: Payload, elsewhere: str) -> Caller:
    """Return who pressed a button, and for which channel: ``elsewhere`` if the button names one.

    The modal of a message shortcut is about the channel of the message.
    """
    channel, named = part(body, "channel"), named_in(part(body, "view"))
    elsewhere = elsewhere or (named.channel_id if named else "")
    here = text(channel, "id") or text(part(body, "container"), "channel_id")
    return Caller(
        channel_id=elsewhere or here,
        channel_name="" if elsewhere else text(channel, "name"),
        user_id=text(part(body, "user"), "id"),
        is_elsewhere=bool(elsewhere),
    )


def part(body: Payload, name: str) -> Payload:
    """Return an object in a payload; empty if it is not there."""
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def text(body: Payload, name: str) -> str:
    """Return a string in a payload; empty if it is not there."""
    value = body.get(name)
    return value if isinstance(value, str) else ""
