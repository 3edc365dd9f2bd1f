"""Subscriptions: what is due, and the changes that they go through."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import GONE, PERSONAL_FIELDS, STATES, Job
from bot.domain.subscriptions import (
    Card,
    Change,
    Level,
    Notice,
    Pause,
    Posted,
    Step,
    Subscription,
    card_edited,
    card_lost,
    card_posted,
    due,
    forgotten,
    next_step,
    next_time,
    notice_posted,
    outdated,
    person_told,
    refused,
    reopened,
    retry_after,
    seen,
    stopped,
    tried_again,
    warning_edited,
    with_level,
)
from tests.domain.subscriptions import NOW, A, B, C, job_of, new, on_disk, path, posted, subscriptions
from tests.profiles import examples
from tests.strategies import answers

DAY = 24 * 60 * 60
GONE_JOB = job_of(A).gone()
AB, LAST = path(A, B), path(A, "SUCCEED")
LOST, LOCKED = "message_not_found", "cannot_reply_to_message"
WARNING = Posted(channel_id="D1", ts="9.0")


def pause_of(**given: Any) -> Pause:
    usual: dict[str, Any] = {"reason": "is_archived", "since": NOW - 900, "tries": 2, "next_try": NOW + 300}
    return Pause(**usual | {"person_knows": True} | given)


def having(record: Any, **update: Any) -> Any:
    return record.model_copy(update=update)


def card_of(subscription: Subscription, ts: str = "2.0", posted_at: int = NOW) -> Card:
    return Card(ts=ts, posted_at=posted_at, fingerprint=subscription.fingerprint)


def posted_ago(seconds: int) -> Subscription:
    return posted(card=card_of(new(), posted_at=NOW - seconds))


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


@pytest.mark.parametrize(("was", "now_is", "states"), DUE.values(), ids=DUE)
def test_what_is_due(was: Job, now_is: Job | None, states: tuple[str, ...] | None) -> None:
    """A change of state, or the same state once more, is due, at whatever level."""
    for level in Level:
        assert due(new(job=was, level=level), now_is, NOW) == (states and path(*states, since=NOW))


def test_waiting_notice_grows() -> None:
    """What was not told yet is told together with what comes, there and back too, as of when it began."""
    subscription = posted(job=job_of(B), notice=AB)

    assert due(subscription, job_of(A), NOW) == path(A, B, A)
    assert due(subscription, None, NOW) == path(A, B, GONE)
    assert due(subscription, job_of(B), NOW) is None


@pytest.mark.parametrize("state", [*STATES, GONE, "NEW", None])
def test_what_is_important_and_what_is_over(state: str | None) -> None:
    """What asks somebody to act, or may do so, and the end of a job are important; the way is not."""
    subscription = new(job=GONE_JOB if state == GONE else job_of(state))

    assert subscription.state == (state or "")
    assert subscription.is_over is (state in {"SUCCEED", "FAILED", GONE})
    assert path(A, subscription.state).is_important is (
        subscription.is_over
        or state in {"CREATING", "AUDIT_FAILED", "USER_RESULT_REVIEW", "SPLIT_FAILED", "NEW", None}
    )


FIRST = Pause(reason=LOST, since=NOW, tries=1, next_try=NOW + 300, person_knows=False)
FIRST_KNOWN = having(FIRST, person_knows=True)
OVER = posted(job=job_of("SUCCEED"))
OVER_UNEDITED = having(OVER, card=card_of(posted(), posted_at=1), notice=LAST)
STOPPED = posted(stopped_by="U2")
WARNED_STOPPED = having(STOPPED, warning=WARNING)
NEW_AT_B = new(job=job_of(B), notice=AB, pause=pause_of())
LOST_CARD = posted(job=job_of(B), card=None, notice=AB, pause=pause_of(tries=3))
UNTOLD = posted(notice=AB, pause=pause_of(person_knows=False))
AT_ONCE = pause_of(person_knows=False, next_try=NOW - 900)
SEEN = job_of(B, 1, phone="123", assess_result={"a": 1})
OUTDATED = Card(ts="1.0", posted_at=NOW - 1000, fingerprint="")
SHOWS_B = having(OUTDATED, fingerprint=new(job=job_of(B)).fingerprint)

CHANGES: dict[Step | None, dict[str, tuple[Subscription, Change, dict[str, Any]]]] = {
    Step.POST_NOTICE: {
        "seen in another state": (
            posted(),
            seen(SEEN, NOW),
            {"job": job_of(B, 1), "notice": path(A, B, since=NOW), "card": OUTDATED},
        ),
        "seen no more": (
            posted(job=job_of(A, 2)),
            seen(None, NOW),
            {"job": GONE_JOB, "notice": path(A, GONE, since=NOW), "card": OUTDATED},
        ),
        "first card, and what was seen meanwhile": (
            new(job=job_of(B), notice=AB),
            card_posted(new(), "2.0", NOW),
            {"card": card_of(new()), "delivered_at": NOW},
        ),
        "first card with a notice, and what was seen meanwhile": (
            new(job=job_of(C), notice=path(A, B, C)),
            card_posted(NEW_AT_B, "2.0", NOW),
            {"card": card_of(NEW_AT_B), "notice": path(B, C, since=NOW), "delivered_at": NOW},
        ),
        "card of an earlier subscription": (
            new(job=job_of(C), notice=path(B, C)),
            card_posted(NEW_AT_B, "2.0", NOW),
            {"card": card_of(NEW_AT_B), "delivered_at": NOW},
        ),
        "later card tells nothing, and has the notice tried at once": (
            LOST_CARD,
            card_posted(LOST_CARD, "2.0", NOW),
            {"card": card_of(LOST_CARD), "pause": pause_of(tries=3, next_try=NOW), "delivered_at": NOW},
        ),
        "notice refused right below a new card": (
            having(LOST_CARD, card=card_of(LOST_CARD)),
            card_lost(LOCKED, NOW + 1),
            {"pause": pause_of(reason=LOCKED, tries=4, next_try=NOW + 8101)},
        ),
        "edit before the last notice": (
            OVER_UNEDITED,
            card_edited(OVER.fingerprint, NOW),
            {"card": card_of(OVER, posted_at=1), "delivered_at": NOW},
        ),
        "person told": (UNTOLD, person_told(WARNING), {"warning": WARNING, "pause": pause_of()}),
        "person tries again": (UNTOLD, tried_again(NOW), {"pause": pause_of(next_try=NOW)}),
        "another message was taken in the channel": (UNTOLD, reopened, {"pause": AT_ONCE}),
    },
    Step.POST_CARD: {
        "edit of a lost card": (new(), card_edited("x", NOW), {"delivered_at": NOW}),
        "refused in an answer": (new(), refused(LOST, NOW, person_knows=True), {"pause": FIRST_KNOWN}),
        "card lost": (posted(notice=AB), card_lost(LOST, NOW), {"card": None}),
        "card lost though over": (OVER, card_lost(LOST, NOW), {"card": None}),
        "card lost after a minute": (posted_ago(60), card_lost(LOST, NOW), {"card": None}),
        "card lost, posted in the future": (posted_ago(-DAY), card_lost(LOST, NOW), {"card": None}),
        "refreshed without a card": (new(), outdated, {}),
    },
    Step.EDIT_CARD: {
        "card that comes after the end": (
            new(stopped_by="U2"),
            card_posted(new(), "2.0", NOW),
            {"card": card_of(new()), "delivered_at": NOW},
        ),
        "edit, and what was seen meanwhile": (
            posted(job=job_of(C)),
            card_edited(SHOWS_B.fingerprint, NOW),
            {"card": SHOWS_B, "delivered_at": NOW},
        ),
        "last notice before the edit": (
            OVER_UNEDITED,
            notice_posted(LAST, NOW),
            {"notice": None, "delivered_at": NOW},
        ),
        "another level": (
            posted(),
            with_level(Level.IMPORTANT),
            {"level": Level.IMPORTANT, "card": OUTDATED},
        ),
        "refreshed": (posted(), outdated, {"card": OUTDATED}),
        "stopped": (UNTOLD, stopped("U2"), {"stopped_by": "U2", "notice": None, "pause": None}),
        "card that does not say yet that it is stopped": (having(STOPPED, card=OUTDATED), forgotten, {}),
    },
    Step.TELL_PERSON: {
        "refused": (posted(notice=AB), refused(LOST, NOW), {"pause": FIRST}),
        "refused though over": (having(OVER, notice=LAST), refused(LOST, NOW), {"pause": FIRST}),
        "card lost at once": (posted_ago(0), card_lost(LOST, NOW), {"pause": FIRST}),
        "card lost in the first minute": (posted_ago(59), card_lost(LOST, NOW), {"pause": FIRST}),
        "card lost before it is posted": (new(), card_lost(LOST, NOW), {"pause": FIRST}),
        "refused again, when tried at once": (
            posted(pause=AT_ONCE, notice=AB),
            refused("is_archived", NOW),
            {"pause": pause_of(tries=3, next_try=NOW + 2700, person_knows=False)},
        ),
    },
    Step.EDIT_WARNING: {
        "refused after the end": (WARNED_STOPPED, refused("is_archived", NOW), {"card": None}),
        "card lost after the end": (WARNED_STOPPED, card_lost(LOST, NOW), {"card": None}),
    },
    Step.FORGET: {
        "warning edited after the end": (having(WARNED_STOPPED, card=None), warning_edited, {"warning": None})
    },
    None: {
        "first card tells what it shows": (
            NEW_AT_B,
            card_posted(NEW_AT_B, "2.0", NOW),
            {"card": card_of(NEW_AT_B), "notice": None, "pause": None, "delivered_at": NOW},
        ),
        "edit": (
            posted(job=job_of(B), pause=pause_of(), card=OUTDATED),
            card_edited(SHOWS_B.fingerprint, NOW),
            {"card": SHOWS_B, "pause": None, "delivered_at": NOW},
        ),
        "notice": (
            posted(notice=AB, pause=pause_of()),
            notice_posted(AB, NOW),
            {"notice": None, "delivered_at": NOW, "pause": None},
        ),
        "refused while the warning stands": (
            posted(warning=WARNING),
            refused(LOST, NOW),
            {"pause": FIRST_KNOWN},
        ),
        "refused again": (
            posted(pause=pause_of()),
            refused(LOCKED, NOW),
            {"pause": pause_of(reason=LOCKED, tries=3, next_try=NOW + 2700)},
        ),
        "person told of what is over": (posted(), person_told(), {}),
        "person tries again what is over": (posted(), tried_again(NOW), {}),
        "another message was taken, without a pause": (posted(), reopened, {}),
    },
}
"""By what is to be sent next: a subscription, what happens to it, and what that """


@pytest.mark.parametrize(
    ("step", "name"), [(step, name) for step, rows in CHANGES.items() for name in rows], ids=str
)
def test_change(step: Step | None, name: str) -> None:
    """A change touches what it is about, and nothing else gets lost."""
    before, change, update = CHANGES[step][name]
    after = change(before)

    assert after == having(before, **update)
    assert after is not None
    assert next_step(after) is step


RETIRING: dict[str, tuple[Subscription, Change]] = {
    "last notice": (having(OVER, notice=LAST), notice_posted(LAST, NOW)),
    "last edit": (having(OVER_UNEDITED, notice=None), card_edited(OVER.fingerprint, NOW)),
    "only card": (new(job=job_of("FAILED")), card_posted(new(job=job_of("FAILED")), "2.0", NOW)),
    "gone": (posted(job=GONE_JOB, notice=path(A, GONE)), notice_posted(path(A, GONE), NOW)),
    "warning edited": (having(OVER, warning=WARNING), warning_edited),
    "stopped, and the card says so": (STOPPED, card_edited(STOPPED.fingerprint, NOW)),
    "stopped before it had a card": (new(stopped_by="U2"), forgotten),
    "stopped after its card was lost": (having(STOPPED, card=None), forgotten),
    "stopped, and the card is lost": (STOPPED, card_lost("message_not_found", NOW)),
    "stopped, and nobody would hear it": (STOPPED, refused("is_archived", NOW)),
}
"""A subscription, and the change after which nothing is left to say."""


@pytest.mark.parametrize(("subscription", "change"), RETIRING.values(), ids=RETIRING)
def test_nothing_left_to_say(subscription: Subscription, change: Change) -> None:
    """Once a job is over, or a person ended it, and all is said, the subscription retires."""
    assert change(subscription) is None


@pytest.mark.parametrize(
    ("subscription", "change"),
    [
        (posted(), seen(job_of(A, asset_id="new"), NOW)),
        (STOPPED, seen(job_of(B), NOW)),
        (posted(), with_level(Level.ALL)),
    ],
)
def test_no_change(subscription: Subscription, change: Change) -> None:
    """What is no news, or comes after a person ended it, need not be written to the disk."""
    assert change(subscription) is subscription


@pytest.mark.parametrize(
    ("waiting", "told", "left"),
    [
        (AB, AB, None),
        (path(A, B, C), AB, path(B, C, since=NOW)),
        (path(A, B, A, C), AB, path(B, A, C, since=NOW)),
        (path(A, A, A), path(A, A), path(A, A, since=NOW)),
        (path(B, C), AB, path(B, C)),
        (AB, path(A, B, C), AB),
        (None, AB, None),
    ],
)
def test_told_notice_leaves_the_rest(waiting: Notice | None, told: Notice, left: Notice | None) -> None:
    """What was told goes away, and what was seen meanwhile stays for the next notice."""
    subscription = posted(notice=waiting)

    assert notice_posted(told, NOW)(subscription) == having(subscription, notice=left, delivered_at=NOW)


@pytest.mark.parametrize(
    ("known", "answer", "proof", "is_told"),
    [
        (NOW, NOW + 1, 0, True),
        (NOW, NOW, 0, True),
        (NOW, NOW - 9, 3599, False),
        (NOW, NOW - 9, 3600, True),
        (NOW, None, 59, False),
        (NOW, None, 60, True),
        (None, None, 0, True),
        (None, NOW, 0, True),
    ],
)
def test_older_answer_is_no_news(
    known: int | None, answer: int | None, proof: float, *, is_told: bool
) -> None:
    """It needs proof, as does one that does not say of when it is: for so long, no other one came."""
    subscription = posted(job=job_of(A, 1, lastupdate_time=known))

    changed = seen(job_of(B, 1, lastupdate_time=answer), NOW, proof=proof, undated=60)(subscription)

    assert (changed is not subscription) is is_told


def test_what_an_answer_leaves_out_is_still_known() -> None:
    """The name of the voice stays, and what belongs to the state that is over does not."""
    was = job_of("AUDIT_FAILED", 2, lastupdate_time=NOW, batch_name="b", job_failed_reason="noise")
    changed = seen(job_of(A, voice_name=None, lastupdate_time=NOW + 9), NOW)(posted(job=was))

    assert changed
    assert changed.job == job_of(A, lastupdate_time=NOW + 9, batch_name="b")


def test_what_is_no_change_may_add_to_what_is_known() -> None:
    """A count at last is kept for the next answer, and the card shows it; nothing is told."""
    changed = seen(job_of(A, 2, lastupdate_time=NOW + 9), NOW)(posted(job=job_of(A)))

    assert changed
    assert changed == having(posted(job=job_of(A)), job=job_of(A, 2))
    assert next_step(changed) is Step.EDIT_CARD
    assert seen(job_of(A), NOW)(changed) is changed
    assert seen(job_of(A, 1), NOW, proof=3599)(changed) is changed
    assert due(changed, job_of(A, 3), NOW) == path(A, A, since=NOW)


STEPS: dict[str, tuple[Subscription, Step | None, int | None]] = {
    "new": (new(), Step.POST_CARD, 0),
    "new, with a notice": (new(notice=AB), Step.POST_CARD, 0),
    "new and over": (new(job=job_of("FAILED")), Step.POST_CARD, 0),
    "new and paused": (new(pause=pause_of()), Step.POST_CARD, NOW + 300),
    "stopped without a card": (new(stopped_by="U2"), Step.FORGET, 0),
    "told": (posted(), None, None),
    "told and paused": (posted(pause=pause_of()), None, None),
    "notice": (posted(notice=AB), Step.POST_NOTICE, 0),
    "notice and another state": (posted(notice=AB, job=job_of(B), card=OUTDATED), Step.POST_NOTICE, 0),
    "notice and paused": (posted(notice=AB, pause=pause_of()), Step.POST_NOTICE, NOW + 300),
    "stopped with a notice": (having(STOPPED, notice=AB), Step.EDIT_CARD, 0),
    "another state": (having(posted(), job=job_of(B)), Step.EDIT_CARD, 0),
    "another state and paused": (
        having(posted(), job=job_of(B), pause=pause_of()),
        Step.EDIT_CARD,
        NOW + 300,
    ),
    "another count": (having(posted(), job=job_of(A, 2)), Step.EDIT_CARD, 0),
    "another level": (posted(level=Level.IMPORTANT), Step.EDIT_CARD, 0),
    "stopped": (STOPPED, Step.EDIT_CARD, 0),
    "person does not know": (posted(notice=AB, pause=pause_of(person_knows=False)), Step.TELL_PERSON, 0),
    "person does not know of a new one": (new(pause=pause_of(person_knows=False)), Step.TELL_PERSON, 0),
    "person need not know while it is tried": (posted(notice=AB, pause=AT_ONCE), Step.POST_NOTICE, NOW - 900),
    "warned and paused": (posted(warning=WARNING, pause=pause_of()), None, None),
    "warned, and it is over": (posted(warning=WARNING), Step.EDIT_WARNING, 0),
    "warned, and a notice waits": (posted(warning=WARNING, notice=AB), Step.POST_NOTICE, 0),
    "warned, and stopped without a card": (new(warning=WARNING, stopped_by="U2"), Step.EDIT_WARNING, 0),
}
"""A subscription, what is to be sent for it next, and from when on."""


@pytest.mark.parametrize(("subscription", "step", "at"), STEPS.values(), ids=STEPS)
def test_next_step_and_its_time(subscription: Subscription, step: Step | None, at: int | None) -> None:
    """The person comes first, then the card, the notice, the edit; only a person is told in a pause."""
    assert next_step(subscription) is step
    assert next_time(subscription, NOW) == at


def test_no_wait_outlives_its_pause() -> None:
    """What was written down while the clock was ahead is due as soon as it is put right."""
    for tries, wait, at in [
        (1, 300, NOW + 300),
        (1, 301, 0),
        (9, DAY, NOW + DAY),
        (9, DAY + 1, 0),
        (2, -9, NOW - 9),
    ]:
        assert next_time(new(pause=pause_of(tries=tries, next_try=NOW + wait)), NOW) == at


def test_tries_become_rare() -> None:
    """Between two tries there are five minutes at first, then three times as many, and a day at most."""
    pauses = [retry_after(tries) for tries in range(1, 9)]

    assert pauses == [300, 900, 2700, 8100, 24300, 72900, 86400, 86400]
    assert retry_after(10**6) == 86400


def test_fingerprint_is_of_what_the_card_shows() -> None:
    """Everything that a card shows of the present makes another one, and nothing else does."""
    others: list[dict[str, Any]] = [{"job": job_of(B)}, {"job": job_of(A, 2)}, {"level": Level.IMPORTANT}]
    others += [{"stopped_by": "U2"}, {"stopped_by": "U3"}]
    same = posted(notice=AB, pause=pause_of(), delivered_at=1)

    assert same.fingerprint == posted().fingerprint
    assert len({having(posted(), **each).fingerprint for each in [{}, *others]}) == 6


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


class TestOnDisk:
    """Subscriptions as JSON."""

    @given(subscriptions(WORDS, WORDS))
    @examples(80)
    def test_what_is_written_is_read(self, subscription: Subscription) -> None:
        """Whatever MetaStudio said of a job, its subscription comes back from the disk as it was."""
        text = on_disk(subscription)

        assert Subscription.model_validate_json(text) == subscription
        assert text.encode()

    @given(answers(), st.sampled_from(["SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}]))
    @examples(50)
    def test_nothing_personal_is_written(self, answer: dict[str, Any], secret: Any) -> None:
        """What is never shown is never kept either, from the first sight and from later ones."""
        job = Job.from_api(answer | dict.fromkeys(PERSONAL_FIELDS, secret))

        for kept in (new(job=job), seen(job, NOW)(posted()), seen(None, NOW)(new(job=job))):
            assert kept is not None
            assert "SECRETSECRET" not in on_disk(kept)
            assert not PERSONAL_FIELDS & json.loads(on_disk(kept))["job"].keys()

    @pytest.mark.parametrize(
        "name",
        ["a\ud800b", "a\x00b", "女" * 10**6, "\u202e", {"a": [1]}, ["x"], 7, True, float("nan"), 10**4000],
        ids=lambda value: ascii(value)[:20],
    )
    def test_odd_values_survive(self, name: Any) -> None:
        """No text and no type is too odd to be kept, and then to be recognized as the same."""
        job = job_of(name, name, voice_name=name, lastupdate_time=name)
        read = Subscription.model_validate_json(on_disk(posted(job=job)))

        assert read == posted(job=job)
        assert due(read, job, NOW) is None
        assert next_step(read) is None

    def test_unknown_fields_are_refused(self) -> None:
        """A row with more than is known is not half understood."""
        with pytest.raises(ValueError, match="surprise"):
            Subscription.model_validate_json(json.dumps(json.loads(on_disk(new())) | {"surprise": 1}))
