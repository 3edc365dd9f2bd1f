"""The slash command: answering wrong usage in the acknowledgement itself, and starting everything else."""

from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot.errors import BadUsage
from bot.listeners.command_parser import Request, Verb, parse
from bot.listeners.replies import DONE, PendingReply, Replies, Work, ephemeral
from bot.messages import job_card, private
from bot.messages.blocks import Message
from bot.services.subscriptions import Caller, SubscriptionService
from bot.telemetry.metrics import TYPED, Metrics

COMMAND: Final = "/voicejob"


async def voicejob(
    ack: AsyncAck, command: dict[str, Any], replies: Replies, service: SubscriptionService, metrics: Metrics
) -> None:
    """Answer ``/voicejob``: help and wrong usage at once, everything else as soon as it is done."""
    name = command["command"]
    try:
        request = parse(command.get("text") or "")
    except BadUsage as error:
        await ack(**ephemeral(job_card.usage(error, name)))
        metrics.interaction(TYPED, "usage", type(error).__name__)
        return
    if request.verb is Verb.HELP:
        await ack(**ephemeral(job_card.help(name)))
        metrics.interaction(TYPED, request.verb.value, DONE)
        return
    await ack()
    again = job_card.SUBSCRIBE if request.verb is Verb.SUBSCRIBE else job_card.TRY_AGAIN
    caller = Caller(
        channel_id=command.get("channel_id") or "",
        channel_name=command.get("channel_name") or "",
        user_id=command.get("user_id") or "",
    )
    pending = PendingReply(
        about=request.verb.value,
        value=request.job_id,
        channel=caller.channel_id,
        response_url=command.get("response_url") or "",
        again=again,
    )
    replies.give(pending, _work(request, service, caller))


def _work(request: Request, service: SubscriptionService, caller: Caller) -> Work:
    """Choose what to do."""
    job_id = request.job_id
    if not caller.channel_id and request.verb is not Verb.LOOK_UP:
        return _placeless
    match request.verb:
        case Verb.SUBSCRIBE:
            return lambda: service.subscribe(job_id, request.level, caller)
        case Verb.UNSUBSCRIBE:
            return lambda: service.unsubscribe(job_id, caller)
        case Verb.LIST:
            return lambda: service.listing(caller)
        case _:
            return lambda: service.look_up(job_id, caller)


async def _placeless() -> Message:
    return private.placeless()
