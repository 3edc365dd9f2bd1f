"""PURE. What is followed in a person's direct message with the bot.

Slack takes a message to a person under the person's id, and answers with the id of the direct message, which
alone can be used to edit (page "chat.update"). So what is followed there begins under the person's id, and
moves to that of the direct message with its first card.
"""

from dataclasses import replace

from bot.domain.boards import board_posted, keys_of_board
from bot.domain.deliveries import card_posted
from bot.domain.destinations import changed_destination
from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Address, BoardKey, DeliveryKey, Key
from bot.domain.records import Board, Change, Destination, Record, Records, Subscription, new_id
from bot.domain.subscriptions import keys_of, moved


def is_direct(channel_id: str) -> bool:
    """Whether a conversation is a direct message with the bot: its reader is addressed.

    It has the id of the person as long as its own is not known.
    """
    return channel_id.startswith(("D", "U", "W"))


def direct_message(records: Records, address: Address) -> Address:
    """Return the address of a person's direct message: the person's own while it is not known.

    Any other address is returned as it is.
    """
    direct = records.destination(address).direct if address.is_person else None
    return address._replace(channel_id=direct) if direct else address


def keys_of_both_boards(key: BoardKey, to: Address) -> tuple[Key, ...]:
    """Return the same of a board."""
    return tuple(dict.fromkeys([*keys_of_board(key), *keys_of_board(key._replace(address=to))]))


def keys_of_both(key: DeliveryKey, to: Address) -> tuple[Key, ...]:
    """Return the keys of what concerns one job under a person's id, and in the direct message ``to``."""
    return tuple(dict.fromkeys([*keys_of(key), *keys_of(key._replace(address=to))]))


def board_opened(shown: WideFollowing, to: Address, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a board to a person, as ``opened``."""
    person, key = shown.board.address, shown.board.key
    pairs: list[Key] = [*keys_of_board(key)[:2], *keys_of_board(key._replace(address=to))[:2]]

    def change(records: Records) -> Records:
        posted = board_posted(shown, ts, now)(records)
        after = Records(records | posted)
        moves = moved(Records((each, after.get(each)) for each in pairs), to)
        anew = Records((each, _made_anew(record)) for each, record in moves.items())
        return Records(posted | anew | _direct(records, person, to))

    return change


def _made_anew(record: Record | None) -> Record | None:
    """Return a wide subscription, or its board, for which the list was not read: its jobs did not move."""
    if isinstance(record, Board):
        return replace(record, is_read=False)
    return replace(record, id=new_id()) if isinstance(record, Subscription) else record


def _direct(records: Records, person: Address, to: Address) -> Records:
    """Note where a person's direct message is, and its language, which is the person's."""
    language = records.destination(person).language
    there = changed_destination(to, lambda destination: replace(destination, language=language))

    def with_direct(destination: Destination) -> Destination:
        return replace(destination, direct=to.channel_id)

    return Records(there(records) | changed_destination(person, with_direct)(records))


def opened(shown: Following, to: Address, ts: str, now: int) -> Change:
    """Return the change after Slack accepted a first card to a person, as the message ``ts`` in ``to``.

    What is followed there already stays as it is. The language of the direct message is the person's, so that
    the card is edited if another one was chosen meanwhile.
    """
    person = shown.delivery.address
    pairs: list[Key] = [*keys_of(shown.key)[:2], *keys_of(shown.key._replace(address=to))[:2]]

    def change(records: Records) -> Records:
        posted = card_posted(shown, ts, now)(records)
        after = Records(records | posted)
        moves = moved(Records((key, after.get(key)) for key in pairs), to)
        return Records(posted | moves | _direct(records, person, to))

    return change
