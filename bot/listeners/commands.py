"""The slash command: answering wrong usage in the acknowledgement itself, and starting everything else."""

from typing import Any, Final

from slack_bolt.async_app import AsyncAck

from bot.errors import BadUsage
from bot.listeners.command_parser import Request, Verb, parse
from bot.listeners.replies import DONE, Answers, Question, Work, ephemeral
from bot.messages import job_card, private
from bot.messages.blocks import Message
from bot.services.subscriptions import Desk, Place
from bot.telemetry.metrics import TYPED, Metrics

COMMAND: Final = "/voicejob"


async def voicejob(
    ack: AsyncAck, command: dict[str, Any], answers: Answers, desk: Desk, metrics: Metrics
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
    place = Place(
        channel_id=command.get("channel_id") or "",
        channel_name=command.get("channel_name") or "",
        user_id=command.get("user_id") or "",
    )
    question = Question(
        about=request.verb.value,
        value=request.job_id,
        channel=place.channel_id,
        response_url=command.get("response_url") or "",
        again=again,
    )
    answers.give(question, _work(request, desk, place))


def _work(request: Request, desk: Desk, place: Place) -> Work:
    """Choose what to do."""
    job_id = request.job_id
    if not place.channel_id and request.verb is not Verb.LOOK_UP:
        return _placeless
    match request.verb:
        case Verb.SUBSCRIBE:
            return lambda: desk.subscribe(job_id, request.level, place)
        case Verb.UNSUBSCRIBE:
            return lambda: desk.unsubscribe(job_id, place)
        case Verb.LIST:
            return lambda: desk.listing(place)
        case _:
            return lambda: desk.look_up(job_id, place)


async def _placeless() -> Message:
    return private.placeless()
