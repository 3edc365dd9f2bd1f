"""PURE. Classification of Slack's error codes for messages, by how the bot handles them.

Sources: the error lists of the pages ``chat.postMessage`` and ``chat.update``, and the page "Rate limits".
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class Refusal(Enum):
    """How the bot handles a refusal."""

    LATER = auto()
    """Transient: try again soon."""
    NOT_HERE = auto()
    """The bot may not post in this channel: keep everything, tell the person, try rarely."""
    MESSAGE_GONE = auto()
    """The message to edit or to answer is not there any more: post a new one."""
    OUR_FAULT = auto()
    """The message is malformed: send its plain text instead."""
    CREDENTIALS = auto()
    """The bot itself is refused: stop sending, keep everything."""


BUSY: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)
"""Transient errors of any method, unrelated to its arguments and to the token."""

NOT_A_MEMBER: Final = frozenset({"not_in_channel", "channel_not_found"})
"""To a bot that is no member, Slack says of a private channel that there is none."""

_BY_CODE: Final[Mapping[str, Refusal]] = {
    **dict.fromkeys(
        (
            *BUSY,
            "message_limit_exceeded",
            "external_channel_migrating",
            "org_login_required",
            "update_failed",
        ),
        Refusal.LATER,
    ),
    **dict.fromkeys(
        (
            "message_not_found",
            "cant_update_message",
            "edit_window_closed",
            "cannot_reply_to_message",
            "restricted_action_thread_locked",
        ),
        Refusal.MESSAGE_GONE,
    ),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "invalid_arguments",
            "invalid_form_data",
            "too_many_attachments",
        ),
        Refusal.OUR_FAULT,
    ),
    **dict.fromkeys(
        (
            "invalid_auth",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "not_authed",
            "missing_scope",
            "not_allowed_token_type",
            "team_access_not_granted",
            "access_denied",
        ),
        Refusal.CREDENTIALS,
    ),
    **dict.fromkeys(
        (
            *NOT_A_MEMBER,
            "is_archived",
            "is_inactive",
            "no_permission",
            "ekm_access_denied",
            "messages_tab_disabled",
        ),
        Refusal.NOT_HERE,
    ),
}
KNOWN: Final = _BY_CODE.keys()
"""Every code that the bot knows."""


def meaning_of(code: str) -> Refusal:
    """Return how to handle one of Slack's error codes; an unknown one counts as NOT_HERE."""
    return _BY_CODE.get(code) or (Refusal.OUR_FAULT if code.startswith("metadata_") else Refusal.NOT_HERE)
