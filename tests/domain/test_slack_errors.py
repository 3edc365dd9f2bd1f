"""Slack's refusals: what each code asks for."""

from bot.domain.slack_errors import NOT_A_MEMBER, Refusal, meaning_of

CODES = {
    Refusal.NOT_HERE: "is_archived is_inactive channel_not_found not_in_channel no_permission "
    "messages_tab_disabled restricted_action_thread_only_channel new RATELIMITED metadata invalid_auth_ 0",
    Refusal.MESSAGE_GONE: "message_not_found cant_update_message edit_window_closed cannot_reply_to_message "
    "restricted_action_thread_locked",
    Refusal.OUR_FAULT: "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text "
    "invalid_arguments metadata_too_large metadata_must_be_sent_from_app",
    Refusal.CREDENTIALS: "invalid_auth account_inactive token_revoked token_expired not_authed missing_scope "
    "not_allowed_token_type team_access_not_granted",
    Refusal.LATER: "ratelimited rate_limited message_limit_exceeded internal_error fatal_error "
    "request_timeout service_unavailable team_added_to_org external_channel_migrating",
}
"""The codes on Slack's pages of chat.postMessage and chat.update, by what they ask for, and unknown ones."""


def test_each_code_asks_for_something() -> None:
    """Every code that Slack documents has its class; one that is not known may be about the channel."""
    assert {refusal: {*map(meaning_of, codes.split())} for refusal, codes in CODES.items()} == {
        refusal: {refusal} for refusal in Refusal
    }
    assert {meaning_of(code) for code in (*NOT_A_MEMBER, "")} == {Refusal.NOT_HERE}
