"""Listeners of the buttons. A button's value is validated like typed text, before anything is sent."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.domain.claims import Turn
from bot.domain.job_ids import job_id_from
from bot.domain.keys import Selector
from bot.domain.records import Level
from bot.domain.reminders import Later
from bot.listeners.commands import typed_again
from bot.listeners.payloads import part, pressed_by, reply_target, text
from bot.listeners.replies import DONE, PendingReply, Replace, Replies
from bot.messages import board, claims, job_card, listing, overviews, private
from bot.messages import channel as notices
from bot.messages.context import Answer
from bot.messages.guidance import TYPED_AGAIN
from bot.messages.hits import SUBSCRIBE_AT
from bot.services import Caller, Services
from bot.services.lists import SubscriptionList
from bot.services.subscriptions import SubscriptionService
from bot.telemetry.metrics import PRESSED, Metrics

Work = Callable[[Services, Caller, str], Awaitable[Answer | None]]
"""The handler of a button: gets the services, the caller and the button's value; returns the answer."""


Read = tuple[Caller, Callable[[Services], Awaitable[Answer | None]]]
"""Who pressed a button, about which conversation, and what does what they want."""
Reading = Callable[[str, Mapping[str, Any]], Read]
"""Reads the value of a button, and the payload."""
Widely = Callable[[Services, Caller, Selector], Awaitable[Answer]]
"""The same for a button of a wide subscription."""
Claiming = Callable[[Services, Caller, str, Turn, str], Awaitable[Answer]]
"""The same for a button about one turn of a job, with the turn and the choice from a menu."""


def _listed(change: Callable[[SubscriptionService, Caller, str], Awaitable[Answer]]) -> Work:
    """Return the handler of a button in a list: it makes a change, and shows the list as it is then."""
    return lambda s, caller, job: s.channel_list.change(caller, job, partial(change, s.subscriptions))


def _own(change: Callable[[SubscriptionService, Caller, str], Awaitable[Answer]]) -> Work:
    """Return the handler of a button in the list of one's own subscriptions, which is shown anew then."""
    return lambda s, caller, job: s.own.change(caller, job, partial(change, s.subscriptions))


def _wide_in_list(
    action_ids: Mapping[Level | None, str], list_of: Callable[[Services], SubscriptionList]
) -> dict[str, tuple[Widely, Replace]]:
    """Return the handlers of the buttons of wide subscriptions in a list, which is shown anew then."""

    def handler(level: Level | None) -> Widely:
        def work(s: Services, caller: Caller, of: Selector) -> Awaitable[Answer]:
            how = partial(s.wide.set_level, level=level) if level else s.wide.unsubscribe
            return list_of(s).change_wide(caller, of, how)

        return work

    return {action_id: (handler(level), Replace.IF_DONE) for level, action_id in action_ids.items()}


def _later(choice: str) -> Later:
    return Later(choice) if choice in set(Later) else Later.TOMORROW


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
CLAIMS: Final[Mapping[str, tuple[Claiming, Replace]]] = {
    claims.TAKE: (lambda s, caller, job, turn, _: s.claims.take(caller, job, turn), Replace.NEVER),
    claims.TAKE_OVER: (
        lambda s, caller, job, turn, _: s.claims.take(caller, job, turn, takes_over=True),
        Replace.IF_DONE,
    ),
    claims.RELEASE: (lambda s, caller, job, turn, _: s.claims.release(caller, job, turn), Replace.NEVER),
    claims.LATER: (
        lambda s, caller, job, turn, choice: s.claims.put_off(caller, job, turn, _later(choice)),
        Replace.NEVER,
    ),
}
"""Buttons of a job that waits for the customer."""
BOARDS: Final[Mapping[str, tuple[Widely, Replace]]] = {
    board.STOP_BOARD: (lambda s, caller, of: s.wide.unsubscribe(caller, of), Replace.NEVER),
    **_wide_in_list(board.LISTED, lambda s: s.channel_list),
    **_wide_in_list(board.OWN, lambda s: s.own),
}
"""Buttons of wide subscriptions."""
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
    readings: dict[str, tuple[Reading, Replace]] = {
        **{key: (_of_job(key, work), replace) for key, (work, replace) in BUTTONS.items()},
        **{key: (_of_board(work), replace) for key, (work, replace) in BOARDS.items()},
        **{key: (_of_claim(work), replace) for key, (work, replace) in CLAIMS.items()},
    }
    for action_id, (reading, replace) in readings.items():
        app.action(action_id)(_listener(action_id, reading, replace))


async def open_console(ack: AsyncAck, metrics: Metrics) -> None:
    """Acknowledge that a link was opened: without that, Slack shows a warning mark beside the button."""
    await ack()
    metrics.interaction(PRESSED, job_card.OPEN_CONSOLE, DONE)


def is_link(body: Mapping[str, Any]) -> bool:
    """Whether a press only opened a link, which anyone may do."""
    pressed = [each.get("action_id") for each in body.get("actions") or () if isinstance(each, dict)]
    return pressed == [job_card.OPEN_CONSOLE]


def _of_job(action_id: str, work: Work) -> Reading:
    """Read a job id and, where the button is shown in another conversation, that of the one it is about."""

    def read(carried: str, body: Mapping[str, Any]) -> Read:
        value, _, elsewhere = carried.partition(" ")
        caller = pressed_by(body, elsewhere)
        return caller, lambda s: work(s, caller, value if action_id in PAGES else job_id_from(value))

    return read


def _of_board(work: Widely) -> Reading:
    """Read a conversation's id, and what its wide subscription is to."""

    async def outdated() -> Answer:
        return partial(private.outdated_button, "")

    def read(carried: str, body: Mapping[str, Any]) -> Read:
        channel_id, selector = board.board_in(carried)
        here = pressed_by(body, "")
        caller = here if channel_id == here.channel_id else pressed_by(body, channel_id)
        return caller, lambda s: work(s, caller, selector) if selector else outdated()

    return read


def _of_claim(work: Claiming) -> Reading:
    """Read a job id, the turn that the message is about and, from a menu, the choice."""

    def read(carried: str, body: Mapping[str, Any]) -> Read:
        value, turn, choice = [*carried.split(" "), "", ""][:3]
        caller = pressed_by(body, "")
        return caller, lambda s: work(s, caller, job_id_from(value), Turn.parse(turn), choice)

    return read


def _listener(action_id: str, reading: Reading, replace: Replace) -> Callable[..., Awaitable[None]]:
    async def pressed(
        ack: AsyncAck,
        action: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        replies: Replies,
        services: Services,
    ) -> None:
        await ack()
        carried = text(part(action, "selected_option"), "value") or text(action, "value")
        caller, work = reading(carried, body)
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
            return await work(services)

        replies.start(pending, reply)

    return pressed
