"""What people do with channels and messages: create, invite, remove, archive, write, delete."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from bot.simulators.slack.records import ALICE, Message
from bot.simulators.slack.state import State

PAIR = 2


class Conversations:
    """The channels and direct messages of the workspace."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_channel(
        self, name: str, *, private: bool = False, bot_is_member: bool = True, archived: bool = False
    ) -> str:
        """Create a channel and return its id."""
        rights = {"private": private, "bot_is_member": bot_is_member, "archived": archived}
        return self._state.add_channel(name=name, **rights).id

    def add_direct(self, *people: str) -> str:
        """Create a direct message between people, without the bot, and return its id.

        Three or more people have a group direct message.
        """
        pair = len(people) == PAIR
        names = "--".join(person.lower() for person in people)
        rights = {"people": people, "private": True, "bot_is_member": False}
        name = "directmessage" if pair else f"mpdm-{names}-1"
        return self._state.add_channel("D" if pair else "C", name=name, **rights).id

    def invite(self, channel: str) -> None:
        """Make the bot a member. Raises KeyError."""
        self._state.channels[channel].bot_is_member = True

    def remove(self, channel: str) -> None:
        """Remove the bot from a channel. Raises KeyError."""
        self._state.channels[channel].bot_is_member = False

    def archive(self, channel: str) -> None:
        """Archive a channel. Raises KeyError."""
        self._state.channels[channel].archived = True

    def unarchive(self, channel: str) -> None:
        """Unarchive a channel. Raises KeyError."""
        self._state.channels[channel].archived = False

    def add_message(
        self,
        channel: str,
        text: str,
        *,
        user: str = ALICE,
        thread_ts: str | None = None,
        blocks: Sequence[dict[str, Any]] = (),
        attachments: Sequence[dict[str, Any]] = (),
    ) -> Message:
        """Write a message as a person, in the channel or in a thread. Raises LookupError as ``command``.

        ``text`` is what Slack makes of what was typed. What another app writes has blocks or attachments.
        """
        content = {"text": text, "thread_ts": thread_ts, "blocks": blocks, "attachments": attachments}
        return self._state.messages.post(content, channel=self._state.typed_in(channel).id, author=user)

    def open_messages_tab(self) -> None:
        """Let people type in their direct messages with the bot, as in an app of an older manifest."""
        manifest = deepcopy(dict(self._state.manifest))
        manifest["features"]["app_home"]["messages_tab_read_only_enabled"] = False
        self._state.manifest = manifest
