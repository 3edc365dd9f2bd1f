"""PURE. Keys of records by what else they are looked up by: a job, a person, a wide subscription, a claim."""

from collections.abc import Collection
from typing import TypeVar

from bot.domain.keys import Address, DeliveryKey, JobRef, SubscriptionKey
from bot.domain.records import Board, Delivery, JobRecord, Record, Subscription
from bot.store.claim_index import ClaimIndex
from bot.store.wide_index import WideIndex

K = TypeVar("K")
T = TypeVar("T")

Person = tuple[str, str]
"""A person, by Slack's ids of the team and of the person."""


class CrossIndex:
    """The deliveries of each job, the subscriptions that each person made, what is wide, and claims."""

    def __init__(self) -> None:
        self._of_job: dict[JobRef, set[DeliveryKey]] = {}
        self._of_person: dict[Person, set[SubscriptionKey]] = {}
        self.wide = WideIndex()
        self.claims = ClaimIndex()

    def of_job(self, ref: JobRef) -> Collection[DeliveryKey]:
        """Return the keys of a job's deliveries."""
        return self._of_job.get(ref, set())

    def of_person(self, team_id: str, user_id: str) -> Collection[SubscriptionKey]:
        """Return the keys of the subscriptions that a person made."""
        return self._of_person.get((team_id, user_id), set())

    def addresses(self) -> Collection[Address]:
        """Return the conversations that have a board, and who has claimed a job."""
        return {*self.wide.addresses(), *self.claims.people()}

    def put(self, before: Record | None, after: Record | None) -> None:
        """Note a change of the record under one key; None where there was none, or is none any more."""
        match before or after:
            case Delivery(job=ref, key=key):
                was_of, is_of = (ref if before else None), (ref if after else None)
                _move(self._of_job, key, was_of, is_of)
            case JobRecord():
                self.claims.replace(_as(JobRecord, before), _as(JobRecord, after))
            case Board():
                self.wide.put_board(_as(Board, before), _as(Board, after))
            case Subscription(key=key):
                was, new = _as(Subscription, before), _as(Subscription, after)
                self.wide.put_wish(was, new)
                # Another person may have made it anew.
                _move(self._of_person, key, _maker(was), _maker(new))


def _as(kind: type[T], record: Record | None) -> T | None:
    return record if isinstance(record, kind) else None


def _maker(wish: Subscription | None) -> Person | None:
    return (wish.address.team_id, wish.subscribed_by) if wish else None


def _move(sets: dict[K, set[T]], element: T, before: K | None, after: K | None) -> None:
    """Move an element from one of the sets to another one; a set that is empty is removed."""
    if before is not None and before != after:
        sets[before].remove(element)
        if not sets[before]:
            del sets[before]
    if after is not None:
        sets.setdefault(after, set()).add(element)
