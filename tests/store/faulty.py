"""A store that fails at chosen calls, around another one: for whoever has to go on when the store fails."""

from collections.abc import Callable
from typing import Any

from bot.errors import StoreTrouble
from bot.store import Store


def _call(name: str) -> Any:
    """Return the method of this name: that of the store inside, unless this call is to fail."""

    async def call(self: "FaultyStore", *arguments: Any) -> Any:
        self.calls += 1
        if self.fails(self.calls):
            self.trouble = StoreTrouble(path="faulty", reason=f"call {self.calls}")
            raise self.trouble
        try:
            return await getattr(self.store, name)(*arguments)
        finally:
            self.trouble = self.store.trouble

    return call


class FaultyStore:
    """The protocol Store. ``fails`` is asked at each call, by its number from 1; what failed did nothing."""

    change, get, channel = _call("change"), _call("get"), _call("channel")
    made_by, following, wide = _call("made_by"), _call("following"), _call("wide")
    addresses, jobs, counts, check = _call("addresses"), _call("jobs"), _call("counts"), _call("check")

    def __init__(self, store: Store, fails: Callable[[int], bool] = lambda _: False) -> None:
        self.fails = fails
        self.calls = 0
        self.trouble: StoreTrouble | None = None
        self.store = store
        self.listen = store.listen
