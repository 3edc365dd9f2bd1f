"""What the stand-in workspace remembers, found quickly however much it is."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from bot.simulators.slack.records import BOT_ID, BOT_USER, TEAM_ID, Call, Channel, Clock, Malformed, Message

Predicate = Callable[[Message], bool]
Shelf = tuple[str, str, str | None]
"""One list that people look at: its kind, the channel, and the thread or the one person who sees it."""
LISTED_TEXTS = 50
"""How many texts a time-out lists, the newest ones."""
MICROSECONDS = 1_000_000


class Messages:
    """The messages that people see at present, and every version that they ever saw."""

    def __init__(self, clock: Clock) -> None:
        self.history: list[Message] = []
        self._clock = clock
        self._last = 0
        self._current: dict[str, Message] = {}
        self._shelves: dict[Shelf, dict[str, Message]] = defaultdict(dict)
        self._waiting: list[tuple[Predicate, asyncio.Future[Message]]] = []

    def post(
        self, content: dict[str, Any], *, channel: str, user: str | None = None, author: str = BOT_USER
    ) -> Message:
        """Show a new message, to ``user`` alone or, without one, to the channel."""
        return self._show(
            Message(
                ts=self._new_ts(),
                channel=channel,
                user=user,
                text=content.get("text") or "",
                blocks=deepcopy(content.get("blocks") or []),
                thread_ts=content.get("thread_ts") or None,
                reply_broadcast=bool(content.get("reply_broadcast")),
                metadata=deepcopy(content.get("metadata") or None),
                author=author,
                bot_id=BOT_ID if author == BOT_USER else None,
            )
        )

    def edit(self, message: Message, content: dict[str, Any]) -> Message:
        """Show a new version of a message in its place; metadata stays unless there is new one."""
        text, blocks = content.get("text") or "", deepcopy(content.get("blocks") or [])
        metadata = deepcopy(content.get("metadata", message.metadata) or None)
        return self._show(replace(message, text=text, blocks=blocks, metadata=metadata, edited=True))

    def broadcast(self, message: Message) -> Message:
        """Show a reply in the channel too."""
        return self._show(replace(message, reply_broadcast=True))

    def delete(self, message: Message) -> None:
        """Take a message away; the history keeps it, marked ``deleted``. Raises LookupError if it is gone."""
        gone = self._current.pop(message.ts, None)
        if gone is None:
            raise LookupError(f"There is no message {message.text!r} any more")
        for shelf in _shelves(gone):
            del self._shelves[shelf][gone.ts]
        self.history.append(replace(gone, deleted=True))

    def shown(self) -> list[Message]:
        """List all that people see now, wherever it stands."""
        return list(self._current.values())

    def current(self, message: Message) -> Message | None:
        """Give the version that people see now; None when it was deleted."""
        return self._current.get(message.ts)

    def find(self, channel: str, ts: Any) -> Message | None:
        """Find what stands in a channel or in one of its threads; None when nothing does."""
        found = self._current.get(str(ts))
        return found if found and found.channel == channel else None

    def seen(self, channel: str, user: str | None) -> list[Message]:
        """List what stands in a channel, oldest first: for everybody, or for one person alone."""
        return self._on(("person", channel, user) if user else ("channel", channel, None))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List the replies to a message, oldest first."""
        return self._on(("thread", channel, ts))

    def where(self, predicate: Predicate, seconds: float) -> Coroutine[Any, Any, Message]:
        """Wait until a message is as wanted, and give it: the newest one, if some are already."""
        return self._wait(predicate, seconds)

    async def _wait(self, predicate: Predicate, seconds: float) -> Message:
        found = next((message for message in reversed(self._current.values()) if predicate(message)), None)
        return found or await self._next(predicate, seconds)

    async def _next(self, predicate: Predicate, seconds: float) -> Message:
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append((predicate, future))
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            texts = [message.text for message in self._current.values()][-LISTED_TEXTS:]
            raise TimeoutError(f"No such message within {seconds} s; there are: {texts}") from None
        finally:
            self._waiting = [waiting for waiting in self._waiting if waiting[1] is not future]

    def _on(self, shelf: Shelf) -> list[Message]:
        # An old reply that is broadcast later comes last onto the channel's shelf, but belongs further up.
        there = self._shelves.get(shelf, {})
        return sorted(there.values(), key=lambda message: message.ts)

    def _show(self, message: Message) -> Message:
        self._current[message.ts] = message
        for shelf in _shelves(message):
            self._shelves[shelf][message.ts] = message
        self.history.append(message)
        self._tell(message)
        return message

    def _tell(self, message: Message) -> None:
        for predicate, future in self._waiting:
            # What is wrong with a predicate is the business of who waits, not of who posts.
            try:
                if not future.done() and predicate(message):
                    future.set_result(message)
            except Exception as error:  # noqa: BLE001
                future.set_exception(error)

    def _new_ts(self) -> str:
        """Make a time that no other message has, later than all before it even if the clock stands still."""
        self._last = max(self._last + 1, int(self._clock() * MICROSECONDS))
        return f"{self._last // MICROSECONDS}.{self._last % MICROSECONDS:06d}"


def _shelves(message: Message) -> Iterator[Shelf]:
    """Name the lists in which a message shows."""
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
    base_url: str = ""
    """Where the workspace listens, once it does."""
    messages: Messages = field(init=False)
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    limited: list[Call] = field(default_factory=list)
    """The calls that were refused because there were too many."""
    violations: list[str] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    team_id: str = TEAM_ID
    enterprise_id: str | None = None
    """The organization on Enterprise Grid that the workspace is part of."""
    revoked: str | None = None
    """The error code that every call with the bot token gets, once it is revoked."""
    _directs: dict[str, Channel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.messages = Messages(self.clock)

    def add_channel(self, letter: str = "C", /, **fields: Any) -> Channel:
        """Open a conversation under the next free id, which begins with ``letter``."""
        channel = Channel(id=f"{letter}0{len(self.channels) + 1:08d}", **fields)
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: str) -> Channel:
        """Give the bot's direct messages with a person, and open them the first time."""
        if user not in self._directs:
            made = self.add_channel("D", name="directmessage", person=user, private=True)
            self._directs[user] = made
        return self._directs[user]

    def place(self, given: Any) -> str:
        """Give one name to each conversation: direct messages with the bot have an id and a user id."""
        channel = self.channels.get(str(given))
        return channel.person or channel.id if channel else str(given)

    def note_malformed(self, method: str, channel: str, code: str, problems: list[str]) -> None:
        """Write down a message that is not taken."""
        self.malformed.append(
            Malformed(method=method, channel=channel, code=code, problems=problems, at=self.clock())
        )

    def record(self, method: str, arguments: dict[str, Any], *, authorization: bool) -> Call:
        """Write down one request of the bot."""
        call = Call(method=method, arguments=arguments, authorization=authorization, at=self.clock())
        self.calls.append(call)
        return call
