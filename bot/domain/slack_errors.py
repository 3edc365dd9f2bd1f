"""PURE. What Slack's refusals of a message mean, and what each asks for.

Sources: the error lists of the pages ``chat.postMessage`` and ``chat.update``, and the page "Rate limits".
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class Refusal(Enum):
    """What a refusal asks the bot to do."""

    LATER = auto()
    """Slack can't just now: try again soon."""
    NOT_HERE = auto()
    """The bot may not post in this channel: keep everything, tell the person, try rarely."""
    MESSAGE_GONE = auto()
    """The message to edit or to answer is not there any more: post a new one."""
    OUR_FAULT = auto()
    """The message is not as Slack wants it: send its plain text, and put the rest right."""
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
"""What any method may answer that can't serve just now: it says nothing about what was asked, or by whom."""

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
}


def meaning_of(code: str) -> Refusal:
    """Say what one of Slack's error codes asks for; one that is not known may be about the channel."""
    return _BY_CODE.get(code) or (Refusal.OUR_FAULT if code.startswith("metadata_") else Refusal.NOT_HERE)


NOT_A_MEMBER: Final = frozenset({"not_in_channel", "channel_not_found"})
"""To a bot that is no member, Slack says of a private channel that there is none."""

REASONS: Final[Mapping[str, str]] = {
    "not_in_channel": "I am not a member of the channel.",
    "channel_not_found": "I am not a member of the channel, or it is not there any more.",
    "is_archived": "The channel is archived.",
    "is_inactive": "The channel is not active any more.",
    "no_permission": "I am not allowed to post in the channel.",
    "ekm_access_denied": "Your organization's encryption settings keep me from posting in the channel.",
    "messages_tab_disabled": "My messages tab is switched off in the settings of the Slack app.",
    "message_not_found": "My message in the channel was deleted as soon as I had posted it.",
    "cant_update_message": "I am not allowed to edit my own message in the channel.",
    "edit_window_closed": "I am not allowed to edit my own message in the channel any more.",
    "cannot_reply_to_message": "I am not allowed to reply to my own message in the channel.",
    "restricted_action_thread_locked": "The thread of my message in the channel is locked.",
}
"""Sentences that are true wherever they are read: in the channel, or in a direct message about it."""
KNOWN: Final = frozenset(_BY_CODE) | REASONS.keys()
"""Every code that the bot knows."""
RESTRICTED: Final = "The workspace's rules do not let me post in the channel."
MALFORMED: Final = "Slack can't read my message, which is a mistake of mine."
UNKNOWN: Final = "Slack refuses my messages."


def reason_of(code: str) -> str:
    """Say in a sentence why the bot can't post in a channel."""
    if code in REASONS:
        return REASONS[code]
    if meaning_of(code) is Refusal.OUR_FAULT:
        return MALFORMED
    return RESTRICTED if code.startswith("restricted_action") else UNKNOWN
