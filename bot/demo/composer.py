"""What the message box of the demo's page does with the text that a person sends, as Slack's own does."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.demo.playground import PEOPLE, NotPossible, Playground
from bot.listeners.commands import COMMAND
from bot.messages.blocks import escape
from bot.simulators.slack.workspace import ALICE, Channel, SlackWorkspace

BOT_NAME: Final = "voicejob"
ME: Final = PEOPLE[ALICE]
LONGEST: Final = 12000
"""Characters that Slack's message box takes."""
LONGEST_NAME: Final = 40
"""Characters of an unknown command that are repeated."""


async def say(ground: Playground, text: str, *, channel: str, thread_ts: str | None = None) -> None:
    """Send a message or a command as Alice. Raises NotPossible."""
    if channel not in {each.id for each in ground.slack.channels}:
        raise NotPossible("There is no such channel.")
    if not ground.slack.can_type(channel):
        raise NotPossible("Sending messages to this app has been turned off. Type commands in a channel.")
    if not text.strip():
        raise NotPossible("There is nothing to send.")
    if text.startswith("/") and thread_ts:
        raise NotPossible("Slack takes no commands in threads. Type it in the channel.")
    if text.startswith("/"):
        name, _, arguments = text.partition(" ")
        await _run_command(ground, name, arguments.strip(), channel)
    elif ground.slack.channel(channel).archived:
        raise NotPossible("This channel is archived.")
    elif thread_ts and not ground.slack.find(channel, thread_ts):
        raise NotPossible("This thread is not there any more.")
    else:
        ground.slack.add_message(channel, escape(text.strip()), thread_ts=thread_ts)


async def _run_command(ground: Playground, name: str, arguments: str, channel: str) -> None:
    if name == COMMAND:
        typed = await ground.slack.command(COMMAND, arguments, channel=channel)
        if typed.error:
            ground.note(channel, f'{COMMAND} failed with the error "{typed.error}"')
    elif name in _SLACK_COMMANDS:
        try:
            done = _SLACK_COMMANDS[name](ground.slack, ground.slack.channel(channel), arguments)
            ground.note(channel, done, kind="joined")
        except NotPossible as error:
            ground.note(channel, str(error))
    else:
        known = ", ".join((COMMAND, *_SLACK_COMMANDS))
        ground.note(channel, f"{name[:LONGEST_NAME]} is no command here. There are {known}.")


def _invite(slack: SlackWorkspace, channel: Channel, who: str) -> str:
    _check_membership(channel, who)
    if channel.bot_is_member:
        raise NotPossible(f"{BOT_NAME} is in this channel already.")
    slack.invite(channel.id)
    return f"{BOT_NAME} was added to #{channel.name} by {ME}."


def _remove(slack: SlackWorkspace, channel: Channel, who: str) -> str:
    _check_membership(channel, who)
    if not channel.bot_is_member:
        raise NotPossible(f"{BOT_NAME} is not in this channel.")
    slack.remove(channel.id)
    return f"{BOT_NAME} was removed from #{channel.name} by {ME}."


def _check_membership(channel: Channel, who: str) -> None:
    """Raise NotPossible unless this is the bot, in a channel that members join and leave."""
    if channel.is_direct:
        raise NotPossible("Nobody joins or leaves a direct message.")
    if who.removeprefix("@") != BOT_NAME:
        raise NotPossible(f"There is nobody to invite or remove here but @{BOT_NAME}.")


def _archive(slack: SlackWorkspace, channel: Channel, _: str) -> str:
    if channel.is_direct:
        raise NotPossible("A direct message can't be archived.")
    if channel.archived:
        raise NotPossible("This channel is archived already.")
    slack.archive(channel.id)
    return f"{ME} archived this channel."


def _unarchive(slack: SlackWorkspace, channel: Channel, _: str) -> str:
    if not channel.archived:
        raise NotPossible("This channel is not archived.")
    slack.unarchive(channel.id)
    return f"{ME} unarchived this channel."


_SLACK_COMMANDS: Final[Mapping[str, Callable[[SlackWorkspace, Channel, str], str]]] = {
    "/invite": _invite,
    "/remove": _remove,
    "/archive": _archive,
    "/unarchive": _unarchive,
}
"""Slack's own commands that concern the bot; each returns what the channel is told, or raises NotPossible."""
