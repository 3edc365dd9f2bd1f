"""The people who wait for deliveries in one conversation, and what they get to know."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bot.deliver.outcome import Later, Outcome, Sent
from bot.deliver.schedule import Task, is_urgent
from bot.domain.keys import BoardKey, DeliveryKey

TRIES: Final = 2
"""Failures of Slack's after which a person is told that it comes later."""


@dataclass(eq=False)
class Request:
    """A person waits for a delivery. ``person`` is their user id; empty if nobody reads the outcome."""

    key: DeliveryKey | BoardKey
    person: str
    answer: "asyncio.Future[Outcome]"
    began: asyncio.Event
    """Set when a message of it is about to be sent."""
    failures: int = 0


class Requests:
    """All requests of one conversation; ``arrived`` is set when one comes."""

    def __init__(self) -> None:
        self._open: list[Request] = []
        self.arrived = asyncio.Event()

    def add(self, key: DeliveryKey | BoardKey, person: str) -> Request:
        """Add a request. The caller awaits its ``answer``, and withdraws it."""
        request = Request(key, person, asyncio.get_running_loop().create_future(), asyncio.Event())
        self._open.append(request)
        self.arrived.set()
        return request

    def withdraw(self, request: Request) -> None:
        """Remove a request, whether or not it was answered."""
        self._open.remove(request)

    @property
    def keys(self) -> set[DeliveryKey | BoardKey]:
        """The deliveries and boards that people wait for."""
        return {request.key for request in self._open if not request.answer.done()}

    def of(self, task: Task) -> list[Request]:
        """Return the requests for the delivery that a task is about."""
        return [request for request in self._open if request.key == task.about and not request.answer.done()]

    def began(self, task: Task) -> None:
        """Tell those who wait for a task that its message is about to be sent."""
        for request in self.of(task):
            request.began.set()

    def answer(self, task: Task, outcome: Outcome) -> None:
        """Answer those who wait for the delivery that a task is about."""
        for request in self.of(task):
            request.answer.set_result(outcome)

    def failed(self, task: Task) -> None:
        """Count a failure that is retried; it comes later for those for whom it was one too many."""
        for request in self.of(task):
            request.failures += 1
            if request.failures >= TRIES:
                request.answer.set_result(Later())

    def settle(self, due: Collection[Task], *, is_paused: bool = False) -> None:
        """Answer those for whom nothing has to be sent any more.

        In a paused conversation, any other post of it answers them: it shows whether the pause is over.
        """
        awaited = self.keys
        left = {task.about for task in due if is_urgent(task, awaited)}
        posts = [task.about for task in due if task.about and task.proves_access]
        for request in self._open:
            if request.answer.done() or request.key in left:
                continue
            if is_paused and posts:
                request.key = posts[0]
            else:
                request.answer.set_result(Sent())

    def give_up(self) -> None:
        """Answer everybody that it comes later."""
        for request in self._open:
            if not request.answer.done():
                request.answer.set_result(Later())
