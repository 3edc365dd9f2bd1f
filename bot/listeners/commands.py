"""The slash command: acknowledging it, and starting what it asks for."""

from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from bot.domain.keys import Selector
from bot.errors import BadUsage
from bot.listeners.command_parser import parse
from bot.listeners.payloads import pressed_by, reply_target, typed_by
from bot.listeners.replies import PendingReply, Replace, Replies, Work
from bot.listeners.request import Request, Verb
from bot.messages import channel, guidance, job_card
from bot.messages.context import Answer
from bot.services import Caller, Services
from bot.slack.replies import ReplyTarget
from bot.telemetry.metrics import PRESSED, TYPED

COMMAND: Final = "/voicejob"
AGAIN: Final = {
    Verb.SUBSCRIBE: job_card.SUBSCRIBE,
    Verb.UNSUBSCRIBE: channel.STOP,
    Verb.DETAILS: job_card.DETAILS_AGAIN,
}
"""The action_id of a button that does what was typed, where that is more than to show a card."""
LONGEST_VALUE: Final = 2000
"""Characters that a button may carry (Block Kit, "Button element")."""


async def voicejob(ack: AsyncAck, command: dict[str, Any], replies: Replies, services: Services) -> None:
    """Acknowledge ``/voicejob``, and answer as soon as that is done and the person's language is known."""
    await ack()
    target = reply_target(command, command.get("response_url"))
    _start(command.get("text") or "", typed_by(command), target, replies, services, kind=TYPED)


async def typed_again(
    ack: AsyncAck,
    action: dict[str, Any],
    body: dict[str, Any],
    context: AsyncBoltContext,
    replies: Replies,
    services: Services,
) -> None:
    """Do once more what was typed, which the button carries."""
    await ack()
    target = reply_target(body, context.response_url)
    _start(str(action.get("value") or ""), pressed_by(body, ""), target, replies, services, kind=PRESSED)


def _start(
    text: str, caller: Caller, target: ReplyTarget | None, replies: Replies, services: Services, *, kind: str
) -> None:
    try:
        request = parse(text)
    except BadUsage as error:
        replies.start(PendingReply(about="usage", caller=caller, target=target, kind=kind), _refusal(error))
        return
    is_about_jobs = bool(request.selector or request.wanted.typed)
    told = caller.in_private if request.for_me and is_about_jobs else caller
    job_id = request.wanted.job_id
    pending = PendingReply(
        about=request.verb.value,
        value=f"{job_id} {told.channel_id}" if told.is_elsewhere else job_id,
        caller=caller,
        target=target,
        again=AGAIN.get(request.verb, job_card.TRY_AGAIN),
        replace=Replace.ALWAYS if kind == PRESSED else Replace.NEVER,
        kind=kind,
        typed=text[:LONGEST_VALUE] if request.wanted.name or request.mentions or not job_id else "",
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
    wanted = request.wanted
    if request.selector:
        return _widely(request, request.selector, services, told)
    works: dict[Verb, Work] = {
        Verb.HELP: _help,
        Verb.LOOK_UP: partial(services.by_name.card, caller, wanted),
        Verb.DETAILS: partial(services.by_name.details, caller, wanted),
        Verb.SUBSCRIBE: partial(services.by_name.subscribe, told, wanted, request.level, request.mentions),
        Verb.UNSUBSCRIBE: partial(services.by_name.unsubscribe, told, wanted),
        Verb.START: partial(services.overviews.start, caller),
        Verb.WAITING: partial(services.overviews.waiting, caller),
        Verb.RECENT: partial(services.overviews.recent, caller),
        Verb.STATUS: partial(services.status.status, caller),
        Verb.MINE: partial(services.own.page, caller),
        Verb.LIST: partial(services.channel_list.page, caller),
        Verb.LANGUAGE: partial(services.languages.choose, caller, request.language, for_me=request.for_me),
    }
    return works[request.verb]


def _widely(request: Request, selector: Selector, services: Services, told: Caller) -> Work:
    """Choose what is done with a wide subscription."""
    if request.verb is Verb.UNSUBSCRIBE:
        return partial(services.wide.unsubscribe, told, selector)
    return partial(services.wide.subscribe, told, selector, request.level, request.mentions)
