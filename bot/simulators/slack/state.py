"""The state that all parts of one simulated workspace share."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from bot.simulators.slack import app_settings
from bot.simulators.slack.records import (
    BOT_ID,
    BOT_USER,
    PATIENCE,
    TEAM_ID,
    Call,
    Channel,
    Clock,
    Malformed,
    Message,
)

Predicate = Callable[[Message], bool]
ListKey = tuple[str, str, str | None]
"""One list of messages: its kind, the channel, and the thread or the one person who sees it."""
LISTED_TEXTS = 50
"""How many texts a TimeoutError lists, the newest ones."""
MICROSECONDS = 1_000_000


class Messages:
    """The messages that people see now, by the list they are in, and every version of each message."""

    def __init__(self, clock: Clock) -> None:
        self.history: list[Message] = []
        self._clock = clock
        self._last = 0
        self._current: dict[str, Message] = {}
        self._lists: dict[ListKey, dict[str, Message]] = defaultdict(dict)
        self._waiters: list[tuple[Predicate, asyncio.Future[Message]]] = []

    def post(
        self, content: dict[str, Any], *, channel: str, user: str | None = None, author: str = BOT_USER
    ) -> Message:
        """Add a new message, which ``user`` alone sees or, without one, the channel."""
        return self._show(
            Message(
                ts=self._new_ts(),
                channel=channel,
                user=user,
                text=content.get("text") or "",
                blocks=deepcopy(content.get("blocks") or []),
                thread_ts=content.get("thread_ts") or None,
                attachments=deepcopy(content.get("attachments") or []),
                reply_broadcast=bool(content.get("reply_broadcast")),
                author=author,
                bot_id=BOT_ID if author == BOT_USER else None,
            )
        )

    def edit(self, message: Message, content: dict[str, Any]) -> Message:
        """Replace the text and the blocks of a message, which keeps its place."""
        text, blocks = content.get("text") or "", deepcopy(content.get("blocks") or [])
        return self._show(replace(message, text=text, blocks=blocks, edited=True))

    def delete(self, message: Message) -> None:
        """Delete a message; the history and its replies stay. Raises LookupError if it is gone."""
        gone = self._current.pop(message.ts, None)
        if gone is None:
            raise LookupError(f"There is no message {message.text!r} any more")
        for key in _lists_of(gone):
            del self._lists[key][gone.ts]

    def shown(self) -> list[Message]:
        """Return every message that anybody sees now, in any channel, oldest first."""
        return list(self._current.values())

    def current(self, message: Message) -> Message | None:
        """Return the version of a message that people see now; None when it was deleted."""
        return self._current.get(message.ts)

    def find(self, channel: str, ts: str) -> Message | None:
        """Return the message with this ``ts`` in a channel or one of its threads; None when there is none."""
        found = self._current.get(str(ts))
        return found if found and found.channel == channel else None

    def in_channel(self, channel: str) -> list[Message]:
        """Return what everybody in a channel sees, oldest first: its messages and broadcast replies."""
        return self._list(("channel", channel, None))

    def ephemeral(self, user: str, channel: str) -> list[Message]:
        """Return the messages in a channel that this person alone sees, oldest first."""
        return self._list(("person", channel, user))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return the replies to a message, broadcast ones too, oldest first."""
        return self._list(("thread", channel, ts))

    def where(self, predicate: Predicate, timeout: float = PATIENCE) -> Coroutine[Any, Any, Message]:
        """Wait until some message that anybody sees fulfils the predicate, and return the newest such one.

        Waits at most ``timeout`` seconds. Raises TimeoutError, which lists the texts of the messages, and
        what the predicate raises.
        """
        return self._where(predicate, timeout)

    async def _where(self, predicate: Predicate, seconds: float) -> Message:
        found = next((message for message in reversed(self._current.values()) if predicate(message)), None)
        return found or await self._next(predicate, seconds)

    async def _next(self, predicate: Predicate, seconds: float) -> Message:
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiters.append((predicate, future))
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            texts = [message.text for message in self._current.values()][-LISTED_TEXTS:]
            raise TimeoutError(f"No such message within {seconds} s; there are: {texts}") from None
        finally:
            self._waiters.remove((predicate, future))

    def _list(self, key: ListKey) -> list[Message]:
        return list(self._lists.get(key, {}).values())

    def _show(self, message: Message) -> Message:
        self._current[message.ts] = message
        for key in _lists_of(message):
            self._lists[key][message.ts] = message
        self.history.append(message)
        self._wake(message)
        return message

    def _wake(self, message: Message) -> None:
        for predicate, future in self._waiters:
            # What a predicate raises must reach the code that waits, not the code that posts.
            try:
                if not future.done() and predicate(message):
                    future.set_result(message)
            except Exception as error:  # noqa: BLE001
                future.set_exception(error)

    def _new_ts(self) -> str:
        """Return a ``ts`` later than all before it, even if the clock stands still."""
        self._last = max(self._last + 1, int(self._clock() * MICROSECONDS))
        return f"{self._last // MICROSECONDS}.{self._last % MICROSECONDS:06d}"


def _lists_of(message: Message) -> Iterator[ListKey]:
    """Yield the keys of the lists that a message is in."""
    if message.user:
        yield "person", message.channel, message.user
        return
    if message.thread_ts:
        yield "thread", message.channel, message.thread_ts
    if message.reply_broadcast or not message.thread_ts:
        yield "channel", message.channel, None


@dataclass(kw_only=True)
class State:
    """What all parts of one workspace share."""

    bot_token: str
    app_token: str
    signing_secret: str
    scopes: frozenset[str]
    clock: Clock
    manifest: app_settings.Manifest
    """That of the app, as it was installed."""
    base_url: str = ""
    """The address of the server, once it listens."""
    messages: Messages = field(init=False)
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    limited: list[Call] = field(default_factory=list)
    """The calls that were answered with HTTP 429, because there were too many."""
    violations: list[str] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    team_id: str = TEAM_ID
    enterprise_id: str | None = None
    """The organization on Enterprise Grid that the workspace is part of."""
    locales: dict[str, str] = field(default_factory=dict)
    """The locales of the people whose Slack is not in English, by user id."""
    invisible: set[str] = field(default_factory=set)
    """The user ids of people of whom the bot is told nothing: outsiders in a shared channel."""
    revoked: str | None = None
    """The error code for every call with the bot token, once that is revoked."""
    _directs: dict[str, Channel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.messages = Messages(self.clock)

    def add_channel(self, letter: str = "C", /, **fields: Any) -> Channel:
        """Create a conversation under the next free id, which begins with ``letter``."""
        channel = Channel(id=f"{letter}0{len(self.channels) + 1:08d}", **fields)
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: str) -> Channel:
        """Return the direct message of the bot with a person, created the first time."""
        if user not in self._directs:
            made = self.add_channel("D", name="directmessage", person=user, private=True)
            self._directs[user] = made
        return self._directs[user]

    def can_type(self, channel: str) -> bool:
        """Whether people have a message box in a conversation. Raises KeyError."""
        return not self.channels[channel].person or app_settings.can_write_to_bot(self.manifest)

    def typed_in(self, channel: str) -> Channel:
        """Return a conversation in which a person types. Raises LookupError where nobody can, or for none."""
        if not self.can_type(channel):
            raise LookupError("Sending messages to this app has been turned off")
        return self.channels[channel]

    def conversation(self, given: Any) -> str:
        """Return one name for each conversation: a direct message can be given by its id or by its user."""
        channel = self.channels.get(str(given))
        return channel.person or channel.id if channel else str(given)

    def note_malformed(self, method: str, channel: str, code: str, problems: list[str]) -> None:
        """Record a message or view that is refused for its content."""
        self.malformed.append(
            Malformed(method=method, channel=channel, code=code, problems=problems, at=self.clock())
        )

    def record(self, method: str, arguments: dict[str, Any]) -> Call:
        """Record one request of the app."""
        call = Call(method=method, arguments=arguments, at=self.clock())
        self.calls.append(call)
        return call
