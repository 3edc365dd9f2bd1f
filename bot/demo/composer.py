"""What the message box of the demo's page does with what a person typed, as Slack's own does."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.demo.playground import PEOPLE, NotPossible, Playground
from bot.listeners.commands import COMMAND
from bot.messages.blocks import escape
from bot.simulators.slack.workspace import ALICE

BOT_NAME: Final = "voicejob"
ME: Final = PEOPLE[ALICE]
LONGEST: Final = 12000
"""Characters that Slack's message box takes."""
LONGEST_NAME: Final = 40


async def say(ground: Playground, text: str, *, channel: str, thread_ts: str | None = None) -> None:
    """Send what Alice typed: a command, or a message. Raises NotPossible."""
    if channel not in {each.id for each in ground.slack.channels}:
        raise NotPossible("There is no such channel.")
    if not text.strip():
        raise NotPossible("There is nothing to send.")
    if text.startswith("/") and thread_ts:
        raise NotPossible("Slack takes no commands in threads. Type it in the channel.")
    if text.startswith("/"):
        name, _, rest = text.partition(" ")
        await _command(ground, name, rest.strip(), channel)
    elif ground.slack.channel(channel).archived:
        raise NotPossible("This channel is archived.")
    elif thread_ts and not ground.slack.find(channel, thread_ts):
        raise NotPossible("This thread is not there any more.")
    else:
        ground.slack.add_message(channel, escape(text.strip()), thread_ts=thread_ts)


async def _command(ground: Playground, name: str, rest: str, channel: str) -> None:
    if name == COMMAND:
        typed = await ground.slack.command(COMMAND, rest, channel=channel)
        if typed.error:
            ground.note(channel, f'{COMMAND} failed with the error "{typed.error}"')
    elif name in _SLACKS_OWN:
        _SLACKS_OWN[name](ground, rest, channel)
    else:
        known = ", ".join((COMMAND, *_SLACKS_OWN))
        ground.note(channel, f"{name[:LONGEST_NAME]} is no command here. There are {known}.")


def _invite(ground: Playground, who: str, channel: str) -> None:
    if not _is_about_bot(ground, who, channel):
        return
    if ground.slack.channel(channel).bot_is_member:
        ground.note(channel, f"{BOT_NAME} is in this channel already.")
        return
    ground.slack.invite(channel)
    _tell(ground, channel, f"{BOT_NAME} was added to {_name(ground, channel)} by {ME}.")


def _remove(ground: Playground, who: str, channel: str) -> None:
    if not _is_about_bot(ground, who, channel):
        return
    if not ground.slack.channel(channel).bot_is_member:
        ground.note(channel, f"{BOT_NAME} is not in this channel.")
        return
    ground.slack.remove(channel)
    _tell(ground, channel, f"{BOT_NAME} was removed from {_name(ground, channel)} by {ME}.")


def _name(ground: Playground, channel: str) -> str:
    return f"#{ground.slack.channel(channel).name}"


def _tell(ground: Playground, channel: str, what: str) -> None:
    ground.note(channel, what, kind="joined")


def _is_about_bot(ground: Playground, who: str, channel: str) -> bool:
    """Say whether this is the bot, in a channel to which people come and go; tell Alice otherwise."""
    if ground.slack.channel(channel).is_direct:
        ground.note(channel, "Nobody joins or leaves a direct message.")
        return False
    if who.removeprefix("@") != BOT_NAME:
        ground.note(channel, f"There is nobody to invite or remove here but @{BOT_NAME}.")
        return False
    return True


def _archive(ground: Playground, _: str, channel: str) -> None:
    if ground.slack.channel(channel).is_direct:
        ground.note(channel, "A direct message can't be archived.")
        return
    if ground.slack.channel(channel).archived:
        ground.note(channel, "This channel is archived already.")
        return
    ground.slack.archive(channel)
    _tell(ground, channel, f"{ME} archived this channel.")


def _unarchive(ground: Playground, _: str, channel: str) -> None:
    if not ground.slack.channel(channel).archived:
        ground.note(channel, "This channel is not archived.")
        return
    ground.slack.unarchive(channel)
    _tell(ground, channel, f"{ME} unarchived this channel.")


_SLACKS_OWN: Final[Mapping[str, Callable[[Playground, str, str], None]]] = {
    "/invite": _invite,
    "/remove": _remove,
    "/archive": _archive,
    "/unarchive": _unarchive,
}
"""Commands of Slack itself, as far as they concern a bot."""
