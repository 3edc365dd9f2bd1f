"""What the stand-in workspace remembers: channels, messages, calls, and what a person was shown."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

TEAM_ID = "T0VOICEJOB"
TEAM_NAME = "voicejob"
APP_ID = "A0VOICEJOB"
BOT_ID = "B0VOICEJOB"
BOT_USER = "U0VOICEJOB"
ALICE = "U0ALICE"
"""The person who types and presses when a caller names nobody else."""

Clock = Callable[[], float]
"""Tells the time in seconds since the epoch."""


@dataclass(kw_only=True)
class Channel:
    """A conversation; its last three fields may be changed at any time, as people do."""

    id: str
    name: str
    person: str | None = None
    """Who talks with the bot here, if this is a direct message."""
    private: bool = False
    bot_is_member: bool = True
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Message:
    """One version of a message of the bot, as people see it; ``ts`` stays the same when it is edited."""

    ts: str
    channel: str
    user: str | None
    """The one person who sees it, if it is ephemeral; None if the whole channel does."""
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    reply_broadcast: bool = False
    edited: bool = False
    deleted: bool = False
    bot_id: str = BOT_ID


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


class Messages:
    """The messages that people see at present, and every version that they ever saw."""

    def __init__(self, clock: Clock) -> None:
        self.history: list[Message] = []
        self._clock = clock
        self._current: dict[str, Message] = {}

    def post(self, content: dict[str, Any], *, channel: str, user: str | None = None) -> Message:
        """Show a new message, to ``user`` alone or, without one, to the channel."""
        return self._show(
            Message(
                ts=f"{int(self._clock())}.{len(self.history) + 1:06d}",
                channel=channel,
                user=user,
                text=content.get("text") or "",
                blocks=deepcopy(content.get("blocks") or []),
                thread_ts=content.get("thread_ts"),
                reply_broadcast=bool(content.get("reply_broadcast")),
            )
        )

    def edit(self, message: Message, content: dict[str, Any]) -> Message:
        """Show a new version of a message in its place."""
        text, blocks = content.get("text") or "", deepcopy(content.get("blocks") or [])
        return self._show(replace(message, text=text, blocks=blocks, edited=True))

    def delete(self, message: Message) -> None:
        """Take a message away; the history keeps it, marked ``deleted``."""
        self.history.append(replace(self._current.pop(message.ts), deleted=True))

    def current(self, message: Message) -> Message | None:
        """Give the version that people see now; None when it was deleted."""
        return self._current.get(message.ts)

    def seen(self, channel: str, user: str | None) -> list[Message]:
        """List what stands in a channel, oldest first: for everybody, or for one person alone."""
        return [m for m in self._current.values() if m.channel == channel and m.user == user]

    def _show(self, message: Message) -> Message:
        self._current[message.ts] = message
        self.history.append(message)
        return message


@dataclass(kw_only=True)
class State:
    """What all parts of one workspace share."""

    bot_token: str
    app_token: str
    signing_secret: str
    scopes: frozenset[str]
    clock: Clock
    base_url: str = ""
    """Where the workspace listens, once it does."""
    messages: Messages = field(init=False)
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    revoked: str | None = None
    """The error code that every call with the bot token gets, once it is revoked."""

    def __post_init__(self) -> None:
        self.messages = Messages(self.clock)

    def add_channel(self, **fields: Any) -> Channel:
        """Open a conversation under the next free id: ``C…`` or, with a person, ``D…``."""
        letter = "D" if fields.get("person") else "C"
        channel = Channel(id=f"{letter}0{len(self.channels) + 1:08d}", **fields)
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: str) -> Channel:
        """Give the bot's direct messages with a person, and open them the first time."""
        found = [channel for channel in self.channels.values() if channel.person == user]
        return found[0] if found else self.add_channel(name="directmessage", person=user, private=True)

    def record(self, method: str, arguments: dict[str, Any], *, authorization: bool) -> None:
        """Write down one request of the bot."""
        call = Call(method=method, arguments=arguments, authorization=authorization, at=self.clock())
        self.calls.append(call)


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
    error: str | None = None
    """The code that Slack shows when the app did not acknowledge properly."""
    messages: list[Message] = field(default_factory=list)
    """What was shown so far, oldest first; an edited message is shown again."""
    _unread: asyncio.Queue[Message] = field(default_factory=asyncio.Queue, repr=False)

    def show(self, message: Message) -> None:
        """Put a message before the person."""
        self.messages.append(message)
        self._unread.put_nowait(message)

    def message(self, *, timeout: float = 5.0) -> Awaitable[Message]:
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
