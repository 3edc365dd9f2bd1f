"""The address of what a person means: a channel, or their own direct message with the bot."""

from bot.domain.direct_messages import direct_message
from bot.domain.keys import Address
from bot.services.caller import Caller
from bot.store import Store


async def address_of(caller: Caller, store: Store, team_id: str) -> Address:
    """Return the address of the caller's channel. Raises StoreTrouble."""
    address = Address(team_id, caller.channel_id)
    return direct_message(await store.get([address]), address) if address.is_person else address
