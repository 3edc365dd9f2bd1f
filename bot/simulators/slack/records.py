"""What the stand-in workspace is made of: channels, messages, calls, and what a person was shown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

TEAM_ID = "T0VOICEJOB"
TEAM_NAME = "voicejob"
APP_ID = "A0VOICEJOB"
BOT_ID = "B0VOICEJOB"
BOT_USER = "U0VOICEJOB"
ALICE = "U0ALICE"
"""The person who types and presses when a caller names nobody else."""
PATIENCE = 30.0
"""Seconds after which what somebody waits for does not come: a busy machine takes long for anything."""

Clock = Callable[[], float]
"""Tells the time in seconds since the epoch."""


@dataclass(kw_only=True)
class Channel:
    """A conversation; its last three fields may be changed at any time, as people do."""

    id: str
    name: str
    person: str | None = None
    """Who talks with the bot here, if this is a direct message with it."""
    people: tuple[str, ...] = ()
    """Who talks here without the bot, if this is a direct message between people."""
    private: bool = False
    bot_is_member: bool = True
    archived: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether this is a direct message, which nobody joins, leaves or archives."""
        return bool(self.person or self.people)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One version of a message, as people see it; ``ts`` stays the same when it is edited."""

    ts: str
    channel: str
    user: str | None
    """The one person who sees it, if it is ephemeral; None if the whole channel does."""
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    """The ``ts`` of the message that this one replies to; None for a message of the channel itself."""
    reply_broadcast: bool = False
    """Whether a reply shows in the channel too; without ``thread_ts`` it means nothing."""
    metadata: Mapping[str, Any] | None = None
    edited: bool = False
    deleted: bool = False
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
    """What the app sent."""
    hash: str
    """Another one for each version."""

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
    """One request that the bot made: to a Web API method, or to what ``method`` calls ``response_url``."""

    method: str
    arguments: dict[str, Any]
    """What it sent, without the token."""
    authorization: bool
    """Whether it carried an ``Authorization`` header."""
    at: float
    """When, in epoch seconds of the workspace's clock."""


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A message of the bot that Slack did not take, since it is not made as Slack wants it."""

    method: str
    """The Web API method, ``response_url`` or ``acknowledgement``."""
    channel: str
    code: str
    problems: list[str]
    """What is wrong with it, and where."""
    at: float
    """When, in epoch seconds of the workspace's clock."""


@dataclass(frozen=True, kw_only=True)
class Ack:
    """How the bot acknowledged one payload."""

    acked: bool
    seconds: float
    status: int | None = None
    """The HTTP status; None in Socket Mode, and when no answer came."""
    reply: Any = None
    """What came with the acknowledgement: a message, if the app is right."""
    error: str | None = None
    """What Slack would show instead: ``operation_timeout``, ``dispatch_failed`` or ``http_service_error``."""


@dataclass(kw_only=True, eq=False)
class Interaction:
    """One command or button press, and everything that the person got to see because of it."""

    user: str
    channel: str
    response_url: str = ""
    acked: bool = False
    status: int | None = None
    ack_seconds: float | None = None
    """Seconds between the payload and its acknowledgement, or until Slack gave up."""
    ack_message: Message | None = None
    reply: Any = None
    """What came with the acknowledgement of a payload that was sent as it is."""
    error: str | None = None
    """The code that Slack shows when the app did not acknowledge properly."""
    messages: list[Message] = field(default_factory=list)
    """What was shown so far, oldest first; an edited message is shown again."""
    _unread: asyncio.Queue[Message] = field(default_factory=asyncio.Queue, repr=False)

    def show(self, message: Message) -> None:
        """Put a message before the person."""
        self.messages.append(message)
        self._unread.put_nowait(message)

    def message(self, *, timeout: float = PATIENCE) -> Awaitable[Message]:
        """Wait for the next message that this interaction shows, at most ``timeout`` seconds.

        Each message is given once: the one in the acknowledgement, then those posted to the ``response_url``.
        Raises TimeoutError.
        """
        return self._next(timeout)

    async def _next(self, seconds: float) -> Message:
        try:
            return await asyncio.wait_for(self._unread.get(), seconds)
        except TimeoutError:
            shown = [message.text for message in self.messages]
            raise TimeoutError(f"No further message within {seconds} s; shown so far: {shown}") from None
