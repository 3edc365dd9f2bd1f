"""PURE. Ephemeral replies to what people do with subscriptions."""

from typing import Final

from bot.domain.direct_messages import is_direct
from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.domain.slack_errors import NOT_A_MEMBER
from bot.messages import job_card
from bot.messages.blocks import Element, Message, actions, code, context_block, row, section, spoken
from bot.messages.channel import (
    RETRY,
    STOP,
    button_value,
    channel,
    reason_of,
    stop_button,
    voice_name,
    what_to_do,
)
from bot.messages.claims import mentions_line
from bot.messages.context import MessageContext
from bot.messages.guidance import command, subscribe_command
from bot.messages.job_card import ending
from bot.messages.looked_up import looked_up
from bot.messages.texts import Words

LEVEL_ALL: Final = "subscription_all"
LEVEL_IMPORTANT: Final = "subscription_important"
"""action_ids of buttons that set the level. Their value is the job id."""
_TO_LEVEL: Final = {Level.ALL: LEVEL_ALL, Level.IMPORTANT: LEVEL_IMPORTANT}


def _message(said: str, *buttons: Element) -> Message:
    return Message(spoken(said), [section(said), *([actions(*buttons)] if buttons else [])])


def level_text(shown: Following, words: Words) -> str:
    """Return the words on which changes are posted."""
    return words(f"level-{shown.level}{ending(shown.channel_id)}")


def other_level(shown: Following) -> Level:
    """Return the level that the subscription has not."""
    return Level.IMPORTANT if shown.level is Level.ALL else Level.ALL


def subscribed(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the channel is subscribed."""
    words = context.words
    level = level_text(shown, words)
    said = words(f"subscribed{ending(shown.channel_id)}", voice=voice_name(shown, words), level=level)
    return _message("\n".join(filter(None, [said, mentions_line(shown.mentions, words)])))


def already(shown: Following, context: MessageContext, *, elsewhere: bool = False) -> Message:
    """Return the answer that the channel has this subscription already, with buttons to change it.

    ``elsewhere``: the person reads it in another channel.
    """
    words, other = context.words, other_level(shown)
    said = words(
        f"already{ending(shown.channel_id)}",
        channel=channel(shown.channel_id),
        voice=voice_name(shown, words),
        level=level_text(shown, words),
    )
    value = button_value(shown) if elsewhere else shown.job_id
    change = job_card.job_button(str(other), _TO_LEVEL[other], shown.job, context, value=value)
    return _message(said, change, stop_button(shown, STOP, context, is_elsewhere=elsewhere))


def level_changed(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the level, or whom it mentions, was changed."""
    words = context.words
    level = level_text(shown, words)
    said = words("level-changed", voice=voice_name(shown, words), level=level)
    return _message("\n".join(filter(None, [said, mentions_line(shown.mentions, words)])))


def over(job: Job, context: MessageContext, *, now: int) -> Message:
    """Return the answer that the job is over, with its card; ``now`` is epoch seconds."""
    card = looked_up(job, context, now=now)
    said = context.words("already-over")
    return Message(job_card.sentences([said, card.text], context.words), [section(said), *card.blocks])


def refused(shown: Following, reason: str, context: MessageContext, *, elsewhere: bool = False) -> Message:
    """Return the answer that Slack refused the bot's message, what to do, and that nothing is lost.

    ``reason`` is Slack's code; ``elsewhere``: the person reads it in another channel.
    """
    words = context.words
    problem = reason_of(reason, shown.channel_id, words)
    if is_direct(shown.channel_id):
        problem = job_card.sentences([words("not-direct"), problem], words)
    elif elsewhere:
        problem = words("named", voice=channel(shown.channel_id), said=problem)
    elif reason in NOT_A_MEMBER:
        problem = words("not-here-yet")  # that there is a channel, they see
    advice = what_to_do(reason, shown.channel_id, context, here=not elsewhere)
    kept = words("kept", voice=voice_name(shown, words))
    said = f":warning: {job_card.sentences([problem, advice, kept], words)}"
    value = button_value(shown) if elsewhere else shown.job_id
    again = job_card.job_button("try-again", RETRY, shown.job, context, value=value, style="primary")
    small = context_block(row(words("slack-code", code=code(reason)), code(shown.job_id)))
    return Message(spoken(said), [section(said), actions(again), small])


def not_in_direct(job_id: str, context: MessageContext) -> Message:
    """Return the answer that the bot can't be in a direct message between people."""
    return _message(context.words("not-in-direct", command=command(context, "subscribe", job_id, "me")))


def later(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the message could not be posted yet, for Slack, a rate limit or the disk."""
    return _message(context.words("later", voice=voice_name(shown, context.words)))


def stopped(shown: Following, context: MessageContext) -> Message:
    """Return the answer that the subscription ended."""
    words, again = context.words, subscribe_command(shown.job_id, shown.channel_id, context)
    return _message(words("stopped", voice=voice_name(shown, words), command=again))


def not_subscribed(job_id: str, context: MessageContext, *, channel_id: str = "") -> Message:
    """Return the answer that there is no such subscription in a conversation."""
    if is_direct(channel_id):
        again = subscribe_command(job_id, channel_id, context)
        return _message(context.words("not-followed-direct", job=code(job_id), command=again))
    return _message(context.words("not-followed", job=code(job_id), command=command(context, "list")))


def outsider(context: MessageContext) -> Message:
    """Return the refusal of a person of another organization, who sees this channel by Slack Connect."""
    return _message(context.words("outsider"))


def no_channel(context: MessageContext) -> Message:
    """Return the answer that it is not known which channel is meant."""
    return _message(context.words("no-channel"))


def outdated_button(job_id: str, context: MessageContext) -> Message:
    """Return how to come by a new button; ``job_id`` is empty where the old one named no job."""
    typed = command(context, job_id or f"<{context.words('job-id')}>")
    return _message(context.words("old-button", command=typed))


def unknown_command(name: str, context: MessageContext) -> Message:
    """Return the answer to another command of the same app: which one there is."""
    return _message(context.words("unknown-command", name=code(name), command=command(context, "help")))


def unknown_request(context: MessageContext) -> Message:
    """Return the answer to a shortcut or a form that does not exist, or not any more."""
    return _message(context.words("unknown-request", command=command(context, "help")))


def languages(channels: Language | None, persons: Language, context: MessageContext) -> Message:
    """Return the languages of the channel, if the person is in one, and of the person; how to change them."""
    words, lines = context.words, []
    if channels:
        typed = command(context, "language", "en|zh")
        lines.append(words("language-here", language=words(f"language-name-{channels}"), command=typed))
    typed = command(context, "language", "en|zh", "me")
    lines.append(words("language-yours", language=words(f"language-name-{persons}"), command=typed))
    return _message("\n".join(lines))


def language_set(language: Language, context: MessageContext, *, is_persons: bool) -> Message:
    """Return the answer that the language was set: in that one, a channel's also in the reader's own."""
    if is_persons:
        return _message(context.in_language(language).words("language-set-yours"))
    lines = [
        words("language-set", language=words(f"language-name-{language}"))
        for words in (
            context.in_language(each).words for each in dict.fromkeys([context.words.language, language])
        )
    ]
    return Message("\n".join(map(spoken, lines)), [section("\n".join(lines))])
