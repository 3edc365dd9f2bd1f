"""What happens to a store's file when it is opened: its records are read, and an earlier format converted."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.domain.records import Record
from bot.store.backup import keep_copy
from bot.store.conversion import converted, old_subscription
from bot.store.disk import Table
from bot.store.rows import (
    ABOUT,
    FIRST_OF_RECORDS,
    FORMAT,
    FORMAT_ROW,
    format_text,
    record_in,
    row_of,
    text_of,
    version_in,
)

log = logging.getLogger(__name__)


def load(table: Table, path: Path) -> Iterator[Record]:
    """Yield all records of the file at ``path``. An empty one becomes a store, an older one is converted.

    Raises StoreCorrupt for a row that can't be read, StoreTooNew for a later version's store,
    StoreNotCopied when there can be no copy of an older one. Then the file is as it was.
    """
    if next(iter(table.items()), None) is None:
        table.put({FORMAT_ROW: format_text()})
    version = version_in(table.get(FORMAT_ROW), str(path))
    if version < FORMAT:
        _convert(table, path, version)
    return (record_in(row, text, str(path)) for row, text in _rows(table))


def _rows(table: Table) -> Iterator[tuple[str, str]]:
    return ((row, text) for row, text in table.items() if not row.startswith(ABOUT))


def _convert(table: Table, path: Path, version: int) -> None:
    """Write all in the present format, in one step, after a copy of the file was made."""
    old = dict(_rows(table))
    records = _converted(old, path, version)
    copy = keep_copy(path, version)
    new = {row_of(record.key): text_of(record) for record in records}
    table.put(dict.fromkeys(old) | new | {FORMAT_ROW: format_text()})
    line = "The store %s was of format %d, and is of format %d now; a copy of it as it was is %s."
    log.warning(line, path, version, FORMAT, copy)


def _converted(old: Mapping[str, str], path: Path, version: int) -> Sequence[Record]:
    """Return the records of an earlier format's rows. Raises StoreCorrupt.

    In format 3 they are those of today, but for what may be added now and its programs do not read.
    """
    if version < FIRST_OF_RECORDS:
        return converted(old_subscription(row, text, str(path)) for row, text in old.items())
    return [record_in(row, text, str(path)) for row, text in old.items()]
