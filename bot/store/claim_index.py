"""PURE. The jobs that people have claimed, as the index of the store finds them."""

from collections.abc import Iterable, Sequence

from bot.domain.keys import Address, JobRef, Key
from bot.domain.records import JobRecord, Records


class ClaimIndex:
    """The jobs that each person has claimed, by the person's address."""

    def __init__(self) -> None:
        self._claimed: dict[Address, set[JobRef]] = {}

    def replace(self, before: JobRecord | None, after: JobRecord | None) -> None:
        """Note who has claimed a job after a change of its record."""
        if before and before.claim and (refs := self._claimed.get(before.claim.person)):
            refs.discard(before.ref)
            if not refs:
                del self._claimed[before.claim.person]
        if after and after.claim:
            self._claimed.setdefault(after.claim.person, set()).add(after.ref)

    def of(self, address: Address) -> Sequence[JobRef]:
        """Return the jobs that a person has claimed."""
        return sorted(self._claimed.get(address, ()))

    def people(self) -> Iterable[Address]:
        """Return who has claimed a job."""
        return self._claimed.keys()


def claimed(records: Records, keys: Iterable[Key]) -> dict[JobRef, Address]:
    """Return those of these keys that are of jobs which somebody has claimed, with who has."""
    jobs = (records.job(key) for key in keys if isinstance(key, JobRef))
    return {record.ref: record.claim.person for record in jobs if record and record.claim}
