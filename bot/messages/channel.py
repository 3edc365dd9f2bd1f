"""PURE. Messages of a subscription: its card, the notices in its thread, and warnings of a pause."""

import re
from collections.abc import Sequence
from typing import Final

from bot.domain.causes import FAILURES
from bot.domain.direct_messages import is_direct
from bot.domain.following import Following
from bot.domain.jobs import GONE, meaning_of
from bot.domain.keys import Address
from bot.domain.records import Warned
from bot.domain.slack_errors import NOT_A_MEMBER, Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.messages import job_card
from bot.messages.blocks import (
    Element,
    Message,
    actions,
    code,
    confirm,
    context_block,
    literal,
    mention,
    row,
    section,
    spoken,
)
from bot.messages.claims import claim_buttons, claim_lines, mentions_line
from bot.messages.context import MessageContext
from bot.messages.job_card import ICONS
from bot.messages.texts import Words

REFRESH_CARD: Final = "subscription_refresh"
STOP: Final = "subscription_stop"
RETRY: Final = "subscription_retry"
"""action_ids of a subscription's buttons. Their value is the job id."""

CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]+")
LONGEST_PATH: Final = 12
"""States that a message names; of a longer path, the first and the last ones."""


def card(shown: Following, context: MessageContext, *, now: int) -> Message:
    """Return the card of a followed job; ``now`` is epoch seconds."""
    return job_card.card(
        shown.job,
        _card_buttons(shown, context),
        context,
        now=now,
        notes=_notes(shown, context.words),
        cause=shown.cause,
        asked=_asked(shown, context),
    )


def _notes(shown: Following, words: Words) -> list[str]:
    """Return who has the job and who is asked, and why the card shows no updates any more."""
    if shown.is_ended or not shown.needs_customer:
        return [_note(shown, words)]
    return [*claim_lines(shown.record, words), mentions_line(shown.mentions, words), _note(shown, words)]


def _asked(shown: Following, context: MessageContext) -> list[Element]:
    if shown.is_ended:
        return []
    return claim_buttons(shown.job, shown.claim, context, with_later=True)


def _note(shown: Following, words: Words) -> str:
    """Return the sentence on why the card shows no updates any more; empty while it does."""
    if shown.delivery.stopped_by:
        return words("card-stopped", person=mention(shown.delivery.stopped_by))
    if shown.is_over and shown.state != GONE:
        return words("card-over")
    return words("card-ended") if shown.is_over or shown.is_ended else ""


def voice_name(shown: Following, words: Words) -> str:
    """Return the name of the job's voice, as mrkdwn."""
    return job_card.voice_name(shown.job, words)


def _card_buttons(shown: Following, context: MessageContext) -> list[Element]:
    console = job_card.console_button(shown.job, context)
    if shown.state == GONE:
        return console
    common = [job_card.details_button(shown.job, context), *console]
    if shown.is_over:
        return common
    if shown.is_ended:
        return [job_card.job_button("subscribe", job_card.SUBSCRIBE, shown.job, context), *common]
    common.insert(1, job_card.job_button("refresh", REFRESH_CARD, shown.job, context))
    if not is_direct(shown.channel_id):
        common.insert(0, job_card.job_button("tell-me", job_card.TELL_ME, shown.job, context))
    return [*common, *([stop_button(shown, STOP, context)] if shown.subscription else [])]


def stop_button(
    shown: Following, action_id: str, context: MessageContext, *, is_elsewhere: bool = False
) -> Element:
    """Return the button that ends a subscription, with a confirmation dialog.

    ``is_elsewhere``: it is shown in another conversation, so that its value has the channel too.
    """
    words, voice = context.words, job_card.title(shown.job, context.words)
    where = "stop-direct" if is_direct(shown.channel_id) else "stop-there" if is_elsewhere else "stop-here"
    question = confirm(
        words("stop-title", voice=voice), words(where), yes=words("stop-yes"), no=words("stop-no")
    )
    value = button_value(shown) if is_elsewhere else shown.job_id
    return job_card.job_button("unsubscribe", action_id, shown.job, context, value=value, confirm=question)


def _labels(path: Sequence[str], words: Words) -> list[str]:
    """Return the labels of a path; a state can follow itself, when it occurs once more."""
    labels = [job_card.label(state, words) for state in path]
    pairs = zip((None, *path), path, labels, strict=False)
    return [words("state-again", state=label) if state == last else label for last, state, label in pairs]


def notice(shown: Following, context: MessageContext) -> Message:
    """Return the message on changes of state: what they mean, why, and what to do."""
    words, state = context.words, shown.state
    path = _shortened(_labels(shown.path, words), words)
    if state != shown.path[-2]:
        path[-1] = job_card.state_with_times(shown.job, words)
    voice, next_ = voice_name(shown, words), job_card.next_step(state, words)
    shown_path = " → ".join([*path[:-1], f"*{path[-1]}*"])
    why, turn = job_card.why(shown.job, shown.cause, words), job_card.turn(shown.job, context)
    following = words("notice-next", next=next_) if next_ else ""
    lines = [
        f"{ICONS[meaning_of(state).phase]} {words('notice', voice=voice, path=shown_path)}",
        *why,
        job_card.sentences([turn, following], words),
        mentions_line(shown.mentions, words) if shown.needs_customer else "",
    ]
    said = [words("named", voice=voice, said=" → ".join(path)), *map(spoken, why), spoken(turn), following]
    said.append(lines[-1])
    why_button = [job_card.details_button(shown.job, context)] if state in FAILURES else []
    buttons = [*_asked(shown, context), *why_button]
    ask = [actions(*buttons)] if buttons else []
    return Message(job_card.sentences(said, words), [section("\n".join(filter(None, lines))), *ask])


def plain_text(shown: Following, context: MessageContext) -> Message:
    """Return the job's state as plain text, for when the proper message can't be made."""
    words = context.words
    voice, state = voice_name(shown, words), job_card.label(shown.state, words)
    return Message(words("in-words", voice=voice, state=state, job=code(shown.job_id)), [])


def _shortened(path: list[str], words: Words) -> list[str]:
    return path if len(path) <= LONGEST_PATH else [*path[:2], words("path-rest"), *path[3 - LONGEST_PATH :]]


def paused(shown: Following, context: MessageContext) -> Message:
    """Return the direct message to a person who subscribed: the bot may not post, and what to do."""
    words, reason = context.words, shown.pause.reason if shown.pause else ""
    advice = what_to_do(reason, shown.channel_id, context)
    to_do = job_card.sentences([advice, words("paused-safe")], words)
    lines = [_paused_head(shown, words), to_do]
    value = button_value(shown)
    buttons = [
        job_card.job_button("try-again", RETRY, shown.job, context, value=value, style="primary"),
        stop_button(shown, STOP, context, is_elsewhere=True),
    ]
    small = row(_present(shown, words), words("slack-code", code=code(reason)))
    said = job_card.sentences(map(spoken, [*lines, _present(shown, words)]), words)
    return Message(said, [section("\n".join(lines)), actions(*buttons), context_block(small)])


def _paused_head(shown: Following, words: Words) -> str:
    reason = reason_of(shown.pause.reason if shown.pause else "", shown.channel_id, words)
    if is_direct(shown.channel_id):
        return words("paused-direct", reason=reason)
    return words("paused", channel=channel(shown.channel_id), reason=reason)


def _present(shown: Following, words: Words) -> str:
    state = job_card.label(shown.state, words)
    return words("paused-now", voice=voice_name(shown, words), state=state)


def pause_over(warned: Warned, address: Address, shown: Following | None, context: MessageContext) -> Message:
    """Return what takes the place of that message, once it is no longer true.

    ``address`` is the conversation that was paused, ``shown`` the job if it is followed there still.
    """
    words = context.words
    voice = literal(job_card.title_of(warned.voice_name, words))
    goes_on = shown is not None and not shown.is_ended
    what, end = "over" if goes_on else "ended", job_card.ending(address.channel_id)
    said = words(f"pause-{what}{end}", voice=voice, channel=channel(address.channel_id))
    return Message(spoken(said), [section(said), context_block(code(warned.job.job_id))])


def channel(channel_id: str) -> str:
    """Format a channel id as a link, which Slack shows as its name."""
    return f"<#{channel_id}>" if CHANNEL_ID.fullmatch(channel_id) else code(channel_id)


def button_value(shown: Following) -> str:
    """Return the value of a button outside the job's conversation: job id and channel id."""
    return f"{shown.job_id} {shown.channel_id}"


def reason_of(code: str, channel_id: str, words: Words) -> str:
    """Return the sentence on why Slack refuses to let the bot post in a conversation; ``code`` is Slack's."""
    if is_direct(channel_id) and code in NOT_A_MEMBER:
        return words("reason-direct")
    by_meaning = {Refusal.CONTENT: "malformed", Refusal.NOT_HERE: "restricted", Refusal.BOT: "restricted"}
    return words.known("reason", code) or words(f"reason-{by_meaning.get(refusal_of(code), 'none')}")


def what_to_do(reason: str, channel_id: str, context: MessageContext, *, here: bool = False) -> str:
    """Return what a person can do about one of Slack's refusals; ``here``: they are in the channel."""
    words = context.words
    if is_direct(channel_id) and refusal_of(reason) is not Refusal.CONTENT:
        return words("advice-direct")
    if reason in NOT_A_MEMBER:
        invite = code(f"/invite @{context.bot_name}")
        return words("advice-invite-here" if here else "advice-invite", invite=invite)
    if reason in {"is_archived", "is_inactive"}:
        return words("advice-archived")
    return words("advice-malformed" if refusal_of(reason) is Refusal.CONTENT else "advice-ask")
