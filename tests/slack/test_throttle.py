"""The throttle, and those of the sender, in a time that passes only while everybody waits."""

import asyncio
import math
import selectors
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
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


HELLO = Message("hello", [])
Passed = list[tuple[str, float]]
"""Who passed, and when."""


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Visitor:
    """Someone who comes at a time, and may leave at another while waiting; all times are in seconds."""

    comes: float
    leaves: float = math.inf
    sends: float = 0
    key: str = "U"
    urgent: bool = False

    async def come(self, throttle: Throttle, name: str, passed: Passed) -> None:
        """Wait for a turn and make a call, which fails."""
        await asyncio.sleep(self.comes)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self.leaves if self.leaves < math.inf else None):
                await throttle.wait(self.key, urgent=self.urgent)
            with throttle.sending(self.key):
                passed.append((name, now()))
                await asyncio.sleep(self.sends)
                raise TimeoutError


async def caller(name: str, passed: Passed, wait: Callable[[], Awaitable[None]]) -> None:
    await wait()
    passed.append((name, round(now(), 6)))


def run(scenario: Callable[[asyncio.TaskGroup, Passed], Coroutine[Any, Any, None]]) -> Passed:
    """Run a scenario and all that it starts; gives who passed."""
    passed: Passed = []

    async def whole() -> None:
        async with asyncio.TaskGroup() as tasks:
            await scenario(tasks, passed)

    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        runner.run(whole())
    return passed


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
def test_when_each_caller_passes(case: str) -> None:
    """In turn, an interval apart; who is interrupted, and a call that fails, hold up nobody."""
    (interval, each), visitors, expected = CASES[case]

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(interval, each=each)
        for number, visitor in enumerate(visitors):
            tasks.create_task(visitor.come(throttle, str(number), passed))

    found = dict(run(scenario))
    assert [found.get(str(number)) for number in range(len(visitors))] == expected


def test_a_hold_stops_everybody() -> None:
    """The longest of several counts, also for those who wait already; after it they keep the interval."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(1)
        throttle.hold(10)
        throttle.hold(2)
        assert throttle.delay() == 10
        for visitor in (Visitor(0), Visitor(0), Visitor(6, urgent=True)):
            tasks.create_task(visitor.come(throttle, "urgent" if visitor.urgent else "", passed))
        await asyncio.sleep(5)
        throttle.hold(20)

    assert run(scenario) == [("urgent", 25), ("", 26), ("", 27)]


class Silent(AsyncWebClient):
    async def api_call(self, *_: Any, **__: Any) -> Any:
        """Never answer."""
        await asyncio.sleep(math.inf)


def test_a_sender_has_an_interval_for_each_channel_for_all_and_for_edits() -> None:
    """What a message waited for all channels does not count as its own channel's, but its answer does."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        sender = Sender(Silent(), RateLimits(channel=3, posts=2, edits=1, answer=4))

        async def post(channel: str) -> None:
            await caller(channel, passed, partial(sender.wait_to_post, channel, urgent=channel == "urgent"))
            with suppress(SendError):
                await sender.post(channel, HELLO)

        for channel in ("C1", "C2", "C2", "urgent"):
            tasks.create_task(post(channel))
        tasks.create_task(caller("edit", passed, sender.wait_to_edit))
        tasks.create_task(caller("edit", passed, sender.wait_to_edit))
        await asyncio.sleep(0)
        assert sender.edit_delay() == 1

    assert run(scenario) == [("C1", 0), ("edit", 0), ("edit", 1), ("urgent", 2), ("C2", 4), ("C2", 11)]


def test_only_the_answer_to_a_post_is_awaited_for_long() -> None:
    """What can be repeated is given up early; a post that is given up may come twice."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        sender = Sender(Silent(), RateLimits(answer=60))

        async def call(name: str, work: Awaitable[Any]) -> None:
            with suppress(SendError):
                await work
            passed.append((name, now()))

        tasks.create_task(call("post", sender.post("C1", HELLO)))
        tasks.create_task(call("edit", sender.edit("C1", "1.1", HELLO)))
        tasks.create_task(call("view", sender.publish_view("U1", {})))
        tasks.create_task(call("token", sender.auth_test()))

    assert dict(run(scenario)) == {"edit": 10, "view": 10, "token": 10, "post": 60}


class ChannelId(str):
    """One that can be watched: whether it is kept anywhere."""

    __slots__ = ("__weakref__",)


def test_nothing_is_kept_of_a_channel_after_its_interval() -> None:
    """A bot that lives for years writes to many channels."""

    async def scenario(_tasks: asyncio.TaskGroup, _passed: Passed) -> None:
        throttle, channel = Throttle(0, each=5), ChannelId("C1")
        kept = weakref.ref(channel)
        await throttle.wait(channel)
        del channel
        await throttle.wait("C2")
        assert kept()
        await asyncio.sleep(6)
        await throttle.wait("C2")
        assert not kept()

    run(scenario)
