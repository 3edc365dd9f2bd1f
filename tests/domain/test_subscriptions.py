"""Subscriptions: what is due, the changes that they go through, and that nothing is lost or told twice."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain import subscriptions as changes
from bot.domain.jobs import ENDED, GONE, PERSONAL_FIELDS, STATES, Job, meaning_of
from bot.domain.slack_errors import Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.domain.subscriptions import (
    Card,
    Change,
    Key,
    Level,
    Notice,
    Pause,
    Posted,
    Step,
    Subscription,
    due,
    next_step,
    next_time,
    retry_after,
)
from tests.profiles import examples
from tests.strategies import answers

NOW = 1767323045
DAY = 24 * 60 * 60
A, B, C = "AUDITING", "WAITING", "PROCESSING"


def job_of(state: Any = A, times: Any = None, **fields: Any) -> Job:
    usual = {"job_id": "job-1", "voice_name": "女声", "state": state, "reject_times": times}
    return Job.from_api(usual | fields)


def kept_of(*, job: Job | None = None, **given: Any) -> Subscription:
    """Make a subscription that has just been asked for."""
    usual: dict[str, Any] = {
        "team_id": "T1",
        "channel_id": "C1",
        "job_id": "job-1",
        "level": Level.ALL,
        "subscribed_by": "U1",
        "subscribed_at": NOW,
        "job": (job or job_of()).remembered(),
    }
    return Subscription(**usual | given)


def told_of(*, job: Job | None = None, **given: Any) -> Subscription:
    """Make a subscription whose card is posted, and that has nothing more to say."""
    bare = kept_of(job=job, **given)
    card = Card(ts="1.0", posted_at=NOW - 1000, fingerprint=bare.fingerprint)
    return bare.model_copy(update={"card": card, "delivered_at": NOW - 1000})


def waits(*path: str, since: int = NOW - 5) -> Notice:
    return Notice(path=path, since=since)


def pause_of(**given: Any) -> Pause:
    usual: dict[str, Any] = {"reason": "is_archived", "since": NOW - 900, "tries": 2, "next_try": NOW + 300}
    return Pause(**usual | {"person_knows": True} | given)


def having(subscription: Subscription, **update: Any) -> Subscription:
    return subscription.model_copy(update=update)


def after(change: Change, subscription: Subscription) -> Subscription:
    """Apply a change that does not retire the subscription."""
    changed = change(subscription)
    assert changed is not None
    return changed


GONE_JOB = job_of(A).gone()

DUE: dict[str, tuple[Job, Job | None, tuple[str, ...] | None]] = {
    "the same": (job_of(A), job_of(A), None),
    "the same, with other details": (job_of(A, 1), job_of(A, 1, asset_id="x", lastupdate_time=NOW), None),
    "another state": (job_of(A), job_of(B), (A, B)),
    "another state, the same times": (job_of(A, 1), job_of(B, 1), (A, B)),
    "the same state once more": (job_of(A, 1), job_of(A, 2), (A, A)),
    "a state that is new to the bot": (job_of(A), job_of("NEW"), (A, "NEW")),
    "from one new state to another": (job_of("NEW"), job_of("NEWER"), ("NEW", "NEWER")),
    "no state told": (job_of(A, 1), job_of(None, 2), None),
    "the count not told": (job_of(A, 1), job_of(A), None),
    "the count at last": (job_of(A), job_of(A, 2), None),
    "still no state": (job_of(None), job_of(None), None),
    "a state at last": (job_of(None), job_of(A), ("", A)),
    "gone": (job_of(A), None, (A, GONE)),
    "gone with its times": (job_of(A, 3), None, (A, GONE)),
    "still gone": (GONE_JOB, None, None),
    "back as it was": (GONE_JOB, job_of(A), (GONE, A)),
    "back in another state": (GONE_JOB, job_of(B, 2), (GONE, B)),
    "ended": (job_of(A), job_of("SUCCEED"), (A, "SUCCEED")),
    "reopened": (job_of("SUCCEED"), job_of(A), ("SUCCEED", A)),
}
"""How the job was seen last, how it is seen now, and the path of the notice that is due."""


class TestDue:
    """Which notice is due."""

    @pytest.mark.parametrize("level", Level)
    @pytest.mark.parametrize(("was", "now_is", "path"), DUE.values(), ids=DUE)
    def test_what_is_due(
        self, was: Job, now_is: Job | None, path: tuple[str, ...] | None, level: Level
    ) -> None:
        """A change of state, or the same state once more, is due, at whatever level."""
        notice = due(told_of(job=was, level=level), now_is, NOW)

        assert notice == (Notice(path=path, since=NOW) if path else None)

    def test_there_and_back_is_told_too(self) -> None:
        """A state that came back between two messages is part of the path."""
        subscription = told_of()
        for state in (B, A):
            subscription = after(changes.seen(job_of(state), NOW), subscription)

        assert subscription.notice == waits(A, B, A, since=NOW)

    def test_waiting_notice_grows(self) -> None:
        """What was not told yet is told together with what comes, as of when it began."""
        subscription = having(told_of(job=job_of(B)), notice=waits(A, B))

        assert due(subscription, job_of(C), NOW) == waits(A, B, C)
        assert due(subscription, None, NOW) == waits(A, B, GONE)
        assert due(subscription, job_of(B), NOW) is None

    @pytest.mark.parametrize(
        ("state", "important"),
        [
            ("AUDIT_FAILED", True),
            ("USER_RESULT_REVIEW", True),
            ("CREATING", True),
            ("SUCCEED", True),
            ("FAILED", True),
            (GONE, True),
            ("SPLIT_FAILED", True),
            ("NEW", True),
            ("", True),
            ("PROCESSING", False),
            ("USER_REVIEW_REJECT", False),
        ],
    )
    def test_what_is_important(self, state: str, important: bool) -> None:  # noqa: FBT001  a column
        """What asks somebody to act, or may do so, and the end of a job are important; the way is not."""
        assert waits("FAILED" if not important else "PROCESSING", state).is_important is important

    @pytest.mark.parametrize("state", [*STATES, GONE, "NEW", None])
    def test_over_is_what_has_ended(self, state: str | None) -> None:
        """A subscription is over when its job's phase says so."""
        job = GONE_JOB if state == GONE else job_of(state)

        assert kept_of(job=job).is_over is (state in {"SUCCEED", "FAILED", GONE})
        assert kept_of(job=job).state == (state or "")


class TestSeen:
    """Writing down how a job was seen."""

    def test_job_and_notice_change_together(self) -> None:
        """The job as it is now, the notice and the need of an edit are one change, and the rest stays."""
        seen = job_of(B, 1, phone="123", assess_result={"a": 1})
        subscription = told_of()

        changed = after(changes.seen(seen, NOW), subscription)

        now = having(subscription, job=seen.remembered(), notice=waits(A, B, since=NOW))
        assert changed == changes.outdated(now)
        assert changed.job.phone is None

    def test_gone_job_keeps_its_name(self) -> None:
        """A job that is gone is still known by its voice, and its subscription is over."""
        changed = after(changes.seen(None, NOW), told_of(job=job_of(A, 2)))

        assert (changed.state, changed.job.voice_name, changed.is_over) == (GONE, "女声", True)
        assert due(changed, None, NOW) is None

    def test_nothing_new_changes_nothing(self) -> None:
        """The same sight leaves the subscription as it is."""
        subscription = told_of()

        assert changes.seen(job_of(A, asset_id="new"), NOW)(subscription) is subscription

    @pytest.mark.parametrize(
        ("known", "answer", "proof", "is_told"),
        [
            ((A, NOW), (B, NOW + 1), 0, True),
            ((A, NOW), (B, NOW), 0, True),
            ((A, NOW), (B, NOW - 9), 0, False),
            ((A, NOW), (B, NOW - 9), 3599, False),
            ((A, NOW), (B, NOW - 9), 3600, True),
            ((A, NOW), (B, None), 0, False),
            ((A, NOW), (B, None), 60, True),
            ((A, None), (B, None), 0, True),
            ((A, None), (B, NOW), 0, True),
        ],
    )
    def test_older_answer_is_no_news(
        self,
        known: tuple[str, int | None],
        answer: tuple[str, int | None],
        proof: float,
        is_told: bool,  # noqa: FBT001  a column
    ) -> None:
        """It needs proof, as does one that does not say of when it is: for so long, no other one came."""
        was, now_is = (job_of(state, 1, lastupdate_time=time) for state, time in (known, answer))
        subscription = told_of(job=was)

        changed = after(changes.seen(now_is, NOW, proof=proof, undated=60), subscription)

        assert (changed.notice == Notice(path=(A, B), since=NOW)) is is_told
        assert is_told or changed is subscription

    def test_what_an_answer_leaves_out_is_still_known(self) -> None:
        """The name of the voice stays, and what belongs to the state that is over does not."""
        was = job_of("AUDIT_FAILED", 2, lastupdate_time=NOW, batch_name="b", job_failed_reason="noise")

        changed = after(
            changes.seen(job_of(A, voice_name=None, lastupdate_time=NOW + 9), NOW), told_of(job=was)
        )

        known = changed.job
        assert (known.voice_name, known.batch_name, known.lastupdate_time) == ("女声", "b", NOW + 9)
        assert (known.job_failed_reason, known.reject_times) == (None, None)

    def test_what_is_no_change_may_add_to_what_is_known(self) -> None:
        """A count at last is kept for the next answer, and the card shows it; nothing is told."""
        subscription = told_of(job=job_of(A, lastupdate_time=NOW))

        changed = after(changes.seen(job_of(A, 2, lastupdate_time=NOW + 9), NOW), subscription)

        assert (changed.job.reject_times, changed.job.lastupdate_time) == (2, NOW)
        assert next_step(changed) is Step.EDIT_CARD
        assert changes.seen(job_of(A, lastupdate_time=NOW), NOW)(changed) is changed
        assert changes.seen(job_of(A, 1), NOW, proof=3599)(changed) is changed
        assert after(changes.seen(job_of(A, 3), NOW, proof=60), changed).notice == waits(A, A, since=NOW)

    def test_stopped_one_sees_nothing(self) -> None:
        """After a person ended it, its job may do what it likes."""
        subscription = having(told_of(), stopped_by="U2")

        assert changes.seen(job_of(B), NOW)(subscription) is subscription


WARNING = Posted(channel_id="D1", ts="9.0")

STEPS: dict[str, tuple[Subscription, Step | None, int | None]] = {
    "new": (kept_of(), Step.POST_CARD, 0),
    "new, with a notice": (kept_of(notice=waits(A, B)), Step.POST_CARD, 0),
    "new and over": (kept_of(job=job_of("FAILED")), Step.POST_CARD, 0),
    "new and paused": (kept_of(pause=pause_of()), Step.POST_CARD, NOW + 300),
    "stopped without a card": (kept_of(stopped_by="U2"), Step.FORGET, 0),
    "told": (told_of(), None, None),
    "told and paused": (having(told_of(), pause=pause_of()), None, None),
    "notice": (having(told_of(), notice=waits(A, B)), Step.POST_NOTICE, 0),
    "notice and another face": (
        having(told_of(), job=job_of(B), notice=waits(A, B)),
        Step.POST_NOTICE,
        0,
    ),
    "notice and paused": (
        having(told_of(), notice=waits(A, B), pause=pause_of()),
        Step.POST_NOTICE,
        NOW + 300,
    ),
    "stopped with a notice": (having(told_of(), notice=waits(A, B), stopped_by="U2"), Step.EDIT_CARD, 0),
    "another state": (having(told_of(), job=job_of(B)), Step.EDIT_CARD, 0),
    "another count": (having(told_of(), job=job_of(A, 2)), Step.EDIT_CARD, 0),
    "another level": (having(told_of(), level=Level.IMPORTANT), Step.EDIT_CARD, 0),
    "stopped": (having(told_of(), stopped_by="U2"), Step.EDIT_CARD, 0),
    "another face and paused": (
        having(told_of(), job=job_of(B), pause=pause_of()),
        Step.EDIT_CARD,
        NOW + 300,
    ),
    "person does not know": (
        having(told_of(), notice=waits(A, B), pause=pause_of(person_knows=False)),
        Step.TELL_PERSON,
        0,
    ),
    "warned and paused": (having(told_of(), warning=WARNING, pause=pause_of()), None, None),
    "warned, and it is over": (having(told_of(), warning=WARNING), Step.EDIT_WARNING, 0),
    "warned, and a notice waits": (
        having(told_of(), warning=WARNING, notice=waits(A, B)),
        Step.POST_NOTICE,
        0,
    ),
    "warned, and stopped without a card": (
        kept_of(warning=WARNING, stopped_by="U2"),
        Step.EDIT_WARNING,
        0,
    ),
    "person does not know of a new one": (kept_of(pause=pause_of(person_knows=False)), Step.TELL_PERSON, 0),
}
"""A subscription, what is to be sent for it next, and from when on."""


@pytest.mark.parametrize(("subscription", "step", "at"), STEPS.values(), ids=STEPS)
def test_next_step_and_its_time(subscription: Subscription, step: Step | None, at: int | None) -> None:
    """The person comes first, then the card, the notice, the edit; only a person is told in a pause."""
    assert next_step(subscription) is step
    assert next_time(subscription, NOW) == at


@pytest.mark.parametrize(
    ("tries", "wait", "at"),
    [
        (1, 300, NOW + 300),
        (1, 301, 0),
        (1, 40 * DAY, 0),
        (9, DAY, NOW + DAY),
        (9, DAY + 1, 0),
        (2, -DAY, NOW - DAY),
    ],
)
def test_no_wait_outlives_its_pause(tries: int, wait: int, at: int) -> None:
    """What was written down while the clock was ahead is due as soon as it is put right."""
    assert next_time(kept_of(pause=pause_of(tries=tries, next_try=NOW + wait)), NOW) == at


class TestDelivered:
    """Writing down what Slack took."""

    def test_first_card_tells_what_it_shows(self) -> None:
        """The first card is the first word: what it showed needs no notice."""
        shown = kept_of(job=job_of(B), notice=waits(A, B), pause=pause_of())

        posted = after(changes.card_posted(shown, "2.0", NOW), shown)

        assert posted.card == Card(ts="2.0", posted_at=NOW, fingerprint=shown.fingerprint)
        assert (posted.notice, posted.pause, posted.delivered_at) == (None, None, NOW)
        assert next_step(posted) is None

    def test_what_is_seen_while_the_first_card_travels_is_told(self) -> None:
        """The card shows what was known when it was sent, so that the rest is due."""
        shown = kept_of()
        posted = changes.card_posted(shown, "2.0", NOW)

        assert after(posted, after(changes.seen(job_of(B), NOW), shown)).notice == waits(A, B, since=NOW)

        shown = after(changes.seen(job_of(B), NOW), shown)
        subscription = after(changes.seen(job_of(C), NOW), shown)
        subscription = after(changes.card_posted(shown, "2.0", NOW + 9), subscription)
        assert subscription.notice == waits(B, C, since=NOW + 9)
        assert next_step(having(subscription, notice=None)) is Step.EDIT_CARD

    def test_later_card_leaves_the_notice(self) -> None:
        """A card that is posted anew is no word of its own: the notice goes into its thread."""
        shown = having(told_of(job=job_of(B)), card=None, notice=waits(A, B))

        assert after(changes.card_posted(shown, "2.0", NOW), shown).notice == waits(A, B)

    def test_card_of_another_subscription_tells_nothing(self) -> None:
        """A card on its way while its subscription was ended and made anew hides no change of the new one."""
        shown = kept_of(job=job_of(B), notice=waits(A, B))
        anew = kept_of(job=job_of(C), notice=waits(B, C))

        posted = after(changes.card_posted(shown, "2.0", NOW), anew)

        assert posted.notice == waits(B, C)
        assert next_step(having(posted, notice=None)) is Step.EDIT_CARD

    @pytest.mark.parametrize(
        ("waiting", "told", "left"),
        [
            (waits(A, B), waits(A, B), None),
            (waits(A, B, C), waits(A, B), waits(B, C, since=NOW)),
            (waits(A, B, A, C), waits(A, B), waits(B, A, C, since=NOW)),
            (waits(A, B, C), waits(A, B, C), None),
            (waits(A, A, A), waits(A, A), waits(A, A, since=NOW)),
            (waits(B, C), waits(A, B), waits(B, C)),
            (waits(A, B), waits(A, B, C), waits(A, B)),
            (None, waits(A, B), None),
        ],
    )
    def test_told_notice_leaves_the_rest(
        self, waiting: Notice | None, told: Notice, left: Notice | None
    ) -> None:
        """What was told goes away, and what was seen meanwhile stays for the next notice."""
        subscription = having(told_of(), notice=waiting, pause=pause_of())

        changed = after(changes.notice_posted(told, NOW), subscription)

        assert (changed.notice, changed.pause, changed.delivered_at) == (left, None, NOW)

    def test_edit_is_remembered(self) -> None:
        """After an edit the card counts as showing what was sent, not what was seen meanwhile."""
        sent = having(told_of(), job=job_of(B), pause=pause_of())

        edited = after(changes.card_edited(sent.fingerprint, NOW), having(sent, job=job_of(C)))

        assert edited.card is not None
        assert (edited.card.fingerprint, edited.card.ts, edited.pause) == (sent.fingerprint, "1.0", None)
        assert edited.delivered_at == NOW
        assert next_step(edited) is Step.EDIT_CARD
        assert next_step(after(changes.card_edited(sent.fingerprint, NOW), sent)) is None

    def test_edit_of_a_lost_card_makes_none(self) -> None:
        """An edit is no card."""
        assert after(changes.card_edited("x", NOW), kept_of()).card is None


OVER = told_of(job=job_of("SUCCEED"))
WITH_OLD_FACE = having(OVER, card=Card(ts="1.0", posted_at=1, fingerprint=""))
LAST = waits(A, "SUCCEED")

RETIRING: dict[str, tuple[Subscription, Change]] = {
    "last notice": (
        having(OVER, notice=LAST),
        changes.notice_posted(LAST, NOW),
    ),
    "last edit": (WITH_OLD_FACE, changes.card_edited(OVER.fingerprint, NOW)),
    "only card": (
        kept_of(job=job_of("FAILED")),
        changes.card_posted(kept_of(job=job_of("FAILED")), "2.0", NOW),
    ),
    "gone": (
        having(told_of(job=GONE_JOB), notice=waits(A, GONE)),
        changes.notice_posted(waits(A, GONE), NOW),
    ),
    "stopped, and the card says so": (
        having(told_of(), stopped_by="U2"),
        changes.card_edited(having(told_of(), stopped_by="U2").fingerprint, NOW),
    ),
    "stopped before it had a card": (kept_of(stopped_by="U2"), changes.forgotten),
    "stopped after its card was lost": (having(told_of(), card=None, stopped_by="U2"), changes.forgotten),
    "stopped, and the card is lost": (
        having(told_of(), stopped_by="U2"),
        changes.card_lost("message_not_found", NOW),
    ),
    "stopped, and nobody would hear it": (
        having(told_of(), stopped_by="U2"),
        changes.refused("is_archived", NOW),
    ),
}
"""A subscription, and the change after which nothing is left to say."""


class TestRetired:
    """The end of a subscription."""

    @pytest.mark.parametrize(("subscription", "change"), RETIRING.values(), ids=RETIRING)
    def test_nothing_left_to_say(self, subscription: Subscription, change: Change) -> None:
        """Once a job is over, or a person ended it, and all is said, the subscription retires."""
        assert change(subscription) is None

    @pytest.mark.parametrize(
        ("subscription", "change"),
        [
            (having(WITH_OLD_FACE, notice=LAST), changes.card_edited(OVER.fingerprint, NOW)),
            (
                having(WITH_OLD_FACE, notice=LAST),
                changes.notice_posted(LAST, NOW),
            ),
            (told_of(), changes.stopped("U2")),
            (having(OVER, notice=LAST), changes.refused("is_archived", NOW)),
            (OVER, changes.card_lost("message_not_found", NOW)),
            (having(told_of(), notice=waits(A, B)), changes.notice_posted(waits(A, B), NOW)),
        ],
        ids=["notice", "edit", "card has to say it", "refused", "card lost", "not over"],
    )
    def test_something_left_to_say(self, subscription: Subscription, change: Change) -> None:
        """While something is left to say, or the job goes on, it stays."""
        assert change(subscription) is not None

    @pytest.mark.parametrize(
        "change", [changes.refused("is_archived", NOW), changes.card_lost("message_not_found", NOW)]
    )
    def test_whoever_was_warned_hears_of_the_end(self, change: Change) -> None:
        """Where the channel does not hear it, the warning is edited all the same, and then all is said."""
        subscription = having(told_of(), warning=WARNING, stopped_by="U2")

        unheard = after(change, subscription)

        assert next_step(unheard) is Step.EDIT_WARNING
        assert next_step(after(changes.warning_edited, unheard)) is Step.FORGET
        assert changes.warning_edited(having(OVER, warning=WARNING)) is None

    def test_stopping_forgets_what_waits(self) -> None:
        """Who ended it is kept for the card; what waited is told no more, and a pause holds nothing up."""
        subscription = having(told_of(job=job_of(B)), notice=waits(A, B), pause=pause_of(person_knows=False))

        changed = after(changes.stopped("U2"), subscription)

        assert changed == having(subscription, stopped_by="U2", notice=None, pause=None)
        assert (next_step(changed), next_time(changed, NOW)) == (Step.EDIT_CARD, 0)


class TestRefused:
    """What Slack does not take."""

    def test_refusal_pauses_and_keeps_everything(self) -> None:
        """A first refusal makes a pause of which the person will be told."""
        subscription = having(told_of(), notice=waits(A, B))

        changed = after(changes.refused("not_in_channel", NOW), subscription)

        pause = Pause(reason="not_in_channel", since=NOW, tries=1, next_try=NOW + 300, person_knows=False)
        assert changed == having(subscription, pause=pause)
        assert next_step(changed) is Step.TELL_PERSON
        assert next_step(after(changes.person_told(), changed)) is Step.POST_NOTICE

    def test_person_who_is_there_needs_no_message(self) -> None:
        """Somebody who is being answered hears of the pause in the answer."""
        changed = after(changes.refused("not_in_channel", NOW, person_knows=True), kept_of())

        assert changed.pause is not None
        assert changed.pause.person_knows

    def test_more_refusals_are_one_pause(self) -> None:
        """The pause began with the first, has the last one's reason, and the person is told once."""
        subscription = having(told_of(), pause=pause_of())

        changed = after(changes.refused("no_permission", NOW), subscription)

        assert changed.pause == Pause(
            reason="no_permission", since=NOW - 900, tries=3, next_try=NOW + 2700, person_knows=True
        )
        again = after(
            changes.refused("no_permission", NOW), having(subscription, pause=pause_of(person_knows=False))
        )
        assert again.pause is not None
        assert not again.pause.person_knows

    def test_tries_become_rare(self) -> None:
        """Between two tries there are five minutes at first, then three times as many, and a day at most."""
        pauses = [retry_after(tries) for tries in range(1, 9)]

        assert pauses == [300, 900, 2700, 8100, 24300, 72900, 86400, 86400]
        assert retry_after(10**6) == 86400

    def test_pause_ends_with_what_slack_takes(self) -> None:
        """A word that Slack takes in the channel ends the pause; one to the person does not."""
        subscription = having(told_of(), notice=waits(A, B), pause=pause_of())

        for change in (changes.notice_posted(waits(A, B), NOW), changes.card_edited("x", NOW)):
            assert after(change, subscription).pause is None
        assert after(changes.card_posted(kept_of(), "2.0", NOW), kept_of(pause=pause_of())).pause is None
        assert after(changes.person_told(), subscription).pause is not None

    def test_a_card_does_not_end_the_pause_of_a_notice(self) -> None:
        """The notice is tried at once; if that is refused again, the pause goes on, and grows."""
        subscription = having(told_of(), card=None, notice=waits(A, B), pause=pause_of(tries=3))

        posted = after(changes.card_posted(subscription, "2.0", NOW), subscription)
        refused = after(changes.card_lost("cannot_reply_to_message", NOW + 1), posted)

        assert next_step(posted) is Step.POST_NOTICE
        assert next_time(posted, NOW) == NOW
        assert refused.pause
        assert refused.pause.tries == 4
        assert refused.pause.person_knows

    def test_stopping_waits_for_a_card_on_its_way(self) -> None:
        """A card that arrives after the end is edited to say so, and only then is all forgotten."""
        ended = after(changes.stopped("U2"), kept_of())
        arrived = after(changes.card_posted(kept_of(), "2.0", NOW), ended)

        assert changes.forgotten(arrived) == arrived
        assert next_step(arrived) is Step.EDIT_CARD
        assert changes.card_edited(arrived.fingerprint, NOW)(arrived) is None

    def test_without_a_pause_there_is_nothing_to_know(self) -> None:
        """A pause that ended meanwhile is not brought back."""
        assert changes.person_told()(told_of()) == told_of()
        assert changes.tried_again(NOW)(told_of()) == told_of()

    def test_who_is_still_warned_is_not_told_again(self) -> None:
        """A pause that begins before the warning was edited makes that true again."""
        changed = after(changes.refused("is_archived", NOW), having(told_of(), warning=WARNING))

        assert changed.pause
        assert changed.pause.person_knows
        assert next_step(changed) is None

    def test_person_can_try_again(self) -> None:
        """A person's wish ends the wait, and needs no message to them; the count of tries goes on."""
        subscription = having(told_of(), notice=waits(A, B), pause=pause_of(person_knows=False))

        changed = after(changes.tried_again(NOW), subscription)

        assert changed.pause == pause_of(next_try=NOW)
        assert next_time(changed, NOW) == NOW

    def test_lost_card_is_posted_anew(self) -> None:
        """A card that is not there any more costs nothing but itself."""
        subscription = having(told_of(), notice=waits(A, B))

        changed = after(changes.card_lost("message_not_found", NOW), subscription)

        assert changed == having(subscription, card=None)
        assert next_step(changed) is Step.POST_CARD

    @pytest.mark.parametrize(
        ("age", "is_lost"), [(0, False), (59, False), (60, True), (DAY, True), (-DAY, True)]
    )
    def test_card_that_never_lasts_is_a_refusal(self, age: int, is_lost: bool) -> None:  # noqa: FBT001
        """A card that is lost as soon as it is posted would be posted for ever: so it waits."""
        subscription = having(told_of(), card=Card(ts="1.0", posted_at=NOW - age, fingerprint=""))

        changed = after(changes.card_lost("restricted_action_thread_locked", NOW), subscription)

        assert (changed.card is None) is is_lost
        assert (changed.pause is None) is is_lost
        assert changed.pause is None or changed.pause.reason == "restricted_action_thread_locked"

    def test_card_that_is_called_lost_before_it_is_posted_is_a_refusal(self) -> None:
        """A strange answer to the first card must not be asked for every second."""
        changed = after(changes.card_lost("message_not_found", NOW), kept_of())

        assert changed.pause is not None
        assert next_time(
            having(changed, pause=changed.pause.model_copy(update={"person_knows": True})), NOW
        ) == (NOW + 300)


THERE_AND_BACK: dict[str, tuple[Change, Change]] = {
    "level": (changes.with_level(Level.IMPORTANT), changes.with_level(Level.ALL)),
    "state": (changes.seen(job_of(B), NOW), changes.seen(job_of(A), NOW)),
    "gone": (changes.seen(None, NOW), changes.seen(job_of(A), NOW)),
}
"""Two changes of what a card shows, the second of which takes the first one back."""


class TestWishes:
    """What people change."""

    @pytest.mark.parametrize("level", Level)
    def test_level(self, level: Level) -> None:
        """Another level is kept and shown on the card; the same one changes nothing."""
        subscription = told_of(level=Level.ALL)

        changed = after(changes.with_level(level), subscription)

        assert changed == (
            subscription if level is Level.ALL else changes.outdated(having(subscription, level=level))
        )
        assert next_step(changed) is (None if level is Level.ALL else Step.EDIT_CARD)

    @pytest.mark.parametrize(("there", "back"), THERE_AND_BACK.values(), ids=THERE_AND_BACK)
    def test_card_that_was_something_else_for_a_while_is_edited(self, there: Change, back: Change) -> None:
        """What comes back to what the card showed does not make it right.

        Slack may have taken the edit in between, and a crash have kept that from being written down.
        """
        subscription = after(back, after(there, told_of()))

        assert subscription.fingerprint == told_of().fingerprint
        assert next_step(having(subscription, notice=None)) is Step.EDIT_CARD

    def test_nobody_is_told_of_a_pause_that_may_be_over(self) -> None:
        """While a channel that took another message is tried, the person is not told; if it refuses, yes."""
        paused = after(changes.refused("not_in_channel", NOW), having(told_of(), notice=waits(A, B)))
        reopened = after(changes.reopened, paused)
        again = after(changes.refused("not_in_channel", NOW + 1), reopened)

        assert [next_step(each) for each in (paused, reopened, again)] == [
            Step.TELL_PERSON,
            Step.POST_NOTICE,
            Step.TELL_PERSON,
        ]
        assert next_time(reopened, NOW) == NOW

    def test_pause_does_not_outlive_what_was_refused(self) -> None:
        """An edit that was refused, and is not needed any more, leaves no pause that nothing would end."""
        important, all_ = changes.with_level(Level.IMPORTANT), changes.with_level(Level.ALL)
        paused = after(changes.refused("not_in_channel", NOW, person_knows=True), after(important, told_of()))

        assert next_time(after(all_, paused), NOW) == NOW + 300

    def test_outdated_card_is_edited(self) -> None:
        """A refresh edits the card though its job is the same; a card that is not there can't be edited."""
        assert next_step(changes.outdated(told_of())) is Step.EDIT_CARD
        assert next_step(changes.outdated(kept_of())) is Step.POST_CARD
        assert changes.outdated(told_of()).job == told_of().job

    def test_key_has_team_channel_and_job(self) -> None:
        """Subscriptions are told apart by team, channel and job."""
        assert kept_of().key == Key("T1", "C1", "job-1")

    def test_face_is_what_the_card_shows(self) -> None:
        """Everything that a card shows of the present makes another face."""
        subscription = told_of()
        others = [
            having(subscription, job=job_of(B)),
            having(subscription, job=job_of(A, 2)),
            having(subscription, level=Level.IMPORTANT),
            having(subscription, stopped_by="U2"),
            having(subscription, stopped_by="U3"),
        ]

        assert len({each.fingerprint for each in [subscription, *others]}) == 6
        assert (
            having(subscription, notice=waits(A, B), pause=pause_of(), delivered_at=1).fingerprint
            == subscription.fingerprint
        )


# On disk.

STATE_NAMES = st.sampled_from([*STATES, GONE, "", "NEW"]) | st.text(st.characters(codec="utf-8"), max_size=20)
TIMES = st.integers(0, 2**40)


def notices() -> st.SearchStrategy[Notice]:
    paths = st.lists(STATE_NAMES, min_size=2, max_size=30).map(tuple)
    return st.builds(Notice, path=paths, since=TIMES)


def pauses(words: st.SearchStrategy[str]) -> st.SearchStrategy[Pause]:
    return st.builds(
        Pause, reason=words, since=TIMES, tries=TIMES, next_try=TIMES, person_knows=st.booleans()
    )


def subscriptions() -> st.SearchStrategy[Subscription]:
    """Give any subscription to any job that MetaStudio may describe."""
    words = st.text(st.characters(codec="utf-8"), max_size=12)
    return st.builds(
        Subscription,
        team_id=words,
        channel_id=words,
        job_id=words,
        level=st.sampled_from(Level),
        subscribed_by=words,
        subscribed_at=TIMES,
        job=answers().map(lambda answer: Job.from_api(answer).remembered()),
        card=st.none() | st.builds(Card, ts=words, posted_at=TIMES, face=words),
        notice=st.none() | notices(),
        pause=st.none() | pauses(words),
        delivered_at=st.none() | TIMES,
        stopped_by=st.none() | words,
    )


def on_disk(subscription: Subscription) -> str:
    """Write a subscription as the store does."""
    return subscription.model_dump_json(exclude_none=True)


class TestOnDisk:
    """Subscriptions as JSON."""

    @given(subscriptions())
    @examples(200)
    def test_what_is_written_is_read(self, subscription: Subscription) -> None:
        """Whatever MetaStudio said of a job, its subscription comes back from the disk as it was."""
        text = on_disk(subscription)

        assert Subscription.model_validate_json(text) == subscription
        assert Subscription.model_validate_json(text).fingerprint == subscription.fingerprint
        assert text.encode()

    @given(answers(), st.sampled_from(["SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}]))
    @examples(50)
    def test_nothing_personal_is_written(self, answer: dict[str, Any], secret: Any) -> None:
        """What is never shown is never kept either, from the first sight and from later ones."""
        job = Job.from_api(answer | dict.fromkeys(PERSONAL_FIELDS, secret))
        seen = after(changes.seen(job, NOW), told_of())

        for subscription in (kept_of(job=job), seen, after(changes.seen(None, NOW), kept_of(job=job))):
            assert "SECRETSECRET" not in on_disk(subscription)
            assert not PERSONAL_FIELDS & json.loads(on_disk(subscription))["job"].keys()

    @pytest.mark.parametrize(
        "name",
        ["a\ud800b", "a\x00b", "女" * 10**6, "\u202e", {"a": [1]}, ["x"], 7, True, float("nan"), 10**4000],
        ids=lambda value: ascii(value)[:20],
    )
    def test_odd_values_survive(self, name: Any) -> None:
        """No text and no type is too odd to be kept, and then to be recognized as the same."""
        job = job_of(name, name, voice_name=name, lastupdate_time=name)
        read = Subscription.model_validate_json(on_disk(told_of(job=job)))

        assert read == told_of(job=job)
        assert due(read, job, NOW) is None
        assert next_step(read) is None

    def test_unknown_fields_are_refused(self) -> None:
        """A row with more than is known is not half understood."""
        with pytest.raises(ValueError, match="surprise"):
            Subscription.model_validate_json(json.dumps(json.loads(on_disk(kept_of())) | {"surprise": 1}))


# The whole: MetaStudio, the store, the outbox, Slack, people, crashes.


Sight = tuple[str, int | None]
"""A job's state and how often it occurred."""


def news(job: Job | None, known: Sight) -> Sight | None:
    """Say what is seen, if that is news: what is not told is not known, and a count only grows."""
    if job is None:
        return (GONE, None) if known[0] != GONE else None
    if job.state is None:
        return None
    is_again = bool(known[1] and job.reject_times and job.reject_times > known[1])
    return (job.state, job.reject_times) if job.state != known[0] or is_again else None


@dataclass
class Shown:
    """A card as it is in Slack."""

    state: str
    level: Level
    stopped_by: str | None


@dataclass
class Life:
    """One subscription from its beginning to its end, as it should go."""

    sight: Sight
    states: list[str]
    """Every state that was seen, in order."""
    told: int = -1
    """Which of them the channel was told last, as far as the bot was able to write it down."""
    is_stopped: bool = False
    card_ts: str = ""
    people_told: int = 0
    """Messages to the person since Slack last took something for the channel."""


@dataclass
class Sending:
    """Something on its way to Slack, for the subscription as it was then."""

    subscription: Subscription
    step: Step
    life: Life
    shows: int
    """Which of the life's states was the last one then."""
    person_is_here: bool
    change: Change | None = None
    """What to write down, once Slack answered."""
    ts: str = ""
    """Of the card, if it is one."""


TAKEN = "taken"
ANSWERS = (TAKEN, "ratelimited", "not_in_channel", "message_not_found", "invalid_blocks", "token_revoked")


@dataclass
class World:
    """Everything around the subscriptions. What the bot remembers is JSON, and dies with nothing else."""

    now: int = NOW
    jobs: dict[str, Job | None] = field(default_factory=dict)
    rows: dict[Key, str] = field(default_factory=dict)
    lives: dict[Key, Life] = field(default_factory=dict)
    sending: dict[str, Sending] = field(default_factory=dict)
    """By channel: each is told one thing at a time."""
    cards: dict[str, Shown] = field(default_factory=dict)
    """By ts."""
    warnings: dict[str, bool] = field(default_factory=dict)
    """Whether each still says, to the person, that the channel is paused; by ts."""

    # MetaStudio.

    def poll(self, job_id: str) -> None:
        """See how a job is, and write that down for each of its subscriptions."""
        job = self.jobs[job_id]
        for key in [key for key in self.rows if key.job_id == job_id]:
            subscription, life = self.read(key), self.lives[key]
            sight = news(job, life.sight)
            assert not sight or due(subscription, job, self.now) or life.is_stopped
            if sight and not life.is_stopped:
                life.sight = sight
                life.states.append(sight[0])
            elif job and job.state == life.sight[0] and life.sight[1] is None:
                life.sight = job.state, job.reject_times
            self.write(key, changes.seen(job, self.now))

    # The store.

    def read(self, key: Key) -> Subscription:
        """Read what is kept."""
        return Subscription.model_validate_json(self.rows[key])

    def write(self, key: Key, change: Change) -> None:
        """Apply a change to what is kept at this moment."""
        if key not in self.rows:
            return
        changed = change(self.read(key))
        if changed is None:
            del self.rows[key]
            self.check_end(self.lives[key])
        else:
            self.rows[key] = on_disk(changed)

    # The outbox.

    def choose(self, channel: str) -> Subscription | None:
        """Choose what a channel is told next, as the outbox does."""
        for key in [key for key in self.rows if key.channel_id == channel]:
            if next_step(self.read(key)) is Step.FORGET:
                self.write(key, changes.forgotten)
        found = [self.read(key) for key in self.rows if key.channel_id == channel]
        order: list[tuple[int, bool, int, Key]] = []
        for subscription in found:
            if (at := next_time(subscription, self.now)) is not None:
                since = subscription.notice.since if subscription.notice else 0
                order.append(
                    (max(at, self.now), next_step(subscription) is Step.EDIT_CARD, since, subscription.key)
                )
        if not order or min(order)[0] > self.now:
            return None
        return self.read(min(order)[3])

    def begin(self, subscription: Subscription, *, person_is_here: bool = False) -> None:
        """Put the next message on its way."""
        step, life = next_step(subscription), self.lives[subscription.key]
        if step is None:
            return
        if subscription.pause and not person_is_here:
            assert step is Step.TELL_PERSON or subscription.pause.next_try <= self.now
        shows = len(life.states) - 1
        self.sending[subscription.channel_id] = Sending(subscription, step, life, shows, person_is_here)

    def answer(self, channel: str, code: str) -> None:
        """Let Slack take what is on its way to a channel, or refuse it."""
        sending = self.sending[channel]
        sending.change = self.take(sending) if code == TAKEN else self.refuse(sending, code)
        if sending.change is None:
            del self.sending[channel]

    def take(self, sending: Sending) -> Change:
        """Take the message, and check it against everything that was said before."""
        subscription, life = sending.subscription, sending.life
        if sending.step is Step.TELL_PERSON:
            life.people_told += 1
            assert life.people_told == 1, "the person is told once"
            sending.ts = f"w{len(self.warnings)}"
            self.warnings[sending.ts] = True
            return changes.person_told(Posted(channel_id="D1", ts=sending.ts))
        if sending.step is Step.EDIT_WARNING:
            assert subscription.warning
            self.warnings[subscription.warning.ts] = False
            return changes.warning_edited
        life.people_told = 0
        shown = Shown(subscription.state, subscription.level, subscription.stopped_by)
        if sending.step is Step.EDIT_CARD:
            assert subscription.card
            self.cards[subscription.card.ts] = shown
            return changes.card_edited(subscription.fingerprint, self.now)
        if sending.step is Step.POST_CARD:
            sending.ts = f"{len(self.cards)}.0"
            self.cards[sending.ts] = shown
            return changes.card_posted(subscription, sending.ts, self.now)
        assert subscription.notice
        path = list(subscription.notice.path)
        assert path == life.states[life.told : life.told + len(path)], "in order, without a gap"
        return changes.notice_posted(subscription.notice, self.now)

    def refuse(self, sending: Sending, code: str) -> Change | None:
        """Refuse the message; only time helps where nothing is to be written down."""
        refusal = refusal_of(code)
        if refusal in {Refusal.LATER, Refusal.CREDENTIALS}:
            return None
        if sending.step is Step.TELL_PERSON:
            return changes.person_told()
        if sending.step is Step.EDIT_WARNING:
            return changes.warning_edited
        if refusal is Refusal.MESSAGE_GONE:
            return changes.card_lost(code, self.now)
        return changes.refused(code, self.now, person_knows=sending.person_is_here)

    def finish(self, channel: str, code: str) -> None:
        """Write down what came of it."""
        sending = self.sending.pop(channel)
        life = sending.life
        assert sending.change
        if code == TAKEN and sending.step is Step.POST_NOTICE and sending.subscription.notice:
            life.told += len(sending.subscription.notice.path) - 1
        elif code == TAKEN and sending.step is Step.POST_CARD:
            life.told = sending.shows if life.told < 0 else life.told
            life.card_ts = sending.ts
        self.write(sending.subscription.key, sending.change)

    def crash(self) -> None:
        """Forget what is on its way: what Slack has taken already may come once more."""
        for sending in self.sending.values():
            if sending.step is Step.TELL_PERSON:
                sending.life.people_told = 0
        self.sending.clear()

    # What must hold.

    def check_end(self, life: Life) -> None:
        """Check a subscription that retires: all is said, and the card says it too."""
        if not life.is_stopped:
            assert meaning_of(life.states[-1]).phase in ENDED
            assert life.told == len(life.states) - 1, "all is told"
            assert self.cards[life.card_ts].state == life.states[-1]

    def check(self, key: Key) -> None:
        """Check one that goes on, when nothing happens any more."""
        life, subscription = self.lives[key], self.read(key)
        assert not life.is_stopped, "it should have retired"
        assert meaning_of(life.states[-1]).phase not in ENDED, "the same"
        assert life.told == len(life.states) - 1, "all is told"
        assert subscription.card
        assert subscription.card.ts == life.card_ts
        assert self.cards[life.card_ts] == Shown(life.states[-1], subscription.level, None)
        assert (subscription.pause, subscription.notice) == (None, None)

    def settle(self) -> None:
        """Let Slack take everything until nothing is due any more."""
        for job_id in self.jobs:
            self.poll(job_id)
        self.crash()
        for _ in range(12 * len(self.rows) + 1):
            times = [at for key in self.rows if (at := next_time(self.read(key), self.now)) is not None]
            if not times:
                return
            self.now = max(self.now, *times)
            for channel in {key.channel_id for key in self.rows}:
                if subscription := self.choose(channel):
                    self.begin(subscription)
                    self.answer(channel, TAKEN)
                    self.finish(channel, TAKEN)
        raise AssertionError("it goes on for ever")


CHANNELS = ("C1", "C2")
JOB_IDS = ("job-1", "job-2")
PLACES = st.builds(Key, st.just("T1"), st.sampled_from(CHANNELS), st.sampled_from(JOB_IDS))
JOBS = st.builds(
    job_of, st.sampled_from([A, A, B, C, "AUDIT_FAILED", "SUCCEED", "FAILED", "NEW", None]), st.integers(1, 2)
)


class Lives(RuleBasedStateMachine):
    """Anything that can happen, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.codes: dict[str, str] = {}

    @initialize(jobs=st.tuples(JOBS, JOBS))
    def begin(self, jobs: tuple[Job, Job]) -> None:
        """Have two jobs."""
        self.world.jobs = dict(zip(JOB_IDS, jobs, strict=True))

    @rule(job_id=st.sampled_from(JOB_IDS), job=JOBS | st.none(), is_noticed=st.booleans())
    def job_changes(self, job_id: str, job: Job | None, is_noticed: bool) -> None:  # noqa: FBT001  drawn
        """Change a job, or delete it, or bring it back; the bot may notice, or not."""
        self.world.jobs[job_id] = job
        if is_noticed:
            self.world.poll(job_id)

    @rule(seconds=st.sampled_from([1, 59, 61, 300, 100_000]))
    def time_passes(self, seconds: int) -> None:
        """Wait."""
        self.world.now += seconds

    @rule(key=PLACES, level=st.sampled_from(Level))
    def person_subscribes(self, key: Key, level: Level) -> None:
        """Make one, as the desk does, unless it is there, or a last word of it is on its way."""
        world, job = self.world, self.world.jobs[key.job_id]
        on_its_way = world.sending.get(key.channel_id)
        if key in world.rows or job is None or job.meaning.phase in ENDED:
            return
        if on_its_way and on_its_way.subscription.key == key:
            return
        state = job.state or ""
        world.lives[key] = Life(sight=(state, job.reject_times), states=[state])
        fresh = kept_of(job=job, channel_id=key.channel_id, job_id=key.job_id, level=level)
        world.rows[key] = on_disk(fresh)

    @rule(key=PLACES, level=st.sampled_from(Level))
    def person_changes_the_level(self, key: Key, level: Level) -> None:
        """Press a button of the list."""
        self.world.write(key, changes.with_level(level))

    @rule(key=PLACES)
    def person_refreshes(self, key: Key) -> None:
        """Press the card's button."""
        self.world.poll(key.job_id)
        self.world.write(key, changes.outdated)

    @rule(key=PLACES)
    def person_stops(self, key: Key) -> None:
        """End a subscription."""
        if key in self.world.rows:
            self.world.lives[key].is_stopped = True
            self.world.write(key, changes.stopped("U2"))

    @rule(key=PLACES)
    def person_tries_again(self, key: Key) -> None:
        """Press the button in the message about a pause."""
        self.world.write(key, changes.tried_again(self.world.now))
        if key not in self.world.rows or key.channel_id in self.world.sending:
            return
        if not self.world.read(key).stopped_by:
            self.world.begin(self.world.read(key), person_is_here=True)

    @rule(channel=st.sampled_from(CHANNELS), code=st.sampled_from(ANSWERS) | st.just(TAKEN))
    def outbox_goes_on(self, channel: str, code: str) -> None:
        """Take one small step: choose, or hear Slack's answer, or write down what came of it."""
        sending = self.world.sending.get(channel)
        if sending is None:
            if subscription := self.world.choose(channel):
                self.world.begin(subscription)
        elif sending.change is None:
            self.codes[channel] = code
            self.world.answer(channel, code)
        else:
            self.world.finish(channel, self.codes[channel])

    @precondition(lambda self: self.world.sending)
    @rule()
    def bot_crashes(self) -> None:
        """Stop at any point."""
        self.world.crash()

    @invariant()
    def order_of_steps_is_kept(self) -> None:
        """Find no notice for one that a person ended, and none that is older than what is known.

        Where nothing is on its way, and nothing is due, no warning says what is no longer true.
        """
        for key in self.world.rows:
            subscription = self.world.read(key)
            is_warned = subscription.warning is not None and self.world.warnings[subscription.warning.ts]
            assert not is_warned or subscription.pause or next_step(subscription) is not None
            last_steps = {Step.EDIT_CARD, Step.EDIT_WARNING, Step.FORGET}
            assert subscription.stopped_by is None or next_step(subscription) in last_steps
            assert subscription.notice is None or subscription.notice.path[-1] == subscription.state

    def teardown(self) -> None:
        """Let everything come to rest; then nothing is lost, and nothing lives on that should not."""
        self.world.settle()
        for key in self.world.rows:
            self.world.check(key)


Lives.TestCase.settings = settings(examples(250), stateful_step_count=50)
TestLives = Lives.TestCase
