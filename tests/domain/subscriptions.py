"""Jobs and subscriptions as the tests of this folder need them."""

from typing import Any

from bot.domain.jobs import Job
from bot.domain.subscriptions import Card, Level, Notice, Subscription

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
