"""PURE. The modal of the message shortcut: the cards of the jobs that a message names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from bot.messages.blocks import PLAIN_LIMIT, Message, actions, button, divider, section, spoken
from bot.messages.context import MessageContext
from bot.messages.guidance import command
from bot.messages.views import modal_view

CALLBACK: Final = "jobs_of_message"
"""The ``callback_id`` of the modal."""
BACK: Final = "modal_back"
"""action_id: show the jobs of the message again."""
MOST: Final = 10
"""The most jobs in a modal: ten cards have less than half of the blocks that Slack takes."""
BLOCKS: Final = 100
"""Slack's limit of the blocks of a modal, and of an App Home."""


@dataclass(frozen=True)
class Named:
    """What a modal is about, kept in its ``private_metadata``, for which Slack's limit is 3000 characters."""

    channel_id: str
    """Where the message is."""
    job_ids: Sequence[str]
    """The jobs that it names, MOST at most."""
    more: int = 0
    """How many more it names."""

    @property
    def metadata(self) -> str:
        """The form in which a view carries it."""
        return " ".join([self.channel_id or "-", str(self.more), *self.job_ids])


def named_in(view: Mapping[str, Any]) -> Named | None:
    """Return what a modal is about; None where it is another view."""
    if view.get("callback_id") != CALLBACK:
        return None
    channel, more, *job_ids = f"{view.get('private_metadata') or '-'} 0".split(" ")
    is_number = more.isdecimal() and len(more) < len("100000")
    return Named("" if channel == "-" else channel, job_ids[:-1][:MOST], int(more) if is_number else 0)


def opened(named: Named, context: MessageContext) -> tuple[dict[str, Any], Message]:
    """Return the view to open at once, and what it shows: that the jobs are looked up, or none named."""
    words = context.words
    title = {"type": "plain_text", "text": words("modal-title")}
    close = {"type": "plain_text", "text": words("modal-close")}
    frame = {"callback_id": CALLBACK, "private_metadata": named.metadata, "title": title, "close": close}
    shown = cards([None] * len(named.job_ids), named, context)
    return modal_view(frame, shown), shown


def cards(answers: Sequence[Message | None], named: Named, context: MessageContext) -> Message:
    """Return one message of the answers about each job; None stands for one that has not come."""
    words = context.words
    if not answers:
        said = words("modal-none", command=command(context, f"<{words('job-id')}>"))
        return Message(spoken(said), [section(said)])
    parts = [answer for answer in answers if answer]
    if len(parts) < len(answers):
        said = words("modal-looking", count=len(answers) - len(parts))
        parts.append(Message(spoken(said), [section(said)]))
    if named.more:
        said = words("modal-more", count=named.more)
        parts.append(Message(spoken(said), [section(said)]))
    blocks = [block for part in parts for block in (divider(), *(part.blocks or [section(part.text)]))]
    return Message("\n".join(part.text for part in parts), blocks[1:])


def with_back(answer: Message, context: MessageContext) -> Message:
    """Return an answer in the modal, with a button that leads back to the jobs."""
    back = actions(button(context.words("button-back"), BACK, about=context.words("back-about")))
    return Message(answer.text, [*(answer.blocks or [section(answer.text)])[: BLOCKS - 1], back])


def as_message(shown: Message) -> Message:
    """Return what a modal would show, for a message: that takes half as many blocks, and less text."""
    lines, lengths = shown.text.split("\n"), accumulate(len(line) + 1 for line in shown.text.split("\n"))
    said = [line for line, length in zip(lines, lengths, strict=True) if length <= PLAIN_LIMIT]
    return Message("\n".join(said), [block for block in shown.blocks if block != divider()])
