"""Slack's refusals: what each code asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.slack_errors import NOT_A_MEMBER, Refusal, meaning_of

CHANNEL_GONE = "is_archived, is_inactive, channel_not_found"
NOT_ALLOWED = (
    "not_in_channel, channel_not_found, no_permission, ekm_access_denied, messages_tab_disabled, "
    "restricted_action, restricted_action_read_only_channel, restricted_action_thread_only_channel, "
    "restricted_action_non_threadable_channel"
)
GONE = (
    "message_not_found, cant_update_message, edit_window_closed, cannot_reply_to_message, "
    "restricted_action_thread_locked"
)
OUR_BUG = (
    "invalid_blocks, invalid_blocks_format, msg_blocks_too_long, msg_too_long, no_text, invalid_arguments, "
    "metadata_too_large, metadata_must_be_sent_from_app, metadata_invalid_event_payload"
)
CREDENTIALS = (
    "invalid_auth, account_inactive, token_revoked, token_expired, not_authed, missing_scope, "
    "not_allowed_token_type, team_access_not_granted"
)
TRY_LATER = (
    "ratelimited, rate_limited, message_limit_exceeded, internal_error, fatal_error, service_unavailable, "
    "request_timeout, team_added_to_org, external_channel_migrating"
)
UNHEARD_OF = "brand_new, RATELIMITED, rate limited, metadata, restricted_actions, invalid_auth_, 0"

CLASSES = {
    Refusal.NOT_HERE: [CHANNEL_GONE, NOT_ALLOWED, UNHEARD_OF],
    Refusal.MESSAGE_GONE: [GONE],
    Refusal.OUR_FAULT: [OUR_BUG],
    Refusal.CREDENTIALS: [CREDENTIALS],
    Refusal.LATER: [TRY_LATER],
}
"""The codes on Slack's pages of chat.postMessage and chat.update, by what they ask for."""

CODES = [
    (code, refusal)
    for refusal, lists in CLASSES.items()
    for code in sorted({code for codes in lists for code in codes.split(", ")})
]


@pytest.mark.parametrize(("code", "refusal"), CODES, ids=[code for code, _ in CODES])
def test_each_code_asks_for_something(code: str, refusal: Refusal) -> None:
    """Every code that Slack documents has its class; one that is not known may be about the channel."""
    assert meaning_of(code) is refusal


def test_no_class_is_forgotten() -> None:
    """There is no class without a code."""
    assert set(CLASSES) == set(Refusal)


@given(st.text())
def test_any_code_has_a_class(code: str) -> None:
    """Whatever Slack says, the bot knows what to do."""
    assert meaning_of(code) in Refusal


def test_who_is_no_member_can_be_invited() -> None:
    """The codes that an invitation mends are refusals of the channel."""
    assert {meaning_of(code) for code in NOT_A_MEMBER} == {Refusal.NOT_HERE}
