"""Slack's error codes: what each is about."""

import pytest

from bot.domain.slack_errors import BUSY, NOT_A_MEMBER, Refusal, meaning_of

CODES = {
    Refusal.LATER: f"message_limit_exceeded org_login_required {' '.join(BUSY)}",
    Refusal.CONTENT: "invalid_blocks msg_too_long no_text invalid_charset block_mismatch "
    "invalid_payload missing_text_or_fallback view_too_large too_many_buttons mrkdwn_too_long "
    "invalid_arg_value msg_rejected block_kit_error empty_attachment",
    Refusal.THREAD: "cannot_reply_to_message restricted_action_thread_locked",
    Refusal.ONLY_REPLIES: "restricted_action_thread_only_channel",
    Refusal.MESSAGE_GONE: "message_not_found thread_not_found",
    Refusal.UNEDITABLE: "cant_update_message edit_window_closed",
    Refusal.NOT_HERE: f"is_archived restricted_action user_not_found {' '.join(NOT_A_MEMBER)} "
    "restricted_action_brand_new",
    Refusal.BOT: "not_authed invalid_auth missing_scope access_denied token_rotated account_suspended",
    Refusal.UNKNOWN: "blocked_file_type cant_broadcast_message duplicate_message_not_found file_not_found "
    "missing_file_data team_not_found brand_new RATELIMITED unblocked textual used_url invalid_channel 0",
}
"""Codes by what they are about; the last ones of each class are on no page of messages."""


@pytest.mark.parametrize("refusal", Refusal)
def test_each_code_is_about_something(refusal: Refusal) -> None:
    """A documented code has its class; one that is not known has that of the words in it, if any."""
    codes = CODES[refusal].split()

    assert {code: meaning_of(code) for code in codes} == dict.fromkeys(codes, refusal)
    assert meaning_of("") is Refusal.UNKNOWN
