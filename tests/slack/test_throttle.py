"""The throttle, and those of the sender, in a time that passes only while everybody waits."""

import asyncio
import math
import selectors
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

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


Passed = list[tuple[str, float]]
"""Who passed, and when."""


def now() -> float:
    return asyncio.get_running_loop().time()


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


def test_urgent_callers_go_before_all_who_wait() -> None:
    """All keep the interval, and each queue its order; the urgent one goes first, however late it comes."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(1)
        for name in "abc":
            tasks.create_task(caller(name, passed, throttle.wait))
        await asyncio.sleep(0.5)
        for name in "xy":
            tasks.create_task(caller(name, passed, partial(throttle.wait, urgent=True)))

    assert run(scenario) == [("a", 0), ("x", 1), ("y", 2), ("b", 3), ("c", 4)]


def test_who_is_interrupted_holds_up_nobody() -> None:
    """A worker stops waiting when it has something more urgent to send; its turn is the next one's."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(1)
        for name in "ab":
            tasks.create_task(caller(name, passed, throttle.wait))
        interrupted = [tasks.create_task(caller(name, passed, throttle.wait)) for name in "xy"]
        tasks.create_task(caller("c", passed, throttle.wait))
        await asyncio.sleep(0.5)
        for task in interrupted:
            task.cancel()

    assert run(scenario) == [("a", 0), ("b", 1), ("c", 2)]


def test_a_hold_stops_everybody() -> None:
    """The longest of several counts, also for those who wait already; after it they keep the interval."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(1)
        throttle.hold(10)
        throttle.hold(2)
        assert throttle.delay() == 10
        tasks.create_task(caller("a", passed, throttle.wait))
        tasks.create_task(caller("b", passed, throttle.wait))
        await asyncio.sleep(5)
        throttle.hold(20)
        tasks.create_task(caller("x", passed, partial(throttle.wait, urgent=True)))

    assert run(scenario) == [("x", 25), ("a", 26), ("b", 27)]


def test_who_sends_is_alone_and_followed_after_an_interval() -> None:
    """Whoever passed during a slow message sends an interval after its end, even if that was a failure."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        throttle = Throttle(0, each=1)

        async def send(name: str, seconds: float) -> None:
            await throttle.wait("U1")
            with suppress(OSError), throttle.sending("U1"):
                passed.append((name, now()))
                await asyncio.sleep(seconds)
                raise OSError

        tasks.create_task(send("slow", 5))
        tasks.create_task(send("second", 2))
        await asyncio.sleep(7)
        tasks.create_task(send("third", 0))

    assert run(scenario) == [("slow", 0), ("second", 6), ("third", 9)]


def test_a_sender_has_an_interval_for_each_channel_for_all_and_for_edits() -> None:
    """What a message waited for all channels does not count as its own channel's interval."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        sender = Sender(AsyncWebClient(), RateLimits(channel=3, posts=2, edits=1))
        for channel in ("C1", "C2", "C2"):
            tasks.create_task(caller(channel, passed, partial(sender.wait_to_post, channel)))
        tasks.create_task(caller("edit", passed, sender.wait_to_edit))
        tasks.create_task(caller("edit", passed, sender.wait_to_edit))
        await asyncio.sleep(0)
        assert sender.edit_delay() == 1

    assert run(scenario) == [("C1", 0), ("edit", 0), ("edit", 1), ("C2", 2), ("C2", 5)]


class Silent(AsyncWebClient):
    async def api_call(self, *_: Any, **__: Any) -> Any:
        """Never answer."""
        await asyncio.sleep(math.inf)


def test_only_the_answer_to_a_post_is_awaited_for_long() -> None:
    """What can be repeated is given up early; a post that is given up may come twice."""

    async def scenario(tasks: asyncio.TaskGroup, passed: Passed) -> None:
        sender, hello = Sender(Silent(), RateLimits(answer=60)), Message("hello", [])

        async def give_up(name: str, call: Awaitable[Any]) -> None:
            with suppress(SendError):
                await call
            passed.append((name, now()))

        tasks.create_task(give_up("post", sender.post("C1", hello)))
        tasks.create_task(give_up("edit", sender.edit("C1", "1.1", hello)))
        tasks.create_task(give_up("view", sender.publish_view("U1", {})))
        tasks.create_task(give_up("token", sender.auth_test()))

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
