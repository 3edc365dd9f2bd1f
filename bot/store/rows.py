"""PURE. The rows on disk: JSON texts under prefixed keys. A person can read them, and mend one."""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.domain.keys import Address, BoardKey, DeliveryKey, JobRef, Key, SubscriptionKey
from bot.domain.records import Board, Delivery, Destination, JobRecord, Record, Subscription
from bot.errors import StoreCorrupt, StoreTooNew

FORMAT: Final = 6
"""The version of the rows' format.

4 differs from 3 by what a destination has, language and direct message; 5 from 4 by a sight's cause; 6 from 5
by wide subscriptions with their boards, and by mentions and claims.
"""
FIRST_OF_RECORDS: Final = 3
"""The first format with a row for each record; those before are of ``bot.store.conversion``."""
ABOUT: Final = "about:"
FORMAT_ROW: Final = f"{ABOUT}format"
CHECK_ROW: Final = f"{ABOUT}check"

_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {
    "job": TypeAdapter(JobRecord),
    "subscription": TypeAdapter(Subscription),
    "delivery": TypeAdapter(Delivery),
    "board": TypeAdapter(Board),
    "destination": TypeAdapter(Destination),
}
"""What reads and writes a row, by the prefix of its key."""

T = TypeVar("T")


def row_of(key: Key) -> str:
    """Return the row's key for a record's key. None of its parts, but the last, may have a slash in it."""
    match key:
        case JobRef(project, job_id):
            return f"job:{project}/{job_id}"
        case Address(team_id, channel_id):
            return f"destination:{team_id}/{channel_id}"
        case SubscriptionKey((team_id, channel_id), (kind, value)):
            return f"subscription:{team_id}/{channel_id}/{kind}/{value}"
        case BoardKey((team_id, channel_id), (kind, value)):
            return f"board:{team_id}/{channel_id}/{kind}/{value}"
        case DeliveryKey((team_id, channel_id), (project, job_id)):
            return f"delivery:{team_id}/{channel_id}/{project}/{job_id}"


def text_of(record: Record) -> str:
    """Serialize a record as its row's text. No field has None for another reason than by default."""
    prefix = row_of(record.key).partition(":")[0]
    return _ADAPTERS[prefix].dump_json(record, exclude_none=True).decode()


def record_in(row: str, text: str, path: str) -> Record:
    """Parse a row of the store at ``path``. Raises StoreCorrupt, which names the row."""
    adapter = _ADAPTERS.get(row.partition(":")[0])
    if adapter is None:
        raise StoreCorrupt(path=path, reason=f"its row {row} is of no kind that is known")
    record: Record = parsed(adapter, row, text, path)
    if row != row_of(record.key):
        raise StoreCorrupt(path=path, reason=f"its row {row} holds another record")
    return record


def parsed(adapter: TypeAdapter[T], row: str, text: str, path: str) -> T:
    """Parse a row's text. Raises StoreCorrupt, which names the row and the field, but not its value."""
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, wrong["loc"])) or "all of it"
        raise StoreCorrupt(path=path, reason=f"its row {row}: {where}: {wrong['msg']}") from None


class _About(BaseModel):
    version: int


_ABOUT: Final = TypeAdapter(_About)


def format_text(version: int = FORMAT) -> str:
    """Return the text of the row that tells the format's version."""
    return _About(version=version).model_dump_json()


def version_in(text: str | None, path: str) -> int:
    """Parse the text of that row, None where there is none. Raises StoreCorrupt and StoreTooNew."""
    version = parsed(_ABOUT, FORMAT_ROW, text or "", path).version
    if version < 1:
        raise StoreCorrupt(path=path, reason=f"its row {FORMAT_ROW} is missing or no version")
    if version > FORMAT:
        raise StoreTooNew(path=path, version=str(version), known=str(FORMAT))
    return version
