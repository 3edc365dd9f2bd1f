"""The buttons. What a button carries is checked like what is typed, before anything is sent."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import cards, listings, notices
from bot.listeners.answers import DONE, Answers, Question, Replace
from bot.listeners.desk import Desk, Place
from bot.metrics import PRESSED, Metrics
from bot.mrkdwn import Message
from bot.subscriptions import Level

OUTSIDER: Final = "press from another workspace"
Do = Callable[[Desk, str, Place], Awaitable[Message | None]]
"""What a button does, with its value, for the place where it was pressed."""


def _in_list(do: Do) -> Do:
    """Do something with one entry of a list, and show the same page again."""

    async def done(desk: Desk, value: str, place: Place) -> Message:
        start = await desk.page_with(value, place)
        await do(desk, value, place)
        return await desk.listing(place, start)

    return done


def _relevel(level: Level) -> Do:
    return lambda desk, value, place: desk.set_level(value, level, place)


BUTTONS: Final[Mapping[str, tuple[Do, Replace]]] = {
    cards.REFRESH: (Desk.look_up, Replace.IF_DONE),
    cards.TRY_AGAIN: (Desk.look_up, Replace.ALWAYS),
    cards.SUBSCRIBE: (lambda desk, value, place: desk.subscribe(value, None, place), Replace.IF_DONE),
    notices.REFRESH_CARD: (Desk.refresh, Replace.NEVER),
    notices.STOP: (Desk.unsubscribe, Replace.NEVER),
    notices.RETRY: (Desk.retry, Replace.IF_DONE),
    listings.LISTED_STOP: (_in_list(Desk.unsubscribe), Replace.IF_DONE),
    listings.LISTED_RETRY: (_in_list(Desk.retry), Replace.IF_DONE),
    listings.LISTED_ALL: (_in_list(_relevel(Level.ALL)), Replace.IF_DONE),
    listings.LISTED_IMPORTANT: (_in_list(_relevel(Level.IMPORTANT)), Replace.IF_DONE),
    listings.PAGE: (lambda desk, value, place: desk.listing(place, int(value)), Replace.IF_DONE),
    listings.FIRST_PAGE: (lambda desk, _, place: desk.listing(place), Replace.IF_DONE),
}
"""Every button that does something: what, and whether the answer takes the place of its message."""


def register(app: AsyncApp) -> None:
    """Wire every button."""
    app.action(cards.OPEN_CONSOLE)(open_console)
    for action_id, (do, replace) in BUTTONS.items():
        app.action(action_id)(_listener(action_id, do, replace))


async def open_console(ack: AsyncAck, metrics: Metrics) -> None:
    """Acknowledge that a link was opened: without that, Slack shows a warning mark beside the button."""
    await ack()
    metrics.interaction(PRESSED, cards.OPEN_CONSOLE, DONE)


def _listener(action_id: str, do: Do, replace: Replace) -> Callable[..., Awaitable[None]]:
    async def pressed(
        ack: AsyncAck,
        action: dict[str, Any],
        body: dict[str, Any],
        answers: Answers,
        desk: Desk,
    ) -> None:
        await ack()
        value, _, elsewhere = str(action.get("value", "")).partition(" ")
        place = Place(
            channel_id=elsewhere or body["channel"]["id"],
            channel_name=body["channel"].get("name", "") if not elsewhere else "",
            user_id=body["user"]["id"],
            is_elsewhere=bool(elsewhere),
        )
        may_replace = body.get("container", {}).get("is_ephemeral")
        is_ours = desk.serves(body["user"].get("team_id"))
        question = Question(
            kind=PRESSED,
            about=action_id if is_ours else OUTSIDER,
            value=str(action.get("value", "")),
            channel=place.channel_id,
            response_url=body["response_url"],
            replace=replace if may_replace else Replace.NEVER,
            again=action_id,
        )
        if is_ours:
            answers.give(question, lambda: do(desk, value, place))
        else:
            answers.give(question, _refuse)

    return pressed


async def _refuse() -> Message:
    """Answer somebody of another organization, who sees the channel by Slack Connect."""
    return listings.outsider()
