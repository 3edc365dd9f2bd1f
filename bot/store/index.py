"""PURE. The in-memory index of all records, which serves all reads."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bot.domain.following import Changed, Channel, Following, WideFollowing
from bot.domain.keys import Address, BoardKey, DeliveryKey, JobRef, Key, SubscriptionKey
from bot.domain.records import Delivery, Destination, JobRecord, Record, Records, Subscription
from bot.domain.subscriptions import delivery_of, following
from bot.store.claim_index import claimed
from bot.store.cross_index import CrossIndex


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
        self._cross = CrossIndex()
        self._channels: dict[Address, Channel] = {}
        """Conversations that were read since they changed."""
        for record in records:
            self._put(record)
        for key in [key for keys in self._of_address.values() for key in keys]:
            self._follow(key)

    def get(self, keys: Iterable[Key]) -> Records:
        """Return the records under these keys."""
        return Records((key, self._records.get(key)) for key in keys)

    def following(self, key: DeliveryKey) -> Following | None:
        """Return what is followed of one job in one conversation; None where it is not."""
        return self._of_address.get(key.address, {}).get(key)

    def channel(self, address: Address) -> Channel:
        """Return all that concerns a conversation."""
        if not (channel := self._channels.get(address)):
            channel = self._channels[address] = self._read(address)
        return channel

    def _read(self, address: Address) -> Channel:
        if address in self._unsorted:
            self._sort(address)
        destination = self._records.destination(address)
        found = tuple(filter(None, self._of_address.get(address, {}).values()))
        boards = self._cross.wide.boards(address, destination, found)
        claimed = (self._records.job(ref) for ref in self._cross.claims.of(address))
        return Channel(destination, found, boards, tuple(filter(None, claimed)))

    def made_by(self, team_id: str, user_id: str) -> Sequence[Following | WideFollowing]:
        """Return what is followed by the subscriptions that a person made: the wide ones, then the oldest."""
        keys = self._cross.of_person(team_id, user_id)
        wishes = [delivery_of(key) for key in keys if not key.selector.is_wide]
        found = filter(None, (self._of_address.get(key.address, {}).get(key) for key in wishes))
        addresses = sorted({key.address for key in keys if key.selector.is_wide})
        boards = (each for address in addresses for each in self.channel(address).boards)
        wide = [each for each in boards if each.subscription and each.subscription.key in keys]
        return [*wide, *sorted(found, key=lambda each: (_place(each), each.channel_id))]

    def followings(self) -> Iterator[Following]:
        """Yield all that is followed, in any conversation."""
        return (each for here in self._of_address.values() for each in here.values() if each)

    def addresses(self) -> Sequence[Address]:
        """Return every conversation with a delivery, a board or a destination, and who has claimed a job."""
        destinations = (each.address for each in self._records.values() if isinstance(each, Destination))
        return list(
            {*self._of_address, *self._cross.wide.addresses(), *self._cross.claims.people(), *destinations}
        )

    def wide(self) -> Sequence[Subscription]:
        """Return all wide subscriptions."""
        return self._cross.wide.wishes()

    def jobs(self) -> Mapping[JobRef, JobRecord]:
        """Return the records of all jobs, as they are now: later changes don't show in it."""
        return {each.ref: each for each in self._records.values() if isinstance(each, JobRecord)}

    def completed(self, wanted: Records) -> Records:
        """Return what differs from the records here.

        The record of a job goes with its last delivery, but for one that somebody has claimed.
        """
        removed = {key for key, record in wanted.items() if record is None and isinstance(key, DeliveryKey)}
        kept = {record.job for record in wanted.values() if isinstance(record, Delivery)}
        touched = {key.job for key in removed} | {key for key in wanted if isinstance(key, JobRef)}
        orphans = {ref for ref in touched - kept if removed.issuperset(self._cross.of_job(ref))}
        records = Records({**self.get(orphans), **wanted})
        complete = wanted | Records.fromkeys(orphans - claimed(records, orphans).keys())
        return Records((key, new) for key, new in complete.items() if new != self._records.get(key))

    def apply(self, changes: Records) -> Changed:
        """Store these records, remove those that are None, and return what to tell of that."""
        claimed_by = claimed(self._records, changes).values()
        for key, record in changes.items():
            if record is not None:
                self._put(record)
            elif gone := self._records.pop(key, None):
                self._forget(gone)
        for each in {delivery for key in changes for delivery in self._concerned(key)}:
            self._follow(each)
        jobs = frozenset(key for key in changes if isinstance(key, JobRef))
        told = {_address_of(key) for key in changes if not isinstance(key, JobRef)}
        followers = (key.address for ref in jobs for key in self._cross.of_job(ref))
        addresses = frozenset({*told, *followers, *claimed_by, *claimed(changes, changes).values()})
        for address in addresses:
            self._channels.pop(address, None)
        has_wide = any(isinstance(key, SubscriptionKey) and key.selector.is_wide for key in changes)
        return Changed(jobs, addresses, has_wide)

    def _put(self, record: Record) -> None:
        key = record.key
        self._cross.put(self._records.get(key), record)
        self._records[key] = record
        if isinstance(key, DeliveryKey):
            self._of_address.setdefault(key.address, {}).setdefault(key, None)
        elif isinstance(record, JobRecord):
            # Pydantic's set of the fields that were given: a quarter of the memory, and never used.
            record.job.model_fields_set.clear()

    def _forget(self, gone: Record) -> None:
        key = gone.key
        self._cross.put(gone, None)
        if isinstance(key, DeliveryKey):
            here = self._of_address[key.address]
            del here[key]
            if not here:
                del self._of_address[key.address]
                self._unsorted.discard(key.address)

    def _concerned(self, key: Key) -> Collection[DeliveryKey]:
        """Return the deliveries whose Following has the record under this key; some may not exist."""
        if isinstance(key, JobRef):
            return self._cross.of_job(key)
        if isinstance(key, Address):
            return self._of_address.get(key, ())
        if isinstance(key, BoardKey):
            return ()
        if isinstance(key, SubscriptionKey) and key.selector.is_wide:
            return self._of_address.get(key.address, ())
        return [delivery_of(key) if isinstance(key, SubscriptionKey) else key]

    def _follow(self, key: DeliveryKey) -> None:
        """Make anew what is followed under a delivery's key, if there is one; its place is seen to later."""
        here = self._of_address.get(key.address, {})
        if key in here:
            wide = self._cross.wide.of(key, self._records.job(key.job))
            before, after = here[key], following(self._records, key, wide)
            here[key] = after
            if _place(before) != _place(after):
                self._unsorted.add(key.address)

    def _sort(self, address: Address) -> None:
        here = self._of_address[address]
        self._of_address[address] = dict(sorted(here.items(), key=lambda item: _place(item[1])))
        self._unsorted.remove(address)


def _address_of(key: Address | SubscriptionKey | DeliveryKey | BoardKey) -> Address:
    return key if isinstance(key, Address) else key.address


def _place(following: Following | None) -> tuple[bool, int, str]:
    """Return what orders a conversation: the oldest subscription first, those that were ended last."""
    if following is None:
        return True, 0, ""
    wish = following.subscription
    return wish is None, wish.subscribed_at if wish else 0, following.job_id
