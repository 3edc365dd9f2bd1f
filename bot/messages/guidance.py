"""PURE. Help, and what people read when a command or a look-up went wrong."""

import re
from typing import Final

from bot.domain.direct_messages import is_direct
from bot.domain.job_ids import SOME_JOB, SOME_NAME, SOME_PERSON, UUID
from bot.errors import BadUsage, JobNotFound, MetaStudioError, VoiceJobError
from bot.messages.blocks import Message, actions, button, code, context_block, quoted, section
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.messages.job_card import TRY_AGAIN, sentences

TYPED_AGAIN: Final = "command_again"
"""action_id: do once more what was typed, which is the button's value."""
_MENTIONS: Final = re.compile(r"(?: <(?:@[UW]|!subteam\^S)[A-Z0-9]+>)+\Z")
"""Who is named at the end of a command, by Slack's ids."""
LIKE_THIS: Final = "26f06524-4f75-4b3a-a853-b649a21aaf66"
"""The job id in the example of ShowVoiceTrainingJob's page."""


def help(context: MessageContext) -> Message:  # noqa: A001  what the command help shows
    """Return how the command is used."""
    words, job = context.words, f"<{context.words('job-id')}>"

    def line(name: str, *typed: str) -> str:
        return words(f"help-{name}", command=command(context, *typed), me=code("me"), mine=code("mine"))

    groups = [
        [
            words("help-look-up"),
            line("card", job),
            line("details", "details", job),
            line("waiting", "waiting"),
            line("recent", "recent"),
        ],
        [
            words("help-follow"),
            line("subscribe", "subscribe", job),
            line("all", "subscribe", job, "all"),
            line("mention", "subscribe", job, f"<@{words('some-person')}>"),
            line("wide", "subscribe", "batch", f"<{words('some-name')}>"),
            line("me", "subscribe", job, "me"),
            line("unsubscribe", "unsubscribe", job),
        ],
        [
            words("help-manage"),
            line("list", "list"),
            line("status", "status"),
            line("language", "language", "en|zh"),
        ],
        [line("example", LIKE_THIS), words("help-only-you"), words("help-elsewhere")],
    ]
    said = ["\n".join(group) for group in groups]
    return Message("\n".join(said).replace("*", ""), [section(each) for each in said])


def command(context: MessageContext, *typed: str) -> str:
    """Format a command that can be typed."""
    return code(" ".join([context.command, *typed]))


def subscribe_command(job_id: str, channel_id: str, context: MessageContext) -> str:
    """Format the command that follows a job in this conversation."""
    return command(context, "subscribe", job_id, *(["me"] if is_direct(channel_id) else []))


def usage(error: BadUsage, context: MessageContext) -> Message:
    """Return what was wrong with what a person typed, and what to type instead."""
    words, job = context.words, f"<{context.words('job-id')}>"
    if error.meant:
        way = _meant(error.meant, context)
    else:
        way = words("try", command=command(context, job), help=command(context, "help"))
    said = sentences([sentence(error, words, quoted), way], words)
    return Message(said, [section(said)])


def _meant(meant: str, context: MessageContext) -> str:
    """Return what to type; who is named stands behind the code span, in which Slack shows no names."""
    words = context.words
    to_fill = {
        SOME_JOB: f"<{words('job-id')}>",
        SOME_NAME: f"<{words('some-name')}>",
        SOME_PERSON: f"@{words('some-person')}",
    }
    mentions = _MENTIONS.search(meant)
    typed = _MENTIONS.sub("", meant)
    for some, said in to_fill.items():
        typed = typed.replace(some, said)
    shown = command(context, typed) + (mentions[0] if mentions else "")
    return words("type-it" if any(some in meant for some in to_fill) else "did-you-mean", command=shown)


def problem(
    error: VoiceJobError, context: MessageContext, *, job_id: str | None = None, again: str = TRY_AGAIN
) -> Message:
    """Return a message on an error; ``job_id`` adds a button to try it again, where that may help.

    ``again`` is the button's action_id.
    """
    words = context.words
    said = sentences([sentence(error, words, quoted), _hint(error, context)], words)
    blocks = [section(f":warning: {said}")]
    if job_id and error.may_pass:
        blocks.append(actions(button(words("button-try-again"), again, job_id)))
    if isinstance(error, MetaStudioError) and error.request_id and not isinstance(error, JobNotFound):
        reference = words("reference", request=code(error.request_id[:8]))
        blocks.append(context_block(reference))
        said = words("with-reference", said=said, reference=reference)
    return Message(said, blocks)


def _hint(error: VoiceJobError, context: MessageContext) -> str:
    """Return a hint for a word for which there is no job: most people who type one want something else."""
    if not isinstance(error, JobNotFound) or UUID.fullmatch(error.values["job_id"]):
        return ""
    return context.words("looks-like", example=code(LIKE_THIS), help=command(context, "help"))
