"""Subscriptions that are kept under another workspace id: taken over when the bot starts.

A workspace gets another id when it moves to Enterprise Grid ("Developing apps for Enterprise organizations").
Keys hold the id, so that people would see none of their subscriptions, and could end none.
"""

import logging
from collections.abc import Iterable

from bot.domain.subscriptions import Subscription, reopened
from bot.store import Store

log = logging.getLogger(__name__)


def strangers(subscriptions: Iterable[Subscription], team_id: str) -> list[Subscription]:
    """Choose those of another workspace id; what was told last comes first, and so is what stays."""
    others = [subscription for subscription in subscriptions if subscription.team_id != team_id]
    return sorted(others, key=lambda subscription: subscription.delivered_at or 0, reverse=True)


def moved(subscription: Subscription, team_id: str) -> Subscription:
    """Make the same subscription for this id. What Slack refused under the other id is tried at once."""
    return reopened(subscription).model_copy(update={"team_id": team_id})


async def take_over(store: Store, team_id: str) -> int:
    """Keep all subscriptions under this id, before anything is sent; returns how many had another one.

    One that is kept under this id already stays as it is, and the other goes: nothing is told twice. Each is
    added before the old one is removed, so that after a crash between the two the next start ends it. With
    the token of another workspace by mistake nothing is lost: the right one takes all back. Raises
    StoreTrouble.
    """
    followed = await store.followed()
    others = strangers((subscription for each in followed.values() for subscription in each), team_id)
    for subscription in others:
        await store.add(moved(subscription, team_id))
        await store.change(subscription.key, lambda _: None)
    if others:
        log.warning("the workspace has another id than before; subscriptions taken over: %d", len(others))
    return len(others)
