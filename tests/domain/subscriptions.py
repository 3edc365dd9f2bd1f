"""Jobs and subscriptions as the tests of this folder need them."""

from typing import Any

from hypothesis import strategies as st

from bot.domain.jobs import GONE, STATES, Job
from bot.domain.subscriptions import Card, Level, Notice, Pause, Subscription
from tests.strategies import answers

NOW = 1767323045
A, B, C = "AUDITING", "WAITING", "PROCESSING"


def job_of(state: Any = A, times: Any = None, **fields: Any) -> Job:
    usual = {"job_id": "job-1", "voice_name": "女声", "state": state, "reject_times": times}
    return Job.from_api(usual | fields)


def new(*, job: Job | None = None, **given: Any) -> Subscription:
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


def posted(*, job: Job | None = None, **given: Any) -> Subscription:
    """Make a subscription whose card is posted, and that has nothing more to say but what is given."""
    bare = new(job=job)
    card = Card(ts="1.0", posted_at=NOW - 1000, fingerprint=bare.fingerprint)
    return bare.model_copy(update={"card": card, "delivered_at": NOW - 1000} | given)


def path(*states: str, since: int = NOW - 5) -> Notice:
    return Notice(path=states, since=since)


def on_disk(subscription: Subscription) -> str:
    """Write a subscription as the store does."""
    return subscription.model_dump_json(exclude_none=True)


TIMES = st.integers(0, 10**11 - 1)


def notices(words: st.SearchStrategy[str]) -> st.SearchStrategy[Notice]:
    states = st.sampled_from([*STATES, GONE, ""]) | words
    return st.builds(Notice, path=st.lists(states, min_size=2, max_size=40).map(tuple), since=TIMES)


def subscriptions(
    words: st.SearchStrategy[str], ids: st.SearchStrategy[str]
) -> st.SearchStrategy[Subscription]:
    """Give any subscription to any job that MetaStudio may describe, with these texts."""
    pauses = st.builds(
        Pause, reason=words, since=TIMES, tries=TIMES, next_try=TIMES, person_knows=st.booleans()
    )
    return st.builds(
        Subscription,
        team_id=words,
        channel_id=ids,
        job_id=ids,
        level=st.sampled_from(Level),
        subscribed_by=words,
        subscribed_at=TIMES,
        job=answers().map(lambda answer: Job.from_api(answer | {"job_id": "job-1"}).remembered()),
        card=st.none() | st.builds(Card, ts=words, posted_at=TIMES, face=words),
        notice=st.none() | notices(words),
        pause=st.none() | pauses,
        delivered_at=st.none() | TIMES,
        stopped_by=st.none() | words,
    )
