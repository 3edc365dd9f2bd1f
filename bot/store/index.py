"""PURE. The in-memory index of all records, which serves all reads."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from bot.domain.following import Changed, Channel, Following
from bot.domain.records import (
    Address,
    Delivery,
    DeliveryKey,
    Destination,
    JobRecord,
    JobRef,
    Key,
    Record,
    Records,
    Subscription,
    SubscriptionKey,
)
from bot.domain.subscriptions import delivery_of, following

K = TypeVar("K")
T = TypeVar("T")

Person = tuple[str, str]
"""A person, by Slack's ids of the team and of the person."""


class Index:
    """All records by key, what is followed in each conversation, and keys by job and by person.

    What is followed is read far more often than changed, so each change makes only what it concerns anew.
    """

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = Records()
        self._of_address: dict[Address, dict[DeliveryKey, Following | None]] = {}
        """What is followed; None while a delivery has no record of its job."""
        self._unsorted: set[Address] = set()
        """Conversations of which that is not in order."""
        self._of_job: dict[JobRef, set[DeliveryKey]] = {}
        self._of_person: dict[Person, set[SubscriptionKey]] = {}
        for record in records:
            self._put(record)
        for key in [key for keys in self._of_address.values() for key in keys]:
            self._follow(key)

    def get(self, keys: Iterable[Key]) -> Records:
        """Return the records under these keys."""
        return Records((key, self._records.get(key)) for key in keys)

    def channel(self, address: Address) -> Channel:
        """Return all that concerns a conversation."""
        if address in self._unsorted:
            self._sort(address)
        found = self._of_address.get(address, {}).values()
        return Channel(self._records.destination(address), tuple(filter(None, found)))

    def made_by(self, team_id: str, user_id: str) -> Sequence[Following]:
        """Return what is followed by the subscriptions that a person made, oldest first."""
        wishes = map(delivery_of, self._of_person.get((team_id, user_id), ()))
        found = (self._of_address.get(key.address, {}).get(key) for key in wishes)
        return sorted(filter(None, found), key=lambda each: (_place(each), each.channel_id))

    def followings(self) -> Iterator[Following]:
        """Yield all that is followed, in any conversation."""
        return (each for here in self._of_address.values() for each in here.values() if each)

    def addresses(self) -> Sequence[Address]:
        """Return every conversation with a delivery or a destination."""
        destinations = (each.address for each in self._records.values() if isinstance(each, Destination))
        return list({*self._of_address, *destinations})

    def jobs(self) -> Mapping[JobRef, JobRecord]:
        """Return the records of all jobs, as they are now: later changes don't show in it."""
        return {each.ref: each for each in self._records.values() if isinstance(each, JobRecord)}

    def completed(self, wanted: Records) -> Records:
        """Return what differs from the records here; with no record of a job that has no delivery then."""
        removed = {key for key, record in wanted.items() if record is None and isinstance(key, DeliveryKey)}
        kept = {record.job for record in wanted.values() if isinstance(record, Delivery)}
        touched = {key.job for key in removed} | {key for key in wanted if isinstance(key, JobRef)}
        orphans = {ref for ref in touched - kept if self._of_job.get(ref, set()) <= removed}
        complete = wanted | Records.fromkeys(orphans)
        return Records((key, new) for key, new in complete.items() if new != self._records.get(key))

    def apply(self, changes: Records) -> Changed:
        """Store these records, remove those that are None, and return what to tell of that."""
        for key, record in changes.items():
            if record is not None:
                self._put(record)
            elif gone := self._records.pop(key, None):
                self._forget(gone)
        for each in {delivery for key in changes for delivery in self._concerned(key)}:
            self._follow(each)
        jobs = frozenset(key for key in changes if isinstance(key, JobRef))
        told = {_address_of(key) for key in changes if not isinstance(key, JobRef)}
        followers = (key.address for ref in jobs for key in self._of_job.get(ref, ()))
        return Changed(jobs, frozenset({*told, *followers}))

    def _put(self, record: Record) -> None:
        key = record.key
        before, self._records[key] = self._records.get(key), record
        if isinstance(record, Subscription):
            self._make(before, record)
        elif isinstance(key, DeliveryKey):
            self._of_address.setdefault(key.address, {}).setdefault(key, None)
            self._of_job.setdefault(key.job, set()).add(key)
        elif isinstance(record, JobRecord):
            # Pydantic's set of the fields that were given: a quarter of the memory, and never used.
            record.job.model_fields_set.clear()

    def _make(self, before: Record | None, after: Subscription | None) -> None:
        """Note who made a subscription: another person may have made it anew."""
        if isinstance(before, Subscription):
            _remove(self._of_person, _maker(before), before.key)
        if after:
            self._of_person.setdefault(_maker(after), set()).add(after.key)

    def _forget(self, gone: Record) -> None:
        key = gone.key
        if isinstance(key, DeliveryKey):
            self._forget_delivery(key)
        self._make(gone, None)

    def _forget_delivery(self, key: DeliveryKey) -> None:
        here = self._of_address[key.address]
        del here[key]
        if not here:
            del self._of_address[key.address]
            self._unsorted.discard(key.address)
        _remove(self._of_job, key.job, key)

    def _concerned(self, key: Key) -> Collection[DeliveryKey]:
        """Return the deliveries whose Following has the record under this key; some may not exist."""
        if isinstance(key, JobRef):
            return self._of_job.get(key, ())
        if isinstance(key, Address):
            return self._of_address.get(key, ())
        return [delivery_of(key) if isinstance(key, SubscriptionKey) else key]

    def _follow(self, key: DeliveryKey) -> None:
        """Make anew what is followed under a delivery's key, if there is one; its place is seen to later."""
        here = self._of_address.get(key.address, {})
        if key in here:
            before, after = here[key], following(self._records, key)
            here[key] = after
            if _place(before) != _place(after):
                self._unsorted.add(key.address)

    def _sort(self, address: Address) -> None:
        here = self._of_address[address]
        self._of_address[address] = dict(sorted(here.items(), key=lambda item: _place(item[1])))
        self._unsorted.remove(address)


def _address_of(key: Address | SubscriptionKey | DeliveryKey) -> Address:
    return key if isinstance(key, Address) else key.address


def _maker(wish: Subscription) -> Person:
    return wish.address.team_id, wish.subscribed_by


def _remove(sets: dict[K, set[T]], key: K, element: T) -> None:
    """Remove an element of one of the sets, and the set if it is empty then."""
    sets[key].remove(element)
    if not sets[key]:
        del sets[key]


def _place(following: Following | None) -> tuple[bool, int, str]:
    """Return what orders a conversation: the oldest subscription first, those that were ended last."""
    if following is None:
        return True, 0, ""
    wish = following.subscription
    return wish is None, wish.subscribed_at if wish else 0, following.job_id
