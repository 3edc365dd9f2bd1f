"""What a refusal changes: by its code, by what was tried, and by the evidence of what it covers."""

from dataclasses import replace
from itertools import product

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
OTHERS_PASSED = Evidence(accepts_token=True, others_passed=True)
ELSEWHERE = Evidence(accepts_token=True, elsewhere=True)


CODES: list[tuple[str, Evidence, Reaction, list[Attempt]]] = [
    # Slack's own trouble passes, whatever was sent.
    ("internal_error", NOTHING, Reaction.RETRY, [CARD, NOTICE, EDIT, TELL, UNSAY]),
    # What is wrong with the content is put right by the words alone, or concerns this message.
    ("attachment_payload_limit_exceeded", NOTHING, Reaction.WORDS, [CARD, EDIT, TELL]),
    ("msg_too_long", NOTHING, Reaction.HOLD, [WORDS, EDITED_WORDS, TOLD_WORDS]),
    # Without its thread a notice can be posted; what is in no thread, the conversation does not take.
    ("thread_not_found", NOTHING, Reaction.WITHOUT_THREAD, [NOTICE, WORDS]),
    ("restricted_action_non_threadable_channel", NOTHING, Reaction.WITHOUT_THREAD, [NOTICE]),
    ("cannot_reply_to_message", NOTHING, Reaction.PAUSE, [OUTSIDE]),
    ("thread_not_found", NOTHING, Reaction.WORDS, [CARD]),
    # A card that is gone is posted anew; one that can't be edited stays.
    ("message_not_found", NOTHING, Reaction.NEW_CARD, [EDIT]),
    ("message_not_found", NOTHING, Reaction.SKIP, [UNSAY]),
    ("edit_window_closed", NOTHING, Reaction.SKIP, [EDIT, UNSAY]),
    ("cant_update_message", NOTHING, Reaction.WORDS, [NOTICE]),
    # The bot may not post here: the conversation waits; of a direct message, that person is left out.
    ("is_archived", NOTHING, Reaction.PAUSE, [CARD, NOTICE]),
    ("is_archived", NOTHING, Reaction.HOLD, [EDIT]),
    ("restricted_action_thread_only_channel", NOTHING, Reaction.HOLD, [CARD]),
    # Where others got through since it was refused before, it is this message.
    ("new_code", OTHERS_PASSED, Reaction.HOLD, [OUTSIDE]),
    ("access_denied", OTHERS_PASSED, Reaction.HOLD, [CARD]),
    ("is_archived", OTHERS_PASSED, Reaction.PAUSE, [CARD]),
    ("messages_tab_disabled", NOTHING, Reaction.SKIP, [TELL, UNSAY]),
    # A word about the bot itself is believed if Slack does not accept its token, or says it twice.
    ("access_denied", NOTHING, Reaction.ASK, [CARD, NOTICE, EDIT, TELL, UNSAY]),
    ("invalid_auth", TOKEN_REFUSED, Reaction.BOT, [CARD, EDIT, TELL]),
    ("team_is_restricted", ELSEWHERE, Reaction.BOT, [CARD, EDIT, TELL]),
    ("access_denied", TOKEN_WORKS, Reaction.PAUSE, [CARD, NOTICE]),
    ("access_denied", TOKEN_WORKS, Reaction.HOLD, [EDIT, TELL, UNSAY]),
    # What nobody knows: the words alone, then without the thread, then the conversation waits.
    ("new_code", NOTHING, Reaction.WORDS, [CARD, NOTICE, EDIT, TELL]),
    ("new_code", NOTHING, Reaction.WITHOUT_THREAD, [WORDS]),
    ("new_code", NOTHING, Reaction.PAUSE, [OUTSIDE]),
    ("new_code", NOTHING, Reaction.HOLD, [EDITED_WORDS, TOLD_WORDS]),
    ("new_code", ELSEWHERE, Reaction.BOT, [CARD, WORDS, EDIT, TELL]),
    # What is certainly about something else is not changed by evidence.
    ("is_archived", ELSEWHERE, Reaction.PAUSE, [CARD]),
    ("msg_too_long", ELSEWHERE, Reaction.WORDS, [CARD]),
]


@pytest.mark.parametrize(("code", "evidence", "expected", "attempts"), CODES)
def test_reactions(code: str, evidence: Evidence, expected: Reaction, attempts: list[Attempt]) -> None:
    """Each refusal has the reaction that touches no more than what was refused."""
    assert {reaction(meaning_of(code), attempt, evidence) for attempt in attempts} == {expected}


def test_a_message_that_may_have_arrived_is_repeated_late() -> None:
    """Two edits look like one; two messages don't."""
    for expected, attempts in {Reaction.REPEAT: (CARD, NOTICE, TELL), Reaction.RETRY: (EDIT, UNSAY)}.items():
        for attempt in attempts:
            assert reaction(Refusal.LATER, attempt, NOTHING, unanswered=True) is expected


@pytest.mark.parametrize("evidence", [TOKEN_WORKS, TOKEN_REFUSED, ELSEWHERE])
def test_every_refusal_ends(evidence: Evidence) -> None:
    """Whatever Slack answers to each simpler form, in the end a message is given up, paused or retried."""
    for refusal, attempt in product(Refusal, (CARD, NOTICE, EDIT, TELL, UNSAY)):
        tried, found = attempt, reaction(refusal, attempt, evidence)
        for _ in range(2):
            if found is Reaction.WORDS:
                tried = replace(tried, words_only=True)
            elif found is Reaction.WITHOUT_THREAD:
                tried = replace(tried, in_thread=False)
            found = reaction(refusal, tried, evidence)
        assert found not in {Reaction.WORDS, Reaction.WITHOUT_THREAD, Reaction.ASK}, (refusal, attempt)


def test_evidence_of_the_bot_itself() -> None:
    """The same code from a channel and a person, or from three channels, until something gets through."""
    evidence = BotEvidence()
    evidence.refused("C1", "access_denied")

    assert [evidence.has(where) for where in ("C1", "C2")] == [True, False]
    assert [evidence.is_elsewhere(where, "access_denied") for where in ("C1", "C2", "U1")] == [
        False,
        False,
        True,
    ]
    evidence.refused("C2", "access_denied")
    assert [evidence.is_elsewhere(where, "access_denied") for where in ("C1", "C3")] == [False, True]
    assert not evidence.is_elsewhere("C3", "other_code")
    evidence.accepted()
    assert not evidence.is_elsewhere("C3", "access_denied")
