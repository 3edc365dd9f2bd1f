"""The slash command: answering wrong usage in the acknowledgement itself, and starting everything else."""

from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot.errors import BadUsage
from bot.listeners.command_parser import Request, Verb, parse
from bot.listeners.payloads import reply_target, typed_by
from bot.listeners.replies import DONE, PendingReply, Replies, Work
from bot.messages import job_card
from bot.messages.views import ephemeral
from bot.services import Caller, Services
from bot.telemetry.metrics import TYPED, Metrics

COMMAND: Final = "/voicejob"


async def voicejob(
    ack: AsyncAck, command: dict[str, Any], replies: Replies, services: Services, metrics: Metrics
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
    caller = typed_by(command)
    pending = PendingReply(
        about=request.verb.value,
        value=request.job_id,
        channel=caller.channel_id,
        target=reply_target(command, command.get("response_url")),
        again=job_card.SUBSCRIBE if request.verb is Verb.SUBSCRIBE else job_card.TRY_AGAIN,
    )
    replies.start(pending, _work(request, services, caller))


def _work(request: Request, services: Services, caller: Caller) -> Work:
    """Choose the service."""
    job_id = request.job_id
    match request.verb:
        case Verb.SUBSCRIBE:
            return lambda: services.subscriptions.subscribe(caller, job_id, request.level)
        case Verb.UNSUBSCRIBE:
            return lambda: services.subscriptions.unsubscribe(caller, job_id)
        case Verb.LIST:
            return lambda: services.subscriptions.page(caller)
        case _:
            return lambda: services.look_up.card(caller, job_id)
