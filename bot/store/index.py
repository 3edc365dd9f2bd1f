"""PURE. The in-memory index of all subscriptions, which serves all reads."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.subscriptions import Key, Subscription


class SubscriptionIndex:
    """All subscriptions, by key, by channel and by job.

    Subscriptions to one job share one Job object where they are equal: most of the memory is jobs.
    """

    def __init__(self, subscriptions: Iterable[Subscription] = ()) -> None:
        self._by_key: dict[Key, Subscription] = {}
        self._by_channel: dict[tuple[str, str], tuple[Subscription, ...]] = {}
        self._by_job: dict[str, tuple[Subscription, ...]] = {}
        for subscription in subscriptions:
            self.put(subscription)

    def get(self, key: Key) -> Subscription | None:
        """Return the subscription with this key, if there is one."""
        return self._by_key.get(key)

    def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """Return a channel's subscriptions, oldest first; those of the same second by job id."""
        found = self._by_channel.get((team_id, channel_id), ())
        return sorted(found, key=lambda each: (each.subscribed_at, each.job_id))

    def by_job(self) -> Mapping[str, Sequence[Subscription]]:
        """Return all subscriptions by job id, as a copy that later changes leave alone."""
        return self._by_job.copy()

    def put(self, subscription: Subscription) -> Subscription:
        """Insert the subscription, or replace the one with its key; return the stored object."""
        new = _without_fields_set(self._with_shared_job(subscription))
        old = self._by_key.get(new.key)
        self._by_key[new.key] = new
        channel = new.key[:2]
        self._by_channel[channel] = _put_in(self._by_channel.get(channel, ()), old, new)
        self._by_job[new.job_id] = _put_in(self._by_job.get(new.job_id, ()), old, new)
        return new

    def remove(self, key: Key) -> None:
        """Remove the subscription with this key. Raises KeyError if there is none."""
        old = self._by_key.pop(key)
        channel = key[:2]
        self._by_channel[channel] = tuple(each for each in self._by_channel[channel] if each is not old)
        if not self._by_channel[channel]:
            del self._by_channel[channel]
        self._by_job[key.job_id] = tuple(each for each in self._by_job[key.job_id] if each is not old)
        if not self._by_job[key.job_id]:
            del self._by_job[key.job_id]

    def _with_shared_job(self, subscription: Subscription) -> Subscription:
        for other in self._by_job.get(subscription.job_id, ()):
            if other.job is subscription.job:
                return subscription
            if other.job == subscription.job:
                return subscription.model_copy(update={"job": other.job})
        return subscription


def _without_fields_set(subscription: Subscription) -> Subscription:
    """Empty pydantic's sets of the fields that were given: a quarter of the memory, and never used."""
    for record in (subscription, subscription.job, subscription.card):
        if record is not None:
            record.model_fields_set.clear()
    return subscription


def _put_in(
    group: tuple[Subscription, ...], old: Subscription | None, new: Subscription
) -> tuple[Subscription, ...]:
    """Return a new tuple, since callers may hold the old one. Compares by identity, which is fast."""
    if old is None:
        return (*group, new)
    return tuple(new if each is old else each for each in group)
