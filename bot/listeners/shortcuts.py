"""The message shortcut: a modal with the card of each job that a message names, and the way back to it.

A trigger lives for three seconds: opening the modal waits for no answer of MetaStudio's or of the store's.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.domain.named_jobs import jobs_named
from bot.listeners.payloads import part, pressed_by, reply_target, text
from bot.listeners.replies import PendingReply, Replies
from bot.messages import modals
from bot.messages.blocks import Message
from bot.messages.context import Answer
from bot.services import Caller, Services
from bot.slack.replies import Modal, ReplyTarget
from bot.telemetry.metrics import OTHER, PRESSED

SHORTCUT: Final = "look_up_voice_job"
"""The callback_id in the manifest, whose module would bring YAML with it."""
COALESCED_SECONDS: Final = 0.2
"""For how long the first card waits for others, so that they are shown together."""


def register(app: AsyncApp) -> None:
    """Register the shortcut, and the modal's own button."""
    app.message_shortcut(SHORTCUT)(look_up)
    app.action(modals.BACK)(back)


async def look_up(
    ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext, replies: Replies, services: Services
) -> None:
    """Open the modal of the jobs that a message names."""
    await ack()
    found = jobs_named(body.get("message"))
    caller = pressed_by(body, "")
    named = modals.Named(caller.channel_id, found[: modals.MOST], max(0, len(found) - modals.MOST))
    elsewhere = reply_target(body, context.response_url)
    replies.run(_open(replies, services, named, caller, text(body, "trigger_id"), elsewhere))


async def back(ack: AsyncAck, body: dict[str, Any], replies: Replies, services: Services) -> None:
    """Show in a modal the jobs again that it is about."""
    await ack()
    view, caller = part(body, "view"), pressed_by(body, "")
    if named := modals.named_in(view):
        parts = _looked_up(replies, services, named, caller, kind=PRESSED)
        replies.run(_fill(replies, Modal(view), named, parts, caller))


async def _open(
    replies: Replies,
    services: Services,
    named: modals.Named,
    caller: Caller,
    trigger_id: str,
    elsewhere: ReplyTarget | None,
) -> None:
    """Open the modal and fill it; where Slack does not open it, send the cards ``elsewhere``."""
    view, shown = modals.opened(named, replies.readers.at_once(caller))
    opening = replies.run(replies.sender.open(trigger_id, view))
    parts = _looked_up(replies, services, named, caller, kind=OTHER)
    if modal := await opening:
        await _fill(replies, modal, named, parts, caller, shown)
    elif elsewhere:
        await asyncio.wait([task for _, task in parts]) if parts else None
        message = await _cards(replies, named, parts, caller)
        await replies.sender.send(elsewhere, modals.as_message(message))


Parts = Sequence[tuple[PendingReply, "asyncio.Task[Answer | None]"]]
"""The look-up of each job."""


def _looked_up(
    replies: Replies, services: Services, named: modals.Named, caller: Caller, *, kind: str
) -> Parts:
    requests = [
        PendingReply(about=SHORTCUT, kind=kind, caller=caller, target=None, value=job_id)
        for job_id in named.job_ids
    ]
    return [
        (request, replies.start_part(request, partial(services.look_up.card, caller, request.value)))
        for request in requests
    ]


async def _fill(
    replies: Replies,
    modal: Modal,
    named: modals.Named,
    parts: Parts,
    caller: Caller,
    shown: Message | None = None,
) -> None:
    """Show the cards in a modal as they come, until something else is shown there.

    ``shown`` is what it shows already.
    """
    missing = {task for _, task in parts}
    while True:
        message = await _cards(replies, named, parts, caller)
        if message != shown:
            filled = await replies.sender.fill(modal, message)
            if filled is None:
                return
            modal, shown = filled, message
        if all(task not in missing for _, task in parts):
            return
        _, missing = await asyncio.wait(missing, return_when=asyncio.FIRST_COMPLETED)
        if missing:
            _, missing = await asyncio.wait(missing, timeout=COALESCED_SECONDS)


async def _cards(replies: Replies, named: modals.Named, parts: Parts, caller: Caller) -> Message:
    """Return the cards that are there, in the caller's language."""
    context = await replies.readers.of(caller)
    answers = [(request, task.result() if task.done() else None) for request, task in parts]
    messages = [answer and replies.rendered(request, answer, context) for request, answer in answers]
    return modals.cards(messages, named, context)
