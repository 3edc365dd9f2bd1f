"""What a refusal changes: by its code, by what was tried, and by the evidence of what it covers."""

import pytest

from bot.deliver.reactions import Attempt, BotEvidence, Evidence, Reaction, reaction
from bot.domain.deliveries import Step
from bot.domain.slack_errors import Refusal, meaning_of

CARD, NOTICE, EDIT = (
    Attempt(Step.POST_CARD),
    Attempt(Step.POST_NOTICE, in_thread=True),
    Attempt(Step.EDIT_CARD),
)
TELL, UNSAY = Attempt(Step.TELL_PERSON), Attempt(Step.EDIT_WARNING)
WORDS = Attempt(Step.POST_NOTICE, in_thread=True, words_only=True)
OUTSIDE = Attempt(Step.POST_NOTICE, words_only=True)
EDITED_WORDS = Attempt(Step.EDIT_CARD, words_only=True)
TOLD_WORDS = Attempt(Step.TELL_PERSON, words_only=True)

NOTHING = Evidence()
TOKEN_WORKS, TOKEN_REFUSED = Evidence(accepts_token=True), Evidence(accepts_token=False)
ELSEWHERE = Evidence(accepts_token=True, elsewhere=True)


@pytest.mark.parametrize(
    ("code", "attempt", "evidence", "expected"),
    [
        # Slack's own trouble passes, whatever was sent.
        *(("internal_error", each, NOTHING, Reaction.RETRY) for each in (CARD, NOTICE, EDIT, TELL, UNSAY)),
        # What is wrong with the content is put right by the words alone, or concerns this message.
        *(
            ("attachment_payload_limit_exceeded", each, NOTHING, Reaction.WORDS)
            for each in (CARD, EDIT, TELL)
        ),
        *(("msg_too_long", each, NOTHING, Reaction.HOLD) for each in (WORDS, EDITED_WORDS, TOLD_WORDS)),
        # Without its thread a notice can be posted; what is in no thread, the conversation does not take.
        ("thread_not_found", NOTICE, NOTHING, Reaction.WITHOUT_THREAD),
        ("message_not_found", NOTICE, NOTHING, Reaction.WITHOUT_THREAD),
        ("restricted_action_non_threadable_channel", NOTICE, NOTHING, Reaction.WITHOUT_THREAD),
        ("cannot_reply_to_message", WORDS, NOTHING, Reaction.WITHOUT_THREAD),
        ("cannot_reply_to_message", OUTSIDE, NOTHING, Reaction.PAUSE),
        ("thread_not_found", CARD, NOTHING, Reaction.WORDS),
        # A card that is gone is posted anew; one that can't be edited stays.
        ("message_not_found", EDIT, NOTHING, Reaction.NEW_CARD),
        ("message_not_found", UNSAY, NOTHING, Reaction.SKIP),
        ("edit_window_closed", EDIT, NOTHING, Reaction.SKIP),
        ("cant_update_message", EDIT, NOTHING, Reaction.SKIP),
        ("cant_update_message", UNSAY, NOTHING, Reaction.SKIP),
        ("cant_update_message", NOTICE, NOTHING, Reaction.WORDS),
        # The bot may not post here: the conversation waits; of a direct message, that person is left out.
        *(("is_archived", each, NOTHING, Reaction.PAUSE) for each in (CARD, NOTICE)),
        ("is_archived", EDIT, NOTHING, Reaction.HOLD),
        *(("messages_tab_disabled", each, NOTHING, Reaction.SKIP) for each in (TELL, UNSAY)),
        # A word about the bot itself is believed if Slack does not accept its token, or says it twice.
        *(("access_denied", each, NOTHING, Reaction.ASK) for each in (CARD, NOTICE, EDIT, TELL, UNSAY)),
        *(("invalid_auth", each, TOKEN_REFUSED, Reaction.BOT) for each in (CARD, EDIT, TELL)),
        *(("team_is_restricted", each, ELSEWHERE, Reaction.BOT) for each in (CARD, EDIT, TELL)),
        *(("access_denied", each, TOKEN_WORKS, Reaction.PAUSE) for each in (CARD, NOTICE)),
        *(("access_denied", each, TOKEN_WORKS, Reaction.HOLD) for each in (EDIT, TELL, UNSAY)),
        # What nobody knows: the words alone, then without the thread, then the conversation waits.
        *(("new_code", each, NOTHING, Reaction.WORDS) for each in (CARD, NOTICE, EDIT, TELL)),
        ("new_code", WORDS, NOTHING, Reaction.WITHOUT_THREAD),
        ("new_code", OUTSIDE, NOTHING, Reaction.PAUSE),
        *(("new_code", each, NOTHING, Reaction.HOLD) for each in (EDITED_WORDS, TOLD_WORDS)),
        *(("new_code", each, ELSEWHERE, Reaction.BOT) for each in (CARD, WORDS, EDIT, TELL)),
        # What is certainly about something else is not changed by evidence.
        ("is_archived", CARD, ELSEWHERE, Reaction.PAUSE),
        ("msg_too_long", CARD, ELSEWHERE, Reaction.WORDS),
    ],
)
def test_reactions(code: str, attempt: Attempt, evidence: Evidence, expected: Reaction) -> None:
    """Each refusal has the reaction that touches no more than what was refused."""
    assert reaction(meaning_of(code), attempt, evidence) is expected


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        *((attempt, Reaction.REPEAT) for attempt in (CARD, NOTICE, TELL)),
        *((attempt, Reaction.RETRY) for attempt in (EDIT, UNSAY)),
    ],
)
def test_a_message_that_may_have_arrived_is_repeated_late(attempt: Attempt, expected: Reaction) -> None:
    """Two edits look like one; two messages don't."""
    assert reaction(Refusal.LATER, attempt, NOTHING, unanswered=True) is expected


def test_every_refusal_ends() -> None:
    """Whatever Slack answers to each simpler form, in the end a message is given up, paused or retried."""
    for refusal in Refusal:
        for attempt in (CARD, NOTICE, EDIT, TELL, UNSAY):
            for evidence in (TOKEN_WORKS, TOKEN_REFUSED, ELSEWHERE):
                tried, found = attempt, reaction(refusal, attempt, evidence)
                for _ in range(2):
                    if found in {Reaction.WORDS, Reaction.WITHOUT_THREAD}:
                        in_thread = tried.in_thread and found is Reaction.WORDS
                        words_only = tried.words_only or found is Reaction.WORDS
                        tried = Attempt(tried.step, in_thread=in_thread, words_only=words_only)
                        found = reaction(refusal, tried, evidence)
                assert found not in {Reaction.WORDS, Reaction.WITHOUT_THREAD, Reaction.ASK}, (
                    refusal,
                    attempt,
                )


def test_evidence_of_the_bot_itself() -> None:
    """The same code from another conversation counts, until something gets through."""
    evidence = BotEvidence()
    evidence.refused("C1", "access_denied")

    assert [evidence.has(where) for where in ("C1", "C2")] == [True, False]
    assert evidence.is_elsewhere("C2", "access_denied")
    assert not evidence.is_elsewhere("C1", "access_denied")
    assert not evidence.is_elsewhere("C2", "other_code")
    evidence.accepted()
    assert not evidence.is_elsewhere("C2", "access_denied")
