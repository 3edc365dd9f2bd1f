"""PURE. How the bot itself is: its version, how fresh its data is, and what it can reach."""

from dataclasses import dataclass

from bot.domain.following import Channel
from bot.errors import VoiceJobError
from bot.messages.blocks import Message, code, date, quoted, section, spoken
from bot.messages.channel import reason_of
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.guidance import command
from bot.messages.job_card import sentences


@dataclass(frozen=True)
class Reach:
    """Whether MetaStudio answers."""

    answered_at: int | None
    """When it last did, in epoch seconds; None if not since the start."""
    trouble: VoiceJobError | None
    """Why the last check failed; None if it did not."""


def status(version: str, reach: Reach, channel: Channel | None, context: MessageContext) -> Message:
    """Return how the bot is; ``channel`` is where the person asks, None if that is not known."""
    lines = [context.words("status-version", version=code(version)), _metastudio(reach, context)]
    if channel:
        lines.append(_channel(channel, context))
    return Message("\n".join(map(spoken, lines)), [section("\n".join(lines))])


def _metastudio(reach: Reach, context: MessageContext) -> str:
    words = context.words
    fresh = date(reach.answered_at, words("status-fresh")) if reach.answered_at else words("status-not-yet")
    if reach.trouble is None:
        return words("status-metastudio", fresh=fresh) if reach.answered_at else fresh
    return f":warning: {sentences([sentence(reach.trouble, words, quoted), fresh], words)}"


def _channel(channel: Channel, context: MessageContext) -> str:
    words, pause = context.words, channel.destination.pause
    followed = [each for each in channel.followings if not each.is_ended]
    is_any = bool(followed or [each for each in channel.boards if each.subscription])
    # What was followed once is not kept: that nothing was posted, nobody can say.
    last = max((each.delivery.delivered_at or 0 for each in channel.followings), default=0)
    known = [
        words("status-followed", count=len(followed)) if is_any else words("status-nothing-here"),
        date(last, words("status-delivered")) if last else "",
    ]
    if not (pause or is_any):
        return sentences(known, words)
    if not pause:
        return f":white_check_mark: {sentences(known, words)}"
    reason = reason_of(pause.reason, channel.destination.address.channel_id, words)
    refused = words("status-paused", since=date(pause.since, words("status-since")), reason=reason)
    to_do = words("status-to-do", command=command(context, "list"))
    return "\n".join([sentences([refused, to_do], words), sentences(known, words)])
