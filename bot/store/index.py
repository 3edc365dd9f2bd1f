"""PURE. The in-memory index of all records, which serves all reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from bot.domain.following import Changed, Channel, Following
from bot.domain.records import Address, Delivery, DeliveryKey, Destination, JobRecord, JobRef, Key, Record, Records, SubscriptionKey
from bot.domain.subscriptions import following

G = TypeVar("G", Address, JobRef)


class Index:
    """All records by key, and the keys of the deliveries by conversation and by job."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = Records()
        self._of_address: dict[Address, set[DeliveryKey]] = {}
        self._of_job: dict[JobRef, set[DeliveryKey]] = {}
        for record in records:
            self._put(record)

    def get(self, keys: Iterable[Key]) -> Records:
        """Return the records under these keys."""
        return Records((key, self._records.get(key)) for key in keys)

    def channel(self, address: Address) -> Channel:
        """Return all that concerns a conversation."""
        keys = self._of_address.get(address, ())
        found = [each for key in keys if (each := following(self._records, key))]
        return Channel(self._records.destination(address), tuple(sorted(found, key=_ended_last)))

    def channels(self) -> Iterator[Channel]:
        """Yield every conversation in which something is followed."""
        return map(self.channel, self._of_address)

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
            elif self._records.pop(key, None) and isinstance(key, DeliveryKey):
                _discard(self._of_address, key.address, key)
                _discard(self._of_job, key.job, key)
        jobs = frozenset(key for key in changes if isinstance(key, JobRef))
        told = {_address_of(key) for key in changes if not isinstance(key, JobRef)}
        followers = (key.address for ref in jobs for key in self._of_job.get(ref, ()))
        return Changed(jobs, frozenset({*told, *followers}))

    def _put(self, record: Record) -> None:
        key = record.key
        self._records[key] = record
        if isinstance(key, DeliveryKey):
            self._of_address.setdefault(key.address, set()).add(key)
            self._of_job.setdefault(key.job, set()).add(key)
        elif isinstance(record, JobRecord):
            # Pydantic's set of the fields that were given: a quarter of the memory, and never used.
            record.job.model_fields_set.clear()


def _discard(groups: dict[G, set[DeliveryKey]], group: G, key: DeliveryKey) -> None:
    groups[group].discard(key)
    if not groups[group]:
        del groups[group]


def _address_of(key: Address | SubscriptionKey | DeliveryKey) -> Address:
    return key if isinstance(key, Address) else key.address


def _ended_last(following: Following) -> tuple[bool, int, str]:
    wish = following.subscription
    return wish is None, wish.subscribed_at if wish else 0, following.job_id
