"""The buttons. What a button carries is checked like what is typed, before anything is sent."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.domain.job_ids import job_id_from
from bot.domain.subscriptions import Level
from bot.listeners.replies import DONE, PendingReply, Replace, Replies
from bot.messages import channel as notices
from bot.messages import job_card, private
from bot.messages.blocks import Message
from bot.services.subscriptions import Caller, SubscriptionService
from bot.telemetry.metrics import PRESSED, Metrics

Do = Callable[[SubscriptionService, str, Caller], Awaitable[Message | None]]
"""What a button does, with its value, for the place where it was pressed."""


def _in_list(do: Do) -> Do:
    """Do something with one entry of a list, and show the same page again."""

    async def done(service: SubscriptionService, value: str, caller: Caller) -> Message:
        start = await service.page_with(value, caller)
        await do(service, value, caller)
        return await service.listing(caller, start)

    return done


def _relevel(level: Level) -> Do:
    return lambda service, value, caller: service.set_level(value, level, caller)


BUTTONS: Final[Mapping[str, tuple[Do, Replace]]] = {
    job_card.REFRESH: (SubscriptionService.look_up, Replace.IF_DONE),
    job_card.TRY_AGAIN: (SubscriptionService.look_up, Replace.ALWAYS),
    job_card.SUBSCRIBE: (
        lambda service, value, caller: service.subscribe(value, None, caller),
        Replace.IF_DONE,
    ),
    notices.REFRESH_CARD: (SubscriptionService.refresh, Replace.NEVER),
    notices.STOP: (SubscriptionService.unsubscribe, Replace.NEVER),
    notices.RETRY: (SubscriptionService.retry, Replace.IF_DONE),
    private.LISTED_STOP: (_in_list(SubscriptionService.unsubscribe), Replace.IF_DONE),
    private.LISTED_RETRY: (_in_list(SubscriptionService.retry), Replace.IF_DONE),
    private.LISTED_ALL: (_in_list(_relevel(Level.ALL)), Replace.IF_DONE),
    private.LISTED_IMPORTANT: (_in_list(_relevel(Level.IMPORTANT)), Replace.IF_DONE),
    private.PAGE: (lambda service, value, caller: service.listing(caller, _number(value)), Replace.IF_DONE),
    private.FIRST_PAGE: (lambda service, _, caller: service.listing(caller), Replace.IF_DONE),
}
"""Every button that does something: what, and whether the answer takes the place of its message."""
PAGES: Final = frozenset({private.PAGE, private.FIRST_PAGE})
"""Those whose value is the number of a list's entry; all others carry a job id."""


def register(app: AsyncApp) -> None:
    """Wire every button."""
    app.action(job_card.OPEN_CONSOLE)(open_console)
    for action_id, (do, replace) in BUTTONS.items():
        app.action(action_id)(_listener(action_id, do, replace))


async def open_console(ack: AsyncAck, metrics: Metrics) -> None:
    """Acknowledge that a link was opened: without that, Slack shows a warning mark beside the button."""
    await ack()
    metrics.interaction(PRESSED, job_card.OPEN_CONSOLE, DONE)


def is_link(body: Mapping[str, Any]) -> bool:
    """Say whether a press only opened a link, which whoever sees it may."""
    pressed = [each.get("action_id") for each in body.get("actions") or () if isinstance(each, dict)]
    return pressed == [job_card.OPEN_CONSOLE]


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < len("100000000") else 0


def _listener(action_id: str, do: Do, replace: Replace) -> Callable[..., Awaitable[None]]:
    async def pressed(
        ack: AsyncAck,
        action: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        replies: Replies,
        service: SubscriptionService,
    ) -> None:
        await ack()
        carried = str(action.get("value") or "")
        value, _, elsewhere = carried.partition(" ")
        caller = _place(body, context, elsewhere)
        may_replace = (body.get("container") or {}).get("is_ephemeral")
        pending = PendingReply(
            kind=PRESSED,
            about=action_id,
            value=carried,
            channel=caller.channel_id,
            response_url=context.response_url or "",
            replace=replace if may_replace else Replace.NEVER,
            again=action_id,
        )

        async def work() -> Message | None:
            checked = value if action_id in PAGES else job_id_from(value)
            return await do(service, checked, caller) if caller.channel_id else private.placeless()

        replies.give(pending, work)

    return pressed


def _place(body: Mapping[str, Any], context: AsyncBoltContext, elsewhere: str) -> Caller:
    """Say where a button was pressed: a modal and the App Home know no channel, and then its id is empty."""
    channel = body.get("channel")
    here = context.channel_id or (body.get("container") or {}).get("channel_id") or ""
    name = channel.get("name") if isinstance(channel, dict) and not elsewhere else ""
    return Caller(
        channel_id=elsewhere or here,
        channel_name=name or "",
        user_id=context.user_id or "",
        is_elsewhere=bool(elsewhere),
    )
