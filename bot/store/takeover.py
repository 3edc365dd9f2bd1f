"""Migration of subscriptions that are stored under another workspace id, when the bot starts.

A workspace gets another id when it moves to Enterprise Grid ("Developing apps for Enterprise organizations").
Keys contain the id, so that people would see none of their subscriptions, and could end none.
"""

import logging

from bot.domain.subscriptions import Subscription, reopened
from bot.store import Store

log = logging.getLogger(__name__)


def moved(subscription: Subscription, team_id: str) -> Subscription:
    """Return a copy with this workspace id; a paused one is retried at once."""
    return reopened(subscription).model_copy(update={"team_id": team_id})


async def take_over(store: Store, team_id: str) -> int:
    """Move all subscriptions to this workspace id, and return how many had another one.

    Runs before anything is sent. One that exists under this id stays as it is, and the other goes: nothing
    is sent twice. Each is added before the old one is removed, so that after a crash between the two the next
    start completes it. With the token of another workspace by mistake nothing is lost: the right one moves
    all back. Raises StoreTrouble.
    """
    followed = await store.followed()
    others = [each for group in followed.values() for each in group if each.team_id != team_id]
    # Of several for one key, the first stays: the one that was delivered last.
    for subscription in sorted(others, key=lambda each: each.delivered_at or 0, reverse=True):
        await store.add(moved(subscription, team_id))
        await store.change(subscription.key, lambda _: None)
    if others:
        log.warning("the workspace has another id than before; subscriptions taken over: %d", len(others))
    return len(others)
