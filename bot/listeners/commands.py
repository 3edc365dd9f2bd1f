"""The slash command: acknowledging it, and starting what it asks for."""

from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot.errors import BadUsage
from bot.listeners.command_parser import Request, Verb, parse
from bot.listeners.payloads import reply_target, typed_by
from bot.listeners.replies import PendingReply, Replies, Work
from bot.messages import channel, guidance, job_card
from bot.messages.context import Answer
from bot.services import Caller, Services

COMMAND: Final = "/voicejob"
AGAIN: Final = {Verb.SUBSCRIBE: job_card.SUBSCRIBE, Verb.UNSUBSCRIBE: channel.STOP}
"""The action_id of a button that does what was typed, where that is more than to show a card."""


async def voicejob(ack: AsyncAck, command: dict[str, Any], replies: Replies, services: Services) -> None:
    """Acknowledge ``/voicejob``, and answer as soon as that is done and the person's language is known."""
    await ack()
    caller = typed_by(command)
    target = reply_target(command, command.get("response_url"))
    try:
        request = parse(command.get("text") or "")
    except BadUsage as error:
        replies.start(PendingReply(about="usage", caller=caller, target=target), _refusal(error))
        return
    told = caller.in_private if request.for_me and request.job_id else caller
    pending = PendingReply(
        about=request.verb.value,
        value=f"{request.job_id} {told.channel_id}" if told.is_elsewhere else request.job_id,
        caller=caller,
        target=target,
        again=AGAIN.get(request.verb, job_card.TRY_AGAIN),
    )
    replies.start(pending, _work(request, services, caller, told))


def _refusal(error: BadUsage) -> Work:
    async def refuse() -> Answer:
        raise error

    return refuse


async def _help() -> Answer:
    return guidance.help


def _work(request: Request, services: Services, caller: Caller, told: Caller) -> Work:
    """Choose the service; ``told`` is the caller of a subscription, for their channel or for themselves."""
    job_id, level = request.job_id, request.level
    match request.verb:
        case Verb.HELP:
            return _help
        case Verb.SUBSCRIBE:
            return partial(services.subscriptions.subscribe, told, job_id, level)
        case Verb.UNSUBSCRIBE:
            return partial(services.subscriptions.unsubscribe, told, job_id)
        case Verb.LANGUAGE:
            return partial(services.languages.choose, caller, request.language, for_me=request.for_me)
        case Verb.LIST:
            return partial(services.subscriptions.page, caller)
        case _:
            return partial(services.look_up.card, caller, job_id)
