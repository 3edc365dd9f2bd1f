"""What the simulated workspace is made of: channels, messages, views, calls, and what a person was shown."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

TEAM_ID = "T0VOICEJOB"
TEAM_NAME = "voicejob"
APP_ID = "A0VOICEJOB"
BOT_ID = "B0VOICEJOB"
BOT_USER = "U0VOICEJOB"
ALICE = "U0ALICE"
"""The person who types and presses unless a caller names another user."""
PATIENCE = 30.0
"""Seconds after which waiting ends with a TimeoutError: a busy machine takes long for anything."""
NEWEST = 20_000
"""How many short-lived things of one kind are remembered: a demo may be left open for days."""

Clock = Callable[[], float]
"""Returns the time in epoch seconds."""
Value = TypeVar("Value")


class Newest(dict[str, Value]):
    """A dict that forgets its oldest entry when a new one would be more than ``NEWEST``."""

    def __setitem__(self, key: str, value: Value) -> None:
        if len(self) >= NEWEST:
            del self[next(iter(self))]
        super().__setitem__(key, value)


@dataclass(kw_only=True)
class Channel:
    """A conversation; its last three fields may be changed at any time, as people do."""

    id: str
    name: str
    person: str | None = None
    """The user at the other end of a direct message with the bot."""
    people: tuple[str, ...] = ()
    """The users of a direct message between people, which the bot is not in."""
    private: bool = False
    bot_is_member: bool = True
    archived: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether this is a direct message, which cannot be joined, left or archived."""
        return bool(self.person or self.people)

    def is_open_to(self, user: str) -> bool:
        """Whether a person can see it; who is in a channel is not simulated."""
        return not self.is_direct or user in (self.person, *self.people)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One version of a message; ``ts`` stays the same when it is edited."""

    ts: str
    channel: str
    user: str | None
    """The one person who sees it, if it is ephemeral; None if the whole channel does."""
    text: str
    blocks: list[dict[str, Any]]
    attachments: list[dict[str, Any]] = field(default_factory=list)
    """Only in what other apps write."""
    thread_ts: str | None = None
    """The ``ts`` of the message that this one replies to; None for a message of the channel itself."""
    reply_broadcast: bool = False
    """Whether a reply is shown in the channel too."""
    edited: bool = False
    author: str = BOT_USER
    bot_id: str | None = BOT_ID
    """None for a message that a person wrote."""

    def __str__(self) -> str:
        return f"the message {self.text!r}"


@dataclass(frozen=True, kw_only=True)
class View:
    """One version of a person's modal or App Home; ``id`` stays the same when it is updated."""

    id: str
    user: str
    """Whose modal or App Home it is: nobody else sees it."""
    content: dict[str, Any]
    """The view as the app sent it."""
    hash: str
    """A string that differs from one version to the next."""

    def __str__(self) -> str:
        return f"the {self.type} view of {self.user}"

    @property
    def type(self) -> str:
        """``modal`` or ``home``."""
        return str(self.content["type"])

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks, as the app sent them."""
        return list(self.content["blocks"])

    @property
    def external_id(self) -> str | None:
        """The app's own id for it, if there is one."""
        return self.content.get("external_id") or None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of the app to a Web API method, or to what ``method`` calls ``response_url``."""

    method: str
    arguments: dict[str, Any]
    """What was sent, without the token."""
    at: float
    """Epoch seconds of the workspace's clock."""


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A message or view of the app that Slack refused for its content."""

    method: str
    """The Web API method, ``response_url`` or ``acknowledgement``."""
    channel: str
    code: str
    problems: list[str]
    """Everything that is wrong, each with its place."""
    at: float
    """Epoch seconds of the workspace's clock."""


@dataclass(frozen=True, kw_only=True)
class Ack:
    """How the app acknowledged one payload; without an acknowledgement and an error, none was sent."""

    acked: bool
    seconds: float
    reply: Any = None
    """The payload of the acknowledgement: usually a message."""
    error: str | None = None
    """The error that Slack shows: ``operation_timeout``, ``dispatch_failed`` or ``http_service_error``."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Which attempt it is to send an event, 0 for the first one, and why it is made."""

    attempt: int = 0
    reason: str = ""


@dataclass(kw_only=True, eq=False)
class Interaction:
    """One command, shortcut or button press, and all messages that the person was shown because of it."""

    user: str
    channel: str
    """Empty for a press in a view."""
    response_url: str = ""
    acked: bool = False
    ack_seconds: float | None = None
    """Seconds from the payload to its acknowledgement, or to the time-out."""
    ack_message: Message | None = None
    reply: Any = None
    """The payload in the acknowledgement of what ``send`` sent."""
    error: str | None = None
    """The code that Slack shows when the app did not acknowledge properly."""
    messages: list[Message] = field(default_factory=list)
    """What was shown so far, oldest first; an edited message is shown again."""
    _unread: asyncio.Queue[Message] = field(default_factory=asyncio.Queue, repr=False)

    def show(self, message: Message) -> None:
        """Add a message to those that the person was shown."""
        self.messages.append(message)
        self._unread.put_nowait(message)

    def message(self, *, timeout: float = PATIENCE) -> Awaitable[Message]:
        """Return the next message that this interaction shows, each once; wait at most ``timeout`` seconds.

        The one in the acknowledgement comes first, then those posted to the ``response_url``. Raises
        TimeoutError.
        """
        return self._next(timeout)

    async def _next(self, seconds: float) -> Message:
        try:
            return await asyncio.wait_for(self._unread.get(), seconds)
        except TimeoutError:
            shown = [message.text for message in self.messages]
            raise TimeoutError(f"No further message within {seconds} s; shown so far: {shown}") from None
