"""Subscriptions: what is due, and the changes that they go through."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.jobs import GONE, PERSONAL_FIELDS, STATES, Job
from bot.domain.subscriptions import (
    Card,
    Change,
    Level,
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
    person_notified,
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
    "another state": (job_of(A), job_of(B), (A, B)),
    "the same state once more": (job_of(A, 1), job_of(A, 2), (A, A)),
    "no state told": (job_of(A, 1), job_of(None, 2), None),
    "the count not told": (job_of(A, 1), job_of(A), None),
    "the count at last": (job_of(A), job_of(A, 2), None),
    "a state at last": (job_of(None), job_of(A), ("", A)),
    "gone": (job_of(A), None, (A, GONE)),
    "still gone": (GONE_JOB, None, None),
    "back as it was": (GONE_JOB, job_of(A), (GONE, A)),
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


def test_what_is_important_and_what_is_over() -> None:
    """What asks somebody to act, or may do so, and the end of a job are important; the way is not."""
    states = [*STATES, GONE, "NEW", ""]
    over = {"SUCCEED", "FAILED", GONE}
    important = over | {"CREATING", "AUDIT_FAILED", "USER_RESULT_REVIEW", "SPLIT_FAILED", "NEW", ""}

    assert {state for state in states if new(job=job_of(state)).is_over} == over
    assert {state for state in states if path(A, state).is_important} == important


FIRST = Pause(reason=LOST, since=NOW, tries=1, next_try=NOW + 300, person_knows=False)
FIRST_KNOWN = having(FIRST, person_knows=True)
OVER = posted(job=job_of("SUCCEED"))
OVER_UNEDITED = having(OVER, card=card_of(posted(), posted_at=1), notice=LAST)
STOPPED = posted(stopped_by="U2")
WARNED_STOPPED = having(STOPPED, warning=WARNING)
NEW_AT_B = new(job=job_of(B), notice=AB, pause=pause_of())
STOPPED_AT_ONCE = new(stopped_by="U2")
AB_SEEN = new(job=job_of(B), notice=AB)
AT_C = posted(job=job_of(C))
PAUSED_NOTICE = posted(notice=AB, pause=pause_of())
NEW_AT_C = new(job=job_of(C), notice=path(A, B, C))
LOST_CARD = posted(job=job_of(B), card=None, notice=AB, pause=pause_of(tries=3))
UNTOLD = posted(notice=AB, pause=pause_of(person_knows=False))
AT_ONCE = pause_of(person_knows=False, next_try=NOW - 900)
OUTDATED = Card(ts="1.0", posted_at=NOW - 1000, fingerprint="")
SHOWS_B = having(OUTDATED, fingerprint=new(job=job_of(B)).fingerprint)
PAUSED_AT_B = posted(job=job_of(B), pause=pause_of(), card=OUTDATED)
SEEN = job_of(B, 1, phone="123", assess_result={"a": 1})
SEEN_AT_B = {"job": job_of(B, 1), "notice": path(A, B, since=NOW), "card": OUTDATED}
SEEN_GONE = {"job": GONE_JOB, "notice": path(A, GONE, since=NOW), "card": OUTDATED}
RETRIED = pause_of(tries=3, next_try=NOW + 2700, person_knows=False)
LESS = {"level": Level.IMPORTANT, "card": OUTDATED}
ENDED = {"stopped_by": "U2", "notice": None, "pause": None}


def sent(**update: Any) -> dict[str, Any]:
    """Return what changes when Slack has accepted a message."""
    return {"delivered_at": NOW} | update


ALL_TOLD = sent(card=card_of(NEW_AT_B), notice=None, pause=None)
REST = sent(card=card_of(NEW_AT_B), notice=path(B, C, since=NOW))
SENT_AGAIN = sent(card=card_of(LOST_CARD), pause=pause_of(tries=3, next_try=NOW))
"""A card that was posted again has the notice tried at once: the thread may accept it."""

CHANGES: dict[Step | None, dict[str, tuple[Subscription, Change, dict[str, Any]]]] = {
    Step.POST_NOTICE: {
        "seen in another state": (posted(), seen(SEEN, NOW), SEEN_AT_B),
        "seen no more": (posted(job=job_of(A, 2)), seen(None, NOW), SEEN_GONE),
        "first card, and another state": (AB_SEEN, card_posted(new(), "2.0", NOW), sent(card=card_of(new()))),
        "first card with a notice, and another state": (NEW_AT_C, card_posted(NEW_AT_B, "2.0", NOW), REST),
        "later card tells nothing": (LOST_CARD, card_posted(LOST_CARD, "2.0", NOW), SENT_AGAIN),
        "person told": (UNTOLD, person_notified(WARNING), {"warning": WARNING, "pause": pause_of()}),
        "person tries again": (UNTOLD, tried_again(NOW), {"pause": pause_of(next_try=NOW)}),
        "another message was taken in the channel": (UNTOLD, reopened, {"pause": AT_ONCE}),
    },
    Step.POST_CARD: {
        "edit of a lost card": (new(), card_edited("x", NOW), sent()),
        "refused in an answer": (new(), refused(LOST, NOW, person_knows=True), {"pause": FIRST_KNOWN}),
        "card lost after a minute": (posted_ago(60), card_lost(LOST, NOW), {"card": None}),
        "card lost, posted in the future": (posted_ago(-DAY), card_lost(LOST, NOW), {"card": None}),
        "refreshed without a card": (new(), outdated, {}),
    },
    Step.EDIT_CARD: {
        "card after the end": (STOPPED_AT_ONCE, card_posted(new(), "2.0", NOW), sent(card=card_of(new()))),
        "edit, and another state": (AT_C, card_edited(SHOWS_B.fingerprint, NOW), sent(card=SHOWS_B)),
        "last notice before the edit": (OVER_UNEDITED, notice_posted(LAST, NOW), sent(notice=None)),
        "another level": (posted(), with_level(Level.IMPORTANT), LESS),
        "refreshed": (posted(), outdated, {"card": OUTDATED}),
        "stopped": (UNTOLD, stopped("U2"), ENDED),
        "card that does not say yet that it is stopped": (having(STOPPED, card=OUTDATED), forgotten, {}),
    },
    Step.TELL_PERSON: {
        "refused": (posted(notice=AB), refused(LOST, NOW), {"pause": FIRST}),
        "card lost at once": (posted_ago(0), card_lost(LOST, NOW), {"pause": FIRST}),
        "card lost in the first minute": (posted_ago(59), card_lost(LOST, NOW), {"pause": FIRST}),
        "card lost before it is posted": (new(), card_lost(LOST, NOW), {"pause": FIRST}),
        "refused again at once": (posted(pause=AT_ONCE), refused("is_archived", NOW), {"pause": RETRIED}),
    },
    Step.EDIT_WARNING: {
        "refused after the end": (WARNED_STOPPED, refused("is_archived", NOW), {"card": None}),
        "card lost after the end": (WARNED_STOPPED, card_lost(LOST, NOW), {"card": None}),
    },
    Step.FORGET: {
        "warning edited after the end": (having(WARNED_STOPPED, card=None), warning_edited, {"warning": None})
    },
    None: {
        "first card tells what it shows": (NEW_AT_B, card_posted(NEW_AT_B, "2.0", NOW), ALL_TOLD),
        "edit": (PAUSED_AT_B, card_edited(SHOWS_B.fingerprint, NOW), sent(card=SHOWS_B, pause=None)),
        "notice": (PAUSED_NOTICE, notice_posted(AB, NOW), sent(notice=None, pause=None)),
        "refused while warned": (posted(warning=WARNING), refused(LOST, NOW), {"pause": FIRST_KNOWN}),
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
    "warning edited": (having(OVER, warning=WARNING), warning_edited),
    "stopped, and the card says so": (STOPPED, card_edited(STOPPED.fingerprint, NOW)),
    "stopped before it had a card": (new(stopped_by="U2"), forgotten),
    "stopped, and the card is lost": (STOPPED, card_lost("message_not_found", NOW)),
    "stopped, and nobody would hear it": (STOPPED, refused("is_archived", NOW)),
}
"""A subscription, and the change after which nothing is left to say."""


def test_nothing_left_to_say() -> None:
    """Once a job is over, or a person ended it, and all is said, the subscription is deleted."""
    assert [name for name, (subscription, change) in RETIRING.items() if change(subscription)] == []


def test_no_change() -> None:
    """What is no news, or comes after a person ended it, need not be written to the disk."""
    for before, change in (
        (posted(), seen(job_of(A, asset_id="new"), NOW)),
        (STOPPED, seen(job_of(B), NOW)),
        (posted(), with_level(Level.ALL)),
    ):
        assert change(before) is before


def test_told_notice_leaves_the_rest() -> None:
    """What was told goes away, and what was seen meanwhile stays for the next notice."""
    for waiting, told, left in (
        (path(A, B, C), AB, path(B, C, since=NOW)),
        (path(A, A, A), path(A, A), path(A, A, since=NOW)),
        (path(B, C), AB, path(B, C)),
        (AB, path(A, B, C), AB),
        (None, AB, None),
    ):
        before = posted(notice=waiting)
        assert notice_posted(told, NOW)(before) == having(before, notice=left, delivered_at=NOW)


def test_older_answer_is_no_news() -> None:
    """It needs confirmation, as does one without a time: for so long, no other one came."""
    before = posted(job=job_of(A, 1, lastupdate_time=NOW))
    for time, seconds, is_told in (
        (NOW, 0, True),
        (NOW - 9, 3599, False),
        (NOW - 9, 3600, True),
        (None, 59, False),
        (None, 60, True),
    ):
        change = seen(job_of(B, 1, lastupdate_time=time), NOW, waited=seconds, unordered=60)
        assert (change(before) is not before) is is_told


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
    assert seen(job_of(A), NOW)(changed) is changed
    assert due(changed, job_of(A, 3), NOW) == path(A, A, since=NOW)


STEPS: dict[str, tuple[Subscription, Step | None, int | None]] = {
    "new": (new(), Step.POST_CARD, 0),
    "new and paused": (new(pause=pause_of()), Step.POST_CARD, NOW + 300),
    "stopped without a card": (new(stopped_by="U2"), Step.FORGET, 0),
    "told": (posted(), None, None),
    "notice and paused": (posted(notice=AB, pause=pause_of()), Step.POST_NOTICE, NOW + 300),
    "stopped with a notice": (having(STOPPED, notice=AB), Step.EDIT_CARD, 0),
    "person does not know": (posted(notice=AB, pause=pause_of(person_knows=False)), Step.TELL_PERSON, 0),
    "person need not know while it is tried": (posted(notice=AB, pause=AT_ONCE), Step.POST_NOTICE, NOW - 900),
    "warned and paused": (posted(warning=WARNING, pause=pause_of()), None, None),
    "warned, and it is over": (posted(warning=WARNING), Step.EDIT_WARNING, 0),
    "warned, and a notice waits": (posted(warning=WARNING, notice=AB), Step.POST_NOTICE, 0),
}
"""A subscription, what is to be sent for it next, and from when on."""


@pytest.mark.parametrize(("subscription", "step", "at"), STEPS.values(), ids=STEPS)
def test_next_step_and_its_time(subscription: Subscription, step: Step | None, at: int | None) -> None:
    """The person comes first, then the card, the notice, the edit; only a person is told in a pause."""
    assert next_step(subscription) is step
    assert next_time(subscription, NOW) == at


def test_no_wait_outlives_its_pause() -> None:
    """What was written down while the clock was ahead is due as soon as it is put right."""
    for tries, wait, at in [(1, 300, NOW + 300), (1, 301, 0), (9, DAY, NOW + DAY), (2, -9, NOW - 9)]:
        assert next_time(new(pause=pause_of(tries=tries, next_try=NOW + wait)), NOW) == at


def test_tries_become_rare() -> None:
    """Between two tries there are five minutes at first, then three times as many, and a day at most."""
    expected = [300, 900, 2700, 8100, 24300, 72900, 86400]

    assert [retry_after(tries) for tries in (*range(1, 7), 10**6)] == expected


def test_fingerprint_is_of_what_the_card_shows() -> None:
    """Everything that a card shows of the present makes another one, and nothing else does."""
    others: list[dict[str, Any]] = [{"job": job_of(B)}, {"job": job_of(A, 2)}, {"level": Level.IMPORTANT}]
    others += [{"stopped_by": "U2"}, {"stopped_by": "U3"}]
    same = posted(notice=AB, pause=pause_of(), delivered_at=1)

    assert same.fingerprint == posted().fingerprint
    assert len({having(posted(), **each).fingerprint for each in [{}, *others]}) == 6


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)


@example(posted(job=job_of("女" * 10**6, 10**4000, voice_name="a\ud800\x00\u202e")))
@given(subscriptions(WORDS, WORDS))
@examples(80)
def test_what_is_written_is_read(subscription: Subscription) -> None:
    """Whatever MetaStudio said of a job, its subscription comes back from the disk as it was."""
    text = on_disk(subscription)

    assert Subscription.model_validate_json(text) == subscription
    assert text.encode()


def test_nothing_personal_is_written() -> None:
    """What is never shown is never kept either, from the first sight and from later ones."""
    job = job_of("FAILED", **{name: ["SECRETSECRET"] for name in PERSONAL_FIELDS})

    for kept in (new(job=job), seen(job, NOW)(posted()), seen(None, NOW)(new(job=job))):
        assert kept is not None
        assert "SECRETSECRET" not in on_disk(kept)
        assert not PERSONAL_FIELDS & json.loads(on_disk(kept))["job"].keys()


def test_unknown_fields_are_refused() -> None:
    """A row with more than is known is not half understood."""
    with pytest.raises(ValueError, match="surprise"):
        Subscription.model_validate_json(json.dumps(json.loads(on_disk(new())) | {"surprise": 1}))
