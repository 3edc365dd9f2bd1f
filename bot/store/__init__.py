"""Where subscriptions are kept: the protocol, and how to open the one that the settings name."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from bot.domain.subscriptions import Change, Key, Subscription
from bot.errors import StoreTrouble
from bot.store.sqlite import SqliteStore


class Store(Protocol):
    """Keeps subscriptions. When a call returns, what it changed is on disk, and the next process reads it.

    Each call raises StoreTrouble when the disk does not let it; then nothing has changed.
    """

    trouble: StoreTrouble | None
    """What was raised when the disk was asked last; None when that went well."""

    async def add(self, subscription: Subscription) -> Subscription:
        """Keep a new subscription, unless its channel has one for the job; return the one that is kept."""
        ...

    async def change(self, key: Key, how: Change) -> Subscription | None:
        """Apply a change to what is kept now, and return what is kept then; None if that is nothing.

        The change is not called when nothing is kept; when it raises, nothing has changed.
        Changes to the same subscription wait for each other. One that changes nothing writes nothing.
        """
        ...

    async def get(self, key: Key) -> Subscription | None:
        """Return a channel's subscription to a job, if there is one."""
        ...

    async def of_channel(self, team_id: str, channel_id: str) -> Sequence[Subscription]:
        """List a channel's subscriptions, oldest first."""
        ...

    async def followed(self) -> Mapping[str, Sequence[Subscription]]:
        """Give all subscriptions by the id of their job; a job that nobody follows is not in it."""
        ...

    async def check(self) -> None:
        """Write and read something, to see whether that works. Raises StoreTrouble."""
        ...


def open_store(path: Path) -> AbstractAsyncContextManager[Store]:
    """Open the store in this file; it is made if there is none, and locked against other processes.

    Raises StoreError when the file can't be used.
    """
    return SqliteStore(path)
