"""PURE. The copy of all subscriptions in memory, from which everything is read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from bot.domain.subscriptions import Key, Subscription

_Where = TypeVar("_Where", str, tuple[str, str])


class SubscriptionIndex:
    """All subscriptions, findable by key, by channel and by job.

    Followers of one job share one Job where theirs are equal, since memory is mostly jobs.
    """

    def __init__(self, subscriptions: Iterable[Subscription] = ()) -> None:
        self._by_key: dict[Key, Subscription] = {}
        self._by_channel: dict[tuple[str, str], tuple[Subscription, ...]] = {}
        self._by_job: dict[str, tuple[Subscription, ...]] = {}
        for subscription in subscriptions:
            self.put(subscription)

    def get(self, key: Key) -> Subscription | None:
        """Find one by its key."""
        return self._by_key.get(key)

    def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """List a channel's, oldest first; those of one second by their job's id."""
        found = self._by_channel.get((team_id, channel_id), ())
        return sorted(found, key=lambda each: (each.subscribed_at, each.job_id))

    def by_job(self) -> Mapping[str, Sequence[Subscription]]:
        """Give all by their job's id. What is returned stays as it is, whatever changes later."""
        return self._by_job.copy()

    def put(self, subscription: Subscription) -> Subscription:
        """Keep this one, in the place of the one with its key; return it as it is kept."""
        shared = _slim(self._sharing_its_job(subscription))
        self._index(shared, self._by_key.get(shared.key), shared)
        self._by_key[shared.key] = shared
        return shared

    def remove(self, key: Key) -> None:
        """Keep it no longer. Raises KeyError when it is not here."""
        old = self._by_key.pop(key)
        self._index(old, old, None)

    def _sharing_its_job(self, subscription: Subscription) -> Subscription:
        for other in self._by_job.get(subscription.job_id, ()):
            if other.job is subscription.job:
                return subscription
            if other.job == subscription.job:
                return subscription.model_copy(update={"job": other.job})
        return subscription

    def _index(self, one: Subscription, old: Subscription | None, new: Subscription | None) -> None:
        _replace_in(self._by_channel, (one.team_id, one.channel_id), old, new)
        _replace_in(self._by_job, one.job_id, old, new)


def _slim(subscription: Subscription) -> Subscription:
    """Forget which fields were given: pydantic notes it in sets, a quarter of the memory, and nobody asks."""
    for record in (subscription, subscription.job, subscription.card):
        if record is not None:
            record.model_fields_set.clear()
    return subscription


def _replace_in(
    index: dict[_Where, tuple[Subscription, ...]],
    where: _Where,
    old: Subscription | None,
    new: Subscription | None,
) -> None:
    """Make new tuples, since somebody may hold the old ones. Compares by identity, which is quick."""
    there = index.get(where, ())
    added = () if new is None else (new,)
    if old is None:
        index[where] = there + added
        return
    place = next(number for number, each in enumerate(there) if each is old)
    index[where] = there[:place] + added + there[place + 1 :]
    if not index[where]:
        del index[where]
