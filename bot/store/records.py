"""The rows on disk: JSON texts under prefixed keys, and the version of their format."""

import json
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from bot.domain.subscriptions import Key, Subscription
from bot.errors import StoreCorrupt, StoreTooNew

Rows = MutableMapping[str, str]
"""Keys and JSON texts, as SqliteDict has them."""
Migration = Callable[[dict[str, Any]], dict[str, Any]]
"""Converts the fields of a subscription to the next format.

Rows are written one by one, and the version after them: after a crash, a migration also gets rows that it
has converted already, and must leave those as they are.
"""


def _unchanged(fields: dict[str, Any]) -> dict[str, Any]:
    """Convert to a format that only has more optional fields."""
    return fields


MIGRATIONS: Final[Sequence[Migration]] = (_unchanged,)
"""The first converts format 1 to format 2, and so on; append, and never change what was released.

Format 2 has ``warning``.
"""

FORMAT_ROW: Final = "about:format"
CHECK_ROW: Final = "about:check"
ABOUT: Final = "about:"
SUBSCRIPTION: Final = "subscription:"


def row_of(key: Key) -> str:
    """Return the row key of a subscription."""
    return SUBSCRIPTION + "/".join(key)


def text_of(subscription: Subscription) -> str:
    """Serialize a subscription as its row's text."""
    return subscription.model_dump_json(exclude_none=True)


def load(rows: Rows, path: str, migrations: Sequence[Migration] = MIGRATIONS) -> Iterator[Subscription]:
    """Yield all subscriptions, after rows of an older format have been converted on disk.

    Raises StoreCorrupt for a row that can't be read, StoreTooNew for a later version's store.
    """
    _migrate(rows, path, migrations)
    for row, text in rows.items():
        if not row.startswith(ABOUT):
            yield _read(row, text, path)


def _migrate(rows: Rows, path: str, migrations: Sequence[Migration]) -> None:
    newest = 1 + len(migrations)
    version = _version(rows, path) if rows else newest
    if version > newest:
        raise StoreTooNew(path=path, version=str(version), known=str(newest))
    if version < newest:
        for row, text in list(rows.items()):
            if row.startswith(SUBSCRIPTION):
                rows[row] = _migrated(row, text, path, migrations[version - 1 :])
    if FORMAT_ROW not in rows or version < newest:
        rows[FORMAT_ROW] = json.dumps({"version": newest})


def _version(rows: Rows, path: str) -> int:
    try:
        version = int(json.loads(rows[FORMAT_ROW])["version"])
    except (KeyError, TypeError, ValueError):
        version = 0
    if version < 1:
        raise StoreCorrupt(path=path, reason=f"its row {FORMAT_ROW} is missing or no version")
    return version


def _migrated(row: str, text: str, path: str, migrations: Sequence[Migration]) -> str:
    try:
        fields = json.loads(text)
        for migration in migrations:
            fields = migration(fields)
        return json.dumps(fields, ensure_ascii=False)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreCorrupt(path=path, reason=f"its row {row} can't be brought to this format") from error


def _read(row: str, text: str, path: str) -> Subscription:
    try:
        subscription = Subscription.model_validate_json(text)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, wrong["loc"])) or "all of it"
        raise StoreCorrupt(path=path, reason=f"its row {row}: {where}: {wrong['msg']}") from None
    if row != row_of(subscription.key):
        raise StoreCorrupt(path=path, reason=f"its row {row} holds another subscription")
    return subscription
