"""Persistence of the records: the Store protocol, and ``open_store``. No rules of subscriptions here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.domain.following import Changed, Channel, Counts, Following, WideFollowing
from bot.domain.keys import Address, DeliveryKey, JobRef, Key
from bot.domain.records import Change, JobRecord, Records, Subscription
from bot.errors import StoreTrouble
from bot.store.sqlite import SqliteStore


class Store(Protocol):
    """Durable records: what a call changed is on disk when it returns, all of it or nothing.

    Every call raises StoreTrouble when the store fails, reads included; then nothing has changed. A job's
    record goes with the last delivery of it.
    """

    trouble: StoreTrouble | None
    """The error of the last call; None if it succeeded."""

    async def change(self, keys: Iterable[Key], how: Change) -> Records:
        """Replace the records under these keys by what ``how`` makes of them; return them as they are then.

        ``how`` may be called again with other records. If it raises, nothing has changed. Changes are applied
        one after the other; what is equal is not written.
        """
        ...

    async def get(self, keys: Iterable[Key]) -> Records:
        """Return the records under these keys."""
        ...

    async def following(self, key: DeliveryKey) -> Following | None:
        """Return what is followed of one job in one conversation; None where it is not."""
        ...

    async def channel(self, address: Address) -> Channel:
        """Return all that concerns a conversation."""
        ...

    async def made_by(self, team_id: str, user_id: str) -> Sequence[Following | WideFollowing]:
        """Return what a person's own subscriptions follow, in any conversation, oldest first."""
        ...

    async def addresses(self) -> Sequence[Address]:
        """Return every conversation with a delivery or a destination: for the start, not for each check."""
        ...

    async def jobs(self) -> Mapping[JobRef, JobRecord]:
        """Return the records of all jobs: for the start, not for each check."""
        ...

    async def wide(self) -> Sequence[Subscription]:
        """Return the wide subscriptions of all conversations."""
        ...

    async def counts(self) -> Counts:
        """Count the records."""
        ...

    def listen(self, heard: Callable[[Changed], None]) -> None:
        """Call ``heard`` after each change from now on, whoever made it. It must not fail, nor take long."""
        ...

    async def check(self) -> None:
        """Write a row and read it back."""
        ...


def open_store(path: Path) -> AbstractAsyncContextManager[Store]:
    """Return a context manager that opens the store in this file, creates and locks it.

    Entering it raises StoreError when the file can't be used.
    """
    return SqliteStore(path)
