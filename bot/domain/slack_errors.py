"""PURE. Classification of Slack's error codes for messages, by what a code alone says.

Sources: the error lists of the pages ``chat.postMessage``, ``chat.update`` and ``conversations.open``, and
the page "Rate limits". A code may say less than it seems to: what is done about it depends on other evidence
too.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final


class Refusal(Enum):
    """What a refusal is about."""

    LATER = auto()
    """Transient: try again soon."""
    CONTENT = auto()
    """The message itself, its text or its blocks: other words may be accepted."""
    THREAD = auto()
    """The thread: outside of it the message may be accepted."""
    ONLY_REPLIES = auto()
    """The conversation takes replies in threads alone."""
    MESSAGE_GONE = auto()
    """The message to edit or to answer is not there any more."""
    UNEDITABLE = auto()
    """The message to edit is there, but may not be edited."""
    NOT_HERE = auto()
    """The conversation: the bot may not post in it."""
    BOT = auto()
    """The bot itself, wherever it posts: its token, its scopes, or its workspace."""
    UNKNOWN = auto()
    """Not documented for messages: it may be about anything."""


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

_CODES: Final[Mapping[Refusal, frozenset[str]]] = {
    Refusal.LATER: BUSY
    | {"message_limit_exceeded", "external_channel_migrating", "org_login_required", "update_failed"},
    Refusal.CONTENT: frozenset(
        {
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_attachments",
            "block_mismatch",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "attachment_payload_limit_exceeded",
            "too_many_attachments",
            "too_many_contact_cards",
            "markdown_text_conflict",
            "metadata_too_large",
            "metadata_must_be_sent_from_app",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "invalid_arguments",
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
        }
    ),
    Refusal.THREAD: frozenset(
        {
            "cannot_reply_to_message",
            "restricted_action_thread_locked",
            "restricted_action_non_threadable_channel",
        }
    ),
    Refusal.ONLY_REPLIES: frozenset({"restricted_action_thread_only_channel"}),
    Refusal.MESSAGE_GONE: frozenset({"message_not_found", "thread_not_found"}),
    Refusal.UNEDITABLE: frozenset({"cant_update_message", "edit_window_closed", "streaming_state_conflict"}),
    Refusal.NOT_HERE: NOT_A_MEMBER
    | {
        "is_archived",
        "is_inactive",
        "no_permission",
        "ekm_access_denied",
        "posting_to_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "messages_tab_disabled",
        "cannot_dm_bot",
        "user_not_found",
        "user_not_visible",
        "user_disabled",
    },
    Refusal.BOT: frozenset(
        {
            "not_authed",
            "invalid_auth",
            "account_inactive",
            "token_expired",
            "token_revoked",
            "missing_scope",
            "not_allowed_token_type",
            "access_denied",
            "accesslimited",
            "app_access_restricted",
            "team_access_not_granted",
            "team_is_restricted",
            "enterprise_is_restricted",
            "two_factor_setup_required",
            "deprecated_endpoint",
            "method_deprecated",
        }
    ),
}
_BY_CODE: Final = {code: refusal for refusal, codes in _CODES.items() for code in codes}
KNOWN: Final = _BY_CODE.keys()
"""Every code that the bot knows."""
_BY_WORDS: Final = (
    (re.compile(r"^restricted_action"), Refusal.NOT_HERE),
    (re.compile(r"^(token|account)_"), Refusal.BOT),
    (re.compile(r"^invalid_(arg|form|payload)|too_(long|large|many)"), Refusal.CONTENT),
    (re.compile(r"(^|_)(attachments?|blocks?|markdown|metadata|msg|payload|text)(_|$)"), Refusal.CONTENT),
)
"""What a code is about that is not known, by words in it; the first that fits counts."""


def meaning_of(code: str) -> Refusal:
    """Return what one of Slack's error codes is about: by its name, if it is not a known one."""
    by_words = (refusal for words, refusal in _BY_WORDS if words.search(code))
    return _BY_CODE.get(code) or next(by_words, Refusal.UNKNOWN)
