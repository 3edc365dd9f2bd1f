"""The throttle, and those of the sender, in a time that passes only while everybody waits."""

import asyncio
import math
import selectors
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.rates import RateLimits
from bot.messages.blocks import Message
from bot.slack.sender import Sender, SendError
from bot.slack.throttle import Throttle


class Selector(selectors.SelectSelector):
    """Where an event loop would sleep, its time goes on at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for nothing."""
        if timeout is None:
            raise RuntimeError("everybody waits, for ever")
        self.now += timeout
        return super().select(0)


class VirtualTime(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        """Return the seconds that all have waited."""
        return self.selector.now


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in a loop of its own, in which an hour takes no time."""

    @wraps(test)
    def run(**given: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualTime) as runner:
            runner.run(test(**given))

    return run


def now() -> float:
    return round(asyncio.get_running_loop().time(), 6)


@dataclass(frozen=True)
class Visitor:
    """Someone who comes at a time, and may leave at another while waiting; all times are in seconds."""

    comes: float
    leaves: float | None = None
    sends: float = 0
    key: str = "U"
    urgent: bool = False

    async def come(self, throttle: Throttle) -> float | None:
        """Wait for a turn and make a call, which fails; return when the turn came."""
        passed = None
        await asyncio.sleep(self.comes)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self.leaves):
                await throttle.wait(self.key, urgent=self.urgent)
            with throttle.sending(self.key):
                passed = now()
                await asyncio.sleep(self.sends)
                raise TimeoutError
        return passed


async def turns(throttle: Throttle, *visitors: Visitor) -> list[float | None]:
    return await asyncio.gather(*(each.come(throttle) for each in visitors))


EVERYBODY, SAME_KEY = (1, 0), (0, 1)
CASES: dict[str, tuple[tuple[float, float], list[Visitor], list[float | None]]] = {
    "in turn": (EVERYBODY, [Visitor(0), Visitor(0), Visitor(0, key="V")], [0, 1, 2]),
    "urgent first": (EVERYBODY, [Visitor(0), Visitor(0), Visitor(0.5, urgent=True)], [0, 2, 1]),
    "urgent in turn": (EVERYBODY, [Visitor(0)] + 2 * [Visitor(0.5, urgent=True)], [0, 1, 2]),
    "interrupted": (EVERYBODY, [Visitor(0), Visitor(0, leaves=0.5), Visitor(0)], [0, None, 1]),
    "by key": (SAME_KEY, [Visitor(0), Visitor(0), Visitor(0, key="V")], [0, 1, 0]),
    "a slow call": (SAME_KEY, [Visitor(0, sends=5), Visitor(0, sends=2), Visitor(7)], [0, 6, 9]),
    "others' slow call": (EVERYBODY, [Visitor(0, sends=5), Visitor(0), Visitor(0, key="V")], [0, 5, 1]),
}
"""The intervals between all and between those with the same key, who comes, and when each passes."""


@pytest.mark.parametrize("case", CASES)
@in_virtual_time
async def test_when_each_caller_passes(case: str) -> None:
    """In turn, an interval apart; who is interrupted, and a call that fails, hold up nobody."""
    (interval, each), visitors, expected = CASES[case]
    assert await turns(Throttle(interval, each=each), *visitors) == expected


@in_virtual_time
async def test_a_hold_stops_everybody() -> None:
    """The longest of several counts, also for those who wait already; after it they keep the interval."""
    throttle = Throttle(1)
    throttle.hold(10)
    throttle.hold(2)
    assert throttle.delay() == 10
    asyncio.get_running_loop().call_at(5, throttle.hold, 20)
    assert await turns(throttle, Visitor(0), Visitor(0), Visitor(6, urgent=True)) == [26, 27, 25]


class Silent(AsyncWebClient):
    async def api_call(self, *_: Any, **__: Any) -> Any:
        """Never answer."""
        await asyncio.sleep(math.inf)


@in_virtual_time
async def test_a_sender_has_an_interval_for_each_channel_for_all_and_for_edits() -> None:
    """What a message waited for others does not count as its channel's, but its answer does.

    Only the answer to a post is awaited for as long as the rates say; all else can be repeated.
    """
    sender, hello = Sender(Silent(), RateLimits(channel=3, posts=2, edits=1, answer=4)), Message("hello", [])
    passed: dict[str, list[float]] = {}

    async def call(name: str, *steps: Awaitable[Any]) -> None:
        for step in steps:
            with suppress(SendError):
                await step
            passed.setdefault(name, []).append(now())

    async with asyncio.TaskGroup() as tasks:
        for name in ("C1", "C2", "C2", "urgent"):
            waiting = sender.wait_to_post(name, urgent=name == "urgent")
            tasks.create_task(call(name, waiting, sender.post(name, hello)))
        for _ in range(2):
            tasks.create_task(call("edit", sender.wait_to_edit(), sender.edit("C1", "1.1", hello)))
        tasks.create_task(call("view", sender.publish_view("U1", {})))
        tasks.create_task(call("token", sender.auth_test()))
        await asyncio.sleep(0)
        assert sender.edit_delay() == 1

    posts = {"C1": [0, 4], "urgent": [2, 6], "C2": [4, 8, 11, 15]}
    assert passed == posts | {"edit": [0, 1, 10, 11], "view": [10], "token": [10]}


class ChannelId(str):
    """One that can be watched: whether it is kept anywhere."""

    __slots__ = ("__weakref__",)


@in_virtual_time
async def test_nothing_is_kept_of_a_channel_after_its_interval() -> None:
    """A bot that lives for years writes to many channels."""
    throttle, channel = Throttle(0, each=5), ChannelId("C1")
    kept = weakref.ref(channel)
    await throttle.wait(channel)
    del channel
    await throttle.wait("C2")
    assert kept()
    await asyncio.sleep(6)
    await throttle.wait("C2")
    assert not kept()
