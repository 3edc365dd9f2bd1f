"""A channel in which people use the bot."""

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.listeners.commands import COMMAND
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from tests.support import PATIENCE


@dataclass(frozen=True)
class Room:
    """A channel in which people use the bot, and a job that it does not know yet."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    channel: str
    job_id: str

    async def ask(self, text: str, *, channel: str = "", **who: Any) -> Message:
        """Type the command and wait for what it shows to the person alone."""
        asked = await self.slack.command(COMMAND, text, channel=channel or self.channel, **who)
        assert asked.acked
        seen = await asked.message()
        assert seen.user == asked.user
        return seen

    async def subscribe(self, level: str = "", **where_and_who: Any) -> Message:
        """Subscribe to the job, and wait for the reply."""
        return await self.ask(f"subscribe {self.job_id} {level}", **where_and_who)

    async def press(self, seen: Message, action_id: str, **who: Any) -> Message:
        """Press a button and wait for what it shows."""
        pressed = await self.slack.press(seen, action_id, **who)
        assert pressed.acked
        return await pressed.message()

    async def posted(self, text: str, *, channel: str = "") -> Message:
        """Wait for a public message."""
        where = channel or self.channel
        return await self.slack.message_where(
            lambda seen: seen.channel == where and not seen.user and text in seen.text
        )

    async def listed(self, text: str, *, channel: str = "") -> Message:
        """Ask for the list until it says this: a subscription retires a moment after its last message."""
        async with asyncio.timeout(PATIENCE):
            while text not in (seen := await self.ask("list", channel=channel)).text:
                pass
        return seen

    @property
    def card(self) -> Message:
        """The one message that is no reply."""
        (card,) = self.public()
        return card

    def public(self, channel: str = "") -> list[Message]:
        """List the messages that are no replies."""
        shown = self.slack.messages(channel or self.channel)
        return [message for message in shown if not message.thread_ts]


def buttons(seen: Message) -> list[str]:
    """List the action ids of a message's buttons."""
    rows = [block["elements"] for block in seen.blocks if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row]
