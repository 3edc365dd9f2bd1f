"""Migration of what is followed under another workspace id, when the bot starts.

A workspace gets another id when it moves to Enterprise Grid ("Developing apps for Enterprise organizations").
Keys contain the id, so that people would see none of their subscriptions, and could end none.
"""

import logging
from functools import partial

from bot.domain.boards import keys_of_board
from bot.domain.following import Channel
from bot.domain.keys import Address, Key
from bot.domain.subscriptions import keys_of, moved
from bot.store import Store

log = logging.getLogger(__name__)


async def take_over(store: Store, team_id: str) -> int:
    """Move all that is followed to this workspace id, and return how many deliveries had another one.

    Runs before anything is sent. What is followed under this id stays as it is, and the other goes: nothing
    is sent twice. Each conversation is moved in one step, so that after a crash the next start completes it.
    With the token of another workspace by mistake nothing is lost: the right one moves all back. A paused
    conversation is tried again at once. Raises StoreTrouble.
    """
    others = [await store.channel(each) for each in await store.addresses() if each.team_id != team_id]
    # Of several for one conversation, the first stays: the one that was told something last.
    for channel in sorted(others, key=_last_delivery, reverse=True):
        to = Address(team_id, channel.destination.address.channel_id)
        await store.change(_keys(channel, to), partial(moved, to=to))
    count = sum(len(channel.followings) for channel in others)
    if count:
        log.warning("the workspace has another id than before; subscriptions taken over: %d", count)
    return count


def _last_delivery(channel: Channel) -> int:
    return max((each.delivery.delivered_at or 0 for each in channel.followings), default=0)


def _keys(channel: Channel, to: Address) -> list[Key]:
    """Return the keys of all records of a conversation, as they are and as they will be."""
    here = [each.key for each in channel.followings]
    there = [key._replace(address=to) for key in here]
    boards = [each.board.key for each in channel.boards]
    wide = [
        key for each in boards for key in (*keys_of_board(each), *keys_of_board(each._replace(address=to)))
    ]
    jobs = [key for each in [*here, *there] for key in keys_of(each)]
    return [channel.destination.address, to, *jobs, *wide]
