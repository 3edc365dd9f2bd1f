"""Slack's error codes: what each is about."""

import pytest

from bot.domain.slack_errors import BUSY, KNOWN, NOT_A_MEMBER, Refusal, meaning_of

CODES = {
    Refusal.LATER: "message_limit_exceeded external_channel_migrating org_login_required update_failed",
    Refusal.CONTENT: "invalid_blocks invalid_blocks_format invalid_attachments block_mismatch "
    "msg_blocks_too_long msg_too_long no_text attachment_payload_limit_exceeded too_many_attachments "
    "too_many_contact_cards markdown_text_conflict metadata_too_large metadata_must_be_sent_from_app "
    "invalid_metadata_format invalid_metadata_schema invalid_arguments invalid_arg_name invalid_array_arg "
    "invalid_charset invalid_form_data",
    Refusal.THREAD: "cannot_reply_to_message restricted_action_thread_locked "
    "restricted_action_non_threadable_channel",
    Refusal.MESSAGE_GONE: "message_not_found thread_not_found",
    Refusal.UNEDITABLE: "cant_update_message edit_window_closed streaming_state_conflict",
    Refusal.NOT_HERE: "is_archived is_inactive no_permission ekm_access_denied posting_to_channel_denied "
    "restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel "
    "messages_tab_disabled cannot_dm_bot user_not_found user_not_visible user_disabled",
    Refusal.BOT: "not_authed invalid_auth account_inactive token_expired token_revoked missing_scope "
    "not_allowed_token_type access_denied accesslimited app_access_restricted team_access_not_granted "
    "team_is_restricted enterprise_is_restricted two_factor_setup_required deprecated_endpoint "
    "method_deprecated",
    Refusal.UNKNOWN: "as_user_not_supported blocked_file_type cant_broadcast_message draft_already_sent "
    "duplicate_channel_not_found duplicate_message_not_found file_not_found max_file_sharing_exceeded "
    "missing_file_data missing_post_type slack_connect_canvas_sharing_blocked send_on_behalf_not_allowed "
    "team_not_found unable_to_share_files",
}
"""The codes on Slack's pages of chat.postMessage and chat.update, by what they are about; some of files."""
BY_NAME = {
    Refusal.CONTENT: "invalid_payload missing_text_or_fallback view_too_large too_many_buttons "
    "mrkdwn_too_long invalid_arg_value msg_rejected block_kit_error empty_attachment",
    Refusal.NOT_HERE: "restricted_action_brand_new",
    Refusal.BOT: "token_rotated account_suspended",
    Refusal.UNKNOWN: "brand_new RATELIMITED unblocked textual used_url expired_url invalid_channel 0",
}
"""Codes that are on neither page."""


@pytest.mark.parametrize("refusal", Refusal)
def test_each_code_is_about_something(refusal: Refusal) -> None:
    """A documented code has its class; one that is not known has that of the words in it, if any."""
    codes = f"{CODES[refusal]} {BY_NAME.get(refusal, '')}".split()

    assert {code: meaning_of(code) for code in codes} == dict.fromkeys(codes, refusal)


def test_no_known_code_is_forgotten_here() -> None:
    """What is transient, and what a bot that is no member hears, have names of their own."""
    documented = {
        code for refusal, codes in CODES.items() if refusal is not Refusal.UNKNOWN for code in codes.split()
    }

    assert documented | BUSY | NOT_A_MEMBER == KNOWN
    assert {*map(meaning_of, BUSY), *map(meaning_of, NOT_A_MEMBER)} == {Refusal.LATER, Refusal.NOT_HERE}
    assert meaning_of("") is Refusal.UNKNOWN
