"""Persistence of subscriptions: the Store protocol, and ``open_store``. No rules of subscriptions here."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.domain.subscriptions import Change, Key, Subscription
from bot.errors import StoreTrouble
from bot.store.sqlite import SqliteStore


class Store(Protocol):
    """A durable set of subscriptions: what a call changed is on disk when it returns.

    Each call raises StoreTrouble when the disk fails; then nothing has changed.
    """

    trouble: StoreTrouble | None
    """The error of the last access to the disk; None if it succeeded."""

    async def add(self, subscription: Subscription) -> Subscription:
        """Insert a subscription unless its key exists, and return the stored one."""
        ...

    async def change(self, key: Key, how: Change) -> Subscription | None:
        """Replace a subscription by what ``how`` makes of it, and return that; None removes it.

        Return None, without calling ``how``, if there is none. If ``how`` raises, nothing has changed.
        Changes are applied one after the other. If the result is equal, nothing is written.
        """
        ...

    async def get(self, key: Key) -> Subscription | None:
        """Return a channel's subscription to a job, if there is one."""
        ...

    async def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """Return a channel's subscriptions, oldest first."""
        ...

    async def followed(self) -> Mapping[str, Sequence[Subscription]]:
        """Return all subscriptions by job id, as they are now: later changes don't show in it."""
        ...

    async def check(self) -> None:
        """Write a row and read it back. Raises StoreTrouble."""
        ...


def open_store(path: Path) -> AbstractAsyncContextManager[Store]:
    """Return a context manager that opens the store in this file, creates and locks it.

    Entering it raises StoreError when the file can't be used.
    """
    return SqliteStore(path)
