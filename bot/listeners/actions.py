"""Listeners of the buttons. A button's value is validated like typed text, before anything is sent."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.domain.job_ids import job_id_from
from bot.domain.records import Level
from bot.listeners.commands import typed_again
from bot.listeners.payloads import part, pressed_by, reply_target
from bot.listeners.replies import DONE, PendingReply, Replace, Replies
from bot.messages import channel as notices
from bot.messages import job_card, listing, overviews, private
from bot.messages.context import Answer
from bot.messages.guidance import TYPED_AGAIN
from bot.messages.hits import SUBSCRIBE_AT
from bot.services import Caller, Services
from bot.services.subscriptions import SubscriptionService
from bot.telemetry.metrics import PRESSED, Metrics

Work = Callable[[Services, Caller, str], Awaitable[Answer | None]]
"""The handler of a button: gets the services, the caller and the button's value; returns the answer."""


def _listed(change: Callable[[SubscriptionService, Caller, str], Awaitable[Answer]]) -> Work:
    """Return the handler of a button in a list: it makes a change, and shows the list as it is then."""
    return lambda s, caller, job: s.channel_list.change(caller, job, partial(change, s.subscriptions))


def _own(change: Callable[[SubscriptionService, Caller, str], Awaitable[Answer]]) -> Work:
    """Return the handler of a button in the list of one's own subscriptions, which is shown anew then."""
    return lambda s, caller, job: s.own.change(caller, job, partial(change, s.subscriptions))


def _number(value: str) -> int:
    return int(value) if value.isdecimal() and len(value) < len("100000000") else 0


PAGES: Final[Mapping[str, Work]] = {
    listing.PAGE: lambda s, caller, start: s.channel_list.page(caller, _number(start)),
    listing.FIRST_PAGE: lambda s, caller, _: s.channel_list.page(caller),
    listing.OWN_PAGE: lambda s, caller, start: s.own.page(caller, _number(start)),
    listing.OWN_FIRST_PAGE: lambda s, caller, _: s.own.page(caller),
    overviews.WAITING_PAGE: lambda s, caller, start: s.overviews.waiting(caller, _number(start)),
    overviews.WAITING_FIRST: lambda s, caller, _: s.overviews.waiting(caller),
    overviews.WAITING_REFRESH: lambda s, caller, start: s.overviews.waiting(
        caller, _number(start), fresh=True
    ),
    overviews.RECENT_PAGE: lambda s, caller, start: s.overviews.recent(caller, _number(start)),
    overviews.RECENT_FIRST: lambda s, caller, _: s.overviews.recent(caller),
    overviews.RECENT_REFRESH: lambda s, caller, start: s.overviews.recent(caller, _number(start), fresh=True),
}
"""Buttons that show another page of a list, or the same one anew: their value is the number of an entry."""
BUTTONS: Final[Mapping[str, tuple[Work, Replace]]] = {
    job_card.REFRESH: (lambda s, caller, job: s.look_up.card(caller, job), Replace.IF_DONE),
    job_card.TRY_AGAIN: (lambda s, caller, job: s.look_up.card(caller, job), Replace.ALWAYS),
    job_card.SHOW: (lambda s, caller, job: s.look_up.card(caller, job), Replace.NEVER),
    job_card.DETAILS: (lambda s, caller, job: s.details.details(caller, job), Replace.NEVER),
    job_card.DETAILS_AGAIN: (lambda s, caller, job: s.details.details(caller, job), Replace.IF_DONE),
    job_card.SUBSCRIBE: (lambda s, caller, job: s.subscriptions.subscribe(caller, job), Replace.IF_DONE),
    job_card.TELL_ME: (
        lambda s, caller, job: s.subscriptions.subscribe(caller.in_private, job),
        Replace.NEVER,
    ),
    SUBSCRIBE_AT[Level.ALL]: (
        lambda s, caller, job: s.subscriptions.subscribe(caller, job, Level.ALL),
        Replace.IF_DONE,
    ),
    SUBSCRIBE_AT[Level.IMPORTANT]: (
        lambda s, caller, job: s.subscriptions.subscribe(caller, job, Level.IMPORTANT),
        Replace.IF_DONE,
    ),
    notices.REFRESH_CARD: (lambda s, caller, job: s.subscriptions.refresh(caller, job), Replace.NEVER),
    notices.STOP: (lambda s, caller, job: s.subscriptions.unsubscribe(caller, job), Replace.NEVER),
    private.LEVEL_ALL: (
        lambda s, caller, job: s.subscriptions.set_level(caller, job, Level.ALL),
        Replace.IF_DONE,
    ),
    private.LEVEL_IMPORTANT: (
        lambda s, caller, job: s.subscriptions.set_level(caller, job, Level.IMPORTANT),
        Replace.IF_DONE,
    ),
    notices.RETRY: (lambda s, caller, job: s.subscriptions.retry(caller, job), Replace.IF_DONE),
    listing.STOP: (_listed(SubscriptionService.unsubscribe), Replace.IF_DONE),
    listing.RETRY: (_listed(SubscriptionService.retry), Replace.IF_DONE),
    listing.TO_ALL: (
        _listed(lambda s, caller, job: s.set_level(caller, job, Level.ALL)),
        Replace.IF_DONE,
    ),
    listing.TO_IMPORTANT: (
        _listed(lambda s, caller, job: s.set_level(caller, job, Level.IMPORTANT)),
        Replace.IF_DONE,
    ),
    listing.OWN_STOP: (_own(SubscriptionService.unsubscribe), Replace.IF_DONE),
    listing.OWN_RETRY: (_own(SubscriptionService.retry), Replace.IF_DONE),
    listing.OWN_TO_ALL: (_own(lambda s, caller, job: s.set_level(caller, job, Level.ALL)), Replace.IF_DONE),
    listing.OWN_TO_IMPORTANT: (
        _own(lambda s, caller, job: s.set_level(caller, job, Level.IMPORTANT)),
        Replace.IF_DONE,
    ),
    **{action_id: (work, Replace.IF_DONE) for action_id, work in PAGES.items()},
}
"""By ``action_id``: the handler, and whether the reply replaces the button's message."""


def register(app: AsyncApp) -> None:
    """Register the listeners of all buttons."""
    app.action(job_card.OPEN_CONSOLE)(open_console)
    app.action(TYPED_AGAIN)(typed_again)
    for action_id, (work, replace) in BUTTONS.items():
        app.action(action_id)(_listener(action_id, work, replace))


async def open_console(ack: AsyncAck, metrics: Metrics) -> None:
    """Acknowledge that a link was opened: without that, Slack shows a warning mark beside the button."""
    await ack()
    metrics.interaction(PRESSED, job_card.OPEN_CONSOLE, DONE)


def is_link(body: Mapping[str, Any]) -> bool:
    """Whether a press only opened a link, which anyone may do."""
    pressed = [each.get("action_id") for each in body.get("actions") or () if isinstance(each, dict)]
    return pressed == [job_card.OPEN_CONSOLE]


def _listener(action_id: str, work: Work, replace: Replace) -> Callable[..., Awaitable[None]]:
    async def pressed(
        ack: AsyncAck,
        action: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        replies: Replies,
        services: Services,
    ) -> None:
        await ack()
        carried = str(action.get("value") or "")
        value, _, elsewhere = carried.partition(" ")
        caller = pressed_by(body, elsewhere)
        is_own_message = part(body, "container").get("is_ephemeral")
        pending = PendingReply(
            kind=PRESSED,
            about=action_id,
            value=carried,
            caller=caller,
            target=reply_target(body, context.response_url),
            replace=replace if is_own_message else Replace.NEVER,
            again=action_id,
        )

        async def reply() -> Answer | None:
            return await work(services, caller, value if action_id in PAGES else job_id_from(value))

        replies.start(pending, reply)

    return pressed
